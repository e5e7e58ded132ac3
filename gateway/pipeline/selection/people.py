"""People in the pictures: portraits of the sources, faces of the target, and the selected ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np

from gateway.arrays import F32, U8
from gateway.deadline import Deadline
from gateway.errors import (
    FaceNotReliable,
    FaceProtected,
    FaceTooSmall,
    InvalidOptions,
    NoFaceInSource,
    NoFaceInTarget,
    SourceMismatch,
    UnknownModel,
)
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.attributes import FaceAttributes
from gateway.faces.detect import DetectOptions
from gateway.faces.embedding import FaceEmbedder, nearest, strangers
from gateway.faces.face import Face, FaceWarning
from gateway.networks.fairface import FAIRFACE, FairFace
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.selection import detection
from gateway.pipeline.selection.assignments import Assignments, SourceIdentities
from gateway.pipeline.selection.decision import Evidence, View, asks_for_looks, decide
from gateway.pipeline.selection.stored import UsedConsents
from gateway.processors.base import Portrait
from gateway.storage.identities import EnrolledIdentity


class People:
    """Finds people in pictures, and distinguishes them."""

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
            embedder: Distinguishes people.
            min_face_px: Width below which a face is refused.
            classifier: Classifies people's attributes, if available.
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

    async def require_claimed(
        self, portraits: Sequence[Portrait], consents: UsedConsents, *, deadline: Deadline
    ) -> None:
        """Check that portraits show the people whose consent is claimed, if anybody's is.

        Raises:
            SourceMismatch: one shows somebody else.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not consents.claimed or not portraits:
            return
        found = await asyncio.gather(
            *(self._embedder.embed(p.image, [p.face], deadline=deadline) for p in portraits)
        )
        for n, (descriptor,) in enumerate(found):
            if nearest(descriptor, consents.claimed) > consents.farthest:
                raise SourceMismatch(
                    f"Source {n} does not look like anybody whose consent is claimed.",
                    extra={"source": n},
                )

    async def require_unprotected(
        self, target: U8, faces: Sequence[Face], consents: UsedConsents, *, deadline: Deadline
    ) -> None:
        """Check that nobody is protected whose face is to be replaced.

        Args:
            target: uint8 (H, W, 3) RGB.
            faces: Of the target, those to be replaced.
            consents: With the protected people.
            deadline: When the answer is of no use any more.

        Raises:
            FaceProtected: somebody is.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not consents.protected or not faces:
            return
        for descriptor in await self._embedder.embed(target, faces, deadline=deadline):
            if nearest(descriptor, consents.protected) <= consents.farthest:
                raise FaceProtected()

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
            players: People whose faces may be used.
            references: uint8 (H, W, 3) RGB each; reference pictures of the people to select.
            options: The selected faces.
            deadline: When the answer is of no use any more.

        Raises:
            NoMatchingFace: no face is selected, or none by an entry of the mapping.
            InvalidOptions: by reference, and there is none.
            NoFaceInSource, FaceTooSmall, FaceNotReliable: of a reference.
        """
        known, seen, looks = await asyncio.gather(
            self.known(references, players.identities, options, deadline=deadline),
            self._recognised(target, faces, options, deadline),
            self.looks(target, faces, options, deadline=deadline),
        )
        evidence = Evidence([View(faces, range(len(faces)))], looks, seen)
        decision = decide(options, evidence, known)
        roles = [
            players.of_entry(face, options.mapping, meant.entry)
            for meant in decision.meant
            for face in (faces if meant.candidate is None else [faces[meant.candidate]])
        ]
        return Assignments.of(roles, decision.unmatched)

    async def known(
        self,
        references: Sequence[U8],
        identities: Mapping[str, EnrolledIdentity],
        options: SwapOptions,
        *,
        deadline: Deadline,
    ) -> dict[int, F32]:
        """Return the descriptors (128,) of those who are to be recognised; see `decide`.

        Args:
            references: uint8 (H, W, 3) RGB each; reference pictures of the people to select.
            identities: Enrolled people that the mapping names, by their ids.
            options: The selected faces.
            deadline: When the answer is of no use any more.

        Raises:
            InvalidOptions: by reference, and there is none.
            NoFaceInSource, FaceTooSmall, FaceNotReliable: of a reference.
            InferenceError, DeadlineExceeded: from the networks.
        """
        wanted = {n: e.reference for n, e in enumerate(options.mapping) if e.reference is not None}
        if options.recognises and not options.mapping:
            if not references:
                raise InvalidOptions(
                    "Selecting by reference needs a `reference` picture.",
                    errors=[{"pointer": "/face_selector/mode", "detail": "no reference picture"}],
                )
            wanted = {0: 0}
        called = [f"Reference {r}" if options.mapping else "The reference" for r in wanted.values()]
        found = await asyncio.gather(
            *(
                self._descriptor(references[r], name, deadline)
                for r, name in zip(wanted.values(), called, strict=True)
            )
        )
        known = dict(zip(wanted, found, strict=True))
        for n, entry in enumerate(options.mapping):
            if entry.target_id is not None:
                known[n] = identities[entry.target_id].descriptor
        return known

    async def mixed(
        self, sent: Mapping[int, Sequence[Portrait]], *, deadline: Deadline
    ) -> frozenset[int]:
        """Return which people's portraits seem to show several people; see `strangers`.

        Args:
            sent: Portraits that should be of one person, by person.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the networks.
        """

        async def differ(portraits: Sequence[Portrait]) -> bool:
            found = await asyncio.gather(
                *(self._embedder.embed(p.image, [p.face], deadline=deadline) for p in portraits)
            )
            return bool(strangers(np.concatenate(found)))

        several = {n: portraits for n, portraits in sent.items() if len(portraits) > 1}
        found = await asyncio.gather(*map(differ, several.values()))
        return frozenset(n for n, differs in zip(several, found, strict=True) if differs)

    async def looks(
        self, image: U8, faces: Sequence[Face], options: SwapOptions, *, deadline: Deadline
    ) -> list[FaceAttributes] | None:
        """Return the attributes of each face of an image (H, W, 3); None if they do not matter.

        Raises:
            UnknownModel: there is no classifier.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not asks_for_looks(options):
            return None
        if self._classifier is None:
            raise UnknownModel(
                f"{FAIRFACE} has not been pulled: `semblant models pull {FAIRFACE}`."
            )
        if not faces:
            return []
        points = np.stack([face.landmarks_5 for face in faces])
        return await self._classifier.look_at(image, points, deadline=deadline)

    async def _recognised(
        self, target: U8, faces: Sequence[Face], options: SwapOptions, deadline: Deadline
    ) -> F32 | None:
        """Return the descriptors of the faces, (N, 128), if any are to be recognised."""
        if not options.recognises:
            return None
        return await self._embedder.embed(target, faces, deadline=deadline)

    async def _descriptor(self, picture: U8, which: str, deadline: Deadline) -> F32:
        """Return the descriptor (128,) of the largest face of a picture."""
        known = await self._analyser.analyse(picture, deadline=deadline)
        person = self._usable(known, which, NoFaceInSource)[:1]
        return np.asarray((await self._embedder.embed(picture, person, deadline=deadline))[0])

    def _usable(
        self, faces: list[Face], which: str, missing: type[NoFaceInSource] | type[NoFaceInTarget]
    ) -> list[Face]:
        """Return the faces that are large enough, and are faces."""
        if not faces:
            raise missing(
                f"{which} shows no face. `detector.thorough`, or a lower `detector.min_score`, "
                "searches for more."
            )
        reliable = [f for f in faces if FaceWarning.UNRELIABLE not in f.warnings]
        if not reliable:
            raise FaceNotReliable(f"What {which[0].lower()}{which[1:]} shows fits no face.")
        usable = [f for f in reliable if f.quality.width_px >= self._min_face_px]
        if not usable:
            widest = max(f.quality.width_px for f in reliable)
            raise FaceTooSmall(
                f"{which}'s largest face is {widest:.0f} pixels wide; "
                f"at least {self._min_face_px:.0f} are needed (SEMBLANT_MIN_FACE_PX).",
                extra={"width_px": round(widest, 1), "min_width_px": self._min_face_px},
            )
        return usable
