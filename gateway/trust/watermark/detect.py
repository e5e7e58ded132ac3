"""Pictures and films → the marks in them, with the probability that each is no coincidence."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.arrays import F32, U8
from gateway.imaging.geometry.orientation import UPRIGHT, Orientation
from gateway.imaging.video.planes import Samples
from gateway.trust.watermark.grid import SMALLEST_PX, Grid, on_grid, whitened
from gateway.trust.watermark.pattern import C64, HIGHEST, TILE, WatermarkKey, level, pattern_of
from gateway.trust.watermark.payload import RIGHT_BY_CHANCE, decoded

MOST_CHANCE: Final = 1e-6
"""Probability of a coincidence up to which a mark counts as found."""
_NO_FIT, _FIT_RATE = 8.6, 10.0
"""The fit of bits that are none, and by which power of e higher ones are rarer, for each unit."""
_PEAKS_AS_MADE, _PEAKS = 24, 4
"""Offsets that are read where a picture is as it was made, and elsewhere."""
_OCTAVES: Final = (1.0, 0.5, 0.25, 0.125)
_SHARES: Final = (0.44, 1.3)
"""Least and greatest share of a picture's shorter side that is looked for."""
_LEVELS: Final = (1.0, 0.78, 0.6, 0.47, 1.22)
"""Shares for which a picture is brought to the grid; those between them are looked for there."""
_TURN_DEG: Final = 2.7
_SHARE_STEP, _TURN_STEP_DEG = 0.0055, 0.35
"""Steps of the search that a picture of 384 units tolerates."""
_FINEST: Final = 0.6
"""Over which the steps are, at least; a long strip would take for ever."""
_CANDIDATES: Final = 8
MOST_FRAMES: Final = 100
"""Frames of a film that are added up."""


@dataclass(frozen=True, slots=True)
class FoundMark:
    """A mark in a picture or film.

    Attributes:
        number: What it carries, 48 bits; None if it cannot be read: it is damaged, or another
            tenant's.
        probability: That this is no coincidence, 0–1.
        share: The picture's shorter side over that of the picture that was marked, seen on the
            grid: 1 unless it was cropped or bordered.
        turn_deg: By which the picture was turned since, degrees, positive clockwise.
        sync: By how many standard deviations the pattern stands out.
        fit: By how many the bits fit the number; 0 if it cannot be read.
    """

    number: int | None
    probability: float
    share: float
    turn_deg: float
    sync: float
    fit: float


@dataclass(frozen=True, slots=True)
class _Fold:
    """A picture laid over the tile.

    Attributes:
        spectrum: complex64 (128, 65), level noise.
        surface: float32 (128, 128): how well the pattern fits at each offset, standard deviations.
        share: See `FoundMark`.
        turn_deg: See there.
    """

    spectrum: C64
    surface: F32
    share: float
    turn_deg: float

    @property
    def sync(self) -> float:
        return float(self.surface.max())

    def peaks(self, count: int) -> Iterator[tuple[tuple[int, int], float]]:
        """Yield the offsets at which the pattern fits best, and how well."""
        surface = self.surface.copy()
        for _ in range(count):
            at = int(surface.argmax())
            row, column = divmod(at, TILE)
            yield (row, column), float(surface[row, column])
            near = np.ix_(*((np.arange(-2, 3) + n) % TILE for n in (row, column)))
            surface[near] = -np.inf


