"""Films: bytes or a file → upright RGB frames, one after the other.

    bytes ──EmptyUpload──▶ container ──NotAVideo, VideoCorrupt──▶
    header ──VideoTooLong, TooManyPixels──▶ frames ──the same; a bad tail is told by `damaged`

The decoder is given an open file, never a name: it can reach nothing else on this machine.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, NoReturn, Self

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.sidedata.sidedata import Type as SideData
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from gateway.arrays import U8
from gateway.errors import EmptyUpload, NotAVideo, TooManyPixels, VideoCorrupt, VideoTooLong
from gateway.media.containers import HEAD, ends_early, starts_like_a_film

READABLE: Final = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts")
"""FFmpeg's names of the containers that are read; everything else is not even looked into."""
_READABLE_TOLD = "MP4, QuickTime, Matroska, WebM, AVI or MPEG-TS"
_USUAL_RATE = Fraction(25)
# Titles and the like may be in any encoding. PyAV 19 always takes them as they are.
_LENIENT: Final[dict[str, Any]] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a film.

    Attributes:
        index: Its number among the film's frames, from 0.
        time_s: Seconds after the film's beginning, as the container tells; strictly rising.
        rgb: uint8 (H, W, 3), upright as the container's display matrix says.
    """

    index: int
    time_s: Fraction
    rgb: U8


class Video:
    """A film that is open for reading; only one frame of it is held at a time.

    It may be used and closed by different threads, one at a time as well as against each other.

    Args:
        source: The film, or the path of its file.
        max_pixels: Width × height of a frame beyond which it is refused.
        max_frames: Number of frames beyond which it is refused.
        name: What to call it in error messages.

    Raises:
        EmptyUpload, NotAVideo, VideoCorrupt, TooManyPixels, VideoTooLong: by name.
        OSError: if the file cannot be read.
    """

    def __init__(
        self, source: bytes | Path, *, max_pixels: int, max_frames: int, name: str = "The film"
    ) -> None:
        self._name, self._max_pixels, self._max_frames = name, max_pixels, max_frames
        self._lock = threading.Lock()
        self._file: BinaryIO = (
            io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        )
        self._container: InputContainer | None = None
        self.damaged = False
        """Whether a part was lost; it is known for certain once all frames were read."""
        try:
            self._stream = self._open()
        except BaseException:
            self.close()
            raise

    def frames(self, *, every: int = 1, gap_s: Fraction = Fraction(0)) -> Iterator[Frame]:
        """Yield the frames in their order; those in between are decoded, too, and counted.

        Args:
            every: Yield every so manieth frame.
            gap_s: Seconds from one frame to the next one that is yielded, at least.

        Raises:
            VideoCorrupt: there is none.
            VideoTooLong, TooManyPixels: after the frames up to there.
        """
        decoded = self._wanted(every, gap_s)
        while True:
            with self._lock:
                frame = None if self._container is None else next(decoded, None)
            if frame is None:
                return
            yield frame

    def close(self) -> None:
        """Let go of the film; frames that are asked for afterwards do not come."""
        with self._lock:
            if self._container is not None:
                self._container.close()
            self._container = None
            self._file.close()

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

    def _open(self) -> VideoStream:
        head = self._file.read(HEAD)
        if not head:
            raise EmptyUpload(f"{self._name} is empty.")
        self.damaged = ends_early(self._file)
        self._file.seek(0)
        try:
            container: InputContainer = av.open(
                self._file,
                "r",
                container_options={"format_whitelist": ",".join(READABLE)},
                io_open=_reach_nothing,
                **_LENIENT,
            )
        except FFmpegError as error:
            if starts_like_a_film(head):
                raise VideoCorrupt(f"{self._name}'s header is incomplete or corrupt.") from error
            raise NotAVideo(f"{self._name} is not a film in {_READABLE_TOLD}.") from error
        self._container = container
        shown = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not shown:
            raise self._unusable("has no picture, only sound or data")
        stream = shown[0]
        if stream.codec_context is None:
            raise self._unusable("is coded in a way that cannot be read")
        self._check_pixels(stream.width, stream.height)
        if stream.frames > self._max_frames:
            self._too_long()
        return stream

    def _wanted(self, every: int, gap_s: Fraction) -> Iterator[Frame]:
        """Pick frames; only those are brought to RGB."""
        due = Fraction(0)
        for index, (time_s, frame) in enumerate(self._timed()):
            if index >= self._max_frames:
                self._too_long()
            self._check_pixels(frame.width, frame.height)
            if index % every or time_s < due:
                continue
            due = time_s + gap_s
            yield Frame(index, time_s, _upright(_rgb(frame), _display_matrix(frame)))

    def _timed(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Give every frame its time; where the film has none, or turns back, make one up."""
        stream = self._stream
        rate = _fraction(stream.average_rate) or _fraction(stream.guessed_rate) or _USUAL_RATE
        start = stream.start_time
        last: Fraction | None = None
        for frame in self._good():
            if start is None:
                start = frame.pts
            base = _fraction(frame.time_base) or _fraction(stream.time_base)
            time_s = None
            if frame.pts is not None and start is not None and base is not None:
                time_s = (frame.pts - start) * base
            if last is None:
                time_s = max(time_s or Fraction(0), Fraction(0))
            elif time_s is None or time_s <= last:
                time_s = last + 1 / rate
            last = time_s
            yield time_s, frame
        if last is None:
            raise VideoCorrupt(f"{self._name} holds no frame that can be decoded.")

    def _good(self) -> Iterator[VideoFrame]:
        """Decode as far as it goes, and leave out what is broken."""
        assert self._container is not None
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
            except FFmpegError:
                self.damaged = True
                return
            try:
                frames = packet.decode()
            except FFmpegError:
                self.damaged = True
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self.damaged = True
                else:
                    yield frame

    def _unusable(self, what: str) -> NotAVideo | VideoCorrupt:
        """Return the error for a film without frames; of a part of a file nothing more is known."""
        if self.damaged:
            return VideoCorrupt(f"{self._name}'s header is incomplete or corrupt.")
        return NotAVideo(f"{self._name} {what}.")

    def _check_pixels(self, width: int, height: int) -> None:
        if width * height > self._max_pixels:
            raise TooManyPixels(
                f"{self._name}'s frames have {width}×{height} pixels; "
                f"at most {self._max_pixels} are allowed.",
                extra={"width": width, "height": height, "max_pixels": self._max_pixels},
            )

    def _too_long(self) -> NoReturn:
        raise VideoTooLong(
            f"{self._name} has more than {self._max_frames} frames.",
            extra={"max_frames": self._max_frames},
        )


