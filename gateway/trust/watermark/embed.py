"""Pictures and frames of films → the same with a mark in them."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.arrays import F32, U8, Mask
from gateway.imaging.video.planes import Planes, Samples
from gateway.trust.watermark.grid import Grid, busyness, can_be_marked, on_grid, visibility
from gateway.trust.watermark.pattern import TILE, WatermarkKey, pattern_of

STRENGTH, FILM_STRENGTH = 1.13, 1.5
"""Standard deviations of marks in detail, levels of 255; codecs of films keep less of it."""
PART_STRENGTH: Final = 1.5
"""The same of a picture that is marked in a part only, which has to carry all of it."""
REFRESH_FRAMES: Final = 8
"""Frames of a film for which a mark is as strong as the first of them allows."""
_LUMA: Final = np.array([[0.299, 0.587, 0.114]], np.float32)
Codes = NDArray[np.int16]


def marked(rgb: U8, key: WatermarkKey, number: int, *, where: Mask | None = None) -> U8:
    """Return a picture with a mark; the same picture if it is too small for one.

    Red, green and blue change alike, by about one level of 255, so that only brightness does.

    Args:
        rgb: uint8 (H, W, 3).
        key: By which the mark can be read.
        number: What it carries, 48 bits.
        where: bool (H, W), where pixels may change; None is everywhere.
    """
    if not can_be_marked(rgb.shape[:2]):
        return rgb
    grid = Grid.of(rgb.shape[:2])
    height, width = grid.size
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
    strength = STRENGTH if where is None else PART_STRENGTH
    luma = np.asarray(cv2.transform(small, _LUMA), np.float32)
    canvas = _canvas(luma, key, number, strength)
    change = _spread_over(canvas, grid, 1.0)
    if where is not None:
        change[~where] = 0
    out = np.empty_like(rgb)
    _add_to_colors(np.ascontiguousarray(rgb), change, out)
    return out


class FilmMarker:
    """Marks the frames of one film, or of a part of it that is rendered by itself.

    The mark lies still in the frame, so that what reads it can add frames up.
    """

    def __init__(self, key: WatermarkKey, number: int) -> None:
        """Take the key by which the mark can be read, and what it carries, 48 bits."""
        self._key, self._number = key, number
        self._change: Codes | None = None
        self._left = 0

    def mark(self, planes: Planes, *, cut: bool = False, before: Samples | None = None) -> None:
        """Mark a frame in place; one that is too small stays as it is.

        Args:
            planes: Of the frame. Luma changes, or all three colours if they are no luma and chroma.
            cut: Whether it begins a shot.
            before: The first plane as it was before anything changed; only samples that differ
                from it are marked. None: all are.
        """
        if not can_be_marked(planes.size):
            return
        if self._change is None or cut or not self._left or self._change.shape != planes.size:
            self._change, self._left = self._made(planes), REFRESH_FRAMES
        self._left -= 1
        change = self._change
        if before is not None:
            differs = planes.y[:, : planes.size[1]] != before[:, : planes.size[1]]
            change = np.where(differs, change, np.int16(0))
        coding = planes.coding
        low, high = coding.lowest[0], coding.highest[0]
        _add_to_plane(planes.y, change, np.int32(low), np.int32(high))
        if coding.matrix == "identity" and planes.chroma:
            for plane in planes.chroma:
                _add_to_plane(plane, change, np.int32(low), np.int32(high))

    def _made(self, planes: Planes) -> Codes:
        """Return what is added to the samples: int16 (H, W), as they are stored."""
        coding, orientation = planes.coding, planes.orientation
        code = (coding.highest[0] - coding.lowest[0]) / 255
        grid = Grid.of(planes.shape)
        stored = Grid(planes.size, grid.units)
        small = on_grid(planes.y[:, : planes.size[1]], stored, exact=False) / np.float32(code)
        upright = np.ascontiguousarray(orientation.upright(small))
        canvas = _canvas(upright, self._key, self._number, FILM_STRENGTH)
        change = _spread_over(canvas, grid, code)
        return np.ascontiguousarray(orientation.stored(change))


def _canvas(plane: F32, key: WatermarkKey, number: int, strength: float) -> F32:
    """Return the mark on the grid, levels of 255: float32 of the plane's shape."""
    height, width = plane.shape
    tile = pattern_of(key).tile(number)
    over = np.tile(tile, (-(-height // TILE), -(-width // TILE)))[:height, :width]
    return np.asarray(strength * visibility(busyness(plane)) * over, np.float32)


def _spread_over(canvas: F32, grid: Grid, code: float) -> Codes:
    out = np.empty(grid.shape, np.int16)
    _spread(np.ascontiguousarray(canvas), np.float32(grid.units), np.float32(code), out)
    return out


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _spread(canvas, units, code, out):  # noqa: ANN001, ANN202
    """Interpolate a canvas of units at the centres of pixels, and round."""
    rows, columns = canvas.shape
    height, width = out.shape
    left = np.empty(width, np.int32)
    share = np.empty(width, np.float32)
    half = np.float32(0.5)
    for x in range(width):
        at = max((np.float32(x) + half) * units - half, np.float32(0))
        left[x] = min(np.int32(at), columns - 1)
        share[x] = min(at - np.float32(left[x]), np.float32(1))
    line = np.empty(columns + 1, np.float32)
    for y in range(height):
        at = max((np.float32(y) + half) * units - half, np.float32(0))
        top = min(np.int32(at), rows - 1)
        below = min(top + 1, rows - 1)
        near = at - np.float32(top)
        one, two = canvas[top], canvas[below]
        for k in range(columns):
            line[k] = code * (one[k] + near * (two[k] - one[k]))
        line[columns] = line[columns - 1]
        row = out[y]
        for x in range(width):
            k = left[x]
            value = line[k] + share[x] * (line[k + 1] - line[k])
            row[x] = np.int16(np.int32(value + np.float32(64.5)) - 64)


@njit(cache=True, nogil=True, error_model="numpy")
def _add_to_colors(rgb, change, out):  # noqa: ANN001, ANN202
    height, width = change.shape
    line = np.empty(3 * width, np.int16)
    flat, made = rgb.reshape(height, 3 * width), out.reshape(height, 3 * width)
    for y in range(height):
        row = change[y]
        for x in range(width):
            line[3 * x] = row[x]
            line[3 * x + 1] = row[x]
            line[3 * x + 2] = row[x]
        before, after = flat[y], made[y]
        for x in range(3 * width):
            after[x] = np.uint8(min(max(np.int16(before[x]) + line[x], 0), 255))


@njit(cache=True, nogil=True, error_model="numpy")
def _add_to_plane(plane, change, low, high):  # noqa: ANN001, ANN202
    """Add to samples what stays within the legal codes, or within what it was beyond them."""
    height, width = change.shape
    for y in range(height):
        row, more = plane[y], change[y]
        for x in range(width):
            old = np.int32(row[x])
            new = old + np.int32(more[x])
            row[x] = min(max(new, min(low, old)), max(high, old))
