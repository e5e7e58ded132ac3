"""The trace in which a job was accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the release before neither reads nor writes it."""
    op.add_column("semblant_jobs", sa.Column("traceparent", sa.String))
