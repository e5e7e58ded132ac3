"""Segments of a video: frames in, a file that can be joined to others without encoding again.

Each begins with a key frame that nothing before it is needed for, and all of one video are encoded
alike. A segment is an MP4, or QuickTime for ProRes: these keep any clock exactly.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from gateway.errors import EncoderUnavailable
from gateway.media.encoders import EncoderConfig, EncodingPlan, plan
from gateway.media.pixels import FULL, LIMITED, as_format
from gateway.media.probe import Probe
from gateway.media.video import DecodedFrame

_MOST_DELAY: Final = 16
"""Places by which frames may come too late to be shown in order: references of H.264 (A.3)."""
_svt_opens = threading.Lock()
FIRST_TICK: Final = "comment"
"""Under which name a segment's metadata tell its first frame's time, in ticks of the source."""


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
        probe: What the frames are.
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
        self._step = max(1, round(1 / (probe.timing.rate * self._base)))
        self._first: int | None = None
        self._last = -1
        self._frames = 0
        self._due: deque[int] = decoding_ticks(0, self._step, _MOST_DELAY)
        self._file = self._part.open("wb")
        self._container: OutputContainer | None = None
        try:
            form = "mov" if wish.encoder == "prores_ks" else "mp4"
            self._container = av.open(self._file, "w", format=form)
            with _quiet() if wish.encoder == "libsvtav1" else nullcontext():
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
        # Times that were made up may be finer than the clock.
        self._last = max(tick - self._first, self._last + 1)
        picture.pts, picture.time_base = self._last, self._base
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
        """Encode what is left, and give the file its name."""
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
        """Remove what was not closed."""
        container, self._container = self._container, None
        # What is thrown away need not be complete; on a full disk that cannot be had, either.
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
        """Discard what was not closed."""
        self.discard()


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
    context.time_base = stream.time_base = plan.time_base
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


@contextmanager
def _quiet() -> Iterator[None]:
    """Let SVT-AV1 log errors only, while it is opened.

    It reads an environment variable then, and knows no other way; the process may be a caller's.
    """
    with _svt_opens:
        if "SVT_LOG" in os.environ:
            yield
            return
        os.environ["SVT_LOG"] = "1"
        try:
            yield
        finally:
            os.environ.pop("SVT_LOG", None)


def _unavailable(encoder: str) -> EncoderUnavailable:
    return EncoderUnavailable(
        f"{encoder} does not work on this machine, or not for this size and pixel format.",
        extra={"encoder": encoder},
    )
