"""A whole picture enhanced without a network, in its luma alone and in place.

The denoising and the steepening follow from windows of the picture, as in `deblock.py` and
`face.py`. Here these windows are measured at half the size, which changes little and costs a
quarter; all else is done a few rows at a time, so that a frame passes through the processor's
cache once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gateway.arrays import F32
from gateway.imaging.enhance.deblock import BLOCKING_NOISE, GRAIN_FREE, Damage, level_steps
from gateway.imaging.enhance.degradation import Condition
from gateway.imaging.enhance.windows import windows_of
from gateway.imaging.video.planes import Coding, Planes, Samples

SHARP_PX, SOFT_PX = 0.9, 2.2
"""Widths of edges, standard deviations in pixels, from which on they are steepened at all, and as
far as it goes."""
GAIN = 1.5
"""How much of its finer detail a soft picture gets again."""
BLUR_OF_WIDTH, BLUR_PX = 0.9, (0.8, 2.5)
"""Standard deviation of the blur that isolates detail, over that of the edges; and its bounds."""
REACH = 2.0
"""Standard deviations at which it ends."""
CORE = 1.6
"""Detail below so many deviations of present or removed noise is hardly amplified."""
LEAST_NOISE = 0.5
"""Levels of noise that there always is."""
FINER_BITS = 4
"""Bits that luma has more than the colours it is of."""
LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Of red, green and blue: ITU-R BT.709."""
GRAIN_OF_EDGES = 0.5
"""How much less grain is left because edges are steepened, over the gain."""
LEAST_GAIN = 0.02
"""Gain that is not worth the time."""


def luma_of(planes: Planes) -> tuple[Samples, Coding]:
    """Return a frame's luma (H, ≥ W) and what its numbers mean: its own memory, but of RGB.

    Luma of RGB is that of BT.709, with four bits more than the colours have, up to 16.
    """
    coding = planes.coding
    if planes.chroma is None or coding.matrix != "identity":
        return planes.y, coding
    finer = Coding(min(coding.depth + FINER_BITS, 16), coding.full)
    red, green, blue = LUMA * 2 ** (finer.depth - coding.depth)
    height, width = planes.size
    luma = np.empty((height, width), np.uint16)
    weights = np.array([green, blue, red], np.float32)
    _mixed(planes.y, planes.chroma[0], planes.chroma[1], weights, luma)
    return luma, finer


def restore_planes(planes: Planes, condition: Condition, blend: float) -> None:
    """Enhance a frame, in place; see `restore`. Colours of RGB change by what luma does."""
    luma, coding = luma_of(planes)
    if luma is planes.y:
        restore(luma, planes.size, coding, condition, blend)
        return
    assert planes.chroma is not None
    before = luma.copy()
    restore(luma, planes.size, coding, condition, blend)
    own = planes.coding
    limits = np.float32(own.lowest[0]), np.float32(own.highest[0])
    unit = np.float32(2 ** (own.depth - coding.depth))
    _lighter((planes.y, *planes.chroma), before, luma, unit, limits)


def restore(
    plane: Samples, size: tuple[int, int], coding: Coding, condition: Condition, blend: float
) -> None:
    """Enhance a picture, in place.

    No pixel leaves the range around it, so that there are no halos and nothing is clipped.

    Args:
        plane: uint8 or uint16 (H, ≥ W), luma as it is stored.
        size: (H, W).
        coding: Meaning of the sample values.
        condition: The picture's degradation.
        blend: Share of the enhanced picture in the blend, 0–1; 0 leaves every bit.
    """
    damage, gain = condition.damage, gain_for(condition.blur_px)
    noise = noise_of(damage, gain)
    if blend <= 0 or (noise == 0 and gain < LEAST_GAIN):
        return
    shown = plane[: size[0], : size[1]]
    level = np.float32(2 ** (8 - coding.depth))
    given: Samples | F32 = shown
    if damage.grid is not None and damage.step > 0:
        given = shown * level
        level_steps(given, damage)
    unit = np.float32(1) if given is not shown else level
    core = CORE * max(LEAST_NOISE, noise, min(damage.grain, GRAIN_FREE))
    _clear(
        shown,
        given,
        windows_of(given, unit, noise),
        _kernel(condition.blur_px),
        (unit, np.float32(gain), np.float32(core), np.float32(blend), np.float32(1 / level)),
        (np.float32(coding.lowest[0]), np.float32(coding.highest[0])),
    )


