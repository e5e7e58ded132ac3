"""Quality of a fused picture, measured on its pixels: changes, visible artefacts, lost detail.

All figures compare a result with the untouched target. Those of detail, seam and colour may be
taken from reduced pictures: they measure what is visible at the size of the face.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numba import njit

from gateway.arrays import F32, F64, U8, AnyFloat, Mask
from gateway.imaging.blend.membrane import LEAST_DEVIATION, SKIN_SPREADS
from gateway.imaging.color.transfer import LabStatistics, lab_from_rgb

BAND = (0.02, 0.98)
"""Values of a mask between which its border lies."""
SECTORS = 12
"""Directions around a face in which its colour is compared with its surroundings."""
LEAST_IN_SECTOR = 16
"""Pixels of skin, inside and outside, that a direction needs to count."""
SKIN_PIXELS = 900
"""Pixels of skin that are enough for all directions."""
EDGE_FLOOR = 0.5
"""Levels per pixel added to both gradients, so that flat pictures are as good as others."""
DETAIL_FLOOR = 0.25
"""Levels added to both amounts of detail, for the same reason."""
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
_WINDOW, _WINDOW_SIGMA = (11, 11), 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def psnr_db(result: U8, target: U8, mask: F32) -> float:
    """Return the peak signal-to-noise ratio of what lies outside a mask, in decibels.

    Args:
        result: uint8 (h, w, 3) RGB.
        target: uint8 (h, w, 3) RGB.
        mask: float32 (h, w); pixels count where it is 0.

    Returns:
        20 lg 255 - 10 lg of the mean squared error in levels; infinite where no value differs.
    """
    squares, values = _squared_error(result, target, mask)
    return float(10 * np.log10(255**2 * values / squares)) if squares else float("inf")


def ssim(result: U8, target: U8, mask: F32) -> float:
    """Return the structural similarity of what lies outside a mask, at most 1.

    Of luma, with the paper's window, a Gaussian of 11×11 pixels with σ = 1.5, of which only what
    lies outside the mask counts: the mean over those pixels is exactly 1 if none of them differs
    (Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image quality assessment: from error visibility
    to structural similarity", IEEE TIP 13(4), 2004).

    Args:
        result: uint8 (h, w, 3) RGB.
        target: uint8 (h, w, 3) RGB.
        mask: float32 (h, w); pixels count where it is 0.
    """
    if _squared_error(result, target, mask)[0] == 0:
        return 1.0
    outside = (mask <= 0).astype(np.float64)
    weight = _window(outside)

    def mean(plane: F64) -> F64:
        return np.asarray(_window(plane * outside) / np.maximum(weight, 1e-12))

    x, y = (luma(picture).astype(np.float64) for picture in (result, target))
    mx, my = mean(x), mean(y)
    xx, yy, xy = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    similar = (2 * mx * my + _C1) * (2 * xy + _C2)
    similar /= (mx * mx + my * my + _C1) * (xx + yy + _C2)
    return float(similar[outside > 0].mean())


def _window(plane: F64) -> F64:
    blurred = cv2.GaussianBlur(plane, _WINDOW, _WINDOW_SIGMA, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float64)


def luma(image: U8) -> F32:
    """Return luma (h, w) in levels, by Rec. 601, of uint8 (h, w, 3) RGB."""
    return np.asarray(cv2.transform(image.astype(np.float32), _LUMA), np.float32)


def delta_e_2000(lab: AnyFloat, other: AnyFloat) -> F64:
    """Return the colour difference CIEDE2000 (…) of CIE L*a*b* colours (…, 3).

    CIE 142-2001, as written down by G. Sharma, W. Wu and E. Dalal, "The CIEDE2000 color-difference
    formula: implementation notes, supplementary test data, and mathematical observations" (Color
    Research & Application 30(1), 2005). About 1 is just noticed, side by side.
    """
    one, two = np.asarray(lab, np.float64), np.asarray(other, np.float64)
    chroma = (np.hypot(one[..., 1], one[..., 2]) + np.hypot(two[..., 1], two[..., 2])) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    c1, h1 = _chroma_hue(one, stretch)
    c2, h2 = _chroma_hue(two, stretch)
    turn = (h2 - h1 + 180) % 360 - 180
    # Of opposite hues the paper turns to the side the second one lies on.
    turn = np.where((turn == -180) & (h2 > h1), 180.0, turn)
    grey = c1 * c2 == 0
    turn = np.where(grey, 0.0, turn)
    middle = np.where(grey, h1 + h2, _mean_hue(h1, h2))
    light, c = (one[..., 0] + two[..., 0]) / 2, (c1 + c2) / 2
    by_light = (two[..., 0] - one[..., 0]) / _light_weight(light)
    by_chroma = (c2 - c1) / (1 + 0.045 * c)
    by_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    by_hue = by_hue / (1 + 0.015 * c * _hue_weight(middle))
    cross = _rotation(c, middle) * by_chroma * by_hue
    return np.asarray(np.sqrt(np.maximum(by_light**2 + by_chroma**2 + by_hue**2 + cross, 0)))


def _chroma_hue(lab: F64, stretch: F64) -> tuple[F64, F64]:
    a, b = lab[..., 1] * stretch, lab[..., 2]
    return np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360


def _mean_hue(h1: F64, h2: F64) -> F64:
    """Return the middle of two hues in degrees, on the shorter way between them."""
    total = h1 + h2
    beyond = np.where(total < 360, 360.0, -360.0)
    return np.asarray((total + np.where(np.abs(h1 - h2) > 180, beyond, 0.0)) / 2)


def _light_weight(lightness: F64) -> F64:
    off = (lightness - 50) ** 2
    return np.asarray(1 + 0.015 * off / np.sqrt(20 + off))


def _hue_weight(hue: F64) -> F64:
    h = np.radians(hue)
    weight = 1 - 0.17 * np.cos(h - np.radians(30)) + 0.24 * np.cos(2 * h)
    weight += 0.32 * np.cos(3 * h + np.radians(6)) - 0.20 * np.cos(4 * h - np.radians(63))
    return np.asarray(weight)


def _rotation(chroma: F64, hue: F64) -> F64:
    """Return how chroma and hue work together among the blues."""
    angle = np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2)))
    return np.asarray(-2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(angle))


def seam_ratio(result: U8, target: U8, mask: F32) -> float:
    """Return how much more there is to see across a mask's outer border than there was.

    The mean size of luma's slope across the border, in the result over that in the target: 1 as
    much as before, more a seam. The border is where the mask lies between 0.02 and 0.98, and at
    least the contour where it is 0.5. Holes of the mask, such as eyes that are kept, have edges of
    their own and do not count. Luma is smoothed by σ = 1 pixel, so that grain does not count.

    Args:
        result: uint8 (h, w, 3) RGB.
        target: uint8 (h, w, 3) RGB.
        mask: float32 (h, w), 0–1. Along the array's edge there is no border.

    Returns:
        The ratio; 1 without a border.
    """
    border = seam_band(mask)
    if not border.any():
        return 1.0
    # Of a hard mask, too, the direction is to be smooth.
    across_x, across_y = _slope(np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.0), np.float32))
    length = np.sqrt(across_x**2 + across_y**2)
    border &= length > 1e-6
    nx, ny = across_x[border] / length[border], across_y[border] / length[border]

    def across(image: U8) -> float:
        x, y = _slope(np.asarray(cv2.GaussianBlur(luma(image), (0, 0), 1.0), np.float32))
        return float(np.abs(x[border] * nx + y[border] * ny).mean())

    return (across(result) + EDGE_FLOOR) / (across(target) + EDGE_FLOOR)


def seam_band(mask: F32) -> Mask:
    """Return the outer border (h, w) of a mask (h, w): see `seam_ratio`."""
    inside = (mask >= 0.5).astype(np.uint8)
    grown = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    border = ((mask > BAND[0]) & (mask < BAND[1])) | (grown != inside)
    # Area reachable from beyond the array without crossing the face.
    open_ = np.pad((mask < BAND[1]).astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(open_, None, (0, 0), (2.0,))
    return np.asarray(border & (open_[1:-1, 1:-1] == 2))


def _slope(plane: F32) -> tuple[F32, F32]:
    """Return the slopes to the right and down, per pixel (h, w) each."""
    right = cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(right, np.float32), np.asarray(down, np.float32)


def outline_distance(corners: AnyFloat, shape: tuple[int, int]) -> F32:
    """Return how far each pixel of `shape` (h, w) is from a polygon (n, 2): negative inside.

    Args:
        corners: x and y, pixel centres at whole numbers.
        shape: Of the returned array. If nothing of the polygon lies in it, all is infinitely far.
    """
    outside = np.ones(shape, np.uint8)
    sixteenths = np.rint(np.asarray(corners) * 16).astype(np.int32)
    cv2.fillPoly(outside, [sixteenths], (0.0,), cv2.LINE_8, 4)
    if outside.all():
        return np.full(shape, np.inf, np.float32)

    def away(plane: U8) -> F32:
        return np.asarray(cv2.distanceTransform(plane, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)

    return away(outside) - away(1 - outside) if outside.any() else -away(1 - outside)


def skin_colored(image: U8, where: Mask, skin: LabStatistics) -> Mask:
    """Return which of some pixels have the colour of a skin, but for specks.

    Args:
        image: uint8 (h, w, 3) RGB.
        where: bool (h, w), pixels to ask of.
        skin: Statistics of the skin.

    Returns:
        bool (h, w): within `blend`'s bounds of the skin's colour, and among others of it, so that
        neither strands of hair nor a spotted background count.
    """
    out = np.zeros(where.shape, np.uint8)
    off = (lab_from_rgb(image[where]) - skin.mean) / np.maximum(skin.deviation, LEAST_DEVIATION)
    out[where] = (off**2).sum(-1) < SKIN_SPREADS**2
    return np.asarray(cv2.morphologyEx(out, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0)


def ring_delta_e(result: U8, skin_inside: Mask, skin_ring: Mask) -> float | None:
    """Return how far a face's colour is from that of the skin beside it; see `rings_delta_e`.

    Args:
        result: uint8 (h, w, 3) RGB.
        skin_inside: bool (h, w), skin of the face.
        skin_ring: bool (h, w), skin around it.
    """
    return rings_delta_e([result], skin_inside, skin_ring)[0]


def rings_delta_e(results: Sequence[U8], skin_inside: Mask, skin_ring: Mask) -> list[float | None]:
    """Return how far faces' colours are from that of the skin beside them, by CIEDE2000.

    Medians are compared direction by direction around the face's middle, so that a bright forehead
    is compared with the area above and a shaded chin against the neck; the median direction counts.

    Args:
        results: uint8 (h, w, 3) RGB each; around the face they are all the same.
        skin_inside: bool (h, w), skin of the face.
        skin_ring: bool (h, w), skin around it.

    Returns:
        The difference of each; None if no direction shows enough of both.
    """
    inside, ring = _some(skin_inside), _some(skin_ring)
    if not len(inside) or not len(ring):
        return [None] * len(results)
    middle = inside.mean(0)
    beside = _by_direction(results[0], ring, middle)

    def apart(result: U8) -> float | None:
        own = _by_direction(result, inside, middle)
        both = [n for n in own if n in beside]
        if not both:
            return None
        pairs = [np.stack([lab[n] for n in both]) for lab in (own, beside)]
        return float(np.median(delta_e_2000(*pairs)))

    return [apart(result) for result in results]


def _some(where: Mask) -> F64:
    """Return rows and columns (N, 2) of enough of the pixels (h, w)."""
    chosen = np.flatnonzero(where)
    chosen = chosen[:: max(1, len(chosen) // SKIN_PIXELS)]
    return np.column_stack(np.unravel_index(chosen, where.shape)).astype(np.float64)


def _by_direction(image: U8, yx: F64, middle: F64) -> dict[int, F64]:
    """Return the median colour, L*a*b* (3,), of pixels (N, 2) in each direction that has enough."""
    rows, columns = yx.astype(np.intp).T
    lab = lab_from_rgb(image[rows, columns])
    angle = np.arctan2(yx[:, 0] - middle[0], yx[:, 1] - middle[1])
    sector = np.floor((angle / (2 * np.pi) + 0.5) * SECTORS).astype(int) % SECTORS
    parts = ((n, np.sort(lab[sector == n], axis=0)) for n in range(SECTORS))
    return {n: part[len(part) // 2] for n, part in parts if len(part) >= LEAST_IN_SECTOR}


def sharpness_ratio(result: U8, target: U8, where: Mask, sigma_px: float = 1.0) -> float:
    """Return how much fine detail a face has, relative to the target's own: 1 is equal.

    Detail is the root mean square of luma less its Gaussian blur.

    Args:
        result: uint8 (h, w, 3) RGB.
        target: uint8 (h, w, 3) RGB.
        where: bool (h, w), pixels of the face.
        sigma_px: Standard deviation of the blur, in pixels; in proportion to the face's size.

    Returns:
        The ratio; 1 if there are no such pixels.
    """
    if not where.any():
        return 1.0

    def detail(image: U8) -> float:
        plane = luma(image)
        fine = (plane - cv2.GaussianBlur(plane, (0, 0), sigma_px))[where]
        return float(np.sqrt(np.mean(fine * fine)))

    return (detail(result) + DETAIL_FLOOR) / (detail(target) + DETAIL_FLOOR)


# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@njit(cache=True, nogil=True, error_model="numpy")
def _squared_error(result, target, mask):  # noqa: ANN001, ANN202
    """Return the sum of squared differences outside a mask, and of how many values it is."""
    height, width = mask.shape
    total, count = np.int64(0), 0
    for y in range(height):
        for x in range(width):
            if mask[y, x] <= np.float32(0):
                count += 3
                for c in range(3):
                    off = np.int64(result[y, x, c]) - np.int64(target[y, x, c])
                    total += off * off
    return total, count
