"""Recall audits: cells drawn for people to look at, and what they say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audits",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audits"),
        sa.UniqueConstraint("id", name="uq_audits_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit_answers",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("audit_id", sa.String(length=64), nullable=False),
        sa.Column("cell", sa.String(length=64), nullable=False),
        sa.Column("missed", sa.Boolean(), nullable=False),
        sa.Column("judged_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name="fk_audit_answers_audit_id_audits"),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_answers"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_answers_audit_id", "audit_answers", ["audit_id"], unique=False)


def downgrade() -> None:
    """Drop them; every audit is lost."""
    op.drop_index("ix_audit_answers_audit_id", "audit_answers")
    op.drop_table("audit_answers")
    op.drop_table("audits")
