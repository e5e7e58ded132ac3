"""What is done, logged; or nothing, where there is no log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from gateway.compute import Compute
from gateway.pipeline.timings import Timings
from gateway.settings import Settings
from gateway.trust.audit.events import AuditEvent


class AuditSink(Protocol):
    """Takes events; see `gateway.trust.audit.log.AuditLog`."""

    def require(self) -> None:
        """Check that what is done can be logged, as far as is known.

        Raises:
            AuditUnavailable: it cannot.
        """
        ...

    def append(self, event: AuditEvent) -> int:
        """Log an event, durably, and return its number; may block.

        Raises:
            AuditUnavailable: it was not logged.
        """
        ...

    def forget(self, tenant: str, subject: str) -> bool:
        """Make what is personal in the log unreadable for somebody; may block."""
        ...

    def close(self) -> None:
        """Write what waits, and end."""
        ...


async def _nothing() -> None:
    """Be ready already."""


class Audit:
    """Logs what is done.

    Args:
        sink: Takes events; None: nothing is logged.
        prepare: Gets the log ready.
        close: Called once it has ended.
    """

    def __init__(
        self,
        sink: AuditSink | None = None,
        *,
        prepare: Callable[[], Awaitable[None]] = _nothing,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._sink = sink
        self._prepare, self._close = prepare, close

    async def start(self) -> None:
        """Get ready to log.

        Raises:
            JobsUnavailable, SetupIncomplete: of the database.
        """
        await self._prepare()

    def require(self) -> None:
        """Check, before work is done, that it can be logged; see `AuditSink.require`."""
        if self._sink is not None:
            self._sink.require()

    def append(self, event: AuditEvent) -> None:
        """Log an event; see `AuditSink.append`."""
        if self._sink is not None:
            self._sink.append(event)

    async def record(
        self, compute: Compute, event: AuditEvent, timings: Timings | None = None
    ) -> None:
        """Log an event in a thread; see `AuditSink.append`. `timings` get the time as `log`."""
        if self._sink is not None:
            with (timings or Timings()).stage("log"):
                await compute.run(self._sink.append, event)

    def forget(self, tenant: str, subject: str) -> None:
        """Make what is personal in the log unreadable for somebody; may block."""
        if self._sink is not None:
            self._sink.forget(tenant, subject)

    def close(self) -> None:
        """Write what waits, and end."""
        if self._sink is not None:
            self._sink.close()
        self._close()


def logs(settings: Settings) -> bool:
    """Return whether the settings want a log."""
    if settings.audit == "auto":
        return settings.job_execution != "disabled"
    return settings.audit == "on"
