"""Structures from findings: what is followed together, and at what cost."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime

import pytest
import shapely

from service.structures import Seen, structures_of

BEFORE, AFTER, LATER = (datetime(2025, month, 1, tzinfo=UTC) for month in (1, 3, 6))
TOLD = {"status": "suspected"}


def seen(fid: str, west: float, south: float = 36.0, size: float = 0.0001) -> Seen:
    box = shapely.box(west, south, west + size, south + size)
    return Seen(fid, "s", "appeared", BEFORE, AFTER, box, TOLD)


def test_many_findings_in_one_place_take_memory_by_their_number_not_their_pairs() -> None:
    many = [seen(f"f{k}", 114.0 + 0.0004 * (k % 60), 36.0 + 0.0004 * (k // 60)) for k in range(3600)]
    structures_of(many[:10], {})  # what is loaded once is no cost of the many
    tracemalloc.start()
    made, _ = structures_of(many, {})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(made) == 3600
    # 3600 x 3600 pairs of two numbers would be 200 MiB
    assert peak < 80 * 2**20


@pytest.mark.parametrize("apart", [0.0, 0.04, 0.5, -300.0])
def test_places_far_apart_are_measured_each_by_itself(apart: float) -> None:
    made, _ = structures_of([seen("a", 114.0), seen("b", 114.0 + 0.001 + apart)], {})
    assert sorted(one.findings for one in made) == [("a",), ("b",)]
    areas = {shapely.from_geojson(one.geojson).area for one in made}
    assert max(areas) == pytest.approx(min(areas), rel=1e-3) == pytest.approx(1e-8, rel=1e-3)


def test_what_reaches_over_the_edge_of_a_square_is_followed_with_what_lies_there() -> None:
    """The ground is divided at 114.05; the two lie on both sides of it and are one building seen twice."""
    first = Seen("a", "s", "appeared", BEFORE, AFTER, shapely.box(114.0499, 36.0, 114.0502, 36.0001), TOLD)
    later = Seen("b", "t", "appeared", BEFORE, LATER, shapely.box(114.05001, 36.0, 114.0502, 36.0001), TOLD)
    (one,), _ = structures_of([first, later], {})
    assert one.findings == ("a", "b")
