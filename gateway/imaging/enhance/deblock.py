"""Compression and grain: measured on a picture, and taken out of it as far as measured.

A codec that works in blocks leaves a step of brightness wherever two of them meet, so at equal
distances; a periodogram of the steps gives the distance, also in pictures that were scaled since,
and how high they are. Coding artefacts inside the blocks, ringing beside edges, are about
as strong. Both are noise of known variance, and a guided filter with the picture as its own guide
(K. He, J. Sun, X. Tang, "Guided image filtering", IEEE TPAMI 35(6), 2013) removes variation of no
more than that. Its windows' models are averaged by how flat the windows are: beside an edge those
count that lie on one side of it, so ringing goes and the edge stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numba import njit

from gateway.arrays import F32, F64, U8, Mask

PERIOD = 8
"""Pixels between the steps of a picture that was not scaled since."""
SCALED_PERIODS = (9.0, 17.0)
"""The same of an enlarged one; in a reduced one steps are hardly seen."""
_SPECTRUM = 2048
SURE, SCALED_SURE = 2.2, 6.0
"""Times the usual height of the periodogram, from which on a peak is a grid."""
LEAST_STEP = 0.3
"""Levels below which steps are not seen."""
CLIP = 8.0
"""Levels beyond which a step is an edge of the picture content."""
BLOCKING_NOISE = 2.5
"""Standard deviation of the coding's noise, over how far the steps stand out."""
STEEPEST = 10.0
"""Times how far steps stand out on average, from which on a step is taken for an edge."""
GRAIN_FREE = 2.2
"""Levels of grain that belong to a good picture."""
GRAIN_SHARE = 0.8
LEFT = 0.15
"""Share of the noise that is kept: skin without any looks like plastic."""
EVEN = 8.0
"""Times the noise's variance up to which windows count about alike. Were flat ones preferred among
those that show skin, its shading would come out in terraces."""
RADIUS_PX, COLOR_RADIUS_PX = 3, 5
"""Of the filters for brightness, and for colours in half the size."""
COLOR_NOISE = 0.8
"""Noise of the colours over that of the brightness."""


@dataclass(frozen=True, slots=True)
class Damage:
    """The degradation of a picture.

    Attributes:
        step: How far steps between its codec's blocks stand out, in levels; 0 without a grid.
        grid: Column and row of the first pixel before such a step, of blocks of 8; None where the
            picture was scaled since.
        grain: Standard deviation of the grain in levels.
    """

    step: float
    grain: float
    grid: tuple[int, int] | None = None

    @property
    def noise(self) -> float:
        """Standard deviation in levels of all that is to go."""
        grain = GRAIN_SHARE * max(self.grain - GRAIN_FREE, 0.0)
        return float(np.hypot(BLOCKING_NOISE * self.step, grain))

    def seen_from(self, x: int, y: int) -> Damage:
        """Return the damage of the part whose first pixel is that of column x and row y."""
        if self.grid is None:
            return self
        column, row = self.grid
        return replace(self, grid=((column - int(x)) % PERIOD, (row - int(y)) % PERIOD))


def damage_of(luma: F32, skin: Mask) -> Damage:
    """Return a picture's degradation.

    Args:
        luma: float32 (h, w), brightness in levels.
        skin: bool (h, w), where nothing but skin is.
    """
    step, grid = blocking_of(luma)
    return Damage(step, grain_of(luma, skin), grid)


def blocking_of(luma: F32) -> tuple[float, tuple[int, int] | None]:
    """Return how far steps between blocks of a picture (h, w) stand out, and the grid of these."""
    if min(luma.shape) < 6 * PERIOD:
        return 0.0, None
    columns, rows = np.zeros(luma.shape[1]), np.zeros(luma.shape[0])
    _steps(luma, columns, rows)
    low, high = SCALED_PERIODS
    period = np.append(1 / np.linspace(1 / high, 1 / (PERIOD - 1), 400), float(PERIOD))
    # A grid runs both ways with one period; picture content seldom does.
    height = np.sqrt(_comb(columns[2:-2], period) * _comb(rows[2:-2], period))
    usual, most = float(np.median(height)), float(height[-1])
    grid: tuple[int, int] | None = (_phase(columns), _phase(rows))
    scaled = float(height[period >= low].max())
    if most < max(SURE * usual, scaled):
        most, grid = scaled, None
        if most < SCALED_SURE * usual:
            return 0.0, None
    step = float(np.sqrt(max(most**2 - usual**2, 0)))
    return (step, grid) if step > LEAST_STEP else (0.0, None)


def _phase(profile: F64) -> int:
    """Return where in a profile (n,) the steps between blocks of 8 begin."""
    return int(np.argmax([profile[n::PERIOD].mean() for n in range(PERIOD)]))


