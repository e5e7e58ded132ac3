"""The engine of jobs, as the settings want it."""

from __future__ import annotations

from gateway.jobs.engine import DurableEngine
from gateway.jobs.protocol import JobEngine
from gateway.jobs.work import JobWork
from gateway.serving.metrics import Metrics
from gateway.settings import Settings


def make_jobs(settings: Settings, work: JobWork, metrics: Metrics) -> JobEngine | None:
    """Return the engine the settings ask for, not yet started; None if they want none.

    Raises:
        SetupIncomplete: a URL or a secret in the settings cannot be used.
    """
    if settings.job_execution == "disabled":
        return None
    return DurableEngine(
        settings, work, metrics.jobs, carry_out=settings.job_execution == "embedded"
    )
