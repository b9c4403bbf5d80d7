"""The clock from upload to alarm: how long a structure that was uploaded waits until somebody knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from geodata.errors import OptionError
from geodata.io.dates import BEIJING
from service.alarms.values import Ticking
from service.services import Services
from service.store.records import Scene
from service.usecases.channels import person_of

Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = ("day", "week", "month")
MOST_DAYS = 3653.0


@dataclass(frozen=True)
class Figures:
    """How long it took.

    Args:
        count: Findings.
        median_s: Half of them took no longer, s; None without any.
        p95_s: Of twenty, nineteen took no longer, s.
    """

    count: int
    median_s: float | None
    p95_s: float | None


@dataclass(frozen=True)
class Clock:
    """Of a period.

    Args:
        period: Its first day in Beijing, or `all`.
        raised: From the upload to the raising of the first alarm of each finding.
        told: From the upload to the first message that was delivered.
        gravest: The same of findings of the gravest kind, which wait for no digest.
        untold: Findings that alarmed and of which no message was delivered yet.
    """

    period: str
    raised: Figures
    told: Figures
    gravest: Figures
    untold: int


def arrived_at(scene: Scene) -> datetime:
    """When a scene was there: the start of the clock."""
    return scene.arrived_at or scene.created_at


def clock(services: Services, period: Period = "week", days: float = 90.0, now: datetime | None = None) -> list[Clock]:
    """The clock of all, then by period, the latest first.

    Whoever works in some areas gets that of their own alarms: the whole would tell of other ground.

    Raises:
        OptionError: If the period or the days are out of range.
    """
    if period not in PERIODS or not 0 < days <= MOST_DAYS:
        raise OptionError(
            f"There is no clock by {str(period)[:20]!r} over {days:g} days.", remedy="day, week or month; up to 3653."
        )
    since = (now or datetime.now(UTC)) - timedelta(days=days)
    whole = services.sight.ground is None
    mine = None if whole else person_of(services.caller) or ""
    ticking = services.store.alarms.ticking(since, mine)
    parts: dict[str, list[Ticking]] = {}
    for one in ticking:
        parts.setdefault(period_of(one.raised_at, period), []).append(one)
    return [_clock("all", ticking), *(_clock(name, parts[name]) for name in sorted(parts, reverse=True))]


def period_of(moment: datetime, period: Period) -> str:
    """The first day of the period that a moment lies in, in Beijing.

    >>> period_of(datetime(2026, 9, 30, 16, 30, tzinfo=UTC), "month")
    '2026-10-01'
    """
    day = moment.astimezone(BEIJING).date()
    if period == "week":
        day -= timedelta(days=day.weekday())
    return (day.replace(day=1) if period == "month" else day).isoformat()


def _clock(name: str, ticking: Sequence[Ticking]) -> Clock:
    told = [one for one in ticking if one.told_at is not None]
    return Clock(
        name,
        _figures(one.raised_at - one.uploaded_at for one in ticking),
        _figures(one.told_at - one.uploaded_at for one in told if one.told_at is not None),
        _figures(one.told_at - one.uploaded_at for one in told if one.told_at and one.grade == "gravest"),
        len(ticking) - len(told),
    )


def _figures(spans: Iterable[timedelta]) -> Figures:
    seconds = [span.total_seconds() for span in spans]
    if not seconds:
        return Figures(0, None, None)
    # a real value of the sample: nineteen of twenty did not take longer
    median, high = np.percentile(seconds, [50, 95], method="inverted_cdf").tolist()
    return Figures(len(seconds), round(median, 1), round(high, 1))
