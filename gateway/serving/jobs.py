"""The engine of jobs, as the settings want it, and what jobs make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from gateway.errors import SetupIncomplete
from gateway.jobs.engine import DurableEngine
from gateway.jobs.protocol import JobEngine
from gateway.jobs.work import Control, Facts, Finished, Made, Plan, Task, Work
from gateway.serving.metrics import Metrics
from gateway.settings import Settings


def make_jobs(settings: Settings, work: Work, metrics: Metrics) -> JobEngine | None:
    """Return the engine the settings ask for, not yet started; None if they want none.

    Raises:
        SetupIncomplete: a URL or a secret in the settings cannot be used.
    """
    if settings.jobs == "off":
        return None
    return DurableEngine(settings, work, metrics.jobs, carry_out=settings.jobs == "inside")


def make_work() -> Work:
    """Return what jobs make."""
    return NoWork()


class NoWork:
    """Makes nothing: every order is refused as it is sent."""

    def accept(self, options: bytes | str | None) -> Facts:
        """Refuse.

        Raises:
            SetupIncomplete: always.
        """
        self._refuse()

    def require(self, options: Facts, counts: Mapping[str, int], source_id: str | None) -> None:
        """Refuse; see `accept`."""
        self._refuse()

    async def plan(self, task: Task, control: Control) -> Plan:
        """Refuse; see `accept`."""
        self._refuse()

    async def segment(
        self, task: Task, plan: Plan, index: int, out: Path, control: Control
    ) -> Made:
        """Refuse; see `accept`."""
        self._refuse()

    async def finish(
        self,
        task: Task,
        plan: Plan,
        parts: Sequence[tuple[Path, Made]],
        out: Path,
        control: Control,
    ) -> Finished:
        """Refuse; see `accept`."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise SetupIncomplete("This service makes no films.")