def _reach_nothing(*_: object) -> NoReturn:
    raise PermissionError("a film may not open other files")


def _fraction(value: Any) -> Fraction | None:
    """Return a rational number of PyAV's, whose kind depends on its version; None if it is none."""
    return Fraction(value.numerator, value.denominator) if value else None


def _rgb(frame: VideoFrame) -> U8:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _display_matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """Return a, b, c, d of the frame's display matrix: (x, y) is shown at (ax + cy, bx + dy)."""
    try:
        side_data: Any = frame.side_data
    except ValueError:  # it holds something that this version of PyAV has no name for
        angle = math.radians(-frame.rotation)
        c, s = round(math.cos(angle)), round(math.sin(angle))
        return c, s, -s, c
    raw = side_data.get(SideData.DISPLAYMATRIX)
    if raw is None:
        return 1, 0, 0, 1
    m = np.frombuffer(bytes(raw), np.int32)
    return int(m[0]), int(m[1]), int(m[3]), int(m[4])


def _upright(pixels: U8, matrix: tuple[int, int, int, int]) -> U8:
    """Turn and mirror pixels (H, W, 3) as a display matrix says, to the nearest quarter turn."""
    a, b, c, d = matrix
    across, down = a, d
    if abs(a) + abs(d) < abs(b) + abs(c):
        pixels, across, down = pixels.swapaxes(0, 1), c, b
    turned = pixels[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]
    return np.ascontiguousarray(turned)
