import cv2
import numpy as np
import pytest

from gateway.imaging.enhance.deblock import Damage, damage_of, grain_of, smoothed, without_steps
from gateway.imaging.enhance.face import HEADROOM, FacePlaces, enhanced, luma_of
from tests import tolerances
from tests.synthetic_faces import landmarks_of, painted

SHAPE = (384, 384)
NONE = Damage(0.0, 0.0)


def coded(picture, quality):
    """Return a picture (h, w, 3) as JPEG of some quality makes it."""
    data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def face(*, soft_px=0.8):
    """Return a face under light from one side, with a little grain, as a camera shows it."""
    picture = painted(landmarks_of(scale_px=90, at=(192, 192)), SHAPE).astype(np.float32)
    light = np.linspace(0.55, 1, SHAPE[1], dtype=np.float32)[:, None]
    picture = cv2.GaussianBlur(picture * light, (0, 0), soft_px)
    grain = np.random.default_rng(1).normal(0, 1.2, picture.shape)
    return np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)


def places():
    """Return what is where in `face`: skin on one cheek, features at the eyes' height."""
    skin, features = np.zeros(SHAPE, np.bool_), np.zeros(SHAPE, np.float32)
    skin[200:250, 120:170] = True
    features[140:180] = 1
    return FacePlaces(
        features, skin, cv2.circle(np.zeros(SHAPE, np.uint8), (192, 192), 130, 1, -1) > 0
    )


def damage(picture):
    return damage_of(luma_of(picture), places().skin)


def improved(picture, what=None):
    return enhanced(picture, what or places(), damage(picture))


# Measuring


@pytest.mark.parametrize("quality", [10, 20, 40])
def test_coding_is_told_by_its_grid_wherever_that_begins(quality):
    for top, left in ((0, 0), (3, 5)):
        found = damage_of(luma_of(coded(face(), quality)[top:, left:]), places().skin[top:, left:])
        assert found.step > 0.3
        assert found.grid == ((7 - left) % 8, (7 - top) % 8)


def test_the_coarser_the_coding_the_higher_its_steps():
    steps = [damage(coded(face(), quality)).step for quality in (90, 60, 40, 20)]
    assert steps == sorted(steps)


@pytest.mark.parametrize("picture", [face(), face(soft_px=3), coded(face(), 97)])
def test_a_clean_picture_has_no_noise(picture):
    assert damage(picture).noise == 0


def test_coding_is_seen_after_enlarging():
    large = cv2.resize(coded(face(), 15), None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    found = damage_of(luma_of(large), np.zeros(large.shape[:2], np.bool_))
    assert found.step > 0.3


@pytest.mark.parametrize("grain", [2.0, 6.0])
def test_grain_is_measured_on_skin(grain):
    noise = np.random.default_rng(0).normal(0, grain, SHAPE).astype(np.float32)
    plane = noise + np.linspace(60, 180, SHAPE[1], dtype=np.float32)
    assert grain_of(plane, np.ones(SHAPE, np.bool_)) == pytest.approx(grain, rel=0.03)


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (40, 47)])
def test_what_is_too_small_to_tell_has_no_damage(shape):
    plane = np.zeros(shape, np.float32)
    assert damage_of(plane, np.ones(shape, np.bool_)).noise == 0


def test_a_parts_grid_is_the_wholes():
    assert Damage(1.0, 0.0, (7, 7)).seen_from(10, 3).grid == (5, 4)


# Taking out


@pytest.mark.parametrize("quality", [20, 12])
def test_blocking_falls_by_half_and_edges_keep_their_height(quality):
    picture = coded(face(), quality)
    before, after = luma_of(picture), luma_of(improved(picture))
    assert damage_of(after, places().skin).step <= damage(picture).step / 2
    around, eyes = np.ones((9, 9)), np.s_[130:160, 120:260]
    heights = [(cv2.dilate(p, around) - cv2.erode(p, around))[eyes] for p in (before, after)]
    edges = heights[0] > 60
    assert heights[1][edges].mean() >= 0.97 * heights[0][edges].mean()


def test_coded_pictures_come_nearer_to_what_was_coded():
    picture, clean = coded(face(), 20), luma_of(face(soft_px=0.8)).astype(np.float64)
    found = damage(picture)
    plain = smoothed(without_steps(luma_of(picture), found), found.noise)
    skin = places().skin
    smooth = cv2.GaussianBlur(clean, (0, 0), 2)[skin]
    assert (
        np.abs(plain[skin] - smooth).mean() < 0.8 * np.abs(luma_of(picture)[skin] - smooth).mean()
    )


