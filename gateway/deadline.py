"""A point in time by which an answer must be there, passed down every call."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gateway.errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """An absolute deadline on the monotonic clock.

    Attributes:
        at: Seconds on `time.monotonic`'s scale.
    """

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline that lies `seconds` from now."""
        return cls(time.monotonic() + seconds)

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
