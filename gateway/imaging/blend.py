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

from gateway.arrays import F32, U8, Mask
from gateway.imaging.colour import (
    LabStatistics,
    LookupTables,
    apply_cube,
    lab_from_rgb,
    look_up,
    to_level,
)
from gateway.imaging.multigrid import fill_harmonic


def membrane(
    target: U8,
    source: U8,
    support: Mask,
    *,
    reduction: int = 1,
    cube: F32 | None = None,
    skin: tuple[LabStatistics, LabStatistics] | None = None,
) -> F32:
    """Return what to add to `source` so that it meets `target` along the border of `support`.

    The outermost pixels (with a reduction: the outermost cells) are where the two meet; along
    the array's own edge nothing is met. Given skin statistics, they meet only where both show
    skin, so that hair or background beside the face does not bleed into it.

    Args:
        target: uint8 (H, W, 3) RGB.
        source: uint8 (H, W, 3) RGB, aligned with the target; read only inside `support`.
        support: bool (H, W), where the source is defined.
        reduction: Solve on a grid this many times smaller; 1 is exact to the pixel.
        cube: float32 (n, n, n, 3), a lookup cube the source's colours go through first.
        skin: Statistics of the target's and of the source's skin, after the cube.

    Returns:
        float32 (H, W, 3) in levels. Outside the support it continues smoothly and is of no use.
        All 0 if the two meet nowhere.
    """
    height, width = support.shape
    size = -(-height // reduction), -(-width // reduction)
    means, share = np.zeros((2, *size, 3), np.float32), np.zeros(size, np.float32)
    if cube is not None and reduction == 1:
        source = apply_cube(source, cube)
    _reduce(target, source, support, reduction, means, share)
    if cube is not None and reduction > 1:
        # Of a cell's mean instead of every pixel: the cube is smooth, and so is the membrane.
        means[1] += _change(means[1], cube)
    support = share >= LEAST_SHARE
    inner = cv2.erode(
        support.view(np.uint8), _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=(1.0,)
    )
    border = support & ~inner.view(np.bool_)
    if skin is not None:
        border[border] = _looks_like(means[:, border], skin)
    # A reduced grid is off by more than a second cycle would mend.
    offset = fill_harmonic(means[0] - means[1], border, cycles=1 if reduction > 1 else 2)
    if reduction == 1:
        return offset
    size = size[1] * reduction, size[0] * reduction
    enlarged = cv2.resize(offset, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged[:height, :width], np.float32)


_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)

LEAST_SHARE = 0.1
"""Share of a cell that must lie inside for it to count as inside. So little that the middles of
the outermost cells lie on the border on average, not inside of it."""
SKIN_SPREADS = 2.5
"""Deviations from the mean colour up to which a border pixel counts as skin."""
LEAST_DEVIATION = np.array([8.0, 4.0, 4.0])
"""L*, a*, b*: skin varies at least this much."""


def _change(rgb: F32, cube: F32) -> F32:
    """Return by how much a cube changes colours (H, W, 3), to a level."""
    rounded = np.rint(rgb).astype(np.uint8)
    return apply_cube(rounded, cube).astype(np.float32) - rounded


def _looks_like(rgb: F32, skin: tuple[LabStatistics, LabStatistics]) -> Mask:
    """Return where (N,) the colours of both pictures (2, N, 3) lie within their skin's spread."""
    mean = np.stack([s.mean for s in skin])[:, None]
    spread = np.maximum(np.stack([s.deviation for s in skin])[:, None], LEAST_DEVIATION)
    distance = (lab_from_rgb(np.rint(rgb).astype(np.uint8)) - mean) / spread
    return np.asarray(((distance**2).sum(-1) < SKIN_SPREADS**2).all(0))


def composite(
    target: U8, source: U8, mask: F32, offset: F32 | None = None, cube: F32 | None = None
) -> U8:
    """Return target + mask · (cube(source) + offset - target), rounded and clipped.

    Where the mask is 0 the target's values come back unchanged, bit for bit.

    Args:
        target: uint8 (H, W, 3).
        source: uint8 (H, W, 3).
        mask: float32 (H, W), 0–1.
        offset: float32 (H, W, 3) in levels, or None for plain feathering.
        cube: float32 (n, n, n, 3), a lookup cube the source's colours go through, or None.
    """
    out = target.copy()
    mask = np.ascontiguousarray(mask, np.float32)
    nothing = np.zeros((0, 0, 3), np.float32)
    tables = LookupTables.of(np.zeros((2, 2, 2, 3), np.float32) if cube is None else cube)
    _composite(
        out,
        source,
        mask,
        nothing if offset is None else offset,
        (tables.nodes, tables.low, tables.fraction, cube is not None),
    )
    return out


# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _composite(out, source, mask, offset, lookup):  # noqa: ANN001, ANN202
    nodes, low, fraction, with_cube = lookup
    height, width, _ = out.shape
    with_offset = offset.shape[0] > 0
    for y in range(height):
        for x in range(width):
            m = mask[y, x]
            if m <= np.float32(0):
                continue
            r, g, b = source[y, x, 0], source[y, x, 1], source[y, x, 2]
            if with_cube:
                s0, s1, s2 = look_up(nodes, low, fraction, r, g, b)
            else:
                s0, s1, s2 = np.float32(r), np.float32(g), np.float32(b)
            if with_offset:
                s0 += offset[y, x, 0]
                s1 += offset[y, x, 1]
                s2 += offset[y, x, 2]
            t0, t1, t2 = (
                np.float32(out[y, x, 0]),
                np.float32(out[y, x, 1]),
                np.float32(out[y, x, 2]),
            )
            out[y, x, 0] = to_level(t0 + m * (s0 - t0))
            out[y, x, 1] = to_level(t1 + m * (s1 - t1))
            out[y, x, 2] = to_level(t2 + m * (s2 - t2))


@njit(cache=True, nogil=True, error_model="numpy")
def _reduce(target, source, support, factor, means, share):  # noqa: ANN001, ANN202
    """Average both pictures over the supported pixels of each cell, and say how many those are.

    Of large cells a grid of pixels a third of the cell apart speaks for all.
    """
    height, width = support.shape
    step = max(1, factor // 3)
    for j in range(share.shape[0]):
        for i in range(share.shape[1]):
            seen, count = 0, 0
            t0, t1, t2, s0, s1, s2 = 0, 0, 0, 0, 0, 0
            for y in range(j * factor, min((j + 1) * factor, height), step):
                for x in range(i * factor, min((i + 1) * factor, width), step):
                    seen += 1
                    if support[y, x]:
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
