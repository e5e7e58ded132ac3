"""Segments of a video read again: their packets on one clock."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from gateway.errors import OutputInvalid
from gateway.media.animation import AnimationFrame
from gateway.media.opening import fraction, open_container
from gateway.media.probe import Probe
from gateway.media.segment import FIRST_TICK, decoding_ticks

_OF_SEGMENTS: Final = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")


class JoinedPicture:
    """The packets of all segments on one clock: ticks of the source, from its first frame on.

    Args:
        segments: Their files.
        probe: Properties of the source.

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
            with opened_segment(path) as container:
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
            with opened_segment(path) as container:
                for pts, packet in zip(ticks, _packets(container), strict=True):
                    dts = due.popleft()
                    packet.pts, packet.dts, packet.time_base = pts + start, dts + start, base
                    packet.duration = after[pts] - pts
                    packet.stream = target
                    yield (dts + start) * base, packet

    def times_s(self, zero: int) -> list[Fraction]:
        """Return when each frame is shown, and the last one is gone, in seconds after a tick."""
        base = self._timing.time_base
        shown = sorted(tick for ticks in self.ticks for tick in ticks)
        return [*((tick - zero) * base for tick in shown), self._until(zero)]

    def _until(self, zero: int) -> Fraction:
        return (self.last - zero) * self._timing.time_base + self._timing.last_s

    def shown(self, zero: int) -> Iterator[AnimationFrame]:
        """Decode all frames, in their order, with their times in seconds after a tick."""
        times_s = iter(pairwise(self.times_s(zero)))
        for path in self._segments:
            with opened_segment(path) as container:
                for frame in container.decode(video=0):
                    yield AnimationFrame(frame, *next(times_s))

    def _shown(self, container: InputContainer) -> Iterator[int]:
        """Yield when a segment's frames are shown."""
        first = int(_first_tick(container))
        base = fraction(container.streams.video[0].time_base) or self._timing.time_base
        if container.format.name.startswith("matroska"):
            base = self._timing.time_base  # where a tick is called a millisecond
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


def _first_tick(container: InputContainer) -> str:
    """Return when a segment begins; Matroska shouts its names."""
    metadata = container.metadata
    return metadata.get(FIRST_TICK) or metadata.get(FIRST_TICK.upper(), "")


@contextmanager
def opened_segment(path: Path) -> Iterator[InputContainer]:
    """Open a segment for the time of the block.

    Raises:
        OutputInvalid: it is none.
    """
    with path.open("rb") as file:
        try:
            container = open_container(file, _OF_SEGMENTS)
        except FFmpegError as error:
            raise OutputInvalid("A segment cannot be read.") from error
        with container:
            if not container.streams.video or not _first_tick(container):
                raise OutputInvalid("A segment is none.")
            yield container
