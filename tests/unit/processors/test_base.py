"""What a nearer face covers stays as it was."""

import numpy as np
import pytest

from gateway.imaging.blend.fuse import fuse
from gateway.imaging.geometry.warp import Region
from gateway.imaging.masks.soft import soft_cover
from gateway.processors.base import Layer, cover
from gateway.processors.masks import matte_of

SQUARE = np.array([[60, 10], [95, 10], [95, 70], [60, 70]], np.float32)
REGION = Region(20, 5, 80, 75)
INSIDE = (slice(10, 71), slice(60, 80))  # of the picture, region and square


def layer() -> Layer:
    shape = REGION.shape
    return Layer(
        region=REGION,
        pixels=np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8),
        mask=np.ones(shape, np.float32),
        support=np.ones(shape, bool),
        skin=np.ones(shape, bool),
        place=np.zeros((2, *shape), np.float32),
        landmarks=np.zeros((478, 3), np.float32),
    )


@pytest.mark.parametrize("softness", [0.5, 1.3, 4.0])
def test_a_cover_is_whole_inside_and_fades_outside(softness):
    shade = soft_cover(SQUARE, (90, 120), softness)
    assert (shade[10:71, 60:96] == 1).all()
    row = shade[40, :60]
    assert (np.diff(row) >= 0).all()
    assert row[0] == 0 < row[-1] <= 1


def test_a_cover_counts_from_outside_the_picture_too():
    assert (soft_cover(SQUARE - [50, 0], (80, 40), 1)[10:71, 10:40] == 1).all()
    assert (soft_cover(SQUARE - [400, 0], (80, 40), 1) == 0).all()


@pytest.mark.parametrize("blend", ["feather", "poisson"])
def test_inside_a_nearer_face_pixels_stay_equal_bit_for_bit(blend):
    picture = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    left = layer().without([SQUARE], 1.5)
    view = np.ascontiguousarray(REGION.of(picture))
    fused = picture.copy()
    REGION.of(fused)[...] = fuse(view, left.pixels, matte_of(left), unit_px=30, blend=blend)
    assert (fused[INSIDE] == picture[INSIDE]).all()
    assert (fused[20:60, 25:45] != picture[20:60, 25:45]).any()


def test_what_is_covered_says_nothing_about_skin_or_border():
    left = layer().without([SQUARE], 1.5)
    covered = cover(REGION, [SQUARE], 1.5)
    assert not left.skin[covered > 0].any()
    assert not left.support[covered == 1].any()
    assert left.support[covered == 0].all()


def test_what_nothing_covers_is_the_layer_itself():
    whole = layer()
    assert whole.without([], 1.5) is whole
    assert whole.without([SQUARE + 100], 1.5) is whole


def test_of_what_is_covered_wholly_nothing_is_left():
    assert layer().without([4 * (SQUARE - [77, 40]) + [77, 40]], 1.5) is None
