"""Windows of a whole picture, analysed at half the size: noise and edges in each.

Every other window of the guided filter of `deblock.py` alone is looked at, as neighbours hardly
differ: K. He, J. Sun, "Fast guided filter" (arXiv:1505.00996, 2015). Their means and variances are
exact; it is where they lie that is coarser.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gateway.arrays import F32
from gateway.imaging.enhance.deblock import share_kept
from gateway.imaging.video.planes import Samples

EDGE = 6.0
"""Standard deviation in levels from which on a window holds an edge rather than none."""


def windows_of(plane: Samples | F32, unit: np.float32, noise: float) -> F32:
    """Return the lines of windows of six by six pixels, and how far each window holds an edge.

    Lines and edges are averaged as those of `deblock.smoothed`.

    Args:
        plane: (h, w) of numbers of any kind.
        unit: Levels that one of these is.
        noise: Standard deviation in levels.

    Returns:
        float32 (3, ⌈h / 2⌉, ⌈w / 2⌉): slope, offset in levels, edges 0–1.
    """
    size = -(-plane.shape[0] // 2), -(-plane.shape[1] // 2)
    sums = np.empty((2, *size), np.float32)
    _cells(plane, unit, sums[0], sums[1])
    windows = np.empty((3, *size), np.float32)
    _windows(sums, np.float32(noise**2), windows)
    return windows


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _cells(plane, unit, mean, square):
    """Average a plane and its square over squares of two by two."""
    height, width = plane.shape
    quarter = np.float32(0.25)
    even = width // 2
    for y in range(mean.shape[0]):
        one, two = plane[2 * y], plane[min(2 * y + 1, height - 1)]
        means, squares = mean[y], square[y]
        for x in range(even):
            a, b = unit * np.float32(one[2 * x]), unit * np.float32(one[2 * x + 1])
            c, d = unit * np.float32(two[2 * x]), unit * np.float32(two[2 * x + 1])
            means[x] = quarter * (a + b + c + d)
            squares[x] = quarter * (a * a + b * b + c * c + d * d)
        if width & 1:
            a, c = unit * np.float32(one[width - 1]), unit * np.float32(two[width - 1])
            means[even] = np.float32(0.5) * (a + c)
            squares[even] = np.float32(0.5) * (a * a + c * c)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _of_three(planes, y, padded, out):
    """Average rows (n, w) of planes (n, h, w) over three by three, borders repeated."""
    height, width = planes.shape[1:]
    ninth = np.float32(1 / 9)
    for k in range(planes.shape[0]):
        above, here = planes[k, max(y - 1, 0)], planes[k, y]
        below, to = planes[k, min(y + 1, height - 1)], out[k]
        middle = padded[1 : width + 1]
        for x in range(width):
            middle[x] = above[x] + here[x] + below[x]
        padded[0], padded[width + 1] = middle[0], middle[width - 1]
        left, right = padded[:width], padded[2 : width + 2]
        for x in range(width):
            to[x] = ninth * (left[x] + middle[x] + right[x])


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _windows(sums, variance, windows):
    """Fit the lines of windows of three by three cells, and average them over as many."""
    height, width = windows.shape[1:]
    padded = np.empty(width + 2, np.float32)
    seen = np.empty((2, width), np.float32)
    models = np.empty((4, height, width), np.float32)
    floor = np.float32(EDGE**2) + np.float32(2) * variance
    for y in range(height):
        _of_three(sums, y, padded, seen)
        one, two, three, four = models[0, y], models[1, y], models[2, y], models[3, y]
        mean, square = seen[0], seen[1]
        for x in range(width):
            m = mean[x]
            spread = max(square[x] - m * m, np.float32(1e-3))
            kept, counts = share_kept(spread, variance)
            one[x] = counts * kept
            two[x] = counts * (m - kept * m)
            three[x] = counts * spread / (spread + floor)
            four[x] = counts
    means = np.empty((4, width), np.float32)
    for y in range(height):
        _of_three(models, y, padded, means)
        one, two, three, four = means[0], means[1], means[2], means[3]
        for x in range(width):
            share = np.float32(1) / four[x]
            windows[0, y, x] = one[x] * share
            windows[1, y, x] = two[x] * share
            windows[2, y, x] = three[x] * share
