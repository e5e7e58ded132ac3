"""Where work waits and is done: shared cores, and networks that join requests."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import simpy

Law = Callable[[int], float]
"""Seconds of work done in a second, all together, by how many share the station."""


def cores(count: float) -> Law:
    """Return the law of cores of which a piece of work uses one at a time."""
    return lambda sharing: min(float(sharing), count)


class Sharing:
    """A station that works on everything at once: processor sharing.

    Args:
        env: The simulation.
        law: How much it does, by how many share it; each gets the same.
    """

    def __init__(self, env: simpy.Environment, law: Law) -> None:
        self._env, self._law = env, law
        self._open: list[tuple[float, int, simpy.Event]] = []
        self._numbers = itertools.count()
        self._each_s, self._since_s, self._turn = 0.0, env.now, 0
        self.done_s = 0.0
        """Seconds of work done."""

    @property
    def sharing(self) -> int:
        """How many share it now."""
        return len(self._open)

    def work(self, seconds: float) -> simpy.Event:
        """Return the event that so much work is done."""
        self._go_on()
        event = self._env.event()
        heapq.heappush(self._open, (self._each_s + seconds, next(self._numbers), event))
        self._plan()
        return event

    def _go_on(self) -> None:
        """Do what can have been done since."""
        if self._open:
            done_s = self._law(len(self._open)) * (self._env.now - self._since_s)
            self._each_s += done_s / len(self._open)
            self.done_s += done_s
        self._since_s = self._env.now

    def _plan(self) -> None:
        """Wake up when the next piece of work is done, unless something changes before."""
        self._turn += 1
        if self._open:
            pace = self._law(len(self._open)) / len(self._open)
            wait_s = max(0.0, (self._open[0][0] - self._each_s) / pace)
            self._env.timeout(wait_s, self._turn).callbacks.append(self._end)

    def _end(self, event: simpy.Event) -> None:
        if event.value != self._turn:
            return
        self._go_on()
        first_s, _, done = heapq.heappop(self._open)
        self._each_s = max(self._each_s, first_s)
        done.succeed()
        self._plan()


@dataclass(frozen=True)
class Network:
    """What Triton knows of a network, and how long it computes.

    Attributes:
        first_s: Seconds that a batch costs, however small it is.
        row_s: Seconds that each row adds.
        most_rows: Of a batch.
        instances: Batches at the same time.
        delay_s: Seconds that a batch is waited for.
        preferred: Rows from which on nothing is waited for; the most if empty.
        places: Requests that may wait, by priority; the lower goes first.
    """

    first_s: float
    row_s: float
    most_rows: int = 1
    instances: int = 1
    delay_s: float = 0.0
    preferred: tuple[int, ...] = ()
    places: tuple[int, ...] = (10**9,) * 3

    def seconds(self, rows: int) -> float:
        """Return how long a batch is computed."""
        return self.first_s + self.row_s * rows

    @property
    def enough(self) -> int:
        """Rows from which on nothing is waited for."""
        return min(self.preferred, default=self.most_rows)


@dataclass(frozen=True)
class Answer:
    """What became of a request to a network.

    Attributes:
        refused: The queue was full.
        waited_s: In the queue.
        rows: Of the batch it was in.
    """

    refused: bool = False
    waited_s: float = 0.0
    rows: int = 0


class Batcher:
    """A network on a server: queues by priority, joined to batches, on so many instances.

    Args:
        env: The simulation.
        network: Its settings.
        compute: Returns the event that a batch of so many rows is computed.
    """

    def __init__(
        self,
        env: simpy.Environment,
        network: Network,
        compute: Callable[[int], simpy.Event] | None = None,
    ) -> None:
        self._env, self.network = env, network
        self._compute = compute or (lambda rows: env.timeout(network.seconds(rows)))
        self._queues: list[deque[tuple[float, simpy.Event]]] = [deque() for _ in network.places]
        self._free = network.instances
        self._alarm_s = -1.0
        self.batches: list[int] = []
        """Rows of those that are computed or were."""
        self.waited_s = 0.0
        """Of all requests that left the queue, together."""
        self.computed_s = 0.0
        """Of all requests that were answered, together."""

    @property
    def pending(self) -> int:
        """Requests that wait."""
        return sum(len(queue) for queue in self._queues)

    def ask(self, priority: int = 1) -> simpy.Event:
        """Return the event of the answer to a row; 1 goes before 2, and so on."""
        event, queue = self._env.event(), self._queues[priority - 1]
        if len(queue) >= self.network.places[priority - 1]:
            return event.succeed(Answer(refused=True))
        queue.append((self._env.now, event))
        self._start()
        return event

    def _start(self) -> None:
        """Begin as many batches as there are instances and reasons for."""
        while self._free and (waiting := self.pending):
            oldest_s = min(queue[0][0] for queue in self._queues if queue)
            due_s = oldest_s + self.network.delay_s
            if waiting < self.network.enough and self._env.now < due_s:
                self._wake_at(due_s)
                return
            rows = list(itertools.islice(self._taken(), self.network.most_rows))
            self._free -= 1
            self.batches.append(len(rows))
            self._env.process(self._batch(rows))

    def _wake_at(self, due_s: float) -> None:
        if self._alarm_s < due_s:
            self._alarm_s = due_s
            alarm = self._env.timeout(due_s - self._env.now)
            alarm.callbacks.append(lambda _: self._start())

    def _taken(self) -> Any:
        for queue in self._queues:
            while queue:
                yield queue.popleft()

    def _batch(self, rows: list[tuple[float, simpy.Event]]) -> Any:
        waits = [self._env.now - came for came, _ in rows]
        self.waited_s += sum(waits)
        began_s = self._env.now
        yield self._compute(len(rows))
        self.computed_s += len(rows) * (self._env.now - began_s)
        self._free += 1
        for (_, event), waited_s in zip(rows, waits, strict=True):
            event.succeed(Answer(waited_s=waited_s, rows=len(rows)))
        self._start()
