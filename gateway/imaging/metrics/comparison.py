"""One part of a result compared with the original: all figures of `quality` at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, U8, AnyFloat, Mask
from gateway.imaging.color.transfer import lab_statistics
from gateway.imaging.metrics.fusion_quality import (
    outline_distance,
    psnr_db,
    rings_delta_e,
    seam_ratio,
    sharpness_ratio,
    skin_colored,
    ssim,
)

RING = (0.05, 0.35)
"""Units outside the outline between which skin is looked for that is not replaced."""
RIM = 0.8
"""Units inside the outline up to which the new skin is held against it."""
MARGIN = RING[1] + 0.05
"""Units around the outline that a comparison needs to see."""
DETAIL_PX, COLOR_PX = 200.0, 100.0
"""Widths in pixels at which detail is judged, and seam and colour: a part twice as wide or wider
is halved."""
STATISTICS_PIXELS = 1000


@dataclass(frozen=True, slots=True)
class PixelFigures:
    """Pixel metrics of a result; see `gateway.imaging.metrics.fusion_quality`.

    Attributes:
        outside_psnr_db: Of what lies outside the mask, decibels; infinite if nothing differs.
        outside_ssim: Of the same; 1 if nothing differs.
        seam_ratio: How much more there is to see across the border than there was; 1 as much.
        ring_delta_e: Colour difference of the new skin and the skin beside it, CIEDE2000; None
            where no skin is beside it.
        target_ring_delta_e: The same of the target's own skin.
        sharpness_ratio: Fine detail over that of the target's; 1 as much.
    """

    outside_psnr_db: float
    outside_ssim: float
    seam_ratio: float
    ring_delta_e: float | None
    target_ring_delta_e: float | None
    sharpness_ratio: float


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRegion:
    """Where and how a part of a picture was replaced.

    Attributes:
        mask: float32 (h, w), 0–1, how much of the new pixels is seen.
        skin: bool (h, w), pixels whose colour speaks for the skin.
        outline: float (n, 2), x and y of the polygon around it, pixels of the part.
        width_px: Of its content, pixels.
        unit_px: Pixels of the unit that widths on it are measured in.
    """

    mask: F32
    skin: Mask
    outline: AnyFloat
    width_px: float
    unit_px: float


def compare(result: U8, target: U8, part: ComparedRegion) -> PixelFigures:
    """Return the figures of a part of a result.

    Args:
        result: uint8 (h, w, 3) RGB.
        target: uint8 (h, w, 3) RGB, as it was before.
        part: The original, in the same frame (h, w), with `MARGIN` units around it.
    """
    psnr = psnr_db(result, target, part.mask)
    near = _View(result, target, part.mask, part.skin.astype(np.uint8) * 255)
    near, halved = near.until(part.width_px, DETAIL_PX)
    sharpness = _sharpness(near, part.width_px / halved)
    far, again = near.until(part.width_px / halved, COLOR_PX)
    ring, own_ring = _beside(far, part, halved * again)
    return PixelFigures(
        outside_psnr_db=psnr,
        outside_ssim=1.0 if psnr == float("inf") else ssim(result, target, part.mask),
        seam_ratio=seam_ratio(far.result, far.target, far.mask),
        ring_delta_e=ring,
        target_ring_delta_e=own_ring,
        sharpness_ratio=sharpness,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """Both pictures and the masks, at some size.

    Attributes:
        result: uint8 (h, w, 3) RGB.
        target: uint8 (h, w, 3) RGB.
        mask: float32 (h, w), 0–1.
        skin: uint8 (h, w), 255 where all is skin.
    """

    result: U8
    target: U8
    mask: F32
    skin: U8

    def until(self, width_px: float, least_px: float) -> tuple[_View, int]:
        """Return it halved until half as wide would be less than `least_px`, and how much so."""
        view, factor = self, 1
        while width_px / factor >= 2 * least_px and min(view.mask.shape) > 1:
            parts = (view.result, view.target, view.mask, view.skin)
            view, factor = _View(*(_halved(part) for part in parts)), 2 * factor
        return view, factor


def _halved(picture: NDArray[Any]) -> NDArray[Any]:
    """Return the means of 2×2 pixels; an odd last row or column is left out."""
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    even = picture[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))


def _sharpness(view: _View, width_px: float) -> float:
    where = (view.skin == 255) & (view.mask > 0.98)
    rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
    if not len(rows):
        return 1.0
    # Nothing beyond a few pixels around it counts.
    box = (
        slice(max(int(rows[0]) - 8, 0), int(rows[-1]) + 9),
        slice(max(int(columns[0]) - 8, 0), int(columns[-1]) + 9),
    )
    sigma = max(width_px / DETAIL_PX, 0.5)
    return sharpness_ratio(view.result[box], view.target[box], where[box], sigma)


def _beside(view: _View, part: ComparedRegion, times: int) -> tuple[float | None, float | None]:
    """Return how far the result's and the target's skin are from the skin beside them."""
    skin = view.skin == 255
    chosen = view.target[skin]
    statistics = lab_statistics(chosen[:: max(1, len(chosen) // STATISTICS_PIXELS)])
    if statistics is None:
        return None, None
    outline = (np.asarray(part.outline) + 0.5) / times - 0.5
    away = outline_distance(outline, view.mask.shape) * (times / part.unit_px)
    ring = (away >= RING[0]) & (away <= RING[1]) & (view.mask <= 0)
    ring = skin_colored(view.target, ring, statistics)
    result, target = rings_delta_e([view.result, view.target], skin & (away >= -RIM), ring)
    return result, target