def test_ringing_beside_an_edge_goes_and_the_edge_stays():
    edge = np.where(np.arange(96) < 48, 60, 180).astype(np.float32)
    ringing = np.where(np.abs(np.arange(96) - 47.5) > 1, 2.0 * np.cos(2.1 * np.arange(96)), 0)
    plane = np.tile(edge + ringing, (96, 1)).astype(np.float32)
    out = smoothed(plane, 3.0)
    beside = [c for c in range(38, 58) if c not in (46, 47, 48, 49)]
    assert np.abs(out - edge)[:, beside].mean() < 0.4 * np.abs(plane - edge)[:, beside].mean()
    assert (out[:, 50] - out[:, 45]).mean() == pytest.approx(120, abs=4)


def test_no_noise_takes_nothing_out():
    plane = luma_of(face())
    assert smoothed(plane, 0) is plane
    assert without_steps(plane, NONE) is plane


# Making clearer


def test_a_sharp_clean_picture_comes_back_nearly_unchanged():
    picture = face(soft_px=0.6)
    off = np.abs(improved(picture).astype(int) - picture)
    assert off.mean() < 0.6
    assert np.quantile(off[places().skin], 0.9) <= 1


def test_a_soft_picture_gets_steeper_edges():
    picture = face(soft_px=2.5)

    def steepest(image):
        return np.abs(np.diff(luma_of(image), axis=1))[140:180, 110:270].max(1).mean()

    assert steepest(improved(picture)) > 1.5 * steepest(picture)


def test_plain_skin_is_left_more_than_features():
    picture = face(soft_px=2.5)
    off = np.abs(improved(picture).astype(int) - picture).mean(2)
    assert off[places().skin].mean() < 0.25 * off[140:180, 130:250].mean()


@pytest.mark.parametrize("soft_px", [0.6, 2.5, 5])
def test_nothing_goes_beyond_what_is_around_it(soft_px):
    picture = face(soft_px=soft_px)
    out, luma = luma_of(improved(picture)), luma_of(picture)
    around = np.ones((9, 9))
    room = HEADROOM + tolerances.LEVEL
    assert (out <= cv2.dilate(luma, around) + room).all()
    assert (out >= cv2.erode(luma, around) - room).all()


@pytest.mark.parametrize("picture", [face(), face(soft_px=3), coded(face(), 20), coded(face(), 8)])
def test_the_mean_color_stays(picture):
    out = improved(picture)
    assert out.reshape(-1, 3).mean(0) == pytest.approx(picture.reshape(-1, 3).mean(0), abs=0.5)


def test_brightness_alone_changes_where_nothing_was_coded():
    picture = face(soft_px=2.5)
    change = improved(picture).astype(int) - picture
    assert np.ptp(change, axis=2).max() <= tolerances.LEVEL


def test_highlights_are_not_clipped():
    picture = np.clip(face(soft_px=2.5).astype(int) + 45, 0, 254).astype(np.uint8)
    out = improved(picture)
    assert (out == 255).sum() <= (picture == 255).sum()


@pytest.mark.parametrize("picture", [face(soft_px=2.5), coded(face(), 15)])
def test_a_mirrored_picture_gives_the_mirrored_result(picture):
    what = places()
    mirrored = FacePlaces(
        *(np.ascontiguousarray(p[:, ::-1]) for p in (what.features, what.skin, what.face))
    )
    found = damage(picture)
    other = damage_of(luma_of(np.ascontiguousarray(picture[:, ::-1])), mirrored.skin)
    assert other.step == pytest.approx(found.step, rel=0.05)
    out = enhanced(np.ascontiguousarray(picture[:, ::-1]), mirrored, other)[:, ::-1]
    off = np.abs(out.astype(int) - improved(picture))
    assert off.mean() < 0.1
    assert np.quantile(off, 0.999) <= 3


@pytest.mark.parametrize("shape", [(1, 1), (2, 7), (9, 5)])
def test_any_size_is_taken(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    everywhere = np.ones(shape, np.bool_)
    what = FacePlaces(everywhere.astype(np.float32), everywhere, everywhere)
    assert enhanced(picture, what, Damage(2.0, 8.0, (3, 3))).shape == picture.shape
