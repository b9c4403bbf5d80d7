"""A clock: one term of one case, with its arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from geodata.io.dates import BEIJING
from service.cases.clocks.rows import Whose


class State(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MET_LATE = "met_late"
    OVERDUE = "overdue"
    LAPSED = "lapsed"
    """A right ran out, or a bar is over: what a guard waits for."""
    BREACHED = "breached"
    """What was barred was done before its time."""
    CANCELLED = "cancelled"


REVIEW_RIGHTS = ("review_right", "review_right_untold", "review_right_real_estate")
SUIT_RIGHTS = ("suit_right", "suit_land", "suit_after_review", "suit_right_real_estate")
REVIEWS = ("review_decision", "review_decision_summary")
"""Terms that a guard of 行政强制法 44 looks at."""

OPEN = (State.RUNNING, State.PAUSED)
"""States in which a right or a bar still holds."""


@dataclass(frozen=True)
class Step:
    """A sentence of the arithmetic.

    Args:
        en: In English.
        zh: In Chinese.
    """

    en: str
    zh: str


@dataclass(frozen=True)
class Stretch:
    """A time during which a clock did not run.

    Args:
        since: When it stopped; that day is not counted.
        until: When it ran again, that day counted; None: it has not.
        why: In English.
        why_zh: In Chinese.
    """

    since: datetime
    until: datetime | None
    why: str
    why_zh: str


@dataclass(frozen=True)
class Moment:
    """When somebody must be told of a clock.

    Args:
        kind: `reminder`, `due`, `overdue` or `escalation`.
        at: When.
        to: Level of the approval chain, for an escalation.
        to_zh: In Chinese.
    """

    kind: str
    at: datetime
    to: str = ""
    to_zh: str = ""


@dataclass(frozen=True)
class Clock:
    """One term of one case.

    Args:
        key: Names it within the case and stays when it is computed again.
        term_id: Row of the book.
        title: In English.
        title_zh: In Chinese.
        source: Statute and article, in English.
        source_zh: In Chinese, as it is cited.
        whose: Who is concerned.
        started_by: Number of the event that started it; None: it follows other terms.
        started_on: The day from which it runs.
        started_at: The moment from which it runs.
        due_at: Its last instant; while it is paused the earliest that it can be.
        state: How it stands.
        provisional: Whether a day was used that no published list tells; computed again when the list arrives.
        pauses: When it did not run.
        steps: The arithmetic.
        ended_by: Number of the event that met, breached or cancelled it, or came too late; None: none did.
        ended_on: The day of that.
        marks: How far to trust the row.
        moments: When people are told.
    """

    key: str
    term_id: str
    title: str
    title_zh: str
    source: str
    source_zh: str
    whose: Whose
    started_by: int | None
    started_on: date
    started_at: datetime
    due_at: datetime
    state: State
    provisional: bool
    pauses: tuple[Stretch, ...]
    steps: tuple[Step, ...]
    ended_by: int | None = None
    ended_on: date | None = None
    marks: tuple[str, ...] = ()
    moments: tuple[Moment, ...] = ()

    @property
    def due_on(self) -> date:
        """The last day, in Beijing."""
        return self.due_at.astimezone(BEIJING).date()

    @property
    def open(self) -> bool:
        """Whether it still runs or is paused."""
        return self.state in OPEN


def clocks_of(clocks: Sequence[Clock], *term_ids: str) -> tuple[Clock, ...]:
    """The clocks of some terms, in the order of their start."""
    return tuple(sorted((c for c in clocks if c.term_id in term_ids), key=lambda c: (c.started_at, c.key)))


def clock_of(clocks: Sequence[Clock], term_id: str) -> Clock | None:
    """The clock of a term that started last; None: it never started."""
    found = clocks_of(clocks, term_id)
    return found[-1] if found else None


def next_moments(clock: Clock, after: datetime | None = None) -> tuple[Moment, ...]:
    """When people must still be told of a clock: reminder, due, overdue, escalations up the chain.

    None while it is paused and once it is over; who keeps timers asks again after every event.

    Args:
        clock: The clock.
        after: Only moments later than this.
    """
    return tuple(moment for moment in clock.moments if after is None or moment.at > after)
