"""Objections of residents: what they say is sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.schema import UtcTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "objections",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("case_id", sa.String(64)),
        sa.Column("sealed", sa.Text()),
        sa.Column("received_at", UtcTime, nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("upheld", sa.Boolean()),
        sa.Column("answered_at", UtcTime),
        sa.Column("answered_by", sa.String(64)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.fid"], name="fk_objections_case_id_cases"),
        sa.PrimaryKeyConstraint("seq", name="pk_objections"),
        sa.UniqueConstraint("id", name="uq_objections_id"),
        sa.UniqueConstraint("digest", name="uq_objections_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_objections_case_id", "objections", ["case_id"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("objections")
