"""What holds of every clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.io.dates import BEIJING
from service.cases.clocks import Clock, WorkCalendar, clock_of, load_book, reckon
from service.cases.clocks.calendar import Override
from service.cases.clocks.clock import Stretch
from service.cases.clocks.counting import Counted, Rule, count
from tests.unit.cases.clocks.case_kit import event, events_of

CALENDAR = WorkCalendar()
BOOK = load_book(["pingdingshan"])
DAYS = st.dates(date(2023, 1, 1), date(2026, 6, 30))
QUICK = settings(max_examples=60, deadline=None, derandomize=True)
UNITS = st.sampled_from(["working_days", "calendar_days", "months", "years", "hours"])
LATER = datetime(2030, 1, 1, tzinfo=BEIJING)


def _count(day: date, amount: int, unit: str, pauses: list[Stretch], calendar: WorkCalendar = CALENDAR) -> Counted:
    start = datetime.combine(day, time(9), BEIJING)
    return count(start, Rule(amount, unit, False, True, "", ""), pauses, calendar, LATER)


@QUICK
@given(DAYS, st.integers(1, 40), UNITS)
def test_the_end_is_never_before_the_start(day: date, amount: int, unit: str) -> None:
    assert _count(day, amount, unit, []).due_at > datetime.combine(day, time(9), BEIJING)


@QUICK
@given(DAYS, st.integers(1, 40), UNITS)
def test_a_longer_term_never_ends_earlier(day: date, amount: int, unit: str) -> None:
    assert _count(day, amount + 1, unit, []).due_at >= _count(day, amount, unit, []).due_at


@QUICK
@given(DAYS, st.integers(1, 40), st.sets(st.integers(0, 60), max_size=12))
def test_a_further_holiday_never_makes_a_term_shorter(day: date, amount: int, rests: set[int]) -> None:
    days = [day + timedelta(days=n) for n in rests]
    more = WorkCalendar(MappingProxyType({one: Override(one, "holiday", "test") for one in days}))
    for unit in ("working_days", "calendar_days"):
        assert _count(day, amount, unit, [], more).due_at >= _count(day, amount, unit, []).due_at


@QUICK
@given(DAYS, st.integers(1, 40), UNITS, st.integers(-5, 30), st.integers(0, 30))
def test_a_pause_never_makes_a_term_shorter(day: date, amount: int, unit: str, after: int, lasts: int) -> None:
    since = datetime.combine(day, time(9), BEIJING) + timedelta(days=after)
    pause = Stretch(since, since + timedelta(days=lasts), "test", "test")
    assert _count(day, amount, unit, [pause]).due_at >= _count(day, amount, unit, []).due_at


@QUICK
@given(DAYS, st.integers(1, 30))
def test_no_term_of_days_ends_on_a_rest_day(day: date, amount: int) -> None:
    for unit in ("working_days", "calendar_days", "months"):
        assert CALENDAR.is_working_day(_count(day, amount, unit, []).due_at.date())


STORY = [
    "2025-03-03 filed",
    "2025-03-10 evidence_preserved",
    "2025-03-12 preservation_decided result=returned",
    "2025-03-17 rights_notice_served hearing_offered=true",
    "2025-03-19 hearing_asked asked_on=2025-03-19",
    "2025-04-20 decided outcome=demolished term_days=15 fine_yuan=900",
    "2025-04-21 decision_served rights_told=true",
    "2025-05-06 review_applied applied_on=2025-05-06",
    "2025-06-30 review_decided result=upheld served_on=2025-06-30",
    "2025-08-01 reminder_served term_days=10",
]
UNRELATED = [
    "noted text=n",
    "party_known party_id=p",
    "document_made kind=k",
    "interviewed",
    "approval_asked flow=filing",
]


def _plain(clocks: tuple[Clock, ...]) -> list[Clock]:
    """Clocks without what names event numbers."""
    return [replace(c, key="", started_by=None, ended_by=None, steps=()) for c in clocks]


@QUICK
@given(st.lists(st.tuples(st.integers(0, len(STORY)), st.sampled_from(UNRELATED)), max_size=6))
def test_unrelated_events_move_no_clock(told: list[tuple[int, str]]) -> None:
    lines = list(STORY)
    for place, line in sorted(told, reverse=True):
        day = STORY[min(place, len(STORY) - 1)].split()[0]
        lines.insert(place, f"{day} {line}")
    at = datetime(2025, 8, 5, tzinfo=BEIJING)
    assert _plain(reckon(events_of(lines), BOOK, CALENDAR, at)) == _plain(reckon(events_of(STORY), BOOK, CALENDAR, at))


@QUICK
@given(st.permutations(range(len(STORY))))
def test_the_order_in_which_events_are_handed_over_does_not_matter(order: list[int]) -> None:
    events = events_of(STORY)
    at = datetime(2025, 8, 5, tzinfo=BEIJING)
    assert reckon([events[n] for n in order], BOOK, CALENDAR, at) == reckon(events, BOOK, CALENDAR, at)


@QUICK
@given(st.integers(0, 400))
def test_time_alone_moves_no_end_and_revives_nothing(days: int) -> None:
    events = events_of(STORY)
    first = datetime(2025, 8, 2, tzinfo=BEIJING)
    before, after = (
        {c.key: c for c in reckon(events, BOOK, CALENDAR, at)} for at in (first, first + timedelta(days=days))
    )
    for key, clock in before.items():
        assert after[key].due_at == clock.due_at
        assert clock.open or after[key].state == clock.state


@QUICK
@given(st.integers(0, 20))
def test_a_corrected_start_moves_its_term_as_if_told_so_at_first(days: int) -> None:
    told = date(2025, 3, 17) + timedelta(days=days)
    wrong = [event(1, "2025-03-17 rights_notice_served hearing_offered=true")]
    corrected = [*wrong, event(2, f"{told} corrected #1 served_on={told}")]
    right = [event(1, f"{told} rights_notice_served hearing_offered=true")]
    at = datetime(2025, 5, 1, tzinfo=BEIJING)
    found, wanted = (clock_of(reckon(e, BOOK, CALENDAR, at), "hearing_request") for e in (corrected, right))
    assert found == wanted
