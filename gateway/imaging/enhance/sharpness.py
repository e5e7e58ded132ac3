"""Sharpness and grain: measured on one picture, given to another.

A lens blurs all that it sees alike, a sensor or a video sprinkles all of it with the same grain. A
face from elsewhere is given away by either being otherwise.

Blur is estimated from how much a known, further blur takes from the strongest edges (S. Zhuo, T.
Sim, "Defocus map estimation from a single image", Pattern Recognition 44(9), 2011): an edge of
width σ loses the factor sqrt(σ² + σ₀²) / σ. Grain is the part that a small blur removes from plain
skin, by its median absolute value; where it is missing, the target's own is laid over the new face,
so that it has the same size, colour and, in videos, the same life.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numba import njit

from gateway.arrays import U8, Mask
from gateway.imaging.color.lut import to_level

PROBE_PX = 1.5
"""Standard deviation of the further blur, pixels."""
PROBE_TAPS = 7
EDGES = 0.03
"""Share of a face's pixels that count as its strongest edges."""
LEAST_EDGE = 6.0
"""Levels per pixel below which nothing is an edge."""
ROWS = 80
"""Rows that are enough to measure a texture on."""
WIDEST_PX = 8.0
"""Blur beyond which there are no edges to measure it on."""
SHARPEST_PX = 0.5
"""Blur below which edges cannot be distinguished."""
CLOSE = 1.12
"""Ratio of widths up to which two edges count as equally sharp."""
STRONGEST = 1.6
"""Most that edges are steepened by."""
DETAIL, DETAIL_SHARE = (0.55, 1.35), 0.7
"""Least and most that folds and pores are multiplied by, and how far they are brought to the
other's: the rest are the person's own."""
LEAST_CHANGE = 0.03
"""Change of edges that is not worth the time."""
QUIET = 0.35
"""Grain in levels below which there is none."""
GRAIN_LIMIT = 2.5
"""Differences beyond so many deviations of the grain are something else."""


_SLIT = 1 / 3
"""Variance of a slit two pixels wide."""


@dataclass(frozen=True, slots=True)
class CaptureTexture:
    """The camera's blur and grain in a part of a picture.

    Attributes:
        blur_px: Width of the sharpest edges, standard deviation in pixels; None without edges.
        grain: Standard deviation of the grain in levels.
        detail: Root mean square of all that is finer than the probe on skin, in levels: grain,
            pores and folds.
    """

    blur_px: float | None
    grain: float
    detail: float = 0.0


def probe(image: U8) -> U8:
    """Return a picture (h, w, 3) under the known blur by which it is judged."""
    return np.asarray(cv2.GaussianBlur(image, (PROBE_TAPS, PROBE_TAPS), PROBE_PX), np.uint8)


def texture_of(image: U8, blurred: U8, edges: Mask, skin: Mask) -> CaptureTexture:
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
    return CaptureTexture(
        _width(counts, steep, shallow), _median_deviation(deviations), _spread(deviations)
    )


def _spread(counts: np.ndarray) -> float:
    """Return the root mean square of counts of absolute values in levels."""
    return float(np.sqrt((counts * np.arange(256.0) ** 2).sum() / max(int(counts.sum()), 1)))


def _width(counts: np.ndarray, steep: np.ndarray, shallow: np.ndarray) -> float | None:
    """Return the width of the steepest edges from sums by steepness, in pixels."""
    # From every level on, all that are steeper.
    steeper = np.cumsum(counts[::-1])[::-1]
    enough = np.flatnonzero(steeper >= EDGES * counts.sum())
    level = max(int(enough[-1]), int(LEAST_EDGE))
    first, second = steep[level:].sum(), shallow[level:].sum()
    if second <= 0 or steeper[level] < 12:
        return None
    ratio = first / second
    if ratio <= 1.0 + 0.5 * (PROBE_PX / WIDEST_PX) ** 2:
        return WIDEST_PX
    # Central differences see an edge through a slit two pixels wide.
    variance = _probe_variance() / (ratio**2 - 1) - _SLIT
    return float(np.clip(np.sqrt(max(variance, 0)), SHARPEST_PX, WIDEST_PX))


