"""A video: follow → steady → change each face → write back → enhance, frame by frame.

While one frame's faces are changed the next ones are already followed: a face's motion after a
frame has a say in it, too (`faces/motion.py`), so nothing lags.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from gateway.compute import Compute
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.face import Face
from gateway.faces.motion import REACH_S, Moving, steadied
from gateway.imaging.video.shots import THUMBNAIL, Shot
from gateway.pipeline.enhance_frame import FrameEnhancement
from gateway.pipeline.expressions.track import ahead
from gateway.pipeline.face.change import FaceChanger
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.selection import detection
from gateway.pipeline.video.context import FrameReport, VideoFusionContext
from gateway.pipeline.video.face_tracking import TrackedFace
from gateway.pipeline.video.frame import EditableFrame
from gateway.pipeline.video.frames import FrameMaker
from gateway.pipeline.video.tracks import FaceTracker

MOST_AHEAD = 8
"""Frames before and after one that have a say in it, at the most."""
LATEST_S = float(REACH_S) + 1e-6
"""Seconds before and after a frame within which others have a say."""
WAITING = 2
"""Frames that are followed and not yet wanted."""


@dataclass(slots=True, eq=False)
class _Followed:
    """A frame and the people in it.

    Attributes:
        time_s: Of the frame, in seconds; the exact time is in the picture.
        shot: Number of its shot.
        faces: By their tracks, as the frame by itself shows them.
        picture: The frame; None once it is passed on.
        sightings: The people in it; none once it is passed on.
    """

    time_s: float
    shot: int
    faces: dict[int, Moving]
    picture: EditableFrame | None
    sightings: Sequence[TrackedFace]


class VideoFuser:
    """Fuses faces into videos with the networks behind an analyser."""

    def __init__(
        self,
        analyser: FaceAnalyser,
        embedder: FaceEmbedder,
        masking: Masking,
        changer: FaceChanger,
        compute: Compute,
        *,
        min_face_px: float,
        reading: Compute | None = None,
    ) -> None:
        """Take the parts; see `ImageFuser`. `reading` has the threads that frames are read in."""
        self._reading = reading or compute
        self._analyser = analyser
        self._embedder = embedder
        self._masking = masking
        self._changer = changer
        self._compute = compute
        self._min_face_px = min_face_px

    async def fuse(
        self, pictures: Iterable[EditableFrame], production: VideoFusionContext
    ) -> AsyncGenerator[tuple[EditableFrame, FrameReport], None]:
        """Yield every frame of a part of a video, its faces changed and all of it enhanced.

        Each only if requested: where no face is selected, none are detected. Frames that only lead
        in come out, too, as they were; those that lead out do not. A bounded number of frames is
        held, however long the video is. Close the iterator if it is left early
        (`contextlib.aclosing`).

        Args:
            pictures: The frames in their order; read one by one, in a thread.
            production: The inputs of the video.

        Raises:
            InferenceError, DeadlineExceeded: from the networks, and any error raised while reading.
        """
        enhancement = FrameEnhancement(
            self._masking.networks.frame_enhancer(production.options),
            self._compute,
            production.options,
            production.timings,
        )
        made = self._with_faces if production.cast.parts else self._as_they_are
        async with aclosing(made(pictures, production)) as coming:
            async for picture, report in coming:
                yield picture, await enhancement.frame(picture, report, production.deadline())

    async def _as_they_are(
        self, pictures: Iterable[EditableFrame], production: VideoFusionContext
    ) -> AsyncGenerator[tuple[EditableFrame, FrameReport], None]:
        """Yield every frame, and where shots begin."""
        shot: Shot | None = None
        async with aclosing(ahead(pictures, self._reading, production.timings)) as coming:
            async for picture in coming:
                if picture.lead_out:
                    return
                thumbnail, cut = await self._compute.run(picture.small, THUMBNAIL), False
                if shot is None:
                    shot = Shot.begun(thumbnail)
                else:
                    shot, cut = shot.next(thumbnail)
                yield picture, FrameReport(cut=cut)

    async def _with_faces(
        self, pictures: Iterable[EditableFrame], production: VideoFusionContext
    ) -> AsyncGenerator[tuple[EditableFrame, FrameReport], None]:
        """Yield every frame with its faces changed."""
        maker = FrameMaker(self._embedder, self._masking, self._changer, self._compute, production)
        window: deque[_Followed] = deque()
        at = 0

        async def made() -> tuple[EditableFrame, FrameReport]:
            frame = window[at]
            picture, sightings = frame.picture, frame.sightings
            assert picture is not None
            with production.timings.stage("steady"):
                faces = await self._compute.run(_steadied, window, at)
            report = await maker.change(picture, sightings, faces)
            cut = at > 0 and window[at - 1].shot != frame.shot
            frame.picture, frame.sightings = None, ()
            return picture, replace(report, cut=cut)

        async with aclosing(self._followed(pictures, production)) as coming:
            async for frame in coming:
                window.append(frame)
                while at < len(window) and _ripe(window, at):
                    if _leads_out(window[at]):
                        return
                    yield await made()
                    at += 1
                while at > MOST_AHEAD:
                    window.popleft()
                    at -= 1
        while at < len(window) and not _leads_out(window[at]):
            yield await made()
            at += 1

    async def _followed(
        self, pictures: Iterable[EditableFrame], production: VideoFusionContext
    ) -> AsyncGenerator[_Followed, None]:
        """Yield every frame with the people in it, a few ahead of the one that is used."""
        tracker = FaceTracker(
            self._analyser,
            self._compute,
            detection.of_targets(production.options),
            min_face_px=self._min_face_px,
        )
        queue: asyncio.Queue[_Followed | None] = asyncio.Queue(maxsize=WAITING)

        async def follow() -> None:
            shot = -1
            async with aclosing(ahead(pictures, self._reading, production.timings)) as coming:
                async for picture in coming:
                    with production.timings.stage("track"):
                        seen, cut = await tracker.step(picture, deadline=production.deadline())
                    shot += cut
                    faces = {s.track: Moving.of(s.face) for s in seen}
                    await queue.put(_Followed(float(picture.time_s), shot, faces, picture, seen))

        async def to_the_end() -> None:
            try:
                await follow()
            finally:
                await queue.put(None)

        following = asyncio.create_task(to_the_end(), name="follow-video")
        try:
            while (frame := await queue.get()) is not None:
                yield frame
            await following
        finally:
            following.cancel()
            while not following.done():
                while not queue.empty():
                    queue.get_nowait()
                await asyncio.wait({following}, timeout=0.05)
            if not following.cancelled():
                following.exception()


def _leads_out(frame: _Followed) -> bool:
    """Return whether a frame is only there for those before it."""
    return frame.picture is not None and frame.picture.lead_out


def _ripe(window: Sequence[_Followed], at: int) -> bool:
    """Return whether all is known that has a say in a frame of the window."""
    frame, newest = window[at], window[-1]
    if newest.shot != frame.shot or len(window) - 1 - at >= MOST_AHEAD:
        return True
    return newest.time_s - frame.time_s >= LATEST_S


def _steadied(window: Sequence[_Followed], at: int) -> dict[int, Face]:
    """Return a frame's faces as the frames around it say they are."""
    frame = window[at]
    near = [
        (n, one)
        for n, one in enumerate(window)
        if one.shot == frame.shot and abs(one.time_s - frame.time_s) <= LATEST_S
    ]
    out = {}
    for track in frame.faces:
        with_it = [(n, one) for n, one in near if track in one.faces]
        out[track] = steadied(
            [one.faces[track] for _, one in with_it],
            [one.time_s for _, one in with_it],
            [n for n, _ in with_it].index(at),
        )
    return out
