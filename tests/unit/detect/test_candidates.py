"""From a component to a candidate: attributes, confidence, stage, and what replaced what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from geodata.crs import parse_crs
from geodata.detect.background import WEAK, background_factor, confidence_floor
from geodata.detect.candidates import (
    OBJECT_ATTRIBUTES,
    Candidate,
    attributes_of,
    confidence_of,
    make_candidate,
    measure_object,
    stage_of,
    with_altered,
)
from geodata.detect.detector import shipped
from geodata.detect.judging import MEASURED
from geodata.detect.objects import Component
from geodata.detect.outlines import measure
from geodata.grid import Grid
from geodata.odds import probability
from tests.unit.io_rasters.raster_kit import TRANSFORM

ROOF = np.ones((20, 40), bool)
DETECTOR = shipped()
MEANS = dict.fromkeys(MEASURED, 0.0)


def test_the_attributes_of_a_rectangle() -> None:
    means = MEANS | {"score": 80.0, "edge": 60.4, "first_structure_gain": 31.0, "first_darker": 300.0}
    told = attributes_of(means, -40, measure(ROOF))
    assert tuple(told) == OBJECT_ATTRIBUTES
    assert (told["score"], told["peak"]) == (80 // 4 + 100, -40 // 4 + 100)
    assert told["size"] == round(24 * np.log2(800 / 16))
    assert (told["elongation"], told["width"]) == (64, 80)
    assert told["rectangularity"] == told["solidity"] == 255
    assert (told["edge"], told["structure_gain"], told["darker"]) == (60, 31, 255)
    assert told["green"] == 0


def test_the_smallest_object_has_the_smallest_size() -> None:
    assert attributes_of(MEANS, 0, measure(np.ones((4, 4), bool)))["size"] == 0
    assert attributes_of(MEANS, -32_768, measure(np.ones((2, 2), bool)))["peak"] == 0


def test_the_confidence_is_the_probability_of_the_model_s_score() -> None:
    told = attributes_of(MEANS | {"score": 100.0}, 200, measure(ROOF))
    row = np.array([[told[name] for name in OBJECT_ATTRIBUTES]], np.uint8)
    score = int(DETECTOR.whole.of_rows(row, OBJECT_ATTRIBUTES)[0])
    assert confidence_of(told, "appeared", DETECTOR) == probability(score)
    assert confidence_of(told, "disappeared", DETECTOR) == probability(score - DETECTOR.operating.gone_penalty)
    # What is altered came too.
    assert confidence_of(told, "altered", DETECTOR) == confidence_of(told, "appeared", DETECTOR)


def test_the_confidence_rises_with_the_score_and_with_a_plain_form() -> None:
    def told(score: float, mask: np.ndarray) -> float:
        return confidence_of(attributes_of(MEANS | {"score": score}, 100, measure(mask)), "appeared", DETECTOR)

    by_score = [told(score, ROOF) for score in (-100.0, -20.0, 60.0, 140.0)]
    assert by_score == sorted(by_score) and by_score[-1] > by_score[0] + 0.05
    ragged = ROOF.copy()
    ragged[:10, :30] = False
    assert told(60.0, ragged) < told(60.0, ROOF)


def component(mask: np.ndarray = ROOF, **means: float) -> Component:
    sums = np.array([round(means.get(name, 0.0) * mask.sum()) for name in MEASURED], np.int64)
    return Component(100, 200, mask, sums, 120, borders_unseen=False)


def test_means_are_sums_over_pixels() -> None:
    measured = measure_object(component(score=50.0, edge=30.0), "appeared", DETECTOR)
    assert measured.means["score"] == 50.0 and measured.means["edge"] == 30.0
    assert measured.shape.area_px == 800
    assert measured.confidence == confidence_of(
        attributes_of(measured.means, 120, measured.shape), "appeared", DETECTOR
    )


def test_a_candidate_lies_where_its_pixels_lie() -> None:
    grid = Grid(parse_crs(4547), TRANSFORM, (512, 512))
    told = make_candidate(measure_object(component(), "appeared", DETECTOR), grid, 0.0)
    # 20 by 40 px of 0.5 m are 10 by 20 m.
    assert told.area_m2 == pytest.approx(200, rel=1e-3)
    assert (told.row, told.col, told.change) == (100, 200, "appeared")
    assert told.outline_error_m == pytest.approx(0.5)
    assert told.area_error_m2 == pytest.approx(0.5 * 60 * 0.5)
    gone = make_candidate(measure_object(component(warmth=200.0), "disappeared", DETECTOR), grid, 2.0)
    assert gone.stage == "unknown" and gone.outline_error_m == pytest.approx(0.5 * 2**0.5)


@pytest.mark.parametrize(
    ("means", "cue"),
    [
        ({"green": 151.0}, "tree"),
        ({"dark": 129.0}, "shadow"),
        ({"warmth": 151.0}, "bare_soil"),
    ],
)
def test_what_speaks_against_a_candidate(means: dict[str, float], cue: str) -> None:
    grid = Grid(parse_crs(4547), TRANSFORM, (512, 512))
    lit = {"saturation": 100.0}
    assert make_candidate(measure_object(component(**lit), "appeared", DETECTOR), grid, 0.5).cues == ()
    assert make_candidate(measure_object(component(**lit, **means), "appeared", DETECTOR), grid, 0.5).cues == (cue,)


def test_a_small_long_object_may_be_a_vehicle_and_a_narrow_one_a_shift() -> None:
    grid = Grid(parse_crs(4547), TRANSFORM, (512, 512))
    lorry = component(np.ones((5, 24), bool), saturation=100.0)  # 30 m2
    assert make_candidate(measure_object(lorry, "appeared", DETECTOR), grid, 1.0).cues == ("vehicle",)
    # 2.5 m wide, and the dates lie 1.5 m apart.
    assert make_candidate(measure_object(lorry, "appeared", DETECTOR), grid, 3.0).cues == ("registration", "vehicle")
    edge = replace(component(saturation=100.0), borders_unseen=True)
    assert make_candidate(measure_object(edge, "appeared", DETECTOR), grid, 0.5).cues == ("edge_of_image",)


@pytest.mark.parametrize(
    ("means", "stage"),
    [
        ({"warmth": 160.0, "inner_edge": 10.0}, "earthworks"),
        ({"right_angles": 120.0, "spread": 30.0, "shadow_side": 60.0}, "finished"),
        ({"right_angles": 120.0, "spread": 30.0, "luminance": 180.0}, "foundation"),
        ({"right_angles": 120.0, "spread": 80.0, "inner_edge": 80.0, "luminance": 150.0}, "under_construction"),
        ({"right_angles": 120.0, "spread": 30.0, "luminance": 100.0, "shadow_side": 20.0}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_stage_is_told_where_the_signs_are_plain(means: dict[str, float], stage: str) -> None:
    assert stage_of(MEANS | means, measure(ROOF)) == stage


def candidate(change: str, left: float, right: float) -> Candidate:
    return Candidate(change, shapely.box(left, 0, right, 1), 1.0, 0.1, 0.5, 0.6, (), 0, 0)  # type: ignore[arg-type]


def test_what_replaced_a_structure_is_altered() -> None:
    came, gone = candidate("appeared", 0, 10), candidate("disappeared", 5, 15)
    (one,) = with_altered([came, gone])
    assert one.change == "altered" and one.polygon == came.polygon
    # Less than half of the smaller one in common: one is new, the other gone.
    apart = candidate("disappeared", 6, 16)
    assert [c.change for c in with_altered([came, apart])] == ["appeared", "disappeared"]
    # A small new structure on the place of a large one counts whole.
    assert [c.change for c in with_altered([candidate("appeared", 2, 3), gone, candidate("appeared", 7, 8)])] == [
        "appeared",
        "altered",
    ]
    assert with_altered([came]) == [came] and with_altered([gone]) == [gone] and with_altered([]) == []


def test_a_scene_like_the_reference_keeps_its_floor() -> None:
    told = DETECTOR.background
    rates = dict(zip(told.confidence, told.per_km2, strict=True))
    assert confidence_floor(told, rates[0.5], 1.0) == pytest.approx(0.5)
    assert confidence_floor(told, rates[0.25], 1.0) == pytest.approx(0.25)
    # Twice as many false alarms everywhere: for the same number the floor rises.
    assert confidence_floor(told, rates[0.25], 2.0) > 0.25
    floors = [confidence_floor(told, wanted, 1.0) for wanted in (50.0, 10.0, 3.0, 1.0)]
    assert floors == sorted(floors)


def test_weak_objects_tell_how_busy_a_scene_is() -> None:
    told = DETECTOR.background
    rates = dict(zip(told.confidence, told.per_km2, strict=True))
    expected = rates[WEAK[0]] - rates[WEAK[1]]
    weak = [0.1] * round(10 * expected)
    assert background_factor(told, weak, 10.0) == pytest.approx(1.0, abs=0.01)
    # Ten objects of the reference on both sides: (2 x 120 + 10) / (120 + 10).
    assert background_factor(told, 2 * weak, 10.0) == pytest.approx((2 * len(weak) + 10) / (10 * expected + 10))
    assert background_factor(told, [], 0.0) == 1.0
    assert background_factor(told, [0.9, 0.5, 0.02], 0.0) == 1.0  # buildings and what is weaker still do not count
    assert background_factor(told, [], 1000.0) == 0.5 and background_factor(told, 100 * weak, 10.0) == 4.0
