"""Levels multiplied by a ratio."""

import numpy as np
import pytest

from gateway.imaging.color.ratio import multiplied

RNG = np.random.default_rng(4)
IMAGE = RNG.integers(0, 256, (9, 7, 3), dtype=np.uint8)
RATIO = np.array([0.5, 1.0, 1.6], np.float32)


def test_a_ratio_of_one_changes_nothing():
    assert (multiplied(IMAGE, np.ones(3, np.float32), 6) == IMAGE).all()


def test_each_color_is_multiplied_by_its_own():
    wanted = np.clip(np.rint((IMAGE + 6.0) * RATIO - 6.0), 0, 255)
    assert np.abs(multiplied(IMAGE, RATIO, 6) - wanted).max() <= 1


@pytest.mark.parametrize("dark", [0, 6, 30])
def test_the_order_of_levels_stays(dark):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)
    assert (np.diff(multiplied(ramp, RATIO, dark).astype(int), axis=0) >= 0).all()
