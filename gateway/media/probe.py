"""Properties of a video, from its container, its first good frame and a walk over its packets."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, Literal

from av.stream import Stream
from av.video.frame import VideoFrame

from gateway.errors import VideoCorrupt
from gateway.imaging.color.tone_mapping import USUAL_PEAK
from gateway.imaging.geometry.orientation import Orientation
from gateway.imaging.video.planes import Coding
from gateway.media.decoding import good_frames, good_packets, rate_of
from gateway.media.opening import OpenVideo, fraction
from gateway.media.pixels import Colors, PixelFormat, colors_of, is_planar
from gateway.media.side_data import (
    ContentLight,
    Mastering,
    Matrix9,
    content_light_of,
    display_matrix_of,
    mastering_of,
)

Container = Literal[
    "mp4",
    "mov",
    "mkv",
    "webm",
    "avi",
    "mpegts",
    "mpegps",
    "asf",
    "flv",
    "mxf",
    "gif",
    "apng",
    "webp",
    "avif",
]
_PAINTED: Final = ("gif", "apng")
"""Formats whose frames are drawn over each other from the first one on, despite packet flags."""
_KINDS: Final[dict[str, Container]] = {
    "avi": "avi",
    "mpegts": "mpegts",
    "mpeg": "mpegps",
    "asf": "asf",
    "flv": "flv",
    "mxf": "mxf",
    "gif": "gif",
    "apng": "apng",
}


@dataclass(frozen=True, slots=True)
class OtherStream:
    """A stream beside the picture.

    Attributes:
        index: Its number in the container.
        kind: audio, subtitle, data, attachment, video (a cover or a second picture) or unknown.
        codec: FFmpeg's name; None if it has none.
        language: As given by the container; None if absent.
    """

    index: int
    kind: str
    codec: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Timing:
    """When a video's frames are shown.

    Attributes:
        time_base: Seconds a tick of the container's clock.
        start_s: When the first frame is shown on that clock; all other times count from there.
        duration_s: From the first frame to the last one's end.
        last_s: Seconds that the last frame lasts.
        rate: Frames a second, on average.
        frames: Packets that hold one, whether or not it can be decoded.
        key_times_s: Of the frames that decoding can begin at, rising.
        regular: Whether every packet has its own timestamp, and none decreases. If not, times
            are synthesised from the beginning on, and no part can be read without those before it.
    """

    time_base: Fraction
    start_s: Fraction
    duration_s: Fraction
    last_s: Fraction
    rate: Fraction
    frames: int
    key_times_s: tuple[Fraction, ...]
    regular: bool

    def key_before(self, time_s: Fraction, more: int = 0) -> Fraction:
        """Return the last key time that is not after a time, or `more` before that one; or 0."""
        at = bisect.bisect_right(self.key_times_s, time_s) - 1 - more
        return self.key_times_s[at] if at >= 0 else Fraction(0)


@dataclass(frozen=True, slots=True)
class HighRange:
    """Properties of a video before its high dynamic range was mapped to a standard one.

    Attributes:
        pixel_format: FFmpeg's name, as it is decoded.
        colors: Its tags.
        peak: cd/m², the most there is in it.
    """

    pixel_format: str
    colors: Colors
    peak: float


@dataclass(frozen=True, slots=True)
class Probe:
    """Properties of a video, or of its frames after conversion for processing.

    Attributes:
        container: Its kind.
        codec: FFmpeg's name of the picture's.
        size: (height, width) as stored.
        display_matrix: How it is to be turned; None if not at all.
        sample_aspect: Width of a stored pixel over its height.
        pixel_format: FFmpeg's name, as it is decoded.
        colors: Its tags.
        mastering: The display it was mastered on, if given.
        light: Its content light level, if given.
        interlaced: Whether frames are two fields.
        timing: When frames are shown.
        others: All other streams.
        chapters: Their number.
        metadata: Title and the like.
        damaged: Whether the file is shorter than it says, or its packets end in an error.
        mapped: The properties its frames are mapped from; None if decoded frames are used as they
            are.
    """

    container: Container
    codec: str
    size: tuple[int, int]
    display_matrix: Matrix9 | None
    sample_aspect: Fraction
    pixel_format: str
    colors: Colors
    mastering: Mastering | None
    light: ContentLight | None
    interlaced: bool
    timing: Timing
    others: tuple[OtherStream, ...]
    chapters: int
    metadata: Mapping[str, str]
    damaged: bool
    mapped: HighRange | None = None

    def tone_mapped(self) -> Probe:
        """Return the probe after mapping a high dynamic range to BT.709 with 8 bits."""
        planar = self.planar
        if self.colors.hdr == "none" or planar.kind != "yuv":
            return self
        peak = USUAL_PEAK
        if self.light is not None and self.light.brightest:
            peak = float(self.light.brightest)
        elif self.mastering is not None and self.mastering.luminance is not None:
            peak = float(self.mastering.luminance[1])
        return replace(
            self,
            pixel_format=replace(planar, depth=8, alpha=False).name,
            colors=Colors(full=False, space=1, primaries=1, transfer=1),
            mastering=None,
            light=None,
            mapped=HighRange(self.pixel_format, self.colors, peak),
        )

    @property
    def decoded(self) -> tuple[str, Colors]:
        """The pixel format and the colours of the decoded frames."""
        if self.mapped is not None:
            return self.mapped.pixel_format, self.mapped.colors
        return self.pixel_format, self.colors

    @property
    def orientation(self) -> Orientation:
        """The transform that makes a frame upright."""
        m = self.display_matrix
        return Orientation() if m is None else Orientation.of_matrix(m[0], m[1], m[3], m[4])

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), upright."""
        return self.orientation.shape(self.size)

    @property
    def planar(self) -> PixelFormat:
        """The format that frames are worked on in."""
        return PixelFormat.of(self.pixel_format)

    @property
    def reformatted(self) -> bool:
        """Whether each frame is brought to that format first, as it has no such planes."""
        return not is_planar(self.decoded[0])

    @property
    def coding(self) -> Coding:
        """The interpretation of the samples in the planes."""
        return self.planar.coding(self.colors, self.size[0])


