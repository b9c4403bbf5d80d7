"""Layers keep personal values sealed, apart from the features."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what an earlier release stored in the clear stays so until it is stored anew."""
    op.add_column("layer_features", sa.Column("personal", sa.Text()))
    op.add_column("layer_versions", sa.Column("stored_as", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("layer_versions", sa.Column("file_key", sa.Text()))


def downgrade() -> None:
    """Drop the columns: the sealed values are lost, the masks stay."""
    op.drop_column("layer_versions", "file_key")
    op.drop_column("layer_versions", "stored_as")
    op.drop_column("layer_features", "personal")
