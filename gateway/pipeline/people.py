"""Who is in the pictures: portraits of the sources, faces of the target, and which are meant."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.arrays import U8
from gateway.deadline import Deadline
from gateway.errors import (
    FaceNotReliable,
    FaceNotSelected,
    FaceTooSmall,
    InvalidOptions,
    NoFaceInSource,
    NoFaceInTarget,
)
from gateway.faces.analyser import DetectOptions, FaceAnalyser
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.face import Face, FaceWarning
from gateway.faces.selection import matching, ordered
from gateway.pipeline.options import SwapOptions
from gateway.pipeline.wish import expressive
from gateway.processors.base import Portrait


class People:
    """Finds people in pictures, and tells them apart."""

    def __init__(
        self, analyser: FaceAnalyser, embedder: FaceEmbedder, *, min_face_px: float
    ) -> None:
        """Take the parts; `min_face_px` is the width below which a face is refused."""
        self._analyser = analyser
        self._embedder = embedder
        self._min_face_px = min_face_px

    async def find(
        self, sources: Sequence[U8], target: U8, options: SwapOptions, deadline: Deadline
    ) -> tuple[list[Portrait], list[Face]]:
        """Return the largest face of each source, and all faces of the target.

        Args:
            sources: uint8 (H, W, 3) RGB each.
            target: uint8 (H, W, 3) RGB.
            options: How hard to look.
            deadline: When the answer is of no use any more.

        Raises:
            NoFaceInSource, NoFaceInTarget, FaceTooSmall, FaceNotReliable: by name.
            InferenceError, DeadlineExceeded: from the networks.
        """
        selector, thorough = options.face_selector, options.detector.thorough
        # The largest face is found at first sight; any other wish needs all of them to choose from.
        largest = (selector.mode, selector.order, selector.position) == ("one", "large-small", 0)
        detect = DetectOptions(
            thorough=not largest if thorough is None else thorough,
            angles=options.detector.angles,
            min_score=options.detector.min_score,
            precise=expressive(options),
        )
        easy = DetectOptions(
            angles=detect.angles, min_score=detect.min_score, precise=detect.precise
        )
        *found, faces = await asyncio.gather(
            *(self._analyser.analyse(s, deadline=deadline, options=easy) for s in sources),
            self._analyser.analyse(target, deadline=deadline, options=detect),
        )
        portraits = [
            Portrait(image, self._usable(in_source, f"Source {n}", NoFaceInSource)[0])
            for n, (image, in_source) in enumerate(zip(sources, found, strict=True))
        ]
        return portraits, self._usable(faces, "The target", NoFaceInTarget)

    async def select(
        self,
        target: U8,
        faces: list[Face],
        reference: U8 | None,
        options: SwapOptions,
        deadline: Deadline,
    ) -> list[Face]:
        """Return which of a target's faces are meant, in the order that is asked for.

        Raises:
            FaceNotSelected: none of them is.
            InvalidOptions: by reference, and there is none.
            NoFaceInSource, FaceTooSmall, FaceNotReliable: of the reference.
        """
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

    def _usable(
        self, faces: list[Face], which: str, missing: type[NoFaceInSource] | type[NoFaceInTarget]
    ) -> list[Face]:
        """Return the faces that are large enough, and are faces."""
        if not faces:
            raise missing(f"{which} shows no face.")
        reliable = [f for f in faces if FaceWarning.UNRELIABLE not in f.warnings]
        if not reliable:
            raise FaceNotReliable(f"What {which[0].lower()}{which[1:]} shows fits no face.")
        usable = [f for f in reliable if f.quality.width_px >= self._min_face_px]
        if not usable:
            widest = max(f.quality.width_px for f in reliable)
            raise FaceTooSmall(
                f"{which}'s largest face is {widest:.0f} pixels wide; "
                f"at least {self._min_face_px:.0f} are needed.",
                extra={"width_px": round(widest, 1), "min_width_px": self._min_face_px},
            )
        return usable
