"""Fusion of new pixels into a picture: sharpness, colour, light, blending. All on one region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gateway.arrays import F32, F64, U8, Mask
from gateway.imaging.blend.cells import Cells, cell_means, cell_share
from gateway.imaging.blend.composite import Correction, composite
from gateway.imaging.blend.membrane import LEAST_SHARE, cell_membrane, mixed_membrane
from gateway.imaging.color.adaptive import AdaptiveTransfer, LogStatistics
from gateway.imaging.color.light_field import LightField
from gateway.imaging.color.lut import level_cube, transfer_cube
from gateway.imaging.color.relight import BROAD, relight
from gateway.imaging.color.transfer import (
    LabStatistics,
    histogram_transfer,
    lab_statistics,
    statistics_transfer,
)
from gateway.imaging.enhance.sharpness import (
    GRAIN_LIMIT,
    CaptureTexture,
    as_sharp,
    missing_grain,
    probe,
    texture_of,
)
from gateway.imaging.masks.matte import Matte
from gateway.imaging.video.temporal import (
    MEASURED_EVERY_S,
    Skins,
    TemporalState,
    carried_correction,
    is_carried,
    steadied_colors,
    steadied_correction,
    steadied_textures,
)

ColorMode = Literal["none", "statistics", "histogram", "adaptive"]
BlendMode = Literal["feather", "poisson", "mixed"]

MEMBRANE_CELLS = 80
"""Cells of the membrane grid's shorter side, at least."""
STATISTICS_PIXELS = 800
"""Skin pixels that are enough to know its colour."""
TEXTURE_PIXELS = 500
"""Skin pixels below which sharpness and grain cannot be measured."""
REST_BROAD = 0.4
"""Width of what known light leaves to do, in inter-ocular distances."""
CLEAR_SHARE = 0.9
"""Share of the inside of a cell that must be unoccluded for the membrane to meet there."""


def fuse(
    target: U8,
    source: U8,
    matte: Matte,
    *,
    unit_px: float,
    color: ColorMode = "adaptive",
    blend: BlendMode = "poisson",
    texture: bool = True,
) -> U8:
    """Return `target` with `source` in it.

    Args:
        target: uint8 (h, w, 3) RGB.
        source: uint8 (h, w, 3) RGB, aligned with the target.
        matte: Where it counts.
        unit_px: Inter-ocular distance in pixels.
        color: `statistics` gives the source's skin the mean and spread of the target's;
            `histogram` all of its distribution; `adaptive` its mean, its light and its tint,
            place by place.
        blend: `poisson` adds the membrane; `mixed` keeps the stronger gradients of both;
            `feather` only mixes.
        texture: Give the source the target's sharpness and grain.

    Returns:
        uint8 (h, w, 3), equal to the target wherever the mask is 0.
    """
    pixels, _ = fuse_frame(
        target, source, matte, _STILL, unit_px=unit_px, color=color, blend=blend, texture=texture
    )
    return pixels


@dataclass(frozen=True, slots=True, eq=False)
class FrameTransition:
    """From one frame of a video to the next.

    Attributes:
        face_from_region: float64 (2, 3), where the face is in its region: a similarity.
        before: Measurements of the previous frame; None if this is the first one.
        dt_s: Seconds since then.
    """

    face_from_region: F64
    before: TemporalState | None = None
    dt_s: float = 0.0


_STILL = FrameTransition(np.eye(2, 3))


