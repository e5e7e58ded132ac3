"""Cuts are found; pans, flashes and shaking are none."""

import numpy as np
import pytest

from gateway.imaging.video.shots import Shot

RNG = np.random.default_rng(3)


def scene(seed: int, color) -> np.ndarray:
    """Return a picture (36, 64, 3) of soft shapes in some colours."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(-60, 60, (6, 10, 3))
    fine = np.kron(coarse, np.ones((6, 7, 1)))[:36, :64]
    return np.clip(fine + color, 0, 255).astype(np.uint8)


def cuts(frames) -> list[int]:
    """Return the indices of frames that begin a shot, but for the first."""
    shot, found = Shot.begun(frames[0]), []
    for n, frame in enumerate(frames[1:], start=1):
        shot, cut = shot.next(frame)
        if cut:
            found.append(n)
    return found


WARM, COLD = (150, 110, 80), (60, 100, 160)


def test_a_cut_is_found_where_it_is():
    assert cuts([scene(0, WARM)] * 5 + [scene(1, COLD)] * 5) == [5]


def test_grain_and_shaking_are_no_cut():
    still = scene(0, WARM)
    noisy = [
        np.clip(still + RNG.normal(0, 12, still.shape), 0, 255).astype(np.uint8) for _ in "12345"
    ]
    shaken = [np.roll(still, n % 3, axis=1) for n in range(6)]
    assert cuts(noisy) == cuts(shaken) == []


def test_a_pan_is_no_cut_however_fast():
    wide = np.concatenate([scene(n, WARM) for n in range(4)], axis=1)
    assert cuts([wide[:, 11 * n : 11 * n + 64] for n in range(16)]) == []


def test_slowly_dimmed_light_is_no_cut():
    still = scene(0, WARM).astype(float)
    assert cuts([(still * (1 - n / 40)).astype(np.uint8) for n in range(30)]) == []


@pytest.mark.parametrize("seed", range(4))
def test_two_cuts_in_a_row(seed):
    frames = (
        [scene(seed, WARM)] * 3 + [scene(seed + 9, COLD)] + [scene(seed + 5, (40, 160, 60))] * 3
    )
    assert cuts(frames) == [3, 4]


def test_another_shape_of_frames_begins_a_shot():
    assert cuts([scene(0, WARM), scene(0, WARM)[:30]]) == [1]
