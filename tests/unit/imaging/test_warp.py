import cv2
import numpy as np
import pytest

from gateway.imaging.geometry import invert_affine, rotated_square_to_crop
from gateway.imaging.warp import Region, bounding_region, crop_affine, remap, shrink_area


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
