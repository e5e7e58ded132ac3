"""Masks: float32 (H, W), 0 = target, 1 = source."""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32


def smoothstep(x: F32) -> F32:
    """Return 3x² - 2x³ of x clipped to 0–1: a ramp with level ends."""
    t = np.clip(x, np.float32(0), np.float32(1))
    ramp = np.float32(3) - np.float32(2) * t
    ramp *= t
    ramp *= t
    return np.asarray(ramp, np.float32)
