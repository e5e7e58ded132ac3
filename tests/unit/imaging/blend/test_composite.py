import cv2
import numpy as np
import pytest

from gateway.imaging.blend.composite import SHOULDER, Correction, composite
from gateway.imaging.color.lut import level_cube
from tests import tolerances

RNG = np.random.default_rng(0)
TARGET, SOURCE = RNG.integers(0, 256, (2, 24, 36, 3), dtype=np.uint8)
SOFT = RNG.random((24, 36)).astype(np.float32)
ALL = np.ones((24, 36), np.float32)


def multiplied(picture, gain, mask=ALL):
    planes = np.ones((1, 1, 3), np.float32)
    return composite(picture, picture, mask, Correction.of(0 * planes, gain * planes, 64))


def greys(*, like=(1.0, 1.0, 1.0)):
    """Return a picture (1, 256, 3) of every level of a hue."""
    levels = np.arange(256)[None, :, None] * np.array(like)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


# The mask


def test_where_the_mask_is_0_nothing_changes_whatever_is_asked_for():
    mask = np.where(SOFT < 0.4, 0, SOFT).astype(np.float32)
    correction = Correction.of(np.full((3, 3, 3), 9, np.float32), None, 12)
    cube = level_cube(lambda levels: 255 - levels)
    grain = cv2.GaussianBlur(TARGET, (0, 0), 1.5), 1.0, 300.0
    out = composite(TARGET, SOURCE, mask, correction, cube, grain)
    assert (out[mask == 0] == TARGET[mask == 0]).all()
    assert (out[mask > 0.5] != TARGET[mask > 0.5]).any()


def test_the_mask_mixes_evenly():
    expected = TARGET + SOFT[..., None] * (SOURCE.astype(np.float32) - TARGET)
    assert np.abs(composite(TARGET, SOURCE, SOFT) - expected).max() <= 0.5 + 1e-3


def test_equals_stay_equal_through_what_changes_nothing():
    correction = Correction.of(np.zeros((24, 36, 3), np.float32))
    cube = level_cube(lambda levels: levels)
    assert (composite(TARGET, TARGET, SOFT, correction, cube) == TARGET).all()


# Gains and offsets


@pytest.mark.parametrize("cell", [1, 4, 5])
def test_a_correction_is_bilinear_between_the_middles_of_its_cells(cell):
    rows, columns = -(-24 // cell), -(-36 // cell)
    offset = RNG.uniform(-40, 40, (rows, columns, 3)).astype(np.float32)
    flat = np.full((24, 36, 3), 100, np.uint8)
    out = composite(flat, flat, ALL, Correction.of(offset, None, cell))
    size = columns * cell, rows * cell
    expected = cv2.resize(offset, size, interpolation=cv2.INTER_LINEAR)[:24, :36]
    assert np.abs(out - 100.0 - expected).max() <= 0.5 + 1e-3


def test_gains_come_before_offsets():
    planes = np.ones((1, 1, 3), np.float32)
    out = composite(TARGET, TARGET // 4, ALL, Correction.of(10 * planes, planes * [0.5, 1, 2], 64))
    expected = TARGET // 4 * [0.5, 1, 2] + 10
    assert np.abs(out - expected).max() <= tolerances.LEVEL


# The shoulder


@pytest.mark.parametrize("gain", [1.0, 1.2, 1.5, 3.0])
def test_brightness_stays_in_its_order_and_is_not_clipped(gain):
    out = multiplied(greys(), gain)[0, :, 0].astype(int)
    assert (np.diff(out) >= 0).all()
    plain = np.arange(256) * gain
    assert (out <= plain + 0.5).all()
    assert np.abs(out - plain)[plain < SHOULDER - 1].max() <= tolerances.LEVEL
    # Highlights are not cut off: few become white, and only by rounding.
    assert (out == 255).sum() <= max((plain >= 254.5).sum() / 3, 1)


def test_what_is_not_raised_is_not_compressed():
    bright = np.clip(SOURCE.astype(int) + 100, 0, 255).astype(np.uint8)
    assert (multiplied(bright, 1.0) == bright).all()
    darker = multiplied(bright, 0.9)
    assert np.abs(darker - 0.9 * bright).max() <= tolerances.LEVEL


def test_what_is_made_too_bright_keeps_its_hue():
    out = multiplied(greys(like=(1, 0.6, 0.4)), 1.7)[0].astype(float)
    ratio = out[100:] / out[100:, :1]
    assert np.abs(ratio - [1, 0.6, 0.4]).max() < 0.01


# Grain


def noisy(sigma=4.0, shape=(60, 60)):
    grain = np.random.default_rng(1).normal(0, sigma, (*shape, 1))
    return np.clip(np.rint(128 + np.repeat(grain, 3, -1)), 0, 255).astype(np.uint8)


def with_grain(target, source, amount, limit=10.0):
    smooth = cv2.GaussianBlur(target, (0, 0), 1.5)
    mask = np.ones(target.shape[:2], np.float32)
    return composite(target, source, mask, grain=(smooth, amount, limit)).astype(float)


def test_no_grain_is_asked_for_and_none_comes():
    flat = np.full((60, 60, 3), 90, np.uint8)
    assert (with_grain(noisy(), flat, 0.0) == 90).all()


def test_the_target_s_grain_is_laid_over_the_source_and_follows_the_amount():
    flat = np.full((60, 60, 3), 90, np.uint8)
    whole, half = (with_grain(noisy(), flat, amount) - 90 for amount in (1.0, 0.5))
    inner = np.s_[5:-5, 5:-5]
    fine = (noisy() - cv2.GaussianBlur(noisy(), (0, 0), 1.5).astype(float))[inner]
    assert np.corrcoef(whole[inner].ravel(), fine.ravel())[0, 1] > 0.95
    assert half.std() == pytest.approx(whole.std() / 2, rel=0.1)
    assert abs(whole.mean()) < 0.5


@pytest.mark.parametrize("height", [30, 60, 120])
@pytest.mark.parametrize("blur", [0, 0.6, 1.5])
def test_edges_of_the_target_leave_no_ghost(height, blur):
    edge = np.full((60, 60, 3), 100, np.uint8)
    edge[:, 30:] += np.uint8(height)
    if blur:
        edge = cv2.GaussianBlur(edge, (0, 0), blur)
    flat = np.full((60, 60, 3), 90, np.uint8)
    assert np.abs(with_grain(edge, flat, 1.0, limit=5.0) - 90).max() <= 2
