"""Live streams: how they begin, frames as messages, and answers as frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic_ns
from typing import Any

from semblant.calls import File, Options, read, several
from semblant.frames import AnyFrame, StreamedFrame
from semblant.rpc.failures import frame_failure
from semblant.rpc.messages import options_message
from semblant.v1.fusion_pb2 import (
    Drop,
    PixelFormat,
    StreamFrame,
    StreamStart,
    SwapStreamRequest,
    SwapStreamResponse,
)
from semblant.v1.options_pb2 import SwapOptions

_FORMATS = {
    "rgb24": PixelFormat.PIXEL_FORMAT_RGB24,
    "i420": PixelFormat.PIXEL_FORMAT_I420,
    "nv12": PixelFormat.PIXEL_FORMAT_NV12,
    "jpeg": PixelFormat.PIXEL_FORMAT_JPEG,
}
_DROPS = {"block": Drop.DROP_BLOCK, "oldest": Drop.DROP_OLDEST}


@dataclass(frozen=True, slots=True)
class StreamOrder:
    """How a stream begins.

    Attributes:
        start: Its first message; width and height are 0 until they are known.
        format: Of its frames.
    """

    start: StreamStart = field(repr=False)
    format: str

    @classmethod
    def of(
        cls,
        sources: File | Sequence[File],
        *,
        identity: str | None,
        reference: File | Sequence[File],
        options: Options | None,
        format: str,
        size: tuple[int, int],
        drop: str,
        window: int,
        jpeg_quality: int,
    ) -> StreamOrder:
        """Return an order; arguments and errors are those of the client's `stream`."""
        if format not in _FORMATS:
            raise ValueError(f"{format!r} is no format: {', '.join(_FORMATS)} are")
        if drop not in _DROPS:
            raise ValueError(f"{drop!r} is neither {' nor '.join(_DROPS)}")
        width, height = size
        start = StreamStart(
            sources=[read(file) for file in several(sources)],
            source_id=identity,
            references=[read(file) for file in several(reference)],
            options=options_message(SwapOptions, options),
            format=_FORMATS[format],
            width=width,
            height=height,
            drop=_DROPS[drop],
            window=window,
            jpeg_quality=jpeg_quality,
        )
        return cls(start, format)


class FrameMessages:
    """The messages of one stream: what is sent of frames, and what comes back of them.

    One thread may send while another one receives.
    """

    def __init__(self, order: StreamOrder) -> None:
        """Take how the stream begins."""
        self._format = order.format
        self._start = StreamStart()
        self._start.CopyFrom(order.start)
        self._sent: deque[tuple[int, ...] | None] = deque()
        """Shapes of the arrays whose answers are awaited; None for bytes."""
        self._last_us = -1

    @property
    def begins(self) -> bool:
        """Whether the start can be sent before the first frame is there."""
        return self._format == "jpeg" or bool(self._start.width and self._start.height)

    def start(self, first: AnyFrame | None = None) -> SwapStreamRequest:
        """Return the first message; the size is found out from the first frame where it is asked.

        Raises:
            ValueError: the size is not known.
        """
        if not self.begins:
            shape = None if first is None else _shape(_untimed(first)[1])
            if shape is None:
                raise ValueError("frames that are no arrays need a `width` and a `height`")
            self._start.height, self._start.width = self._size(shape)
        return SwapStreamRequest(start=self._start)

    def frame(self, frame: AnyFrame) -> SwapStreamRequest:
        """Return a frame's message.

        Raises:
            ValueError: an array is not of the stream's shape and type.
            TypeError: it is neither bytes nor an array.
        """
        timestamp_us, data = _untimed(frame)
        if timestamp_us is None:
            timestamp_us = max(monotonic_ns() // 1000, self._last_us + 1)
        self._last_us = timestamp_us
        shape = _shape(data)
        if shape is not None:
            size = (self._start.height, self._start.width)
            if self._format == "jpeg" or self._size(shape) != size:
                raise ValueError(f"an array of shape {shape} is no {self._format} frame of {size}")
            data = memoryview(data).tobytes()
        elif not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"{type(data).__name__} is no frame: bytes and arrays are")
        self._sent.append(shape)
        return SwapStreamRequest(frame=StreamFrame(timestamp_us=timestamp_us, data=bytes(data)))

    def answer(self, answer: SwapStreamResponse) -> StreamedFrame:
        """Return what became of the next frame."""
        shape, made = self._sent.popleft(), answer.frame
        failed = answer.WhichOneof("outcome") == "error"
        return StreamedFrame(
            index=answer.index,
            timestamp_us=answer.timestamp_us,
            data=_data(made.data, shape) if answer.HasField("frame") else None,
            faces_found=made.faces_found,
            faces_swapped=made.faces_swapped,
            latency_ms=made.latency_ms,
            timings_ms=dict(made.timings_ms),
            error=frame_failure(answer.error.code, answer.error.detail) if failed else None,
            dropped=answer.HasField("dropped"),
        )

    def _size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return the height and width of a frame from the shape of its array."""
        if self._format == "rgb24" and len(shape) == 3 and shape[2] == 3:
            return shape[0], shape[1]
        if self._format in ("i420", "nv12") and len(shape) == 2 and shape[0] % 3 == 0:
            return shape[0] // 3 * 2, shape[1]
        raise ValueError(f"an array of shape {shape} is no frame of {self._format}")


def _untimed(frame: AnyFrame) -> tuple[int | None, Any]:
    return frame if isinstance(frame, tuple) else (None, frame)


def _shape(data: Any) -> tuple[int, ...] | None:
    """Return the shape of an array; None for all else."""
    told = getattr(data, "__array_interface__", None)
    if told is None:
        return None
    if told["typestr"] != "|u1":
        raise ValueError(f"an array of {told['typestr']} is no frame: uint8 is needed")
    return tuple(told["shape"])


def _data(data: bytes, shape: tuple[int, ...] | None) -> Any:
    if shape is None:
        return data
    import numpy as np  # noqa: PLC0415 - frames of bytes need none

    return np.frombuffer(bytearray(data), np.uint8).reshape(shape)
