"""The tables of what is stored, and of the releases that can work with the schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "semblant_records",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("info", sa.JSON, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    op.create_index("semblant_records_of_tenant", "semblant_records", ["kind", "tenant"])
    op.create_index("semblant_records_by_state", "semblant_records", ["state", "since"])
    op.create_table(
        "semblant_uploads",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("metadata", sa.String, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.Column("lease_owner", sa.String),
        sa.Column("lease_until", sa.Double),
    )
    op.create_index("semblant_uploads_of_tenant", "semblant_uploads", ["tenant"])
    op.create_index("semblant_uploads_by_end", "semblant_uploads", ["expires"])
    op.create_table(
        "semblant_upload_parts",
        sa.Column(
            "upload_id",
            sa.String,
            sa.ForeignKey("semblant_uploads.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("key", sa.String, nullable=False),
    )
    op.create_table("semblant_compatibility", sa.Column("oldest", sa.String, primary_key=True))
