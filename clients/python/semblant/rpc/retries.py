"""Which calls are repeated, and when."""

from __future__ import annotations

import random
import time
from enum import Enum, auto

from gateway.errors import SemblantError

_BUSY = (429, 503)
"""Of errors, by HTTP, after which the same can succeed soon: nothing was done."""
_FIRST_PAUSE_S = 0.25


class Repeat(Enum):
    """After which failures a call may be repeated."""

    SAFE = auto()
    """Whenever the server was away or busy: twice is as good as once."""
    REFUSED = auto()
    """Only where the service says that it did nothing, and when to come again."""
    NEVER = auto()


class Retries:
    """The attempts of one call."""

    def __init__(self, repeat: Repeat, most: int, timeout_s: float) -> None:
        """Take which failures count, how many repetitions there are, and the seconds for all."""
        self._repeat = repeat
        self._most = most
        self._done = 0
        self._until = time.monotonic() + timeout_s

    @property
    def left_s(self) -> float:
        """Seconds that are left."""
        return max(self._until - time.monotonic(), 1e-3)

    def pause_s(self, error: SemblantError) -> float:
        """Return the seconds to wait before the next attempt.

        Raises:
            SemblantError: the error, if there is none.
        """
        pause_s: float = max(error.retry_after_s or 0.0, _FIRST_PAUSE_S * 2.0**self._done)
        pause_s *= random.uniform(1.0, 1.25)  # so that callers do not come again together
        self._done += 1
        if self._done > self._most or not self._counts(error) or pause_s >= self.left_s:
            raise error
        return pause_s

    def _counts(self, error: SemblantError) -> bool:
        if error.spec.http not in _BUSY or not error.spec.retryable:
            return False
        if self._repeat is Repeat.REFUSED:
            return error.retry_after_s is not None
        return self._repeat is Repeat.SAFE
