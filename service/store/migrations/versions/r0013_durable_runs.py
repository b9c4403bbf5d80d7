"""Jobs wait in one line for all runners: urgency, area, pauses, steps kept, a history; when a scene arrived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.schema import UtcTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables; a job that waited for a runner of its own waits for any now."""
    op.add_column("jobs", sa.Column("urgency", sa.Integer, nullable=False, server_default="5"))
    op.add_column("jobs", sa.Column("area", sa.String(200), nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("place", sa.String(64), nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("not_before", UtcTime))
    op.add_column("jobs", sa.Column("strikes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("result", sa.JSON(none_as_null=True)))
    op.create_index("ix_jobs_waiting", "jobs", ["state", "urgency", "seq"])
    op.execute("UPDATE jobs SET runner = '' WHERE state = 'accepted'")
    op.create_table(
        "job_events",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(64), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("runner", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_events_job_id", "job_events", ["job_id", "seq"])
    op.create_table(
        "job_logs",
        sa.Column("job_id", sa.String(64), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "job_steps",
        sa.Column("inputs_key", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("kept_at", UtcTime, nullable=False),
    )
    op.create_table(
        "runners",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("ground", sa.String(200), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("slots", sa.Integer, nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("started_at", UtcTime, nullable=False),
        sa.Column("beat_at", UtcTime, nullable=False),
    )
    op.add_column("scenes", sa.Column("arrived_at", UtcTime))


def downgrade() -> None:
    """Drop them: steps, logs and histories are lost, the jobs stay."""
    op.drop_column("scenes", "arrived_at")
    for table in ("runners", "job_steps", "job_logs", "job_events"):
        op.drop_table(table)
    op.drop_index("ix_jobs_waiting", "jobs")
    for column in ("result", "strikes", "not_before", "place", "area", "urgency"):
        op.drop_column("jobs", column)