def _comb(profile: F64, period: F64) -> F64:
    """Return the height of spikes in a profile (n,) at each of some periods (m,), at any phase."""
    spikes = profile - np.median(profile)
    limit = 4 * np.abs(spikes).mean() + 1e-9
    spikes = np.clip(spikes, -limit, limit)
    spikes -= spikes.mean()
    spectrum = np.abs(np.fft.rfft(spikes, _SPECTRUM)) * (2 / len(spikes))
    frequency = _SPECTRUM / period
    at = [np.interp(k * frequency, np.arange(len(spectrum)), spectrum) for k in (1, 2)]
    # Spikes of height 1 every p pixels have lines of 2 / p at all multiples of 1 / p.
    return np.asarray((at[0] + at[1]) / 4 * period)


def grain_of(luma: F32, skin: Mask) -> float:
    """Return the grain's standard deviation in levels on the skin of a picture (h, w).

    By the median of a second difference both ways (J. Immerkær, "Fast noise variance estimation",
    Computer Vision and Image Understanding 64(2), 1996): pores and folds are coarser.
    """
    counts = np.zeros(512, np.int64)
    _second_differences(luma, skin, counts)
    total = int(counts.sum())
    if total < 64:
        return 0.0
    below = np.cumsum(counts)
    bin_ = int(np.searchsorted(below, 0.5 * total))
    before = below[bin_ - 1] if bin_ else 0
    median = (bin_ + (0.5 * total - before) / max(int(counts[bin_]), 1)) / 4
    return float(median * 1.4826 / 6)


def without_steps(luma: F32, damage: Damage) -> F32:
    """Return a brightness (h, w) whose blocks meet without a step.

    The step between two blocks is spread over both, except where it is steeper than coding
    makes it, or lies in a part that is not smooth: those are edges.
    """
    out = luma if damage.grid is None else luma.copy()
    level_steps(out, damage)
    return out


def level_steps(luma: F32, damage: Damage) -> None:
    """Spread the steps of a brightness (h, w) in place; see `without_steps`."""
    if damage.grid is None:
        return
    limit = np.float32(STEEPEST * damage.step)
    column, row = damage.grid
    _level_columns(luma, column, limit)
    _level_rows(luma, row, limit)


def smoothed(plane: F32, noise: float, radius_px: int = RADIUS_PX) -> F32:
    """Return a plane (h, w) without noise of a standard deviation.

    Args:
        plane: float32, levels.
        noise: Standard deviation in levels; 0 takes nothing out.
        radius_px: Of the windows.
    """
    if noise <= 0:
        return plane
    side = 2 * radius_px + 1
    mean, square = _mean(plane, side), _mean(plane * plane, side)
    slope, offset, weight = (np.empty_like(plane) for _ in range(3))
    _models(mean, square, np.float32(noise**2), (slope, offset, weight))
    out = np.empty_like(plane)
    _line(plane, (_mean(slope, side), _mean(offset, side), _mean(weight, side)), out)
    return out


def _mean(plane: F32, side: int) -> F32:
    blurred = cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(blurred, np.float32)


