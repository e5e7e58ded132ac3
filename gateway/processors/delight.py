"""Takes the light of its own picture off a portrait, before its face is put into another one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gateway.arrays import F32, U8
from gateway.faces.atlas import atlas, places_in
from gateway.faces.face import Face
from gateway.faces.skin_levels import DARK
from gateway.faces.topology import N_MESH
from gateway.imaging.geometry.warp import bounding_region
from gateway.imaging.masks.soft import sampled
from gateway.processors.base import Portrait


def under_even_light(portrait: Portrait, change: F32) -> Portrait:
    """Return a portrait with its face under even light.

    Args:
        portrait: A portrait.
        change: float32 (HEIGHT, WIDTH, 3) of the atlas, logarithms of gains of red, green and blue.
    """
    return replace(portrait, image=_relit(portrait.image, portrait.face, change))


def _relit(image: U8, face: Face, change: F32) -> U8:
    """Return a picture (H, W, 3) whose face's colours are changed by gains."""
    region = bounding_region(face.landmarks[:N_MESH, :2], image.shape[:2], margin=1)
    if region is None:
        return image
    at = places_in(region, face.landmarks, atlas().place)
    gain = np.exp(sampled(np.ascontiguousarray(change), at))
    pixels: U8 = np.asarray(region.of(image), np.uint8)
    lit = (pixels + np.float32(DARK)) * gain - np.float32(DARK)
    out = image.copy()
    inside = at[0] >= 0
    region.of(out)[inside] = np.clip(np.rint(lit), 0, 255).astype(np.uint8)[inside]
    return out
