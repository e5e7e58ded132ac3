"""Verification of a written video before its release: whether its contents are as expected."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from gateway.errors import OutputInvalid
from gateway.media.animation import frames_of
from gateway.media.companions import Companion, payload
from gateway.media.encoders import ANIMATED
from gateway.media.join import JoinReport
from gateway.media.opening import READABLE, fraction, open_container
from gateway.media.probe import Probe
from gateway.media.side_data import orientation_of

_ANIMATION_MS: Final = 30
"""Milliseconds by which the length of an animation may be off: three of a GIF's ticks."""


@dataclass(slots=True, eq=False)
class _Seen:
    """Statistics of a stream's packets; times are in its ticks."""

    count: int = 0
    first: int | None = None
    last: int | None = None
    decoded: int | None = None
    shown: set[int] = field(default_factory=set)
    rising: bool = True
    digest: Any = field(default_factory=hashlib.sha256)

    def see(self, packet: Packet[Stream], *, hashed: bool) -> None:
        pts = packet.dts if packet.pts is None else packet.pts
        if hashed:
            self.digest.update(payload(bytes(packet), packet.stream))
        elif pts is not None:
            self.rising = self.rising and pts not in self.shown
            self.shown.add(pts)
        self.count += 1
        if packet.dts is not None:
            self.rising = self.rising and (self.decoded is None or packet.dts > self.decoded)
            self.decoded = packet.dts
        if pts is not None:
            self.first = pts if self.first is None else min(self.first, pts)
            self.last = pts if self.last is None else max(self.last, pts)


def verify(path: Path, report: JoinReport, probe: Probe) -> None:
    """Read a video that was joined, and compare it with its input.

    Frames: their number, times that rise strictly, and from the first to the last as long as it was
    requested, up to the container's own clock (1 ms in Matroska). Sound that was copied: all its
    bytes, and where it begins beside the picture. The first frame: that it can be decoded, its size
    and how it is turned.

    Args:
        path: Of the video.
        report: The report of the join.
        probe: Properties of the source.

    Raises:
        OutputInvalid: with the differences found.
        OSError: if it cannot be read.
    """
    if report.container in ANIMATED:
        _check_animation(path, report, probe)
        return
    with path.open("rb") as file:
        try:
            container = open_container(file, READABLE)
        except FFmpegError as error:
            raise OutputInvalid("It cannot be opened.") from error
        with container:
            _check_packets(container, report, probe)
        file.seek(0)
        with open_container(file, READABLE) as container:
            _check_first_frame(container, probe)


def _check_animation(path: Path, report: JoinReport, probe: Probe) -> None:
    try:
        count, size, length_ms = frames_of(path)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise OutputInvalid("It cannot be read to its end.") from error
    # Frames that are equal are one to WebP's encoder.
    if count > report.frames or (report.container == "gif" and count < report.frames):
        raise OutputInvalid(f"It has {count} frames instead of {report.frames}.")
    if size != probe.size:
        raise OutputInvalid("Its frames are not of the source's size.")
    if abs(length_ms - 1000 * report.duration_s) > _ANIMATION_MS:
        raise OutputInvalid("Its frames do not last as long as they should.")


def _check_packets(container: InputContainer, report: JoinReport, probe: Probe) -> None:
    if not container.streams.video:
        raise OutputInvalid("It has no picture.")
    picture = container.streams.video[0]
    seen = {stream.index: _Seen() for stream in (picture, *container.streams.audio)}
    try:
        for packet in container.demux(picture, *container.streams.audio):
            if packet.size:
                seen[packet.stream.index].see(packet, hashed=packet.stream.type == "audio")
    except FFmpegError as error:
        raise OutputInvalid("It cannot be read to its end.") from error
    # Some containers hold tracks without packets, others leave them out.
    wanted = [c for c in report.companions if c.kind == "audio" and c.packets]
    sounds = [stream for stream in container.streams.audio if seen[stream.index].count]
    if len(sounds) != len(wanted):
        raise OutputInvalid(f"It has {len(sounds)} sound tracks instead of {len(wanted)}.")
    frames = seen[picture.index]
    if frames.count != report.frames:
        raise OutputInvalid(f"It has {frames.count} frames instead of {report.frames}.")
    if not frames.rising or frames.first is None or frames.last is None:
        raise OutputInvalid("The times of its frames do not rise.")
    base = _base(picture)
    asked_s = report.duration_s - probe.timing.last_s
    if abs((frames.last - frames.first) * base - asked_s) > base:
        raise OutputInvalid("Its frames do not last as long as they should.")
    for stream, companion in zip(sounds, wanted, strict=True):
        begins_s = frames.first * base
        _check_sound(stream, seen[stream.index], companion, begins_s, base + _base(stream))


def _check_sound(
    stream: Stream, seen: _Seen, wanted: Companion, begins_s: Fraction, near_s: Fraction
) -> None:
    if wanted.sha256 is not None and seen.digest.hexdigest() != wanted.sha256:
        raise OutputInvalid(f"Sound track {wanted.index} is not the source's.")
    if seen.first is not None and wanted.offset_s is not None:
        drift_s = seen.first * _base(stream) - begins_s - wanted.offset_s
        if abs(drift_s) > near_s:
            raise OutputInvalid(
                f"Sound track {wanted.index} is off by {float(drift_s) * 1000:.1f} ms."
            )


def _check_first_frame(container: InputContainer, probe: Probe) -> None:
    try:
        frame = next(iter(container.decode(video=0)), None)
    except FFmpegError as error:
        raise OutputInvalid("Its first frame cannot be decoded.") from error
    if frame is None:
        raise OutputInvalid("It holds no frame that can be decoded.")
    if (frame.height, frame.width) != probe.size or orientation_of(frame) != probe.orientation:
        raise OutputInvalid("Its frames are not of the source's size, or not turned as those are.")


def _base(stream: Stream) -> Fraction:
    return fraction(stream.time_base) or Fraction(1, 1000)