def without_coding_noise(chroma: U8, noise: float) -> F32:
    """Return what to add to two planes of colour (h, w, 2), in levels: float32 (h // 2, w // 2, 2).

    They are looked at in half the size, in which codecs mostly keep them.

    Args:
        chroma: uint8 (h, w, 2), Cr and Cb.
        noise: Of the brightness, a standard deviation in levels.
    """
    size = max(chroma.shape[1] // 2, 1), max(chroma.shape[0] // 2, 1)
    clean = []
    for n in range(2):
        # An exact half of a single plane is found much faster.
        plane = np.ascontiguousarray(chroma[: 2 * size[1], : 2 * size[0], n])
        small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        clean.append(smoothed(small, COLOR_NOISE * noise, COLOR_RADIUS_PX) - small)
    return np.stack(clean, -1)


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _steps(luma, columns, rows):
    """Average over every other line how far each step stands out from those beside it."""
    height, width = luma.shape
    limit = np.float32(CLIP)
    for y in range(2, height - 2, 2):
        for x in range(2, width - 2):
            columns[x] += _stands_out(
                luma[y, x - 1], luma[y, x], luma[y, x + 1], luma[y, x + 2], limit
            )
    for y in range(2, height - 2):
        total = np.float32(0)
        for x in range(2, width - 2, 2):
            total += _stands_out(luma[y - 1, x], luma[y, x], luma[y + 1, x], luma[y + 2, x], limit)
        rows[y] = total / np.float32((width - 3) // 2)
    for x in range(width):
        columns[x] /= (height - 3) // 2


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _stands_out(a, b, c, d, limit):
    over = abs(c - b) - np.float32(0.5) * (abs(b - a) + abs(d - c))
    return min(max(over, -limit), limit)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _to_spread(step, rough, inverse):
    """Return how much of a step is to go: all of one that is small, where it is smooth."""
    third = np.float32(1 / 3)
    step *= third
    rough *= third
    size = (step * step + rough * rough) * inverse
    return step / (np.float32(1) + size * size)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _level_columns(luma, first, limit):
    """Spread the steps after every eighth column over four pixels on either side."""
    height, width = luma.shape
    start = first if first >= 4 else first + PERIOD
    inverse, half = np.float32(1) / (limit * limit), np.float32(0.5)
    count = max((width - 4 - start + PERIOD - 1) // PERIOD, 0)
    steps, roughs = np.empty((height, count), np.float32), np.empty((height, count), np.float32)
    for y in range(height):
        for n in range(count):
            x = start + n * PERIOD
            before = luma[y, x] - luma[y, x - 1]
            after = luma[y, x + 2] - luma[y, x + 1]
            steps[y, n] = luma[y, x + 1] - luma[y, x] - half * (before + after)
            roughs[y, n] = abs(before) + abs(after)
    for y in range(height):
        # Along the border a step continues, other noise does not.
        above, below = max(y - 1, 0), min(y + 1, height - 1)
        for n in range(count):
            x = start + n * PERIOD
            step = _to_spread(
                steps[above, n] + steps[y, n] + steps[below, n],
                roughs[above, n] + roughs[y, n] + roughs[below, n],
                inverse,
            )
            for k in range(4):
                share = step * np.float32(0.5 - 0.125 * k)
                luma[y, x - k] += share
                luma[y, x + 1 + k] -= share


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _level_rows(luma, first, limit):
    """Spread the steps after every eighth row over four pixels on either side."""
    height, width = luma.shape
    start = first if first >= 4 else first + PERIOD
    inverse, half = np.float32(1) / (limit * limit), np.float32(0.5)
    steps, roughs = np.empty(width + 2, np.float32), np.empty(width + 2, np.float32)
    total = np.empty(width, np.float32)
    for y in range(start, height - 4, PERIOD):
        one, two, three, four = luma[y - 1], luma[y], luma[y + 1], luma[y + 2]
        own, rough = steps[1 : width + 1], roughs[1 : width + 1]
        for x in range(width):
            before, after = two[x] - one[x], four[x] - three[x]
            own[x] = three[x] - two[x] - half * (before + after)
            rough[x] = abs(before) + abs(after)
        steps[0], steps[width + 1] = own[0], own[width - 1]
        roughs[0], roughs[width + 1] = rough[0], rough[width - 1]
        for x in range(width):
            total[x] = _to_spread(
                steps[x] + steps[x + 1] + steps[x + 2],
                roughs[x] + roughs[x + 1] + roughs[x + 2],
                inverse,
            )
        for k in range(4):
            share = np.float32(0.5 - 0.125 * k)
            low, high = luma[y - k], luma[y + 1 + k]
            for x in range(width):
                low[x] += share * total[x]
                high[x] -= share * total[x]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _second_differences(luma, skin, counts):
    height, width = luma.shape
    two, four = np.float32(2), np.float32(4)
    for y in range(1, height - 1, 2):
        for x in range(1, width - 1):
            if skin[y, x]:
                corners = luma[y - 1, x - 1] + luma[y - 1, x + 1]
                corners += luma[y + 1, x - 1] + luma[y + 1, x + 1]
                sides = luma[y - 1, x] + luma[y + 1, x] + luma[y, x - 1] + luma[y, x + 1]
                value = abs(corners - two * sides + four * luma[y, x])
                counts[min(int(value * four), 511)] += 1


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def share_kept(spread, variance):
    """Return which share of a window's differences stays, and how much the window counts."""
    kept = max(spread - variance, np.float32(LEFT) * spread) / spread
    counts = np.float32(1) / (spread + np.float32(EVEN) * variance)
    return kept, counts * counts


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _models(mean, square, variance, models):
    """Fit every window's line, with noise left out, and return its weight."""
    slope, offset, weight = models
    height, width = mean.shape
    for y in range(height):
        for x in range(width):
            m = mean[y, x]
            spread = max(square[y, x] - m * m, np.float32(1e-3))
            kept, counts = share_kept(spread, variance)
            slope[y, x] = counts * kept
            offset[y, x] = counts * (m - kept * m)
            weight[y, x] = counts


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _line(plane, models, out):
    slope, offset, weight = models
    height, width = plane.shape
    for y in range(height):
        for x in range(width):
            out[y, x] = (slope[y, x] * plane[y, x] + offset[y, x]) / weight[y, x]
