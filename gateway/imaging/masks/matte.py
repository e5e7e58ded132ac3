"""Where new pixels count, computed pixel by pixel from maps of the face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from gateway.arrays import F32, U8, Mask

CLEAR = 230
"""Level of certainty, of 255, from which on a pixel shows the target's own skin."""
SHARP = (0.3, 0.7)
"""Certainties between which what covers the target goes over into its face."""


@dataclass(frozen=True, slots=True, eq=False)
class Matte:
    """Where new pixels count, planes (h, w).

    Attributes:
        mask: float32, 0–1, how much of the new pixels is to be seen.
        support: bool, where the new pixels show the face at all; its border is where the membrane
            meets the target.
        clear: bool, where the target shows its own skin, not something before it.
        skin: bool, skin in both pictures: pixels to measure colours on.
    """

    mask: F32
    support: Mask
    clear: Mask
    skin: Mask

    def within(self, allowed: F32) -> Matte:
        """Return what of it lies where a mask (h, w), 0–1, allows."""
        inside = allowed > 0.5
        mask = np.minimum(self.mask, allowed)
        return Matte(mask, self.support & inside, self.clear, self.skin & inside)


def seen_through(matte: Matte, sheets: U8, place: F32) -> Matte:
    """Return a matte without what lies before either face.

    Args:
        matte: As if nothing did.
        sheets: uint8 (H, W, 4), of every place on the face: how surely the target's is seen there;
            how much of the new face is left beside what covers the target; the same of the source;
            255 where there should be bare skin.
        place: float32 (2, h, w), columns and rows in the sheets of every pixel.
    """
    at = cv2.remap(sheets, place[0], place[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    out = Matte(
        np.empty_like(matte.mask),
        np.empty_like(matte.support),
        np.empty_like(matte.clear),
        np.empty_like(matte.skin),
    )
    planes = (out.mask, out.support, out.clear, out.skin)
    _combine(at, matte.mask, matte.support, matte.skin, planes)
    return out


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _combine(sheets, mask, support, skin, out):
    new_mask, new_support, clear, new_skin = out
    height, width = mask.shape
    low, high = np.float32(255 * SHARP[0]), np.float32(255 * SHARP[1])
    for y in range(height):
        for x in range(width):
            certain = sheets[y, x, 0]
            left = min(sheets[y, x, 1], sheets[y, x, 2])
            m = mask[y, x]
            if m > np.float32(0) and (left < 255 or certain < high):
                t = (np.float32(certain) - low) / (high - low)
                t = min(max(t, np.float32(0)), np.float32(1))
                t = t * t * (np.float32(3) - np.float32(2) * t)
                m = min(m, t, np.float32(left) / np.float32(255))
            new_mask[y, x] = m
            clear[y, x] = certain > CLEAR
            new_support[y, x] = support[y, x] and left > 127
            bare = left > 240 and certain > CLEAR and sheets[y, x, 3] > 254
            new_skin[y, x] = skin[y, x] and bare
