"""Grain for what is painted anew: that of skin beside it."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import F32, U8

GRAIN_PX = 1.5
"""The part removed by a blur of this deviation is grain."""


def grain_from_below(image: U8, below_px: int) -> F32:
    """Return the grain of what lies so far below each pixel of a picture.

    Args:
        image: uint8 (h, w, 3) RGB.
        below_px: How far below.

    Returns:
        float32 (h, w, 3), of mean 0; 0 where nothing is that far below. Folds, which are stronger
        than grain, are left out.
    """
    out = np.zeros(image.shape, np.float32)
    if not 0 < below_px < len(image):
        return out
    fine = image.astype(np.float32) - cv2.GaussianBlur(image, (0, 0), GRAIN_PX)
    limit = 2.5 * float(np.median(np.abs(fine[::4, ::4]))) + 0.5
    # Detail above the grain is a fold, and stays where it is.
    square = np.square(fine / np.float32(limit))
    out[:-below_px] = (fine / (1 + square * square))[below_px:]
    return out
