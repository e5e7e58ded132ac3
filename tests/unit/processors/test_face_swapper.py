import cv2
import numpy as np
import pytest

from gateway.faces.topology import FACE_OVAL, LEFT_EYE, RIGHT_EYE
from gateway.imaging.blend.fuse import fuse
from gateway.processors.base import Portrait
from gateway.processors.face_swapper import SwapSettings, swap_layer
from gateway.processors.masks import matte_of
from gateway.processors.openings import RIGHT
from gateway.processors.result_geometry import swapped_geometry
from tests import tolerances
from tests.unit.faces.test_landmarks import assessed, face_landmarks


def photograph(seed: int = 0, shape=(400, 500)) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, None, 2)


def swapped(target, landmarks, source, source_landmarks, **settings):
    face = assessed(landmarks, target.shape[:2])
    portrait = Portrait(source, assessed(source_landmarks, source.shape[:2]))
    layer = swap_layer(target, face, portrait, SwapSettings(**settings))
    out = target.copy()
    if layer is not None:
        view = layer.region.of(out)
        view[...] = fuse(view.copy(), layer.pixels, matte_of(layer), unit_px=60)
    return out, layer


POSES = [
    {},
    {"yaw": 35},
    {"roll": 90, "pitch": 10},
    {"centre": (20.0, 200.0)},  # cut by the border
    {"centre": (495.0, 395.0)},  # only a corner is left
    {"size": 8},
    {"size": 0.4},  # about a pixel
    {"size": 400},  # larger than the picture
]


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("shape", [0.0, 1.0])
def test_swapping_a_face_with_itself_changes_nothing(pose, shape):
    picture, landmarks = photograph(), face_landmarks(**pose)
    out, layer = swapped(picture, landmarks, picture, landmarks, shape=shape)
    assert np.abs(out.astype(int) - picture).max() <= tolerances.LEVEL
    assert layer is None or layer.mask.shape == layer.region.shape


@pytest.mark.parametrize("pose", POSES)
def test_nothing_changes_outside_the_mask(pose):
    target = photograph()
    out, layer = swapped(target, face_landmarks(**pose), photograph(1), face_landmarks())
    mask = np.zeros(target.shape[:2])
    if layer is not None:
        layer.region.of(mask)[...] = layer.mask
    assert (out[mask == 0] == target[mask == 0]).all()


def test_a_face_outside_the_picture_gives_no_layer():
    _, layer = swapped(
        photograph(), face_landmarks(centre=(-900.0, 0.0)), photograph(1), face_landmarks()
    )
    assert layer is None


@pytest.mark.parametrize("eyes", ["source", "target"])
def test_the_mask_stays_inside_the_outline_and_out_of_what_is_kept(eyes):
    target, landmarks = photograph(), face_landmarks()
    _, layer = swapped(target, landmarks, photograph(1), face_landmarks(), shape=0, eyes=eyes)
    outline = np.zeros(target.shape[:2], np.uint8)
    ring = np.rint(landmarks[list(FACE_OVAL), :2]).astype(np.int32)
    cv2.fillPoly(outline, [ring], 1)
    mask = np.zeros(target.shape[:2], np.float32)
    layer.region.of(mask)[...] = layer.mask
    assert mask[outline == 0].max() < 0.02
    assert mask.max() > 0.99
    for ring in (RIGHT_EYE, LEFT_EYE):
        x, y = landmarks[list(ring), :2].mean(0).astype(int)
        assert (mask[y, x] < 0.01) == (eyes == "target")
    assert 0.3 < mask[outline == 1].mean() < 0.9


def test_pixels_come_from_the_corresponding_place():
    y, x = np.mgrid[:400, :500]
    source = np.stack([x // 2, y // 2, 0 * x], -1).astype(np.uint8)
    at_source, at_target = face_landmarks(), face_landmarks(size=60, centre=(200, 180), roll=15)
    _, layer = swapped(photograph(), at_target, source, at_source, shape=0)
    for point in (4, 50, 280, 151, 199):
        i, j = np.rint(at_target[point, :2] - layer.region.origin_xy).astype(int)
        assert layer.pixels[j, i, :2] == pytest.approx(at_source[point, :2] / 2, abs=1.5)


def test_a_much_larger_source_is_filtered_not_sampled():
    checker = ((np.indices((2000, 2000)).sum(0) % 2) * 255).astype(np.uint8)
    source = np.repeat(checker[..., None], 3, axis=2)
    _, layer = swapped(
        photograph(), face_landmarks(size=40), source, face_landmarks(size=700, centre=(1000, 1000))
    )
    assert layer.pixels[layer.support].std() < 10


@pytest.mark.parametrize("shape", [0.0, 0.5, 1.0])
def test_geometry_never_moves_the_outline(shape):
    source = face_landmarks(size=50, yaw=20)
    source[1] += [0, 0, -25]
    target = face_landmarks()
    mixed = swapped_geometry(source, target, shape)[list(FACE_OVAL)]
    assert mixed == pytest.approx(target[list(FACE_OVAL)], abs=tolerances.FLOAT32_PIXELS)


def test_an_iris_moves_as_far_as_its_lids():
    source, target = face_landmarks(), face_landmarks()
    source[[*RIGHT.lids, *RIGHT.iris], 0] += 3
    moved = swapped_geometry(source, target, 1.0) - target
    assert moved[list(RIGHT.iris), 0] == pytest.approx(moved[RIGHT.lids, 0].mean(), rel=0.35)


def test_full_shape_takes_the_sources_nose_in_the_targets_pose():
    source = face_landmarks(size=50, yaw=25)
    target = face_landmarks(yaw=-10, roll=20)
    assert swapped_geometry(source, target, 1.0) == pytest.approx(target, abs=0.5)


@pytest.mark.parametrize("size", [40, 80, 160])
@pytest.mark.parametrize("yaw", [-20, 0, 20])
def test_the_mask_has_no_specks(size, yaw):
    landmarks = face_landmarks(size=size, yaw=yaw, pitch=-8)
    _, layer = swapped(photograph(), landmarks, photograph(1), face_landmarks(yaw=yaw / 2))
    closed = cv2.morphologyEx(layer.support.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5)))
    inner = cv2.erode(closed, np.ones((9, 9)), borderValue=0) > 0
    assert layer.support[inner].all()
