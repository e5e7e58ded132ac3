"""When a server is left alone, and how many calls may be made a second time."""

from __future__ import annotations

import time
from collections.abc import Callable

FAILURES = 3
"""Failures one after the other that open a breaker."""
SHORTEST_S, LONGEST_S = 1.0, 30.0
"""Seconds that a breaker stays open: the first time, and however often it opens again."""


class Breaker:
    """Keeps calls from a server that fails (M. Nygard, *Release It!*, "Circuit Breaker").

    It opens after some failures without a success between them. When its time is up, one call is
    let through: its success closes it, its failure opens it for twice as long.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0
        self._pause_s = SHORTEST_S
        self._trying = False
        self.succeeded_at = float("-inf")
        """When the last call succeeded, by the clock."""

    @property
    def is_open(self) -> bool:
        """Whether no call should be made."""
        if self._failures < FAILURES:
            return False
        return self._trying or self._clock() < self._open_until

    @property
    def open_until(self) -> float:
        """When it may be tried again, by the clock."""
        return self._open_until

    def begin(self) -> None:
        """Note that a call begins; of an open breaker whose time is up, it is the trial."""
        if self._failures >= FAILURES:
            self._trying = True

    def succeeded(self) -> None:
        """Note that a call succeeded."""
        self._failures, self._pause_s, self._trying = 0, SHORTEST_S, False
        self.succeeded_at = self._clock()

    def failed(self) -> bool:
        """Note that a call failed through the server's fault; return whether it opens now."""
        self._trying = False
        self._failures += 1
        if self._failures < FAILURES:
            return False
        self._open_until = self._clock() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_S)
        return True

    def may_try(self) -> None:
        """Note that the server is there: the next call is let through for a trial."""
        self._open_until = self._clock()

    def left(self) -> None:
        """Note that a call ended and says nothing of the server."""
        self._trying = False


class RetryBudget:
    """Lets a share of all calls be made again, so that retries never double an overload.

    As in Finagle's and Envoy's budgets: every call earns a part of a retry.
    """

    def __init__(self, share: float, most: float = 10.0) -> None:
        """Take the share of calls, 0–1, and the retries that may be saved up."""
        self._share, self._most = share, most
        self._saved = most if share > 0 else 0.0

    def earn(self) -> None:
        """Count a call."""
        self._saved = min(self._most, self._saved + self._share)

    def spend(self) -> bool:
        """Return whether a call may be made again, and count that it is."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
