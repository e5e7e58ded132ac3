"""Frames of videos as their decoder left them: planes of luma and chroma, changed only in regions.

Colours are those of ITU-T H.273: Y′CbCr by the matrix of BT.601, BT.709 or BT.2020, or R′G′B′
itself (the identity: G, B, R). Subsampled chroma lies on the left of its two columns and between
its two rows, as in MPEG-2 and H.264.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.arrays import F64, U8
from gateway.imaging.geometry.orientation import UPRIGHT, Orientation
from gateway.imaging.geometry.warp import Region

Matrix = Literal["bt601", "bt709", "bt2020", "identity"]
Samples = NDArray[np.uint8] | NDArray[np.uint16]

# K_R and K_B of ITU-T H.273, table 4.
_LUMA: dict[Matrix, tuple[float, float]] = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
}


@dataclass(frozen=True, slots=True)
class Coding:
    """How numbers in planes stand for colours.

    Attributes:
        depth: Bits of a sample, 8–16.
        full: Whether all codes are used; else 16–235 for luma and 16–240 for chroma, times
            2^(depth - 8).
        matrix: From R′G′B′ to the planes.
    """

    depth: int = 8
    full: bool = False
    matrix: Matrix = "bt709"

    @property
    def lowest(self) -> tuple[float, float]:
        """The least legal codes of the first plane and of the other two."""
        if self.full:
            return 0.0, 0.0
        return 16.0 * self._unit, 16.0 * self._unit

    @property
    def highest(self) -> tuple[float, float]:
        """The greatest legal codes of the first plane and of the other two."""
        if self.full:
            top = float(2**self.depth - 1)
            return top, top
        return 235.0 * self._unit, (235.0 if self.matrix == "identity" else 240.0) * self._unit

    @cache  # noqa: B019 - there are few codings, and none is ever of no use again
    def code_from_rgb(self) -> tuple[F64, F64]:
        """Return the matrix (3, 3) and the offset (3,) from levels 0–255 to codes."""
        span, chroma = (float(2**self.depth - 1),) * 2 if self.full else (219.0 * self._unit,) * 2
        base = self.lowest[0]
        if self.matrix == "identity":
            change = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
            return change * (span / 255), np.full(3, base)
        if not self.full:
            chroma = 224.0 * self._unit
        red, blue = _LUMA[self.matrix]
        luma = np.array([red, 1 - red - blue, blue])
        change = np.stack(
            [
                luma * span,
                (np.array([0, 0, 1.0]) - luma) * (chroma / (2 * (1 - blue))),
                (np.array([1.0, 0, 0]) - luma) * (chroma / (2 * (1 - red))),
            ]
        )
        middle = 128.0 * self._unit
        return change / 255, np.array([base, middle, middle])

    @cache  # noqa: B019
    def rgb_from_code(self) -> tuple[F64, F64]:
        """Return the matrix (3, 3) and the offset (3,) from codes to levels 0–255."""
        change, offset = self.code_from_rgb()
        back = np.asarray(np.linalg.inv(change), np.float64)
        return back, -back @ offset

    @property
    def _unit(self) -> float:
        return float(2 ** (self.depth - 8))


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """One frame of a video.

    The arrays may be the decoder's memory. Rows may be padded at their end: only as many columns
    count as `size` says.

    Attributes:
        y: uint8, or uint16 for more than 8 bits, (H, ≥ W): luma as it is stored, C-contiguous.
        chroma: The same of Cb and of Cr, (h, ≥ w) with h = ⌈H / 2⌉ or H, w = ⌈W / 2⌉ or W; None
            for grey. With the identity as matrix the three are G, B and R.
        size: (H, W).
        steps: Rows and columns of luma a sample of chroma, 1 or 2.
        coding: Meaning of the sample values.
        orientation: The transform that makes it upright. Regions and RGB pictures are always
            upright.
    """

    y: Samples
    chroma: tuple[Samples, Samples] | None
    size: tuple[int, int]
    steps: tuple[int, int] = (1, 1)
    coding: Coding = Coding()
    orientation: Orientation = UPRIGHT

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), upright."""
        return self.orientation.shape(self.size)

    @property
    def _chroma(self) -> tuple[Samples, Samples]:
        empty = np.empty((0, 0), self.y.dtype)
        return self.chroma or (empty, empty)


def rgb_of(planes: Planes, region: Region, reduction: int = 1) -> U8:
    """Return a region's pixels as RGB uint8 (h, w, 3); chroma is interpolated bilinearly.

    Deep colours are rounded to 8 bits.

    Args:
        planes: Of a frame.
        region: The part, inside the picture.
        reduction: Side in pixels of the squares whose means are returned; the region's sides and
            its corner are multiples of it and of chroma's steps.
    """
    stored = planes.orientation.stored_region(region, planes.shape)
    if reduction > 1:
        planes, stored = _reduced(planes, stored, reduction)
    out = np.empty((*stored.shape, 3), np.uint8)
    coding = planes.coding
    change, offset = coding.rgb_from_code() if planes.chroma else _grey(coding)
    numbers = np.concatenate([change.ravel(), offset]).astype(np.float32)
    corner = (stored.x0, stored.y0, *planes.size, *planes.steps)
    _read(planes.y, *planes._chroma, corner, numbers, out)
    return np.ascontiguousarray(planes.orientation.upright(out))