class Searched:
    """A picture, or some frames of a film."""

    def __init__(self, shape: tuple[int, int]) -> None:
        """Begin with nothing of pictures of a shape: upright height and width in pixels."""
        self.shape = shape
        self._pictures: list[NDArray[np.uint16]] = []
        self._planes: dict[float, F32] = {}

    def add(self, luma: Samples, orientation: Orientation = UPRIGHT) -> None:
        """Add a picture's luma, uint8, or uint16 with all 16 bits, (H, W) as it is stored."""
        units = Grid.of(self.shape, max(_LEVELS)).units
        small = on_grid(luma, Grid(luma.shape, units), exact=True) if units < 1 else luma
        scale = 256 if luma.dtype == np.uint8 else 256 * 255 / 65535
        deep = np.asarray(np.rint(np.float32(scale) * small), np.uint16)
        self._pictures.append(np.ascontiguousarray(orientation.upright(deep)))
        self._planes.clear()

    def _plane(self, share: float) -> F32:
        """Return the sum of all pictures on the grid of a share, whitened."""
        found = self._planes.get(share)
        if found is None:
            for picture in self._pictures:
                grid = Grid.of(picture.shape, share)
                plane = whitened(on_grid(picture, grid, exact=True) / np.float32(256))
                found = plane if found is None else found + plane
            assert found is not None
            self._planes[share] = found
        return found

    def fold(self, key: WatermarkKey, share: float, turn_deg: float = 0.0) -> _Fold:
        """Return it laid over the tile, as if it were a share of a picture, turned."""
        plane = self._plane(min(_LEVELS, key=lambda near: abs(math.log(near / share))))
        # The planes' units are the grid's at their own share, but for rounding.
        units = Grid.of(self.shape, share).units
        height, width = self.shape
        across, down = units * width / plane.shape[1], units * height / plane.shape[0]
        angle = math.radians(turn_deg)
        cos, sin = math.cos(angle), math.sin(angle)
        tile = np.zeros((TILE, TILE), np.float32)
        matrix = (cos * across, sin * down, -sin * across, cos * down)
        _fold(plane, np.array(matrix), tile)
        spectrum = level(np.fft.rfft2(tile).astype(np.complex64))
        surface = np.fft.irfft2(spectrum * pattern_of(key).sync, s=(TILE, TILE))
        spread = float(surface.std())
        return _Fold(
            spectrum,
            np.asarray(surface / max(spread, 1e-30), np.float32),
            share,
            turn_deg,
        )


def find_in_picture(rgb: U8, keys: Sequence[WatermarkKey]) -> list[FoundMark]:
    """Return the marks in a picture, the surest first; none if there is none.

    Args:
        rgb: uint8 (H, W, 3).
        keys: Of the tenants whose marks are looked for, of one service.
    """
    if min(rgb.shape[:2]) < SMALLEST_PX // 2:
        return []
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    searched = Searched(luma.shape)
    searched.add(np.asarray(luma, np.uint8))
    return find(searched, keys)


def find_in_frames(frames: Iterable[U8], keys: Sequence[WatermarkKey]) -> list[FoundMark]:
    """Return the marks in a film, the surest first.

    Args:
        frames: uint8 (H, W, 3) RGB each, upright.
        keys: See `find_in_picture`.
    """
    lumas = (np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8) for frame in frames)
    return find_in_lumas(((luma, UPRIGHT) for luma in lumas), keys)


def find_in_lumas(
    frames: Iterable[tuple[Samples, Orientation]], keys: Sequence[WatermarkKey]
) -> list[FoundMark]:
    """Return the marks in a film, the surest first.

    Args:
        frames: Luma of some frames, uint8 or uint16 (H, W) as it is stored, and how it is turned.
        keys: See `find_in_picture`.
    """
    searched: Searched | None = None
    for luma, orientation in islice(frames, MOST_FRAMES):
        if min(luma.shape) < SMALLEST_PX // 2:
            return []
        shape = orientation.shape((luma.shape[0], luma.shape[1]))
        if searched is None:
            searched = Searched(shape)
        if shape == searched.shape:
            searched.add(luma, orientation)
    return [] if searched is None else find(searched, keys)


def find(searched: Searched, keys: Sequence[WatermarkKey]) -> list[FoundMark]:
    """Return the marks in what is searched, first as it was made, then as any part of it."""
    as_made = [searched.fold(keys[0], share) for share in _OCTAVES]
    found = _read(as_made, keys, len(as_made), _PEAKS_AS_MADE)
    if found and found[0].number is not None:
        return found
    folds = sorted(_searched(searched, keys[0]), key=lambda fold: -fold.sync)
    best: list[_Fold] = []
    for fold in folds:
        apart = (abs(math.log(fold.share / one.share)) > 0.012 for one in best)
        if len(best) < _CANDIDATES and all(apart):
            best.append(fold)
    refined = [_refined(searched, keys[0], fold) for fold in best]
    return _read(refined, keys, len(as_made) + len(folds), _PEAKS) or found


