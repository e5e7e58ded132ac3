"""A picture in overlapping tiles, and the picture assembled from the processed tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.arrays import F32, U8
from gateway.imaging.masks.soft import smoothstep


@dataclass(frozen=True, slots=True)
class Tiling:
    """How pictures are cut.

    Attributes:
        side_px: Side of a tile.
        margin_px: The part of it, on each side, that is context only: a network knows least there.
        ramp_px: Over how many pixels one tile goes over into the next.
        scale: How much larger a tile becomes.
    """

    side_px: int
    margin_px: int
    ramp_px: int
    scale: int


@dataclass(frozen=True, slots=True)
class TileSpan:
    """A tile along one side of the picture.

    Attributes:
        start: Its first pixel; may lie outside the picture.
        low: The first pixel of the result it says something about.
        weights: float32 (n,), how far its pixels from there on count, 0–1.
    """

    start: int
    low: int
    weights: F32

    @property
    def high(self) -> int:
        """The pixel after the last one it says something about."""
        return self.low + len(self.weights)


def spans_of(length_px: int, tiling: Tiling) -> tuple[TileSpan, ...]:
    """Return the tiles along one side of a picture, evenly spaced.

    Their weights sum to 1 at every pixel of the result: each ramp is taken from one tile and given
    to the next.
    """
    core = tiling.side_px - 2 * tiling.margin_px
    scale, ramp = tiling.scale, tiling.ramp_px
    number = max(1, math.ceil((length_px - ramp) / (core - ramp)))
    starts = [round(i * (length_px - core) / max(number - 1, 1)) for i in range(number)]
    if number == 1:
        starts = [0]
    place = (np.arange(length_px * scale, dtype=np.float64) + 0.5) / scale
    shown = [np.ones(length_px * scale, np.float32)]
    for one, following in pairwise(starts):
        begin = (one + core + following - ramp) / 2
        shown.append(smoothstep(np.asarray((place - begin) / ramp, np.float32)))
    shown.append(np.zeros_like(shown[0]))
    return tuple(
        _span(start - tiling.margin_px, before - after)
        for start, (before, after) in zip(starts, pairwise(shown), strict=True)
    )


def tile_of(image: U8, row: TileSpan, column: TileSpan, side_px: int) -> U8:
    """Return a tile (S, S, 3) of a picture (H, W, 3), which is mirrored at its borders."""
    rows = _mirrored(row.start, side_px, image.shape[0])
    columns = _mirrored(column.start, side_px, image.shape[1])
    return np.asarray(image[rows[:, None], columns], np.uint8)


class TileCanvas:
    """A picture that grows tile by tile, row after row; of light, only a row of tiles is kept."""

    def __init__(self, rows: Sequence[TileSpan], columns: Sequence[TileSpan], scale: int) -> None:
        """Take the tiles' places, and how much larger than the picture the result is."""
        self._scale = scale
        self._width = columns[-1].high
        self._out = np.empty((rows[-1].high, self._width, 3), np.uint8)
        self._row: TileSpan | None = None
        self._light = np.empty((0, self._width, 3), np.float32)

    def add(self, row: TileSpan, column: TileSpan, planes: F32) -> None:
        """Lay what became of a tile, float32 RGB (3, n, n), 0–1, where it belongs."""
        if row is not self._row:
            self._go_to(row)
        top, left = row.low - row.start * self._scale, column.low - column.start * self._scale
        _lay(self._light, planes, row.weights, column.weights, (top, left, column.low))

    def finished(self) -> U8:
        """Return the picture (H, W, 3) after the last tile."""
        self._write(len(self._light))
        return self._out

    def _go_to(self, row: TileSpan) -> None:
        """Round the complete rows, and keep those that the next row of tiles overlaps."""
        light = np.zeros((len(row.weights), self._width, 3), np.float32)
        if self._row is not None:
            complete = row.low - self._row.low
            light[: len(self._light) - complete] = self._light[complete:]
            self._write(complete)
        self._row, self._light = row, light

    def _write(self, number: int) -> None:
        low = 0 if self._row is None else self._row.low
        _round(self._light[:number], self._out[low : low + number])


def _span(start: int, weights: F32) -> TileSpan:
    (where,) = np.nonzero(weights)
    low, high = int(where[0]), int(where[-1]) + 1
    return TileSpan(start, low, np.ascontiguousarray(weights[low:high]))


def _mirrored(start: int, number: int, length: int) -> NDArray[np.intp]:
    """Return the pixels of a side that a tile shows; beyond the border they come back."""
    there = np.arange(start, start + number) % (2 * length)
    return np.minimum(there, 2 * length - 1 - there)


# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _lay(light, planes, rows, columns, where):  # noqa: ANN001, ANN202
    top, left, start = where
    for j in range(rows.size):
        for i in range(columns.size):
            weight = rows[j] * columns[i]
            for c in range(3):
                level = min(max(planes[c, top + j, left + i], np.float32(0)), np.float32(1))
                light[j, start + i, c] += weight * level


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _round(light, out):  # noqa: ANN001, ANN202
    for j in range(light.shape[0]):
        for i in range(light.shape[1]):
            for c in range(3):
                out[j, i, c] = np.uint8(np.float32(255) * light[j, i, c] + np.float32(0.5))
