"""The database: SQLite or PostgreSQL, and our tables beside those of the workflow engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from gateway.errors import JobsUnavailable, SetupIncomplete

_UNREACHABLE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
_CONNECT_S = 5

SCHEMA_VERSION = "semblant_schema_version"
"""Name of the table of the schema's revision."""
TABLES = sa.MetaData()
"""The schema; a change of it needs a revision, see `gateway.jobs.database.migrations`."""

JOBS = sa.Table(
    "semblant_jobs",
    TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("tenant", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("run", sa.String, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("fingerprint", sa.String, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("source_id", sa.String),
    sa.Column("files", sa.JSON, nullable=False),
    sa.Column("webhook", sa.JSON(none_as_null=True)),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("started", sa.Double),
    sa.Column("completed", sa.Double),
    sa.Column("deadline", sa.Double),
    sa.Column("expires", sa.Double),
    sa.Column("retention_s", sa.Double, nullable=False),
    sa.Column("plan", sa.JSON(none_as_null=True)),
    sa.Column("frames", sa.Integer, nullable=False),
    sa.Column("fps", sa.Double),
    sa.Column("failure", sa.JSON(none_as_null=True)),
    sa.Column("output", sa.JSON(none_as_null=True)),
    sa.Column("report", sa.JSON(none_as_null=True)),
    # W3C's, of the span in which it was accepted.
    sa.Column("traceparent", sa.String),
    # Whether its files exist, and whether all data but those to be retained are removed.
    sa.Column("has_files", sa.Boolean, nullable=False),
    sa.Column("tidy", sa.Boolean, nullable=False),
    sa.Index("semblant_jobs_of_tenant", "tenant", "created", "id"),
    sa.Index("semblant_jobs_by_status", "status", "deadline"),
    sa.Index("semblant_jobs_by_end", "expires"),
)
SEGMENTS = sa.Table(
    "semblant_segments",
    TABLES,
    sa.Column("job_id", sa.String, sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("index", sa.Integer, primary_key=True),
    # The owner that began it last; only it may record the segment.
    sa.Column("attempt", sa.String, nullable=False),
    sa.Column("frames", sa.Integer, nullable=False),
    # Set once it is rendered:
    sa.Column("file", sa.JSON(none_as_null=True)),
    sa.Column("facts", sa.JSON(none_as_null=True)),
)
IDEMPOTENCY_LOCKS = sa.Table(
    "semblant_idempotency_locks",
    TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("token", sa.String, nullable=False),
    sa.Column("since", sa.Double, nullable=False),
)
"""Jobs with an idempotency key whose request is being read."""
WORKERS = sa.Table(
    "semblant_workers",
    TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("beat", sa.Double, nullable=False),
)
API_KEYS = sa.Table(
    "semblant_api_keys",
    TABLES,
    sa.Column("id", sa.String, primary_key=True),
    # The visible part of the key, which it is found by.
    sa.Column("prefix", sa.String, nullable=False),
    sa.Column("salt", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("tenant", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double),
    sa.Column("revoked", sa.Double),
    sa.Column("last_used", sa.Double),
    # The id of the key whose place it takes.
    sa.Column("replaces", sa.String),
    sa.Index("semblant_api_keys_by_prefix", "prefix", unique=True),
    sa.Index("semblant_api_keys_by_replaced", "replaces", unique=True),
    sa.Index("semblant_api_keys_of_tenant", "tenant", "created"),
)
TENANTS = sa.Table(
    "semblant_tenants",
    TABLES,
    sa.Column("tenant", sa.String, primary_key=True),
    sa.Column("limits", sa.JSON, nullable=False),
)
"""Tenants with limits of their own."""
QUOTA_USAGE = sa.Table(
    "semblant_quota_usage",
    TABLES,
    sa.Column("tenant", sa.String, primary_key=True),
    sa.Column("quota", sa.String, primary_key=True),
    sa.Column("window_start", sa.BigInteger, primary_key=True),
    sa.Column("used", sa.Double, nullable=False),
)
"""What tenants have used of quotas in the windows of time that begin then."""

RECORDS = sa.Table(
    "semblant_records",
    TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("tenant", sa.String, nullable=False),
    # Of `gateway.storage.shared.State`, and since when it is in it.
    sa.Column("state", sa.String, nullable=False),
    sa.Column("since", sa.Double, nullable=False),
    # What lists show, so that no list reads contents.
    sa.Column("info", sa.JSON, nullable=False),
    # Of its contents in the object store.
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Index("semblant_records_of_tenant", "kind", "tenant"),
    sa.Index("semblant_records_by_state", "state", "since"),
)
"""Identities and libraries of expressions; their contents are in the object store."""
UPLOADS = sa.Table(
    "semblant_uploads",
    TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("tenant", sa.String, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("metadata", sa.String, nullable=False),
    sa.Column("expires", sa.Double, nullable=False),
    # Of whoever writes to it or uses it; others may when it has run out.
    sa.Column("lease_owner", sa.String),
    sa.Column("lease_until", sa.Double),
    sa.Index("semblant_uploads_of_tenant", "tenant"),
    sa.Index("semblant_uploads_by_end", "expires"),
)
UPLOAD_PARTS = sa.Table(
    "semblant_upload_parts",
    TABLES,
    sa.Column(
        "upload_id", sa.String, sa.ForeignKey(UPLOADS.c.id, ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("start", sa.BigInteger, primary_key=True),
    # Of its bytes in the object store.
    sa.Column("key", sa.String, nullable=False),
)

AUDIT_ENTRIES = sa.Table(
    "semblant_audit_entries",
    TABLES,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),
)
"""The audit log; rows are added, and nothing else."""
AUDIT_EDGE = sa.Table(
    "semblant_audit_edge",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("peaks", sa.Text, nullable=False),
    sa.Column("last", sa.String, nullable=False),
)
"""One row: what has to be known of the log's tree to add entries."""
AUDIT_HEADS = sa.Table(
    "semblant_audit_heads",
    TABLES,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("head", sa.Text, nullable=False),
)
"""Signed heads of the log's tree."""
AUDIT_SUBJECTS = sa.Table(
    "semblant_audit_subjects",
    TABLES,
    sa.Column("subject", sa.String, primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
)
"""Keys of what the log says of people; without its key nobody can read it."""
APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER semblant_audit_no_update BEFORE UPDATE ON semblant_audit_entries "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
        "CREATE TRIGGER semblant_audit_no_delete BEFORE DELETE ON semblant_audit_entries "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION semblant_audit_append_only() RETURNS trigger AS "
        "'BEGIN RAISE EXCEPTION ''the audit log is append-only''; END' LANGUAGE plpgsql",
        "CREATE TRIGGER semblant_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON semblant_audit_entries FOR EACH STATEMENT "
        "EXECUTE FUNCTION semblant_audit_append_only()",
    ),
}
"""Statements, by kind of database, that keep entries from being changed by mistake."""


@sa.event.listens_for(AUDIT_ENTRIES, "after_create")
def _let_only_append(table: sa.Table, connection: sa.Connection, **options: Any) -> None:
    for statement in APPEND_ONLY[connection.dialect.name]:
        connection.execute(sa.text(statement))


COMPATIBILITY = sa.Table(
    "semblant_compatibility", TABLES, sa.Column("oldest", sa.String, primary_key=True)
)
"""One row: the oldest revision whose releases can work with this schema."""


class Now(sa.ColumnElement[float]):
    """The database's own clock, in seconds since 1970: the one that all processes share."""

    inherit_cache = True
    type = sa.Double()


@compiles(Now, "sqlite")
def _now_sqlite(element: Now, compiler: Any, **options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(Now, "postgresql")
def _now_postgresql(element: Now, compiler: Any, **options: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


def database_url(url: str, folder: Path) -> str:
    """Return the URL of the database, by default of a SQLite file in a folder.

    Raises:
        SetupIncomplete: it is of neither kind.
    """
    if not url:
        return f"sqlite:///{folder / 'jobs.sqlite'}"
    try:
        made = sa.make_url(url.replace("postgres://", "postgresql://", 1))  # as hosters spell it
    except sa.exc.ArgumentError as error:
        raise SetupIncomplete("The URL of the database of jobs cannot be read.") from error
    kind = made.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise SetupIncomplete(f"Jobs are kept in SQLite or PostgreSQL, not in {kind}.")
    if kind == "postgresql":
        made = made.set(drivername="postgresql+psycopg")
    return made.render_as_string(hide_password=False)


def make_engine(url: str, *, connections: int) -> sa.Engine:
    """Return a connection pool for the database, with no connection opened yet."""
    made = sa.make_url(url)
    if made.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=30,
            hide_parameters=True,
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        return engine
    return sa.create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_CONNECT_S,
        pool_pre_ping=True,
        connect_args={"connect_timeout": _CONNECT_S},
        hide_parameters=True,  # errors end in logs, and values are our callers'
    )


def _prepare_sqlite(connection: Any, record: Any) -> None:
    """Let several processes write in turn, and readers not wait for them."""
    connection.isolation_level = "IMMEDIATE"
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


@contextmanager
def reachable() -> Iterator[None]:
    """Name the errors of a database that is not.

    Raises:
        JobsUnavailable: in their place.
    """
    try:
        yield
    except _UNREACHABLE as error:
        raise JobsUnavailable(retry_after_s=2) from error


def reason_of(error: JobsUnavailable) -> str:
    """Return why a database is not reachable, in the words of its driver; for logs only."""
    cause = error.__cause__
    words = str(getattr(cause, "orig", None) or cause or error).strip()
    return words.splitlines()[0] if words else type(cause).__name__


def describe_database(url: str) -> str:
    """Return where a database is, without its user's name and password; for logs."""
    made = sa.make_url(url)
    if made.get_backend_name() == "sqlite":
        return f"SQLite {made.database}"
    port = f":{made.port}" if made.port else ""
    return f"PostgreSQL {made.host or 'local socket'}{port}/{made.database}"


def check_connection(url: str, folder: Path) -> None:
    """Check that the database can be reached; no file or table is created.

    Raises:
        SetupIncomplete: the URL is of neither kind.
        JobsUnavailable: it cannot be reached.
    """
    complete = database_url(url, folder)
    path = sa.make_url(complete).database if complete.startswith("sqlite") else None
    if path is not None and not Path(path).exists():
        return  # it is created at the first start
    engine = make_engine(complete, connections=1)
    try:
        with reachable(), engine.connect():
            pass
    finally:
        engine.dispose()


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection whose statements count all or not at all.

    Raises:
        JobsUnavailable: the database is not reachable.
    """
    with reachable(), engine.begin() as connection:
        yield connection


@contextmanager
def exclusive(engine: sa.Engine, key: int | sa.ColumnElement[int]) -> Iterator[sa.Connection]:
    """Give a connection in a transaction that only one process has at a time.

    Args:
        engine: Connections to the database.
        key: Of PostgreSQL's advisory lock, 64 bits; SQLite has one lock for all.

    Raises:
        JobsUnavailable: the database is not reachable.
    """
    with transaction(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
        else:
            connection.execute(sa.text("BEGIN IMMEDIATE"))
        yield connection
