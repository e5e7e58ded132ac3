"""The Alembic environment: runs the revisions over a connection locked by the caller."""

from __future__ import annotations

from typing import Any

from alembic import context

from gateway.database import SCHEMA_VERSION, TABLES


def _is_ours(name: str | None, kind: str, parents: Any) -> bool:
    """Return whether a name is of our tables: the engine's stand beside them."""
    return kind != "table" or name in TABLES.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=TABLES,
    version_table=SCHEMA_VERSION,
    include_name=_is_ours,
)
with context.begin_transaction():
    context.run_migrations()
