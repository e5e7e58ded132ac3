"""`face_enhancer`: enhances any face, original or generated."""

from __future__ import annotations

from functools import cache
from typing import Protocol

import numpy as np

from gateway.arrays import F32, U8, AnyFloat, Mask
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.alignment import crop_from_image
from gateway.faces.atlas import atlas, places_in
from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility
from gateway.faces.topology import FACE_OVAL
from gateway.imaging.enhance.deblock import damage_of
from gateway.imaging.enhance.face import FacePlaces, enhanced, luma_of
from gateway.imaging.geometry.warp import Region, bounding_region, uncrop
from gateway.imaging.masks.soft import (
    sampled,
    sampled_levels,
    smoothstep,
    softened_mask,
    wide_polygon,
)
from gateway.inference.protocol import Inference
from gateway.networks.crops import aligned_crops, reach_of_crop, seen_from
from gateway.networks.restoring import RESTORERS, FaceRestorer
from gateway.processors.openings import eye_distance

CLASSICAL = "classical"

BOX_EDGE = 0.09
"""Width of the soft edge of a network's crop, as a share of its side."""
AROUND, ABOVE = 0.12, 0.3
"""How far around the outline, and above it, a face is enhanced, in inter-ocular distances."""
EDGE = 0.09
"""Softness of that mask's edge, in inter-ocular distances."""
FEATURE_SOFT_PX = 1.5
"""Softness of eyes, brows and lips, in pixels of the atlas."""
MEASURED_PX = 320
"""Side of the part of a picture, at least, on which coding is looked for."""
HIDDEN = (0.3, 0.7)
"""Probabilities between which occlusions of a face blend into it."""


class Enhancer(Protocol):
    """Enhances a face."""

    name: str

    def reach(self, face: Face, shape: tuple[int, int]) -> tuple[Region, F32] | None:
        """Return where a face is worked on, and how far (h, w), 0–1; None outside the picture.

        Args:
            face: The face.
            shape: (height, width) of the picture.
        """
        ...

    async def process(
        self, image: U8, face: Face, region: Region, mask: F32, *, deadline: Deadline
    ) -> U8:
        """Return a region of a picture as it is when its face is clear.

        Args:
            image: uint8 (H, W, 3) RGB.
            face: The face.
            region: See `reach`.
            mask: float32 (h, w), where in it the result is visible; occlusions of the face are
                left out.
            deadline: When the answer is of no use any more.

        Returns:
            uint8 (h, w, 3) RGB.

        Raises:
            InferenceError, DeadlineExceeded: from a network.
        """
        ...


class ClassicalEnhancer:
    """`face_enhancer` without a network."""

    name: str = CLASSICAL

    def __init__(self, compute: Compute) -> None:
        """Take the threads to compute in."""
        self._compute = compute

    def reach(self, face: Face, shape: tuple[int, int]) -> tuple[Region, F32] | None:
        """Return the face and a little around it; see `Enhancer.reach`."""
        unit = eye_distance(face.landmarks)
        outline = _around(face, unit)
        region = bounding_region(outline, shape, 3 * EDGE * unit + 2)
        if region is None:
            return None
        softness = max(EDGE * unit, 0.5)
        return region, wide_polygon(outline - region.origin_xy, region.shape, softness)

    async def process(
        self, image: U8, face: Face, region: Region, mask: F32, *, deadline: Deadline
    ) -> U8:
        """Return a region with an enhanced face; see `Enhancer.process`."""
        deadline.check()
        return await self._compute.run(enhance_classically, image, face, region, mask)


