"""Verdicts name the person who had signed in, and can be taken back; those of before keep their written name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.schema import UtcTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns."""
    op.add_column("verdicts", sa.Column("person_id", sa.String(64)))
    op.add_column("verdicts", sa.Column("withdrawn_at", UtcTime))


def downgrade() -> None:
    """Drop them: who judged is known by the written name alone, and what was taken back stands again in the history."""
    op.drop_column("verdicts", "withdrawn_at")
    op.drop_column("verdicts", "person_id")
