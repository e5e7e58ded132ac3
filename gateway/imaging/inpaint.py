"""Painting over what is before a surface, from what is beside it."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import U8, Mask

SOFT = 0.25
"""Softness of the edge, as a share of how far skin is looked for."""


def painted_over(image: U8, hidden: Mask, reach_px: float, factor: int = 1) -> U8:
    """Return a picture with its hidden pixels continued from what is around them.

    A. Telea, "An image inpainting technique based on the fast marching method" (Journal of Graphics
    Tools 9(1), 2004), as OpenCV has it.

    Args:
        image: uint8 (h, w, 3) RGB.
        hidden: bool (h // factor, w // factor).
        reach_px: How far away counts, pixels of the picture.
        factor: What is painted is this many times coarser than the picture.
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
    out = image.copy()
    out[whole] = np.rint(out[whole] + share * (large - out[whole]))
    return out
