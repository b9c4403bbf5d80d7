"""What a model is worth: figures of hand-made trials, how they are compared, and claims laid beside what is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geodata.detect.calibration import MEASURES
from geodata.detect.objects import Component
from geodata.grid import Window
from geodata.learn.samples import UNKNOWN
from geodata.learn.trial import Trial, TrialObject, beside, best_floor, difference, figures, measures_of, missed_by

TOLD = (0.0,) * len(MEASURES)


def claim(confidence: float, pixels: int, hit: int, *covers: tuple[int, int]) -> TrialObject:
    return TrialObject(TOLD, confidence, hit >= 0.3 * pixels, pixels, hit, covers)


RIGHT = claim(0.9, 80, 60, (1, 60))
WRONG = claim(0.5, 40, 0)
TRIAL = Trial("north", (RIGHT, WRONG), {1: 100, 2: 50}, 150, 0.5)
"""Two true objects on half a square kilometre; one is claimed, and so is something that is none."""


def test_the_figures_of_a_trial() -> None:
    told = figures([TRIAL], None, 0.4)
    assert told.pixel_f1 == pytest.approx(2 * 60 / (120 + 150))
    assert told.object_recall == 1 / 2 and told.object_precision == 1 / 2 and told.object_f1 == 1 / 2
    assert told.false_per_km2 == 1 / 0.5
    assert told.value == pytest.approx((told.pixel_f1 + 0.5) / 2)


def test_an_object_counts_from_the_floor_on() -> None:
    without = figures([TRIAL], None, 0.51)
    assert without.pixel_f1 == pytest.approx(2 * 60 / (80 + 150))
    assert without.object_precision == 1.0 and without.object_recall == 0.5 and without.false_per_km2 == 0.0
    assert figures([TRIAL], None, 0.9).object_recall == 0.5
    assert figures([TRIAL], None, 0.91).value == 0.0


def test_another_confidence_can_be_given() -> None:
    told = figures([TRIAL], [np.array([0.1, 0.8])], 0.4)
    assert told.object_recall == 0.0 and told.object_precision == 0.0 and told.false_per_km2 == 2.0


def test_figures_are_pooled_never_averaged() -> None:
    large = Trial("south", (claim(0.9, 300, 300, (7, 300)),), {7: 300}, 300, 1.5)
    told = figures([TRIAL, large], None, 0.4)
    assert told.pixel_f1 == pytest.approx(2 * 360 / (420 + 450))
    assert told.object_recall == 2 / 3 and told.object_precision == 2 / 3 and told.false_per_km2 == 1 / 2.0


def test_several_claims_find_one_object_together() -> None:
    parts = [claim(0.9, 15, 15, (1, 15)), claim(0.7, 20, 15, (1, 15))]
    assert missed_by(parts, {1: 100}) == []
    assert missed_by(parts[:1], {1: 100}) == [1]
    assert missed_by([], {1: 100, 4: 30}) == [1, 4]


def test_nothing_at_all_gives_zeros() -> None:
    assert set(figures([Trial("empty", (), {}, 0, 0.0)], None, 0.5).as_dict().values()) == {0.0}
    measures, real = measures_of([])
    assert measures.shape == (0, len(MEASURES)) and real.shape == (0,)


def test_the_best_floor_leaves_the_wrong_ones_out() -> None:
    """Wrong up to 0.29, right from 0.51 on: the lowest floor between them is kept."""
    one = Trial("north", (claim(0, 50, 50, (1, 50)), claim(0, 50, 0)), {1: 50}, 50, 1.0)
    floor, told = best_floor([one], [np.array([0.51, 0.29])])
    assert floor == 0.3
    assert told.value == 1.0 and told.false_per_km2 == 0.0


def all_found(place: str) -> Trial:
    return Trial(place, (claim(0.9, 50, 50, (1, 50)),), {1: 50}, 50, 1.0)


def nothing_found(place: str) -> Trial:
    return replace(all_found(place), objects=())


def test_a_model_is_no_better_than_itself() -> None:
    trials = [all_found("a"), nothing_found("b"), TRIAL]
    assert difference(trials, trials, (0.4, 0.4)) == (0.0, 0.0, 0.0)


def test_the_better_model_is_better_by_its_whole_value() -> None:
    places = ("a", "b", "c")
    told = difference([all_found(p) for p in places], [nothing_found(p) for p in places], (0.4, 0.4))
    assert told == (1.0, 1.0, 1.0)


def test_each_model_is_taken_from_its_own_floor() -> None:
    same = [all_found("a"), all_found("b")]
    assert difference(same, same, (0.4, 0.95)) == (1.0, 1.0, 1.0)


def test_where_places_disagree_the_interval_is_wide() -> None:
    ours = [all_found("a"), nothing_found("b")]
    theirs = [nothing_found("a"), all_found("b")]
    gap, low, high = difference(ours, theirs, (0.4, 0.4))
    assert gap == 0.0 and low == -1.0 and high == 1.0


def test_a_place_is_drawn_with_all_its_cases() -> None:
    """One place alone: however often it is drawn, the difference is the same."""
    ours = [all_found("a"), nothing_found("a")]
    gap, low, high = difference(ours, [nothing_found("a")] * 2, (0.4, 0.4))
    assert gap == low == high == pytest.approx(2 * 50 / (50 + 100))


LABEL = np.zeros((20, 20), np.uint8)
LABEL[2:8, 2:8] = 1
LABEL[12:14, 2:4] = 1
LABEL[:, 15:] = UNKNOWN
"""A true object of 36 px, one of 4 px, and five columns that nobody judged. A pixel is 1 m2."""


def component(row: int, col: int, height: int, width: int) -> Component:
    return Component(row, col, np.ones((height, width), bool), np.zeros(1, np.int64), 0, False)


def told(one: Component) -> tuple[tuple[float, ...], float]:
    return TOLD, 0.6


def test_a_claim_is_laid_beside_what_is_known() -> None:
    side = beside("appeared", LABEL, [component(5, 2, 6, 6)], 1.0, told)
    assert list(side.truths.values()) == [36] and list(side.boxes.values()) == [Window(2, 2, 6, 6)]
    ((_, thing),) = side.claims
    assert (thing.confidence, thing.pixels, thing.hit, thing.real) == (0.6, 36, 18, True)
    assert thing.covers == ((next(iter(side.truths)), 18),)


def test_small_truth_counts_in_pixels_alone() -> None:
    ((_, thing),) = beside("appeared", LABEL, [component(10, 2, 5, 4)], 1.0, told).claims
    assert (thing.pixels, thing.hit, thing.real, thing.covers) == (20, 4, False, ())


@pytest.mark.parametrize(
    ("box", "pixels"), [((9, 12, 3, 7), None), ((9, 12, 4, 6), 12), ((9, 2, 4, 4), None), ((9, 2, 4, 5), 20)]
)
def test_only_what_is_large_enough_and_half_known_counts(box: tuple[int, int, int, int], pixels: int | None) -> None:
    """Of 7 columns from 12 on 3 are known, of 6 columns 3; 16 m2 are too small, 20 m2 are not."""
    claims = beside("appeared", LABEL, [component(*box)], 1.0, told).claims
    assert [thing.pixels for _, thing in claims] == ([] if pixels is None else [pixels])


def test_both_directions_number_their_objects_apart() -> None:
    appeared, gone = (beside(change, LABEL, [], 1.0, told) for change in ("appeared", "disappeared"))
    assert len(appeared.truths | gone.truths) == 2
