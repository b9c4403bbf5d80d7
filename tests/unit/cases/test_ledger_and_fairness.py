"""Figures of the ledger and the look at even treatment, on cases that a reader can count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.cases.fairness import comparable, equal_treatment
from service.cases.histories import Around, CaseHistory, history_of
from service.cases.ledger import Figure, LeadCounts, figures_of, ledger
from tests.unit.cases.workflow.story_kit import DEMOLITION, Story, closing, decided, enforcing, lives, proof

START = datetime(2026, 3, 2, tzinfo=UTC)


def case(name: str, **told: Any) -> CaseHistory:
    around = Around(f"2026-{name}", told.pop("village", "东村"), told.pop("area", 100.0), told.pop("uploaded", None))
    plain = CaseHistory(
        case_id=f"case-{name}", around=around, state="closed", path="slow", stage="finished", categories=("no_permit",),
        unit="", opened_at=START, filed_at=START, ordered_at=None, stopped_at=None, decided_at=None, proved_at=None,
        closed_at=None, outcome="", fine_yuan=None, hardship=False, overdue=(), freed_m2=0.0, greened_m2=0.0, reused="",
    )  # fmt: skip
    days = told.pop("days", None)
    if days is not None:
        told |= {"decided_at": START + timedelta(days=days / 2), "closed_at": START + timedelta(days=days)}
    return replace(plain, **told)


def named(figures: Any, name: str) -> Figure:
    return next(one for one in figures if one.name == name)


def test_every_figure_is_what_its_definition_says() -> None:
    hour = timedelta(hours=1)
    built = {"stage": "under_construction", "path": "fast"}
    cases = [
        case("1", days=10, outcome="demolished", freed_m2=100.0, greened_m2=60.0),
        case("2", days=30, outcome="demolished", freed_m2=50.0),
        case("3", **built, ordered_at=START + 6 * hour, stopped_at=START + 8 * hour, uploaded=START),
        case("4", **built, ordered_at=START + 12 * hour, uploaded=START, overdue=("sealing_due",)),
        case("5", **built, ordered_at=START + 40 * hour, filed_at=None),
    ]
    found = figures_of(cases, LeadCounts(came=20, illegal=8, checked=15))
    expected = {
        "filing_rate": (4, 8, 0.5), "stop_rate": (1, 3, 1 / 3), "closure_rate": (2, 4, 0.5), "clear_rate": (2, 5, 0.4),
        "overdue_rate": (1, 5, 0.2), "hours_to_stop": (2, None, 9.0), "days_to_decision": (2, None, 10.0),
        "days_to_end": (2, None, 20.0), "freed_area": (2, None, 150.0), "greened_area": (1, None, 60.0),
    }  # fmt: skip
    assert {one.name: (one.count, one.of, one.value) for one in found} == {
        name: (count, of, pytest.approx(value, abs=1e-4)) for name, (count, of, value) in expected.items()
    }
    assert all(one.definition and one.definition_zh for one in found)
    stop = named(found, "stop_rate")
    assert stop.low is not None and stop.high is not None and stop.low < 1 / 3 < stop.high
    assert named(figures_of([]), "closure_rate").value is None


def test_the_ledger_counts_by_time_of_opening_unit_village_and_month() -> None:
    cases = [
        case("1", unit="东街道", days=10),
        case("2", village="西村", opened_at=START + timedelta(days=40)),
        case("3", opened_at=START - timedelta(days=1)),
    ]
    found = ledger(cases, START, START + timedelta(days=90))
    assert found.cases == 2 and set(found.groups["village"]) == {"东村", "西村"}
    assert set(found.groups["month"]) == {"2026-03", "2026-04"} and set(found.groups["unit"]) == {"-", "东街道"}
    assert named(found.groups["unit"]["东街道"], "closure_rate").value == 1.0


def test_a_case_of_events_becomes_one_line() -> None:
    story = Story().tell_all(lives()["slow"])
    told = history_of(story.standing, (), Around("2026-1", "东村", 200.0))
    assert (told.outcome, told.freed_m2, told.path, told.category) == ("demolished", 200.0, "slow", "no_permit")
    assert told.size == "200-1000" and told.days_to_end is not None and told.days_to_end > 200
    fast = history_of(Story().tell_all(lives()["fast"]).standing, (), Around("2026-2"))
    assert fast.ordered_at and fast.stopped_at and fast.stopped_at > fast.ordered_at and fast.freed_m2 == 0.0
    assert fast.size == "unknown"
    # what is not proved frees nothing, and neither does what came back
    open_case = Story().tell_all(enforcing())
    open_case.tell("demolition_started", "2025-08-21 10:00", **DEMOLITION)
    open_case.tell("demolition_done", "2025-08-21 16:00", by_whom="forced", extent="full")
    assert history_of(open_case.standing, (), Around("3", area_m2=80.0)).freed_m2 == 0.0
    open_case.tell_all([proof("2025-09-18"), *closing("2025-09-20"), proof("2026-03-01", "refilled")])
    assert history_of(open_case.standing, (), Around("3", area_m2=80.0)).freed_m2 == 0.0
    # an unsure look at the planted ground takes nothing back, and what officers measured goes before the picture
    slow = Story().tell_all(enforcing())
    slow.tell("demolition_started", "2025-08-21 10:00", **DEMOLITION)
    slow.tell("demolition_done", "2025-08-21 16:00", by_whom="forced", extent="full")
    slow.tell_all([proof("2025-09-18"), proof("2025-12-01", "covered", confidence=0.2)])
    still = history_of(slow.standing, (), Around("5", area_m2=80.0))
    assert still.freed_m2 == 80.0 and still.proved_at is not None and still.proved_at.month == 9
    fined = history_of(Story().tell_all(decided(outcome="fined", fine_yuan=500.0)).standing, (), Around("4"))
    assert fined.fine_yuan == 500.0 and fined.decided_at is not None


def test_a_case_that_went_another_way_than_those_alike_is_shown_with_the_reason_to_look() -> None:
    usual = [case(str(k), days=20.0 + k, outcome="demolished") for k in range(12)]
    slow = case("slow", days=900.0, outcome="demolished", village="西村", hardship=True)
    mild = case("mild", days=25.0, outcome="corrected")
    found = equal_treatment([*usual, slow, mild])
    told = {(one.serial, one.what): one for one in found.outliers}
    assert set(told) == {("2026-slow", "days_to_end"), ("2026-slow", "days_to_decision"), ("2026-mild", "outcome")}
    assert told["2026-slow", "days_to_end"].hardship and "同类14件" in told["2026-slow", "days_to_end"].sentence_zh
    assert told["2026-mild", "outcome"].usual == "demolished"
    villages = {row.name: row for row in found.groups if row.dimension == "village"}
    assert villages["西村"].cases == 1 and villages["东村"].outcomes == {"demolished": 12, "corrected": 1}


def test_few_cases_or_other_law_tell_nothing_of_what_is_usual() -> None:
    some = [case(str(k), days=20.0, outcome="demolished") for k in range(6)]
    assert equal_treatment([*some, case("x", days=900.0, outcome="fined")]).outliers == []
    many = [case(str(k), days=20.0, outcome="demolished") for k in range(12)]
    land = case("land", path="land", days=900.0, outcome="confiscated")
    assert equal_treatment([*many, land]).outliers == []


def test_the_comparable_cases_are_alike_by_law_and_nearest_in_size() -> None:
    others = [case("a", area=400.0, outcome="fined"), case("b", area=110.0, outcome="demolished"), case("c", area=50.0),
              case("d", area=None, outcome="corrected"), case("e", path="land", outcome="confiscated")]  # fmt: skip
    assert [one.around.serial for one in comparable(case("x"), others)] == ["2026-b", "2026-a", "2026-d"]
