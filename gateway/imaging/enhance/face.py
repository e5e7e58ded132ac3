"""A face enhanced without a network: noise is removed, soft edges are steepened.

Detail is the part of the brightness that two Gaussian blurs remove. It is laid on again: on eyes,
brows, lips and all edges much, on plain skin little, so that pores are not exaggerated; the
less, the sharper the picture is already; and not at all where it is no more than noise. Brightness
alone changes, so no colour fringes appear, and never leaves the range around a pixel by more than a
few levels, so no halo does.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from gateway.arrays import F32, U8, Mask
from gateway.imaging.color.lut import to_level
from gateway.imaging.enhance.deblock import (
    GRAIN_FREE,
    Damage,
    smoothed,
    without_coding_noise,
    without_steps,
)
from gateway.imaging.enhance.sharpness import probe, texture_of

_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
SHARP_PX, SOFT_PX = 0.75, 2.2
"""Widths of edges, standard deviations in pixels: sharp edges are hardly steepened, soft ones
as far as it goes."""
GAIN = (0.15, 1.5)
"""How much of its finer detail a sharp and a soft picture gets again."""
COARSE_GAIN = 0.45
"""Gain of the coarser detail, over that of the finer."""
FINE, COARSE = 0.9, 2.6
"""Standard deviations of the blurs, over that of the edges."""
BLUR_PX = (0.8, 2.5)
"""Bounds of the finer one."""
ON_SKIN = 0.2
"""Share of the gain on plain skin."""
EDGE = (3.0, 9.0)
"""Levels per pixel from which on something is an edge, and is one wholly."""
HEADROOM = 2.0
"""Levels by which a pixel may leave the range around it."""
TOP = 253.0
"""Level up to which a colour may be brightened."""
CORE = 1.6
"""Detail below so many deviations of present or removed noise is hardly amplified."""
LEAST_NOISE = 0.3
"""Levels of noise that there always is."""


@dataclass(frozen=True, slots=True, eq=False)
class FacePlaces:
    """Location maps of the parts of a face, planes (h, w).

    Attributes:
        features: float32, 0–1: eyes, brows and lips.
        skin: bool, nothing but skin.
        face: bool, where the face is.
    """

    features: F32
    skin: Mask
    face: Mask


def luma_of(image: U8) -> F32:
    """Return the brightness of a picture (h, w, 3) RGB in levels: float32 (h, w)."""
    return np.asarray(cv2.transform(image.astype(np.float32), _LUMA), np.float32)


def enhanced(image: U8, places: FacePlaces, damage: Damage) -> U8:
    """Return a picture of a face, uint8 (h, w, 3), enhanced.

    Args:
        image: uint8 (h, w, 3) RGB.
        places: Location maps of its parts.
        damage: The picture's degradation, as returned by `damage_of`.
    """
    luma = luma_of(image)
    noise = damage.noise
    clean = smoothed(without_steps(luma, damage), noise)
    width = texture_of(image, probe(image), places.face, places.skin).blur_px
    boost, lowest, highest = _detail(
        clean, width, places.features, max(noise, min(damage.grain, GRAIN_FREE))
    )
    colors = np.zeros((1, 1, 2), np.float32)
    if damage.step > 0:
        chroma = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)[..., 1:], np.uint8)
        half = without_coding_noise(chroma, noise)
        size = (image.shape[1], image.shape[0])
        colors = np.asarray(cv2.resize(half, size, interpolation=cv2.INTER_LINEAR), np.float32)
    out = np.empty_like(image)
    _recolor(image, (luma, clean, boost, lowest, highest), colors, out)
    return out


def _detail(
    clean: F32, width_px: float | None, features: F32, noise: float
) -> tuple[F32, F32, F32]:
    """Return the change of a brightness (h, w), and the minimum and maximum around each pixel.

    Args:
        clean: float32 (h, w), the brightness without noise.
        width_px: Of its sharpest edges; None if it has none.
        features: float32 (h, w), 0–1, where to make most of detail.
        noise: Standard deviation of the removed or remaining noise, in levels.
    """
    width = SOFT_PX if width_px is None else width_px
    soft = float(np.clip((width - SHARP_PX) / (SOFT_PX - SHARP_PX), 0, 1))
    gain = GAIN[0] + (GAIN[1] - GAIN[0]) * soft
    sigma = float(np.clip(FINE * width, *BLUR_PX))
    fine = _blurred(clean, sigma)
    coarse = _blurred(clean, sigma * COARSE / FINE)
    side = 2 * int(np.ceil(sigma)) + 1
    around = np.ones((side, side), np.uint8)
    lowest, highest = cv2.erode(clean, around), cv2.dilate(clean, around)
    boost = np.empty_like(clean)
    core = np.float32(CORE * max(noise, LEAST_NOISE))
    _lay_on((clean, fine, coarse), features, (np.float32(gain), core), boost)
    return boost, np.asarray(lowest, np.float32), np.asarray(highest, np.float32)


def _blurred(plane: F32, sigma: float) -> F32:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _lay_on(planes, features, strength, boost):
    clean, fine, coarse = planes
    gain, core = strength
    height, width = clean.shape
    one, half = np.float32(1), np.float32(0.5)
    for y in range(height):
        up, down = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            across = half * (fine[y, right] - fine[y, left])
            along = half * (fine[down, x] - fine[up, x])
            steep = (np.sqrt(across * across + along * along) - np.float32(EDGE[0])) / np.float32(
                EDGE[1] - EDGE[0]
            )
            there = max(features[y, x], min(max(steep, np.float32(0)), one))
            where = np.float32(ON_SKIN) + np.float32(1 - ON_SKIN) * there
            small, large = clean[y, x] - fine[y, x], fine[y, x] - coarse[y, x]
            more = small * abs(small) / (abs(small) + core)
            more += np.float32(COARSE_GAIN) * large * abs(large) / (abs(large) + core)
            boost[y, x] = gain * where * more


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _recolor(image, planes, colors, out):
    """Give a picture its new brightness, no colour of it clipped, and less of the coding's."""
    luma, clean, boost, lowest, highest = planes
    height, width, _ = image.shape
    coded = colors.shape[0] == height and colors.shape[1] == width
    zero, top, room = np.float32(0), np.float32(TOP), np.float32(HEADROOM)
    for y in range(height):
        for x in range(width):
            r, g, b = (
                np.float32(image[y, x, 0]),
                np.float32(image[y, x, 1]),
                np.float32(image[y, x, 2]),
            )
            wanted = clean[y, x] + boost[y, x]
            wanted = min(max(wanted, lowest[y, x] - room), highest[y, x] + room)
            more = wanted - luma[y, x]
            if coded:
                red, blue = colors[y, x, 0], colors[y, x, 1]
                r += np.float32(1.402) * red
                g -= np.float32(0.714) * red + np.float32(0.344) * blue
                b += np.float32(1.772) * blue
            most, least = max(r, g, b), min(r, g, b)
            more = min(max(more, min(-least, zero)), max(top - most, zero))
            out[y, x, 0] = to_level(r + more)
            out[y, x, 1] = to_level(g + more)
            out[y, x, 2] = to_level(b + more)