def noise_of(damage: Damage, gain: float) -> float:
    """Return the standard deviation in levels of the grain to remove, beyond the usual amount.

    Of grain g the filter leaves the share 1 - n² / g². Edges that are steepened by a gain have
    their grain amplified; that is handled elsewhere.
    """
    kept = min(damage.grain, GRAIN_FREE) / (1 + GRAIN_OF_EDGES * gain)
    squared = damage.grain * (damage.grain - kept) + (BLOCKING_NOISE * damage.step) ** 2
    return float(np.sqrt(squared))


def gain_for(blur_px: float | None) -> float:
    """Return how much of its detail a picture with edges of a width gets again."""
    if blur_px is None:
        return 0.0
    return GAIN * float(np.clip((blur_px - SHARP_PX) / (SOFT_PX - SHARP_PX), 0, 1))


def _kernel(blur_px: float | None) -> F32:
    """Return the right half (r + 1,) of the blur that isolates detail, its centre first."""
    sigma = float(np.clip(BLUR_OF_WIDTH * (blur_px or 0.0), *BLUR_PX))
    taps = np.exp(-0.5 * (np.arange(int(np.ceil(REACH * sigma)) + 1) / sigma) ** 2)
    return np.asarray(taps / (2 * taps.sum() - taps[0]), np.float32)


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _between(cells, c, other, padded, out):
    """Interpolate a full row of a map known at half the size, between two of its rows."""
    n = cells.shape[1]
    one, two = cells[c], cells[other]
    mine, less = np.float32(0.75), np.float32(0.25)
    inner = padded[1 : n + 1]
    for i in range(n):
        inner[i] = mine * one[i] + less * two[i]
    padded[0], padded[n + 1] = padded[1], padded[n]
    left, right = padded[:n], padded[2 : n + 2]
    for i in range(n):
        middle = mine * inner[i]
        out[2 * i] = middle + less * left[i]
        out[2 * i + 1] = middle + less * right[i]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _denoised(source, slope, offset, unit, clean):
    for x in range(clean.shape[0]):
        clean[x] = slope[x] * (np.float32(source[x]) * unit) + offset[x]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _from_rows(ring, y, height, kernel, seen):
    """Blur down the columns around row y, and return the minimum and maximum there.

    `ring` holds the rows around it, `seen` (3, w + 2 r) gets the blur, the least and the most.
    """
    rows, width = ring.shape
    reach = kernel.shape[0] - 1
    blurred, least = seen[0, reach : reach + width], seen[1, reach : reach + width]
    most = seen[2, reach : reach + width]
    here, tap = ring[y % rows], kernel[0]
    for x in range(width):
        blurred[x] = tap * here[x]
        least[x] = here[x]
        most[x] = here[x]
    for k in range(1, reach + 1):
        tap = kernel[k]
        above, below = ring[max(y - k, 0) % rows], ring[min(y + k, height - 1) % rows]
        for x in range(width):
            blurred[x] += tap * (above[x] + below[x])
            least[x] = min(least[x], above[x], below[x])
            most[x] = max(most[x], above[x], below[x])
    for n in range(3):
        for k in range(reach):
            seen[n, k] = seen[n, reach]
            seen[n, reach + width + k] = seen[n, reach + width - 1]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _from_columns(seen, kernel, around):
    """Do the same along a row: `around` (3, w) gets the blur, the least and the most."""
    reach, width = kernel.shape[0] - 1, around.shape[1]
    fine, floor, top = around[0], around[1], around[2]
    blurred, least, most = seen[0], seen[1], seen[2]
    for x in range(width):
        fine[x] = kernel[0] * blurred[reach + x]
        floor[x] = least[reach + x]
        top[x] = most[reach + x]
    for k in range(1, reach + 1):
        tap = kernel[k]
        left, right = blurred[reach - k : reach - k + width], blurred[reach + k : reach + k + width]
        for x in range(width):
            fine[x] += tap * (left[x] + right[x])
        left, right = least[reach - k : reach - k + width], least[reach + k : reach + k + width]
        for x in range(width):
            floor[x] = min(floor[x], left[x], right[x])
        left, right = most[reach - k : reach - k + width], most[reach + k : reach + k + width]
        for x in range(width):
            top[x] = max(top[x], left[x], right[x])


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _written(line, clean, gains, around, strengths, limits):
    """Steepen a row that is clean, and mix it into the one that is shown."""
    _, gain, core, blend, inverse = strengths
    low, high = limits
    fine, floor, top = around[0], around[1], around[2]
    for x in range(line.shape[0]):
        detail = clean[x] - fine[x]
        size = abs(detail)
        wanted = clean[x] + gain * gains[x] * detail * size / (size + core)
        wanted = min(max(wanted, floor[x]), top[x])
        code = np.float32(line[x])
        new = np.floor(code + blend * (wanted * inverse - code) + np.float32(0.5))
        line[x] = np.int32(min(max(new, min(low, code)), max(high, code)))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _clear(plane, given, windows, kernel, strengths, limits):
    """Go down the rows, `reach` of them ahead of the one that is written."""
    height, width = plane.shape
    reach = kernel.shape[0] - 1
    rows, half = 2 * reach + 1, windows.shape[2]
    ring, gains = np.empty((rows, width), np.float32), np.empty((rows, 2 * half), np.float32)
    padded, line = np.empty(half + 2, np.float32), np.empty((2, 2 * half), np.float32)
    seen = np.empty((3, width + 2 * reach), np.float32)
    around = np.empty((3, width), np.float32)
    for coming in range(height + reach):
        if coming < height:
            c = coming >> 1
            other = min(max(c + (1 if coming & 1 else -1), 0), windows.shape[1] - 1)
            _between(windows[0], c, other, padded, line[0])
            _between(windows[1], c, other, padded, line[1])
            _between(windows[2], c, other, padded, gains[coming % rows])
            _denoised(given[coming], line[0], line[1], strengths[0], ring[coming % rows])
        y = coming - reach
        if y >= 0:
            _from_rows(ring, y, height, kernel, seen)
            _from_columns(seen, kernel, around)
            _written(plane[y], ring[y % rows], gains[y % rows], around, strengths, limits)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _mixed(first, second, third, weights, luma):
    a, b, c = weights[0], weights[1], weights[2]
    for y in range(luma.shape[0]):
        for x in range(luma.shape[1]):
            value = a * np.float32(first[y, x]) + b * np.float32(second[y, x])
            value += c * np.float32(third[y, x])
            luma[y, x] = np.uint16(value + np.float32(0.5))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _lighter(planes, before, after, unit, limits):
    """Add what luma has changed by to three colours, none of them clipped."""
    low, high = limits
    one, two, three = planes
    zero, half = np.float32(0), np.float32(0.5)
    for y in range(before.shape[0]):
        for x in range(before.shape[1]):
            p, q, r = np.float32(one[y, x]), np.float32(two[y, x]), np.float32(three[y, x])
            more = unit * (np.float32(after[y, x]) - np.float32(before[y, x]))
            more = max(more, min(low - min(p, q, r), zero))
            more = np.floor(min(more, max(high - max(p, q, r), zero)) + half)
            one[y, x] = np.int32(p + more)
            two[y, x] = np.int32(q + more)
            three[y, x] = np.int32(r + more)
