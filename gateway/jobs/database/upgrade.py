"""Bringing the database of jobs to the schema of this release."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from gateway.database import COMPATIBILITY, JOBS, SCHEMA_VERSION, exclusive, reason_of, transaction
from gateway.errors import JobsUnavailable, SetupIncomplete
from gateway.jobs.database.queues import make_engine_tables

log = logging.getLogger(__name__)

BASELINE = "0001"
"""The revision that corresponds to the schema of releases without revisions."""
OLDEST = "0004"
"""The oldest revision whose releases can work with the present schema.

A revision that only adds (tables, columns that may be empty, indices) leaves it as it is, and one
that takes away what a release still uses raises it to the first whose releases do not. So releases
of both revisions can run side by side while one takes the other's place, in either direction.
"""
_SCRIPTS = Path(__file__).with_name("migrations")
_LOCK = 0x73656D62  # "semb": only one process upgrades


async def prepare_database(
    engine: sa.Engine, *, upgrade: bool, wait_s: float, pause_s: float
) -> None:
    """Upgrade the schema, or check that it need not be.

    Args:
        engine: Connections to the database.
        upgrade: Whether the schema may be changed or created.
        wait_s: Seconds to wait for an unavailable database.
        pause_s: Seconds between two attempts.

    Raises:
        JobsUnavailable: the database is not reachable for so long.
        SetupIncomplete: the schema is another release's, and must or can not be changed.
    """
    give_up_s = time.monotonic() + wait_s
    prepare = upgrade_schema if upgrade else require_schema
    while True:
        try:
            await asyncio.to_thread(prepare, engine)
            return
        except JobsUnavailable as error:
            reason = reason_of(error)
            if time.monotonic() >= give_up_s:
                log.error("the database of jobs is not reachable: %s", reason)
                raise
            log.warning("the database of jobs is not reachable; trying again: %s", reason)
            await asyncio.sleep(pause_s)


def latest_revision() -> str:
    """Return the revision of this release's schema."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def revision_of(engine: sa.Engine) -> str | None:
    """Return a database's revision; None if it is empty or was created without revisions.

    Raises:
        JobsUnavailable: it is not reachable.
    """
    with transaction(engine) as connection:
        return _revision(connection)


def require_schema(engine: sa.Engine) -> None:
    """Check that a database has a schema that this release can work with.

    Raises:
        JobsUnavailable: it is not reachable.
        SetupIncomplete: it has another one.
    """
    with transaction(engine) as connection:
        found, wanted = _revision(connection), latest_revision()
        if found == wanted or _serves(connection, found):
            return
    raise SetupIncomplete(
        f"The schema of the database of jobs is at {found or 'no revision'}, this release "
        f"needs {wanted}: `semblant database upgrade` changes it."
    )


def upgrade_schema(engine: sa.Engine) -> None:
    """Upgrade a database to this release's schema, safely under concurrent upgrades.

    The tables of the workflow engine are created and upgraded, too. A database created by a release
    without revisions is recognised by its tables. Our own tables are upgraded atomically.

    Raises:
        JobsUnavailable: the database is not reachable.
        SetupIncomplete: a newer release has upgraded it, to what this one cannot work with.
    """
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if revision_of(engine) != latest_revision():
        with exclusive(engine, _LOCK) as connection:
            _upgrade(connection)
    make_engine_tables(engine.url.render_as_string(hide_password=False))


def _upgrade(connection: sa.Connection) -> None:
    before = _revision(connection)  # another process may have been faster
    if _serves(connection, before):
        log.warning("a newer release has upgraded the database of jobs, to %s", before)
        return
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS))
    try:
        if before is None and sa.inspect(connection).has_table(JOBS.name):
            command.stamp(config, BASELINE)
        command.upgrade(config, "head")
        connection.execute(sa.delete(COMPATIBILITY))
        connection.execute(sa.insert(COMPATIBILITY).values(oldest=OLDEST))
    except CommandError as error:
        raise SetupIncomplete(
            f"The schema of the database of jobs is at {before}, which this release does not "
            "know: a newer one has upgraded it."
        ) from error
    after = _revision(connection)
    if after != before:
        log.info("upgraded the database of jobs from %s to %s", before or "nothing", after)


def _revision(connection: sa.Connection) -> str | None:
    options = {"version_table": SCHEMA_VERSION}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _serves(connection: sa.Connection, revision: str | None) -> bool:
    """Return whether a newer release's schema still serves this one."""
    if revision is None or revision <= latest_revision():
        return False
    if not sa.inspect(connection).has_table(COMPATIBILITY.name):
        return False
    oldest = connection.execute(sa.select(COMPATIBILITY.c.oldest)).scalar_one_or_none()
    return oldest is not None and oldest <= latest_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_SCRIPTS))
