"""Detail of one size: folds of the skin, distinguished from its colour and from its grain."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.arrays import F32, U8
from gateway.imaging.color.lut import to_level

LIMIT = 0.25
"""Natural logarithm of a fold's brightness ratio: deeper ones are edges of something else."""
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
_LOG = np.log(np.arange(256, dtype=np.float32) + 8)


def fold_band(image: U8, fine_px: float, coarse_px: float) -> F32:
    """Return the logarithm of brightness between two scales, (h, w), within ±LIMIT.

    Args:
        image: uint8 (h, w, 3) RGB.
        fine_px: Standard deviation below which is grain, in pixels.
        coarse_px: Standard deviation above which is shading, in pixels.
    """
    luma = np.asarray(cv2.LUT(cv2.transform(image, _LUMA), _LOG), np.float32)
    fine = cv2.GaussianBlur(luma, (0, 0), max(fine_px, 0.3))
    coarse = _wide_blur(luma, coarse_px)
    return np.asarray(np.clip(fine - coarse, -LIMIT, LIMIT), np.float32)


def _wide_blur(plane: F32, sigma: float) -> F32:
    """Return a Gaussian blur (h, w), through a smaller picture where that is as good."""
    factor = max(1, int(sigma / 3))
    if factor == 1:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), max(sigma, 0.3)), np.float32)
    height, width = plane.shape
    size = -(-width // factor), -(-height // factor)
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / factor)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def with_folds(image: U8, of: U8, weight: F32, fine_px: float, coarse_px: float) -> U8:
    """Return an image with another one's folds, by an expression ratio image.

    The ratio of brightness with and without an expression is nearly the same for all people
    (Z. Liu, Y. Shan, Z. Zhang, "Expressive expression mapping with ratio images", SIGGRAPH 2001).
    Here the one without is the image itself, so its own folds go where the other has none.
    Folds are wider than pixels: they are looked for in a picture as small as they allow.

    Args:
        image: uint8 (h, w, 3) RGB.
        of: uint8 (h, w, 3) RGB, the expressive picture, aligned with it.
        weight: float32 (h, w), 0–1: where, and how much.
        fine_px: See `fold_band`.
        coarse_px: See `fold_band`.

    Returns:
        uint8 (h, w, 3), equal to the image where the weight is 0.
    """
    factor = max(1, int(fine_px / 1.5))
    height, width = weight.shape[0] // factor, weight.shape[1] // factor
    out = image.copy()
    if min(height, width) < 1:
        return out
    whole = np.s_[: height * factor, : width * factor]  # an exact fraction is found much faster

    def small(picture: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(cv2.resize(picture[whole], (width, height), interpolation=cv2.INTER_AREA))

    fine, coarse = fine_px / factor, coarse_px / factor
    change = fold_band(small(of), fine, coarse) - fold_band(small(image), fine, coarse)
    ratio = cv2.exp(small(weight) * change)
    size = width * factor, height * factor
    ratio = cv2.resize(ratio, size, interpolation=cv2.INTER_LINEAR)
    _brighten(out, weight, ratio)
    return out


def softened(image: U8, mask: F32, sigma_px: float) -> U8:
    """Return an image (h, w, 3) blurred where a mask (h, w) says so, 0–1."""
    blurred = cv2.GaussianBlur(image, (0, 0), sigma_px).astype(np.float32)
    mixed = image + mask[..., None] * (blurred - image)
    return np.asarray(np.rint(mixed), np.uint8)


# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _brighten(image, weight, ratio):  # noqa: ANN001, ANN202
    height, width = ratio.shape
    for y in range(height):
        for x in range(width):
            if weight[y, x] > np.float32(0):
                for c in range(3):
                    image[y, x, c] = to_level(np.float32(image[y, x, c]) * ratio[y, x])
