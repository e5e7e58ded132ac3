"""Who is in the pictures: portraits of the sources, faces of the target, and which are meant."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from gateway.arrays import F32, U8
from gateway.deadline import Deadline
from gateway.errors import (
    FaceNotReliable,
    FaceTooSmall,
    InvalidOptions,
    NoFaceInSource,
    NoFaceInTarget,
    NoMatchingFace,
)
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.detect import DetectOptions
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.face import Face, FaceWarning
from gateway.faces.selection import fitting, matching, ordered
from gateway.networks.fairface import FairFace
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.selection import detection
from gateway.pipeline.selection.assignments import (
    Assignments,
    SourceIdentities,
    chosen_faces,
    require_matches,
)
from gateway.pipeline.selection.attributes import attributes_of
from gateway.processors.base import Portrait


class People:
    """Finds people in pictures, and tells them apart."""

    def __init__(
        self,
        analyser: FaceAnalyser,
        embedder: FaceEmbedder,
        *,
        min_face_px: float,
        classifier: FairFace | None = None,
    ) -> None:
        """Take the parts.

        Args:
            analyser: Finds faces.
            embedder: Tells people apart.
            min_face_px: Width below which a face is refused.
            classifier: Tells what people look like, if it is at hand.
        """
        self._classifier = classifier
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
        easy = detection.of_sources(options)
        *found, faces = await asyncio.gather(
            *(self._analyser.analyse(s, deadline=deadline, options=easy) for s in sources),
            self._analyser.analyse(
                target, deadline=deadline, options=detection.of_targets(options)
            ),
        )
        return self._portraits(sources, found), self._usable(faces, "The target", NoFaceInTarget)

    async def portraits(
        self, sources: Sequence[U8], *, deadline: Deadline, options: DetectOptions
    ) -> list[Portrait]:
        """Return the largest face of each source.

        Args:
            sources: uint8 (H, W, 3) RGB each.
            deadline: When the answer is of no use any more.
            options: How hard to look.

        Raises:
            NoFaceInSource, FaceTooSmall, FaceNotReliable: by name.
            InferenceError, DeadlineExceeded: from the networks.
        """
        found = await asyncio.gather(
            *(self._analyser.analyse(s, deadline=deadline, options=options) for s in sources)
        )
        return self._portraits(sources, found)

    def _portraits(self, sources: Sequence[U8], found: Sequence[list[Face]]) -> list[Portrait]:
        return [
            Portrait(image, self._usable(in_source, f"Source {n}", NoFaceInSource)[0])
            for n, (image, in_source) in enumerate(zip(sources, found, strict=True))
        ]

    async def cast(
        self,
        target: U8,
        faces: list[Face],
        players: SourceIdentities,
        references: Sequence[U8],
        options: SwapOptions,
        deadline: Deadline,
    ) -> Assignments:
        """Return which of a target's faces become which person.

        Args:
            target: uint8 (H, W, 3) RGB.
            faces: Of the target.
            players: Whose faces may be used.
            references: uint8 (H, W, 3) RGB each; pictures of people who are meant.
            options: Who is meant.
            deadline: When the answer is of no use any more.

        Raises:
            NoMatchingFace: nobody is meant, or nobody by an entry of the mapping.
            InvalidOptions: by reference, and there is none.
            NoFaceInSource, FaceTooSmall, FaceNotReliable: of a reference.
        """
        mapping = options.mapping
        if not mapping:
            if options.face_selector.mode != "reference":
                faces = await self._fitting(target, faces, options, deadline)
            reference = references[0] if references else None
            meant = await self._select(target, faces, reference, options, deadline)
            return Assignments.of([players.everybody(face) for face in meant])
        fit = None
        if any(entry.position is not None for entry in mapping):
            fit = await self._fitting(target, faces, options, deadline)
        known = await self._known(players, references, options, deadline)
        seen = await self._embedder.embed(target, faces, deadline=deadline) if known else None
        chosen = chosen_faces(faces, mapping, options.face_selector, known, seen, fit)
        unmatched = require_matches(mapping, chosen)
        roles = [
            players.of_entry(face, entry, n)
            for n, (entry, face) in enumerate(zip(mapping, chosen, strict=True))
            if face is not None
        ]
        return Assignments.of(roles, unmatched)

    async def _fitting(
        self, target: U8, faces: list[Face], options: SwapOptions, deadline: Deadline
    ) -> list[Face]:
        """Return the faces of a target that look as they are to.

        Raises:
            NoMatchingFace: none of them does, and it is not a mapping that asks.
            UnknownModel: nobody is there who could tell.
        """
        if not options.face_selector.filters:
            return faces
        looks = await attributes_of(self._classifier, target, faces, deadline=deadline)
        found = fitting(faces, looks, options.face_selector.wanted)
        if not found and not options.mapping:
            raise NoMatchingFace("No face of the target looks as is asked for.")
        return found

    async def _known(
        self,
        players: SourceIdentities,
        references: Sequence[U8],
        options: SwapOptions,
        deadline: Deadline,
    ) -> dict[int, F32]:
        """Return the descriptors (128,) of whom entries of the mapping mean, by their indices."""
        wanted = {n: e.reference for n, e in enumerate(options.mapping) if e.reference is not None}
        descriptors = await asyncio.gather(
            *(self._descriptor(references[r], f"Reference {r}", deadline) for r in wanted.values())
        )
        known = dict(zip(wanted, descriptors, strict=True))
        for n, entry in enumerate(options.mapping):
            if entry.target_id is not None:
                known[n] = players.identities[entry.target_id].descriptor
        return known

    async def _descriptor(self, picture: U8, which: str, deadline: Deadline) -> F32:
        """Return who (128,) the largest face of a picture is."""
        known = await self._analyser.analyse(picture, deadline=deadline)
        person = self._usable(known, which, NoFaceInSource)[:1]
        return np.asarray((await self._embedder.embed(picture, person, deadline=deadline))[0])

    async def _select(
        self,
        target: U8,
        faces: list[Face],
        reference: U8 | None,
        options: SwapOptions,
        deadline: Deadline,
    ) -> list[Face]:
        """Return which of a target's faces are meant, in the order that is asked for.

        Raises:
            NoMatchingFace: none of them is.
            InvalidOptions: by reference, and there is none.
            NoFaceInSource, FaceTooSmall, FaceNotReliable: of the reference.
        """
        selector = options.face_selector
        if selector.mode == "many":
            return ordered(faces, selector.order)
        if selector.mode == "one":
            if selector.position >= len(faces):
                raise NoMatchingFace(
                    f"Face {selector.position} was asked for, the target shows {len(faces)}."
                )
            return [ordered(faces, selector.order)[selector.position]]
        if reference is None:
            raise InvalidOptions(
                "Selecting by reference needs a `reference` picture.",
                errors=[{"pointer": "/face_selector/mode", "detail": "no reference picture"}],
            )
        wanted, seen = await asyncio.gather(
            self._descriptor(reference, "The reference", deadline),
            self._embedder.embed(target, faces, deadline=deadline),
        )
        chosen = matching(seen, wanted, selector.reference_distance)
        if not chosen:
            raise NoMatchingFace("No face of the target looks like the reference.")
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
