"""Puts one picture into another: feathering, and Poisson blending as a membrane.

Poisson image editing (P. Pérez, M. Gangnet, A. Blake, SIGGRAPH 2003) asks for the picture whose
gradients are the source's inside a region and whose values are the target's on its border. With
the source's own gradients the answer is the source plus a *membrane*: the harmonic function that
equals target - source on the border. It is smooth, so a small grid holds all of it but the
boundary's pixel noise, which a soft mask hides better than it should be copied inwards.
"""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.imaging.multigrid import solve_laplace

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def membrane(target: U8, source: U8, support: Mask, *, reduction: int = 1) -> F32:
    """Return what to add to `source` so that it meets `target` along the border of `support`.

    The outermost pixels (with a reduction: the cells that are only partly inside) are where the
    two meet. Where the support touches the array's own edge nothing is met.

    Args:
        target: uint8 (H, W, C).
        source: uint8 (H, W, C), aligned with the target; read only inside `support`.
        support: bool (H, W), where the source is defined.
        reduction: Solve on a grid this many times smaller; 1 is exact to the pixel.

    Returns:
        float32 (H, W, C) in levels. Outside the support it continues smoothly and is of no use.
    """
    source = np.where(support[..., None], source, target)
    if reduction <= 1:
        inner = cv2.erode(
            support.view(np.uint8), _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=(1.0,)
        )
        difference = cv2.subtract(target, source, dtype=cv2.CV_32F)
        return solve_laplace(np.asarray(difference, np.float32), inner.view(np.bool_) & support)
    height, width = support.shape
    size = max(4, -(-width // reduction)), max(4, -(-height // reduction))
    share = cv2.resize(support.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small_target = cv2.resize(target, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    small_source = cv2.resize(source, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    difference = (small_target - small_source) / np.maximum(share, 1e-3)[..., None]
    offset = solve_laplace(difference, share > 0.999)
    return np.asarray(cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR))


_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def composite(target: U8, source: U8, mask: F32, offset: F32 | None = None) -> U8:
    """Return target + mask · (source + offset - target), rounded and clipped.

    Where the mask is 0 the target's values come back unchanged, bit for bit.

    Args:
        target: uint8 (H, W, C).
        source: uint8 (H, W, C).
        mask: float32 (H, W), 0–1.
        offset: float32 (H, W, C) in levels, or None for plain feathering.
    """
    out = target.copy()
    if offset is None:
        offset = np.zeros((1, 1, target.shape[2]), np.float32)
        _composite(out, source, np.ascontiguousarray(mask, np.float32), offset, False)
    else:
        _composite(out, source, np.ascontiguousarray(mask, np.float32), offset, True)
    return out


# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@njit(cache=True, nogil=True, error_model="numpy")
def _composite(out, source, mask, offset, with_offset):  # noqa: ANN001, ANN202
    height, width, channels = out.shape
    for y in range(height):
        for x in range(width):
            m = mask[y, x]
            if m <= np.float32(0):
                continue
            for c in range(channels):
                t = np.float32(out[y, x, c])
                s = np.float32(source[y, x, c])
                if with_offset:
                    s += offset[y, x, c]
                value = t + m * (s - t) + np.float32(0.5)
                out[y, x, c] = np.uint8(min(max(value, np.float32(0)), np.float32(255)))
