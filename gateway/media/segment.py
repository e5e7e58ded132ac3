"""Segments of a video: frames in, a file that can be joined to others without encoding again.

Each begins with a key frame that nothing before it is needed for, and all of one video are encoded
alike. A segment is an MP4, or QuickTime for ProRes: these keep any clock exactly. VP9 with opacity
is Matroska, see `_holder`.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from gateway.errors import EncoderUnavailable
from gateway.media.encoders import EncoderConfig, EncodingPlan, plan
from gateway.media.pixels import FULL, LIMITED, PixelFormat, as_format
from gateway.media.probe import Probe
from gateway.media.video import DecodedFrame

_MOST_DELAY: Final = 16
"""Places by which frames may come too late to be shown in order: references of H.264 (A.3)."""
MILLISECOND: Final = Fraction(1, 1000)
FIRST_TICK: Final = "comment"
"""Metadata key of a segment's first frame time, in ticks of the source."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a video, encoded.

    Attributes:
        path: Of its file; there is none if it has no frames.
        frames: Their number.
    """

    path: Path
    frames: int


class SegmentWriter:
    """Encodes the frames of a segment; to be closed.

    The file has another name until it is complete. If the context ends by an error, or `close` is
    not called, nothing is left of it.

    Args:
        path: Of the file.
        probe: Properties of the frames.
        wish: How they are to be encoded.
        threads: Of the encoder; 0 are as many as it likes.

    Raises:
        EncoderUnavailable: the encoder does not open, here or for such frames.
    """

    def __init__(self, path: Path, probe: Probe, wish: EncoderConfig, *, threads: int = 0) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._plan = plan(probe, wish, threads=threads)
        self._base = probe.timing.time_base
        self._clock = _clock(self._plan)
        self._step = max(1, round(1 / (probe.timing.rate * self._base)))
        self._first: int | None = None
        self._last = -1
        self._frames = 0
        self._due: deque[int] = decoding_ticks(0, self._step, _MOST_DELAY)
        self._file = self._part.open("wb")
        self._container: OutputContainer | None = None
        try:
            self._container = av.open(self._file, "w", **_holder(self._plan))
            self._stream = _stream(self._container, self._plan, probe.size, threads)
        except BaseException:
            self.discard()
            raise

    def write(self, frame: DecodedFrame) -> None:
        """Encode a frame; its time must be later than the last one's.

        Raises:
            EncoderUnavailable: the encoder refuses it.
        """
        assert self._container is not None
        picture = as_format(frame.picture, self._plan.pixel_format)
        tick = round(frame.time_s / self._base)
        if self._first is None:
            self._first = tick
            self._container.metadata[FIRST_TICK] = str(tick)
        # Synthesised timestamps may be finer than the clock.
        self._last = max(tick - self._first, self._last + 1)
        picture.pts, picture.time_base = self._last, self._clock
        self._due.append(self._last)
        # Else the encoder would repeat the source's choice of key frames.
        picture.pict_type = 0
        try:
            packets = self._stream.encode(picture)
        except FFmpegError as error:
            raise _unavailable(self._plan.encoder) from error
        self._mux(packets)
        self._frames += 1

    def close(self) -> Segment:
        """Encode the remaining frames, and give the file its name."""
        assert self._container is not None
        if self._frames:
            self._mux(self._stream.encode())
            self._container.close()
            self._file.close()
            self._container = None
            self._part.replace(self._path)
        self.discard()
        return Segment(self._path, self._frames)

    def discard(self) -> None:
        """Remove an unclosed segment."""
        container, self._container = self._container, None
        # A discarded file need not be complete; on a full disk that cannot be had, either.
        if container is not None:
            with suppress(FFmpegError, OSError):
                container.close()
        with suppress(OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        assert self._container is not None
        for packet in packets:
            # Some encoders reckon with a constant rate, and would have frames shown before that.
            packet.dts = self._due.popleft()
            self._container.mux(packet)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Discard an unclosed segment."""
        self.discard()


def _clock(plan: EncodingPlan) -> Fraction:
    return MILLISECOND if _holder(plan)["format"] == "matroska" else plan.time_base


def _holder(plan: EncodingPlan) -> dict[str, Any]:
    """Return how a segment's container is opened.

    Opacity of VP9 is held by Matroska only. Its clock has milliseconds, so there a tick is called
    one, of any kind.
    """
    if plan.encoder == "libvpx-vp9" and PixelFormat.of(plan.pixel_format).alpha:
        return {"format": "matroska", "options": {"avoid_negative_ts": "disabled"}}
    return {"format": "mov" if plan.encoder == "prores_ks" else "mp4"}


def decoding_ticks(first: int, step: int, delay: int) -> deque[int]:
    """Return when the first frames are decoded, if frames come up to `delay` places too late.

    Every later one is decoded when the one so many places before it is shown.

    Args:
        first: When the first frame is shown, in ticks.
        step: Ticks from one frame to the next, about.
        delay: Number of frames.
    """
    return deque(first - (delay - k) * step for k in range(delay))


def _stream(
    container: OutputContainer, plan: EncodingPlan, size: tuple[int, int], threads: int
) -> VideoStream:
    """Add the picture to a container, and open its encoder."""
    stream: VideoStream = container.add_stream(
        plan.encoder, rate=plan.rate, options=dict(plan.options)
    )
    context = stream.codec_context
    context.height, context.width = size
    context.pix_fmt = plan.pixel_format
    context.time_base = stream.time_base = _clock(plan)
    context.sample_aspect_ratio = plan.aspect
    context.gop_size = plan.gop
    colors = plan.colors
    context.color_range = 0 if colors.full is None else FULL if colors.full else LIMITED
    context.colorspace, context.color_primaries = colors.space, colors.primaries
    context.color_trc = colors.transfer
    if threads and plan.encoder not in ("libx265", "libsvtav1"):  # these have an option for it
        context.thread_count = threads
    try:
        context.open()
    except (FFmpegError, ValueError) as error:
        raise _unavailable(plan.encoder) from error
    return stream


def _unavailable(encoder: str) -> EncoderUnavailable:
    return EncoderUnavailable(
        f"{encoder} does not work on this machine, or not for this size and pixel format.",
        extra={"encoder": encoder},
    )
