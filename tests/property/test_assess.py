"""What must hold of an assessment whatever the rectangles are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry import Polygon, box

from geodata.assess import assess
from geodata.crs import CRS84
from geodata.types import Layers

NOON = datetime(2026, 9, 18, 4, tzinfo=UTC)
RANK = {"existing": 2, "permitted": 1, "suspected": 0}

errors = st.floats(0, 3)


@st.composite
def rectangles(draw: st.DrawFn) -> Polygon:
    """A rectangle of whole metres, 2 to 40 m long, within 60 m of the origin."""
    left, bottom = draw(st.integers(0, 60)), draw(st.integers(0, 60))
    wide, high = draw(st.integers(2, 40)), draw(st.integers(2, 40))
    return translate(box(left, bottom, left + wide, bottom + high), 468000, 4066000)


def layer(shapes: list[Polygon], **columns: Any) -> gpd.GeoDataFrame:
    """Shapes in metres as a layer in CRS84."""
    series = gpd.GeoSeries(shapes, crs="EPSG:4547")
    return gpd.GeoDataFrame(columns, index=range(len(shapes)), geometry=series).to_crs(CRS84)


def structure(shape: Polygon, error_m: float) -> gpd.GeoDataFrame:
    """One new structure."""
    return layer([shape], change="appeared", area_m2=shape.area, outline_error_m=error_m)


def permits(shapes: list[Polygon]) -> gpd.GeoDataFrame:
    """Permits in force."""
    names = [f"G-{i}" for i in range(len(shapes))]
    return layer(shapes, permit_id=names, valid_from="2025-01-01", valid_to=None)


def parcels(shapes: list[Polygon]) -> gpd.GeoDataFrame:
    """Parcels."""
    return layer(shapes, parcel_id=[f"P-{i}" for i in range(len(shapes))])


def buildings(shapes: list[Polygon]) -> gpd.GeoDataFrame:
    """Known buildings."""
    return layer(shapes, building_id=[f"B-{i}" for i in range(len(shapes))])


def judged(what: gpd.GeoDataFrame, **layers: gpd.GeoDataFrame) -> Any:
    """The one row of an assessment."""
    return assess(what, Layers(**layers), as_of=NOON).iloc[0]


shape_lists = st.lists(rectangles(), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(rectangles(), errors, shape_lists, shape_lists, shape_lists)
def test_parcels_never_change_the_status(
    shape: Polygon, error_m: float, papers: list[Polygon], known: list[Polygon], plots: list[Polygon]
) -> None:
    on_file = {"permits": permits(papers), "buildings": buildings(known)}
    without = judged(structure(shape, error_m), **on_file)
    within = judged(structure(shape, error_m), **on_file, parcels=parcels(plots))
    assert within.status == without.status
    assert [r for r in within.reasons if r["code"] != "beyond_parcel"] == without.reasons


@settings(max_examples=40, deadline=None)
@given(rectangles(), errors, shape_lists, shape_lists)
def test_existing_goes_before_permitted_and_permitted_before_suspected(
    shape: Polygon, error_m: float, papers: list[Polygon], known: list[Polygon]
) -> None:
    what = structure(shape, error_m)
    by_paper = judged(what, permits=permits(papers)).status
    by_building = judged(what, buildings=buildings(known)).status
    both = judged(what, permits=permits(papers), buildings=buildings(known)).status
    assert RANK[both] == max(RANK[by_paper], RANK[by_building])


@settings(max_examples=40, deadline=None)
@given(rectangles(), errors, shape_lists, rectangles())
def test_more_on_file_never_makes_a_structure_more_suspect(
    shape: Polygon, error_m: float, some: list[Polygon], another: Polygon
) -> None:
    what = structure(shape, error_m)
    for kind, make in (("permits", permits), ("buildings", buildings)):
        fewer = judged(what, **{kind: make(some)}).status
        more = judged(what, **{kind: make([*some, another])}).status
        assert RANK[more] >= RANK[fewer]


@settings(max_examples=60, deadline=None)
@given(rectangles(), errors, st.integers(-10, 70))
def test_crossing_is_told_exactly_when_two_per_cent_lie_across(shape: Polygon, error_m: float, line: int) -> None:
    west, east = (translate(box(a, -10, b, 110), 468000, 4066000) for a, b in ((-20, line), (line, 110)))
    beyond = min(shape.intersection(west).area, shape.intersection(east).area)
    row = judged(structure(shape, error_m), parcels=parcels([west, east]))
    told = [r for r in row.reasons if r["code"] == "beyond_parcel"]
    assert bool(told) == (beyond >= 0.02 * shape.area - 1e-6)
    if told:
        assert abs(told[0]["area_m2"] - beyond) < 0.2
    assert row.status == "suspected"


@settings(max_examples=40, deadline=None)
@given(rectangles(), shape_lists)
def test_an_error_of_the_outline_only_widens_what_is_covered(shape: Polygon, papers: list[Polygon]) -> None:
    exact = judged(structure(shape, 0.0), permits=permits(papers))
    rough = judged(structure(shape, 1.5), permits=permits(papers))
    assert RANK[rough.status] >= RANK[exact.status]
    assert "within_error" not in exact["flags"]
    assert ("within_error" in rough["flags"]) == (rough.status != exact.status)
