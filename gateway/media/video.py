"""Reading of videos to be re-encoded: their properties, and their frames, part by part.

    path ──▶ `VideoSource.probe` ──▶ `Probe`
                      └──▶ `read` of a span ──▶ `DecodedFrame`s: read, edited in place, written

Nothing is kept open between calls, so parts can be read at the same time. One frame is held at a
time, and as many as the decoder needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from av.error import FFmpegError
from av.video.frame import VideoFrame

from gateway.arrays import U8
from gateway.errors import VideoCorrupt, VideoSizeChanges
from gateway.imaging.color.tone_mapping import ToneCube, tone_cube, tone_map
from gateway.imaging.geometry.orientation import UPRIGHT, Orientation
from gateway.imaging.geometry.warp import Region
from gateway.imaging.video.planes import Coding, Planes, Samples, put_back, rgb_of, small_rgb
from gateway.media.decoding import Clock, good_frames
from gateway.media.opening import OpenVideo, open_video_stream, starts_as_webm
from gateway.media.pixels import PixelFormat, as_format, planes_of
from gateway.media.probe import Probe, described, first_frame, walk

_TRIES: Final = 3
"""Key frames that reading may begin at before it begins at the video's beginning."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A part of a video: frames from `start_s` to before `end_s`, both after its beginning.

    Attributes:
        start_s: Seconds.
        end_s: Seconds; None is the video's end.
    """

    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None

    def holds(self, time_s: Fraction) -> bool:
        """Return whether a time is in it."""
        return self.start_s <= time_s and not self.ends_before(time_s)

    def ends_before(self, time_s: Fraction) -> bool:
        """Return whether it has ended at a time."""
        return self.end_s is not None and time_s >= self.end_s


class DecodedFrame:
    """One frame of a video, in its decoder's planes.

    Args:
        picture: As decoded, of a planar pixel format.
        time_s: Seconds after the video's beginning.
        lead_in: Whether it is only analysed, as it precedes the encoded frames.
        lead_out: Whether it is only looked at, as it comes after that.
        coding: The interpretation of its samples.
        orientation: The transform that makes it upright.

    Attributes:
        remembers: Whether the first plane is kept as it was before anything changed.
    """

    __slots__ = (
        "__weakref__",
        "_before",
        "_coding",
        "_orientation",
        "_ours",
        "_picture",
        "lead_in",
        "lead_out",
        "remembers",
        "shape",
        "time_s",
    )

    def __init__(
        self,
        picture: VideoFrame,
        time_s: Fraction,
        *,
        lead_in: bool,
        lead_out: bool,
        coding: Coding,
        orientation: Orientation,
    ) -> None:
        self._picture, self._coding, self._orientation = picture, coding, orientation
        self._ours, self.remembers = False, False
        self._before: Samples | None = None
        self.time_s, self.lead_in, self.lead_out = time_s, lead_in, lead_out
        self.shape = orientation.shape((picture.height, picture.width))

    @property
    def picture(self) -> VideoFrame:
        """The frame to encode, with all changes applied."""
        return self._picture

    @property
    def before(self) -> Samples | None:
        """The first plane as it was, if that was to be kept and anything has changed."""
        return self._before

    def small(self, longest: int) -> U8:
        """Return the whole frame as upright RGB (h, w, 3), its longer side at most `longest`."""
        return small_rgb(self._planes(), longest)

    def rgb(self, region: Region, reduction: int = 1) -> U8:
        """Return a region as upright RGB (h, w, 3), or the means of squares; see `rgb_of`."""
        return rgb_of(self._planes(), region, reduction)

    def write(self, region: Region, before: U8, after: U8) -> None:
        """Add what two upright pictures (h, w, 3) of a region differ by to the frame."""
        put_back(self.planes(change=True), region, before, after)

    def planes(self, *, change: bool) -> Planes:
        """Return the frame's planes, its own memory: to `change`, or only to be read."""
        if change and not self._ours:
            # The decoder may still need these planes to decode others from them.
            if self.remembers:
                self._before = self._planes().y.copy()
            self._picture.make_writable()
            self._ours = True
        return self._planes()

    def _planes(self) -> Planes:
        return planes_of(self._picture, self._coding, self._orientation)


class _Preparation:
    """Converts decoded frames to the planes described by a probe."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._name, colors = probe.decoded
        self._planar = PixelFormat.of(self._name)
        self._coding = self._planar.coding(colors, probe.size[0])
        self._cube: ToneCube | None = None
        if probe.mapped is not None and colors.hdr != "none":
            self._cube = tone_cube(self._coding, colors.hdr, probe.mapped.peak)

    def done(self, picture: VideoFrame) -> VideoFrame:
        """Return a frame in the probe's planes; the same one, if they are its own."""
        if picture.format.name != self._name or self._probe.reformatted:
            picture = as_format(picture, self._planar.name)
        if self._cube is None:
            return picture
        planar = self._probe.planar
        made = VideoFrame(picture.width, picture.height, planar.name)
        made.pts, made.time_base = picture.pts, picture.time_base
        self._probe.colors.put_on(made)
        high = planes_of(picture, self._coding, UPRIGHT)
        tone_map(high, self._cube, planes_of(made, self._probe.coding, UPRIGHT))
        return made


