"""Layers, scans and jobs know how secret they are; jobs know whose they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; a scan that is stored already is as secret as its scenes."""
    for table in ("layer_versions", "scans", "jobs"):
        grade = sa.Column("secrecy", sa.String(length=16), nullable=False, server_default="internal")
        op.add_column(table, grade)
    op.add_column("jobs", sa.Column("owner", sa.String(length=64), nullable=False, server_default=""))
    op.execute(
        "UPDATE scans SET secrecy = 'secret' WHERE before_scene IN (SELECT id FROM scenes WHERE secrecy = 'secret') "
        "OR after_scene IN (SELECT id FROM scenes WHERE secrecy = 'secret')"
    )
    op.execute("UPDATE jobs SET secrecy = 'secret' WHERE scan_id IN (SELECT id FROM scans WHERE secrecy = 'secret')")


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("jobs", "owner")
    for table in ("jobs", "scans", "layer_versions"):
        op.drop_column(table, "secrecy")
