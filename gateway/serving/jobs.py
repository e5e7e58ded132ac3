"""The engine of jobs, as the settings want it."""

from __future__ import annotations

from collections.abc import Callable

from gateway.database import database_url, describe_database
from gateway.jobs.database.upgrade import latest_revision
from gateway.jobs.engine import DurableEngine
from gateway.jobs.protocol import JobEngine
from gateway.jobs.work import JobWork
from gateway.serving.database import connections_of, prepare
from gateway.serving.metrics import Metrics
from gateway.settings import Settings
from gateway.telemetry.spans import NO_TRACER, Tracer


async def upgrade_jobs_database(settings: Settings) -> str:
    """Upgrade the schema of the database of jobs, waiting for it if it is away.

    Returns:
        The revision it has then.

    Raises:
        JobsUnavailable: it is not reachable.
        SetupIncomplete: its URL cannot be used, or a newer release has upgraded it.
    """
    engine = connections_of(settings, connections=1)
    try:
        await prepare(engine, settings, upgrade=True)
        return latest_revision()
    finally:
        engine.dispose()


def jobs_database(settings: Settings) -> str:
    """Return where the database of jobs is, for logs.

    Raises:
        SetupIncomplete: its URL cannot be used.
    """
    return describe_database(database_url(settings.jobs_database_url, settings.data_dir / "jobs"))


def make_jobs(
    settings: Settings,
    work: JobWork,
    metrics: Metrics,
    *,
    sweep: Callable[[], None] = lambda: None,
    tracer: Tracer = NO_TRACER,
) -> JobEngine:
    """Return the engine of jobs, not yet started; it calls `sweep` whenever it looks for remains.

    Raises:
        SetupIncomplete: a URL or a secret in the settings cannot be used.
    """
    return DurableEngine(
        settings,
        work,
        metrics.jobs,
        carry_out=settings.job_execution == "embedded",
        sweep=sweep,
        tracer=tracer,
    )
