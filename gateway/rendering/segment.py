"""One part of a video: read, fused, encoded, all three at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.jobs.work import StepControl
from gateway.media.probe import Probe
from gateway.media.segment import SegmentWriter
from gateway.media.video import DecodedFrame, SpanReader, TimeSpan, VideoSource
from gateway.pipeline.options.video import VideoOutput
from gateway.pipeline.video.context import VideoFusionContext
from gateway.pipeline.video.fuse_video import VideoFuser
from gateway.rendering.plan import LEAD_IN_S, LEAD_OUT_S
from gateway.trust.marking import FilmMarks, Marks

LOOK_FRAMES, MOST_LOOKS, LOOK_PX = 48, 64, 256
"""The content gate sees the first of so many frames and of each shot, so many of a part at most,
each with so many pixels on its longer side."""
WAITING = 2
"""Frames that are rendered and not yet encoded."""


@dataclass(slots=True)
class SegmentTally:
    """Statistics of the processed frames of a part.

    Attributes:
        frames: Number of encoded frames.
        lost: Number of source frames that could not be read.
        changed: Frames in which a face was changed.
        faces: Faces that were changed.
        interpolated: Number of these that no network processed.
        cuts: Number of shot boundaries.
        frame_enhancer: The network that enhanced whole frames; None if none did.
        uncertain: Faces that may be upside down, each counted once.
        looks: uint8 (h, w, 3) RGB each: small pictures of some frames, for the content gate.
    """

    frames: int = 0
    lost: int = 0
    changed: int = 0
    faces: int = 0
    interpolated: int = 0
    cuts: int = 0
    frame_enhancer: str | None = None
    uncertain: int = 0
    looks: list[U8] = field(default_factory=list)

    def facts(self) -> dict[str, int | str | None]:
        """Return it as JSON has it."""
        facts = asdict(replace(self, looks=[]))
        del facts["looks"]
        return facts


class SegmentMaker:
    """Makes parts of videos."""

    def __init__(self, fuser: VideoFuser, coding: Compute, *, threads: int = 0) -> None:
        """Take what fuses, the threads to encode in, and those of the encoder itself."""
        self._fuser = fuser
        self._coding = coding
        self._threads = threads

    async def make(
        self,
        source: VideoSource,
        probe: Probe,
        span: TimeSpan,
        *,
        production: VideoFusionContext,
        output: VideoOutput,
        marks: Marks,
        begins_s: Fraction,
        out: Path,
        control: StepControl,
    ) -> SegmentTally:
        """Make one part and write it to a file.

        Args:
            source: The video.
            probe: Its properties.
            span: The part.
            production: What is done to faces.
            output: How the part is encoded.
            marks: What its frames are marked with.
            begins_s: Where the result begins in the video, in seconds.
            out: The file.
            control: Of the step.

        Raises:
            SemblantError, OSError: from reading, the networks, the encoder or the control.
        """
        since_s = max(span.start_s - LEAD_IN_S, Fraction(0))
        ends_s = None if span.end_s is None else span.end_s + LEAD_OUT_S
        tally = SegmentTally()
        with (
            source.read(probe, span, since_s=since_s, until_s=ends_s) as reader,
            SegmentWriter(out, probe, output, threads=self._threads) as writer,
        ):
            marking = _Marking(marks.film(), begins_s)
            await self._run(reader, writer, production, marking, tally, control)
            tally.frames = (await self._coding.run(writer.close)).frames
            tally.lost = reader.lost
        return tally

    async def _run(
        self,
        reader: SpanReader,
        writer: SegmentWriter,
        production: VideoFusionContext,
        marking: _Marking,
        tally: SegmentTally,
        control: StepControl,
    ) -> None:
        made: asyncio.Queue[tuple[DecodedFrame, bool] | None] = asyncio.Queue(maxsize=WAITING)

        async def encode() -> None:
            while (coming := await made.get()) is not None:
                frame, cut = coming
                with production.timings.stage("mark"):
                    await self._coding.run(marking.mark, frame, cut)
                with production.timings.stage("encode"):
                    await self._coding.run(writer.write, frame)
                control.advance(1)

        async def fuse() -> None:
            frames = _watched(reader, control, remember=marking.needs_before)
            seen = 0
            async with aclosing(self._fuser.fuse(frames, production)) as coming:
                async for picture, report in coming:
                    if picture.lead_in:
                        continue
                    tally.changed += report.changed > 0
                    tally.faces += report.changed
                    tally.interpolated += report.interpolated
                    tally.cuts += report.cut
                    tally.uncertain += report.uncertain
                    tally.frame_enhancer = report.frame_enhancer
                    assert isinstance(picture, DecodedFrame)
                    seen += 1
                    if (report.cut or seen % LOOK_FRAMES == 1) and len(tally.looks) < MOST_LOOKS:
                        tally.looks.append(await self._coding.run(picture.small, LOOK_PX))
                    await made.put((picture, report.cut))
            await made.put(None)

        try:
            async with asyncio.TaskGroup() as together:
                together.create_task(encode())
                together.create_task(fuse())
        except ExceptionGroup as group:
            # The task that cancels the other is the cause; its exception comes first.
            raise group.exceptions[0] from None


@dataclass(frozen=True, slots=True)
class _Marking:
    """Marks the frames of a part, by their times in the result."""

    marks: FilmMarks
    begins_s: Fraction

    @property
    def needs_before(self) -> bool:
        return self.marks.needs_before

    def mark(self, frame: DecodedFrame, cut: bool) -> None:
        self.marks.mark(frame, float(frame.time_s - self.begins_s), cut=cut)


def _watched(reader: SpanReader, control: StepControl, *, remember: bool) -> Iterator[DecodedFrame]:
    """Yield a reader's frames; where the work is to stop, stop."""
    for frame in reader:
        control.check()
        frame.remembers = remember
        yield frame
