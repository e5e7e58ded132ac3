"""Calls of gRPC on an event loop, made of those in threads.

gRPC has calls for event loops, too. But they hide why a call with several messages was refused
behind an error of their own ("Internal error from Core"), and loops in different threads disturb
each other.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from semblant._sync.wire import Call, Wire
from semblant.access import Access
from semblant.rpc.methods import Answer

T = TypeVar("T")

Attempt = Callable[[float], Awaitable[T]]
"""A call that may be repeated; it is told the seconds that are left."""
END: Any = object()
"""What follows the last value of a `Pulled`."""
_LAST_S = 2.0
"""Seconds that the thread of a stream that is over is waited for."""


class AsyncWire:
    """A connection to a server."""

    def __init__(self, access: Access) -> None:
        """Open the channel, which connects with the first call."""
        self.threads = Wire(access)
        """The same for threads."""

    async def close(self) -> None:
        """Close the connection."""
        self.threads.close()

    async def unary(self, name: str, request: Message, timeout_s: float) -> Answer:
        """Return the answer to a request.

        Raises:
            SemblantError: what the call reports.
        """
        return await _answer(self.threads.call(name, request, timeout_s))

    async def upload(self, name: str, messages: Iterator[Message], timeout_s: float) -> Answer:
        """Return the answer to several messages.

        Raises:
            SemblantError: what the call reports.
            OSError: a file cannot be read.
        """
        return await _answer(self.threads.call(name, messages, timeout_s))

    async def stream(
        self, name: str, request: Message, timeout_s: float | None = None
    ) -> AsyncGenerator[Message, None]:
        """Yield the answers to a request; raises as `unary`."""
        call = self.threads.call(name, request, timeout_s)
        pulled = Pulled(iter(call))
        try:
            while (message := await pulled.next()) is not END:
                yield message
        finally:
            call.cancel()
            await pulled.end()

    async def collected(
        self, name: str, request: Message, timeout_s: float
    ) -> tuple[list[Message], str]:
        """Return all answers to a request, and its id; raises as `unary`."""
        call = self.threads.call(name, request, timeout_s)
        pulled, messages = Pulled(iter(call)), []
        try:
            while (message := await pulled.next()) is not END:
                messages.append(message)
        finally:
            call.cancel()
            await pulled.end()
        return messages, call.request_id


async def _answer(call: Call) -> Answer:
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(done.set)

    try:
        call.when_done(tell)
        await done.wait()
        return call.answer()
    finally:
        call.close()


class Pulled(Generic[T]):
    """An iterator that is asked for each value in a thread of its own, until it is ended.

    A thread that still waits for a value when it is ended goes when that is there, and keeps no
    process alive.
    """

    def __init__(self, values: Iterator[T]) -> None:
        """Take the iterator; nothing is asked yet."""
        self._values = values
        self._loop = asyncio.get_running_loop()
        self._asked: SimpleQueue[asyncio.Future[Any] | None] = SimpleQueue()
        self._over = asyncio.Event()
        threading.Thread(target=self._work, name="semblant-stream", daemon=True).start()

    async def next(self) -> Any:
        """Return the next value, or `END`; raises as the iterator does."""
        future = self._loop.create_future()
        self._asked.put(future)
        return await future

    async def end(self) -> None:
        """Let the thread end, and wait for it for a moment."""
        self._asked.put(None)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), _LAST_S)

    def _work(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            while (future := self._asked.get()) is not None:
                value, error = None, None
                try:
                    value = next(self._values, END)
                except Exception as raised:
                    error = raised
                self._loop.call_soon_threadsafe(partial(_settle, future, value, error))
            self._loop.call_soon_threadsafe(self._over.set)


def _settle(future: asyncio.Future[Any], value: Any, error: Exception | None) -> None:
    if future.done():  # whoever asked has gone
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
