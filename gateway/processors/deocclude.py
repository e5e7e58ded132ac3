"""Takes glasses off a portrait, before its face is put into another picture.

Frames are found as what is before the face around the eyes. What is under them is continued from
the skin beside them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.faces.atlas import atlas
from gateway.faces.face import Face
from gateway.faces.occlusion import Seen
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.inpaint import painted_over
from gateway.imaging.masks import sampled, widened
from gateway.imaging.raster import rasterise
from gateway.imaging.warp import bounding_region
from gateway.processors.base import Portrait
from gateway.processors.openings import eye_distance

ZONE = (-0.98, 0.05)
"""Heights on the mean face between which frames run, in inter-ocular distances."""
HIDDEN = 0.4
"""Probability from which on something is before the face."""
WIDER, REACH = 0.035, 0.05
"""What is painted over is this much wider than what was found, and looks so far for skin; in
inter-ocular distances."""
UNIT_PX = 110.0
"""Inter-ocular distance in pixels at which it is painted; larger pictures are shrunk for it."""


def without_glasses(portrait: Portrait) -> Portrait:
    """Return a portrait without glasses; the same one if it shows none."""
    seen = portrait.seen
    if seen is None or not seen.glasses:
        return portrait
    frames = np.where(_zone(), 1 - seen.visible, 0).astype(np.float32)
    # What is left of a frame's edge would be a ragged hole.
    under = widened(frames > HIDDEN, 2)
    visible = np.where(under & _zone(), np.float32(1), seen.visible)
    image = _painted_over(portrait.image, portrait.face, frames)
    return replace(portrait, image=image, seen=Seen(visible))


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
    # The eyes themselves are what is to be kept.
    hidden &= found | (sampled(_eyes(), place) < 0.5) | ~on_face
    out = image.copy()
    part = np.ascontiguousarray(region.of(image), np.uint8)
    region.of(out)[...] = painted_over(part, hidden, REACH * unit, factor)
    return out


@cache
def _zone() -> Mask:
    height = atlas().mean[..., 1]
    return np.asarray(atlas().face & (height > ZONE[0]) & (height < ZONE[1]))


@cache
def _eyes() -> F32:
    return atlas().eyes.astype(np.float32)
