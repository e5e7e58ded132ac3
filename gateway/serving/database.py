"""The database of jobs, as the settings want it."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.database import database_url, make_engine
from gateway.jobs.database.upgrade import prepare_database
from gateway.settings import Settings

_PAUSE_S = 1.0


def connections_of(settings: Settings, *, connections: int) -> sa.Engine:
    """Return connections to the database, none of them opened yet.

    Raises:
        SetupIncomplete: its URL cannot be used.
    """
    url = database_url(settings.jobs_database_url, settings.data_dir / "jobs")
    return make_engine(url, connections=connections)


async def prepare(engine: sa.Engine, settings: Settings, *, upgrade: bool | None = None) -> None:
    """Bring the database to this release's schema, waiting for it if it is away.

    Args:
        engine: Connections to it.
        settings: Of the service.
        upgrade: Whether its schema may be changed; None: as the settings say.

    Raises:
        JobsUnavailable: it is not reachable.
        SetupIncomplete: its schema is another release's, and must or can not be changed.
    """
    automatic = settings.jobs_database_upgrade == "auto"
    await prepare_database(
        engine,
        upgrade=automatic if upgrade is None else upgrade,
        wait_s=settings.jobs_database_wait_s,
        pause_s=_PAUSE_S,
    )
