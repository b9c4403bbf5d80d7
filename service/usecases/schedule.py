"""The schedule of nights: when one was due, and when the next one is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cronsim import CronSim

from geodata.io.dates import BEIJING


def last_due(schedule: str, now: datetime) -> datetime:
    """The last moment up to now that a schedule names.

    Args:
        schedule: Cron syntax, five fields, Beijing time.
        now: The time.

    >>> last_due("30 1 * * *", datetime(2025, 4, 12, 0, 0, tzinfo=UTC)).isoformat()
    '2025-04-11T17:30:00+00:00'
    """
    # it looks at what lies before a minute: this one counts too
    minute = now.astimezone(BEIJING).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return _moment(next(CronSim(schedule, minute, reverse=True)))


def next_due(schedule: str, now: datetime) -> datetime:
    """The first moment after now that a schedule names.

    >>> next_due("30 1 * * *", datetime(2025, 4, 12, 0, 0, tzinfo=UTC)).isoformat()
    '2025-04-12T17:30:00+00:00'
    """
    return _moment(next(CronSim(schedule, now.astimezone(BEIJING))))


def _moment(told: datetime) -> datetime:
    return told.astimezone(UTC)
