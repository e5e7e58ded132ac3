"""The tables as created by releases without revisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of an empty database."""
    op.create_table(
        "semblant_jobs",
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
        sa.Column("webhook", sa.JSON),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("completed", sa.Double),
        sa.Column("deadline", sa.Double),
        sa.Column("expires", sa.Double),
        sa.Column("retention_s", sa.Double, nullable=False),
        sa.Column("plan", sa.JSON),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("fps", sa.Double),
        sa.Column("failure", sa.JSON),
        sa.Column("output", sa.JSON),
        sa.Column("report", sa.JSON),
        sa.Column("has_files", sa.Boolean, nullable=False),
        sa.Column("tidy", sa.Boolean, nullable=False),
    )
    op.create_index("semblant_jobs_of_tenant", "semblant_jobs", ["tenant", "created", "id"])
    op.create_index("semblant_jobs_by_status", "semblant_jobs", ["status", "deadline"])
    op.create_index("semblant_jobs_by_end", "semblant_jobs", ["expires"])
    op.create_table(
        "semblant_segments",
        sa.Column(
            "job_id",
            sa.String,
            sa.ForeignKey("semblant_jobs.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("index", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.String, nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("file", sa.JSON),
        sa.Column("facts", sa.JSON),
    )
    op.create_table(
        "semblant_taking",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("token", sa.String, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
    )
    op.create_table(
        "semblant_workers",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("beat", sa.Double, nullable=False),
    )
