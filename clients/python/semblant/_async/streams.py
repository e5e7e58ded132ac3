"""Live streams of frames on an event loop; see the client's `stream`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, Self

from semblant._async.wire import END, AsyncWire, Pulled
from semblant._sync.streams import FrameStream
from semblant.frames import AnyFrame, StreamedFrame
from semblant.rpc.frames import StreamOrder


class AsyncFrameStream:
    """A live stream, for the time of a block."""

    def __init__(self, wire: AsyncWire, order: StreamOrder) -> None:
        """Begin nothing yet."""
        self._stream = FrameStream(wire.threads, order)
        self._pulled: Pulled[StreamedFrame] | None = None
        self._asked: _Asked | None = None

    async def swap(
        self, frames: AsyncIterable[AnyFrame] | Iterable[AnyFrame]
    ) -> AsyncGenerator[StreamedFrame, None]:
        """Yield each frame with the face in it, in their order, as soon as it is done.

        Frames are taken while others are in work, as many as there is room for. A stream is for
        one sequence of frames.

        Args:
            frames: Arrays or bytes, or pairs of a time in microseconds and one of these. A plain
                iterable is asked in another thread, so that a camera holds nothing up.

        Raises:
            SemblantError: why the stream ended; errors of single frames come with them.
            ValueError: a frame does not fit the stream, or the stream has been used.
            TypeError: a frame is none.
        """
        if self._pulled is not None:
            raise ValueError("a stream is for one sequence of frames")
        if isinstance(frames, AsyncIterable):
            frames = self._asked = _Asked(aiter(frames))
        self._pulled = Pulled(self._stream.swap(frames))
        try:
            while (frame := await self._pulled.next()) is not END:
                yield frame
        finally:
            await self.close()

    async def close(self) -> None:
        """End the stream; frames that are still in work are lost."""
        self._stream.cancel()
        if self._asked is not None:
            self._asked.end()
        if self._pulled is not None:
            await self._pulled.end()
            await asyncio.to_thread(self._stream.close)  # it may wait for the source for a moment

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the stream."""
        await self.close()


class _Asked:
    """An asynchronous iterator as a thread may ask it, until it is ended."""

    def __init__(self, values: AsyncIterator[Any]) -> None:
        self._values = values
        self._loop = asyncio.get_running_loop()
        self._coming: Future[Any] | None = None
        self._over = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self._coming = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
        if self._over:
            self._coming.cancel()
        try:
            value = self._coming.result()
        except CancelledError:
            raise StopIteration from None
        if value is END:
            raise StopIteration
        return value

    async def _next(self) -> Any:
        return await anext(self._values, END)

    def end(self) -> None:
        """Let no more be asked; a value that is waited for is not waited for any longer."""
        self._over = True
        if self._coming is not None:
            self._coming.cancel()
