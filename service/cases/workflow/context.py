"""What a guard is asked with, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from service.cases.clocks.calendar import WorkCalendar
from service.cases.clocks.clock import Clock, State, clock_of
from service.cases.clocks.terms import Book
from service.cases.events import CaseEvent
from service.cases.workflow.standing import Options, Standing


@dataclass(frozen=True)
class Actor:
    """Who tells an event.

    Args:
        person_id: Id of the person.
        powers: What they may be in a case: names of `table.WHO`.
    """

    person_id: str
    powers: frozenset[str]


@dataclass(frozen=True)
class Context:
    """What a guard is asked with.

    Args:
        actor: Who tells the event.
        now: When the service is told.
        options: What the bureau decided of the procedure.
        clocks: The terms of the case as they are at the time of the event.
        book: The book of terms in use.
        calendar: Working days and holidays.
        known_officers: Ids of those who may act as officers; None: not known, so that anybody named counts.
    """

    actor: Actor
    now: datetime
    options: Options
    clocks: Sequence[Clock]
    book: Book
    calendar: WorkCalendar
    known_officers: frozenset[str] | None = field(default=None)

    def clock(self, term: str) -> Clock | None:
        """The clock of a term that started last; None where it has not begun."""
        return clock_of(self.clocks, term)


_OVER = (State.LAPSED, State.MET, State.MET_LATE, State.OVERDUE)


@dataclass(frozen=True)
class No:
    """Why a guard refuses.

    Args:
        message: With the measured value in it.
        message_zh: The same in Chinese.
        remedy: What to do.
    """

    message: str
    message_zh: str
    remedy: str


Check = Callable[[Standing, CaseEvent, Context], No | None]


@dataclass(frozen=True)
class Guard:
    """Something that must be so.

    Args:
        name: Its name in the table.
        title: What must be so.
        title_zh: The same in Chinese.
        article: On which it rests; empty for a rule of order alone.
        check: Says why it is not so; None where it is.
        asks: Facts of the event that it asks for: without them nobody can say yet.
    """

    name: str
    title: str
    title_zh: str
    article: str
    check: Check
    asks: tuple[str, ...] = ()


def term_over(c: Context, terms: Sequence[str], what: str, what_zh: str) -> No | None:
    """Whether terms are over: a right that lapsed or was used, a wait that ended.

    Args:
        c: The context.
        terms: Names of rows of the book of which at least one must have begun, and none may still run.
        what: What it is a term for.
        what_zh: The same in Chinese.

    Returns:
        Until when one runs; None where all are over.
    """
    clocks = [clock for clock in map(c.clock, terms) if clock is not None and clock.state is not State.CANCELLED]
    if not clocks:
        return No(f"{what.capitalize()} has not begun.", f"{what_zh}尚未起算。", "Serve the document that begins it.")
    running = next((clock for clock in clocks if clock.state not in _OVER), None)
    if running is None:
        return None
    ends = f"{running.due_on}" + (" at least" if running.state is State.PAUSED else "")
    return No(
        f"{what.capitalize()} runs until {ends} ({running.state.value}).",
        f"{what_zh}至{running.due_on}届满，目前尚未届满。",
        "Wait until it is over; `kancha clocks explain` shows the days.",
    )
