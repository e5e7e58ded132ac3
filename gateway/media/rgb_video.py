"""Videos: bytes or a file → upright RGB frames, one after the other.

    bytes ──EmptyUpload──▶ container ──NotAVideo, VideoCorrupt──▶
    header ──VideoTooLong, TooManyPixels──▶ frames ──the same; a bad tail is reported by `damaged`

The decoder is given an open file, never a name: it can reach nothing else on this machine.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn, Self

import numpy as np
from av.video.frame import VideoFrame

from gateway.arrays import U8
from gateway.errors import VideoCorrupt, VideoTooLong
from gateway.media.decoding import Clock, good_frames
from gateway.media.opening import OpenVideo, open_video_stream
from gateway.media.side_data import orientation_of


@dataclass(frozen=True, slots=True, eq=False)
class RgbFrame:
    """One frame of a video.

    Attributes:
        index: Its number among the video's frames, from 0.
        time_s: Seconds after the video's beginning, as given by the container; strictly rising.
        rgb: uint8 (H, W, 3), upright as the container's display matrix says.
    """

    index: int
    time_s: Fraction
    rgb: U8


class RgbVideo:
    """A video that is open for reading; only one frame of it is held at a time.

    It may be used and closed by different threads, one at a time as well as against each other.

    Args:
        source: The video, or the path of its file.
        max_pixels: Width × height of a frame beyond which it is refused.
        max_frames: Number of frames beyond which it is refused.
        name: Its name in error messages.

    Raises:
        EmptyUpload, NotAVideo, VideoCorrupt, TooManyPixels, VideoTooLong: by name.
        OSError: if the file cannot be read.
    """

    def __init__(
        self, source: bytes | Path, *, max_pixels: int, max_frames: int, name: str = "The video"
    ) -> None:
        self._name, self._max_frames = name, max_frames
        self._lock = threading.Lock()
        self._file: BinaryIO = (
            io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        )
        self._video: OpenVideo | None = None
        self.damaged = False
        """Whether a part was lost; it is known for certain once all frames were read."""
        try:
            self._video = open_video_stream(self._file, max_pixels=max_pixels, name=name)
            self.damaged = self._video.cut_short
            if self._video.stream.frames > max_frames:
                self._too_long()
        except BaseException:
            self.close()
            raise

    def frames(self, *, every: int = 1, gap_s: Fraction = Fraction(0)) -> Iterator[RgbFrame]:
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
                frame = None if self._video is None else next(decoded, None)
            if frame is None:
                return
            yield frame

    def close(self) -> None:
        """Let go of the video; frames that are requested afterwards do not come."""
        with self._lock:
            if self._video is not None:
                self._video.container.close()
            self._video = None
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

    def _wanted(self, every: int, gap_s: Fraction) -> Iterator[RgbFrame]:
        """Pick frames; only those are brought to RGB."""
        video = self._video
        if video is None:
            return
        due = Fraction(0)
        index = -1
        clock = Clock(video.stream)
        for index, frame in enumerate(good_frames(video.container, video.stream, self._lost)):
            time_s = clock.time_of(frame)
            if index >= self._max_frames:
                self._too_long()
            video.check_pixels(frame.width, frame.height)
            if index % every or time_s < due:
                continue
            due = time_s + gap_s
            upright = orientation_of(frame).upright(_rgb(frame))
            yield RgbFrame(index, time_s, np.ascontiguousarray(upright))
        if index < 0:
            raise VideoCorrupt(f"{self._name} holds no frame that can be decoded.")

    def _lost(self, _: int | None) -> None:
        self.damaged = True

    def _too_long(self) -> NoReturn:
        raise VideoTooLong(
            f"{self._name} has more than {self._max_frames} frames.",
            extra={"max_frames": self._max_frames},
        )


def _rgb(frame: VideoFrame) -> U8:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
