"""The deadline of an answer, and the call priority until then: passed down every call."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import IntEnum

from gateway.errors import DeadlineExceeded


class CallPriority(IntEnum):
    """Priority of calls that wait for the same network; the lowest number is served first."""

    LIVE = 1
    PICTURE = 2
    VIDEO = 3


@dataclass(frozen=True, slots=True)
class Deadline:
    """An absolute deadline on the monotonic clock.

    Attributes:
        at: Seconds on `time.monotonic`'s scale.
        priority: Which calls this one yields to, and which yield to it.
    """

    at: float
    priority: CallPriority = CallPriority.PICTURE

    @classmethod
    def after(cls, seconds: float, priority: CallPriority = CallPriority.PICTURE) -> Deadline:
        """Return the deadline that lies `seconds` from now."""
        return cls(time.monotonic() + seconds, priority)

    def remaining(self) -> float:
        """Return the seconds left; negative once it has passed."""
        return self.at - time.monotonic()

    def check(self) -> float:
        """Return the seconds left.

        Raises:
            DeadlineExceeded: if none are left.
        """
        left = self.remaining()
        if left <= 0:
            raise DeadlineExceeded()
        return left
