"""Fusion of new pixels into a picture: sharpness, colour, light, blending. All on one region."""

from __future__ import annotations

from typing import Literal

import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.imaging.adapt import AdaptiveTransfer, LogStatistics
from gateway.imaging.blend import LEAST_SHARE, cell_membrane, mixed_membrane
from gateway.imaging.cells import Cells, cell_means, cell_share
from gateway.imaging.colour import (
    LabStatistics,
    histogram_transfer,
    lab_statistics,
    statistics_transfer,
)
from gateway.imaging.composite import Correction, composite
from gateway.imaging.cube import level_cube, transfer_cube
from gateway.imaging.light import BROAD, relight
from gateway.imaging.matte import Matte
from gateway.imaging.sharpness import GRAIN_LIMIT, as_sharp, missing_grain, probe, texture_of

ColourMode = Literal["none", "statistics", "histogram", "adaptive"]
BlendMode = Literal["feather", "poisson", "mixed"]

MEMBRANE_CELLS = 80
"""Cells of the membrane grid's shorter side, at least."""
STATISTICS_PIXELS = 800
"""Skin pixels that are enough to know its colour."""
TEXTURE_PIXELS = 500
"""Skin pixels below which sharpness and grain cannot be told."""
CLEAR_SHARE = 0.9
"""Share of what is inside of a cell that must be clear for the membrane to meet there."""


def fuse(
    target: U8,
    source: U8,
    matte: Matte,
    *,
    unit_px: float,
    colour: ColourMode = "adaptive",
    blend: BlendMode = "poisson",
    texture: bool = True,
) -> U8:
    """Return `target` with `source` in it.

    Args:
        target: uint8 (h, w, 3) RGB.
        source: uint8 (h, w, 3) RGB, aligned with the target.
        matte: Where it counts.
        unit_px: Inter-ocular distance in pixels.
        colour: `statistics` gives the source's skin the mean and spread of the target's;
            `histogram` all of its distribution; `adaptive` its mean, its light and its tint,
            place by place.
        blend: `poisson` adds the membrane; `mixed` keeps the stronger gradients of both;
            `feather` only mixes.
        texture: Give the source the target's sharpness and grain.

    Returns:
        uint8 (h, w, 3), equal to the target wherever the mask is 0.
    """
    grain = None
    if texture:
        source, grain = _textured(target, source, matte)
    cube, known = _colours(target, source, matte.skin, colour)
    reduction = max(1, min(matte.support.shape) // MEMBRANE_CELLS)
    correction = None
    if colour == "adaptive":
        skin = cell_means(target, source, matte.skin, reduction, cube)
        gain = relight(skin, max(BROAD * unit_px / reduction, 0.8))
        correction = Correction.of(np.zeros_like(gain), gain, reduction)
        known = known and (known[0], known[0])
    if blend == "mixed":
        source = composite(target, source, matte.support.astype(np.float32), correction, cube)
        mixed = mixed_membrane(target, source, matte.support, clear=matte.clear, skin=known)
        return composite(target, source, matte.mask, Correction.of(mixed), None, grain)
    if blend == "poisson":
        cells = cell_means(target, source, matte.support, reduction, cube)
        free = cell_share(matte.clear & matte.support, reduction)
        clear = np.asarray(free >= CLEAR_SHARE * np.maximum(cells.share, LEAST_SHARE))
        correction = bent(cells, correction, clear, known, reduction)
    return composite(target, source, matte.mask, correction, cube, grain)


def bent(
    cells: Cells,
    light: Correction | None,
    clear: Mask,
    skin: tuple[LabStatistics, LabStatistics] | None,
    reduction: int,
) -> Correction:
    """Return a correction with the membrane added that is left to do after it: (h, w, 6) planes."""
    if light is None:
        return Correction.of(cell_membrane(cells, clear=clear, skin=skin), None, reduction)
    gain = light.planes[..., :3]
    lit = Cells(cells.target, gain * cells.source, cells.share)
    return Correction.of(cell_membrane(lit, clear=clear, skin=skin), gain, reduction)


def _textured(target: U8, source: U8, matte: Matte) -> tuple[U8, tuple[U8, float, float] | None]:
    """Return the source as sharp as the target, and the grain it lacks."""
    if np.count_nonzero(matte.skin) < TEXTURE_PIXELS:
        return source, None
    smooth = probe(target)
    edges = matte.support & matte.clear
    wanted = texture_of(target, smooth, edges, matte.skin)
    blurred = probe(source)
    own = texture_of(source, blurred, edges, matte.skin)
    sharp, grain = as_sharp(source, blurred, own, wanted)
    amount = missing_grain(grain, wanted.grain)
    return sharp, (smooth, amount, GRAIN_LIMIT * wanted.grain) if amount > 0 else None


def _colours(
    target: U8, source: U8, skin: Mask, colour: ColourMode
) -> tuple[F32 | None, tuple[LabStatistics, LabStatistics] | None]:
    """Return the cube of colours, and both skins' statistics after it; None where not known."""
    chosen = np.flatnonzero(skin)
    chosen = chosen[:: max(1, len(chosen) // STATISTICS_PIXELS)]
    own = lab_statistics(source.reshape(-1, 3)[chosen])
    wanted = lab_statistics(target.reshape(-1, 3)[chosen])
    if own is None or wanted is None:
        return None, None
    if colour == "none":
        return None, (wanted, own)
    if colour == "histogram":
        pixels = (image.reshape(-1, 3)[chosen] for image in (source, target))
        return transfer_cube(histogram_transfer(*pixels)), (wanted, wanted)
    if colour == "adaptive":
        skins = (LogStatistics.of(image.reshape(-1, 3)[chosen]) for image in (source, target))
        return level_cube(AdaptiveTransfer.between(*skins)), (wanted, wanted)
    return transfer_cube(statistics_transfer(own, wanted)), (wanted, wanted)
