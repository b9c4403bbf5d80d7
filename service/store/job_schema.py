"""The tables around jobs: their history, logs and steps, and the runners that do them."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.schema import UtcTime, metadata


def _of_job(*, key: bool = False) -> sa.Column[str]:
    job = sa.ForeignKey("jobs.id", ondelete="CASCADE")
    return sa.Column("job_id", sa.String(64), job, nullable=False, primary_key=key)


job_events = sa.Table(
    "job_events",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    _of_job(),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("what", sa.String(16), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("runner", sa.String(64), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index("ix_job_events_job_id", "job_id", "seq"),
    sqlite_autoincrement=True,
)
job_logs = sa.Table(
    "job_logs",
    metadata,
    _of_job(key=True),
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.Text, nullable=False),
)
job_steps = sa.Table(
    "job_steps",
    metadata,
    sa.Column("inputs_key", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("kept_at", UtcTime, nullable=False),
)
runners = sa.Table(
    "runners",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("ground", sa.String(200), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("slots", sa.Integer, nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("beat_at", UtcTime, nullable=False),
)
