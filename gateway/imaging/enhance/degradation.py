"""Degradation of a whole picture or video: coding, grain, softness; steadied over time.

A face has skin, on which grain is distinguished from detail; a picture has not. Here the flattest
quarter of it takes that place, flat as means of 4×4 pixels see it, which grain hardly touches.
Grain is fine: where those means differ much more than grain of that strength would cause, what
appears as grain is something that is shown, as leaves and cloth are.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from gateway.arrays import F32, U8
from gateway.imaging.enhance.deblock import Damage, blocking_of, grain_of
from gateway.imaging.enhance.sharpness import probe, texture_of
from gateway.imaging.video.planes import Coding, Samples

MEASURED_PX = (720, 1280)
"""Rows and columns in the middle of a picture that are enough to measure on."""
CELL_PX = 4
"""Side of the squares whose means identify flat areas."""
FLATTEST = 0.25
"""Share of these, at most, that counts as flat."""
SPAN = 0.74
"""Range of nine such means over the standard deviation of white grain."""
SHOWN = (2.5, 5.0)
"""Times that range from which on grain may be, and surely is, something that is shown."""
UNCLIPPED = 6.0
"""Levels from black and white from which on grain is not cut off."""
TILES, SHARP_TILE = (3, 4), 0.25
"""Rows and columns of parts that are judged by their sharpest edges; and which share of the parts
is as sharp as the picture is said to be: overlays on soft footage are not representative of it."""
LEAST_TILE_PX = 8
"""Side below which there is too little to measure it."""
CALM_PX = 1.0
"""Standard deviation of a blur that keeps grain from being taken for sharpness."""
SLOW_S, QUICK_S = 0.5, 0.1
"""Seconds after which about a third of a measurement's weight is left; and where steps rise."""
EVERY_S = Fraction(1, 4)
"""Seconds between two measurements of a video."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The degradation of a picture.

    Attributes:
        damage: Coding and grain, in levels.
        blur_px: Width of its sharpest edges, standard deviation in pixels; None without edges.
    """

    damage: Damage
    blur_px: float | None


def condition_of(plane: Samples, size: tuple[int, int], coding: Coding) -> Condition:
    """Return a picture's degradation, measured in its centre.

    Args:
        plane: uint8 or uint16 (H, ≥ W), luma as it is stored.
        size: (H, W).
        coding: Meaning of the sample values.
    """
    (y0, rows), (x0, columns) = (
        ((whole - min(whole, most)) // 2, min(whole, most))
        for whole, most in zip(size, MEASURED_PX, strict=True)
    )
    part = plane[y0 : y0 + rows, x0 : x0 + columns]
    luma = part.astype(np.float32) * np.float32(2 ** (8 - coding.depth))
    step, grid = blocking_of(luma)
    damage = Damage(step, _grain(luma, coding), grid)
    return Condition(damage.seen_from(-x0, -y0), _blur(np.rint(luma).astype(np.uint8)))


def steadied(now: Condition, before: Condition, dt_s: float) -> Condition:
    """Return a condition that moves from its value `dt_s` seconds before to its current value."""
    kept = float(np.exp(-dt_s / SLOW_S))
    one, other = now.damage, before.damage
    blur = now.blur_px if now.blur_px is not None else before.blur_px
    if now.blur_px is not None and before.blur_px is not None:
        blur = now.blur_px + kept * (before.blur_px - now.blur_px)
    # Steps come at once, with a frame that is coded coarsely, and are seen at once.
    late = float(np.exp(-dt_s / QUICK_S)) if one.step > other.step else kept
    damage = Damage(
        one.step + late * (other.step - one.step),
        one.grain + kept * (other.grain - one.grain),
        one.grid or other.grid,
    )
    return Condition(damage, blur)


def _grain(luma: F32, coding: Coding) -> float:
    """Return the standard deviation of the grain of a picture (h, w) in levels."""
    size = luma.shape[1] // CELL_PX, luma.shape[0] // CELL_PX
    if min(size) < 3:
        return 0.0
    means = cv2.resize(
        luma[: size[1] * CELL_PX, : size[0] * CELL_PX], size, interpolation=cv2.INTER_AREA
    )
    around = np.ones((3, 3), np.uint8)
    lowest, highest = cv2.erode(means, around), cv2.dilate(means, around)
    span = highest - lowest
    unit = np.float32(2 ** (8 - coding.depth))
    black, white = coding.lowest[0] * unit, coding.highest[0] * unit
    unclipped = (lowest > black + UNCLIPPED) & (highest < white - UNCLIPPED)
    if not unclipped.any():
        return 0.0
    limit = float(np.quantile(span[unclipped], FLATTEST))
    flat = (unclipped & (span <= limit)).astype(np.uint8)
    where = cv2.resize(flat, (luma.shape[1], luma.shape[0]), interpolation=cv2.INTER_NEAREST)
    grain = grain_of(luma, where.astype(np.bool_))
    if grain <= 0:
        return 0.0
    low, high = SHOWN
    shown = (limit / (SPAN * grain) - low) / (high - low)
    return grain * float(np.clip(1 - shown, 0, 1))


def _blur(luma: U8) -> float | None:
    """Return the width of the sharpest edges of a picture (h, w), parts of it by themselves.

    Grain would pass for sharp edges; a blur that is reckoned with takes most of it.
    """
    calm = np.asarray(cv2.GaussianBlur(luma, (0, 0), CALM_PX), np.uint8)
    both = calm, probe(calm)
    widths = []
    for rows in np.array_split(np.arange(luma.shape[0]), TILES[0]):
        for columns in np.array_split(np.arange(luma.shape[1]), TILES[1]):
            if min(len(rows), len(columns)) < LEAST_TILE_PX:
                continue
            tile = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            nowhere = np.zeros((len(rows), len(columns)), np.bool_)
            sharp, soft = (np.repeat(plane[tile][..., None], 3, axis=2) for plane in both)
            width = texture_of(sharp, soft, ~nowhere, nowhere).blur_px
            if width is not None:
                widths.append(width)
    if not widths:
        return None
    return float(np.sqrt(max(np.quantile(widths, SHARP_TILE) ** 2 - CALM_PX**2, 0.0)))
