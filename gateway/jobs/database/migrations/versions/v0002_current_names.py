"""Replacement of old names in stored data: statuses, options, plans, queues, a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JOBS = sa.table(
    "semblant_jobs",
    sa.column("id", sa.String),
    sa.column("status", sa.String),
    sa.column("options", sa.JSON),
    sa.column("plan", sa.JSON(none_as_null=True)),
    sa.column("failure", sa.JSON(none_as_null=True)),
    sa.column("report", sa.JSON(none_as_null=True)),
)
_SEGMENTS = sa.table(
    "semblant_segments",
    sa.column("job_id", sa.String),
    sa.column("index", sa.Integer),
    sa.column("facts", sa.JSON(none_as_null=True)),
)
_CODES = {
    "face_not_selected": "no_matching_face",
    "job_elsewhere": "lease_lost",
    "jobs_off": "jobs_disabled",
    "model_invalid": "model_format_invalid",
    "model_unsound": "model_verification_failed",
    "request_cancelled": "request_canceled",
}


def upgrade() -> None:
    """Replace the names."""
    connection = op.get_bind()
    op.rename_table("semblant_taking", "semblant_idempotency_locks")
    connection.execute(sa.update(_JOBS).where(_JOBS.c.status == "starting").values(status="queued"))
    _rewrite(
        connection,
        _JOBS,
        ["id"],
        {
            "options": _options,
            "plan": _plan,
            "failure": _failure,
            "report": _report,
        },
    )
    _rewrite(connection, _SEGMENTS, ["job_id", "index"], {"facts": _facts})
    _rename_queue(connection)


def _rewrite(
    connection: sa.Connection,
    table: sa.TableClause,
    keys: list[str],
    changes: dict[str, Callable[[dict[str, Any]], dict[str, Any]]],
) -> None:
    """Rewrite the JSON of all rows that the given functions change."""
    key = [table.c[name] for name in keys]
    for id in connection.execute(sa.select(*key)).all():
        this = [column == value for column, value in zip(key, id, strict=True)]
        columns = [table.c[name] for name in changes]
        row = connection.execute(sa.select(*columns).where(*this)).one()._mapping
        made = {n: f(row[n]) for n, f in changes.items() if isinstance(row[n], dict)}
        changed = {name: value for name, value in made.items() if value != row[name]}
        if changed:
            connection.execute(sa.update(table).where(*this).values(**changed))


def _renamed(document: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return an object with another name for a member, in its place."""
    return {new if name == old else name: value for name, value in document.items()}


def _options(options: dict[str, Any]) -> dict[str, Any]:
    options = _renamed(options, "film", "video")
    if isinstance(options.get("mapping"), list):
        options["mapping"] = [
            _renamed(entry, "identity", "target_id") if isinstance(entry, dict) else entry
            for entry in options["mapping"]
        ]
    return options


def _plan(plan: dict[str, Any]) -> dict[str, Any]:
    facts = plan.get("facts")
    return {**plan, "facts": _kind(facts)} if isinstance(facts, dict) else plan


def _failure(failure: dict[str, Any]) -> dict[str, Any]:
    code = failure.get("code")
    return {**failure, "code": _CODES[code]} if code in _CODES else failure


def _report(report: dict[str, Any]) -> dict[str, Any]:
    return _renamed(_kind(report), "carried_faces", "interpolated_faces")


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    return _renamed(facts, "carried", "interpolated")


def _kind(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "kind": "video"} if document.get("kind") == "film" else document


def _rename_queue(connection: sa.Connection) -> None:
    """Move the queued and executing tasks of the engine's queue `films` to `videos`."""
    schema = "dbos" if connection.dialect.name == "postgresql" else None
    inspector = sa.inspect(connection)
    if inspector.has_table("workflow_status", schema=schema):
        for name in ("name", "queue_name"):
            status = sa.table("workflow_status", sa.column(name, sa.Text), schema=schema)
            connection.execute(
                sa.update(status).where(status.c[name] == "films").values({name: "videos"})
            )
    if inspector.has_table("queues", schema=schema):
        queues = sa.table("queues", sa.column("name", sa.Text), schema=schema)
        connection.execute(sa.delete(queues).where(queues.c.name == "films"))
