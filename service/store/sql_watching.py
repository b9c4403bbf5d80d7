"""Counts for a service that watches itself. Nothing is written, and no row is read that an index or a sum can spare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.jobs.states import JobState
from service.store.alarm_schema import channels, deliveries
from service.store.database import Database
from service.store.schema import UtcTime, findings, jobs, night_runs, scans
from service.store.watching_records import FailingChannel, JobCount, JobTimes, Nights, ScanCounts, ScanScores

_SURFACES = "surfaces/"
_UNKNOWN = "unknown"


class SqlWatching:
    """Counts of the whole store, whoever asks.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def jobs(self) -> Sequence[JobCount]:
        """Jobs by kind and state."""
        restarts = sa.func.sum(sa.case((jobs.c.attempts > 1, jobs.c.attempts - 1), else_=0))
        wanted = sa.select(jobs.c.kind, jobs.c.state, sa.func.count(), restarts).group_by(jobs.c.kind, jobs.c.state)
        with self._db.read() as connection:
            rows = connection.execute(wanted.order_by(jobs.c.kind, jobs.c.state)).all()
        return [JobCount(kind, state, int(count), int(more)) for kind, state, count, more in rows]

    def job_times(self, bounds_s: Sequence[float]) -> Sequence[JobTimes]:
        """How long finished jobs took, by kind and how they ended."""
        with self._db.read() as connection:
            took = _seconds(connection, jobs.c.started_at, jobs.c.finished_at)
            within = [sa.func.sum(sa.case((took <= bound, 1), else_=0)) for bound in bounds_s]
            wanted = (
                sa.select(jobs.c.kind, jobs.c.state, sa.func.count(), sa.func.sum(took), *within)
                .where(jobs.c.started_at.is_not(None), jobs.c.finished_at.is_not(None))
                .group_by(jobs.c.kind, jobs.c.state)
                .order_by(jobs.c.kind, jobs.c.state)
            )
            rows = connection.execute(wanted).all()
        return [
            JobTimes(row[0], row[1], tuple(int(n) for n in row[4:]), int(row[2]), round(float(row[3]), 3))
            for row in rows
        ]

    def oldest_waiting(self) -> datetime | None:
        """Since when the oldest accepted job could be started; None without one.

        A pause after a setback is no waiting.
        """
        ready = sa.func.coalesce(jobs.c.not_before, jobs.c.created_at, type_=UtcTime)
        wanted = sa.select(sa.func.min(ready, type_=UtcTime)).where(jobs.c.state == JobState.ACCEPTED.value)
        with self._db.read() as connection:
            found: datetime | None = connection.execute(wanted).scalar_one()
        return found

    def failed(self, code: str, since: datetime) -> tuple[int, datetime | None]:
        """How many jobs failed with an error of this code since a moment, and when the first of them did."""
        wanted = sa.select(sa.func.count(), sa.func.min(jobs.c.finished_at)).where(
            jobs.c.state == JobState.FAILED.value,
            jobs.c.finished_at >= since,
            jobs.c.error["code"].as_string() == code,
        )
        with self._db.read() as connection:
            count, first = connection.execute(wanted).one()
        return int(count), first

    def nights(self) -> Nights:
        """The nightly runs."""
        wanted = sa.select(
            sa.func.count(),
            sa.func.count(night_runs.c.finished_at),
            sa.func.min(night_runs.c.started_at),
            sa.func.max(night_runs.c.finished_at),
        )
        with self._db.read() as connection:
            every, finished, first, last = connection.execute(wanted).one()
        return Nights(int(finished), int(every - finished), first, last)

    def scans_after(self, key: int) -> ScanCounts:
        """Scans that were stored after one, with their findings by status. Scans never change: who has asked once
        asks for the new ones alone.
        """
        last, count, found = key, 0, Counter[str]()
        with self._db.read() as connection:
            rows = connection.execute(sa.select(scans.c.seq, scans.c.counts).where(scans.c.seq > key))
            for seq, counts in rows:
                last, count = max(last, seq), count + 1
                found.update({str(status): int(n) for status, n in counts.items()})
        return ScanCounts(last, count, dict(sorted(found.items())))

    def failing_channels(self, least: int) -> Sequence[FailingChannel]:
        """Channels in use that failed so often since their last message arrived, by name."""
        others = deliveries.alias("others")
        arrived = sa.select(sa.func.max(others.c.sent_at)).where(others.c.channel_id == channels.c.id).scalar_subquery()
        failures, since = sa.func.sum(deliveries.c.attempts), sa.func.min(deliveries.c.created_at)
        wanted = (
            sa.select(channels.c.name, failures, since)
            .join(deliveries, deliveries.c.channel_id == channels.c.id)
            .where(channels.c.active, channels.c.removed_at.is_(None), deliveries.c.last_error.is_not(None))
            .where(deliveries.c.state.in_(("waiting", "sending", "failed")))
            .where(sa.or_(arrived.is_(None), deliveries.c.created_at > arrived))
            .group_by(channels.c.id, channels.c.name)
            .having(failures >= least)
            .order_by(channels.c.name)
        )
        with self._db.read() as connection:
            return [FailingChannel(name, int(count), at) for name, count, at in connection.execute(wanted)]

    def scores(self, since: datetime, bins: int) -> Sequence[ScanScores]:
        """Scans since a moment with their findings by confidence; those without findings count too."""
        edges = [i / bins for i in range(1, bins)]
        value = findings.c.confidence
        columns = [
            sa.func.sum(sa.case((sa.and_(*_between(value, low, high)), 1), else_=0))
            for low, high in zip([None, *edges], [*edges, None], strict=True)
        ]
        counted = sa.select(findings.c.scan_id, *columns).join(scans, scans.c.id == findings.c.scan_id)
        named = sa.select(
            scans.c.id,
            scans.c.created_at,
            scans.c.options["detector"].as_string(),
            scans.c.provenance["model"].as_string(),
        ).where(scans.c.created_at >= since)
        with self._db.read() as connection:
            rows = connection.execute(counted.where(scans.c.created_at >= since).group_by(findings.c.scan_id))
            found = {row[0]: tuple(int(n) for n in row[1:]) for row in rows}
            told = connection.execute(named.order_by(scans.c.seq)).all()
        return [
            ScanScores(scan_id, _detector(option, model), at, found.get(scan_id, (0,) * bins))
            for scan_id, at, option, model in told
        ]


def _between(value: sa.ColumnElement[Any], low: float | None, high: float | None) -> list[sa.ColumnElement[bool]]:
    below = [] if high is None else [value < high]
    return below if low is None else [value >= low, *below]


def _seconds(connection: sa.Connection, start: sa.Column[Any], end: sa.Column[Any]) -> sa.ColumnElement[float]:
    if connection.dialect.name == "postgresql":
        return sa.cast(sa.func.extract("epoch", end - start), sa.Float)
    days = sa.func.julianday(end, type_=sa.Float) - sa.func.julianday(start, type_=sa.Float)
    return days * 86_400.0


def _detector(option: str | None, model: str | None) -> str:
    """What judged a scan: surface models alone are judged by none of the detectors of images."""
    if model is not None and model.startswith(_SURFACES):
        return _SURFACES.rstrip("/")
    return option or _UNKNOWN
