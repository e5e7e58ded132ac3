"""A live stream: follow → steady by what was → change each face, frame by frame, nothing ahead.

Frames go through stages that work at the same time, each on one frame, all in their order:

    arrive ──▶ window ──▶ open, follow ──▶ change ──▶ close ──▶ answer
               (dropped here)

Nothing of it knows where frames come from. Memory is bounded: the window holds a few frames, each
stage one, and while nobody takes answers nothing more is read.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import CallPriority, Deadline
from gateway.errors import NoMatchingFace, SemblantError
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.attributes import FaceAttributes
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.face import Face
from gateway.faces.motion import REACH_S, Moving, steadied
from gateway.pipeline.face.change import FaceChanger
from gateway.pipeline.face.expression_plan import LibraryItem
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.live_window import Drop, LiveFrame, LiveOutcome, Window, next_from
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.selection import detection
from gateway.pipeline.selection.assignments import SourceIdentities
from gateway.pipeline.selection.decision import Evidence, View, asks_for_looks, decide
from gateway.pipeline.selection.people import People
from gateway.pipeline.selection.stored import NO_CONSENTS, UsedConsents
from gateway.pipeline.timings import Timings
from gateway.pipeline.video.cast import CastRole, VideoCast
from gateway.pipeline.video.context import FrameReport, VideoFusionContext
from gateway.pipeline.video.face_tracking import TrackedFace
from gateway.pipeline.video.frame import EditableFrame
from gateway.pipeline.video.frames import FrameMaker
from gateway.pipeline.video.tracks import FaceTracker
from gateway.processors.base import Portrait


class LiveFuser:
    """Changes faces in live streams; it keeps no state of them."""

    def __init__(
        self,
        analyser: FaceAnalyser,
        embedder: FaceEmbedder,
        masking: Masking,
        changer: FaceChanger,
        people: People,
        compute: Compute,
        *,
        min_face_px: float,
    ) -> None:
        """Take the parts; see `VideoFuser`."""
        self._analyser = analyser
        self._embedder = embedder
        self._masking = masking
        self._changer = changer
        self._people = people
        self._compute = compute
        self._min_face_px = min_face_px

    async def begin(
        self,
        sources: Sequence[U8],
        references: Sequence[U8],
        players_of: Callable[[Sequence[Portrait]], SourceIdentities],
        options: SwapOptions,
        *,
        library: Sequence[LibraryItem] = (),
        call_s: float = 5.0,
        consents: UsedConsents = NO_CONSENTS,
    ) -> LiveStream:
        """Return a stream, its people and portraits known.

        Args:
            sources: uint8 (H, W, 3) RGB each; portraits.
            references: Likewise; pictures of the people to select.
            players_of: Returns the people whose faces may be used, those of the sources among them.
            options: The requested options.
            library: Entries to match expressions with.
            call_s: Seconds that the processing of one frame may take.
            consents: What covers the use of faces.

        Raises:
            SourceMismatch: a source shows nobody whose consent is claimed.
            NoFaceInSource, FaceTooSmall, FaceNotReliable: of a source or reference.
            InferenceError, DeadlineExceeded: from the networks.
        """
        deadline = Deadline.after(call_s, CallPriority.LIVE)
        portraits = await self._people.portraits(
            sources, deadline=deadline, options=detection.of_sources(options)
        )
        if options.uses_faces:
            await self._people.require_claimed(portraits, consents, deadline=deadline)
        players = players_of(portraits)
        known = await self._people.known(references, players.identities, options, deadline=deadline)
        production = VideoFusionContext(
            VideoCast((), (), options.face_selector.reference_distance),
            players,
            options,
            Timings(),
            library,
            call_s,
            CallPriority.LIVE,
            consents if options.uses_faces else NO_CONSENTS,
        )
        tracker = FaceTracker(
            self._analyser,
            self._compute,
            detection.of_targets(options),
            min_face_px=self._min_face_px,
        )
        return LiveStream(self, production, tracker, known)

    def maker(self, production: VideoFusionContext) -> FrameMaker:
        """Return what changes the frames of one stream."""
        return FrameMaker(self._embedder, self._masking, self._changer, self._compute, production)

    async def cast(
        self,
        production: VideoFusionContext,
        sightings: Sequence[TrackedFace],
        known: Mapping[int, F32],
    ) -> VideoCast | None:
        """Return whose faces are changed, by the first frame that shows them; None: nobody yet.

        Raises:
            InferenceError, DeadlineExceeded: from the networks.
        """
        options, deadline = production.options, production.deadline()
        faces = [s.face for s in sightings]
        if not faces:
            return None
        views = [(s.view.pixels, s.view.inside(s.face)) for s in sightings]
        descriptors = [
            (await self._embedder.embed(pixels, [face], deadline=deadline))[0]
            for pixels, face in views
        ]
        looks: list[FaceAttributes | None] | None = None
        if asks_for_looks(options):
            looks = []
            for pixels, face in views:
                seen = await self._people.looks(pixels, [face], options, deadline=deadline)
                looks += seen or [None]
        evidence = Evidence([View(faces, range(len(faces)))], looks)
        try:
            decision = decide(options, evidence, known)
        except NoMatchingFace:
            return None
        parts = tuple(
            CastRole(
                meant.descriptor if meant.candidate is None else descriptors[meant.candidate],
                meant.entry,
            )
            for meant in decision.meant
        )
        return VideoCast((), parts, options.face_selector.reference_distance)

    @property
    def compute(self) -> Compute:
        """The threads for array work."""
        return self._compute


class LiveStream:
    """Changes the frames of one stream, in their order."""

    def __init__(
        self,
        fuser: LiveFuser,
        production: VideoFusionContext,
        tracker: FaceTracker,
        known: Mapping[int, F32],
    ) -> None:
        """Take the parts; see `LiveFuser.begin`."""
        self._fuser = fuser
        self._production = production
        self._tracker = tracker
        self._known = known
        self._maker: FrameMaker | None = None
        self._recent: deque[tuple[float, dict[int, Moving]]] = deque()

    async def run(
        self,
        arriving: AsyncIterator[LiveFrame],
        close: Callable[[EditableFrame], bytes],
        *,
        window: int,
        drop: Drop,
    ) -> AsyncGenerator[LiveOutcome, None]:
        """Yield the outcome of every frame, in their order. Close it if it is left early.

        A frame that cannot be changed has its error, and the stream goes on.

        Args:
            arriving: The frames.
            close: Returns what is answered of a changed frame; called in a thread.
            window: Frames that wait, at the most.
            drop: What happens to a frame for which there is no room.

        Raises:
            Exception: whatever `arriving` raises.
        """
        waiting = Window(window, drop)
        followed: asyncio.Queue[LiveOutcome | None] = asyncio.Queue(1)
        changed: asyncio.Queue[LiveOutcome | None] = asyncio.Queue(1)
        # A frame that is followed early would only be older when it is changed.
        ahead = asyncio.Semaphore(1)

        async def read() -> None:
            try:
                async for frame in arriving:
                    await waiting.put(frame)
            finally:
                waiting.end()

        async def follow() -> None:
            await ahead.acquire()
            while (frame := await waiting.get()) is not None:
                await self._guarded(frame, self._follow)
                await followed.put(frame)
                await ahead.acquire()
            await followed.put(None)

        async def change() -> None:
            while (frame := await followed.get()) is not None:
                ahead.release()
                await self._guarded(frame, self._change)
                await changed.put(frame)
            await changed.put(None)

        async def closed(frame: LiveOutcome) -> None:
            with frame.timings.stage("encode"):
                assert frame.picture is not None
                frame.data = await self._fuser.compute.run(close, frame.picture)

        tasks = [asyncio.create_task(part(), name="live") for part in (read, follow, change)]
        reading, *working = tasks
        try:
            while (frame := await next_from(changed, working)) is not None:
                await self._guarded(frame, closed)
                yield frame.answered()
            await reading
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    async def _guarded(frame: LiveOutcome, stage: Callable[[LiveOutcome], Awaitable[None]]) -> None:
        """Run a stage on a frame, unless nothing is to be done any more."""
        if frame.dropped or frame.error is not None:
            return
        try:
            await stage(frame)
        except SemblantError as error:
            frame.error = error

    async def _follow(self, frame: LiveOutcome) -> None:
        """Open a frame and find the people in it."""
        assert frame.open is not None
        frame.timings.add("queue", time.monotonic() - frame.arrived)
        with frame.timings.stage("decode"):
            picture = await self._fuser.compute.run(frame.open)
        with frame.timings.stage("track"):
            seen, cut = await self._tracker.step(picture, deadline=self._production.deadline())
        now, faces = float(picture.time_s), {s.track: Moving.of(s.face) for s in seen}
        if cut:
            self._recent.clear()
        self._recent.append((now, faces))
        while self._recent and now - self._recent[0][0] > REACH_S:
            self._recent.popleft()
        frame.picture, frame.sightings = picture, seen
        with frame.timings.stage("steady"):
            recent = list(self._recent)
            frame.faces = await self._fuser.compute.offload(len(seen), _steadied, recent)

    async def _change(self, frame: LiveOutcome) -> None:
        """Change the faces of a frame."""
        picture, seen = frame.picture, frame.sightings
        assert picture is not None
        # The stages' times go to the frame that they are about.
        production = replace(self._production, timings=frame.timings)
        if self._maker is None:
            cast = await self._fuser.cast(production, seen, self._known)
            if cast is None:
                frame.report = FrameReport(len(seen))
                return
            self._production = replace(self._production, cast=cast)
            self._maker = self._fuser.maker(self._production)
        frame.report = await self._maker.change(picture, seen, frame.faces, timings=frame.timings)


def _steadied(recent: Sequence[tuple[float, Mapping[int, Moving]]]) -> dict[int, Face]:
    """Return the last frame's faces as it and those before it say they are."""
    _, last = recent[-1]
    out = {}
    for track in last:
        seen = [(time_s, faces[track]) for time_s, faces in recent if track in faces]
        times, faces = zip(*seen, strict=True)
        out[track] = steadied(faces, times, len(seen) - 1, live=True)
    return out
