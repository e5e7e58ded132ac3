"""The last step of fusion, in one pass: colours, light, membrane, grain, and the mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from gateway.arrays import F32, U8
from gateway.imaging.color.lut import LookupTables, look_up, to_level

SHOULDER = 232.0
"""Level above which brightened values are compressed instead of being clipped at 255."""


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """out = gain · source + offset, on a grid of cells, bilinear between their middles.

    Attributes:
        planes: float32 (h, w, 6), the three gains, and the three offsets in levels.
        reduction: Side of a cell in pixels.
    """

    planes: F32
    reduction: int

    @classmethod
    def of(cls, offset: F32, gain: F32 | None = None, reduction: int = 1) -> Correction:
        """Make one of offsets and gains (h, w, 3), 1 if not given."""
        planes = np.empty((*offset.shape[:2], 6), np.float32)
        planes[..., :3] = 1 if gain is None else gain
        planes[..., 3:] = offset
        return cls(planes, reduction)


def composite(
    target: U8,
    source: U8,
    mask: F32,
    correction: Correction | None = None,
    cube: F32 | None = None,
    grain: tuple[U8, float, float] | None = None,
) -> U8:
    """Return target + mask · (gain · cube(source) + offset + grain - target), rounded.

    Where the mask is 0 the target's values come back unchanged, bit for bit.

    Args:
        target: uint8 (H, W, 3).
        source: uint8 (H, W, 3).
        mask: float32 (H, W), 0–1.
        correction: Gains and offsets, or None for plain feathering. What they make too bright is
            compressed.
        cube: float32 (n, n, n, 3), a lookup cube the source's colours go through, or None.
        grain: The target (H, W, 3) without its grain, how much of the difference to add, and the
            difference, in levels, beyond which it is no grain.
    """
    out = target.copy()
    mask = np.ascontiguousarray(mask, np.float32)
    tables = LookupTables.of(np.zeros((2, 2, 2, 3), np.float32) if cube is None else cube)
    none = np.zeros((1, 1, 6), np.float32)
    planes, cell = (none, 1) if correction is None else (correction.planes, correction.reduction)
    smooth, amount, limit = (target, 0.0, 1.0) if grain is None else grain
    _composite(
        out,
        source,
        mask,
        (planes, cell, correction is not None),
        (tables.nodes, tables.low, tables.fraction, cube is not None),
        (smooth, np.float32(amount), np.float32(1 / limit**2)),
    )
    return out


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _composite(out, source, mask, correction, lookup, grain):
    planes, cell, corrected = correction
    nodes, low, fraction, with_cube = lookup
    smooth, amount, inverse = grain
    height, width, _ = out.shape
    rows, columns = planes.shape[0], planes.shape[1]
    line = np.empty((columns, 6), np.float32)
    lefts, shares = np.empty(width, np.int32), np.empty(width, np.float32)
    zero, one, half = np.float32(0), np.float32(1), np.float32(0.5)
    per_cell = one / np.float32(cell)
    for x in range(width):
        at = min(max((np.float32(x) + half) * per_cell - half, zero), np.float32(columns - 1))
        lefts[x] = int(at)
        shares[x] = at - np.float32(lefts[x])
    for y in range(height):
        if corrected:
            at = min(max((np.float32(y) + half) * per_cell - half, zero), np.float32(rows - 1))
            top = int(at)
            below = min(top + 1, rows - 1)
            share = at - np.float32(top)
            for i in range(columns):
                for c in range(6):
                    a = planes[top, i, c]
                    line[i, c] = a + share * (planes[below, i, c] - a)
        for x in range(width):
            m = mask[y, x]
            if m <= zero:
                continue
            r, g, b = source[y, x, 0], source[y, x, 1], source[y, x, 2]
            if with_cube:
                s0, s1, s2 = look_up(nodes, low, fraction, r, g, b)
            else:
                s0, s1, s2 = np.float32(r), np.float32(g), np.float32(b)
            t0 = np.float32(out[y, x, 0])
            t1 = np.float32(out[y, x, 1])
            t2 = np.float32(out[y, x, 2])
            if corrected:
                left, v = lefts[x], shares[x]
                right = min(left + 1, columns - 1)
                u = one - v
                before = max(s0, s1, s2, np.float32(SHOULDER))
                s0 *= u * line[left, 0] + v * line[right, 0]
                s1 *= u * line[left, 1] + v * line[right, 1]
                s2 *= u * line[left, 2] + v * line[right, 2]
                s0 += u * line[left, 3] + v * line[right, 3]
                s1 += u * line[left, 4] + v * line[right, 4]
                s2 += u * line[left, 5] + v * line[right, 5]
                most = max(s0, s1, s2)
                if most > before:
                    k = _shoulder(most, before) / most
                    s0, s1, s2 = s0 * k, s1 * k, s2 * k
            if amount > zero:
                # Beside edges the difference is small again, but is no grain either.
                flat = amount / (one + _steepness(smooth, y, x) * inverse)
                s0 += flat * _grain(t0 - np.float32(smooth[y, x, 0]), inverse)
                s1 += flat * _grain(t1 - np.float32(smooth[y, x, 1]), inverse)
                s2 += flat * _grain(t2 - np.float32(smooth[y, x, 2]), inverse)
            out[y, x, 0] = to_level(t0 + m * (s0 - t0))
            out[y, x, 1] = to_level(t1 + m * (s1 - t1))
            out[y, x, 2] = to_level(t2 + m * (s2 - t2))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _shoulder(level, start):
    """Compress values above some level into the range left below 255."""
    room = max(np.float32(255) - start, np.float32(0))
    over = level - start
    return start + room * over / (over + room)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _grain(difference, inverse):
    """Leave small differences, drop large ones: those are edges."""
    square = difference * difference * inverse
    return difference / (np.float32(1) + square * square)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _steepness(image, y, x):
    """Return the squared change of green over two pixels."""
    height, width, _ = image.shape
    left, right = max(x - 1, 0), min(x + 1, width - 1)
    top, below = max(y - 1, 0), min(y + 1, height - 1)
    across = np.float32(image[y, right, 1]) - np.float32(image[y, left, 1])
    down = np.float32(image[below, x, 1]) - np.float32(image[top, x, 1])
    return across * across + down * down
