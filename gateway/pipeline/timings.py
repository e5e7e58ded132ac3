"""How long each stage took: one record that feeds report, log and metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.telemetry.spans import detailed, span


class Timings:
    """Seconds by stage, in the order the stages first ran."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time the block takes to stage `name`; in a trace, a stage is a span."""
        start = time.perf_counter()
        try:
            if detailed() is None:  # hundreds of times in a frame
                yield
            else:
                with span(name):
                    yield
        finally:
            self.add(name, time.perf_counter() - start)

    def add(self, name: str, seconds: float) -> None:
        """Add seconds to a stage."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def milliseconds(self) -> dict[str, float]:
        """Return the stages in milliseconds, rounded to microseconds."""
        return {name: round(1e3 * s, 3) for name, s in self.seconds.items()}
