"""Takes glasses and red eyes off a portrait, before its face is put into another picture."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.faces.atlas import atlas, places_in
from gateway.faces.face import Face
from gateway.faces.glasses import (
    COLUMNS,
    ROWS,
    GlassesRemoval,
    band_of_atlas,
    band_places,
    known_places,
    skin_levels,
    unrolled_band,
)
from gateway.faces.occlusion import Visibility
from gateway.faces.skin_levels import DARK
from gateway.faces.topology import N_MESH
from gateway.imaging.geometry.warp import bounding_region
from gateway.imaging.masks.grain import grain_from_below
from gateway.imaging.masks.soft import dilated, sampled, softened_mask, widened, withdrawn
from gateway.processors.base import Portrait
from gateway.processors.openings import eye_distance

ZONE = (-0.98, 0.05)
"""Heights on the mean face between which frames run, in inter-ocular distances."""
FRAME = 0.22
"""Probability from which on an occlusion is taken for a part of a frame, once there is one."""
THICK_PX = 6
"""Half the width in pixels of the atlas from which on something is no frame."""
FADE_PX = 6.0
"""Pixels of the band over which the change fades towards its upper and lower edge."""
CHEEK = 0.4
"""How far below a frame there is skin of the same grain, in inter-ocular distances."""
BRIGHT_PART, DIM = 85, 0.78
"""Percentile of the brightness in the eyes' openings that is of the whites, and the share of the
skin's below which eyes behind lenses are too dark: of others it is 0.93 or more, as a rule."""
RED, LEFT_RED = 0.2, 0.05
"""Logarithm of red over green by which eyes are red, against their skin; and what is left of it."""
LIDS_PX = 4.0
"""Pixels of the band over which that fades out around an eye."""
DARK_LENSES = 0.5
"""Share of the eyes' openings that must be hidden for the lenses to be dark."""


def without_glasses(portrait: Portrait, removal: GlassesRemoval) -> Portrait:
    """Return a portrait as it is without the glasses that its face wears.

    Args:
        portrait: Whose `seen` is known.
        removal: What shows the face without them.
    """
    image = _uncovered(portrait.image, portrait.face, removal)
    seen = portrait.seen
    if seen is not None:
        hidden = np.where(_zone(), 1 - seen.visible, 0) > FRAME
        # Hair and ears beside them are no frames.
        thick = widened(withdrawn(hidden, THICK_PX, 0.5) > 0.5, THICK_PX)
        shown = sampled(removal.hidden, band_of_atlas()) > FRAME
        # The rest of a frame's edge would be a ragged hole.
        under = widened((hidden | shown) & ~thick, 2) & _zone() & ~thick
        seen = Visibility(np.where(under, np.float32(1), seen.visible))
    dark = float(removal.hidden[_eyes()].mean()) > DARK_LENSES
    return replace(
        portrait, image=image, seen=seen, eyes_unknown=dark or _dim(image, portrait.face)
    )


def _dim(image: U8, face: Face) -> bool:
    """Return whether eyes of a face in a picture (H, W, 3) are too dark to be seen well."""
    band = unrolled_band(image, face.landmarks)
    whites = np.percentile(band[_eyes()].mean(-1), BRIGHT_PART)
    return float(whites) < DIM * float(skin_levels(band).mean())


def without_red_eyes(portrait: Portrait) -> Portrait:
    """Return a portrait whose eyes no flash or tinted lens has reddened; the same if none are."""
    band = unrolled_band(portrait.image, portrait.face.landmarks)
    redness = _redness(band) - _redness(skin_levels(band))
    if float(np.median(redness[_eyes()])) <= RED:
        return portrait
    share = np.clip(softened_mask(dilated(known_places()[3], 3), LIDS_PX), 0, 1)
    change = share * np.maximum(softened_mask(redness, 1.0) - LEFT_RED, 0)
    gain = np.ones(band.shape, np.float32)
    gain[..., 0] = np.exp(-change)
    none = np.zeros(band.shape, np.float32)
    removal = GlassesRemoval(none[..., 0], gain, none)
    return replace(portrait, image=_uncovered(portrait.image, portrait.face, removal))


def _redness(levels: U8 | F32) -> F32:
    """Return the logarithm of red over green of levels (…, 3)."""
    logs = np.log(levels.astype(np.float32) + np.float32(DARK))
    return np.asarray(logs[..., 0] - logs[..., 1], np.float32)


def _uncovered(image: U8, face: Face, removal: GlassesRemoval) -> U8:
    """Return a picture (H, W, 3) with a face as it is without its glasses."""
    region = bounding_region(face.landmarks[:N_MESH, :2], image.shape[:2], margin=1)
    if region is None:
        return image
    at = places_in(region, face.landmarks, band_places())
    share = sampled(_fading(), at) * (at[0] >= 0)
    rows = np.flatnonzero((share > 0).any(1))
    if not rows.size:
        return image
    part = np.s_[rows[0] : rows[-1] + 1]
    at, share = np.ascontiguousarray(at[:, part]), share[part]
    # At full size a frame has sharper edges than in the band, so that a rim of it would be left.
    hidden = (dilated(removal.hidden, 1) + removal.hidden) / 2
    planes = np.dstack([hidden, np.log(removal.gain), removal.fill])
    found = np.concatenate(
        [sampled(np.ascontiguousarray(planes[..., n : n + 4]), at) for n in (0, 3)], -1
    )
    opaque, gain, fill = found[..., :1], np.exp(found[..., 1:4]), found[..., 5:8]
    pixels = np.ascontiguousarray(region.of(image)[part], np.uint8)
    lit = (pixels + np.float32(DARK)) * gain - np.float32(DARK)
    grain = grain_from_below(pixels, round(CHEEK * eye_distance(face.landmarks)))
    bare = lit + opaque * (fill + grain - lit)
    out = image.copy()
    mixed = pixels + share[..., None] * (bare - pixels)
    region.of(out)[part] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return out


@cache
def _fading() -> F32:
    """Return how much the change counts in the band, float32 (ROWS, COLUMNS), 0–1."""
    rows = np.arange(ROWS, dtype=np.float32)
    share = np.clip(np.minimum(rows, ROWS - 1 - rows) / FADE_PX, 0, 1)
    return np.ascontiguousarray(np.broadcast_to(share[:, None], (ROWS, COLUMNS)))


@cache
def _eyes() -> Mask:
    """Return where the eyes' openings are in the band."""
    return np.asarray(known_places()[3] > 0.9)


@cache
def _zone() -> Mask:
    height = atlas().mean[..., 1]
    return np.asarray(atlas().face & (height > ZONE[0]) & (height < ZONE[1]))
