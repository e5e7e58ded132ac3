"""Admission control: few requests are worked on, some wait, the rest are refused at once.

    ticket ──Overloaded──▶ upload arrives ──▶ place (waits its turn) ──▶ work

A ticket is taken before anything is read, so an overloaded server reads no uploads for nothing. Who
could not be answered within their time, going by how long requests have taken, gets none. A place
is taken once the upload is complete, so a slow sender blocks no other request.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from gateway.errors import Overloaded, ShuttingDown
from gateway.serving.concurrency import AdaptiveLimit
from gateway.serving.pace import Pace

FILLED = 0.75
"""Share of a request's time that what is expected may fill: it is an estimate, and upload and
answer have to travel."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """That a request is admitted.

    Attributes:
        kind: What is requested: requests of a kind take about as long.
    """

    kind: str


def expected_s(before: int, places: int, usual_s: float, most_s: float) -> float:
    """Return the seconds after which a request is done that others are before.

    Args:
        before: Requests that are worked on, or wait before it.
        places: Requests worked on at the same time.
        usual_s: What those before take, on average.
        most_s: What it takes itself, at the most.
    """
    return max(0.0, (before - places + 1) / places) * usual_s + most_s


class Admission:
    """Counts tickets and hands out places, first come, first served.

    Args:
        concurrency: Requests worked on at the same time, at most.
        queue: Further requests that may be there: uploading, or waiting for a place.
        limit: How many of the former are allowed now; all of them if None.
    """

    def __init__(self, concurrency: int, queue: int, limit: AdaptiveLimit | None = None) -> None:
        self.limit = limit or AdaptiveLimit(concurrency, concurrency, 0)
        """How many requests may be worked on now."""
        self.concurrency = concurrency
        """Requests worked on at the same time, at most."""
        self._queue = queue
        self._pace = Pace()
        self._closed = False
        self._kinds: Counter[str] = Counter()
        self._turns: deque[asyncio.Future[None]] = deque()
        self._promised = 0
        self.admitted = 0
        """Requests with a ticket."""
        self.running = 0
        """Requests with a place."""

    @property
    def waiting(self) -> int:
        """Requests with a ticket and no place."""
        return self.admitted - self.running

    @property
    def pressure(self) -> float:
        """How full the queue of those that wait for a place is, 0–1."""
        return len(self._turns) / self._queue if self._queue else 0.0

    @contextmanager
    def ticket(self, kind: str = "", within_s: float = math.inf) -> Iterator[Ticket]:
        """Be admitted for the time of the block.

        Args:
            kind: What is requested.
            within_s: Seconds within which it has to be done.

        Raises:
            Overloaded: as many are there as may be, or it could not be done in time; with advice
                when to come again.
            ShuttingDown: after `close`.
        """
        if self._closed:
            raise ShuttingDown(retry_after_s=1)
        if self.admitted >= self.concurrency + self._queue:
            raise Overloaded(retry_after_s=self._until_free_s())
        self._require_time(kind, within_s, self.admitted)
        self.admitted += 1
        self._kinds[kind] += 1
        try:
            yield Ticket(kind)
        finally:
            self.admitted -= 1
            self._kinds[kind] -= 1

    @asynccontextmanager
    async def place(
        self, ticket: Ticket | None = None, within_s: float = math.inf
    ) -> AsyncIterator[float]:
        """Wait for a place and keep it for the time of the block; gives the seconds waited.

        Args:
            ticket: That of the request.
            within_s: Seconds within which it has to be done, now that it is complete.

        Raises:
            Overloaded: it could not be done in time.
        """
        kind = ticket.kind if ticket is not None else ""
        self._require_time(kind, within_s, self.running + len(self._turns))
        came = time.monotonic()
        await self._turn()
        began = time.monotonic()
        self.running += 1
        try:
            yield began - came
        finally:
            self.limit.ended(self.running)
            self.running -= 1
            self._pace.took(kind, time.monotonic() - began)
            self._let_in()

    def close(self) -> None:
        """Admit no further requests; admitted ones may finish."""
        self._closed = True

    async def _turn(self) -> None:
        """Wait until a place is free; those that came before go first."""
        if not self._turns and self.running + self._promised < self.limit.now:
            return
        turn = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._turns:
                self._turns.remove(turn)
            elif not turn.cancelled():
                self._promised -= 1
                self._let_in()
            raise
        self._promised -= 1

    def _let_in(self) -> None:
        """Let those in for whom there are places."""
        while self._turns and self.running + self._promised < self.limit.now:
            turn = self._turns.popleft()
            if not turn.done():
                self._promised += 1
                turn.set_result(None)

    def _require_time(self, kind: str, within_s: float, before: int) -> None:
        """Refuse what could not be done in time, so many requests being there before it.

        Raises:
            Overloaded: it could not.
        """
        if before < self.limit.now or not self._pace.knows(kind):
            return  # it would begin at once, or nobody knows: no time is wasted by trying
        takes_s = expected_s(before, self.limit.now, self._usual_s(), self._pace.most_s(kind))
        if takes_s > FILLED * within_s:
            raise Overloaded(
                "So many requests are being processed that this one would not be done in its time.",
                retry_after_s=self._until_free_s(),
            )

    def _until_free_s(self) -> int:
        """Estimate the seconds until the admitted requests are done, at least 1."""
        rounds = self.admitted / self.limit.now
        return min(60, max(1, math.ceil(rounds * self._usual_s())))

    def _usual_s(self) -> float:
        """Return the seconds that the admitted requests take, on average."""
        if not self.admitted:
            return self._pace.usual_s
        known = ((self._pace.mean_s(kind), count) for kind, count in self._kinds.items())
        return sum(mean_s * count for mean_s, count in known) / self.admitted
