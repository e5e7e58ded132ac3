"""Sharpness and grain: measured on one picture, given to another.

A lens blurs all that it sees alike, a sensor or a film sprinkles all of it with the same grain. A
face from elsewhere is given away by either being otherwise.

Blur is told from how much a known, further blur takes from the strongest edges (S. Zhuo, T. Sim,
"Defocus map estimation from a single image", Pattern Recognition 44(9), 2011): an edge of width σ
loses the factor sqrt(σ² + σ₀²) / σ. Grain is what a small blur takes from plain skin, by its median
absolute value; where it is missing, the target's own is laid over the new face, so that it has the
same size, colour and, in films, the same life.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from gateway.arrays import U8, Mask
from gateway.imaging.cube import to_level

PROBE_PX = 1.5
"""Standard deviation of the further blur, pixels."""
EDGES = 0.03
"""Share of a face's pixels that count as its strongest edges."""
LEAST_EDGE = 6.0
"""Levels per pixel below which nothing is an edge."""
WIDEST_PX = 8.0
"""Blur beyond which there are no edges to be told from."""
SHARPEST_PX = 0.5
"""Blur below which edges cannot be told apart."""
CLOSE = 1.12
"""Ratio of widths up to which two edges count as equally sharp."""
STRONGEST = 1.6
"""Most that edges are steepened by."""
QUIET = 0.35
"""Grain in levels below which there is none."""
GRAIN_LIMIT = 2.5
"""Differences beyond so many deviations of the grain are something else."""


_SLIT = 1 / 3
"""Variance of a slit two pixels wide."""
_ROUNDED = np.array([0.5, *[1.0] * 7, 0.5]) / 8
"""A level's width, in eighths."""


@dataclass(frozen=True, slots=True)
class Texture:
    """What a camera did to a part of a picture.

    Attributes:
        blur_px: Width of the sharpest edges, standard deviation in pixels; None without edges.
        grain: Standard deviation of the grain in levels.
    """

    blur_px: float | None
    grain: float


