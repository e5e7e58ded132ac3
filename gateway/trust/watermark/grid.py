"""The grid that a mark lies on: its unit follows the picture's size, not its pixels.

So a picture that is made smaller or larger carries the same mark in the same place of the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2
from typing import Final

import cv2
import numpy as np

from gateway.arrays import F32
from gateway.imaging.video.planes import Samples

SIDE: Final = 384
"""Units of the grid along a picture's shorter side."""
_FULLEST: Final = 0.7
"""Pixels a unit, at least; a smaller picture gets half, a quarter or an eighth of the units."""
_HALVINGS: Final = 3
_LONGEST: Final = 6
"""The longer side over the shorter one, as far as the grid follows it."""
SMALLEST_PX: Final = 32
"""The shorter side of the smallest picture that is marked."""
_WINDOW: Final = (13, 13)
_FLAT, _BUSY_VARIANCE = 0.6, 9.0
_NOISE_VARIANCE: Final = 2.0
_REACH: Final = 13
"""Units that a bilateral filter sees; its Gaussian has a third as standard deviation."""
_EDGE_LEVELS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Grid:
    """The grid of a picture.

    Attributes:
        shape: Height and width of the picture, pixels.
        units: Units of the grid a pixel.
    """

    shape: tuple[int, int]
    units: float

    @classmethod
    def of(cls, shape: tuple[int, int], share: float | None = None) -> Grid:
        """Return the grid of a picture.

        Args:
            shape: Height and width, pixels.
            share: The shorter side over that of the picture that was marked, if this is a part of
                it (or over half of it, and so on). None for a picture that is to be marked.
        """
        extent = _extent(shape)
        if share is None:
            share = 1.0 / 2 ** halvings(shape)
        return cls(shape, SIDE * share / extent)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in units, rounded up."""
        height, width = self.shape
        return max(1, ceil(height * self.units)), max(1, ceil(width * self.units))


def _extent(shape: tuple[int, int]) -> float:
    return max(min(shape), max(shape) / _LONGEST)


def halvings(shape: tuple[int, int]) -> int:
    """Return how often the units of a picture's grid are halved because it is small."""
    needed = ceil(log2(max(_FULLEST * SIDE / _extent(shape), 1e-9)))
    return min(max(needed, 0), _HALVINGS)


def can_be_marked(shape: tuple[int, int]) -> bool:
    """Return whether a picture is large enough to carry a mark."""
    return min(shape) >= SMALLEST_PX


def on_grid(luma: Samples, grid: Grid, *, exact: bool) -> F32:
    """Return a picture's luma on its grid: float32 (`grid.size`).

    Args:
        luma: uint8 or uint16 (H, W).
        grid: Of that picture.
        exact: Whether pixels are averaged; else some of them stand for all.
    """
    height, width = grid.size
    smaller = height < luma.shape[0]
    how = cv2.INTER_AREA if exact and smaller else cv2.INTER_LINEAR
    resized = cv2.resize(luma, (width, height), interpolation=how)
    return np.asarray(resized, np.float32)


def busyness(plane: F32) -> F32:
    """Return the local variance of a picture on a grid, without its slow changes."""
    fine = plane - cv2.blur(plane, _WINDOW, borderType=cv2.BORDER_REFLECT)
    return _local_variance(fine, _WINDOW)


def visibility(variance: F32) -> F32:
    """Return how strong a mark may be: 0.6 where nothing else is to be seen, 1 in detail."""
    least = _BUSY_VARIANCE * _FLAT**2
    return np.sqrt((variance + least) / (variance + _BUSY_VARIANCE))


def whitened(plane: F32) -> F32:
    """Return what a mark is looked for in: detail, by how much of it can be mark, not picture.

    What a bilateral filter keeps, such as edges, is the picture's.

    Args:
        plane: float32 (h, w), levels of 255, on a grid.
    """
    smooth = cv2.bilateralFilter(plane, _REACH, _EDGE_LEVELS, _REACH / 3)
    fine = plane - smooth
    variance = _local_variance(fine, (7, 7))
    return fine * visibility(variance) / (variance + np.float32(_NOISE_VARIANCE))


def _local_variance(fine: F32, window: tuple[int, int]) -> F32:
    variance = cv2.blur(fine * fine, window, borderType=cv2.BORDER_REFLECT)
    return np.maximum(variance, np.float32(0))