class NetworkEnhancer:
    """`face_enhancer` with a network that restores aligned faces, as GFPGAN does."""

    def __init__(
        self, name: str, inference: Inference, compute: Compute, *, weight: float = 0.5
    ) -> None:
        """Take one of `RESTORERS`, what runs it, and what runs the array work.

        For `weight` see `FaceRestorer.restore`.
        """
        self.name = name
        self._network = FaceRestorer(RESTORERS[name], inference, compute)
        self._compute = compute
        self._weight = weight

    def reach(self, face: Face, shape: tuple[int, int]) -> tuple[Region, F32] | None:
        """Return the network's crop with a soft edge; see `Enhancer.reach`."""
        spec = self._network.spec
        matrix = crop_from_image(face.landmarks_5, spec.template, spec.side_px)
        return reach_of_crop(matrix, spec.side_px, BOX_EDGE, shape)

    async def process(
        self, image: U8, face: Face, region: Region, mask: F32, *, deadline: Deadline
    ) -> U8:
        """Return a region as the network sees it; see `Enhancer.process`."""
        spec = self._network.spec
        crops, (matrix,) = await self._compute.run(
            aligned_crops, image, face.landmarks_5[None], spec.template, spec.side_px
        )
        made = await self._network.restore(crops, weight=self._weight, deadline=deadline)
        return await self._compute.run(uncrop, made[0], seen_from(matrix, region), region.shape)


def enhance_classically(image: U8, face: Face, region: Region, mask: F32) -> U8:
    """Return an enhanced region (h, w, 3) of a picture (H, W, 3); see `Enhancer.process`.

    Occlusions of the face, as a sharp frame of glasses, do not indicate how soft the face is.
    """
    pixels = np.ascontiguousarray(region.of(image), np.uint8)
    places = _places(face, region, mask > 0.5 * mask.max())
    context = _grown(region, image.shape[:2])
    wide = luma_of(np.ascontiguousarray(context.of(image), np.uint8))
    skin = np.zeros(context.shape, np.bool_)
    skin[region.slices_in(context)] = places.skin
    damage = damage_of(wide, skin)
    return enhanced(pixels, places, damage.seen_from(*region.origin_xy - context.origin_xy))


def visible_in(seen: Visibility, landmarks: AnyFloat, region: Region) -> F32 | None:
    """Return how far a face itself is seen in a region (h, w), 0–1; None if nothing is before it.

    Args:
        seen: Where it is seen.
        landmarks: (≥ 468, 3), in the picture.
        region: Of the picture; pixels outside the face count as visible.
    """
    low, high = (np.float32(level) for level in HIDDEN)
    if seen.visible.min() >= high:
        return None
    place = places_in(region, landmarks, atlas().place)
    visible = smoothstep((sampled(seen.visible, place) - low) / (high - low))
    return np.asarray(np.where(place[0] >= 0, visible, np.float32(1)), np.float32)


def _around(face: Face, unit: float) -> F32:
    """Return a line (n, 2) around a face with some of its hair, in the picture."""
    outline = np.asarray(face.landmarks[list(FACE_OVAL), :2], np.float64)
    brow, chin = face.landmarks[10, :2], face.landmarks[152, :2]
    up = (brow - chin) / max(float(np.linalg.norm(brow - chin)), 1e-6)
    out = outline - outline.mean(0)
    length = np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
    above = smoothstep(np.asarray(out @ up / length[:, 0], np.float32))[:, None]
    grown = outline + AROUND * unit * out / length + ABOVE * unit * above * up
    return np.asarray(grown, np.float32)


def _places(face: Face, region: Region, seen: Mask) -> FacePlaces:
    place = places_in(region, face.landmarks, atlas().place)
    inside = (place[0] >= 0) & seen
    levels = sampled_levels(_sheet(), place)
    features = np.where(inside, levels[..., 0], 0).astype(np.float32) / np.float32(255)
    return FacePlaces(features, inside & (levels[..., 1] > 254), inside)


@cache
def _sheet() -> U8:
    """Return how far each place of the atlas belongs to features, and to plain skin: 0–255."""
    sheet = atlas()
    features = (sheet.eyes | sheet.brows | sheet.lips).astype(np.float32)
    there = np.stack([softened_mask(features, FEATURE_SOFT_PX), sheet.plain], -1)
    return np.asarray(np.rint(255 * there), np.uint8)


def _grown(region: Region, shape: tuple[int, ...]) -> Region:
    """Return a region that is large enough to measure on, as far as the picture is."""
    edges = []
    for low, high, size in ((region.x0, region.x1, shape[1]), (region.y0, region.y1, shape[0])):
        more = max(MEASURED_PX - (high - low), 0)
        edges.append((max(low - (more + 1) // 2, 0), min(high + (more + 1) // 2, size)))
    (x0, x1), (y0, y1) = edges
    return Region(x0, y0, x1, y1)