def first_frame(video: OpenVideo) -> VideoFrame:
    """Decode up to the first good frame of a video that is at its beginning.

    Raises:
        VideoCorrupt: there is none.
        TooManyPixels: it is larger than the header says.
    """
    frame = next(good_frames(video.container, video.stream, lambda _: None), None)
    if frame is None:
        raise VideoCorrupt(f"{video.name} holds no frame that can be decoded.")
    video.check_pixels(frame.width, frame.height)
    return frame


def walk(video: OpenVideo) -> tuple[Timing, bool]:
    """Walk over all packets of a video that is at its beginning; decode none.

    Returns:
        When its frames are shown, and whether the packets end without an error.
    """
    stream = video.stream
    step = 1 / rate_of(stream)
    base = fraction(stream.time_base) or step
    failed: list[int | None] = []
    ticks: dict[int, int] = {}  # pts → duration
    keys: list[int] = []
    frames, regular, decoded = 0, True, None
    for packet in good_packets(video.container, stream, failed.append):
        if not packet.size or packet.is_discard:  # the end, or before where an edit list begins
            continue
        frames += 1
        if packet.dts is not None:  # which turns back where recordings were put together
            regular = regular and (decoded is None or packet.dts >= decoded)
            decoded = packet.dts
        if packet.pts is None or packet.pts in ticks:
            regular = False
            continue
        ticks[packet.pts] = packet.duration or 0
        if packet.is_keyframe:
            keys.append(packet.pts)
    start = stream.start_time if stream.start_time is not None else min(ticks, default=0)
    regular = regular and min(ticks, default=start) >= start
    last = max(ticks, default=start)
    last_s = ticks.get(last, 0) * base or step
    shown_s = (last - start) * base if regular else (frames - 1) * step
    regular = regular and video.container.format.name not in _PAINTED
    timing = Timing(
        time_base=base,
        start_s=start * base,
        duration_s=shown_s + last_s,
        last_s=last_s,
        rate=1 / step,
        frames=frames,
        key_times_s=tuple((k - start) * base for k in sorted(keys)) if regular else (),
        regular=regular,
    )
    return timing, not failed


def described(video: OpenVideo, frame: VideoFrame, timing: Timing, *, webm: bool) -> Probe:
    """Assemble the properties of a video."""
    container, stream = video.container, video.stream
    aspect = fraction(stream.sample_aspect_ratio)
    return Probe(
        container=_kind(video, webm=webm),
        codec=stream.codec_context.codec.canonical_name,
        size=(frame.height, frame.width),
        display_matrix=display_matrix_of(frame),
        sample_aspect=aspect if aspect and aspect > 0 else Fraction(1),
        pixel_format=frame.format.name,
        colors=colors_of(frame),
        mastering=mastering_of(frame),
        light=content_light_of(frame),
        interlaced=frame.interlaced_frame,
        timing=timing,
        others=tuple(_other(s) for s in container.streams if s.index != stream.index),
        chapters=len(container.chapters()),
        metadata=dict(container.metadata),
        damaged=video.cut_short,
    )


def _kind(video: OpenVideo, *, webm: bool) -> Container:
    container, name = video.container, video.container.format.name
    if video.animation is not None:
        return "webp" if video.animation == "webp" else "avif"
    if name.startswith("matroska"):
        return "webm" if webm else "mkv"
    if name.startswith("mov"):
        return "mov" if container.metadata.get("major_brand", "").strip() == "qt" else "mp4"
    return _KINDS[name]


def _other(stream: Stream) -> OtherStream:
    context: Any = stream.codec_context  # None where no decoder exists, despite the type annotation
    codec = None if context is None else context.codec.canonical_name
    return OtherStream(stream.index, stream.type, codec, stream.language)