def _searched(searched: Searched, key: WatermarkKey) -> Iterator[_Fold]:
    """Yield all shares and turns, as densely as the pattern tolerates."""
    share, most = _SHARES
    while share < most:
        wide = max(searched.shape) / min(searched.shape)
        fine = min(1.0, max(_FINEST, 1 / (share * math.sqrt(wide))))
        turns = math.ceil(_TURN_DEG / (_TURN_STEP_DEG * fine))
        for n in range(-turns, turns + 1):
            yield searched.fold(key, share, n * _TURN_DEG / turns)
        share *= 1 + _SHARE_STEP * fine


def _refined(searched: Searched, key: WatermarkKey, fold: _Fold) -> _Fold:
    best = fold
    for step in (0.5, 0.25):
        around = best
        for more in (-1, 0, 1):
            for turn in (-1, 0, 1):
                share = around.share * (1 + step * more * _SHARE_STEP / max(around.share, 0.5))
                turn_deg = around.turn_deg + step * turn * _TURN_STEP_DEG
                one = searched.fold(key, share, turn_deg)
                if one.sync > best.sync:
                    best = one
    return best


def _read(
    folds: Sequence[_Fold], keys: Sequence[WatermarkKey], tried: int, peaks: int
) -> list[FoundMark]:
    """Return the marks in folds, each number once, the surest first."""
    readings = len(folds) * peaks * len(keys)
    found: dict[int | None, FoundMark] = {}
    for fold in folds:
        for offset, sync in fold.peaks(peaks):
            for number, fit in _numbers(fold, keys, offset):
                chance = chance_of(sync, fit, tried=tried, readings=readings)
                known = found.get(number)
                if chance <= MOST_CHANCE and (known is None or known.sync < sync):
                    sure = 1 / (1 + chance)
                    found[number] = FoundMark(number, sure, fold.share, fold.turn_deg, sync, fit)
    read = [mark for mark in found.values() if mark.number is not None]
    return sorted(read or found.values(), key=lambda mark: -mark.sync)


def _numbers(
    fold: _Fold, keys: Sequence[WatermarkKey], offset: tuple[int, int]
) -> Iterator[tuple[int | None, float]]:
    """Yield what can be read at an offset and its fit, and last that it cannot."""
    for key in keys:
        number, fit = decoded(pattern_of(key).soft(fold.spectrum, offset))
        if number is not None:
            yield number, fit
    yield None, 0.0


def chance_of(sync: float, fit: float, *, tried: int, readings: int) -> float:
    """Return an upper bound of the probability that a mark is none.

    It is the number of places tried, for each the tail of a normal distribution; and of a number
    that was read, that of readings by the share of bits with the right checksum, and the tail of
    its fit, which was measured.

    Args:
        sync: By how many standard deviations the pattern stands out.
        fit: By how many the bits fit the number; 0 if none was read.
        tried: Scales and turns at which the pattern was looked for.
        readings: Places at which a number was.
    """
    places = tried * 2 * math.pi * (HIGHEST * TILE) ** 2
    chance = min(1.0, places * 0.5 * math.erfc(sync / math.sqrt(2)))
    if fit > 0:
        chance *= min(1.0, readings * RIGHT_BY_CHANCE * math.exp(-_FIT_RATE * (fit - _NO_FIT)))
    return chance


@njit(cache=True, nogil=True, error_model="numpy")
def _fold(plane, matrix, tile):  # noqa: ANN001, ANN202
    """Add every sample to the tile's cell that it lies in, in steps of 1/65536 of one."""
    rows, columns = plane.shape
    one = np.float64(65536)
    across, down = np.int64(matrix[0] * one), np.int64(matrix[2] * one)
    for y in range(rows):
        line = plane[y]
        u = np.int64((matrix[0] * 0.5 + matrix[1] * (y + 0.5)) * one)
        v = np.int64((matrix[2] * 0.5 + matrix[3] * (y + 0.5)) * one)
        for x in range(columns):
            tile[(v >> 16) & 127, (u >> 16) & 127] += line[x]
            u += across
            v += down
