"""A thread with an event loop of its own, in which a part of a video is rendered.

The processing of a frame consists of many small steps. Dispatching each to another thread would
cost more than the step itself, and would contend for Python's GIL; executed sequentially in one
thread they have no overhead, while decoder and encoder run in parallel. Network calls are still
dispatched to the event loop that runs them, and other frames continue meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


class EventLoopThreadPool:
    """Runs coroutines in threads of their own."""

    def __init__(self, threads: int) -> None:
        """Take how many may run at the same time; more wait."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="studio")

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return the result of a coroutine run in a thread; cancellation is propagated to it."""
        loop = asyncio.get_running_loop()
        running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = []

        async def begin() -> T:
            task = asyncio.current_task()
            assert task is not None
            running.append((asyncio.get_running_loop(), task))
            return await work()

        context = copy_context()  # with the current span, and the fields of log records
        future = loop.run_in_executor(self._pool, lambda: context.run(asyncio.run, begin()))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            for there, task in running:
                there.call_soon_threadsafe(task.cancel)
            await asyncio.wait([future])
            future.exception()  # retrieved, so that nobody is told of it
            raise

    def close(self) -> None:
        """Let what runs end and stop the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)
