"""Live streams of frames in threads; see the client's `stream`."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from types import TracebackType
from typing import Self, cast

from google.protobuf.message import Message

from semblant._sync.wire import Call, Wire
from semblant.frames import AnyFrame, StreamedFrame
from semblant.rpc.frames import FrameMessages, StreamOrder
from semblant.v1.fusion_pb2 import SwapStreamResponse


class FrameStream:
    """A live stream, for the time of a block."""

    def __init__(self, wire: Wire, order: StreamOrder) -> None:
        """Begin nothing yet."""
        self._wire = wire
        self._messages = FrameMessages(order)
        self._call: Call | None = None

    def swap(self, frames: Iterable[AnyFrame]) -> Generator[StreamedFrame, None]:
        """Yield each frame with the face in it, in their order, as soon as it is done.

        Frames are taken, in another thread, while others are in work: as many as there is room
        for. A stream is for one sequence of frames.

        Args:
            frames: Arrays or bytes, or pairs of a time in microseconds and one of these.

        Raises:
            SemblantError: why the stream ended; errors of single frames come with them.
            ValueError: a frame does not fit the stream, or the stream has been used.
            TypeError: a frame is none.
        """
        if self._call is not None:
            raise ValueError("a stream is for one sequence of frames")
        self._call = self._wire.call("SwapStream", self._sent(frames))
        for answer in self._call:
            yield self._messages.answer(cast(SwapStreamResponse, answer))

    def cancel(self) -> None:
        """End the stream at once; whoever waits for a frame is told."""
        if self._call is not None:
            self._call.cancel()

    def close(self) -> None:
        """End the stream; frames that are still in work are lost."""
        if self._call is not None:
            self._call.close()

    def _sent(self, frames: Iterable[AnyFrame]) -> Generator[Message, None]:
        messages = self._messages
        begun = messages.begins
        if begun:
            yield messages.start()  # the server gets ready while the first frame is waited for
        for frame in frames:
            if not begun:
                yield messages.start(frame)
                begun = True
            yield messages.frame(frame)
        if not begun:
            yield messages.start()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the stream."""
        self.close()
