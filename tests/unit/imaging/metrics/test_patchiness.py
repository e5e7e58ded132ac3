"""Faults made on purpose on drawn skin: each is found, and what is no fault is not."""

import cv2
import numpy as np
import pytest

from gateway.imaging.color.skin_model import skin_departures
from gateway.imaging.metrics.patchiness import patchiness

SHAPE = (144, 128)
Y, X = np.mgrid[: SHAPE[0], : SHAPE[1]]
SKIN = np.hypot((X - 64) / 56, (Y - 72) / 64) < 1
SPHERE = np.stack([(X - 64) / 70, (Y - 72) / 80], -1)
NORMALS = np.concatenate(
    [SPHERE, -np.sqrt(np.maximum(1 - (SPHERE**2).sum(-1), 0.05))[..., None]], -1
).astype(np.float32)


def face(tone=(190, 140, 115), side: float = 0.0, seed: int = 0) -> np.ndarray:
    """Skin of a complexion under light from a side, with pores."""
    pores = np.random.default_rng(seed).normal(0, 0.02, SHAPE)
    light = 0.8 + side * NORMALS[..., 0] - 0.2 * NORMALS[..., 2]
    return np.array(tone) * (light * np.exp(pores))[..., None]


def figure(now: np.ndarray, then: np.ndarray) -> float:
    planes = [
        skin_departures(
            np.clip(np.rint(image), 0, 255).astype(np.uint8), NORMALS, SKIN.astype(np.float32)
        )
        for image in (now, then)
    ]
    told = patchiness(planes[0], planes[1], SKIN)
    assert told is not None
    return told


def within(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    return ((x0 <= X) & (x1 > X) & (y0 <= Y) & (y1 > Y))[..., None]


FAULTS = {
    "the target's own skin shows through in a patch": lambda f: np.where(
        within(70, 60, 110, 100), face((120, 80, 60)), f
    ),
    "a shadow's edge came along": lambda f: np.where(
        (X > 64 + 0.3 * (Y - 72))[..., None], 0.55 * f, f
    ),
    "blotches around the eyes": lambda f: np.where(
        within(30, 45, 55, 65) | within(75, 45, 100, 65), 0.6 * f, f
    ),
    "a tinted patch": lambda f: np.where(within(20, 60, 50, 110), f * [0.8, 1, 1.25], f),
    "a hollow below the lips": lambda f: np.where(
        within(45, 108, 85, 122), f * [0.7, 0.45, 0.45], f
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault):
    then = face()
    now = FAULTS[fault](face(seed=1))
    assert figure(now, then) > 3 * max(figure(face(seed=1), then), 0.03)


@pytest.mark.parametrize(
    "now",
    [face(seed=1), face((90, 60, 45), seed=1), face(side=0.4, seed=1), 0.6 * face(seed=2)],
    ids=["itself", "another complexion", "light from a side", "darker"],
)
def test_what_is_no_fault_is_none(now):
    assert figure(now, face()) < 0.06


def test_a_shadow_that_was_there_does_not_count():
    shadow = np.where((X > 70)[..., None], 0.5, 1.0)
    assert figure(shadow * face(seed=1), shadow * face()) < 0.1
    assert figure(shadow * face(seed=1), face()) > 0.3


def test_grain_is_no_patch():
    noisy = face() + np.random.default_rng(3).normal(0, 8, (*SHAPE, 3))
    assert figure(noisy, face()) < 0.1


def test_without_skin_nothing_is_said():
    planes = np.full((*SHAPE, 5), 128, np.uint8)
    few = cv2.circle(np.zeros(SHAPE, np.uint8), (60, 60), 5, 1, -1) > 0
    assert patchiness(planes, planes, few) is None
