"""The book of terms: what Kancha ships, a bureau's own, and every fault with its line."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from geodata.io.dates import BEIJING
from service.cases.clocks import Book, Whose, WorkCalendar, load_book, own_template, quiet_reasons
from service.cases.clocks.book import parse_book
from service.cases.errors import TermBookError
from tests.unit.cases.clocks.docs_kit import PAGE, PLACES, page

# What domain knowledge holds of each clock: id, length, unit as it is counted
SHIPPED = """
on_site 24 hours | on_site_building 2 hours | complaint_handled 3 calendar_days | complaint_told 1 months
stop_order_due 2 working_days | refusal_report_due 2 working_days | instruction_due 2 working_days
sealing_due 24 hours | sealing_approval_due 24 hours | sealing_end 30 calendar_days | preservation_due 7 working_days
penalty_barred 2 years | penalty_barred_grave 5 years | hearing_request 5 working_days | hearing_notice 7 working_days
decision_due 90 calendar_days | decision_delivery 7 working_days | publication_due 20 working_days
withdrawal_due 3 working_days | fine_payment 15 calendar_days | review_right 60 calendar_days
review_right_untold 1 years | review_right_real_estate 20 years | review_decision 60 calendar_days
review_decision_summary 30 calendar_days | suit_right 6 months | suit_right_real_estate 20 years
suit_land 15 calendar_days | suit_after_review 15 calendar_days | removal_report_due 3 working_days
removal_instruction_due 3 working_days | demolition_due 60 calendar_days | substitute_reminder 3 working_days
court_reminder 10 working_days | court_application_due 3 months | unknown_party_wait 6 months
"""


def _lengths(book: Book) -> set[str]:
    found = set()
    for row in book.terms:
        if row.length is not None:
            unit = book.statute_of(row).unit_of(row.length) if row.unit == "by_law" else row.unit
            found.add(f"{row.id} {row.length} {unit}")
    return found


def test_every_length_is_that_of_the_table() -> None:
    expected = {cell.strip() for line in SHIPPED.strip().splitlines() for cell in line.split("|")}
    assert _lengths(load_book(PLACES)) == expected


def test_local_rows_run_only_where_they_hold() -> None:
    national, shanghai = load_book(), load_book(["shanghai"])
    assert {row.places for row in national.terms} == {("national",)}
    here = {row.id for row in shanghai.terms} - {row.id for row in national.terms}
    assert here == {"on_site", "on_site_building", "complaint_told", "unknown_party_notice"}
    assert national.checksum != shanghai.checksum == load_book(["shanghai"]).checksum


def test_a_row_without_a_length_waits() -> None:
    assert load_book().term("objection_answer") is None
    own = parse_book((), "{name: t, changes: [{term: objection_answer, source: our rules 3, length: 15}]}")
    row = own.term("objection_answer")
    assert row is not None and row.length == 15 and row.changed_by == "our rules 3"


def test_versions_tell_that_their_days_are_not_known() -> None:
    book = load_book(PLACES)
    for statute in book.statutes.values():
        assert all(v.since is None and v.until is None for v in statute.versions)


def test_rows_of_one_name_follow_each_other() -> None:
    text = """
name: t
terms:
  - &row
    id: hearing_request
    title: t
    title_zh: t
    source: {penalty_law: "0"}
    length: 7
    whose: party
    since: 2025-07-01
    starts: [{event: rights_notice_served, day: served_on}]
    ends: [{event: hearing_asked, day: asked_on}]
