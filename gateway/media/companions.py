"""Streams copied along with a video's picture: audio, subtitles, data, attachments.

Packets are copied bit for bit. Sound that a container cannot hold is encoded anew; what else it
cannot hold is left out, and so are other pictures (covers, second views), as the
faces in them were not changed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import ArgumentError, FFmpegError, InvalidDataError, PatchWelcomeError
from av.packet import Packet
from av.stream import AttachmentStream, Discard, Stream

from gateway.media.opening import OpenVideo, fraction
from gateway.media.video import TimeSpan

How = Literal["copied", "encoded", "dropped"]

# FFmpeg's encoder, and its rate if it takes no other, for sound a container cannot hold as it is.
_SOUND: Final = {"webm": ("libopus", 48000), "mp4": ("aac", None), "mov": ("aac", None)}
# Container metadata that describe the original file, not the video.
_OF_THE_FILE: Final = ("DURATION", "NUMBER_OF_", "BPS", "_STATISTICS_", "encoder", "vendor_id")


@dataclass(frozen=True, slots=True)
class Companion:
    """The outcome of a stream beside the picture.

    Attributes:
        index: Its number in the source.
        kind: audio, subtitle, data, attachment, video.
        codec: FFmpeg's name in the source; None if it has none.
        how: How the stream was handled.
        sha256: Of all bytes of its packets, hexadecimal; None unless it was copied.
        packets: Their number.
        lost: Those that were too broken for the container.
        offset_s: From the picture's first frame to its first packet; None if there is none.
    """

    index: int
    kind: str
    codec: str | None
    how: How
    sha256: str | None = None
    packets: int = 0
    lost: int = 0
    offset_s: Fraction | None = None


@dataclass(slots=True, eq=False)
class _Passage:
    """A stream on its way; `last` and `after` are when its last packet is decoded, and ends."""

    source: Stream
    target: Stream
    how: How
    last: int | None = None
    after: int = 0
    first_s: Fraction | None = None
    packets: int = 0
    lost: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


class Companions:
    """The streams beside the picture, added to an output whose header is not written yet.

    Args:
        video: The source, at its beginning.
        output: Where to.
        form: FFmpeg's name of the output's container.
        sound: Whether sound comes along.
        without: Indices of streams that do not.
    """

    def __init__(
        self,
        video: OpenVideo,
        output: OutputContainer,
        form: str,
        *,
        sound: bool,
        without: Container[int] = (),
    ) -> None:
        self._video, self._output = video, output
        self._passages: dict[int, _Passage] = {}
        self._dropped: list[Stream] = []
        self._remade: list[Stream] = []
        for stream in video.container.streams:
            if stream.index == video.stream.index or stream.discard == Discard.all:
                continue  # the picture, or a track of chapters, which are written otherwise
            how = "dropped" if stream.index in without else _how(stream, form, sound=sound)
            if stream.index not in without and _is_timecode(stream):
                # Writers make it of the picture's metadata, as a track or a tag; QuickTime's trips
                # over a copy.
                self._remade.append(stream)
            elif how == "dropped":
                self._dropped.append(stream)
            else:
                target = _added(output, stream, how, form)
                self._passages[stream.index] = _Passage(stream, target, how)

    def starts_s(self) -> list[Fraction]:
        """Return when each of them begins on the source's clock."""
        starts = []
        for passage in self._passages.values():
            base, start = fraction(passage.source.time_base), passage.source.start_time
            if base is not None and start is not None and passage.source.type == "audio":
                starts.append(start * base)
        return starts

    def packets(
        self, zero_s: Fraction, span: TimeSpan
    ) -> Iterator[tuple[Fraction, Packet[Stream]]]:
        """Yield what to write, about in the order of time, each with its decoding time in seconds.

        Args:
            zero_s: The source's time that is 0 in the output.
            span: The part to take, both ends on the source's clock; a packet that is only partly in
                it comes along as a whole.
        """
        wanted = [p.source for p in self._passages.values() if p.source.type != "attachment"]
        if not wanted:
            return
        self._video.stream.discard = Discard.all
        packets = self._video.container.demux(wanted)
        while True:
            try:
                packet = next(packets, None)
            except FFmpegError:  # the intact part was copied; the picture's notes report the damage
                packet = None
            if packet is None:
                break
            passage = self._passages[packet.stream.index]
            if passage.how == "encoded":
                yield from self._encoded(passage, packet, zero_s, span)
            elif not _is_gap(passage, packet):
                yield from _moved(passage, packet, zero_s, span)
        for passage in self._passages.values():
            if isinstance(passage.target, AudioStream) and passage.how == "encoded":
                yield from _timed(passage.target.encode(None))

    def write(self, packet: Packet[Stream]) -> None:
        """Write one of `packets`; one that is too broken is left out, and counted.

        Raises:
            FFmpegError: it cannot be written for another reason, such as a full disk.
        """
        passage = next(p for p in self._passages.values() if p.target is packet.stream)
        base = fraction(packet.time_base) or Fraction(1, 1000)
        data, begins_s = payload(bytes(packet), passage.source), (packet.pts or 0) * base
        try:
            self._output.mux(packet)
        except (InvalidDataError, PatchWelcomeError, ArgumentError):
            passage.lost += 1
            return
        passage.digest.update(data)
        passage.packets += 1
        if passage.first_s is None:
            passage.first_s = begins_s

    def told(self, first_s: Fraction) -> tuple[Companion, ...]:
        """Return what became of them; the picture's first frame is at `first_s` on the output."""
        there = [
            Companion(
                index=p.source.index,
                kind=p.source.type,
                codec=_codec(p.source),
                how=p.how,
                sha256=p.digest.hexdigest() if p.how == "copied" else None,
                packets=p.packets,
                lost=p.lost,
                offset_s=None if p.first_s is None else p.first_s - first_s,
            )
            for p in self._passages.values()
        ]
        gone = [Companion(s.index, s.type, _codec(s), "dropped") for s in self._dropped]
        anew = [Companion(s.index, s.type, _codec(s), "encoded") for s in self._remade]
        return tuple(sorted((*there, *gone, *anew), key=lambda c: c.index))

    def _encoded(
        self, passage: _Passage, packet: Packet[Stream], zero_s: Fraction, span: TimeSpan
    ) -> Iterator[tuple[Fraction, Packet[Stream]]]:
        assert isinstance(passage.target, AudioStream)
        try:
            frames: list[Any] = packet.decode()
        except FFmpegError:
            return
        for frame in frames:
            base = fraction(frame.time_base)
            if frame.pts is None or base is None:
                continue
            at, length = frame.pts * base, Fraction(frame.samples, frame.sample_rate)
            if at + length <= span.start_s or span.ends_before(at):
                continue
            frame.pts -= round(zero_s / base)
            yield from _timed(passage.target.encode(frame))


