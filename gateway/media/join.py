"""Segments of a video → the video: its picture joined as it is, and all that goes along with it.

    segments ──OutputInvalid──▶ packets, on one clock ─┐
    source ──▶ sound, words, chapters, … ──────────────┴─▶ a file of another name ──▶ its place

Packets pass one by one; only the times of frames are held, 8 bytes each. The picture keeps them;
decoding times are given anew for all of it.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from gateway.errors import OutputInvalid
from gateway.media.companions import Companion, Companions
from gateway.media.encoders import FORMATS, ContainerFormat, EncoderConfig, container_for
from gateway.media.opening import OpenVideo, fraction, open_container
from gateway.media.probe import Probe
from gateway.media.segment import FIRST_TICK, decoding_ticks
from gateway.media.video import TimeSpan, VideoSource

_OF_SEGMENTS: Final = ("mov,mp4,m4a,3gp,3g2,mj2",)
# What the source's container tells of itself.
_NOT_CARRIED: Final = ("major_brand", "minor_version", "compatible_brands", "encoder")
_QUICKTIME: Final = ("mp4", "mov")


@dataclass(frozen=True, slots=True)
class JoinReport:
    """What was joined.

    Attributes:
        container: What holds the video.
        codec: FFmpeg's name of the picture's.
        pixel_format: FFmpeg's name of what was encoded.
        frames: Their number.
        duration_s: From the first frame to the last one's end.
        companions: What became of the source's other streams.
        chapters: Their number.
    """

    container: ContainerFormat
    codec: str
    pixel_format: str
    frames: int
    duration_s: Fraction
    companions: tuple[Companion, ...]
    chapters: int


def join(
    source: VideoSource,
    segments: Sequence[Path],
    out: Path,
    *,
    probe: Probe,
    wish: EncoderConfig,
    span: TimeSpan | None = None,
) -> JoinReport:
    """Write a video of its segments and of what the source holds beside its picture.

    Args:
        source: Where sound and the like come from.
        segments: In their order.
        out: The file; it is there only when it is complete.
        probe: What the source is.
        wish: The same that the segments were encoded by.
        span: The part of the source that they are; None is all of it.

    Raises:
        OutputInvalid: the segments are none of one video, or do not follow each other.
        OSError: if a file cannot be read or written.
    """
    part = out.with_name(out.name + ".part")
    whole = span is None or span == TimeSpan()
    container = container_for(wish, probe.container)
    try:
        with ExitStack() as stack:
            picture = _Picture(segments, probe)
            video = stack.enter_context(source.opened())
            first = stack.enter_context(_opened(segments[0]))
            output: OutputContainer = av.open(
                str(part.resolve()),
                "w",
                format=FORMATS[container],
                container_options=_options(container, probe),
            )
            stack.callback(output.close)
            target = _video(output, first, video, container, probe)
            sound = wish.audio == "copy"
            companions = Companions(video, output, FORMATS[container], sound=sound)
            timing = probe.timing
            begins_s = timing.start_s + picture.first * timing.time_base
            if whole:
                # What begins a little before 0 is what its decoder needs to begin with.
                zero_s = max(min([begins_s, *companions.starts_s()]), Fraction(0))
                part_of = TimeSpan(Fraction(-(2**40)))
            else:
                assert span is not None
                zero_s = timing.start_s + span.start_s
                end_s = None if span.end_s is None else timing.start_s + span.end_s
                part_of = TimeSpan(zero_s, end_s)
            chapters = _chapters(video.container, part_of, zero_s)
            output.set_chapters(chapters)
            _say(output, video)
            frames = picture.packets(target, timing.start_s - zero_s)
            both = heapq.merge(frames, companions.packets(zero_s, part_of), key=lambda at: at[0])
            for _, packet in both:
                if packet.stream is target:
                    output.mux(packet)
                else:
                    companions.write(packet)
            report = JoinReport(
                container=container,
                codec=first.streams.video[0].codec_context.codec.canonical_name,
                pixel_format=str(first.streams.video[0].codec_context.pix_fmt),
                frames=picture.frames,
                duration_s=picture.duration_s,
                companions=companions.told(begins_s - zero_s),
                chapters=len(chapters),
            )
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return report


class _Picture:
    """The packets of all segments on one clock: ticks of the source, from its first frame on.

    Args:
        segments: Their files.
        probe: What the source is.

    Attributes:
        ticks: Of each segment, when its frames are shown, in the order of decoding.
    """

    def __init__(self, segments: Sequence[Path], probe: Probe) -> None:
        if not segments:
            raise OutputInvalid("There are no segments to be joined.")
        self._segments, self._timing = segments, probe.timing
        self.ticks: list[array[int]] = []
        last, extradata = -1, None
        for number, path in enumerate(segments):
            with _opened(path) as container:
                context = container.streams.video[0].codec_context
                if number and context.extradata != extradata:
                    raise OutputInvalid(f"Segment {number} was not encoded as those before it.")
                extradata = context.extradata
                ticks = array("q", self._shown(container))
            if not ticks or min(ticks) <= last:
                raise OutputInvalid(f"Segment {number} does not follow the one before it.")
            last = max(ticks)
            self.ticks.append(ticks)
        self.first, self.last = min(self.ticks[0]), last

    @property
    def frames(self) -> int:
        """Their number."""
        return sum(len(ticks) for ticks in self.ticks)

    @property
    def duration_s(self) -> Fraction:
        """From the first frame to the last one's end."""
        return (self.last - self.first) * self._timing.time_base + self._timing.last_s

    def packets(
        self, target: VideoStream, start_s: Fraction
    ) -> Iterator[tuple[Fraction, Packet[Stream]]]:
        """Yield all packets, with their decoding times in seconds on the output's clock."""
        base = self._timing.time_base
        start = round(start_s / base)
        step = max(1, round(1 / (self._timing.rate * base)))
        due = decoding_ticks(self.first, step, max(map(_delay, self.ticks)))
        ends = [min(ticks) for ticks in self.ticks[1:]]
        ends.append(self.last + max(round(self._timing.last_s / base), 1))
        for path, ticks, end in zip(self._segments, self.ticks, ends, strict=True):
            shown = sorted(ticks)
            due.extend(shown)
            after = dict(zip(shown, [*shown[1:], end], strict=True))
            with _opened(path) as container:
                for pts, packet in zip(ticks, _packets(container), strict=True):
                    dts = due.popleft()
                    packet.pts, packet.dts, packet.time_base = pts + start, dts + start, base
                    packet.duration = after[pts] - pts
                    packet.stream = target
                    yield (dts + start) * base, packet

    def _shown(self, container: InputContainer) -> Iterator[int]:
        """Yield when a segment's frames are shown."""
        first = int(container.metadata[FIRST_TICK])
        base = fraction(container.streams.video[0].time_base) or self._timing.time_base
        for packet in _packets(container):
            yield first + round((packet.pts or 0) * base / self._timing.time_base)


