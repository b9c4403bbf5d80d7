"""Late fines, timers, sentences and the helpers around the clocks."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from geodata.io.dates import BEIJING
from service.cases.clocks import (
    Clock,
    State,
    WorkCalendar,
    clock_of,
    explain,
    late_fine,
    late_fine_of,
    load_book,
    next_moments,
    reckon,
)
from service.cases.clocks.book import parse_book
from service.cases.clocks.clock import Stretch
from service.cases.clocks.counting import Rule, count
from service.cases.clocks.fines import Owed
from tests.unit.cases.clocks.case_kit import events_of, moment

BOOK = load_book(["shanghai", "pingdingshan"])
CALENDAR = WorkCalendar()


def _clock(term: str, lines: list[str], at: str) -> Clock:
    found = clock_of(reckon(events_of(lines), BOOK, CALENDAR, moment(at)), term)
    assert found is not None
    return found


# --- the late fine: 10,000 yuan, to be paid by 2025-10-15 -------------------------------------------

DUE = date(2025, 10, 15)


@pytest.mark.parametrize(
    ("paid", "pauses", "on", "yuan", "days", "paused"),
    [
        ([], [], "2025-10-15", "0.00", 0, 0),
        ([], [], "2025-10-16", "300.00", 1, 0),
        ([], [], "2025-10-25", "3000.00", 10, 0),
        # 33 days are 9,900; the 34th reaches the cap
        ([], [], "2025-11-17", "9900.00", 33, 0),
        ([], [], "2025-11-18", "10000.00", 34, 0),
        ([], [], "2026-11-18", "10000.00", 34, 0),
        ([("2025-10-15", "10000")], [], "2025-12-01", "0.00", 0, 0),
        ([("2025-10-20", "10000")], [], "2025-12-01", "1500.00", 5, 0),
        # half of it in time: 150 a day
        ([("2025-10-10", "5000")], [], "2025-10-25", "1500.00", 10, 0),
        # half of it on the fifth day: 5 * 300 + 5 * 150
        ([("2025-10-20", "5000")], [], "2025-10-25", "2250.00", 10, 0),
        # review from the 18th to the 22nd, five days: 16, 17, 23, 24, 25
        ([], [("2025-10-18", "2025-10-22")], "2025-10-25", "1500.00", 5, 5),
        # review and suit on end, 16 to 25
        ([], [("2025-10-01", "2025-10-20"), ("2025-10-20", "2025-12-31")], "2025-10-25", "0.00", 0, 10),
    ],
)
def test_the_late_fine(
    paid: list[tuple[str, str]], pauses: list[tuple[str, str]], on: str, yuan: str, days: int, paused: int
) -> None:
    owed = Owed(
        Decimal(10000),
        DUE,
        [(date.fromisoformat(day), Decimal(sum_)) for day, sum_ in paid],
        [(date.fromisoformat(since), date.fromisoformat(until)) for since, until in pauses],
    )
    found = late_fine(owed, BOOK.rates["late_fine"], date.fromisoformat(on))
    assert (found.yuan, found.days, found.days_paused) == (Decimal(yuan), days, paused)
    assert found.capped == (yuan == "10000.00")
    assert found.rest_yuan == 10000 - sum((Decimal(s) for d, s in paid if d <= on), Decimal(0))


FINED = ["2025-09-29 decided outcome=fined fine_yuan=10000", "2025-09-30 decision_served rights_told=true"]


def test_the_late_fine_of_a_case_stops_for_review_and_suit() -> None:
    # due 10-15; review 10-18 to 11-10, suit from 11-20, final on 12-20; counted: 16, 17, 11-11..19 (9), 12-21..25 (5)
    lines = [
        *FINED,
        "2025-10-18 review_applied applied_on=2025-10-18",
        "2025-11-10 review_decided result=upheld served_on=2025-11-10",
        "2025-11-20 suit_filed filed_on=2025-11-20",
        "2025-12-10 suit_decided result=upheld final=false",
        "2025-12-20 suit_decided result=upheld final=true",
    ]
    found = late_fine_of(events_of(lines), BOOK, CALENDAR, moment("2025-12-25"))
    assert found is not None and found.days == 16 and found.yuan == Decimal("4800.00")
    running = late_fine_of(events_of(lines[:3]), BOOK, CALENDAR, moment("2025-11-01"))
    assert running is not None and running.days == 2 and running.days_paused == 15


def test_no_late_fine_without_a_fine_or_after_its_decision_fell() -> None:
    none = [FINED[0].replace("10000", "0"), FINED[1]]
    assert late_fine_of(events_of(none), BOOK, CALENDAR, moment("2025-12-25")) is None
    fallen = [*FINED, "2025-10-20 decision_overturned"]
    assert late_fine_of(events_of(fallen), BOOK, CALENDAR, moment("2025-12-25")) is None


def test_a_payment_counts() -> None:
    paid = [*FINED, "2025-10-20 fine_paid paid_on=2025-10-18 yuan=10000"]
    found = late_fine_of(events_of(paid), BOOK, CALENDAR, moment("2025-12-25"))
    assert found is not None and found.days == 3 and found.yuan == Decimal("900.00") and found.rest_yuan == 0


def test_what_was_paid_on_an_earlier_decision_does_not_count() -> None:
    lines = ["2025-09-20 fine_paid paid_on=2025-09-20 yuan=10000", *FINED]
    found = late_fine_of(events_of(lines), BOOK, CALENDAR, moment("2025-10-16"))
    assert found is not None and found.yuan == Decimal("300.00")


def test_hours_stand_still_in_a_pause_and_not_for_one_after_the_end() -> None:
    start, now = moment("2025-06-10 10:00"), moment("2025-07-01")
    rule = Rule(24, "hours", False, True, "", "")
    within = Stretch(moment("2025-06-10 12:00"), moment("2025-06-10 15:30"), "test", "test")
    after = Stretch(moment("2025-06-12 12:00"), moment("2025-06-12 15:00"), "test", "test")
    assert count(start, rule, [within, after], CALENDAR, now).due_at == moment("2025-06-11 13:30")


# --- timers -----------------------------------------------------------------------------------------


def _told(clock: Clock) -> list[str]:
    return [f"{m.kind} {m.at:%Y-%m-%d %H:%M} {m.to}".strip() for m in next_moments(clock)]


def test_a_duty_of_the_bureau_goes_up_the_chain() -> None:
    # ends Mon 2025-10-13 (09-28 worked); two working days before: Sat 11 worked, Fri 10
    clock = _clock("preservation_due", ["2025-09-26 evidence_preserved"], "2025-09-27")
    assert str(clock.due_on) == "2025-10-13"
    assert _told(clock) == [
        "reminder 2025-10-10 09:00",
        "due 2025-10-13 23:59",
        "overdue 2025-10-14 00:00",
        "escalation 2025-10-14 00:00 unit in charge",
        "escalation 2025-10-14 09:00 case centre",
        "escalation 2025-10-16 09:00 deputy head",
        "escalation 2025-10-20 09:00 head",
    ]
    assert [m.kind for m in next_moments(clock, moment("2025-10-16 10:00"))] == ["escalation"]


def test_a_term_of_hours_reminds_an_hour_before() -> None:
    clock = _clock("sealing_approval_due", ["2025-06-10 16:00 sealed urgent=true"], "2025-06-10 17:00")
    assert _told(clock)[:3] == ["reminder 2025-06-11 15:00", "due 2025-06-11 16:00", "overdue 2025-06-11 16:00"]


def test_rights_and_bars_only_fall_due_and_others_are_not_escalated() -> None:
    lines = [*FINED, "2025-09-30 reminder_served term_days=10"]
    assert [m.kind for m in next_moments(_clock("suit_right", lines, "2025-10-01"))] == ["due"]
    assert [m.kind for m in next_moments(_clock("reminder_term", lines, "2025-10-01"))] == ["due"]
    assert [m.kind for m in next_moments(_clock("fine_payment", lines, "2025-10-01"))] == ["reminder", "due", "overdue"]


def test_nobody_is_told_of_what_is_over_or_paused() -> None:
    sealed = ["2025-06-10 sealed urgent=false"]
    assert next_moments(_clock("sealing_end", [*sealed, "2025-06-12 sealing_lifted"], "2025-06-13")) == ()
    assert next_moments(_clock("sealing_end", [*sealed, "2025-06-12 appraisal_started"], "2025-06-13")) == ()


def test_a_reminder_before_the_start_is_left_out() -> None:
    # Mon 03-03, due Wed 03-05; two working days before it is the morning of the start
    clock = _clock("refusal_report_due", ["2025-03-03 10:00 stop_ignored"], "2025-03-04")
    assert str(clock.due_on) == "2025-03-05" and "reminder" not in {m.kind for m in next_moments(clock)}


def test_only_pauses_within_a_term_are_told() -> None:
    lines = ["2025-06-01 appraisal_started", "2025-06-05 appraisal_ended", "2025-06-10 sealed urgent=false"]
    late = [*lines, "2025-07-20 appraisal_started", "2025-07-22 appraisal_ended"]
    assert _clock("sealing_end", late, "2025-08-01").pauses == ()
    within = _clock("sealing_end", [*lines, "2025-06-20 appraisal_started"], "2025-06-25")
    assert [f"{p.since:%m-%d} {p.until}" for p in within.pauses] == ["06-20 None"]


# --- sentences --------------------------------------------------------------------------------------


def test_the_arithmetic_in_english() -> None:
    clock = _clock("hearing_request", ["2025-09-30 rights_notice_served hearing_offered=true"], "2025-10-01")
    assert explain(clock) == [
        "The party may ask for a hearing (hearing_request): running, ends 2025-10-14 23:59; a right of the party",
        "  Administrative Penalty Law 64, 85, version 2021: 5 days.",
        "  2025-09-30: Rights notice served (event 1).",
        "  Served (in person): the day of the receipt, 2025-09-30.",
        "  2025-09-30 itself is not counted (Civil Procedure Law 85, usual reading).",
        "  5 working days (Administrative Penalty Law 85): 2025-10-09, 10-10, 10-11 (make-up workday), 10-13, 10-14.",
        "  Rest days not counted: 10-01 – 10-05 National Day, 10-06 Mid-autumn Festival, 10-07 – 10-08 National Day, "
        "10-12.",
    ]


def test_the_arithmetic_in_chinese() -> None:
    lines = [
        "2025-06-10 sealed urgent=false",
        "2025-06-15 appraisal_started",
        "2025-06-25 appraisal_ended",
        "2025-07-21 sealing_lifted",
    ]
    assert explain(_clock("sealing_end", lines, "2025-08-01"), "zh") == [
        "查封期限（sealing_end）：按期，期满 2025-07-21 23:59；本机关应当办理",
        "  行政强制法 25，2011年版：30日。",
        "  2025-06-10：查封施工现场（第1号事件）。",
        "  2025-06-10当日不计算在内（民事诉讼法 85，通常理解）。",
        "  2025-06-15至2025-06-25暂停：检测、检验、鉴定期间（行政强制法 25）。",
        "  30日（行政强制法 69）：第一日2025-06-11，最后一日2025-07-10。",
        "  扣除10日（2025-06-15至2025-06-24）：期满日顺延至2025-07-20。",
        "  2025-07-20为休息日，以其后的第一日2025-07-21为期满日（民事诉讼法 85，通常理解）。",
        "  2025-07-21：解除查封（第4号事件），在期限内。",
    ]


@pytest.mark.parametrize(
    ("term", "lines", "at", "said"),
    [
        ("suit_right", ["2025-08-31 decision_served rights_told=true"], "2025-09-01", "that month has no day 31"),
        (
            "review_right",
            ["2025-03-03 decision_served method=public_notice rights_told=true"],
            "2025-03-04",
            "held to be served 30 days later, on 2025-04-02 (from memory: check)",
        ),
        (
            "hearing_notice",
            ["2025-03-03 hearing_notice_served hearing_on=2025-03-12"],
            "2025-03-04",
            "Planned for 2025-03-12: too early, not before 2025-03-13.",
        ),
        ("hearing_request", ["2026-12-29 rights_notice_served hearing_offered=true"], "2026-12-30", "Provisional:"),
        (
            "sealing_end",
            ["2025-06-10 sealed urgent=false", "2025-07-08 sealing_extended days=40"],
            "2025-07-09",
            "by 40 days (event 2), of which 30 count",
        ),
        (
            "unknown_party_notice",
            ["2025-06-10 public_notice_posted posted_on=2025-06-10 term_days=7"],
            "2025-06-11",
            "7 days are named, at least 10 are asked",
        ),
        (
            "sealing_end",
            ["2025-06-10 sealed urgent=false", "2025-06-15 appraisal_started"],
            "2025-06-20",
            "Paused since",
        ),
    ],
)
def test_what_is_unusual_is_said(term: str, lines: list[str], at: str, said: str) -> None:
    clock = _clock(term, lines, at)
    assert said in "\n".join(explain(clock))
    assert all(step.en and step.zh for step in clock.steps)


def test_a_changed_row_names_its_source() -> None:
    book = parse_book((), "{name: t, changes: [{term: decision_due, source: our rules 3, length: 60}]}")
    found = clock_of(reckon(events_of(["2025-03-03 filed"]), book, CALENDAR, moment("2025-03-04")), "decision_due")
    assert found is not None and "Changed by the bureau's own book: our rules 3." in "\n".join(explain(found))


# --- helpers ----------------------------------------------------------------------------------------


def test_the_latest_clock_of_a_term() -> None:
    lines = ["2025-06-16 reminder_served term_days=10", "2025-06-23 reminder_served term_days=10"]
    clocks = reckon(events_of(lines), BOOK, CALENDAR, moment("2025-07-02"))
    latest = clock_of(clocks, "reminder_term")
    assert latest is not None and latest.started_by == 2 and latest.open and latest.key == "reminder_term#2"
    assert clock_of(clocks, "suit_right") is None


def test_what_happens_later_is_not_looked_at() -> None:
    lines = ["2025-06-16 reminder_served term_days=10", "2025-06-20 enforcement_decided"]
    early = clock_of(reckon(events_of(lines), BOOK, CALENDAR, moment("2025-06-19")), "reminder_term")
    assert early is not None and early.state is State.RUNNING
    assert reckon(events_of(lines), BOOK, CALENDAR, datetime(2025, 6, 1, tzinfo=BEIJING)) == ()


def test_a_term_follows_a_row_of_the_bureau_too() -> None:
    """Own rows stand last in the book; what follows them is reckoned after them all the same."""
    own = """
name: t
terms:
  - id: suit_land
    title: t
    title_zh: t
    source: {land_law: "83"}
    length: 90
    whose: party
    starts: [{event: decision_served, day: served_on}]
    ends: [{event: suit_filed, day: filed_on}]
"""
    lines = [
        "2025-02-10 opened path=land",
        "2025-03-01 decided outcome=demolished",
        "2025-03-03 decision_served rights_told=true",
    ]
    clocks = reckon(events_of(lines), parse_book((), own), CALENDAR, moment("2025-07-01"))
    found = clock_of(clocks, "court_application_due")
    assert found is not None and str(found.due_on) == "2025-09-03"
    # 03-03 + 90 is 06-01, rest to 06-02; three months after 06-03
    assert [str(c.due_on) for c in clocks if c.term_id == "suit_land"] == ["2025-06-03"]
