"""What must hold of an assessment whatever the rectangles are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import scale, translate
from shapely.geometry import Polygon, box

from geodata.assess import Book, assess, parse_book
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


CERTAINTIES = {"within_error": 1, "possible": 2, "certain": 3}
KINDS = ["green", "road", "river", "square"]


def zones(shapes: list[Polygon], kinds: list[str]) -> gpd.GeoDataFrame:
    """Zones in force."""
    return layer(shapes, zone_id=[f"Z-{i}" for i in range(len(shapes))], kind=kinds)


def told(row: Any) -> list[tuple[Any, ...]]:
    """The reasons of a row without the names of what they are about, in any order."""
    rounded = [
        (r["code"], r["certainty"], r["basis"], r.get("zone_kind"), round(r["area_m2"] or 0)) for r in row.reasons
    ]
    return sorted(rounded, key=str)


@settings(max_examples=40, deadline=None)
@given(rectangles(), st.lists(st.integers(-5, 105), min_size=1, max_size=3))
def test_zones_that_share_out_the_ground_hold_all_of_a_structure(shape: Polygon, cuts: list[int]) -> None:
    edges = [-50, *sorted(set(cuts)), 150]
    strips = [translate(box(a, -50, b, 150), 468000, 4066000) for a, b in zip(edges, edges[1:], strict=False)]
    kinds = [KINDS[i % len(KINDS)] for i in range(len(strips))]
    row = judged(structure(shape, 0.0), zones=zones(strips, kinds))
    inside = sum(r["area_m2"] for r in row.reasons if r["code"] == "in_zone")
    small = sum(a for s in strips if (a := s.intersection(shape).area) <= 0.05 * shape.area and a < 1)
    assert abs(inside - (shape.area - small)) < 0.1 * len(strips) + 1e-3 * shape.area


@settings(max_examples=40, deadline=None)
@given(rectangles(), errors, shape_lists)
def test_ground_under_a_zone_told_twice_counts_once(shape: Polygon, error_m: float, grounds: list[Polygon]) -> None:
    kinds = [KINDS[i % 2] for i in range(len(grounds))]
    once = judged(structure(shape, error_m), zones=zones(grounds, kinds))
    twice = judged(structure(shape, error_m), zones=zones([*grounds, *grounds], [*kinds, *kinds]))
    assert told(once) == told(twice)
    assert sum(r["area_m2"] for r in once.reasons if r["code"] == "in_zone") <= 2 * shape.area + 1


@settings(max_examples=30, deadline=None)
@given(rectangles(), st.sampled_from([0.03, 0.47, 1.07]), shape_lists, shape_lists, st.integers(-900, 900))
def test_an_assessment_moves_with_the_ground(
    shape: Polygon, error_m: float, papers: list[Polygon], grounds: list[Polygon], by: int
) -> None:
    kinds = [KINDS[i % len(KINDS)] for i in range(len(grounds))]
    # off the whole metres: what lies exactly on a limit may fall to either side of it by a rounding
    corner = (468000, 4066000)
    papers = [scale(s, 1.0131, 1.0173, origin=corner) for s in papers]
    grounds = [scale(s, 0.9871, 0.9837, origin=corner) for s in grounds]

    def at(dx: float) -> Any:
        def moved(shapes: list[Polygon]) -> list[Polygon]:
            return [translate(s, dx, -dx) for s in shapes]

        (here,) = moved([shape])
        return judged(structure(here, error_m), permits=permits(moved(papers)), zones=zones(moved(grounds), kinds))

    here, there = at(0), at(by)
    assert [r["code"] for r in here.reasons] == [r["code"] for r in there.reasons]
    assert (here.status, here.severity, here.permit_ids) == (there.status, there.severity, there.permit_ids)
    for one, other in zip(here.reasons, there.reasons, strict=True):
        assert abs((one["area_m2"] or 0) - (other["area_m2"] or 0)) <= 0.2 + 2e-4 * (one["area_m2"] or 0)


@settings(max_examples=40, deadline=None)
@given(rectangles(), errors, shape_lists, shape_lists, shape_lists, st.randoms(use_true_random=False))
def test_the_order_of_a_layer_decides_nothing(
    shape: Polygon, error_m: float, papers: list[Polygon], grounds: list[Polygon], known: list[Polygon], chance: Any
) -> None:
    kinds = [KINDS[i % len(KINDS)] for i in range(len(grounds))]
    given_layers = {"permits": permits(papers), "zones": zones(grounds, kinds), "buildings": buildings(known)}
    mixed = {name: frame.iloc[chance.sample(range(len(frame)), len(frame))] for name, frame in given_layers.items()}
    mixed = {name: frame.reset_index(drop=True) for name, frame in mixed.items()}
    one, other = judged(structure(shape, error_m), **given_layers), judged(structure(shape, error_m), **mixed)
    assert (one.status, one.severity, one.consequence) == (other.status, other.severity, other.consequence)
    assert sorted(one.permit_ids) == sorted(other.permit_ids)
    assert {(r[0], r[1]) for r in told(one)} == {(r[0], r[1]) for r in told(other)}


def tolerant(share: float, plus: float) -> Book:
    """The national base with a made-up tolerance of the area."""
    return parse_book(
        "{id: t, version: 1, jurisdiction: t, title: {en: t, zh: t}, extends: cn, "
        "articles: {x: {text: 虚构, en: fictitious}}, "
        f"tolerances: [{{measure: area, share: {share}, plus: {plus}, basis: x, fictitious: true}}]}}",
        "t",
        fictitious=True,
    )


@settings(max_examples=40, deadline=None)
@given(rectangles(), st.floats(0, 30), st.integers(20, 900), *[st.integers(0, 60)] * 2, *[st.integers(0, 90)] * 2)
def test_a_greater_tolerance_never_makes_more_of_an_excess(
    shape: Polygon, area_error_m2: float, allowed: int, share: int, more: int, plus: int, further: int
) -> None:
    what = structure(shape, 0.5).assign(area_error_m2=area_error_m2)
    papers = layer([shape.buffer(5)], permit_id=["G"], valid_from="2025-01-01", area_m2=[float(allowed)])

    def grade(book: Book) -> int:
        row = assess(what, Layers(permits=papers), as_of=NOON, book=book).iloc[0]
        return max((CERTAINTIES[r["certainty"]] for r in row.reasons if r["code"] == "above_permit_area"), default=0)

    less = grade(tolerant(min(1, share / 100), plus))
    assert grade(tolerant(min(1, (share + more) / 100), plus + further)) <= less
