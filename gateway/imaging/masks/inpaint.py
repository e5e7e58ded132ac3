"""Inpainting of occluders of a surface, from their surroundings."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import F32, U8, Mask

SOFT = 0.25
"""Softness of the edge, as a share of how far skin is looked for."""


GRAIN_PX = 1.5
"""The part removed by a blur of this deviation is grain."""


def painted_over(
    image: U8, hidden: Mask, reach_px: float, *, factor: int = 1, grain_below_px: int = 0
) -> U8:
    """Return a picture with its hidden pixels continued from their surroundings.

    A. Telea, "An image inpainting technique based on the fast marching method" (Journal of Graphics
    Tools 9(1), 2004), as OpenCV has it.

    Args:
        image: uint8 (h, w, 3) RGB.
        hidden: bool (h // factor, w // factor).
        reach_px: How far away counts, pixels of the picture.
        factor: The inpainting is this many times coarser than the picture.
        grain_below_px: How far below it something is whose grain it is to have; 0: none.
    """
    if not hidden.any():
        return image
    height, width = hidden.shape
    whole = np.s_[: height * factor, : width * factor]
    small = cv2.resize(image[whole], (width, height), interpolation=cv2.INTER_AREA)
    mask = hidden.astype(np.uint8)
    painted = cv2.inpaint(small, mask, max(reach_px / factor, 1.0), cv2.INPAINT_TELEA)
    size = width * factor, height * factor
    large = cv2.resize(painted, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    share = cv2.GaussianBlur(share, (0, 0), max(SOFT * reach_px, 0.7))[..., None]
    if grain_below_px:
        large = large + _grain(image, grain_below_px)[whole]
    out = image.copy()
    mixed = out[whole] + share * (large - out[whole])
    out[whole] = np.clip(np.rint(mixed), 0, 255)
    return out


def _grain(image: U8, below_px: int) -> F32:
    """Return the grain (h, w, 3) of what lies so far below each pixel of a picture."""
    fine = image.astype(np.float32) - cv2.GaussianBlur(image, (0, 0), GRAIN_PX)
    limit = 2.5 * float(np.median(np.abs(fine[::4, ::4]))) + 0.5
    # Detail above the grain is a fold, and stays where it is.
    square = np.square(fine / np.float32(limit))
    moved = np.roll(fine / (1 + square * square), -below_px, axis=0)
    moved[-below_px:] = 0
    return np.asarray(moved, np.float32)


def multiplied(image: U8, gain: F32) -> U8:
    """Return a picture (h, w, 3) with each colour multiplied by its gain (h, w, 3)."""
    return np.asarray(np.clip(np.rint(image * gain), 0, 255), np.uint8)
