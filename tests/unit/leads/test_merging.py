"""Reports merged into leads: by examples that a reader can measure, and whatever the order in which they come."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from service.cases.leads.merging import HAND, JUDGED, MERGED, SPLIT, Act, Told, identity, leads_of, named
from service.cases.leads.places import Near, metres, reach, structure_of, vagueness_m

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
M = 1 / 111_320
"""A metre of latitude, degrees."""


def at(name: str, north_m: float, accuracy_m: float = 10.0, day: float = 0, **more: Any) -> Told:
    when = NOON + day * DAY
    return Told(name, when, when, shapely.Point(114.5, 36.6 + north_m * M), accuracy_m, **more)


def act(kind: HAND, day: float, *reports: str, **more: Any) -> Act:
    return Act(f"{kind}-{day}", NOON + day * DAY, kind, reports, **more)


def parted(told: list[Told], *acts: Act) -> list[str]:
    """The leads as words: `ab c`."""
    return ["".join(bundle.reports) for bundle in leads_of(told, acts)]


@pytest.mark.parametrize(
    ("what", "told", "leads"),
    [
        ("20 m apart, 10 m either way: just within both errors", [at("a", 0), at("b", 19.9)], ["ab"]),
        ("21 m apart: beyond", [at("a", 0), at("b", 21)], ["a", "b"]),
        ("thirty days apart", [at("a", 0), at("b", 5, day=30)], ["ab"]),
        ("a day more", [at("a", 0), at("b", 5, day=31)], ["a", "b"]),
        ("a vague one goes to the nearest exact one", [at("a", 0, 5), at("b", 60, 5), at("c", 20, 60)], ["ac", "b"]),
        ("and links no two exact ones", [at("a", 0, 5), at("c", 30, 60), at("b", 60, 5, day=1)], ["ac", "b"]),
        ("a chain goes no farther than its founder", [at(n, k * 15) for k, n in enumerate("abcd")], ["ab", "cd"]),
        ("one structure, a year apart", [at("a", 0, structure="s"), at("b", 90, day=365, structure="s")], ["ab"]),
        ("two structures, one metre apart", [at("a", 0, structure="s"), at("b", 1, structure="t")], ["a", "b"]),
        ("beside a structure, and not of it", [at("a", 0, structure="s"), at("b", 5)], ["a", "b"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_one_lead(what: str, told: list[Told], leads: list[str]) -> None:
    assert parted(told) == leads
    assert parted(told[::-1]) == leads


def test_a_settled_lead_takes_in_what_is_nothing_new_and_no_more() -> None:
    first = at("a", 0, stage="foundation")
    settled = act(JUDGED, 1, "a")
    assert parted([first, at("b", 1, day=2), at("c", 1, day=3, stage="foundation")], settled) == ["abc"]
    assert parted([first, at("b", 1, day=2, stage="finished"), at("c", 1, day=3)], settled) == ["a", "bc"]
    assert parted([first, at("b", 1, day=2, news=True)], settled) == ["a", "b"]
    # seen before the verdict, told after it: the verdict knew as much
    assert parted([first, at("b", 1, day=0.5, news=True)], settled) == ["ab"]
    assert parted([first, at("b", 1, day=2, news=True)]) == ["ab"]
    # it names the settled one, and is settled in its turn
    third = [first, at("b", 1, day=2, news=True), at("c", 1, day=5, news=True)]
    found = leads_of(third, [settled, act(JUDGED, 3, "b")])
    assert [(one.reports, one.after) for one in found] == [(("a",), None), (("b",), "a"), (("c",), "b")]
    # a stage that the settled one knew is no news to the one that follows
    later = [first, at("b", 1, day=2, stage="finished"), at("c", 1, day=5, stage="under_construction")]
    assert parted(later, settled, act(JUDGED, 3, "b")) == ["a", "bc"]
    # a verdict that corrects does not move the day on which the first settled it
    assert parted([first, at("b", 1, day=2, news=True)], settled, act(JUDGED, 4, "a")) == ["a", "b"]


def test_what_an_officer_decided_stays_so() -> None:
    told = [at("a", 0), at("b", 5), at("c", 500)]
    assert parted(told, act(SPLIT, 1, "b")) == ["a", "b", "c"]
    assert parted(told, act(MERGED, 1, "a", "c")) == ["abc"]
    assert parted(told, act(MERGED, 1, "a", "c"), act(SPLIT, 2, "c")) == ["ab", "c"]
    assert parted(told, act(SPLIT, 1, "b"), act(MERGED, 2, "a", "b")) == ["ab", "c"]
    # what comes later to where all reports left follows them
    assert parted([*told, at("d", 501, day=3)], act(MERGED, 1, "a", "c"), act(SPLIT, 2, "c")) == ["ab", "cd"]
    # what was judged together stays together, whatever more exact report comes between
    pair = [at("a", 0, 20), at("b", 35, 20)]
    assert parted([*pair, at("x", -5, 1, day=2)]) == ["ax", "b"]
    assert parted([*pair, at("x", -5, 1, day=2)], act(JUDGED, 1, "a", "b")) == ["abx"]
    # two leads that an officer merged stay one though the later is news
    new = [at("a", 0), at("b", 1, day=2, news=True)]
    assert parted(new, act(JUDGED, 1, "a"), act(MERGED, 3, "a", "b")) == ["ab"]


def test_ids_stay_with_the_report_that_they_were_given_for() -> None:
    ab = leads_of([at("a", 0), at("b", 50)])
    ids, led = named(ab, {})
    assert ids == [identity("a"), identity("b")] and led == {}
    founders = {"a": ids[0], "b": ids[1]}
    joined = leads_of([at("a", 0), at("b", 50), at("x", 25, 5, day=1)], [act(MERGED, 2, "a", "b")])
    one = next(k for k, bundle in enumerate(joined) if "a" in bundle.reports)
    kept, led = named(joined, founders)
    assert kept[one] == ids[0] and led == {ids[1]: ids[0]}
    weighty, led = named(joined, founders, {ids[1]: 2})
    assert weighty[one] == ids[1] and led == {ids[0]: ids[1]}
    # come apart again, each has its own
    assert named(ab, founders)[0] == ids


# --- places -----------------------------------------------------------------------------------------


def square(west_m: float, size_m: float = 10.0) -> shapely.Geometry:
    lon = M / 0.8028  # cosine of 36.6 degrees
    west = 114.5 + west_m * lon
    return shapely.box(west, 36.6, west + size_m * lon, 36.6 + size_m * M)


def test_distances_are_those_of_the_ground() -> None:
    assert metres(shapely.Point(114.5, 36.6), shapely.Point(114.5, 36.6 + 100 * M)) == pytest.approx(100, rel=0.01)
    assert metres(square(0), square(40)) == pytest.approx(30, rel=0.01)
    west, south, east, north = reach((114.5, 36.6, 114.5, 36.6), 100.0)
    assert metres(shapely.Point(west, 36.6), shapely.Point(east, 36.6)) == pytest.approx(200, rel=0.01)
    assert metres(shapely.Point(114.5, south), shapely.Point(114.5, north)) == pytest.approx(200, rel=0.01)
    assert vagueness_m(square(0), 3.0) == pytest.approx(3 + 50**0.5, rel=0.01)


def test_a_place_means_the_structure_that_it_meets_and_no_one_guesses() -> None:
    near = [Near("s", square(0)), Near("t", square(40))]
    point = shapely.Point(square(0).centroid)
    assert structure_of(point, 5, near) == "s"
    # 12 m from the one and 18 m from the other: neither, where both are within the error; the one within it
    between = shapely.Point(square(22, 0.001).centroid)
    assert structure_of(between, 20, near) is None and structure_of(between, 15, near) == "s"
    assert structure_of(between, 5, near) is None
    assert structure_of(square(-2, 14), 1, near) == "s"
    both = shapely.union_all([square(0), square(40)]).envelope
    assert structure_of(both, 1, near) is None
    gone = [Near("old", square(0), standing=False), Near("new", square(1))]
    assert structure_of(point, 1, gone) == "new" and structure_of(point, 1, gone[:1]) == "old"


# --- whatever the order -----------------------------------------------------------------------------

REPORTS = st.lists(
    st.builds(
        at,
        name=st.uuids().map(str),
        north_m=st.integers(0, 120),
        accuracy_m=st.sampled_from([1.0, 10.0, 25.0, 60.0]),
        day=st.integers(0, 80),
        structure=st.sampled_from([None, None, "s", "t"]),
        stage=st.sampled_from([None, "foundation", "under_construction", "finished"]),
        news=st.booleans(),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda one: one.id,
)


def acts_of(told: list[Told], dice: random.Random) -> list[Act]:
    found = []
    for kind in dice.choices((JUDGED, MERGED, SPLIT), k=dice.randint(0, 3)):
        some = dice.sample(told, dice.randint(1, len(told)))
        found.append(act(kind, dice.randint(0, 90) + dice.random(), *(one.id for one in some)))
    return found


@settings(max_examples=150, deadline=None)
@given(REPORTS, st.randoms(use_true_random=False))
def test_the_order_changes_nothing_and_no_report_is_lost_or_counted_twice(
    told: list[Told], dice: random.Random
) -> None:
    acts = acts_of(told, dice)
    found = leads_of(told, acts)
    assert sorted(fid for bundle in found for fid in bundle.reports) == sorted(one.id for one in told)
    for _ in range(3):
        mixed, decided = dice.sample(told, len(told)), dice.sample(acts, len(acts))
        assert leads_of(mixed, decided) == found
    firsts = {bundle.reports[0] for bundle in found}
    assert all(bundle.after in firsts for bundle in found if bundle.after is not None)


@settings(max_examples=100, deadline=None)
@given(REPORTS, st.randoms(use_true_random=False))
def test_what_is_far_away_changes_nothing_here(told: list[Told], dice: random.Random) -> None:
    far = [replace(at(f"far{k}", 50_000 + 40 * k, 30)) for k in range(dice.randint(1, 3))]
    here = [bundle for bundle in leads_of([*told, *far]) if not bundle.reports[0].startswith("far")]
    assert here == leads_of(told)


@settings(max_examples=60, deadline=None)
@given(REPORTS, st.randoms(use_true_random=False))
def test_ids_are_given_once_each_and_old_ones_lead_on(told: list[Told], dice: random.Random) -> None:
    founders: dict[str, str] = {}
    for end in range(1, len(told) + 1):
        bundles = leads_of(told[:end])
        ids, led = named(bundles, founders)
        assert len(set(ids)) == len(ids) and not set(led) & set(ids) and set(led.values()) <= set(ids)
        assert set(founders.values()) <= {*ids, *led}
        for bundle, lead in zip(bundles, ids, strict=True):
            if lead not in founders.values():
                founders[bundle.reports[0]] = lead
