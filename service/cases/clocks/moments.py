"""When people are told of a clock: before its end, at it, and after it up the chain."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from geodata.io.dates import BEIJING
from service.cases.clocks.calendar import WorkCalendar
from service.cases.clocks.clock import Clock, Moment, State
from service.cases.clocks.rows import Whose
from service.cases.clocks.terms import Timers

_MORNING = time(9)
_INSTANT = timedelta(microseconds=1)
_WAITING = (State.RUNNING, State.OVERDUE)


def moments_of(clock: Clock, timers: Timers, calendar: WorkCalendar, *, hours: bool) -> tuple[Moment, ...]:
    """When people are told of a clock.

    Args:
        clock: The clock.
        timers: Lead times and the chain, settings of the bureau.
        calendar: The working days.
        hours: Whether the term is one of hours.

    Returns:
        In the order of time: none for a clock that is paused or over. A right of the party and a bar only fall due;
        a duty of the party or of another authority is overdue, but nobody of the bureau is to blame for it.
    """
    if clock.state not in _WAITING:
        return ()
    due = Moment("due", clock.due_at)
    if clock.whose in (Whose.PARTY, Whose.BAR):
        return (due,)
    before = clock.due_at - timedelta(hours=timers.remind_hours)
    if not hours:
        before = _morning(calendar.add_working_days(clock.due_on, -timers.remind_working_days).isoformat())
    found = [Moment("reminder", before)] if clock.started_at < before < clock.due_at else []
    found += [due, Moment("overdue", clock.due_at + _INSTANT)]
    if clock.whose is Whose.BUREAU:
        found += [_told(clock, level.after_working_days, level.to, level.to_zh, calendar) for level in timers.escalate]
    return tuple(found)


def _told(clock: Clock, after: int, to: str, to_zh: str, calendar: WorkCalendar) -> Moment:
    if not after:
        return Moment("escalation", clock.due_at + _INSTANT, to, to_zh)
    return Moment("escalation", _morning(calendar.add_working_days(clock.due_on, after).isoformat()), to, to_zh)


def _morning(day: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(day).date(), _MORNING, BEIJING)
