"""Takes glasses off a portrait, before its face is put into another picture.

Frames are detected as occlusions of the face around the eyes. The skin under them is continued from
the skin beside them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.faces.atlas import area_of, atlas
from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility, departures
from gateway.faces.topology import LEFT_EYE, N_MESH, RIGHT_EYE, topology
from gateway.imaging.color.log_chroma import logs_of_features
from gateway.imaging.color.skin_model import STEPS, ZERO
from gateway.imaging.geometry.raster import rasterise
from gateway.imaging.geometry.warp import bounding_region
from gateway.imaging.masks.inpaint import multiplied, painted_over
from gateway.imaging.masks.soft import sampled, smoothstep, softened_mask, widened, withdrawn
from gateway.processors.base import Portrait
from gateway.processors.openings import eye_distance

ZONE = (-0.98, 0.05)
"""Heights on the mean face between which frames run, in inter-ocular distances."""
HIDDEN = 0.22
"""Probability from which on something is taken for a part of a frame, once there is one."""
WIDER, REACH = 0.04, 0.05
"""The painted area is this much wider than the detected one, and samples skin this far away; in
inter-ocular distances."""
THICK_PX = 6
"""Half the width in pixels of the atlas from which on something is no frame."""
CHEEK = 0.4
"""How far below a frame there is skin of the same grain, in inter-ocular distances."""
LENSES = (-0.85, -0.32, 0.16)
"""Heights on the mean face: from where to where lenses are around eyes, and below them."""
EVENED, SHINE = 0.8, 0.2
"""How far pixels behind lenses are brought to the skin's own shading; and by how much, logarithm of
brightness, something must be too bright to be shine."""
FINE_PX, SOFT_PX = 0.8, 2.5
"""Smoothing in pixels of the atlas: of the evened-out shading, so that grain stays, and of
where."""
UNIT_PX = 60.0
"""Inter-ocular distance in pixels at which it is painted; larger pictures are shrunk for it."""


def without_glasses(portrait: Portrait) -> Portrait:
    """Return a portrait without glasses; the same one if it shows none."""
    seen = portrait.seen
    if seen is None or not seen.glasses:
        return portrait
    frames = np.where(_zone(), 1 - seen.visible, 0).astype(np.float32)
    # Hair and ears beside them are no frames.
    thick = widened(withdrawn(frames > HIDDEN, THICK_PX, 0.5) > 0.5, THICK_PX)
    frames[thick] = 0
    # The rest of a frame's edge would be a ragged hole.
    under = widened(frames > HIDDEN, 2) & _zone() & ~thick
    visible = np.where(under, np.float32(1), seen.visible)
    image = _painted_over(portrait.image, portrait.face, frames)
    return replace(
        portrait, image=_evened(image, portrait.face), seen=Visibility(visible), bared=True
    )


def _painted_over(image: U8, face: Face, frames: F32) -> U8:
    """Return a picture (H, W, 3) with skin where frames (HEIGHT, WIDTH) of the atlas are."""
    region = bounding_region(face.landmarks[:N_MESH, :2], image.shape[:2], margin=8)
    unit = eye_distance(face.landmarks)
    factor = max(1, int(unit / UNIT_PX))
    if region is None or min(region.shape) < factor:
        return image
    vertices = face.landmarks[:N_MESH].copy()
    vertices[:, :2] = (vertices[:, :2] - region.origin_xy + 0.5) / factor - 0.5
    shape = region.shape[0] // factor, region.shape[1] // factor
    place = rasterise(vertices, topology().triangles, atlas().place, shape, background=-1)
    on_face = place[0] >= 0
    found = (sampled(frames, place) > HIDDEN) & on_face
    hidden = widened(found, max(1, round(WIDER * unit / factor)))
    # The eyes themselves are to be kept.
    hidden &= found | (sampled(_eyes(), place) < 0.5) | ~on_face
    out = image.copy()
    part = np.ascontiguousarray(region.of(image), np.uint8)
    below = round(CHEEK * unit)
    region.of(out)[...] = painted_over(
        part, hidden, REACH * unit, factor=factor, grain_below_px=below
    )
    return out


def _evened(image: U8, face: Face) -> U8:
    """Return a picture (H, W, 3) without the shine of lenses, and less of a frame's shadow."""
    region = bounding_region(face.landmarks[:N_MESH, :2], image.shape[:2], margin=1)
    if region is None:
        return image
    planes = departures(image, face.landmarks)[..., :3].astype(np.float32)
    off = softened_mask((planes - ZERO) / STEPS[:3], FINE_PX)
    shine = smoothstep(off[..., :1] / np.float32(SHINE))
    below, around = (weight[..., None] for weight in _behind_lenses())
    change = np.maximum(below, around * shine) * off
    vertices = face.landmarks[:N_MESH].copy()
    vertices[:, :2] -= region.origin_xy
    place = rasterise(vertices, topology().triangles, atlas().place, region.shape, background=-1)
    here = sampled(logs_of_features(change), place)
    gain = np.where(place[:1].transpose(1, 2, 0) >= 0, np.exp(-here), np.float32(1))
    out = image.copy()
    region.of(out)[...] = multiplied(np.asarray(region.of(image), np.uint8), gain)
    return out


@cache
def _behind_lenses() -> tuple[F32, F32]:
    """Return how far skin below the eyes, and around them, is behind lenses: (HEIGHT, WIDTH), 0–1.

    Below are shine and the lower rim's shadow; around the eyes it is dark by itself.
    """
    x, y = np.abs(atlas().mean[..., 0]), atlas().mean[..., 1]
    across = atlas().plain & (x > 0.12) & (x < 0.9)
    below = across & (y > LENSES[1]) & (y < LENSES[2])
    around = across & (y > LENSES[0]) & (y <= LENSES[1])
    # The whites of the eyes are no shine.
    share = np.where(area_of(atlas().place, (RIGHT_EYE, LEFT_EYE)), 0, EVENED).astype(np.float32)
    return tuple(  # type: ignore[return-value]
        share * softened_mask(area.astype(np.float32), SOFT_PX) for area in (below, around)
    )


@cache
def _zone() -> Mask:
    height = atlas().mean[..., 1]
    return np.asarray(atlas().face & (height > ZONE[0]) & (height < ZONE[1]))


@cache
def _eyes() -> F32:
    return atlas().eyes.astype(np.float32)
