"""The late fine: 3 % a day, capped at the fine, not counted while review or suit runs (行政处罚法 72, 73)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from geodata.io.dates import BEIJING
from service.cases.clocks.calendar import WorkCalendar
from service.cases.clocks.clock import Step, clock_of
from service.cases.clocks.history import History
from service.cases.clocks.reckoning import reckon
from service.cases.clocks.terms import Book, Rate
from service.cases.events import CaseEvent

_CENT = Decimal("0.01")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Owed:
    """What a late fine is reckoned from.

    Args:
        fine_yuan: The fine.
        due_on: Last day on which it could be paid in time.
        paid: Payments, day and yuan.
        pauses: First and last day of each review and suit; both are left out.
    """

    fine_yuan: Decimal
    due_on: date
    paid: Sequence[tuple[date, Decimal]] = ()
    pauses: Sequence[tuple[date, date]] = ()


@dataclass(frozen=True)
class LateFine:
    """A late fine.

    Args:
        yuan: How much.
        days: Days that counted.
        days_paused: Days of review and suit that did not.
        capped: Whether the cap was reached.
        rest_yuan: What of the fine itself is not paid.
        steps: The arithmetic.
    """

    yuan: Decimal
    days: int
    days_paused: int
    capped: bool
    rest_yuan: Decimal
    steps: tuple[Step, ...]


def late_fine(owed: Owed, rate: Rate, on: date) -> LateFine:
    """The late fine up to and with a day.

    Args:
        owed: The fine, what was paid of it, and when it was not counted.
        rate: Of the book.
        on: The day.

    Returns:
        Rounded to the cent. A day on which all was paid is still counted for what was due in its morning.
    """
    cap = owed.fine_yuan * rate.at_most
    paid: dict[date, Decimal] = {}
    for paid_on, yuan in owed.paid:
        paid[paid_on] = paid.get(paid_on, Decimal(0)) + yuan
    rest = owed.fine_yuan - sum((yuan for paid_on, yuan in paid.items() if paid_on <= owed.due_on), Decimal(0))
    total, days, paused, day = Decimal(0), 0, 0, owed.due_on + _DAY
    while day <= on and rest > 0 and total < cap:
        if any(since <= day <= until for since, until in owed.pauses):
            paused += 1
        else:
            days += 1
            total += rest * rate.per_day
        rest -= paid.get(day, Decimal(0))
        day += _DAY
    yuan = min(total, cap).quantize(_CENT, ROUND_HALF_UP)
    capped = total >= cap > 0
    return LateFine(yuan, days, paused, capped, max(rest, Decimal(0)), _steps(owed, rate, (yuan, days, paused, capped)))


def late_fine_of(
    events: Sequence[CaseEvent], book: Book, calendar: WorkCalendar, at: datetime, rate_id: str = "late_fine"
) -> LateFine | None:
    """The late fine of a case; None where no fine is due or its decision does not stand."""
    rate = book.rates[rate_id]
    history = History(events, at)
    due = clock_of(reckon(events, book, calendar, at), rate.after)
    if due is None or due.state.value == "cancelled" or due.started_by is None:
        return None
    on = at.astimezone(BEIJING).date()
    pauses = [
        (one.since.astimezone(BEIJING).date(), (one.until or at).astimezone(BEIJING).date())
        for name in rate.pauses
        for one in history.stretches(book.pauses[name], ("", ""))
    ]
    paid = [
        (date.fromisoformat(event.facts["paid_on"]), Decimal(str(event.facts["yuan"])))
        for event in history.events
        if event.kind == "fine_paid" and event.number > due.started_by
    ]
    fine = Decimal(str(history.told("decided", "fine_yuan", due.started_by)))
    return late_fine(Owed(fine, due.due_on, paid, pauses), rate, on)


def _steps(owed: Owed, rate: Rate, told: tuple[Decimal, int, int, bool]) -> tuple[Step, ...]:
    yuan, days, paused, capped = told
    share = f"{(rate.per_day * 100).normalize():f} %"
    cap, cap_zh = (", capped at the fine", "，以罚款数额为限") if capped else ("", "")
    return (
        Step(
            f"{owed.fine_yuan} yuan were due on {owed.due_on}; from the day after, {share} a day of what is not paid.",
            f"罚款{owed.fine_yuan}元，应于{owed.due_on}前缴纳；自次日起每日按未缴部分的{share}加处罚款。",
        ),
        Step(
            f"{days} days counted, {paused} days of review or suit not counted: {yuan} yuan{cap}.",
            f"计{days}日，复议、诉讼期间{paused}日不计：{yuan}元{cap_zh}。",
        ),
    )
