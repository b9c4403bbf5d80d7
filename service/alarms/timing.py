"""When an alarm may be told: at once, after the quiet hours, or with the next digest; by the clock of Beijing."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from geodata.errors import OptionError
from geodata.io.dates import BEIJING
from service.alarms.values import Grade, Timing

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def parse_time(text: str) -> time:
    """A time of the day.

    Raises:
        OptionError: If it is none.

    >>> parse_time("08:00")
    datetime.time(8, 0)
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise OptionError(f"{text[:20]!r} is no time of the day.", remedy="Write it as 08:00, by the clock of Beijing.")
    return time(int(found[1]), int(found[2]))


def is_quiet(quiet: tuple[str, str] | None, now: datetime) -> bool:
    """Whether a moment lies in quiet hours; their end does not, and they may reach over midnight."""
    return quiet_end(quiet, now) != now


def quiet_end(quiet: tuple[str, str] | None, now: datetime) -> datetime:
    """When the quiet hours end that a moment lies in; the moment itself where it lies in none."""
    if quiet is None or quiet[0] == quiet[1]:
        return now
    start, end = (parse_time(word) for word in quiet)
    here = now.astimezone(BEIJING)
    clock = here.time()
    over_midnight = start > end
    inside = (clock >= start or clock < end) if over_midnight else start <= clock < end
    if not inside:
        return now
    day = here.date() + timedelta(days=1 if over_midnight and clock >= start else 0)
    return datetime.combine(day, end, BEIJING).astimezone(now.tzinfo)


def next_digest(times: tuple[str, ...], now: datetime) -> datetime:
    """The next of some times of the day, after a moment."""
    here = now.astimezone(BEIJING)
    days = (here.date(), here.date() + timedelta(days=1))
    moments = (datetime.combine(day, parse_time(text), BEIJING) for day in days for text in times)
    return min(moment for moment in moments if moment > here).astimezone(now.tzinfo)


def is_at_once(timing: Timing, grade: Grade) -> bool:
    """Whether an alarm does not wait for a digest."""
    return timing.at_once == "all" or (timing.at_once == "gravest" and grade == "gravest")


def due_at(timing: Timing, grade: Grade, now: datetime) -> datetime:
    """When an alarm may be told that is raised now.

    Args:
        timing: How soon its rule tells.
        grade: Of what kind it is.
        now: Now.
    """
    if is_at_once(timing, grade):
        through = grade == "gravest" and timing.gravest_in_quiet
        return now if through else quiet_end(timing.quiet, now)
    # a digest whose hour lies in the quiet hours is read after them
    return quiet_end(timing.quiet, next_digest(timing.digest_at or ("08:00",), now))