def _reduced(planes: Planes, stored: Region, reduction: int) -> tuple[Planes, Region]:
    """Return a region's planes shrunk by means, and all of them as the region."""
    size = stored.shape[1] // reduction, stored.shape[0] // reduction

    def part(plane: Samples, down: int, across: int) -> Samples:
        rows = slice(stored.y0 // down, stored.y0 // down + size[1] * reduction // down)
        columns = slice(stored.x0 // across, stored.x0 // across + size[0] * reduction // across)
        return _shrunk(plane[rows, columns], size)

    y = part(planes.y, 1, 1)
    chroma = tuple(part(plane, *planes.steps) for plane in planes.chroma or ())
    less = replace(
        planes, y=y, chroma=(chroma[0], chroma[1]) if chroma else None, size=y.shape, steps=(1, 1)
    )
    return less, Region(0, 0, *size)


def put_back(planes: Planes, region: Region, before: U8, after: U8) -> None:
    """Add to a region of the planes what two RGB pictures of it differ by.

    A sample of luma takes its pixel's difference, a sample of chroma the mean one of the pixels
    that it is for. Where the two are equal, no sample changes, for any conversion: what lies
    outside a mask stays equal bit for bit. What changes is clipped to the legal codes, or to what
    it was, if that lay beyond them.

    Args:
        planes: Changed in place.
        region: The part, inside the picture.
        before: uint8 (h, w, 3), as `rgb_of` returned it.
        after: uint8 (h, w, 3), the desired result.
    """
    orientation, coding = planes.orientation, planes.coding
    stored = orientation.stored_region(region, planes.shape)
    change, _ = coding.code_from_rgb()
    corner = (stored.x0, stored.y0, *planes.size, *planes.steps)
    limits = (*coding.lowest, *coding.highest)
    _write(
        (planes.y, *planes._chroma),
        np.ascontiguousarray(orientation.stored(before)),
        np.ascontiguousarray(orientation.stored(after)),
        corner,
        change.astype(np.float32),
        np.array(limits, np.float32),
    )


def small_rgb(planes: Planes, longest: int) -> U8:
    """Return the whole frame as RGB uint8 (h, w, 3), its longer side at most `longest` pixels.

    It is shrunk by area means. Chroma's place between the pixels is not heeded, which is a quarter
    of its sample at most.
    """
    height, width = planes.size
    scale = min(1.0, longest / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    y = _shrunk(planes.y[:, :width], size)
    chroma = tuple(
        _shrunk(plane[:, : -(-width // planes.steps[1])], size) for plane in planes.chroma or ()
    )
    less = Planes(y, (chroma[0], chroma[1]) if chroma else None, y.shape, (1, 1), planes.coding)
    rgb = rgb_of(less, Region(0, 0, *size))
    return np.ascontiguousarray(planes.orientation.upright(rgb))


def _shrunk(plane: Samples, size: tuple[int, int]) -> Samples:
    if plane.shape == size[::-1]:
        return plane.copy()
    # Sixteen samples of a large area speak for all of it.
    apart = max(1, min(plane.shape[0] // size[1], plane.shape[1] // size[0]) // 4)
    some: Samples = plane
    if apart > 1:
        some = plane[apart // 2 :: apart, apart // 2 :: apart].copy()
    # An area mean of less than two samples each way is a bilinear one, which is faster.
    near = some.shape[1] < 2 * size[0] and some.shape[0] < 2 * size[1]
    how = cv2.INTER_LINEAR if near else cv2.INTER_AREA
    small = cv2.resize(some, size, interpolation=how)
    return small.astype(np.uint8) if plane.dtype == np.uint8 else small.astype(np.uint16)


def _grey(coding: Coding) -> tuple[F64, F64]:
    """Return the conversion of luma alone, which is all three colours."""
    change, offset = Coding(coding.depth, coding.full, "identity").rgb_from_code()
    alike = np.zeros((3, 3))
    alike[:, 0] = change[1, 0]
    return alike, offset


# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _level(value):  # noqa: ANN001, ANN202
    return np.uint8(np.int32(min(max(value, np.float32(0)), np.float32(255)) + np.float32(0.5)))


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _spread(one, other, near, mixed, out):  # noqa: ANN001, ANN202
    """Interpolate a row of chroma from two: `near` of the first, the rest of the other.

    `mixed` has one sample more than they: the last one once more, if there is no further one.
    """
    rest = np.float32(1) - near
    for i in range(mixed.shape[0]):
        k = min(i, one.shape[0] - 1)
        mixed[i] = near * np.float32(one[k]) + rest * np.float32(other[k])
    # On even columns lies a sample; between two of them, their mean.
    half = np.float32(0.5)
    for i in range(mixed.shape[0] - 1):
        out[2 * i] = mixed[i]
        out[2 * i + 1] = half * (mixed[i] + mixed[i + 1])


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _read(y, u, v, corner, m, out):  # noqa: ANN001, ANN202
    x0, y0, height, width, down, across = corner
    rows, columns = out.shape[0], out.shape[1]
    first = x0 // across
    samples = (x0 + columns - 1) // across - first + 1
    stop = min(first + samples + 1, -(-width // across))
    mixed, wide = np.empty(samples + 1, np.float32), np.zeros((2, 2 * samples), np.float32)
    start = x0 - first * across
    cu, cv = wide[0, start : start + columns], wide[1, start : start + columns]
    colors = np.empty((3, columns), np.uint8)
    red, green, blue = colors[0], colors[1], colors[2]
    for j in range(rows):
        row = y0 + j
        if u.shape[0]:
            c, near, other = row, np.float32(1), row
            if down == 2:
                c, near = row >> 1, np.float32(0.75)
                other = min(max(c + (1 if row & 1 else -1), 0), -(-height // 2) - 1)
            if across == 2:
                _spread(u[c, first:stop], u[other, first:stop], near, mixed, wide[0])
                _spread(v[c, first:stop], v[other, first:stop], near, mixed, wide[1])
            else:
                rest = np.float32(1) - near
                one, two = u[c, x0 : x0 + columns], u[other, x0 : x0 + columns]
                three, four = v[c, x0 : x0 + columns], v[other, x0 : x0 + columns]
                for i in range(columns):
                    cu[i] = near * np.float32(one[i]) + rest * np.float32(two[i])
                    cv[i] = near * np.float32(three[i]) + rest * np.float32(four[i])
        luma = y[row, x0 : x0 + columns]
        for i in range(columns):
            k, p, q = np.float32(luma[i]), cu[i], cv[i]
            red[i] = _level(m[0] * k + m[1] * p + m[2] * q + m[9])
            green[i] = _level(m[3] * k + m[4] * p + m[5] * q + m[10])
            blue[i] = _level(m[6] * k + m[7] * p + m[8] * q + m[11])
        line = out[j]
        for i in range(columns):
            line[i, 0], line[i, 1], line[i, 2] = red[i], green[i], blue[i]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _added(old, change, low, high):  # noqa: ANN001, ANN202
    """Return a code plus a change, legal unless it was not; the same code if nothing changes."""
    code = np.float32(old)
    new = np.floor(code + change + np.float32(0.5))
    return np.int32(min(max(new, min(low, code)), max(high, code)))


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _write(planes, before, after, corner, m, limits):  # noqa: ANN001, ANN202
    y, u, v = planes
    x0, y0, height, width, down, across = corner
    rows, columns = before.shape[0], before.shape[1]
    first = x0 // across
    samples = (x0 + columns - 1) // across - first + 1
    # Differences of the rows that share a row of chroma, and room for a column at either end.
    sums = np.zeros((3, 2 * samples + 2), np.int32)
    red, green, blue = sums[0], sums[1], sums[2]
    start = x0 - first * across
    shares = np.empty(samples, np.float32)
    for i in range(samples):
        shares[i] = np.float32(1) / np.float32(min(across, width - (first + i) * across))
    shown = sums[:, start : start + columns]
    change = np.empty((3, columns), np.int32)
    dr, dg, db = change[0], change[1], change[2]
    for j in range(rows):
        row = y0 + j
        one, two = before[j], after[j]
        changed = 0
        for i in range(columns):
            dr[i] = np.int32(two[i, 0]) - np.int32(one[i, 0])
            dg[i] = np.int32(two[i, 1]) - np.int32(one[i, 1])
            db[i] = np.int32(two[i, 2]) - np.int32(one[i, 2])
            changed |= dr[i] | dg[i] | db[i]
        if changed:
            luma = y[row, x0 : x0 + columns]
            for i in range(columns):
                r, g, b = np.float32(dr[i]), np.float32(dg[i]), np.float32(db[i])
                more = m[0, 0] * r + m[0, 1] * g + m[0, 2] * b
                luma[i] = _added(luma[i], more, limits[0], limits[2])
            for i in range(columns):
                shown[0, i] += dr[i]
                shown[1, i] += dg[i]
                shown[2, i] += db[i]
        if u.shape[0] and (j == rows - 1 or (row + 1) % down == 0):
            c = row // down
            part = np.float32(1) / np.float32(min(down, height - c * down))
            if across == 2:
                for i in range(samples):
                    red[i] = red[2 * i] + red[2 * i + 1]
                    green[i] = green[2 * i] + green[2 * i + 1]
                    blue[i] = blue[2 * i] + blue[2 * i + 1]
            cb, cr = u[c, first : first + samples], v[c, first : first + samples]
            for i in range(samples):
                share = shares[i] * part
                r, g, b = red[i] * share, green[i] * share, blue[i] * share
                du = m[1, 0] * r + m[1, 1] * g + m[1, 2] * b
                dv = m[2, 0] * r + m[2, 1] * g + m[2, 2] * b
                cb[i] = _added(cb[i], du, limits[1], limits[3])
                cr[i] = _added(cr[i], dv, limits[1], limits[3])
            sums[:] = 0
