"""Times in filters: everything is a span, also a moment and a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from geodata.values import BEIJING

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Span:
    """From one moment to another, both included.

    Args:
        start: Its first moment.
        end: Its last moment; the same for an instant.
    """

    start: datetime
    end: datetime


def instant(moment: datetime) -> Span:
    """A span of one moment."""
    return Span(moment, moment)


def day(when: date) -> Span:
    """A day in Beijing: dates without a time are such days throughout Kancha."""
    start = datetime.combine(when, time(), BEIJING).astimezone(UTC)
    return Span(start, start + timedelta(days=1) - _TICK)


def span_of(value: Any) -> Span | None:
    """The span that a value of a property tells; None where it tells none."""
    if isinstance(value, Span):
        return value
    if not isinstance(value, str):
        return None
    try:
        if len(value) == len("2025-01-01"):
            return day(date.fromisoformat(value))
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return None
    return instant(moment.replace(tzinfo=BEIJING) if moment.tzinfo is None else moment)


def between(start: Any, end: Any) -> Span | None:
    """The span from one value to another; `..` is open."""
    first = Span(_FIRST, _FIRST) if start == ".." else span_of(start)
    last = Span(_LAST, _LAST) if end == ".." else span_of(end)
    return None if first is None or last is None else Span(first.start, last.end)


def relation(name: str, a: Span, b: Span) -> bool:
    """Whether a relation of CQL2 holds (OGC 21-065r2, table 11, after Allen 1983)."""
    return _RELATIONS[name](a, b)


_RELATIONS: dict[str, Callable[[Span, Span], bool]] = {
    "t_after": lambda a, b: a.start > b.end,
    "t_before": lambda a, b: a.end < b.start,
    "t_contains": lambda a, b: a.start < b.start and a.end > b.end,
    "t_disjoint": lambda a, b: a.end < b.start or a.start > b.end,
    "t_during": lambda a, b: a.start > b.start and a.end < b.end,
    "t_equals": lambda a, b: a == b,
    "t_finishedby": lambda a, b: a.start < b.start and a.end == b.end,
    "t_finishes": lambda a, b: a.start > b.start and a.end == b.end,
    "t_intersects": lambda a, b: a.end >= b.start and a.start <= b.end,
    "t_meets": lambda a, b: a.end == b.start,
    "t_metby": lambda a, b: a.start == b.end,
    "t_overlappedby": lambda a, b: b.start < a.start < b.end < a.end,
    "t_overlaps": lambda a, b: a.start < b.start < a.end < b.end,
    "t_startedby": lambda a, b: a.start == b.start and a.end > b.end,
    "t_starts": lambda a, b: a.start == b.start and a.end < b.end,
}
RELATIONS = frozenset(_RELATIONS)
"""Names of the temporal functions, in small letters."""
