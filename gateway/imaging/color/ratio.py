"""Levels multiplied by a ratio, as exposure and white balance do."""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, U8


def multiplied(image: U8, ratio: F32, dark: float) -> U8:
    """Return a picture with each of its colours multiplied by a ratio.

    Args:
        image: uint8 (…, 3) RGB.
        ratio: float32 (3,), of red, green and blue.
        dark: Levels added before and taken off after, so that noise in the dark is not raised.
    """
    table = (np.arange(256, dtype=np.float32)[:, None] + np.float32(dark)) * ratio
    levels = np.clip(np.rint(table - np.float32(dark)), 0, 255).astype(np.uint8)
    return np.asarray(np.stack([levels[image[..., c], c] for c in range(3)], -1))
