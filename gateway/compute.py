"""The thread pool for imaging work, so that the event loop never computes."""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LITTLE = 2
"""Crops or faces up to which their arithmetic stays in the loop."""


_M_ARENA_MAX, _ARENAS = -8, 2


def share_heaps() -> None:
    """Let all threads of this process take memory from two heaps, where the C library is glibc.

    It makes more of them the more threads there are, and each keeps room for the largest pictures
    it ever held: a long video would take a third more memory than a short one.

    It cannot be undone: to be called where the process is ours, never where we are a library.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


class Compute:
    """Runs array functions in threads; NumPy, OpenCV and the kernels release the GIL."""

    def __init__(self, threads: int = 0, *, inline: bool = False) -> None:
        """Start with `threads` threads; 0 means one per core.

        With `inline` everything runs in the caller's thread: for a worker that has one core and
        one task at a time, where handing work over only costs.
        """
        self.threads = 1 if inline else threads or os.cpu_count() or 1
        self.on_wait: Callable[[float], None] | None = None
        """Takes the seconds that each piece of work has waited for a thread, in that thread."""
        self._pool = (
            None if inline else ThreadPoolExecutor(self.threads, thread_name_prefix="imaging")
        )

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `function(*args, **kwargs)`, computed in a thread, in a copy of this context."""
        if self._pool is None:
            return function(*args, **kwargs)
        began, waited = time.perf_counter(), self.on_wait

        def work() -> T:
            if waited is not None:
                waited(time.perf_counter() - began)
            return function(*args, **kwargs)

        context = copy_context()  # with the current span, and the fields of log records
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, lambda: context.run(work)
        )

    async def offload(
        self, amount: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Compute large jobs in a thread; small ones cost less than handing them over.

        Args:
            amount: Crops or faces to work on, a third of a millisecond each.
            function: The function to run.
            *args: Its arguments.
            **kwargs: Likewise.
        """
        if amount > LITTLE:
            return await self.run(function, *args, **kwargs)
        return function(*args, **kwargs)

    def close(self) -> None:
        """Let running work end and stop the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
