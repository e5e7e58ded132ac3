import cv2
import numpy as np
import pytest

from gateway.imaging.geometry.transforms import invert_affine, rotated_square_to_crop
from gateway.imaging.geometry.warp import (
    Region,
    add_grid,
    bounding_region,
    carried,
    crop_affine,
    remap,
    shrink_area,
    uncrop,
)


def smooth_picture(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x / width * 255, y / height * 255, 128 + 0 * x], -1).astype(np.uint8)


def test_remap_at_whole_pixels_is_exact():
    picture = np.random.default_rng(0).integers(0, 256, (30, 20, 3), dtype=np.uint8)
    x, y = np.meshgrid(np.arange(20, dtype=np.float32), np.arange(30, dtype=np.float32))
    for smooth in (False, True):
        assert (remap(picture, x, y, smooth=smooth) == picture).all()


def test_crop_and_back_returns():
    picture = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8), None, 4
    )
    there = rotated_square_to_crop((100, 100), 150, 0.4, 150)
    crop = crop_affine(picture, there, 150)
    back = crop_affine(crop, invert_affine(there), 200)
    y, x = np.mgrid[:200, :200]
    middle = np.hypot(x - 100, y - 100) < 60
    assert np.abs(back[middle].astype(int) - picture[middle]).max() <= 6


@pytest.mark.parametrize("side", [100, 700, 3000])
def test_strong_minification_averages(side):
    noise = np.random.default_rng(0).integers(0, 256, (3000, 3000, 3), dtype=np.uint8)
    crop = crop_affine(noise, rotated_square_to_crop((1500, 1500), side, 0.2, 64), 64)
    inner = crop[24:40, 24:40].astype(float)
    expected = 127.5 / np.sqrt(3) / max(1, side / 64)
    assert inner.std() < 1.5 * expected + 2


def test_minified_crop_shows_the_right_place():
    picture = smooth_picture(1000, 1000)
    crop = crop_affine(picture, rotated_square_to_crop((500, 500), 800, 0.0, 50), 50)
    assert crop[25, 25, :2].astype(float) == pytest.approx([129.5, 129.5], abs=2)
    assert crop[5, 45, :2].astype(float) == pytest.approx([211.1, 47.9], abs=2)


def test_outside_the_picture_is_black():
    white = np.full((20, 20, 3), 255, np.uint8)
    crop = crop_affine(white, rotated_square_to_crop((500, 500), 10, 0, 16), 16)
    assert (crop == 0).all()
    assert (crop_affine(white, rotated_square_to_crop((900, 900), 500, 0, 16), 16) == 0).all()


def test_shrinking_reports_exact_scales():
    small, (sx, sy) = shrink_area(smooth_picture(101, 67), 3)
    assert small.shape == (34, 22, 3)
    assert (sx, sy) == (22 / 67, 34 / 101)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([[2.2, 3.7], [5, 6]], Region(1, 2, 7, 8)),
        ([[-50, -50], [5, 6]], Region(0, 0, 7, 8)),
        ([[50, 50], [60, 60]], None),
        ([[-9, 3], [-5, 4]], None),
    ],
)
def test_bounding_region(points, expected):
    assert bounding_region(np.array(points, np.float32), (20, 10), 1) == expected


# Regions


def test_what_two_regions_share():
    region = Region(2, 3, 10, 9)
    assert region.shared_with(Region(5, 0, 30, 7)) == Region(5, 3, 10, 7)
    assert region.shared_with(region) == region
    for beside in (Region(10, 3, 12, 9), Region(0, 0, 2, 3), Region(40, 40, 50, 50)):
        assert region.shared_with(beside) is None


def test_a_region_finds_its_pixels_in_a_larger_one():
    picture = np.arange(20 * 30).reshape(20, 30)
    outer, inner = Region(4, 5, 25, 18), Region(6, 9, 11, 15)
    assert (outer.of(picture)[inner.slices_in(outer)] == inner.of(picture)).all()


# Carrying


def noisy_picture(height: int = 30, width: int = 40) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def offsets(region: Region, x: float = 0, y: float = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns and rows that a region's pixels come from when all of it moves."""
    return add_grid(*(np.full(region.shape, value, np.float32) for value in (x, y)), region)


WINDOW = Region(5, 3, 35, 24)


def test_the_grid_of_a_region_is_where_its_pixels_are():
    x, y = offsets(WINDOW)
    picture = noisy_picture()
    assert (picture[y.astype(int), x.astype(int)] == WINDOW.of(picture)).all()


@pytest.mark.parametrize("off", [0.0, 0.05, -0.09])
def test_what_is_still_is_carried_bit_for_bit(off):
    picture = noisy_picture()
    assert (carried(picture, WINDOW, *offsets(WINDOW, off, -off), 0.1) == WINDOW.of(picture)).all()


@pytest.mark.parametrize(("x", "y"), [(3, 0), (0, -2), (-4, 5)])
def test_a_move_by_whole_pixels_is_exact(x, y):
    picture = noisy_picture()
    there = Region(WINDOW.x0 + x, WINDOW.y0 + y, WINDOW.x1 + x, WINDOW.y1 + y)
    assert (carried(picture, WINDOW, *offsets(WINDOW, x, y), 0.1) == there.of(picture)).all()


def test_only_what_moves_is_touched():
    picture = noisy_picture()
    x, y = offsets(WINDOW)
    x[:, 10:20] += 0.5
    out = carried(picture, WINDOW, x, y, 0.1)
    same = (out == WINDOW.of(picture)).all(2)
    assert same[:, :10].all()
    assert same[:, 20:].all()
    assert same[:, 10:20].mean() < 0.1


def test_from_beyond_the_border_comes_the_border():
    picture = noisy_picture()
    out = carried(picture, WINDOW, *offsets(WINDOW, -100), 0.1)
    assert (out == picture[WINDOW.y0 : WINDOW.y1, :1]).all()


def test_carrying_changes_neither_picture_nor_maps():
    picture, (x, y) = noisy_picture(), offsets(WINDOW, 2)
    carried(picture, WINDOW, x, y, 0.1)
    assert (picture == noisy_picture()).all()
    assert (x == offsets(WINDOW, 2)[0]).all()
    assert (y == offsets(WINDOW, 2)[1]).all()


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0, 5.0])
def test_a_crop_goes_back_to_where_it_was(scale):
    y, x = np.mgrid[:200, :240].astype(np.float32)
    image = np.stack([x, y, (x + y) / 2], -1).astype(np.uint8)
    matrix = np.array(
        [[scale, 0.1 * scale, 40 - 90 * scale], [-0.1 * scale, scale, 50 - 70 * scale]]
    )
    back = uncrop(crop_affine(image, matrix, 128, repeat=True), matrix, (200, 240))
    at_x = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    at_y = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    inside = (np.minimum(at_x, at_y) > 3 * scale) & (np.maximum(at_x, at_y) < 124 - 3 * scale)
    assert inside.sum() > 100
    assert np.abs(back.astype(int) - image)[inside].max() <= 2


def test_a_crop_may_repeat_the_border():
    image = np.full((20, 20, 3), 200, np.uint8)
    matrix = np.array([[1.0, 0, 30], [0, 1, 30]])
    assert (crop_affine(image, matrix, 64, repeat=True) == 200).all()
    assert crop_affine(image, matrix, 64)[0, 0].max() == 0
