"""Live streams, each in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from gateway.inference.cross_loop import across
from gateway.pipeline.live import LiveFuser, LiveStream
from gateway.pipeline.live_window import Drop, LiveFrame, LiveOutcome, next_from
from gateway.pipeline.video.frame import EditableFrame
from gateway.rendering.event_loop_threads import EventLoopThreadPool
from gateway.serving.threads import ThreadToolkits


class LiveStreams:
    """Runs live streams beside the service's event loop, as videos are rendered.

    A frame is a hundred small steps. In one thread they take as long as they take; handed over to
    others, three quarters as much again, and every one waits for Python's lock. The service's own
    loop stays free for messages.
    """

    def __init__(self, kits: ThreadToolkits, threads: int) -> None:
        """Take what makes the parts for a thread, and how many streams run at the same time."""
        self._kits = kits
        self._threads = EventLoopThreadPool(threads)

    async def run(
        self,
        begin: Callable[[LiveFuser], Awaitable[LiveStream]],
        arriving: AsyncIterator[LiveFrame],
        close: Callable[[EditableFrame], bytes],
        *,
        window: int,
        drop: Drop,
    ) -> AsyncGenerator[LiveOutcome, None]:
        """Yield the outcome of every frame; for the arguments see `LiveStream.run`.

        Args:
            begin: Begins the stream; called in its thread.
            arriving: The frames; read in this loop.
            close: See there; called in the stream's thread.
            window: See there.
            drop: See there.

        Raises:
            Exception: whatever `begin` or `arriving` raises.
        """
        home = asyncio.get_running_loop()
        answered: asyncio.Queue[LiveOutcome | None] = asyncio.Queue(1)

        async def work() -> None:
            stream = await begin(self._kits.of(home).live_fuser())
            frames = _taken(arriving, home)
            async with aclosing(stream.run(frames, close, window=window, drop=drop)) as outcomes:
                async for outcome in outcomes:
                    await across(answered.put(outcome), home)
            await across(answered.put(None), home)

        working = asyncio.create_task(self._threads.run(work), name="live")
        try:
            while (outcome := await next_from(answered, [working])) is not None:
                yield outcome
            await working
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    def close(self) -> None:
        """Stop the threads; no stream may be running any more."""
        self._threads.close()


async def _taken(
    arriving: AsyncIterator[LiveFrame], home: asyncio.AbstractEventLoop
) -> AsyncGenerator[LiveFrame, None]:
    """Yield frames that arrive in another loop."""

    async def one() -> LiveFrame | None:
        return await anext(arriving, None)

    while (frame := await across(one(), home)) is not None:
        yield frame
