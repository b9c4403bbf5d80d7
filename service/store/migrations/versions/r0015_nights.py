"""Nights are ordered for a moment of a schedule and keep their report; scenes that were there are no news."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.schema import UtcTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_HEARD = """
INSERT INTO intake (folder, name, size_bytes, mtime_ns, seen_at, state, run_id, scene_id, outcome)
SELECT 'catalogue', scenes.id, scenes.size_bytes, 0, scenes.created_at, 'done', NULL, scenes.id, '{"result": "before"}'
FROM scenes WHERE scenes.id NOT IN (SELECT scene_id FROM intake WHERE scene_id IS NOT NULL)
"""


def upgrade() -> None:
    """Add the columns; what is in the catalogue already was compared by hand, or will be on request."""
    op.add_column("night_runs", sa.Column("due_at", UtcTime))
    op.add_column("night_runs", sa.Column("report", sa.JSON(none_as_null=True)))
    op.create_index("uq_night_runs_due_at", "night_runs", ["due_at"], unique=True)
    op.create_index("ix_intake_scene_id", "intake", ["scene_id"])
    op.create_index("ix_intake_run_id", "intake", ["run_id"])
    op.create_index("ix_intake_state", "intake", ["state"])
    op.execute(_HEARD)


def downgrade() -> None:
    """Drop them: reports stay as files, and as they were written."""
    op.execute("DELETE FROM intake WHERE folder = 'catalogue'")
    for name, table in (
        ("ix_intake_state", "intake"),
        ("ix_intake_run_id", "intake"),
        ("ix_intake_scene_id", "intake"),
        ("uq_night_runs_due_at", "night_runs"),
    ):
        op.drop_index(name, table)
    op.drop_column("night_runs", "report")
    op.drop_column("night_runs", "due_at")
