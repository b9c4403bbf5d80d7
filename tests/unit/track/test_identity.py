"""Structures keep one id: through growth, demolition in part, merging, splitting, shifted dates and missed looks."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime

import numpy as np
import pytest
import shapely
from shapely.affinity import translate

from geodata.track import Sighting, Track, follow, named
from geodata.types import Change
from tests.unit.track.series import Town, month, shuffled, simulate

HOUSE = shapely.box(0, 0, 12, 8)


def sighting(
    outline: shapely.Polygon, after: int, before: int = 0, change: Change = "appeared", height_m: float | None = None
) -> Sighting:
    centre = outline.centroid
    key = f"{change}-{before}-{after}-{centre.x:.0f}-{centre.y:.0f}-{outline.area:.0f}"
    return Sighting(key, change, month(before), month(after), outline, 0.5, height_m)


def areas(track: Track) -> list[tuple[datetime, int]]:
    return [(s.on, round(s.area_m2)) for s in track.states]


def test_a_structure_grows_and_stays_itself() -> None:
    small, large = HOUSE, shapely.box(0, 0, 24, 8)
    (one,) = follow([sighting(small, 3, height_m=3.0), sighting(large, 5, height_m=6.5), sighting(large, 6)])
    assert areas(one) == [(month(3), 96), (month(5), 192), (month(6), 192)]
    assert [s.height_m for s in one.states] == [3.0, 6.5, 6.5]
    assert (one.first_seen, one.absent_on, one.gone_on) == (month(3), month(0), None)


def test_an_annex_seen_by_itself_adds_to_the_house_that_stood() -> None:
    annex = shapely.box(12, 0, 18, 8)
    (one,) = follow([sighting(HOUSE, 3), sighting(annex, 5, before=4)])
    assert areas(one) == [(month(3), 96), (month(5), 144)]
    # Where both appeared since the same day they are two, side by side.
    assert len(follow([sighting(HOUSE, 3), sighting(annex, 3)])) == 2
    # A house a street away adds to none.
    assert len(follow([sighting(HOUSE, 3), sighting(translate(annex, 9), 5, before=4)])) == 2


def test_another_storey_is_the_same_structure() -> None:
    raised = sighting(shapely.box(0, 0, 6, 8), 5, before=4, change="altered", height_m=9.0)
    (one,) = follow([sighting(HOUSE, 3, height_m=3.0), raised])
    assert areas(one) == [(month(3), 96), (month(5), 96)] and one.states[-1].height_m == 9.0


def test_demolition_in_part_leaves_the_rest_and_in_whole_ends_it() -> None:
    part, rest = shapely.box(0, 0, 5, 8), shapely.box(5, 0, 12, 8)
    (one,) = follow([sighting(HOUSE, 3), sighting(part, 5, before=4, change="disappeared")])
    assert one.gone_on is None and areas(one)[-1][0] == month(5) and 40 <= areas(one)[-1][1] <= 56
    story = [sighting(HOUSE, 3), sighting(part, 5, 4, "disappeared"), sighting(rest, 9, 8, "disappeared")]
    (one,) = follow(story)
    assert one.gone_on == month(9) and len(one.keys) == 3


def test_what_stood_before_anybody_looked_is_known_by_its_loss() -> None:
    (one,) = follow([sighting(HOUSE, 5, before=4, change="disappeared")])
    assert (one.first_seen, one.absent_on, one.gone_on) == (month(4), None, month(5))


def test_what_is_seen_on_the_day_of_its_loss_is_not_gone() -> None:
    (one,) = follow([sighting(HOUSE, 3), sighting(HOUSE, 5, 4, "disappeared"), sighting(HOUSE, 5)])
    assert one.gone_on is None


def test_a_house_that_stands_again_is_another_one_with_a_link() -> None:
    again = translate(HOUSE, 1, 1)
    first, second = follow([sighting(HOUSE, 3), sighting(HOUSE, 5, 4, "disappeared"), sighting(again, 8)])
    assert first.gone_on == month(5) and second.rebuilt_of == 0 and second.split_from is None
    # Beside the old place it is no second offence.
    _, other = follow([sighting(HOUSE, 3), sighting(HOUSE, 5, 4, "disappeared"), sighting(translate(HOUSE, 20), 8)])
    assert other.rebuilt_of is None


def test_two_that_become_one_and_the_one_that_became_two() -> None:
    large, small = shapely.box(0, 0, 14, 8), shapely.box(17, 0, 26, 8)
    whole = shapely.box(0, 0, 26, 8)
    second, first = follow([sighting(large, 2), sighting(small, 2), sighting(whole, 3)])  # by their keys
    assert areas(first)[-1] == (month(3), 208) and second.merged_into == 1 and first.merged_into is None
    # Seen as two again they are the two they were: a look that took them for one names no new structure.
    again = [sighting(small, 4), sighting(large, 4)]
    second, first = follow([sighting(large, 2), sighting(small, 2), sighting(whole, 3), *again])
    assert second.merged_into is None and areas(second)[-1] == (month(4), 72) and len(first.keys) == 3
    # What was one from the start leaves its id to the larger part.
    first, second = follow([sighting(whole, 2), sighting(large, 3), sighting(small, 3)])
    assert areas(first)[-1] == (month(3), 112) and second.split_from == 0


def test_two_scans_that_end_on_one_day_tell_of_one_structure() -> None:
    halves = [sighting(shapely.box(0, 0, 6, 8), 5, before=4), sighting(shapely.box(6, 0, 12, 8), 5, before=4)]
    (one,) = follow([sighting(HOUSE, 5), *halves])
    assert len(one.keys) == 3 and areas(one) == [(month(5), 96)] and one.absent_on == month(4)


def test_a_date_that_lies_aside_moves_no_shed_to_its_neighbour() -> None:
    """Sheds of four metres, five apart; the second date lies five metres east, so each lies on its neighbour."""
    rng = np.random.default_rng(0)
    sheds = [
        translate(shapely.box(0, 0, 4, 4), 9 * k, 15 * row + rng.uniform(-2, 2)) for k in range(6) for row in range(3)
    ]
    seen = [sighting(shed, 2) for shed in sheds] + [sighting(translate(shed, 3.5), 3) for shed in sheds]
    tracks = follow(seen)
    assert len(tracks) == len(sheds) and {len(t.keys) for t in tracks} == {2}


# --- ids -----------------------------------------------------------------------------------------


def test_an_id_stays_with_the_sighting_that_it_was_given_for() -> None:
    late = [sighting(HOUSE, 5), sighting(translate(HOUSE, 40), 5)]
    ids, led = named(tracks := follow(late), {})
    founders = {t.keys[0]: i for t, i in zip(tracks, ids, strict=True)}
    early = sighting(HOUSE, 3)
    again, led = named(follow([*late, early]), founders)
    assert sorted(again) == sorted(ids) and led == {}


def test_two_ids_of_what_turns_out_to_be_one_structure_lead_to_one() -> None:
    left, right = shapely.box(0, 0, 6, 8), shapely.box(7, 0, 12, 8)
    first = follow([sighting(left, 5), sighting(right, 5)])
    ids, _ = named(first, {})
    founders = {t.keys[0]: i for t, i in zip(first, ids, strict=True)}
    whole = sighting(shapely.box(0, 0, 12, 8), 5, before=1)
    second, led = named(follow([sighting(left, 5), sighting(right, 5), whole]), founders)
    assert len(second) == 1 and second[0] in ids and led == {next(i for i in ids if i != second[0]): second[0]}


# --- 36 months -----------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=range(4))
def town(request: pytest.FixtureRequest) -> Town:
    return simulate(request.param)


def test_over_36_months_structures_keep_one_id_and_no_id_is_used_twice(town: Town) -> None:
    tracks = follow(town.sightings)
    ids, _ = named(tracks, {})
    assert len(set(ids)) == len(ids)
    of = {key: name for name, track in zip(ids, tracks, strict=True) for key in track.keys}
    by_truth, by_id = defaultdict(Counter), defaultdict(Counter)
    for key, number in town.truth.items():
        by_truth[number][of[key]] += 1
        by_id[of[key]][number] += 1
    assert len(by_truth) > 200
    assert sum(len(names) == 1 for names in by_truth.values()) >= 0.98 * len(by_truth)
    assert [dict(numbers) for numbers in by_id.values() if len(numbers) > 1] == []


def test_the_links_between_them_are_those_of_the_town(town: Town) -> None:
    tracks = follow(town.sightings)
    number = [town.truth.get(t.keys[0], -1) for t in tracks]
    told = {
        (kind, number[k], number[other])
        for k, t in enumerate(tracks)
        for kind, other in (("merged", t.merged_into), ("split", t.split_from), ("rebuilt", t.rebuilt_of))
        if other is not None
    }
    for kind in ("merged", "split", "rebuilt"):
        wanted, got = ({r for r in some if r[0] == kind} for some in (town.relations, told))
        assert len(wanted & got) >= 0.8 * len(wanted), (kind, wanted - got)
        assert len(got - wanted) <= max(3, 0.3 * len(wanted)), (kind, got - wanted)


@pytest.mark.parametrize("seed", range(3))
def test_out_of_order_is_as_in_order(town: Town, seed: int) -> None:
    assert follow(shuffled(town, seed)) == follow(town.sightings)


def test_the_same_again_adds_nothing(town: Town) -> None:
    assert follow([*town.sightings, *town.sightings[::3]]) == follow(town.sightings)


def test_ids_stay_while_scans_come_in_any_order(town: Town) -> None:
    """Month by month in a random order: an id once given is there at the end, or leads to one that is."""
    order = np.random.default_rng(5).permutation(np.unique([s.after for s in town.sightings]))
    founders: dict[str, str] = {}
    known: list[Sighting] = []
    leads: dict[str, str] = {}
    for after in order:
        known += [s for s in town.sightings if s.after == after]
        tracks = follow(known)
        ids, led = named(tracks, founders)
        assert len(set(ids)) == len(ids)
        leads |= led
        for track, name in zip(tracks, ids, strict=True):
            if not any(key in founders for key in track.keys):
                founders[track.keys[0]] = name
    given = set(founders.values())
    assert given - set(ids) <= set(leads)
