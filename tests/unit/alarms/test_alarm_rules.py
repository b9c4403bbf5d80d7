"""What alarms whom and when, as pure functions."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geodata.errors import OptionError
from geodata.io.dates import BEIJING
from service.alarms.matching import FIRST, GRAVER, IN_PROGRESS, Facts, grade_of, matches, step_of
from service.alarms.planning import Flood, plan
from service.alarms.timing import due_at, is_quiet, next_digest, parse_time, quiet_end
from service.alarms.values import Alarm, Channel, Rule, Timing, Wanted

HERE = shapely.box(114.0, 36.0, 114.001, 36.001)
NOW = datetime(2026, 9, 18, 4, 0, tzinfo=UTC)
LEAD: dict[str, Any] = {
    "status": "suspected", "change": "appeared", "stage": "finished", "confidence": 0.9, "area_m2": 200.0,
    "priority": 0.4, "flags": [], "reasons": [{"code": "no_permit"}],
}  # fmt: skip


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(UTC)


def test_a_rule_means_what_all_its_conditions_mean() -> None:
    assert matches(Wanted(), LEAD, HERE, None)
    other: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {"status": "permitted"}),
        ({}, {"change": "disappeared"}),
        ({}, {"confidence": 0.49}),
        ({"min_area_m2": 200.1}, {}),
        ({"min_priority": 0.41}, {}),
        ({"stages": ("under_construction",)}, {}),
        ({"stages": ("finished",)}, {"stage": None}),
        ({"flags": ("protected_land", "rebuilt")}, {"flags": ["concealment"]}),
        ({"codes": ("in_zone",)}, {}),
    ]
    for wanted, told in other:
        assert not matches(Wanted(**wanted), LEAD | told, HERE, None), (wanted, told)
    assert matches(Wanted(flags=("rebuilt", "protected_land")), LEAD | {"flags": ["protected_land"]}, HERE, None)
    assert matches(Wanted(stages=("unknown",)), LEAD | {"stage": None}, HERE, None)
    assert matches(Wanted(statuses=()), LEAD | {"status": "permitted"}, HERE, None)


def test_a_rule_looks_within_its_areas() -> None:
    east = shapely.box(114.0005, 36, 115, 37)
    assert matches(Wanted(), LEAD, HERE, east)
    assert not matches(Wanted(), LEAD, HERE, shapely.box(115, 36, 116, 37))
    assert not matches(Wanted(), LEAD, HERE, shapely.union_all([])), "an area that is there no more means nothing"


def test_the_gravest_is_being_built_on_protected_land_and_nothing_allows_it() -> None:
    grave = LEAD | {"stage": "under_construction", "flags": ["protected_land"]}
    assert grade_of(grave) == grade_of(grave | {"stage": "foundation", "status": "unassessed"}) == "gravest"
    for told in ({"flags": []}, {"stage": "finished"}, {"stage": "unknown"}, {"status": "permitted"},
                 {"change": "disappeared"}):  # fmt: skip
        assert grade_of(grave | told) == "usual", told


def facts(stage: str = "unknown", *, protected: bool = False, rebuilt: bool = False) -> Facts:
    return Facts(stage, protected, rebuilt)


def test_a_structure_alarms_once_more_only_for_what_is_graver() -> None:
    first = {FIRST: facts("under_construction")}
    assert step_of(facts(), {}) == FIRST
    assert step_of(facts("under_construction"), first) is None
    assert step_of(facts("foundation"), first) is None, "less far is nothing new"
    assert step_of(facts("finished"), first) == "finished"
    assert step_of(facts("finished"), {FIRST: facts("unknown")}) is None, "nobody saw it being built"
    assert step_of(facts("under_construction", protected=True), first) == "protected_land"
    assert step_of(facts("finished", protected=True, rebuilt=True), first) == "rebuilt"
    assert step_of(facts(protected=True), {FIRST: facts(protected=True)}) is None


_FACTS = st.builds(Facts, st.sampled_from(["unknown", *sorted(IN_PROGRESS), "finished"]), st.booleans(), st.booleans())


@given(st.lists(_FACTS, max_size=30))
def test_whatever_is_seen_a_structure_alarms_at_most_once_a_step(seen: list[Facts]) -> None:
    told: dict[str, Facts] = {}
    for one in seen:
        step = step_of(one, told)
        assert step is None or (step not in told and step in (FIRST, *GRAVER))
        if step is not None:
            told[step] = one
        assert step_of(one, told) in (None, *GRAVER) and (not seen or FIRST in told)
        # said again, it says at last nothing new
        for _ in GRAVER:
            again = step_of(one, told)
            if again is not None:
                told[again] = one
        assert step_of(one, told) is None


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-09-18T21:59:59", None),
        ("2026-09-18T22:00:00", "2026-09-19T07:00:00"),
        ("2026-09-18T23:59:00", "2026-09-19T07:00:00"),
        ("2026-09-19T00:00:00", "2026-09-19T07:00:00"),
        ("2026-09-19T06:59:59", "2026-09-19T07:00:00"),
        ("2026-09-19T07:00:00", None),
    ],
)
def test_quiet_hours_reach_over_midnight_in_beijing(now: str, end: str | None) -> None:
    moment = beijing(now)
    assert is_quiet(("22:00", "07:00"), moment) is (end is not None)
    assert quiet_end(("22:00", "07:00"), moment) == (moment if end is None else beijing(end))


def test_quiet_hours_of_the_afternoon_and_none() -> None:
    assert quiet_end(("12:00", "14:00"), beijing("2026-09-18T13:00:00")) == beijing("2026-09-18T14:00:00")
    assert not is_quiet(("12:00", "14:00"), beijing("2026-09-18T14:00:00"))
    assert not is_quiet(None, NOW) and not is_quiet(("08:00", "08:00"), beijing("2026-09-18T08:00:00"))
    for bad in ("8:00", "24:00", "08:60", "", "08:00:00", "٠٨:٠٠"):
        with pytest.raises(OptionError):
            parse_time(bad)


_CLOCK = st.times().map(lambda t: f"{t:%H:%M}")
_MOMENT = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda t: t.replace(tzinfo=UTC))


@given(_MOMENT, st.tuples(_CLOCK, _CLOCK))
def test_the_end_of_quiet_hours_is_not_quiet_and_within_a_day(now: datetime, quiet: tuple[str, str]) -> None:
    end = quiet_end(quiet, now)
    assert now <= end <= now + timedelta(days=1)
    assert not is_quiet(quiet, end)
    assert end == now or f"{end.astimezone(BEIJING):%H:%M}" == quiet[1]


@given(_MOMENT, st.lists(_CLOCK, min_size=1, max_size=4))
def test_the_next_digest_is_the_first_of_its_times(now: datetime, times: list[str]) -> None:
    found = next_digest(tuple(times), now)
    assert now < found <= now + timedelta(days=1)
    assert f"{found.astimezone(BEIJING):%H:%M}" in times
    days = [now.astimezone(BEIJING).date() + timedelta(days=k) for k in (0, 1)]
    every = [datetime.combine(d, parse_time(t), BEIJING) for d, t in itertools.product(days, times)]
    assert not [one for one in every if now < one < found]


def test_when_an_alarm_may_be_told() -> None:
    night, noon = beijing("2026-09-18T23:30:00"), beijing("2026-09-18T12:00:00")
    usual = Timing()
    assert due_at(usual, "gravest", night) == night, "the gravest goes through the quiet hours"
    assert due_at(replace(usual, gravest_in_quiet=False), "gravest", night) == beijing("2026-09-19T07:00:00")
    assert due_at(usual, "usual", noon) == due_at(usual, "usual", night) == beijing("2026-09-19T08:00:00")
    at_once = replace(usual, at_once="all")
    assert due_at(at_once, "usual", noon) == noon
    assert due_at(at_once, "usual", night) == beijing("2026-09-19T07:00:00")
    assert due_at(replace(usual, at_once="none"), "gravest", noon) == beijing("2026-09-19T08:00:00")
    early = replace(usual, digest_at=("06:00",))
    assert due_at(early, "usual", night) == beijing("2026-09-19T07:00:00"), "a digest within the quiet hours waits"


def alarm(number: int, rule: str = "r", grade: str = "usual", structure: str = "") -> Alarm:
    return Alarm(f"a{number}", rule, "p", structure or f"s{number}", f"f{number}", FIRST, grade, {}, NOW, NOW, NOW)  # type: ignore[arg-type]


def rule(name: str = "r", channels: tuple[str, ...] = ("c",), **timing: Any) -> Rule:
    return Rule(name, name, "p", Wanted(), Timing(**timing), channels, None, 60.0, NOW, "p")


CHANNELS = {name: Channel(name, name, "p", "in_app", "", None, NOW) for name in ("c", "d")}


def made(
    due: list[Alarm], *rules: Rule, held: tuple[str, ...] = ()
) -> tuple[set[str], list[tuple[str, str, list[str]]]]:
    planned = plan(due, {one.id: one for one in rules}, CHANNELS, frozenset(held), (NOW, Flood(apart=3)))
    return set(planned.taken), [(one.channel_id, one.purpose, sorted(one.alarms)) for one in planned.made]


def test_few_alarms_go_out_each_by_itself_and_many_as_one_message() -> None:
    grave = [alarm(k, grade="gravest") for k in range(4)]
    assert [m[2] for m in made(grave[:3], rule())[1]] == [["a0"], ["a1"], ["a2"]]
    assert made(grave, rule())[1] == [("c", "alarm", ["a0", "a1", "a2", "a3"])]
    digest = made([alarm(k) for k in range(9)], rule())[1]
    assert [(m[1], len(m[2])) for m in digest] == [("digest", 9)]


def test_a_structure_that_two_rules_mean_is_in_one_message() -> None:
    both = [alarm(1, "r", "gravest", "s"), alarm(2, "q", "gravest", "s")]
    assert made(both, rule(), rule("q"))[1] == [("c", "alarm", ["a1", "a2"])]
    assert made(both, rule(), rule("q", ("d",)))[1] == [("c", "alarm", ["a1"]), ("d", "alarm", ["a2"])]


def test_what_has_no_channel_or_no_rule_is_taken_and_sent_nowhere() -> None:
    assert made([alarm(1)], rule(channels=())) == ({"a1"}, [])
    assert made([alarm(1)], rule(channels=("gone",))) == ({"a1"}, [])
    assert made([alarm(1, "removed")]) == ({"a1"}, [])


def test_a_flood_is_held_back_and_a_digest_is_not() -> None:
    assert made([alarm(1, grade="gravest")], rule(), held=("c",)) == (set(), [])
    assert made([alarm(1)], rule(), held=("c",))[1] == [("c", "digest", ["a1"])]
    flood = Flood(per_hour=3, gap=timedelta(minutes=10))
    ago = [NOW - timedelta(minutes=m) for m in (50, 30, 5)]
    assert flood.holds(ago, NOW)
    assert not flood.holds(ago[:2], NOW)
    assert not flood.holds(ago, NOW + timedelta(minutes=6)), "after the gap they come together"
