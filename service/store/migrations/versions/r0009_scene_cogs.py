"""Scenes know their copy in blocks with overviews, and how secret they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; scenes that are stored already have no copy and are internal."""
    op.add_column("scenes", sa.Column("cog_sha256", sa.String(length=64)))
    op.add_column("scenes", sa.Column("cog_overviews", sa.JSON(none_as_null=True)))
    op.add_column("scenes", sa.Column("secrecy", sa.String(length=16), nullable=False, server_default="internal"))


def downgrade() -> None:
    """Drop the columns."""
    for name in ("secrecy", "cog_overviews", "cog_sha256"):
        op.drop_column("scenes", name)
