"""Points go where the pixels go."""

import cv2
import numpy as np

from gateway.imaging.geometry.flow import carried

RNG = np.random.default_rng(5)
POINTS = np.array([[70.0, 60.0], [90.0, 75.0], [110.0, 90.0], [80.0, 100.0]])


def texture(side=180) -> np.ndarray:
    """Return a picture (side, side, 3) with something to hold on to everywhere."""
    noise = RNG.integers(0, 256, (side, side, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 3)


def test_points_follow_a_shift():
    before = texture()
    after = np.roll(before, (4, -3), axis=(0, 1))
    moved = carried(before, after, POINTS)
    assert np.abs(moved - (POINTS + np.array([-3, 4]))).max() < 0.5


def test_points_follow_in_large_pictures_too():
    before = cv2.resize(texture(), (720, 720), interpolation=cv2.INTER_CUBIC)
    after = np.roll(before, (12, 8), axis=(0, 1))
    moved = carried(before, after, 4 * POINTS)
    assert np.abs(moved - (4 * POINTS + np.array([8, 12]))).max() < 1.5


def test_nothing_moves_in_the_same_picture():
    before = texture()
    assert np.abs(carried(before, before, POINTS) - POINTS).max() < 0.1


def test_another_picture_explains_nothing():
    assert carried(texture(), texture(), POINTS) is None


def test_what_covers_the_points_is_noticed():
    before = texture()
    after = before.copy()
    after[40:120, 50:130] = texture()[40:120, 50:130]
    assert carried(before, after, POINTS) is None
