"""A video: one face followed through it, with an expression for every frame.

Whose face it is becomes known better with every frame. As soon as it is known well enough, the
expression is the residual of each frame after that one identity, so that nothing of it flickers
into who the person seems to be.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, TypeVar

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.detect import DetectOptions
from gateway.faces.face import Face, FaceWarning
from gateway.faces.morphable.person import Person, alikeness
from gateway.pipeline.timings import Timings

LOST_S = Fraction(1, 2)
"""Seconds without a face after which the next face is a new person."""
ENOUGH_FRAMES = 8
"""Frames from which on a person's identity is surer than that of one frame."""
ALIKE, ALIKE_ELSEWHERE = 0.25, 0.5
"""Least likeness that is still the same person, where the face stayed, and where it jumped.

98 % of a person's own frames reach the first one, 94 % the second; of all other people's a quarter
and 4 %.
"""
TURNED = frozenset((FaceWarning.PROFILE, FaceWarning.STEEP))
"""Half of such a face is a guess: it says little about identity."""

T = TypeVar("T")


class TimedFrame(Protocol):
    """The state of a frame, independent of its origin."""

    @property
    def index(self) -> int:
        """Its number in the video, from 0."""
        ...

    @property
    def time_s(self) -> Fraction:
        """Seconds from the video's beginning."""
        ...

    @property
    def rgb(self) -> U8:
        """uint8 (H, W, 3)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FollowedFace:
    """The face that is followed, in one frame.

    Attributes:
        face: As the frame by itself shows it.
        expression: float32 (K + C,), as far as it is known given the other frames.
    """

    face: Face
    expression: F32


class Follower:
    """Follows one face from frame to frame; keeps the state of the person."""

    def __init__(self) -> None:
        self.person = Person.nobody()
        self._last: Face | None = None
        self._last_s = Fraction(0)

    def follow(
        self, faces: Sequence[Face], time_s: Fraction, shape: tuple[int, int]
    ) -> FollowedFace | None:
        """Take the next frame; None if it shows no face.

        Args:
            faces: Of the frame, the largest first.
            time_s: Seconds since the video's beginning; later than the frame before.
            shape: Of the frame, (height, width).
        """
        if self._last is not None and time_s - self._last_s > LOST_S:
            self.person, self._last = Person.nobody(), None
        if not faces:
            return None
        face = faces[0] if self._last is None else _nearest(self._last, faces)
        moved = self._last is not None and _jumped(self._last, face)
        self._last, self._last_s = face, time_s
        if FaceWarning.UNRELIABLE in face.warnings:
            return FollowedFace(face, face.expression)
        landmarks, sizes_wh = face.landmarks[None], np.array([[shape[1], shape[0]]], np.float32)
        if TURNED.isdisjoint(face.warnings):
            if likeness(self.person, face) < (ALIKE_ELSEWHERE if moved else ALIKE):
                self.person = Person.nobody()
            self.person = self.person.seen_in(landmarks, sizes_wh, face.fit)
        if self.person.frames < ENOUGH_FRAMES:
            return FollowedFace(face, face.expression)
        return FollowedFace(face, self.person.fit(landmarks, sizes_wh).expression[0])


class ExpressionTracker:
    """Follows faces with the networks behind an analyser."""

    def __init__(self, analyser: FaceAnalyser, compute: Compute) -> None:
        """Take what finds faces, and what runs the array work."""
        self._analyser = analyser
        self._compute = compute

    async def track(
        self,
        frames: Iterable[TimedFrame],
        *,
        deadline: Deadline,
        timings: Timings,
        options: DetectOptions | None = None,
    ) -> AsyncGenerator[tuple[TimedFrame, FollowedFace | None], None]:
        """Yield each frame with the face that is followed; None where there is none.

        The next frame is read while one is looked at; no more are held. Close the iterator if it
        is left early (`contextlib.aclosing`).

        Args:
            frames: Read one by one, in the imaging threads.
            deadline: When the result is of no use any more.
            timings: Gets the stages' times.
            options: How hard to look for faces.

        Raises:
            InferenceError, DeadlineExceeded: from the networks, and any error raised while reading.
        """
        follower = Follower()
        async with aclosing(ahead(frames, self._compute, timings)) as coming:
            async for frame in coming:
                deadline.check()
                with timings.stage("analyse"):
                    faces = await self._analyser.analyse(
                        frame.rgb, deadline=deadline, options=options
                    )
                with timings.stage("track"):
                    shape = (frame.rgb.shape[0], frame.rgb.shape[1])
                    seen = await self._compute.run(follower.follow, faces, frame.time_s, shape)
                yield frame, seen


async def ahead(items: Iterable[T], compute: Compute, timings: Timings) -> AsyncGenerator[T, None]:
    """Yield items that are computed in the imaging threads, one ahead of the one that is used.

    The time spent waiting for them is the stage `decode`. When this ends, `items` is not used any
    more, however it ends.
    """
    iterator = iter(items)
    coming = asyncio.ensure_future(compute.run(next, iterator, None))
    try:
        while True:
            with timings.stage("decode"):
                item = await asyncio.shield(coming)
            if item is None:
                return
            coming = asyncio.ensure_future(compute.run(next, iterator, None))
            yield item
    finally:
        # A thread cannot be stopped; it is in the middle of one item, and that is not long.
        await asyncio.gather(coming, return_exceptions=True)


def likeness(person: Person, face: Face) -> float:
    """Return how much a face's identity is like the person's: the cosine of both, -1 … 1.

    1 for none: the first face becomes the person.
    """
    if not person.frames:
        return 1.0
    return alikeness(person.mean, face.fit.identity[0])


def _nearest(last: Face, faces: Sequence[Face]) -> Face:
    x, y = last.centre_xy
    return min(faces, key=lambda face: np.hypot(face.centre_xy[0] - x, face.centre_xy[1] - y))


def _jumped(last: Face, face: Face) -> bool:
    """Return whether a face is where it cannot have moved to between two frames."""
    width = float(last.box_xyxy[2] - last.box_xyxy[0])
    (x0, y0), (x1, y1) = last.centre_xy, face.centre_xy
    larger = max(face.area, last.area) > 2 * min(face.area, last.area)
    return larger or float(np.hypot(x1 - x0, y1 - y0)) > width / 2
