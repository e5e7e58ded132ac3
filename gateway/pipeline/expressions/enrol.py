"""A library of expressions, from pictures and from a video: a few that differ most."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import FaceNotReliable, NoFaceInSource
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.detect import DetectOptions
from gateway.faces.face import Face, FaceWarning
from gateway.faces.morphable.library import most_diverse
from gateway.pipeline.expressions.track import ExpressionTracker, TimedFrame, ahead
from gateway.pipeline.face.crop import cut_out
from gateway.pipeline.timings import Timings
from gateway.storage.expressions import LibraryEntry

CROP_PX = 384
"""Longest side of a crop."""
ROOM = 2
"""Candidates that are held before the most alike are dropped, in multiples of those wanted."""

Origin = Literal["frame", "video"]
Reason = Literal["no_face", "unreliable", "profile", "steep", "small", "alike"]
UNFIT: dict[FaceWarning, Reason] = {
    FaceWarning.UNRELIABLE: "unreliable",
    FaceWarning.PROFILE: "profile",
    FaceWarning.STEEP: "steep",
}
"""Of such faces the expression is a guess."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A picture, or a video's frame, that gave no entry.

    Attributes:
        origin: Where it comes from.
        index: Its number there.
        reason: Why.
    """

    origin: Origin
    index: int
    reason: Reason


@dataclass(frozen=True, slots=True, eq=False)
class Enrolment:
    """The findings.

    Attributes:
        entries: The expressions, those of pictures first, in their order.
        skipped: Inputs without a result. Frames of a video that others resemble are not reported.
    """

    entries: tuple[LibraryEntry, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    origin: Origin
    index: int
    entry: LibraryEntry


class Enroller:
    """Makes libraries with the networks behind an analyser."""

    def __init__(
        self,
        analyser: FaceAnalyser,
        tracker: ExpressionTracker,
        compute: Compute,
        *,
        min_face_px: float = 20.0,
    ) -> None:
        """Take the parts; `min_face_px` is the width below which a face is not used."""
        self._analyser = analyser
        self._tracker = tracker
        self._compute = compute
        self._min_face_px = min_face_px

    async def enrol(
        self,
        pictures: Iterable[U8],
        video: Iterable[TimedFrame],
        *,
        count: int,
        deadline: Deadline,
        timings: Timings,
    ) -> Enrolment:
        """Find the expressions of one person.

        Args:
            pictures: uint8 (H, W, 3) RGB each, read one by one; of each the largest usable face.
            video: Frames, read one by one; the face that is followed.
            count: Entries at the most; if there are more, those that differ most.
            deadline: When the result is of no use any more.
            timings: Gets the stages' times.

        Raises:
            NoFaceInSource: nothing shows a face.
            FaceNotReliable: none of the faces can be used.
            InferenceError, DeadlineExceeded: from the networks, and any error raised while reading.
        """
        found = _Collection(count)
        await self._from_pictures(found, pictures, deadline, timings)
        await self._from_video(found, video, deadline, timings)
        enrolment = await self._compute.run(found.result)
        if enrolment.entries:
            return enrolment
        if all(skipped.reason == "no_face" for skipped in enrolment.skipped):
            raise NoFaceInSource("None of the frames shows a face.")
        raise FaceNotReliable("None of the frames shows a face that its expression is known of.")

    async def _from_pictures(
        self, found: _Collection, pictures: Iterable[U8], deadline: Deadline, timings: Timings
    ) -> None:
        async with aclosing(ahead(enumerate(pictures), self._compute, timings)) as coming:
            async for index, image in coming:
                with timings.stage("analyse"):
                    faces = await self._analyser.analyse(
                        image, deadline=deadline, options=DetectOptions(precise=True)
                    )
                usable = [face for face in faces if self._unfit(face) is None]
                if not usable:
                    reason = self._unfit(faces[0]) if faces else "no_face"
                    found.skip("frame", index, reason or "unreliable")
                    continue
                entry = await self._compute.run(make_entry, image, usable[0])
                await self._compute.run(found.add, "frame", index, entry)

    async def _from_video(
        self,
        found: _Collection,
        video: Iterable[TimedFrame],
        deadline: Deadline,
        timings: Timings,
    ) -> None:
        tracked = self._tracker.track(video, deadline=deadline, timings=timings)
        async with aclosing(tracked) as frames:
            async for frame, seen in frames:
                reason = "no_face" if seen is None else self._unfit(seen.face)
                if seen is None or reason is not None:
                    found.skip("video", frame.index, reason or "no_face")
                    continue
                entry = await self._compute.run(make_entry, frame.rgb, seen.face)
                entry = replace(entry, expression=seen.expression)
                await self._compute.run(found.add, "video", frame.index, entry)

    def _unfit(self, face: Face) -> Reason | None:
        """Return why a face cannot be used, if it cannot."""
        if face.quality.width_px < self._min_face_px:
            return "small"
        return next((UNFIT[warning] for warning in face.warnings if warning in UNFIT), None)


class _Collection:
    """Candidates, as few as it takes to keep those that differ most."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._candidates: list[_Candidate] = []
        self._skipped: list[Skipped] = []

    def skip(self, origin: Origin, index: int, reason: Reason) -> None:
        """Note what gave no entry."""
        self._skipped.append(Skipped(origin, index, reason))

    def add(self, origin: Origin, index: int, entry: LibraryEntry) -> None:
        """Take a candidate."""
        self._candidates.append(_Candidate(origin, index, entry))
        if len(self._candidates) > ROOM * self._count:
            self._thin_out()

    def result(self) -> Enrolment:
        """Return the data to store."""
        if len(self._candidates) > self._count:
            self._thin_out()
        skipped = sorted(self._skipped, key=lambda s: (s.origin, s.index))
        return Enrolment(tuple(c.entry for c in self._candidates), tuple(skipped))

    def _thin_out(self) -> None:
        expressions = np.stack([c.entry.expression for c in self._candidates])
        kept = set(most_diverse(expressions, self._count))
        for n, candidate in enumerate(self._candidates):
            if n not in kept and candidate.origin == "frame":
                self.skip(candidate.origin, candidate.index, "alike")
        self._candidates = [self._candidates[n] for n in sorted(kept)]


def make_entry(image: U8, face: Face) -> LibraryEntry:
    """Cut a face out of a picture (H, W, 3) and make an entry of it."""
    crop, inside = cut_out(image, face, most_px=CROP_PX)
    return LibraryEntry(face.expression, inside.landmarks, crop, face.reliability)
