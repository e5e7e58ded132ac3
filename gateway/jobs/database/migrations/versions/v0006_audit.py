"""The audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SQLITE = (
    "CREATE TRIGGER semblant_audit_no_update BEFORE UPDATE ON semblant_audit_entries "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "CREATE TRIGGER semblant_audit_no_delete BEFORE DELETE ON semblant_audit_entries "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
)
_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION semblant_audit_append_only() RETURNS trigger AS "
    "'BEGIN RAISE EXCEPTION ''the audit log is append-only''; END' LANGUAGE plpgsql",
    "CREATE TRIGGER semblant_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
    "ON semblant_audit_entries FOR EACH STATEMENT EXECUTE FUNCTION semblant_audit_append_only()",
)


def upgrade() -> None:
    """Make the tables; the release before does not know them."""
    op.create_table(
        "semblant_audit_entries",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "semblant_audit_edge",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("peaks", sa.Text, nullable=False),
        sa.Column("last", sa.String, nullable=False),
    )
    op.create_table(
        "semblant_audit_heads",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("head", sa.Text, nullable=False),
    )
    op.create_table(
        "semblant_audit_subjects",
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in _POSTGRESQL if postgresql else _SQLITE:
        op.execute(statement)
