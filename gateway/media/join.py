"""Segments of a video → the video: its picture joined as it is, and all that goes along with it.

    segments ──OutputInvalid──▶ packets, on one clock ─┐
    source ──▶ sound, words, chapters, … ──────────────┴─▶ a file of another name ──▶ its place

Packets pass one by one; only the times of frames are held, 8 bytes each. The picture keeps them;
decoding times are given anew for all of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from gateway.errors import EncoderUnavailable
from gateway.media.animation import FOREVER, plays_of, write_gif, write_webp
from gateway.media.companions import Companion, Companions
from gateway.media.encoders import (
    ANIMATED,
    FORMATS,
    ContainerFormat,
    EncoderConfig,
    container_for,
    losses,
    written_format,
)
from gateway.media.opening import OpenVideo, fraction
from gateway.media.parts import JoinedPicture, opened_segment
from gateway.media.probe import Probe
from gateway.media.segment import SegmentWriter
from gateway.media.timecode import later, timecode_of
from gateway.media.video import TimeSpan, VideoSource

# Metadata of the source's container itself.
_NOT_CARRIED: Final = (
    "major_brand",
    "minor_version",
    "compatible_brands",
    "encoder",
    "timecode",  # is the picture's
)
_PRIVATE: Final = ("location", "gps", "xyz", "serial", "accuracy.horizontal")
"""Parts of the names of metadata that say where, and by which device, a video was taken."""
_TAGGED: Final = ("mkv", "webm")
_QUICKTIME: Final = ("mp4", "mov")
TRACKS_LEFT_OUT: Final = "tracks_left_out"
"""Note: the container cannot hold all tracks; `companions` lists which."""
FRAMES_LEFT_OUT: Final = "frames_left_out"
"""Note: frames follow each other faster than the container's clock can resolve."""
_ANIMATIONS: Final = ("gif", "apng", "webp", "avif")
_TRIED: Final = 200
"""Packets beside the picture that a rehearsal writes."""


@dataclass(frozen=True, slots=True)
class JoinReport:
    """The joined video.

    Attributes:
        container: The video's container.
        codec: FFmpeg's name of the picture's.
        pixel_format: FFmpeg's name of the encoded pixel format.
        frames: Their number.
        duration_s: From the first frame to the last one's end.
        companions: The outcome of the source's other streams.
        chapters: Their number.
        notes: Parts of the video that could not be kept; see `losses`, and `tracks_left_out`.
    """

    container: ContainerFormat
    codec: str
    pixel_format: str
    frames: int
    duration_s: Fraction
    companions: tuple[Companion, ...]
    chapters: int
    notes: tuple[str, ...] = ()


def join(
    source: VideoSource,
    segments: Sequence[Path],
    out: Path,
    *,
    probe: Probe,
    wish: EncoderConfig,
    span: TimeSpan | None = None,
    tags: Mapping[str, str] | None = None,
) -> JoinReport:
    """Write a video from its segments and the source's other streams.

    A track that the container cannot hold after all is left out, and reported as dropped: none may
    cost a finished video.

    Args:
        source: Where sound and the like come from.
        segments: In their order.
        out: The file; it is there only when it is complete.
        probe: Properties of the source.
        wish: The same that the segments were encoded by.
        span: The part of the source that they are; None is all of it.
        tags: Text by name, for a container that keeps such tags (Matroska, WebM).

    Raises:
        OutputInvalid: the segments are none of one video, or do not follow each other.
        OSError: if a file cannot be read or written.
    """
    return _with_what_fits(_Order(source, segments, out, probe, wish, span, tags=tags or {}))


def rehearse(
    source: VideoSource, folder: Path, *, probe: Probe, wish: EncoderConfig, threads: int
) -> None:
    """Write a video of one frame, with the beginnings of all tracks, before any work is done.

    Args:
        source: The video.
        folder: Where there is room; nothing is left there.
        probe: Properties of the source, or of its conversion.
        wish: How it is to be encoded.
        threads: Of the encoder; 0 are as many as it likes.

    Raises:
        EncoderUnavailable: the encoder does not work here, or the container cannot hold the video.
    """
    part, out = folder / "rehearsal.part0", folder / "rehearsal"
    span = TimeSpan(Fraction(0), max(probe.timing.last_s, Fraction(1)))
    try:
        with (
            source.read(probe, span) as reader,
            SegmentWriter(part, probe, wish, threads=threads) as writer,
        ):
            for frame in islice(reader, 1):
                writer.write(frame)
            written = writer.close().frames
        if written:
            _with_what_fits(_Order(source, [part], out, probe, wish, span, most=_TRIED))
    except FFmpegError as error:
        if isinstance(error, OSError):
            raise
        container = container_for(wish, probe.container)
        raise EncoderUnavailable(
            f"{container} cannot hold this video as {wish.encoder} encodes it.",
            extra={"encoder": wish.encoder},
        ) from error
    finally:
        part.unlink(missing_ok=True)
        out.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Order:
    """The streams to join, `without` these streams, with at `most` so many packets of others."""

    source: VideoSource
    segments: Sequence[Path]
    out: Path
    probe: Probe
    wish: EncoderConfig
    span: TimeSpan | None
    without: frozenset[int] = frozenset()
    timecode: bool = True
    most: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def _with_what_fits(order: _Order) -> JoinReport:
    """Join with all tracks; if that fails without one of them; at last with the picture alone."""
    others = [one for one in order.probe.others if one.kind != "video"]
    silent = [one.index for one in others if one.kind != "audio"]
    attempts: list[tuple[set[int], bool]] = [(set(), True), *(({n}, True) for n in silent)]
    attempts += [(set(silent), True), (set(), False), ({one.index for one in others}, False)]
    failed: FFmpegError | None = None
    for without, timecode in attempts:
        try:
            return _joined(replace(order, without=frozenset(without), timecode=timecode))
        except FFmpegError as error:
            if isinstance(error, OSError):  # such as a full disk
                raise
            failed = failed or error
    assert failed is not None
    raise failed


