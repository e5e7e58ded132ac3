"""A picture: analyse → select → swap → fuse."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import (
    FaceNotSelected,
    FaceTooSmall,
    InvalidOptions,
    NoFaceInSource,
    NoFaceInTarget,
)
from gateway.faces.analyser import DetectOptions, FaceAnalyser
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.face import Face
from gateway.faces.selection import matching, ordered
from gateway.imaging.fuse import fuse
from gateway.pipeline.options import SwapOptions
from gateway.pipeline.timings import Timings
from gateway.processors.base import Layer, Portrait, Processor
from gateway.processors.face_swapper import MeshSwapper, SwapSettings


@dataclass(frozen=True, slots=True)
class SwappedFace:
    """One face of the result.

    Attributes:
        face: As it was in the target.
        source: Index of the source portrait that was used.
    """

    face: Face
    source: int


@dataclass(frozen=True, slots=True, eq=False)
class SwapResult:
    """A fused picture and what happened.

    Attributes:
        image: uint8 (H, W, 3) RGB; outside the masks the target's values, bit for bit.
        swapped: The faces that were replaced.
        faces: All faces of the target.
        portraits: The face used of each source.
    """

    image: U8
    swapped: tuple[SwappedFace, ...]
    faces: tuple[Face, ...]
    portraits: tuple[Portrait, ...] = field(repr=False)


class ImageFuser:
    """Fuses faces into pictures with the networks behind an analyser."""

    def __init__(
        self,
        analyser: FaceAnalyser,
        embedder: FaceEmbedder,
        compute: Compute,
        *,
        min_face_px: float = 20.0,
    ) -> None:
        """Take the parts; `min_face_px` is the width below which a face is refused."""
        self._analyser = analyser
        self._embedder = embedder
        self._compute = compute
        self._min_face_px = min_face_px

    async def swap(
        self,
        sources: Sequence[U8],
        target: U8,
        options: SwapOptions,
        *,
        deadline: Deadline,
        timings: Timings,
        reference: U8 | None = None,
    ) -> SwapResult:
        """Put the face of the sources into the target.

        Args:
            sources: Portraits of one person, uint8 (H, W, 3) RGB each; of each the largest face
                counts. For every target face the portrait with the nearest pose is used.
            target: uint8 (H, W, 3) RGB.
            options: What is wanted.
            deadline: When the result is of no use any more.
            timings: Gets the stages' times.
            reference: Picture of the person meant, for `face_selector.mode = reference`.

        Raises:
            NoFaceInSource, NoFaceInTarget, FaceTooSmall, FaceNotSelected: by name.
            InferenceError, DeadlineExceeded: from the networks.
        """
        with timings.stage("analyse"):
            portraits, faces = await self._analyse(sources, target, options, deadline)
        with timings.stage("select"):
            chosen = await self._select(target, faces, reference, options, deadline)
        processor = self._processor(options)
        image = target.copy()
        swapped = []
        for face in chosen:
            nearest = _nearest_pose(face, portraits)
            with timings.stage("swap"):
                layer = await processor.process(target, face, portraits[nearest], deadline=deadline)
            if layer is None:
                continue
            with timings.stage("fuse"):
                await self._compute.run(_fuse_into, image, layer, options)
            swapped.append(SwappedFace(face, nearest))
        return SwapResult(image, tuple(swapped), tuple(faces), tuple(portraits))

    async def _analyse(
        self, sources: Sequence[U8], target: U8, options: SwapOptions, deadline: Deadline
    ) -> tuple[list[Portrait], list[Face]]:
        selector, thorough = options.face_selector, options.detector.thorough
        # The largest face is found at first sight; any other wish needs all of them to choose from.
        largest = (selector.mode, selector.order, selector.position) == ("one", "large-small", 0)
        detect = DetectOptions(
            thorough=not largest if thorough is None else thorough,
            angles=options.detector.angles,
            min_score=options.detector.min_score,
        )
        easy = DetectOptions(angles=detect.angles, min_score=detect.min_score)
        *found, faces = await asyncio.gather(
            *(self._analyser.analyse(s, deadline=deadline, options=easy) for s in sources),
            self._analyser.analyse(target, deadline=deadline, options=detect),
        )
        portraits = [
            Portrait(image, self._usable(in_source, f"Source {n}", NoFaceInSource)[0])
            for n, (image, in_source) in enumerate(zip(sources, found, strict=True))
        ]
        return portraits, self._usable(faces, "The target", NoFaceInTarget)

    def _usable(
        self, faces: list[Face], which: str, missing: type[NoFaceInSource] | type[NoFaceInTarget]
    ) -> list[Face]:
        """Return the faces that are large enough."""
        if not faces:
            raise missing(f"{which} shows no face.")
        usable = [f for f in faces if f.quality.width_px >= self._min_face_px]
        if not usable:
            widest = max(f.quality.width_px for f in faces)
            raise FaceTooSmall(
                f"{which}'s largest face is {widest:.0f} pixels wide; "
                f"at least {self._min_face_px:.0f} are needed.",
                extra={"width_px": round(widest, 1), "min_width_px": self._min_face_px},
            )
        return usable

    async def _select(
        self,
        target: U8,
        faces: list[Face],
        reference: U8 | None,
        options: SwapOptions,
        deadline: Deadline,
    ) -> list[Face]:
        selector = options.face_selector
        if selector.mode == "many":
            return ordered(faces, selector.order)
        if selector.mode == "one":
            if selector.position >= len(faces):
                raise FaceNotSelected(
                    f"Face {selector.position} was asked for, the target shows {len(faces)}."
                )
            return [ordered(faces, selector.order)[selector.position]]
        if reference is None:
            raise InvalidOptions(
                "Selecting by reference needs a `reference` picture.",
                errors=[{"pointer": "/face_selector/mode", "detail": "no reference picture"}],
            )
        known = await self._analyser.analyse(reference, deadline=deadline)
        person = self._usable(known, "The reference", NoFaceInSource)[:1]
        wanted, seen = await asyncio.gather(
            self._embedder.embed(reference, person, deadline=deadline),
            self._embedder.embed(target, faces, deadline=deadline),
        )
        chosen = matching(seen, wanted[0], selector.reference_distance)
        if not chosen:
            raise FaceNotSelected("No face of the target looks like the reference.")
        return [faces[i] for i in chosen]

    def _processor(self, options: SwapOptions) -> Processor:
        settings = SwapSettings(
            shape=options.shape, edge=options.masks.blur, inset=options.masks.padding
        )
        return MeshSwapper(settings, self._compute)


def _nearest_pose(face: Face, portraits: Sequence[Portrait]) -> int:
    """Return the index of the portrait turned most like `face`."""
    pose = face.pose

    def angle(portrait: Portrait) -> float:
        other = portrait.face.pose
        return float(np.hypot(other.yaw - pose.yaw, other.pitch - pose.pitch))

    return min(range(len(portraits)), key=lambda n: angle(portraits[n]))


def _fuse_into(image: U8, layer: Layer, options: SwapOptions) -> None:
    """Fuse a layer into a picture that is ours to change."""
    view = layer.region.of(image)
    view[...] = fuse(
        np.ascontiguousarray(view, np.uint8),
        layer.pixels,
        layer.mask,
        layer.support,
        layer.skin,
        colour=options.color,
        blend=options.blend,
    )