"""
    book = parse_book((), text)
    before, after = book.term("hearing_request", date(2025, 6, 30)), book.term("hearing_request", date(2025, 7, 1))
    assert before is not None and before.length == 5 and after is not None and after.length == 7
    always = parse_book((), text.replace("    since: 2025-07-01\n", ""))
    assert [row.length for row in always.terms if row.id == "hearing_request"] == [7]


def test_the_template_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(own_template(), encoding="utf-8")
    assert load_book((), file).terms == load_book().terms


def test_settings_of_reading() -> None:
    assert load_book().settings.reminder_and_announcement == "reminder_first"
    own = parse_book(
        (), "{name: t, settings: {reminder_and_announcement: free}, timers: {remind_working_days: 1, remind_hours: 2}}"
    )
    assert own.settings.reminder_and_announcement == "free" and own.timers.escalate == ()


def test_the_page_holds_the_terms_of_the_data() -> None:
    """`python -m tests.unit.cases.clocks.docs_kit` writes it again."""
    assert page() == PAGE.read_text(encoding="utf-8")


ROW = """
name: t
terms:
  - id: mine
    title: t
    title_zh: t
    source: {penalty_law: "1"}
    length: 4
    unit: calendar_days
    whose: bureau
    starts: [{event: filed}]
    ends: [{event: decided}]