def probe(image: U8) -> U8:
    """Return a picture (h, w, 3) under the known blur by which it is judged."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), PROBE_PX), np.uint8)


def texture_of(image: U8, blurred: U8, edges: Mask, skin: Mask) -> Texture:
    """Return a picture's sharpness and grain.

    Args:
        image: uint8 (h, w, 3) RGB.
        blurred: Its `probe`.
        edges: bool (h, w), where edges count.
        skin: bool (h, w), where nothing but skin is.
    """
    counts = np.zeros(256, np.int64)
    deviations = np.zeros(256, np.int64)
    steep, shallow = np.zeros(256), np.zeros(256)
    _survey(image, blurred, edges, skin, (counts, steep, shallow, deviations))
    return Texture(_width(counts, steep, shallow), _median_deviation(deviations))


def _width(counts: np.ndarray, steep: np.ndarray, shallow: np.ndarray) -> float | None:
    """Return the width of the steepest edges from sums by steepness, in pixels."""
    wanted = EDGES * counts.sum()
    level = 255
    while level > LEAST_EDGE and counts[level:].sum() < wanted:
        level -= 1
    first, second = steep[level:].sum(), shallow[level:].sum()
    if second <= 0 or counts[level:].sum() < 12:
        return None
    ratio = first / second
    if ratio <= 1.0 + 0.5 * (PROBE_PX / WIDEST_PX) ** 2:
        return WIDEST_PX
    # Central differences see an edge through a slit two pixels wide.
    variance = PROBE_PX**2 / (ratio**2 - 1) - _SLIT
    return float(np.clip(np.sqrt(max(variance, 0)), SHARPEST_PX, WIDEST_PX))


def _median_deviation(counts: np.ndarray) -> float:
    """Return a standard deviation from counts of absolute values in eighths of a level."""
    if counts.sum() < 32:
        return 0.0
    # Differences of levels are whole numbers where a picture is grey: each of them stands for all
    # that was rounded to it.
    both = np.concatenate([counts[:0:-1], 2 * counts[:1], counts[1:]])
    spread = np.convolve(both, _ROUNDED, "same")[len(counts) - 1 :]
    spread[0] /= 2
    upto = np.concatenate([[0], np.cumsum(spread)])
    borders = np.maximum(np.arange(len(upto)) - 0.5, 0) / 8
    median = np.interp(0.5 * upto[-1], upto, borders)
    # Of what is wholly flat the median is a quarter of a level.
    return float(1.4826 * np.sqrt(max(median**2 - 0.25**2, 0)))


def as_sharp(image: U8, blurred: U8, own: Texture, wanted: Texture) -> U8:
    """Return a picture with the sharpness of another, and no more grain than it has.

    Args:
        image: uint8 (h, w, 3) RGB.
        blurred: Its `probe`.
        own: The picture's texture.
        wanted: The other one's.
    """
    if own.blur_px is None or wanted.blur_px is None:
        return _less_grain(image, blurred, own.grain, wanted.grain)
    if wanted.blur_px > own.blur_px * CLOSE:
        sigma = float(np.sqrt(wanted.blur_px**2 - own.blur_px**2))
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    image = _less_grain(image, blurred, own.grain, wanted.grain)
    if own.blur_px > wanted.blur_px * CLOSE:
        steeper = min(own.blur_px / wanted.blur_px, STRONGEST)
        return _sharpened(image, blurred, np.float32(steeper - 1), np.float32(3 * own.grain))
    return image


def missing_grain(own: float, wanted: float) -> float:
    """Return how much of the wanted grain to lay over what has its own, 0–1."""
    if wanted < QUIET or own >= wanted:
        return 0.0
    return float(np.sqrt(1 - (own / wanted) ** 2))


def _less_grain(image: U8, blurred: U8, own: float, wanted: float) -> U8:
    if own < QUIET or own <= CLOSE * wanted:
        return image
    out = np.empty_like(image)
    _quieten(image, blurred, np.float32(1 - wanted / own), np.float32(1 / (2 * own) ** 2), out)
    return out


def _sharpened(image: U8, blurred: U8, amount: np.float32, core: np.float32) -> U8:
    out = np.empty_like(image)
    _steepen(image, blurred, amount, core, out)
    return out


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _survey(image, blurred, edges, skin, tallies):
    """Tally steepness before and after the blur, and what the blur takes from skin."""
    counts, steep, shallow, deviations = tallies
    height, width = edges.shape
    for y in range(1, height - 1, 2):
        for x in range(1, width - 1):
            if edges[y, x]:
                a = _slope(image, y, x)
                counts[min(int(a), 255)] += 1
                steep[min(int(a), 255)] += a
                shallow[min(int(a), 255)] += _slope(blurred, y, x)
            if skin[y, x] and (x + y // 2) % 2 == 0:
                taken = np.float32(0)
                for c, share in ((0, 0.299), (1, 0.587), (2, 0.114)):
                    taken += np.float32(share) * (
                        np.float32(image[y, x, c]) - np.float32(blurred[y, x, c])
                    )
                deviations[min(int(abs(taken) * 8 + np.float32(0.5)), 255)] += 1


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _slope(image, y, x):
    """Return the steepness of brightness in levels per pixel, by central differences."""
    across, down = np.float32(0), np.float32(0)
    for c, share in ((0, 0.299), (1, 0.587), (2, 0.114)):
        w = np.float32(0.5 * share)
        across += w * (np.float32(image[y, x + 1, c]) - np.float32(image[y, x - 1, c]))
        down += w * (np.float32(image[y + 1, x, c]) - np.float32(image[y - 1, x, c]))
    return np.sqrt(across * across + down * down)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _quieten(image, blurred, amount, inverse, out):
    height, width, _ = image.shape
    for y in range(height):
        for x in range(width):
            for c in range(3):
                value = np.float32(image[y, x, c])
                fine = value - np.float32(blurred[y, x, c])
                square = fine * fine * inverse
                out[y, x, c] = to_level(value - amount * fine / (np.float32(1) + square * square))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _steepen(image, blurred, amount, core, out):
    """Add what the blur took, but for what is no more than grain.

    By brightness, so that no colour fringes appear.
    """
    height, width, _ = image.shape
    for y in range(height):
        for x in range(width):
            fine = np.float32(0)
            for c, share in ((0, 0.299), (1, 0.587), (2, 0.114)):
                fine += np.float32(share) * (
                    np.float32(image[y, x, c]) - np.float32(blurred[y, x, c])
                )
            more = amount * fine * abs(fine) / (abs(fine) + core + np.float32(1e-6))
            for c in range(3):
                out[y, x, c] = to_level(np.float32(image[y, x, c]) + more)