def fuse_frame(
    target: U8,
    source: U8,
    matte: Matte,
    passage: FrameTransition,
    *,
    unit_px: float,
    color: ColorMode = "adaptive",
    blend: BlendMode = "poisson",
    texture: bool = True,
    below: U8 | None = None,
    light: LightField | None = None,
) -> tuple[U8, TemporalState]:
    """Return a video's frame (h, w, 3) with `source` in it, and the state for the next one.

    Statistics of a whole face are measured every `MEASURED_EVERY_S` seconds, and all of it is
    steadied by the `passage` from the frame before. What the mask leaves free shows `below`
    (h, w, 3), if that is not the target. `light` that is known already is put on before the rest of
    it is measured. For everything else see `fuse`.
    """
    below = target if below is None else below
    before, dt_s = passage.before, passage.dt_s
    age_s = 0.0 if before is None else before.age_s + dt_s
    known = before if age_s < MEASURED_EVERY_S else None
    grain, textures = None, None
    if texture:
        source, grain, textures = _textured(target, source, matte, passage, known)
    if known is None:
        cube, skins = _colors(target, source, matte.skin, color)
        if before is not None:
            cube, skins = steadied_colors(cube, skins, before, age_s)
        age_s = 0.0
    else:
        cube, skins = known.cube, known.skins
    reduction = max(1, min(matte.support.shape) // MEMBRANE_CELLS)
    corrected_s = 0.0 if before is None else before.corrected_s + dt_s
    placed = passage.face_from_region
    if before is not None and is_carried(before, dt_s):
        grid = tuple(-(-side // reduction) for side in matte.support.shape)
        correction = carried_correction(before, placed, (grid[0], grid[1]), reduction)
    else:
        correction = _corrected(
            target,
            source,
            matte,
            cube,
            skins,
            color=color,
            blend=blend,
            unit_px=unit_px,
            reduction=reduction,
            light=light,
        )
        if before is not None and correction is not None:
            correction = steadied_correction(correction, before, placed, corrected_s)
        corrected_s = 0.0
    moment = TemporalState(cube, skins, textures, correction, placed, age_s, corrected_s)
    if blend == "mixed":
        source = composite(target, source, matte.support.astype(np.float32), correction, cube)
        meeting = skins and _meeting(skins, color)
        mixed = mixed_membrane(target, source, matte.support, clear=matte.clear, skin=meeting)
        return composite(below, source, matte.mask, Correction.of(mixed), None, grain), moment
    return composite(below, source, matte.mask, correction, cube, grain), moment


def _corrected(
    target: U8,
    source: U8,
    matte: Matte,
    cube: F32 | None,
    skins: Skins | None,
    *,
    color: ColorMode,
    blend: BlendMode,
    unit_px: float,
    reduction: int,
    light: LightField | None,
) -> Correction | None:
    """Return light and membrane for a source (h, w, 3) on a target (h, w, 3), as requested."""
    correction = None
    if color == "adaptive":
        skin = cell_means(target, source, matte.skin, reduction, cube)
        if light is None:
            gain = relight(skin, max(BROAD * unit_px / reduction, 0.8))
        else:
            known = light.cells(reduction)
            lit = Cells(skin.target, known * skin.source, skin.share)
            gain = known * relight(lit, max(REST_BROAD * unit_px / reduction, 0.8))
        correction = Correction.of(np.zeros_like(gain), gain, reduction)
    if blend != "poisson":
        return correction
    cells = cell_means(target, source, matte.support, reduction, cube)
    free = cell_share(matte.clear & matte.support, reduction)
    clear = np.asarray(free >= CLEAR_SHARE * np.maximum(cells.share, LEAST_SHARE))
    return bent(cells, correction, clear, skins and _meeting(skins, color), reduction)


def _meeting(skins: Skins, color: ColorMode) -> Skins:
    """Return the skins as they are where the membrane meets: under the same light."""
    return (skins[0], skins[0]) if color == "adaptive" else skins


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


def _textured(
    target: U8, source: U8, matte: Matte, passage: FrameTransition, known: TemporalState | None
) -> tuple[U8, tuple[U8, float, float] | None, tuple[CaptureTexture, CaptureTexture] | None]:
    """Return the source as sharp as the target, the grain it lacks, and both textures."""
    smooth, blurred = None, None
    if known is not None:
        textures = known.textures
    elif np.count_nonzero(matte.skin) < TEXTURE_PIXELS:
        textures = None
    else:
        smooth, blurred = probe(target), probe(source)
        edges = matte.support & matte.clear
        textures = (
            texture_of(target, smooth, edges, matte.skin),
            texture_of(source, blurred, edges, matte.skin),
        )
        if passage.before is not None:
            dt_s = passage.before.age_s + passage.dt_s
            textures = steadied_textures(textures, passage.before, dt_s)
    if textures is None:
        return source, None, None
    wanted, own = textures
    sharp, grain = as_sharp(source, blurred, own, wanted)
    amount = missing_grain(grain, wanted.grain)
    if amount == 0:
        return sharp, None, textures
    smooth = probe(target) if smooth is None else smooth
    return sharp, (smooth, amount, GRAIN_LIMIT * wanted.grain), textures


def _colors(
    target: U8, source: U8, skin: Mask, color: ColorMode
) -> tuple[F32 | None, tuple[LabStatistics, LabStatistics] | None]:
    """Return the cube of colours, and both skins' statistics after it; None where not known."""
    chosen = np.flatnonzero(skin)
    chosen = chosen[:: max(1, len(chosen) // STATISTICS_PIXELS)]
    own = lab_statistics(source.reshape(-1, 3)[chosen])
    wanted = lab_statistics(target.reshape(-1, 3)[chosen])
    if own is None or wanted is None:
        return None, None
    if color == "none":
        return None, (wanted, own)
    if color == "histogram":
        pixels = (image.reshape(-1, 3)[chosen] for image in (source, target))
        return transfer_cube(histogram_transfer(*pixels)), (wanted, wanted)
    if color == "adaptive":
        skins = (LogStatistics.of(image.reshape(-1, 3)[chosen]) for image in (source, target))
        return level_cube(AdaptiveTransfer.between(*skins)), (wanted, wanted)
    return transfer_cube(statistics_transfer(own, wanted)), (wanted, wanted)