def _packets(container: InputContainer) -> Iterator[Packet[Any]]:
    for packet in container.demux(container.streams.video[0]):
        if packet.size:
            yield packet


def _delay(ticks: Sequence[int]) -> int:
    """Return how many places frames in decoding order come too late to be shown in order."""
    place = {tick: k for k, tick in enumerate(sorted(ticks))}
    return max(k - place[tick] for k, tick in enumerate(ticks))


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    with path.open("rb") as file:
        try:
            container = open_container(file, _OF_SEGMENTS)
        except FFmpegError as error:
            raise OutputInvalid("A segment cannot be read.") from error
        with container:
            if not container.streams.video or FIRST_TICK not in container.metadata:
                raise OutputInvalid("A segment is none.")
            yield container


def _options(container: ContainerFormat, probe: Probe) -> dict[str, str]:
    if container not in _QUICKTIME:
        return {}
    # Edit lists are in ticks of the whole video; they are to be as fine as the picture's.
    scale = min(max(probe.timing.time_base.denominator, 1000), 2**31 - 1)
    return {"movflags": "+faststart", "movie_timescale": str(scale)}


def _video(
    output: OutputContainer,
    first: InputContainer,
    video: OpenVideo,
    container: ContainerFormat,
    probe: Probe,
) -> VideoStream:
    """Add the picture, as the segments have it, and as the source had it turned."""
    stream = output.add_stream_from_template(first.streams.video[0], opaque=True)
    stream.time_base = probe.timing.time_base
    context = stream.codec_context
    context.framerate = probe.timing.rate
    if context.codec.canonical_name == "hevc" and container in _QUICKTIME:
        context.codec_tag = "hvc1"  # the only one that Apple's players take
    stream.set_display_matrix(probe.display_matrix)
    for name in ("language", "title", "handler_name", "timecode"):
        if name in video.stream.metadata:
            stream.metadata[name] = video.stream.metadata[name]
    return stream


def _chapters(container: InputContainer, span: TimeSpan, zero_s: Fraction) -> list[Any]:
    """Return the source's chapters, cut to a part and moved to the output's clock."""
    kept: list[Any] = []
    for chapter in container.chapters():
        base = fraction(chapter["time_base"]) or Fraction(1, 1000)
        start_s, end_s = chapter["start"] * base, chapter["end"] * base
        if end_s <= span.start_s or span.ends_before(start_s):
            continue
        end_s = end_s if span.end_s is None else min(end_s, span.end_s)
        start = round(max(start_s - zero_s, Fraction(0)) / base)
        kept.append({**chapter, "start": start, "end": round((end_s - zero_s) / base)})
    return kept


def _say(output: OutputContainer, video: OpenVideo) -> None:
    for name, value in video.container.metadata.items():
        if name not in _NOT_CARRIED:
            output.metadata[name] = value
