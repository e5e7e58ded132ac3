"""Faces cut out of portraits, brought to about the size at which they are wanted.

A face that is far larger than where it goes would alias, one that is far smaller would be sampled
coarsely. So textures come in sizes half an octave apart; a video's frames share them, and as a face
comes nearer its texture changes rarely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gateway.arrays import F32, U8, AnyFloat, Mask
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.geometry.raster import vertex_facing, vertex_visibility
from gateway.imaging.geometry.warp import Region, bounding_region, enlarge, shrink_area
from gateway.imaging.masks.soft import withdrawn
from gateway.processors.base import Portrait
from gateway.processors.mirroring import mirrored

MARGIN_PX = 4.0
"""Pixels of the portrait around its face."""
STEPS = 2
"""Sizes to an octave."""
LARGEST = 4.0
"""Most that a portrait is enlarged by."""
LEFT_OUT_PX = 3
"""Pixels of the atlas that are left out beside what covers a portrait: its shadow."""


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """A part of a portrait.

    Attributes:
        pixels: uint8 (h, w, 3) RGB.
        origin_xy: float32 (2,), of its first pixel in the portrait.
        scale_xy: float32 (2,), its pixels per pixel of the portrait.
    """

    pixels: U8
    origin_xy: F32
    scale_xy: F32

    def places(self, points: AnyFloat) -> F32:
        """Return where points (N, 3) of the portrait lie in it, (N, 3)."""
        out = np.array(points, np.float32)
        out[:, :2] = (out[:, :2] - self.origin_xy + np.float32(0.5)) * self.scale_xy
        out[:, :2] -= np.float32(0.5)
        out[:, 2] *= self.scale_xy.mean()
        return out


@dataclass(frozen=True, slots=True, eq=False)
class PortraitFindings:
    """How well a portrait shows each landmark of its face.

    Attributes:
        facing: float32 (468,), 1 = frontal, 0 = edge-on, < 0 = away.
        visible: bool (468,), that nothing of the face hides it.
        bare: float32, the atlas, 0–1: where nothing is before the face, at some distance from what
            is, as where its pixels are left out for good; None: nothing is anywhere.
    """

    facing: F32
    visible: Mask
    bare: F32 | None


class Textures:
    """Makes textures and mirror images, and finds out what portraits show, each once."""

    def __init__(self) -> None:
        self._mirrored: dict[int, tuple[Portrait, Portrait]] = {}
        self._made: dict[tuple[int, int], tuple[Portrait, Texture]] = {}
        self._shown: dict[int, tuple[Portrait, PortraitFindings]] = {}

    def shown(self, portrait: Portrait) -> PortraitFindings:
        """Return what a portrait shows of its face."""
        if id(portrait) not in self._shown:
            source, triangles = portrait.face.landmarks[:N_MESH], topology().triangles
            facing = vertex_facing(source, triangles)
            visible = vertex_visibility(source, triangles)
            one = PortraitFindings(facing, visible, _bare(portrait))
            self._shown[id(portrait)] = portrait, one
        return self._shown[id(portrait)][1]

    def other_side(self, portrait: Portrait) -> Portrait:
        """Return a portrait as a mirror shows it."""
        if id(portrait) not in self._mirrored:
            self._mirrored[id(portrait)] = portrait, mirrored(portrait)
        return self._mirrored[id(portrait)][1]

    def of(self, portrait: Portrait, target: AnyFloat) -> Texture:
        """Return a portrait's texture for a face of landmarks (≥ 468, 3)."""
        source = portrait.face.landmarks[:N_MESH]
        spread = np.var(source, axis=0).sum() / max(float(np.var(target, axis=0).sum()), 1e-9)
        size = math.ceil(-STEPS * math.log2(max(float(np.sqrt(spread)), 1e-6)))
        size = min(size, round(STEPS * math.log2(LARGEST)))
        key = (id(portrait), size)
        if key not in self._made:
            # The portrait is kept, too: so long no other object can have its id.
            self._made[key] = portrait, _cut(portrait.image, source, 2 ** (size / STEPS))
        return self._made[key][1]


def _bare(portrait: Portrait) -> F32 | None:
    if portrait.seen is None or portrait.seen.visible.min() > 0.5:
        return None
    return withdrawn(portrait.seen.visible >= 0.5, LEFT_OUT_PX, LEFT_OUT_PX / 2)


def _cut(image: U8, source: F32, factor: float) -> Texture:
    """Cut out a face of landmarks (468, 3), `factor` times as large."""
    region = bounding_region(source[:, :2], image.shape[:2], margin=MARGIN_PX)
    region = region or Region(0, 0, image.shape[1], image.shape[0])
    pixels = np.ascontiguousarray(region.of(image), np.uint8)
    scale = 1.0, 1.0
    if factor < 1:
        pixels, scale = shrink_area(pixels, 1 / factor)
    elif factor > 1:
        pixels, scale = enlarge(pixels, factor)
    return Texture(pixels, region.origin_xy, np.asarray(scale, np.float32))
