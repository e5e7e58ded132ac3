"""All figures of a part at once."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from gateway.imaging.metrics.comparison import MARGIN, ComparedRegion, compare

SKIN, HAIR = (200, 150, 120), (40, 30, 25)


def face(width: int, *, hair: bool = False):
    """Return a picture of skin in a place of its own, and the part that is replaced."""
    unit = width / 1.6
    side = int(width + 2 * (MARGIN * unit + 2))
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    radius = np.hypot(x, y) / (width / 2)
    grain = np.random.default_rng(0).normal(0, 1, (side, side))
    grain = cv2.GaussianBlur(grain, (0, 0), width / 200)
    base = np.where((radius > 1.02)[..., None] & hair, HAIR, SKIN)
    picture = np.clip(base + (4 * grain / grain.std())[..., None], 0, 255).astype(np.uint8)
    mask = np.clip((0.95 - radius) / 0.25, 0, 1).astype(np.float32)
    around = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    outline = width / 2 * np.column_stack([np.cos(around), np.sin(around)]) + (side - 1) / 2
    return picture, ComparedRegion(mask, mask > 0.9, outline, width, unit)


def changed(picture, part, change):
    new = change(picture.astype(np.float32))
    mixed = picture + part.mask[..., None] * (new - picture)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


WIDTHS = pytest.mark.parametrize("width", [30, 130, 410])


@WIDTHS
def test_what_did_not_change_is_perfect(width):
    picture, part = face(width)
    told = compare(picture, picture, part)
    assert (told.outside_psnr_db, told.outside_ssim) == (np.inf, 1)
    assert told.seam_ratio == told.sharpness_ratio == 1
    assert told.ring_delta_e == told.target_ring_delta_e
    assert told.ring_delta_e < 1


@pytest.mark.parametrize(
    ("change", "figure", "least"),
    [
        (lambda p: p * [0.75, 0.9, 1.1], "ring_delta_e", 8),
        (lambda p: p + 60 * (np.arange(p.shape[1])[:, None] % 5 == 0), "sharpness_ratio", 1.5),
    ],
)
@pytest.mark.parametrize("width", [130, 410])
def test_what_changed_is_told_by_its_figure(change, figure, least, width):
    picture, part = face(width)
    told = compare(changed(picture, part, change), picture, part)
    assert getattr(told, figure) > least
    assert told.outside_psnr_db == np.inf


def test_a_seam_is_told():
    picture, part = face(200)
    hard = replace(part, mask=(part.mask > 0.5).astype(np.float32))
    assert compare(changed(picture, hard, lambda p: p + 25), picture, hard).seam_ratio > 2


def test_the_size_of_a_face_hardly_counts():
    def told(width):
        picture, part = face(width)
        darker = changed(picture, part, lambda p: 0.8 * cv2.GaussianBlur(p, (0, 0), width / 100))
        return compare(darker, picture, part)

    small, large = told(210), told(840)
    assert large.ring_delta_e == pytest.approx(small.ring_delta_e, rel=0.1)
    assert large.sharpness_ratio == pytest.approx(small.sharpness_ratio, rel=0.25)


@WIDTHS
def test_hair_all_around_is_not_compared(width):
    picture, part = face(width, hair=True)
    told = compare(changed(picture, part, lambda p: 0.8 * p), picture, part)
    assert told.ring_delta_e is None
    assert told.target_ring_delta_e is None


def test_what_changed_outside_is_told():
    picture, part = face(130)
    result = picture.copy()
    result[0, 0] ^= 4
    told = compare(result, picture, part)
    assert np.isfinite(told.outside_psnr_db)
    assert told.outside_ssim < 1


def test_a_face_of_few_pixels_is_measured_as_far_as_it_can_be():
    picture, part = face(6)
    told = compare(changed(picture, part, lambda p: p + 9), picture, part)
    assert told.seam_ratio > 0
    nothing = replace(part, mask=0 * part.mask, skin=part.skin & False)
    told = compare(picture, picture, nothing)
    assert (told.seam_ratio, told.sharpness_ratio, told.ring_delta_e) == (1, 1, None)