def payload(data: bytes, stream: Stream) -> bytes:
    """Return the bytes of a stream's packet as every container holds them.

    AAC of MPEG-TS has a header in each packet (ADTS, ISO/IEC 13818-7, 6.2), which others do not.
    """
    context: Any = stream.codec_context
    if context is None or context.codec.canonical_name != "aac" or context.extradata:
        return data
    if len(data) > 7 and data[0] == 0xFF and data[1] & 0xF0 == 0xF0:
        return data[7 if data[1] & 1 else 9 :]
    return data


def _how(stream: Stream, form: str, *, sound: bool) -> How:
    if stream.type == "video" or (stream.type == "audio" and not sound):
        return "dropped"
    if _fits(stream, form):
        return "copied"
    return "encoded" if isinstance(stream, AudioStream) and _encodes(stream, form) else "dropped"


def _is_timecode(stream: Stream) -> bool:
    """Return whether a stream is a track of timecode (`tmcd`) and nothing else."""
    return stream.type == "data" and "timecode" in stream.metadata


def _fits(stream: Stream, form: str) -> bool:
    """Return whether a container can hold a stream: whether its header can be written."""
    try:
        with av.open(io.BytesIO(), "w", format=form) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (FFmpegError, ValueError):
        return False
    return True


def _encodes(stream: AudioStream, form: str) -> bool:
    """Return whether sound can be decoded, and encoded for a container."""
    context: Any = stream.codec_context
    if context is None or form not in _SOUND:
        return False
    encoder, rate = _SOUND[form]
    trial = av.CodecContext.create(encoder, "w")
    assert isinstance(trial, AudioCodecContext)
    trial.sample_rate, trial.layout = rate or context.sample_rate, context.layout
    trial.format = "fltp" if encoder == "aac" else "s16"
    try:
        trial.open()
    except (FFmpegError, ValueError):
        return False
    return True


def _added(output: OutputContainer, stream: Stream, how: How, form: str) -> Stream:
    if how == "copied":
        target = output.add_stream_from_template(stream, opaque=True)
    else:
        assert isinstance(stream, AudioStream)
        encoder, rate = _SOUND[form]
        target = output.add_stream(encoder, rate=rate or stream.codec_context.sample_rate)
        assert isinstance(target, AudioStream)
        target.codec_context.layout = stream.codec_context.layout
    for name, value in stream.metadata.items():
        if not name.startswith(_OF_THE_FILE) and not isinstance(stream, AttachmentStream):
            target.metadata[name] = value
    target.disposition = stream.disposition
    return target


def _moved(
    passage: _Passage, packet: Packet[Stream], zero_s: Fraction, span: TimeSpan
) -> Iterator[tuple[Fraction, Packet[Stream]]]:
    """Put a packet on the output's clock, if it is in the part."""
    base = fraction(packet.time_base) or Fraction(1, 1000)
    pts = packet.dts if packet.pts is None else packet.pts
    if pts is None:
        return
    length = packet.duration or 0
    if (pts + max(length, 1)) * base <= span.start_s or span.ends_before(pts * base):
        return
    start = round(zero_s / base)
    dts = (pts if packet.dts is None else packet.dts) - start
    pts -= start
    if passage.source.type == "subtitle" and pts < 0:  # it was to be seen before the part began
        packet.duration = length + pts
        pts = dts = 0
    if passage.last is not None and dts <= passage.last:  # as the picture's clock has it
        pts, dts = pts - dts + passage.after, passage.after
    pts = max(pts, dts)
    packet.pts, packet.dts, packet.time_base = pts, dts, base
    packet.stream = passage.target
    passage.last, passage.after = dts, dts + max(length, 1)
    yield dts * base, packet


def _is_gap(passage: _Passage, packet: Packet[Stream]) -> bool:
    """Return whether a packet holds nothing: the end, or a pause between words in MP4.

    Where there is such a pause, MP4's writer puts it by itself.
    """
    return not packet.size or (_codec(passage.source) == "mov_text" and bytes(packet) == b"\0\0")


def _timed(packets: list[Packet[Any]]) -> Iterator[tuple[Fraction, Packet[Stream]]]:
    for packet in packets:
        yield (packet.dts or 0) * (fraction(packet.time_base) or Fraction(1, 1000)), packet


def _codec(stream: Stream) -> str | None:
    context: Any = stream.codec_context
    return None if context is None else str(context.codec.canonical_name)