def _joined(order: _Order) -> JoinReport:
    source, segments, out = order.source, order.segments, order.out
    probe, wish, span = order.probe, order.wish, order.span
    part = out.with_name(out.name + ".part")
    whole = span is None or span == TimeSpan()
    container = container_for(wish, probe.container)
    if container in ANIMATED:
        return _animated(order, part)
    try:
        with ExitStack() as stack:
            picture = JoinedPicture(segments, probe)
            video = stack.enter_context(source.opened())
            first = stack.enter_context(opened_segment(segments[0]))
            output: OutputContainer = av.open(
                str(part.resolve()),
                "w",
                format=FORMATS[container],
                container_options=_options(container, probe),
            )
            stack.callback(output.close)
            target = _video(output, first, video, container, probe)
            sound = wish.audio == "copy"
            companions = Companions(
                video, output, FORMATS[container], sound=sound, without=order.without
            )
            timing = probe.timing
            begins_s = timing.start_s + picture.first * timing.time_base
            if whole:
                # Packets a little before 0 are the decoder's priming data.
                zero_s = max(min([begins_s, *companions.starts_s()]), Fraction(0))
                part_of = TimeSpan(Fraction(-(2**40)))
            else:
                assert span is not None
                zero_s = timing.start_s + span.start_s
                end_s = None if span.end_s is None else timing.start_s + span.end_s
                part_of = TimeSpan(zero_s, end_s)
            chapters = _chapters(video.container, part_of, zero_s)
            output.set_chapters(chapters)
            _say(output, video, wish)
            if container in _TAGGED:
                output.metadata.update(order.tags)
            timecode = timecode_of(video)
            if timecode is not None and order.timecode:
                begins = Fraction(0) if span is None else span.start_s
                target.metadata["timecode"] = later(timecode, begins, probe.timing.rate)
            frames = picture.packets(target, timing.start_s - zero_s)
            along = islice(companions.packets(zero_s, part_of), order.most)
            both = heapq.merge(frames, along, key=lambda at: at[0])
            for _, packet in both:
                if packet.stream is target:
                    output.mux(packet)
                else:
                    companions.write(packet)
            told = companions.told(begins_s - zero_s)
            report = JoinReport(
                container=container,
                codec=first.streams.video[0].codec_context.codec.canonical_name,
                pixel_format=written_format(probe, wish),
                frames=picture.frames,
                duration_s=picture.duration_s,
                companions=told,
                chapters=len(chapters),
                notes=(*losses(probe, wish), *_left_out(told, wish)),
            )
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return report


def _animated(order: _Order, part: Path) -> JoinReport:
    """Write an animation, which is the picture alone."""
    probe, wish = order.probe, order.wish
    picture = JoinedPicture(order.segments, probe)
    zero = picture.first
    plays = plays_of(order.source.path) if probe.container in _ANIMATIONS else FOREVER
    frames, times_s = picture.shown(zero), picture.times_s(zero)
    try:
        if wish.encoder == "gif":
            count = write_gif(frames, part, size=probe.size, plays=plays)
        else:
            count = write_webp(frames, part, times_s=times_s, plays=plays, quality=wish.quality)
        part.replace(order.out)
    finally:
        part.unlink(missing_ok=True)
    companions = tuple(Companion(s.index, s.kind, s.codec, "dropped") for s in probe.others)
    few = (FRAMES_LEFT_OUT,) if count < picture.frames else ()
    return JoinReport(
        container=container_for(wish, probe.container),
        codec=wish.encoder,
        pixel_format=written_format(probe, wish),
        frames=count,
        duration_s=picture.duration_s,
        companions=companions,
        chapters=0,
        notes=(*losses(probe, wish), *few, *_left_out(companions, wish)),
    )


def _left_out(companions: Sequence[Companion], wish: EncoderConfig) -> tuple[str, ...]:
    """Return a note if tracks were left out without a request to do so."""
    wanted = [c for c in companions if c.kind != "audio" or wish.audio == "copy"]
    return (TRACKS_LEFT_OUT,) if any(c.how == "dropped" for c in wanted) else ()


def _options(container: ContainerFormat, probe: Probe) -> dict[str, str]:
    if container not in _QUICKTIME:
        return {}
    # Edit lists are in ticks of the whole video; they are to be as fine as the picture's.
    scale = min(max(probe.timing.time_base.denominator, 1000), 2**31 - 1)
    # Both have a track for a picture's timecode, which is built from its metadata.
    return {"movflags": "+faststart", "movie_timescale": str(scale), "write_tmcd": "1"}


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
    if context.codec.canonical_name == "vp9" and "alpha_mode" in first.streams.video[0].metadata:
        stream.metadata["alpha_mode"] = "1"
    stream.set_display_matrix(probe.display_matrix)
    for name in ("language", "title", "handler_name"):
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


def _say(output: OutputContainer, video: OpenVideo, wish: EncoderConfig) -> None:
    for name, value in video.container.metadata.items():
        private = wish.location == "drop" and any(part in name.lower() for part in _PRIVATE)
        if name not in _NOT_CARRIED and not private:
            output.metadata[name] = value