class SpanReader:
    """Reads a part of a video once; to be closed.

    Attributes:
        lost: Packets and frames of the part that could not be used, so far.

    Args:
        source: Which video.
        probe: Its properties, or, from `Probe.tone_mapped`, those after conversion.
        span: Which part.
        since_s: Where the frames begin that are only looked at; `span.start_s` if there are none.
        until_s: Where those end that are only looked at; `span.end_s` if there are none.
    """

    def __init__(
        self,
        source: VideoSource,
        probe: Probe,
        span: TimeSpan,
        *,
        since_s: Fraction | None = None,
        until_s: Fraction | None = None,
    ) -> None:
        self.lost = 0
        self._source, self._probe, self._span = source, probe, span
        since = span.start_s if since_s is None else min(since_s, span.start_s)
        self._since_s = max(since, Fraction(0))
        self._until = (
            span if until_s is None or span.end_s is None else TimeSpan(span.start_s, until_s)
        )
        self._preparation = _Preparation(probe)
        self._open = ExitStack()
        self._last_s = self._since_s

    def __iter__(self) -> Iterator[DecodedFrame]:
        """Yield the frames in their order, those to be looked at first.

        Raises:
            VideoSizeChanges: a frame is not as large as the first one.
        """
        probe = self._probe
        for time_s, picture in self._begin():
            if self._until.ends_before(time_s):
                return
            self._last_s = time_s
            if time_s < self._since_s:
                continue
            if (picture.height, picture.width) != probe.size:
                raise VideoSizeChanges(
                    f"{self._source.name}'s frames change their size from "
                    f"{probe.size[1]}×{probe.size[0]} to {picture.width}×{picture.height}.",
                    extra={"time_s": float(time_s)},
                )
            yield DecodedFrame(
                self._preparation.done(picture),
                time_s,
                lead_in=time_s < self._span.start_s,
                lead_out=self._span.ends_before(time_s),
                coding=probe.coding,
                orientation=probe.orientation,
            )

    def close(self) -> None:
        """Let go of the video."""
        self._open.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _begin(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Decode from the nearest place from which the first frame that is wanted can be had."""
        timing = self._probe.timing
        for more in range(_TRIES if timing.regular else 0):
            key_s = timing.key_before(self._since_s, more)
            if key_s <= 0:
                break
            frames = self._decoded(key_s)
            first = next(frames, None)
            # Where a container seeks by decoding times, it may have gone too far.
            if first is not None and first[0] <= self._since_s:
                yield first
                yield from frames
                return
            self.lost = 0
        yield from self._decoded(Fraction(0))

    def _decoded(self, key_s: Fraction) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Decode from a key frame, or the beginning, on."""
        self._open.close()
        video = self._open.enter_context(self._source.opened())
        video.stream.codec_context.thread_count = self._source.threads
        video.stream.codec_context.thread_type = "SLICE"
        base, start_s = self._probe.timing.time_base, self._probe.timing.start_s
        if key_s > 0:
            try:
                video.container.seek(int((start_s + key_s) / base), stream=video.stream)
            except FFmpegError:
                return

        def lost(pts: int | None) -> None:
            time_s = self._last_s if pts is None else pts * base - start_s
            self.lost += self._span.holds(time_s)

        clock = Clock(video.stream)
        for frame in good_frames(video.container, video.stream, lost):
            time_s = clock.time_of(frame)
            # Before the key frame come those that need others from before it.
            if time_s >= key_s:
                yield time_s, frame


@dataclass(frozen=True, slots=True)
class VideoSource:
    """A video in a file.

    Attributes:
        path: Of the file.
        max_pixels: Width × height of a frame beyond which it is refused.
        name: Its name in error messages.
        threads: Of the decoder; 0 are as many as there are cores.
    """

    path: Path
    max_pixels: int
    name: str = "The video"
    threads: int = 0

    def probe(self) -> Probe:
        """Return the video's properties; all its packets are read, one frame is decoded.

        Raises:
            EmptyUpload, NotAVideo, VideoCorrupt, TooManyPixels: by name.
            OSError: if the file cannot be read.
        """
        with ExitStack() as stack:
            timing, complete = walk(stack.enter_context(self.opened()))
            if not timing.frames:
                raise VideoCorrupt(f"{self.name} holds no frame that can be decoded.")
            video = stack.enter_context(self.opened())
            with self.path.open("rb") as file:
                webm = starts_as_webm(file)
            probe = described(video, first_frame(video), timing, webm=webm)
            return probe if complete else replace(probe, damaged=True)

    def read(
        self,
        probe: Probe,
        span: TimeSpan,
        *,
        since_s: Fraction | None = None,
        until_s: Fraction | None = None,
    ) -> SpanReader:
        """Return a reader of a part of the video, with its lead-in and lead-out."""
        return SpanReader(self, probe, span, since_s=since_s, until_s=until_s)

    @contextmanager
    def opened(self) -> Iterator[OpenVideo]:
        """Open the video at its beginning, for as long as the context lasts.

        Raises:
            EmptyUpload, NotAVideo, VideoCorrupt, TooManyPixels: by name.
            OSError: if the file cannot be read.
        """
        with self.path.open("rb") as file:
            video = open_video_stream(file, max_pixels=self.max_pixels, name=self.name)
            try:
                yield video
            finally:
                video.container.close()
