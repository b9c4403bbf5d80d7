"""Polygons against polygons: squares of 10 m whose figures can be worked out by hand."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from geodata.errors import LayerError, MissingCRSError
from geodata.evaluate import Evaluation, evaluate, pool

EAST, NORTH = 500_000.0, 4_000_000.0
METRES = "EPSG:4547"


def square(x: float, y: float, width: float = 10.0, height: float = 10.0) -> shapely.Polygon:
    return shapely.box(EAST + x, NORTH + y, EAST + x + width, NORTH + y + height)


def frame(*shapes: shapely.Geometry, confidence: list[float] | None = None) -> gpd.GeoDataFrame:
    columns = {} if confidence is None else {"confidence": confidence}
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=METRES)


def test_one_found_one_missed_one_false() -> None:
    truth = frame(square(0, 0), square(50, 0))
    found = frame(square(0, 0), square(100, 100))
    e = evaluate(found, truth, area_km2=2.0)
    assert (e.found, len(e.truths), e.false_alarms, len(e.alarms)) == (1, 2, 1, 2)
    assert (e.object_precision, e.object_recall, e.object_f1) == (0.5, 0.5, 0.5)
    assert e.pixels.hit_m2 == pytest.approx(100)
    assert [e.pixels.claimed_m2, e.pixels.true_m2] == pytest.approx([200, 200])
    assert e.pixels.f1 == pytest.approx(0.5)
    assert e.false_per_km2 == 0.5
    assert e.recall_by_class() == {
        "<25": (0, 0),
        "25-50": (0, 0),
        "50-100": (0, 0),
        "100-300": (1, 2),
        ">300": (0, 0),
    }


def test_identical_is_perfect() -> None:
    truth = frame(square(0, 0), square(50, 0), square(80, 30, 5, 5))
    e = evaluate(truth, truth)
    assert (e.object_precision, e.object_recall, e.object_f1) == (1, 1, 1)
    assert e.pixels.f1 == pytest.approx(1)
    assert e.one_to_one(e.matched_strict) == (1, 1, 1)


def test_no_detections_have_no_precision_and_find_nothing() -> None:
    e = evaluate(frame(), frame(square(0, 0)), area_km2=1.0)
    assert e.object_precision is None
    assert (e.object_recall, e.object_f1, e.pixels.recall, e.pixels.f1) == (0, 0, 0, 0)
    assert e.froc() == {1.0: 0, 10.0: 0, 50.0: 0, 100.0: 0}


def test_detections_where_nothing_changed_are_all_false() -> None:
    e = evaluate(frame(square(0, 0)), frame(), area_km2=0.5)
    assert (e.object_precision, e.object_recall, e.object_f1) == (0, None, 0)
    assert (e.false_per_km2, e.pixels.f1) == (2.0, 0)


def test_nothing_at_all_has_no_figures() -> None:
    e = evaluate(frame(), frame())
    assert (e.object_f1, e.pixels.f1, e.false_per_km2) == (None, None, None)


def test_one_detection_over_two_truths_is_a_merge_and_matches_once() -> None:
    truth = frame(square(0, 0), square(12, 0))
    e = evaluate(frame(square(0, 0, 22, 10)), truth)
    assert (e.found, e.false_alarms, e.merges, e.splits) == (2, 0, 1, 0)
    # IoU with either: 100 / 220; loose matching takes one of them, strict none.
    assert (e.matched_loose, e.matched_strict) == (1, 0)


def test_two_detections_on_one_truth_are_a_split() -> None:
    e = evaluate(frame(square(0, 0, 4, 10), square(6, 0, 4, 10)), frame(square(0, 0)))
    assert (e.found, e.false_alarms, e.merges, e.splits) == (1, 0, 0, 1)
    assert e.matched_loose == 1


@pytest.mark.parametrize(("width", "found"), [(2.99, 0), (3.0, 1), (3.01, 1)])
def test_found_from_thirty_per_cent_on(width: float, found: int) -> None:
    e = evaluate(frame(square(0, 0, width, 10)), frame(square(0, 0)))
    assert e.found == found


@pytest.mark.parametrize(("offset", "false"), [(7.0, 0), (7.01, 1)])
def test_false_below_thirty_per_cent(offset: float, false: int) -> None:
    e = evaluate(frame(square(offset, 0)), frame(square(0, 0)))
    assert e.false_alarms == false


def test_several_small_detections_cover_together() -> None:
    parts = [square(x, 0, 1.5, 10) for x in (0, 4, 8)]
    assert evaluate(frame(*parts[:1]), frame(square(0, 0))).found == 0
    assert evaluate(frame(*parts), frame(square(0, 0))).found == 1


def test_overlapping_detections_cover_once() -> None:
    twice = frame(square(0, 0, 2, 10), square(0, 0, 2, 10))
    e = evaluate(twice, frame(square(0, 0)))
    assert e.found == 0
    assert [e.pixels.hit_m2, e.pixels.claimed_m2] == pytest.approx([20, 20])


def test_overlapping_truths_count_once_under_an_alarm() -> None:
    e = evaluate(frame(square(0, 0)), frame(square(0, 0, 2, 10), square(0, 0, 2, 10)))
    assert e.alarms[0].truth_share == pytest.approx(0.2)
    assert e.false_alarms == 1


def test_below_twenty_square_metres_only_pixels_count() -> None:
    e = evaluate(frame(square(100, 0, 4, 4)), frame(square(0, 0, 4, 4)))
    assert (len(e.alarms), len(e.truths)) == (0, 0)
    assert e.pixels.claimed_m2 == pytest.approx(16)


def test_one_to_one_prefers_more_matches_to_a_better_one() -> None:
    # The first alarm overlaps both truths, the second only the first: matching it greedily would lose one.
    truth = frame(square(0, 0), square(10, 0))
    e = evaluate(frame(square(4, 0, 10, 10), square(0, 0, 8, 10)), truth)
    assert e.matched_loose == 2


def test_other_systems_and_every_status_count() -> None:
    truth = frame(square(0, 0), square(50, 0))
    found = truth.to_crs("OGC:CRS84").assign(status=["permitted", "existing"], change=["altered", "disappeared"])
    assert evaluate(found, truth).object_f1 == 1


def test_froc_sweeps_the_confidence() -> None:
    truth = frame(square(0, 0), square(50, 0), square(100, 0))
    found = frame(
        square(0, 0),
        square(0, 200),
        square(50, 0),
        square(50, 200),
        square(100, 0),
        confidence=[0.9, 0.8, 0.7, 0.6, 0.5],
    )
    e = evaluate(found, truth, area_km2=1.0)
    assert e.froc((0.5, 1.0, 2.0)) == {0.5: pytest.approx(1 / 3), 1.0: pytest.approx(2 / 3), 2.0: 1.0}


def test_found_at_is_the_confidence_that_completes_the_cover() -> None:
    found = frame(square(0, 0, 2, 10), square(5, 0, 2, 10), square(8, 0, 2, 10), confidence=[0.9, 0.4, 0.1])
    assert evaluate(found, frame(square(0, 0))).truths[0].found_at == 0.4


def test_pooling_adds_counts_not_ratios() -> None:
    one = evaluate(frame(square(0, 0)), frame(square(0, 0)), area_km2=1.0, name="a")
    two = evaluate(frame(square(0, 0), square(50, 50), square(80, 80)), frame(square(0, 0)), area_km2=3.0, name="b")
    both = pool([one, two])
    assert both.object_precision == 0.5
    assert both.pixels.f1 == pytest.approx(400 / 600)
    assert (both.false_per_km2, both.area_km2) == (0.5, 4.0)
    assert [p.name for p in both.parts] == ["a", "b"]


def test_pool_knows_no_area_where_one_pair_does_not() -> None:
    known = evaluate(frame(square(0, 0)), frame(), area_km2=1.0)
    assert pool([known, evaluate(frame(), frame())]).area_km2 is None


def test_pool_of_nothing() -> None:
    empty = pool([])
    assert (empty.object_f1, empty.pixels.f1, empty.pixel_f1_interval) == (None, None, None)


def _pair(hit: int) -> Evaluation:
    return evaluate(frame(square(0, 0, hit, 10)), frame(square(0, 0)))


def test_interval_is_narrow_for_equal_pairs_and_encloses_the_pooled_figure() -> None:
    equal = pool([_pair(5)] * 10).pixel_f1_interval
    assert list(equal or ()) == pytest.approx([2 / 3, 2 / 3])
    mixed = pool([_pair(h) for h in (1, 3, 5, 7, 9)])
    low, high = mixed.pixel_f1_interval or (0.0, 0.0)
    assert low < (mixed.pixels.f1 or 0.0) < high
    assert mixed.pixel_f1_interval == pool(mixed.parts).pixel_f1_interval
    assert pool([_pair(5)]).pixel_f1_interval is None


def test_points_are_refused() -> None:
    with pytest.raises(LayerError, match="must be polygons"):
        evaluate(frame(shapely.Point(EAST, NORTH)), frame(square(0, 0)))


def test_a_frame_without_a_system_is_refused() -> None:
    with pytest.raises(MissingCRSError):
        evaluate(gpd.GeoDataFrame(geometry=[square(0, 0)]), frame(square(0, 0)))


def test_a_confidence_that_is_no_number_is_refused() -> None:
    found = frame(square(0, 0)).assign(confidence=["high"])
    with pytest.raises(LayerError, match="confidence"):
        evaluate(found, frame(square(0, 0)))