"""


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("whose: bureau", "whose: king", "line 10, terms.0.whose"),
        ("whose: bureau", "whos: bureau", "line 10, terms.0.whos: is not known here"),
        ("    length: 4\n", "    length: 0\n", "line 8, terms.0.length"),
        ("length: 4", "length: 5", "5 days are working_days by 行政处罚法 85, not calendar_days"),
        ("penalty_law", "moon_law", "there is no statute 'moon_law'"),
        ('"1"}', '"1"}\n    version: 1996', "version"),
        ("event: filed", "event: fild", "there is no event 'fild'"),
        ("{event: filed}", "{event: filed, day: basis}", "filed.basis is a ids, not a day or moment"),
        ("{event: decided}", "{event: decided, where: {outcome: burnt}}", "decided.outcome is one of"),
        ("{event: decided}", "{event: decided, where: {weather: 1}}", "event decided tells no 'weather'"),
        ("{event: decided}", "{event: demolition_started, where: {urgent: 3}}", "is true or false, not 3"),
        ("length: 4", "length_from: term_days", "event filed tells no 'term_days'"),
        ("length: 4", "length: 4\n    until_fact: basis", "only one of length, until_fact"),
        ("    starts: [{event: filed}]\n", "", "it starts by events (starts) or after terms (follows)"),
        ("starts: [{event: filed}]", "follows: {terms: [nothing]}", "there is no term 'nothing' to follow"),
        (
            "starts: [{event: filed}]",
            "follows: {terms: [unknown_party_wait]}",
            "'unknown_party_wait' follows other terms itself",
        ),
        ("whose: bureau", "whose: bureau\n    pauses: [lunch]", "there is no pause 'lunch'"),
        (
            "unit: calendar_days",
            "unit: months\n    extended_by: [{event: review_extended, days: days}]",
            "extended by days",
        ),
        ("whose: bureau", "whose: bureau\n    when: {happened: [rain]}", "there is no event 'rain'"),
        ("terms:\n", "name: u\nterms:\n", "line 3: name stands there twice"),
        ("name: t", "name: t\nplaces: [atlantis]", "line 3, places: there are no rules of 'atlantis'"),
        ("name: t", "name: t\nswitch_on: [nothing]", "line 3, switch_on: there is no term 'nothing'"),
        ("name: t", "name: t\ncounting: {moon_law: {}}", "there is no statute 'moon_law'"),
        ("name: t", "name: t\nchanges: [{term: nothing, source: s, length: 1}]", "Kancha ships no term 'nothing'"),
        ("name: t", "name: t\nchanges: [{term: decision_due, source: s}]", "nothing is changed"),
        ("name: t", "name: t\nchanges: [{term: decision_due, length: 5}]", "changes.0.source: is missing"),
        ("name: t", "name: t\nchanges: [{term: order_term, source: s, length: 5}]", "told by an event"),
        ("name: t", "name: t\nchanges: [{term: suit_right, source: s, pauses: [review]}]", "none that the row offers"),
        ("name: t", "name: t\nchanges: [{term: suit_right, source: s, unit: weeks}]", "line 3, changes.0: suit_right"),
        (
            "name: t",
            "name: t\npauses: {p: {title: t, title_zh: t, starts: [{event: x}], ends: [{event: filed}]}}",
            "'x'",
        ),
    ],
)
def test_every_fault_of_a_book_is_told(was: str, now: str, said: str) -> None:
    assert ROW.count(was) >= 1
    with pytest.raises(TermBookError) as caught:
        parse_book((), ROW.replace(was, now, 1))
    assert said in caught.value.message
    assert caught.value.remedy and caught.value.measured["faults"]


def test_the_row_of_the_faults_is_sound_by_itself() -> None:
    row = parse_book((), ROW).term("mine")
    assert row is not None and row.whose is Whose.BUREAU


@pytest.mark.parametrize("text", ["", "- 1", "{", "name: [", "name: t\nterms: [{since: 2025-02-31}]"])
def test_what_is_no_book(text: str) -> None:
    with pytest.raises(TermBookError):
        parse_book((), text)


def test_two_rows_of_one_name_at_one_time() -> None:
    row = ROW[ROW.index("  - id") :]
    with pytest.raises(TermBookError, match="two rows of this name hold at one time"):
        parse_book((), ROW + row)


def test_a_file_that_is_not_there_and_an_unknown_place(tmp_path: Path) -> None:
    with pytest.raises(TermBookError, match="cannot be read"):
        load_book((), tmp_path / "none.yaml")
    with pytest.raises(TermBookError, match="no rules of 'atlantis'"):
        load_book(["atlantis"])


@pytest.mark.parametrize(
    ("moment", "reasons"),
    [
        ("2025-09-30T10:00+08:00", []),
        ("2025-09-28T10:00+08:00", []),  # a make-up workday
        ("2025-03-08T10:00+08:00", []),  # a plain Saturday
        ("2025-10-03T10:00+08:00", ["statutory holiday"]),
        ("2025-09-30T21:59+08:00", []),
        ("2025-09-30T22:00+08:00", ["night"]),
        ("2025-09-30T05:59+08:00", ["night"]),
        ("2025-09-30T06:00+08:00", []),
        ("2025-09-30T15:00+00:00", ["night"]),
        ("2025-10-01T23:00+08:00", ["statutory holiday", "night"]),
    ],
)
def test_no_enforcement_at_night_and_on_statutory_holidays(moment: str, reasons: list[str]) -> None:
    found = quiet_reasons(datetime.fromisoformat(moment), load_book(), WorkCalendar())
    assert len(found) == len(reasons)
    assert all(said in step.en and "行政强制法 43" in step.zh for said, step in zip(reasons, found, strict=True))


def test_the_bureau_sets_the_hours_of_the_night() -> None:
    own = parse_book((), 'name: t\nquiet_times: {night_from: "20:00", night_until: "08:00"}')
    assert quiet_reasons(datetime(2025, 9, 30, 20, tzinfo=BEIJING), own, WorkCalendar())
    assert own.bans["quiet_times"].marks == ("setting",)


def test_an_older_row_ends_where_the_shipped_one_begins() -> None:
    """A bureau that knows the day of a law adds the row of before, by its days or by the version that it names."""
    days = ROW.replace("id: mine", "id: hearing_request").replace(
        "whose: bureau", "whose: party\n    until: 2021-07-14"
    )
    named = days.replace("until: 2021-07-14", 'version: "1996"') + (
        "versions: {penalty_law: [{version: 1996, until: 2021-07-14}, {version: 2021, since: 2021-07-15}]}\n"
    )
    for text in (days, named):
        book = parse_book((), text)
        old, new = (book.term("hearing_request", day) for day in (date(2021, 7, 14), date(2021, 7, 15)))
        assert old is not None and old.length == 4 and new is not None and new.length == 5
    decision = book.term("decision_due", date(2020, 1, 1))
    assert decision is not None
    version = book.version_of(decision, date(2020, 1, 1))
    assert version is not None and version.version == "1996"


def test_between_two_days_of_its_own_the_shipped_row_holds() -> None:
    text = ROW.replace("id: mine", "id: hearing_request").replace(
        "whose: bureau", "whose: party\n    since: 2025-01-01\n    until: 2025-12-31"
    )
    book = parse_book((), text)
    lengths = [book.term("hearing_request", date(year, 6, 1)) for year in (2024, 2025, 2026)]
    assert [row.length for row in lengths if row is not None] == [5, 4, 5]
