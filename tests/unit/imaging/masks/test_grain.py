"""Grain borrowed from below."""

import cv2
import numpy as np
import pytest

from gateway.imaging.masks.grain import grain_from_below

RNG = np.random.default_rng(5)
NOISY = np.clip(RNG.normal(128, 6, (60, 80, 3)), 0, 255).astype(np.uint8)


def test_it_is_as_strong_as_below_and_of_mean_zero():
    grain = grain_from_below(NOISY, 20)
    assert grain.shape == NOISY.shape
    assert 3 < grain[:40].std() < 6
    assert abs(grain[:40].mean()) < 0.3
    assert not grain[40:].any()


def test_it_lies_as_far_above_as_is_asked_for():
    near, far = (grain_from_below(NOISY, n) for n in (10, 20))
    assert (near[20:30] == far[10:20]).all()


def test_a_fold_is_no_grain():
    folded = NOISY.copy()
    cv2.line(folded, (0, 40), (79, 40), (20, 20, 20), 2)
    assert np.abs(grain_from_below(folded, 20)).max() < 25


@pytest.mark.parametrize("below_px", [0, 60, 500])
def test_nothing_is_so_far_below(below_px):
    assert not grain_from_below(NOISY, below_px).any()
