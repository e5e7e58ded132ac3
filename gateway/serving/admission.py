"""Admission control: few requests are worked on, some wait, the rest are refused at once.

    ticket ──Overloaded──▶ upload arrives ──▶ place (waits its turn) ──▶ work

A ticket is taken before anything is read, so an overloaded server reads no uploads for nothing.
A place is taken once the upload is complete, so a slow sender blocks no other request.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from gateway.errors import Overloaded, ShuttingDown

_FIRST_GUESS_S = 0.5
_SMOOTHING = 0.2


class Admission:
    """Counts tickets and hands out places, first come, first served.

    Args:
        concurrency: Requests worked on at the same time.
        queue: Further requests that may be there: uploading, or waiting for a place.
    """

    def __init__(self, concurrency: int, queue: int) -> None:
        self._places = asyncio.Semaphore(concurrency)
        self.concurrency = concurrency
        """Requests worked on at the same time, at most."""
        self._most = concurrency + queue
        self._usual_s = _FIRST_GUESS_S
        self._closed = False
        self.admitted = 0
        """Requests with a ticket."""
        self.running = 0
        """Requests with a place."""

    @property
    def waiting(self) -> int:
        """Requests with a ticket and no place."""
        return self.admitted - self.running

    @contextmanager
    def ticket(self) -> Iterator[None]:
        """Be admitted for the time of the block.

        Raises:
            Overloaded: if as many are there as may be; with advice when to come again.
            ShuttingDown: after `close`.
        """
        if self._closed:
            raise ShuttingDown(retry_after_s=1)
        if self.admitted >= self._most:
            raise Overloaded(retry_after_s=self._until_free_s())
        self.admitted += 1
        try:
            yield
        finally:
            self.admitted -= 1

    @asynccontextmanager
    async def place(self) -> AsyncIterator[float]:
        """Wait for a place and keep it for the time of the block; gives the seconds waited."""
        came = time.monotonic()
        async with self._places:
            began = time.monotonic()
            self.running += 1
            try:
                yield began - came
            finally:
                self.running -= 1
                self._usual_s += _SMOOTHING * (time.monotonic() - began - self._usual_s)

    def close(self) -> None:
        """Admit no further requests; admitted ones may finish."""
        self._closed = True

    def _until_free_s(self) -> int:
        """Estimate the seconds until the admitted requests are done, at least 1."""
        rounds = self.admitted / self.concurrency
        return min(60, max(1, math.ceil(rounds * self._usual_s)))
