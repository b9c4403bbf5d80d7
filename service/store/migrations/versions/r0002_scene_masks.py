"""Scenes keep what they show: shares per kind of pixel and the mask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; scenes that are stored already have no mask."""
    op.add_column("scenes", sa.Column("shares", sa.JSON(none_as_null=True)))
    op.add_column("scenes", sa.Column("mask_sha256", sa.String(length=64)))


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("scenes", "mask_sha256")
    op.drop_column("scenes", "shares")
