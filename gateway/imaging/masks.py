"""Masks: float32 (H, W), 0 = target, 1 = source."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def smoothstep(x: F32) -> F32:
    """Return 3x² - 2x³ of x clipped to 0–1: a ramp with level ends."""
    t = np.clip(x, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
