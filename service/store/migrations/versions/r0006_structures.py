"""Structures over time; findings name theirs. What is stored already is followed when the store is opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the column."""
    op.create_table(
        "structures",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("fid", sa.String(length=64), nullable=False),
        sa.Column("founder", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("first_seen", sa.DateTime(), nullable=False),
        sa.Column("last_seen", sa.DateTime(), nullable=False),
        sa.Column("gone_on", sa.DateTime()),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("west", "south", "east", "north")),
        sa.Column("geojson", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_structures"),
        sa.UniqueConstraint("fid", name="uq_structures_fid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_structures_founder", "structures", ["founder"], unique=False)
    op.create_table(
        "structure_ids",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("finding_id", sa.String(length=255), nullable=False),
        sa.Column("leads_to", sa.String(length=64)),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.fid"], name="fk_structure_ids_finding_id_findings"),
        sa.PrimaryKeyConstraint("id", name="pk_structure_ids"),
    )
    op.create_index("ix_structure_ids_finding_id", "structure_ids", ["finding_id"], unique=False)
    op.add_column("findings", sa.Column("structure_id", sa.String(length=64)))
    op.create_index("ix_findings_structure_id", "findings", ["structure_id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE structures_rtree USING rtree(seq, west, east, south, north)")


def downgrade() -> None:
    """Drop them."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE IF EXISTS structures_rtree")
    op.drop_index("ix_findings_structure_id", "findings")
    op.drop_column("findings", "structure_id")
    op.drop_index("ix_structure_ids_finding_id", "structure_ids")
    op.drop_table("structure_ids")
    op.drop_index("ix_structures_founder", "structures")
    op.drop_table("structures")
