"""The seam between processors and fusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.deadline import Deadline
from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility
from gateway.imaging.geometry.warp import Region
from gateway.imaging.masks.soft import soft_cover

COVER_EDGE = 0.02
"""Softness of the edge along a nearer face, in distances of the eyes."""


def cover(region: Region, outlines: Sequence[F32], softness_px: float) -> F32 | None:
    """Return how far each pixel (h, w) of a region belongs to nearer faces, 0–1; 1 inside them.

    None if nothing does.

    Args:
        region: A part of the picture.
        outlines: float32 (n, 2) each, of the nearer faces, in pixels of the picture.
        softness_px: Standard deviation of the edge, outside the outlines.
    """
    covered = np.zeros(region.shape, np.float32)
    for outline in outlines:
        inside = soft_cover(outline - region.origin_xy, region.shape, max(softness_px, 0.5))
        np.maximum(covered, inside, out=covered)
    return covered if covered.any() else None


@dataclass(frozen=True, slots=True, eq=False)
class KeptPixels:
    """What is kept of a target's face and has moved, below a new one.

    Attributes:
        pixels: uint8 (h, w, 3) RGB.
        share: float32 (h, w), 0–1, how much of the target they replace.
    """

    pixels: U8
    share: F32


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """New pixels for a part of a picture, and where they count.

    Attributes:
        region: The part.
        pixels: uint8 (h, w, 3) RGB, aligned with the region.
        mask: float32 (h, w), 0–1: how much of the new pixels is to be seen.
        support: bool (h, w): where the new pixels belong to the face at all. It has no holes for
            eyes and mouth: those are kept from the target, but no border runs along them.
        skin: bool (h, w): pixels whose colour speaks for the face's skin.
        place: float32 (2, h, w): where in the atlas (`faces/atlas.py`) each pixel's column and row
            lie.
        landmarks: float32 (478, 3), where the new face's lie in the picture.
        kept: What of the target's face is kept, where the new one has it; None if nothing moves.
    """

    region: Region
    pixels: U8
    mask: F32
    support: Mask
    skin: Mask
    place: F32
    landmarks: F32
    kept: KeptPixels | None = None

    def without(self, outlines: Sequence[F32], softness_px: float) -> Layer | None:
        """Return the layer without what nearer faces cover; None if nothing of it is left.

        For the arguments see `cover`.
        """
        covered = cover(self.region, outlines, softness_px)
        if covered is None:
            return self
        mask = self.mask * (1 - covered)
        if not mask.any():
            return None
        return replace(
            self,
            mask=mask,
            support=self.support & (covered < 0.98),
            skin=self.skin & (covered == 0),
            kept=self.kept and KeptPixels(self.kept.pixels, self.kept.share * (1 - covered)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A source picture and the face in it that is to be used.

    Attributes:
        image: uint8 (H, W, 3) RGB.
        face: The face.
        seen: Where the face itself is seen, not something before it; None: everywhere.
        eyes_unknown: Whether lenses have left nothing of its eyes, or little light on them.
    """

    image: U8
    face: Face
    seen: Visibility | None = None
    eyes_unknown: bool = False


class Patch(StrEnum):
    """Parts of a face that may come from a portrait of their own."""

    RIGHT_EYE = "right_eye"
    LEFT_EYE = "left_eye"
    MOUTH = "mouth"


class Swapper(Protocol):
    """Makes a layer of another person for one face of a picture."""

    name: str

    async def process(
        self,
        image: U8,
        face: Face,
        portrait: Portrait,
        *,
        patches: Mapping[Patch, Portrait],
        others: Sequence[Portrait],
        deadline: Deadline,
    ) -> Layer | None:
        """Return the layer for `face` of `image`, or None where there is nothing to see of it.

        Args:
            image: uint8 (H, W, 3) RGB.
            face: To be replaced.
            portrait: Of the person whose face it becomes.
            patches: Other portraits of that person, for parts of the face.
            others: All other portraits of that person.
            deadline: When the layer is of no use any more.
        """
        ...
