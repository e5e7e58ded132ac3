"""Two aligned pictures on a coarser grid: smooth quantities cost a fraction there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from gateway.arrays import F32, U8, Mask
from gateway.imaging.color.lut import apply_cube


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Means over the cells of a grid.

    Attributes:
        target: float32 (h, w, 3) in levels; 0 where nothing of a cell counts.
        source: float32 (h, w, 3) likewise.
        share: float32 (h, w), which part of a cell counts, 0–1.
    """

    target: F32
    source: F32
    share: F32


def cell_means(
    target: U8, source: U8, where: Mask, reduction: int, cube: F32 | None = None
) -> Cells:
    """Average two pictures over cells of `reduction` × `reduction` pixels.

    Of large cells a grid of pixels a third of the cell apart speaks for all.

    Args:
        target: uint8 (H, W, 3).
        source: uint8 (H, W, 3).
        where: bool (H, W), pixels that count.
        reduction: Side of a cell in pixels, ≥ 1.
        cube: float32 (n, n, n, 3), a lookup cube the source's means go through, or None.
    """
    height, width = where.shape
    size = -(-height // reduction), -(-width // reduction)
    means, share = np.zeros((2, *size, 3), np.float32), np.zeros(size, np.float32)
    _reduce(target, source, where, reduction, means, share)
    if cube is not None:
        # Of a cell's mean instead of every pixel: the cube is smooth.
        rounded = np.rint(means[1]).astype(np.uint8)
        means[1] += apply_cube(rounded, cube).astype(np.float32) - rounded
    return Cells(means[0], means[1], share)


def cell_share(where: Mask, reduction: int) -> F32:
    """Return which part of each cell (h, w) a mask (H, W) covers, 0–1."""
    height, width = where.shape
    share = np.zeros((-(-height // reduction), -(-width // reduction)), np.float32)
    _count(where, reduction, share)
    return share


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, error_model="numpy")
def _reduce(target, source, where, factor, means, share):
    height, width = where.shape
    step = max(1, factor // 3)
    for j in range(share.shape[0]):
        for i in range(share.shape[1]):
            seen, count = 0, 0
            t0, t1, t2, s0, s1, s2 = 0, 0, 0, 0, 0, 0
            for y in range(j * factor, min((j + 1) * factor, height), step):
                for x in range(i * factor, min((i + 1) * factor, width), step):
                    seen += 1
                    if where[y, x]:
                        count += 1
                        t0 += target[y, x, 0]
                        t1 += target[y, x, 1]
                        t2 += target[y, x, 2]
                        s0 += source[y, x, 0]
                        s1 += source[y, x, 1]
                        s2 += source[y, x, 2]
            if count > 0:
                share[j, i] = np.float32(count) / np.float32(seen)
                inv = np.float32(1) / np.float32(count)
                means[0, j, i] = (t0 * inv, t1 * inv, t2 * inv)
                means[1, j, i] = (s0 * inv, s1 * inv, s2 * inv)


@njit(cache=True, nogil=True, error_model="numpy")
def _count(where, factor, share):
    height, width = where.shape
    step = max(1, factor // 3)
    for j in range(share.shape[0]):
        for i in range(share.shape[1]):
            seen, count = 0, 0
            for y in range(j * factor, min((j + 1) * factor, height), step):
                for x in range(i * factor, min((i + 1) * factor, width), step):
                    seen += 1
                    count += where[y, x]
            share[j, i] = np.float32(count) / np.float32(seen)