@cache
def _probe_variance() -> float:
    """Return the variance of the probe as it is, with its ends cut off."""
    kernel = cv2.getGaussianKernel(PROBE_TAPS, PROBE_PX)[:, 0]
    return float(kernel @ (np.arange(PROBE_TAPS) - PROBE_TAPS // 2) ** 2)


def _median_deviation(counts: np.ndarray) -> float:
    """Return a standard deviation from counts of absolute values in levels."""
    if counts.sum() < 32:
        return 0.0
    # Each level stands for all that was rounded to it.
    upto = np.concatenate([[0], np.cumsum(counts)])
    borders = np.maximum(np.arange(len(upto)) - 0.5, 0)
    median = float(np.interp(0.5 * upto[-1], upto, borders))
    # The median of a wholly flat area is a quarter of a level.
    return float(1.4826 * np.sqrt(max(median**2 - 0.25**2, 0)))


def as_sharp(
    image: U8, blurred: U8 | None, own: CaptureTexture, wanted: CaptureTexture
) -> tuple[U8, float]:
    """Return a picture with the sharpness of another, and no more grain than it has.

    Args:
        image: uint8 (h, w, 3) RGB.
        blurred: Its `probe`, if it is there already.
        own: The picture's texture.
        wanted: The other one's.

    Returns:
        The picture (h, w, 3), and the standard deviation of the grain it has now, in levels.
    """
    edges = _detail_gain(own, wanted) - 1
    if own.blur_px is not None and wanted.blur_px is not None:
        if wanted.blur_px > own.blur_px * CLOSE:
            sigma = float(np.sqrt(wanted.blur_px**2 - own.blur_px**2))
            return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8), 0.0
        if own.blur_px > wanted.blur_px * CLOSE:
            edges = max(edges, min(own.blur_px / wanted.blur_px, STRONGEST) - 1)
    noisy = own.grain >= QUIET and own.grain > CLOSE * wanted.grain
    quiet = 1 - wanted.grain / own.grain if noisy else 0.0
    if abs(edges) < LEAST_CHANGE and not quiet:
        return image, own.grain
    blurred = probe(image) if blurred is None else blurred
    out = np.empty_like(image)
    core = np.float32(3 * own.grain + 1e-3)
    inverse = np.float32(1 / (2 * own.grain + 1e-3) ** 2)
    _refit(image, blurred, np.float32(edges), core, (np.float32(quiet), inverse), out)
    # Details as small as grain get a quarter of the edges' change.
    return out, own.grain * (1 - quiet) * (1 + edges / 4)


def _detail_gain(own: CaptureTexture, wanted: CaptureTexture) -> float:
    """Return what folds and pores are multiplied by: most of the way, in ratio, to the other's."""
    if own.detail < QUIET or wanted.detail < QUIET:
        return 1.0
    return float(np.clip((wanted.detail / own.detail) ** DETAIL_SHARE, *DETAIL))


def missing_grain(own: float, wanted: float) -> float:
    """Return how much of the wanted grain to lay over what has its own, 0–1."""
    if wanted < QUIET or own >= wanted:
        return 0.0
    return float(np.sqrt(1 - (own / wanted) ** 2))


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _survey(image, blurred, edges, skin, tallies):
    """Tally steepness before and after the blur, and the part of skin that the blur removes."""
    counts, steep, shallow, deviations = tallies
    height, width = edges.shape
    step = max(1, height // ROWS)
    for y in range(1, height - 1, step):
        for x in range(1, width - 1, 2):
            if edges[y, x]:
                a = _slope(image, y, x)
                counts[min(int(a), 255)] += 1
                steep[min(int(a), 255)] += a
                shallow[min(int(a), 255)] += _slope(blurred, y, x)
            if skin[y, x]:
                deviations[abs(np.int32(image[y, x, 1]) - np.int32(blurred[y, x, 1]))] += 1


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _slope(image, y, x):
    """Return the steepness of green, most of brightness, in levels per pixel."""
    half = np.float32(0.5)
    across = half * (np.float32(image[y, x + 1, 1]) - np.float32(image[y, x - 1, 1]))
    down = half * (np.float32(image[y + 1, x, 1]) - np.float32(image[y - 1, x, 1]))
    return np.sqrt(across * across + down * down)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _refit(image, blurred, edges, core, grain, out):
    """Change the detail that the blur removed.

    Detail above the grain by brightness, so that no colour fringes appear; grain colour by colour.
    """
    quiet, inverse = grain
    height, width, _ = image.shape
    one = np.float32(1)
    for y in range(height):
        for x in range(width):
            f0 = np.float32(image[y, x, 0]) - np.float32(blurred[y, x, 0])
            f1 = np.float32(image[y, x, 1]) - np.float32(blurred[y, x, 1])
            f2 = np.float32(image[y, x, 2]) - np.float32(blurred[y, x, 2])
            luma = np.float32(0.299) * f0 + np.float32(0.587) * f1 + np.float32(0.114) * f2
            more = edges * luma * abs(luma) / (abs(luma) + core)
            q = (f0 * f0 + f1 * f1 + f2 * f2) * inverse * np.float32(0.3333)
            less = quiet / (one + q * q)
            out[y, x, 0] = to_level(np.float32(image[y, x, 0]) + more - less * f0)
            out[y, x, 1] = to_level(np.float32(image[y, x, 1]) + more - less * f1)
            out[y, x, 2] = to_level(np.float32(image[y, x, 2]) + more - less * f2)
