import numpy as np
import pytest

from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from gateway.faces.occlusion import skin_prior
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.color.log_chroma import features_of_logs
from gateway.imaging.color.skin_model import DARK, MIDDLE, PLANES, STEPS, ZERO, skin_departures
from gateway.imaging.geometry.raster import vertex_normals

FACE = atlas().face
LIGHT, OLIVE, DEEP = (215, 165, 140), (170, 125, 90), (95, 62, 48)
COMPLEXIONS = pytest.mark.parametrize("color", [LIGHT, OLIVE, DEEP], ids=["light", "olive", "deep"])


def mean_normals():
    vertices = topology().mean[:N_MESH].astype(np.float32)
    normals = atlas().spread(vertex_normals(vertices, topology().triangles))
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return normals / np.maximum(length, np.float32(1e-6))


NORMALS = mean_normals()


def skin(color, light=(0, 0, -1), strength=0.0, bent=0.0):
    """Return a face of one complexion, with brightness that follows its surface."""
    x, y, z = np.moveaxis(NORMALS, -1, 0)
    log = strength * (NORMALS @ np.array(light, float)) + bent * (x * y + z * z - 1)
    log -= max(log[FACE].max(), 0)  # nothing is clipped
    levels = (np.array(color) + DARK) * np.exp(log)[..., None] - DARK
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def off(rgb, prior=None):
    """Return departures of brightness, red and blue over green, in logarithms."""
    coded = skin_departures(rgb, NORMALS, skin_prior() if prior is None else prior)
    return (coded[..., :3].astype(float) - ZERO) / STEPS[:3]


def middle(share=0.3):
    return FACE & (atlas().outline > share)


def test_what_comes_out_are_five_planes_of_levels():
    coded = skin_departures(skin(LIGHT), NORMALS, skin_prior())
    assert coded.shape == (HEIGHT, WIDTH, PLANES)
    assert coded.dtype == np.uint8
    bright = features_of_logs(np.log(np.array(LIGHT) + DARK))[0] - MIDDLE
    assert coded[..., 3][FACE] == pytest.approx(ZERO + STEPS[3] * bright, abs=1)
    facing = np.clip(-NORMALS[..., 2], 0, 1) * 255
    assert coded[..., 4] == pytest.approx(facing, abs=0.6)


@COMPLEXIONS
@pytest.mark.parametrize("light", [(0, 0, -1), (1, 0, 0), (-0.7, -0.7, 0)], ids=str)
@pytest.mark.parametrize("strength", [0.0, 0.3, 0.6])
def test_skin_departs_from_itself_by_nothing_in_any_light(color, light, strength):
    found = off(skin(color, light, strength))
    assert np.abs(found[middle()]).mean(0) == pytest.approx(0, abs=0.05)
    assert np.abs(found[middle()])[:, 1:].max() < 0.08


@COMPLEXIONS
def test_light_from_several_sides_is_followed_as_well(color):
    found = off(skin(color, (0.5, -0.3, 0), 0.3, bent=0.2))
    assert np.abs(found[middle()]).mean(0) == pytest.approx(0, abs=0.06)


@COMPLEXIONS
@pytest.mark.parametrize("cover", [(20, 90, 30), (120, 120, 125), (230, 230, 240)], ids=str)
@pytest.mark.parametrize("side", ["left", "lower"])
def test_skin_is_found_with_half_the_face_covered(color, cover, side):
    columns = np.arange(WIDTH) < WIDTH * 0.48
    rows = np.arange(HEIGHT)[:, None] > HEIGHT * 0.55
    covered = (columns & np.ones((HEIGHT, 1), bool)) if side == "left" else rows & (columns | True)
    rgb = np.where(covered[..., None], np.uint8(cover), skin(color, (0.5, 0, 0), 0.2))
    found = np.abs(off(rgb.astype(np.uint8)))
    bare = middle() & ~covered & atlas().plain
    assert np.median(found[bare], axis=0) == pytest.approx(0, abs=0.1)
    assert np.median(found[middle() & covered].max(-1)) > 0.15


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.15])
def test_exposure_changes_no_departure_of_color(factor):
    rgb = skin(OLIVE, (0.7, 0, 0), 0.3)
    rgb[atlas().lips] = (150, 80, 85)
    scaled = np.rint((rgb + DARK) * factor - DARK).clip(0, 255).astype(np.uint8)
    assert np.abs(off(rgb) - off(scaled))[FACE][:, 1:].max() < 0.04


def test_a_tint_of_the_light_changes_no_departure():
    rgb = skin(OLIVE)
    rgb[atlas().lips] = (150, 80, 85)
    tinted = np.rint((rgb + DARK) * [1.2, 1.0, 0.7] - DARK).astype(np.uint8)
    assert np.abs(off(rgb) - off(tinted))[FACE].max() < 0.05


def test_lips_depart_to_red():
    rgb = skin(LIGHT)
    rgb[atlas().lips] = (185, 95, 100)
    red = off(rgb)[..., 1]
    assert np.median(red[atlas().lips]) == pytest.approx(
        np.log(193 / 103) - np.log(223 / 173), abs=0.03
    )


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_black_pictures_and_faces_without_skin_are_finite(prior):
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    coded = skin_departures(black, NORMALS, np.full((HEIGHT, WIDTH), prior, np.float32))
    assert coded.dtype == np.uint8
    if prior:
        assert (coded[..., :3] == ZERO).all()


def test_hardly_any_pixels_show_no_skin():
    few = np.zeros((HEIGHT, WIDTH), np.float32)
    few[70, 60:70] = 1
    coded = skin_departures(skin(LIGHT), NORMALS, few)
    # Nothing is subtracted.
    bright = features_of_logs(np.log(np.array(LIGHT) + DARK))[0]
    assert coded[..., 0][FACE] == pytest.approx(min(ZERO + STEPS[0] * bright, 255), abs=1)
