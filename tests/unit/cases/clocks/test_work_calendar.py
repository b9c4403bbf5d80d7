"""Which days are worked in China."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from service.cases.clocks import WorkCalendar
from service.cases.clocks.calendar import DayKind
from service.cases.errors import WorkCalendarError

CALENDAR = WorkCalendar()


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2024-02-09", DayKind.WORKDAY),
        ("2024-02-10", DayKind.HOLIDAY),
        ("2024-02-18", DayKind.MAKEUP_WORKDAY),
        ("2025-01-28", DayKind.HOLIDAY),
        ("2025-02-03", DayKind.HOLIDAY),
        ("2025-02-08", DayKind.MAKEUP_WORKDAY),
        ("2025-03-08", DayKind.WEEKEND),
        ("2025-10-08", DayKind.HOLIDAY),
        ("2025-10-11", DayKind.MAKEUP_WORKDAY),
        ("2026-02-14", DayKind.MAKEUP_WORKDAY),
        ("2026-02-23", DayKind.HOLIDAY),
        ("2026-02-28", DayKind.MAKEUP_WORKDAY),
    ],
)
def test_holidays_weekends_and_make_up_workdays_are_told_apart(day: str, kind: DayKind) -> None:
    assert CALENDAR.kind(date.fromisoformat(day)) is kind


def test_a_weekend_rests_and_is_no_statutory_holiday() -> None:
    """Demolition is barred on holidays (行政强制法 43), terms roll over on both (民事诉讼法 85)."""
    saturday, holiday, worked = date(2025, 3, 8), date(2025, 10, 3), date(2025, 9, 28)
    assert CALENDAR.is_rest_day(saturday) and not CALENDAR.is_statutory_holiday(saturday)
    assert CALENDAR.is_rest_day(holiday) and CALENDAR.is_statutory_holiday(holiday)
    assert not CALENDAR.is_rest_day(worked) and not CALENDAR.is_statutory_holiday(worked)


def test_working_days_forwards_and_backwards() -> None:
    # Tue 09-30; 10-09, 10, Sat 11 worked, 13, 14; back from there: 13, 11, 10, 09, 09-30
    assert CALENDAR.add_working_days(date(2025, 9, 30), 5) == date(2025, 10, 14)
    assert CALENDAR.add_working_days(date(2025, 10, 14), -5) == date(2025, 9, 30)
    assert CALENDAR.next_working_day(date(2025, 10, 1)) == date(2025, 10, 9)
    assert CALENDAR.next_working_day(date(2025, 9, 28)) == date(2025, 9, 28)


def test_names_in_both_languages() -> None:
    assert CALENDAR.name(date(2025, 10, 6)) == "Mid-autumn Festival"
    assert CALENDAR.name(date(2025, 10, 6), "zh") == "中秋"
    assert CALENDAR.name(date(2025, 10, 12)) == ""


def test_the_last_day_known_and_beyond() -> None:
    assert CALENDAR.known_until >= date(2026, 12, 31)
    beyond = date(CALENDAR.known_until.year + 1, 1, 1)
    assert not CALENDAR.is_known(beyond) and not CALENDAR.is_statutory_holiday(beyond)
    assert CALENDAR.is_known(CALENDAR.known_until) and not CALENDAR.is_known(date(2003, 12, 31))


TABLE = """
known_until: 2037-12-31
days:
  - {day: 2037-01-01, kind: holiday, source: test, note: New Year}
  - {day: 2037-01-03, kind: workday, source: test}
  - {day: 2025-10-09, kind: holiday, source: test}
  - {day: 2025-10-08, kind: workday, source: test}
"""


def test_a_table_extends_and_corrects_the_lists(tmp_path: Path) -> None:
    file = tmp_path / "holidays.yaml"
    file.write_text(TABLE, encoding="utf-8")
    own = CALENDAR.with_file(file)
    assert own.known_until == date(2037, 12, 31) and own.is_known(date(2037, 6, 1))
    assert own.kind(date(2037, 1, 1)) is DayKind.HOLIDAY and own.name(date(2037, 1, 1)) == "New Year"
    assert own.kind(date(2037, 1, 3)) is DayKind.MAKEUP_WORKDAY  # a Saturday
    assert own.kind(date(2025, 10, 9)) is DayKind.HOLIDAY and own.kind(date(2025, 10, 8)) is DayKind.WORKDAY
    assert own.version != CALENDAR.version


def test_a_table_without_known_until_knows_only_its_days() -> None:
    own = CALENDAR.with_table("days: [{day: 2037-01-01, kind: holiday, source: test}]")
    assert own.is_known(date(2037, 1, 1)) and not own.is_known(date(2037, 1, 2))
    assert own.known_until == CALENDAR.known_until


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("days: [", "no YAML"),
        ("days: [{day: 2025-02-31, kind: holiday, source: s}]", "no YAML"),
        ("- 1", "nothing else"),
        ("dates: []", "nothing else"),
        ("known_until: soon", "'soon' is no day"),
        ("days: {}\n", ""),
        ("days: 5", "a list is wanted"),
        ("days: [5]", "line 1: it must hold"),
        ("days: [{day: 2027-01-01 10:00:00, kind: holiday, source: s}]", "is no day"),
        (
            "days: [{day: 2027-01-01, kind: half, source: s}]",
            "line 1: 2027-01-01: kind is holiday or workday, not 'half'",
        ),
        ("days: [{day: 2027-01-01, kind: holiday}]", "say in source"),
        ("days: [{day: 2027-01-01, kind: holiday, source: s, note: 5}]", "note is no text"),
        ("days: [{day: 2027-01-01, kind: holiday, source: s, from: x}]", "unknown: from"),
        (
            "days: [{day: 2027-01-01, kind: holiday, source: s}, {day: 2027-01-01, kind: workday, source: s}]",
            "line 1: 2027-01-01 stands there twice",
        ),
    ],
)
def test_what_is_wrong_with_a_table_is_told(text: str, said: str) -> None:
    if not said:
        assert CALENDAR.with_table(text) == CALENDAR
        return
    with pytest.raises(WorkCalendarError) as caught:
        CALENDAR.with_table(text, "my table")
    assert said in caught.value.message and "my table" in caught.value.message


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WorkCalendarError, match="cannot be read"):
        CALENDAR.with_file(tmp_path / "none.yaml")
