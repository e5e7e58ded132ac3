"""How many requests are worked on at the same time: as many as hardly wait for one another."""

from __future__ import annotations

import time
from collections.abc import Callable

INTERVAL_S = 0.5
"""Seconds over which waiting is looked at before the limit is changed."""
BACK_OFF = 0.85
"""What the limit is multiplied by when requests wait for one another."""
STEP = 0.5
"""What is added to it when they do not, and as many are worked on as may be."""


class AdaptiveLimit:
    """Additive increase, multiplicative decrease, by the delay of work that waits for a thread.

    (D. Chiu, R. Jain, "Analysis of the increase and decrease algorithms for congestion avoidance",
    Computer Networks 17, 1989.) A request is many pieces of work; the average delay of all pieces
    within half a second counts, whatever the requests' sizes.

    Args:
        least: Requests at the least.
        most: Requests at the most; as many to begin with.
        target_s: Seconds of delay that are well; 0: the limit stays at the most.
        clock: Returns seconds.
    """

    def __init__(
        self,
        least: int,
        most: int,
        target_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._least, self._most = min(least, most), most
        self._target_s = target_s
        self._clock = clock
        self._limit = float(most)
        self._began = clock()
        self._delay_s, self._pieces = 0.0, 0
        self._full = self._refused = False

    @property
    def now(self) -> int:
        """Requests that may be worked on now."""
        return round(self._limit)

    def waited(self, delay_s: float) -> None:
        """Take how long a piece of work has waited for a thread; may be called in any thread."""
        self._delay_s += delay_s
        self._pieces += 1

    def refused(self) -> None:
        """Note that the inference server's queue was full."""
        self._refused = True

    def ended(self, running: int) -> None:
        """Note the end of a request, while so many were worked on, and adapt the limit."""
        if not self._target_s:
            return
        self._full = self._full or running >= self.now
        now = self._clock()
        if now - self._began < INTERVAL_S:
            return
        if self._refused or self._delay_s > self._target_s * self._pieces:
            self._limit = max(self._least, self._limit * BACK_OFF)
        elif self._full:
            self._limit = min(self._most, self._limit + STEP)
        self._began = now
        self._delay_s, self._pieces = 0.0, 0
        self._full = self._refused = False
