"""What was declared of the files of a source is kept for its next delivery."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; sources of versions that are stored already begin with what their last version was read as."""
    sources = op.create_table(
        "layer_sources",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("read_as", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name="pk_layer_sources"),
    )
    versions = sa.table(
        "layer_versions",
        *(sa.column(name) for name in ("seq", "kind", "source")),
        sa.column("read_as", sa.JSON()),
        sa.column("created_at", sa.DateTime()),
    )
    connection = op.get_bind()
    known = connection.execute(
        sa.select(versions).where(versions.c.source.is_not(None)).order_by(versions.c.seq)
    ).mappings()
    last = {
        (row["kind"], row["source"]): {
            "kind": row["kind"],
            "name": row["source"],
            "read_as": row["read_as"],
            "updated_at": row["created_at"],
        }
        for row in known
    }
    if last:
        connection.execute(sa.insert(sources), list(last.values()))


def downgrade() -> None:
    """Drop it."""
    op.drop_table("layer_sources")
