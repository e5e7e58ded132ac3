"""A gateway: who is let in, who waits, who is worked on. The rules are the service's own."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import simpy

from gateway.serving.admission import FILLED, expected_s
from gateway.serving.concurrency import AdaptiveLimit
from gateway.serving.pace import Pace
from gateway.settings import Settings

Work = Callable[[], Generator[simpy.Event, object, None]]
"""What is done with a place, as a process of the simulation."""


@dataclass(frozen=True)
class Permits:
    """How many requests may be there.

    Attributes:
        most: Worked on at the same time, at the most.
        least: The same, at the least.
        queue: Further ones that may wait.
        target_s: Seconds that pieces of work may wait for a thread.
        threads: Of array work.
        piece_s: Seconds that a piece of it takes.
        busy: Share of a request's time that is array work.
        deadline_s: Within how many seconds a request has to be done.
    """

    most: int
    least: int
    queue: int
    target_s: float
    threads: int
    piece_s: float = 0.0
    busy: float = 1.0
    deadline_s: float = math.inf

    @classmethod
    def of(
        cls, settings: Settings, threads: int, piece_s: float = 0.0, busy: float = 1.0
    ) -> Permits:
        """Return those of the service's settings."""
        return cls(
            settings.max_concurrency,
            settings.min_concurrency,
            settings.max_queue,
            settings.queue_delay_target_ms / 1e3,
            threads,
            piece_s,
            busy,
            settings.request_deadline_s,
        )


@dataclass
class Seen:
    """What became of requests.

    Attributes:
        arrived: How many there were.
        refused: How many of them were refused.
        latencies_s: Of those that were answered.
    """

    arrived: int = 0
    refused: int = 0
    latencies_s: list[float] = field(default_factory=list)

    @property
    def in_flight(self) -> int:
        """How many are neither answered nor refused."""
        return self.arrived - self.refused - len(self.latencies_s)


class SimulatedGateway:
    """Admission as in gateway/serving/admission.py, by the simulation's clock.

    Args:
        env: The simulation.
        permits: How many may be there.
    """

    def __init__(self, env: simpy.Environment, permits: Permits) -> None:
        self._env, self._permits = env, permits
        self.limit = AdaptiveLimit(
            permits.least, permits.most, permits.target_s, clock=lambda: float(env.now)
        )
        self._pace = Pace()
        self._turns: deque[simpy.Event] = deque()
        self.running = 0
        self.seen = Seen()

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return len(self._turns)

    def request(self, work: Work) -> Generator[simpy.Event, object, None]:
        """A request, from its arrival to its answer: a process of the simulation."""
        self.seen.arrived += 1
        before, came_s = self.running + len(self._turns), self._env.now
        if before >= self._permits.most + self._permits.queue or self._late(before):
            self.seen.refused += 1
            return
        if self._turns or self.running >= self.limit.now:
            turn = self._env.event()
            self._turns.append(turn)
            yield turn
        else:
            self.running += 1
        began_s = self._env.now
        self._note_waits()
        yield from work()
        self._pace.took("", self._env.now - began_s)
        self._note_waits()
        self.limit.ended(self.running)
        self.running -= 1
        self.seen.latencies_s.append(self._env.now - came_s)
        while self._turns and self.running < self.limit.now:
            self.running += 1
            self._turns.popleft().succeed()

    def _late(self, before: int) -> bool:
        if before < self.limit.now or not self._pace.knows(""):
            return False
        mean_s, most_s = self._pace.mean_s(""), self._pace.most_s("")
        return (
            expected_s(before, self.limit.now, mean_s, most_s) > FILLED * self._permits.deadline_s
        )

    def _note_waits(self) -> None:
        """Tell the limit how long pieces of work wait: for those before them at the threads."""
        there = self.running * self._permits.busy
        more = max(0.0, there - self._permits.threads)
        self.limit.waited(more / self._permits.threads * self._permits.piece_s)
