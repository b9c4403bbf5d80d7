"""Looks at the places of cases, and campaigns with their baseline."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.schema import UtcTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _text(name: str, length: int = 64, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _seq(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    seq = sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False)
    return seq, sa.PrimaryKeyConstraint("seq", name=f"pk_{table}")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "case_looks",
        *_seq("case_looks"),
        _text("case_id"),
        _text("scene_id"),
        _text("kind", 16),
        _text("earlier_id", nullable=True),
        sa.Column("shown_at", UtcTime, nullable=False),
        sa.Column("looked_at", UtcTime, nullable=False),
        _text("seen", 24),
        sa.Column("confidence", sa.Float(), nullable=False),
        _text("effect", 16),
        sa.Column("event", sa.Integer()),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.fid"], name="fk_case_looks_case_id_cases"),
        sa.UniqueConstraint("case_id", "scene_id", "kind", name="uq_case_looks_case_id_scene_id_kind"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_looks_case_id", "case_looks", ["case_id"], unique=False)
    op.create_index("ix_case_looks_looked_at", "case_looks", ["looked_at"], unique=False)
    op.create_table(
        "campaigns",
        *_seq("campaigns"),
        _text("id"),
        _text("name", 200),
        sa.Column("as_of", sa.Date(), nullable=False),
        _text("source", 200),
        sa.Column("secrecy", sa.String(16), nullable=False, server_default="internal"),
        sa.Column("baseline", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        _text("created_by"),
        sa.UniqueConstraint("id", name="uq_campaigns_id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop them: what was seen of cases and what campaigns began with is lost."""
    op.drop_table("campaigns")
    op.drop_table("case_looks")
