"""The tables of access: API keys, tenants with limits of their own, use of quotas."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "semblant_api_keys",
        sa.Column("id", sa.String, primary_key=True),
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
        sa.Column("replaces", sa.String),
    )
    op.create_index("semblant_api_keys_by_prefix", "semblant_api_keys", ["prefix"], unique=True)
    op.create_index("semblant_api_keys_by_replaced", "semblant_api_keys", ["replaces"], unique=True)
    op.create_index("semblant_api_keys_of_tenant", "semblant_api_keys", ["tenant", "created"])
    op.create_table(
        "semblant_tenants",
        sa.Column("tenant", sa.String, primary_key=True),
        sa.Column("limits", sa.JSON, nullable=False),
    )
    op.create_table(
        "semblant_quota_usage",
        sa.Column("tenant", sa.String, primary_key=True),
        sa.Column("quota", sa.String, primary_key=True),
        sa.Column("window_start", sa.BigInteger, primary_key=True),
        sa.Column("used", sa.Double, nullable=False),
    )
