"""Filters, orders and whole lists: every store gives what the filter itself says of each feature."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.auth.sight import Sight
from service.errors import BadQueryError
from service.ogc.filters import Filter, read_filter
from service.ogc.texts import row_of
from service.store.base import Store
from service.store.queries import FeatureQuery, Sort
from service.store.records import FeatureRow
from tests.contract.test_store_contract import version

NAMES = ("名称", "n", "flag", "code", "list", "when")
TEXTS = ["", "a", "A", "东路", "东街", "a%b", "a_b", "[x]*?", "0701", "\\", "é", "it's", "2025-04-12"]
NUMBERS = [0, 1, -1, 2.5, 701, 1e20]
ANYTHING = [*TEXTS, *NUMBERS, True, False, None, ["a", "b"], {"a": 1}]


def feature(number: int, told: dict[str, Any]) -> FeatureRow:
    """A square of a hundredth of a degree in a row of such."""
    west = 114.0 + number * 0.02
    ring = [[west, 36.0], [west + 0.01, 36.0], [west + 0.01, 36.01], [west, 36.01], [west, 36.0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    fid = f"f{number:03}"
    box = (west, 36.0, west + 0.01, 36.01)
    text = {"type": "Feature", "id": fid, "bbox": box, "geometry": geometry, "properties": told}
    return FeatureRow(fid, box, json.dumps(text, separators=(",", ":"), ensure_ascii=False))


# every value in every property, and features that lack some
ROWS = [
    feature(
        number,
        {
            name: ANYTHING[(number * step) % len(ANYTHING)]
            for step, name in zip((1, 2, 3, 5, 7, 11), NAMES, strict=True)
            if (number + step) % 9
        },
    )
    for number in range(len(ANYTHING) * 2)
]


@pytest.fixture
def layer(store: Store) -> Store:
    """A store with the features above as the version `v`."""
    store.layers.add(replace(version("v"), features=len(ROWS)), ROWS)
    return store


def wanted(node: Any) -> list[str]:
    """What the filter itself says."""
    return [row.fid for row in ROWS if Filter(node).matches(row_of(row.geojson))]


def told(store: Store, **query: Any) -> list[str]:
    return [json.loads(t)["id"] for t in store.layers.features(FeatureQuery(within="v", limit=1000, **query)).items]


properties = st.builds(lambda name: {"property": name}, st.sampled_from([*NAMES, "id", "missing"]))
literals = st.sampled_from([*TEXTS, *NUMBERS, True, False, "f003"])
comparisons = st.builds(
    lambda op, p, v: {"op": op, "args": [p, v]},
    st.sampled_from(["=", "<>", "<", ">", "<=", ">="]),
    properties,
    literals,
)
patterns = st.builds(
    lambda p, parts: {"op": "like", "args": [p, "".join(parts)]},
    properties,
    st.lists(st.sampled_from(["%", "_", "a", "A", "东", "\\%", "\\_", "\\", "[", "*", "?", "路"]), max_size=4),
)
lists = st.builds(lambda p, v: {"op": "in", "args": [p, v]}, properties, st.lists(literals, min_size=1, max_size=4))
ranges = st.builds(lambda p, a, b: {"op": "between", "args": [p, a, b]}, properties, literals, literals)
nulls = st.builds(lambda p: {"op": "isnull", "args": [p]}, properties)
folded = st.builds(
    lambda p, v: {"op": "=", "args": [{"op": "casei", "args": [p]}, {"op": "casei", "args": [v]}]},
    properties,
    st.sampled_from(TEXTS),
)
arithmetic = st.builds(
    lambda p, v: {"op": ">", "args": [{"op": "*", "args": [p, 2]}, v]}, properties, st.sampled_from(NUMBERS)
)
days = st.builds(
    lambda op, p: {"op": op, "args": [p, {"date": "2025-04-12"}]}, st.sampled_from(["=", "t_after"]), properties
)
leaves = st.one_of(comparisons, patterns, lists, ranges, nulls, folded, arithmetic, days)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda op, a: {"op": op, "args": a}, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)
        ),
        st.builds(lambda a: {"op": "not", "args": [a]}, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(node=filters)
def test_every_store_gives_what_the_filter_says(layer: Store, node: Any) -> None:
    assert told(layer, filter=Filter(node)) == wanted(node)


@pytest.mark.parametrize(
    "text",
    [
        "S_INTERSECTS(geometry, BBOX(114.05, 36.005, 114.13, 36.2))",
        "S_WITHIN(geometry, POLYGON((114.0 35.9, 114.2 35.9, 114.2 36.1, 114.0 36.1, 114.0 35.9)))",
        "S_DISJOINT(geometry, BBOX(114.05, 35, 115, 37))",
        "S_INTERSECTS(geometry, POINT(114.065 36.005)) OR n = 701",
        "S_INTERSECTS(geometry, LINESTRING(114.0 35.9, 114.2 36.1)) AND NOT n IS NULL",
        "S_TOUCHES(geometry, POINT(114.06 36.0))",
    ],
)
def test_places_are_decided_by_the_geometry(layer: Store, text: str) -> None:
    found = read_filter(text, "cql2-text", NAMES, lambda shape: shape)
    assert told(layer, filter=found) == wanted(found.node)
    assert wanted(found.node)


@pytest.mark.parametrize("sort", [(Sort("n"),), (Sort("名称", True), Sort("n")), (Sort("flag"), Sort("id", True))])
def test_any_property_orders_the_pages_the_same_on_every_store(layer: Store, sort: tuple[Sort, ...]) -> None:
    want = [row.fid for row in _stable(sort)]
    seen: list[str] = []
    after: Any = ()
    while True:
        page = layer.layers.features(FeatureQuery(within="v", limit=7, sort=sort, after=after))
        seen += [json.loads(text)["id"] for text in page.items]
        assert page.matched == len(ROWS)
        if not page.after:
            break
        after = page.after
    assert seen == want


def _stable(sort: tuple[Sort, ...]) -> list[FeatureRow]:
    """Ties stand in the order of coming, turned round where the first order falls."""

    def rank(row: FeatureRow, name: str) -> tuple[int, float, str]:
        value = row.fid if name == "id" else json.loads(row.geojson)["properties"].get(name)
        if isinstance(value, (int, float)):
            return 2, float(value), ""
        return (1, 0.0, value) if isinstance(value, str) and value else (0, 0.0, "")

    rows = ROWS[::-1] if sort[0].falling else list(ROWS)
    for one in reversed(sort):
        if one.falling:
            rows.reverse()
            rows.sort(key=lambda row: rank(row, one.name))
            rows.reverse()
        else:
            rows.sort(key=lambda row: rank(row, one.name))
    return rows


def test_a_key_of_another_query_is_refused(layer: Store) -> None:
    for after in [(1, 2), ("a",), (1.5,), (True,), ("x", "y", 3)]:
        with pytest.raises(BadQueryError, match="cursor"):
            layer.layers.features(FeatureQuery(within="v", after=after))
    with pytest.raises(BadQueryError, match="cursor"):
        layer.layers.features(FeatureQuery(within="v", sort=(Sort("n"),), after=("a", "b", 3)))


def test_everything_comes_at_once_in_the_same_order(layer: Store) -> None:
    found = read_filter("n > 0 OR S_INTERSECTS(geometry, POINT(114.065 36.005))", "cql2-text", NAMES, lambda s: s)
    query = FeatureQuery(within="v", filter=found, sort=(Sort("n", True),), limit=2)
    every = [json.loads(text)["id"] for text in layer.layers.all_features(query)]
    assert every == told(layer, filter=found, sort=query.sort) and set(every) == set(wanted(found.node))


def test_counting_is_done_where_it_is_asked_for_or_costs_nothing(layer: Store) -> None:
    box = ((113.0, 35.0, 114.211, 37.0),)

    def matched(**query: Any) -> int | None:
        return layer.layers.features(FeatureQuery(within="v", **query)).matched

    assert matched(limit=3) == len(ROWS)
    assert matched(limit=3, boxes=box) is None
    assert matched(limit=3, boxes=box, count=True) == 11
    assert matched(limit=11, boxes=box) == 11


def test_nothing_beyond_the_scope_is_told_or_counted(layer: Store) -> None:
    import shapely

    # a bend: its box holds squares that it does not touch
    scope = shapely.from_wkt(
        "POLYGON((113.9 35.9, 114.3 35.9, 114.3 35.95, 114.035 35.95, 114.035 36.1, 113.9 36.1, 113.9 35.9))"
    )
    seen = layer.seen_by(Sight(scope))
    page = seen.layers.features(FeatureQuery(within="v", count=True, limit=1))
    assert (len(page.items), page.matched) == (1, 2)
    assert told(seen) == ["f000", "f001"]
    assert [json.loads(t)["id"] for t in seen.layers.all_features(FeatureQuery(within="v"))] == told(seen)


def test_pages_hold_while_rows_come_and_go(store: Store) -> None:
    """Structures are written anew by every scan: the page behind one that is gone begins where that one stood."""
    from tests.contract.test_store_structures import house, scanned

    scanned(store, "s1", (1, 3), *(house(name, 114.0 + number / 100) for number, name in enumerate("abcde")))
    sort = (Sort("area_m2", True),)
    first = store.structures.features(FeatureQuery(limit=2, sort=sort))
    shown = [json.loads(text)["id"] for text in first.items]
    name = json.loads(first.items[-1])["properties"]["finding_ids"][0]
    from tests.contract.test_store_verdicts import verdict

    store.verdicts.add(verdict(name, False), timed=True)
    rest = store.structures.features(FeatureQuery(limit=9, sort=sort, after=first.after))
    ids = [json.loads(text)["id"] for text in rest.items]
    assert len(ids) == 3 and not set(ids) & set(shown)


def test_the_state_tells_of_every_change(store: Store) -> None:
    before = store.state("layers")
    other = store.state("findings")
    store.layers.add(version(f"v{uuid.uuid4().hex[:4]}"), ROWS[:1])
    assert store.state("layers") != before
    assert store.state("findings") == other


boxes = st.tuples(*[st.floats(-0.02, 0.55), st.floats(-0.01, 0.02)] * 2)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(corners=boxes, start=st.integers(0, 60), limit=st.integers(1, 30))
def test_the_short_way_gives_what_the_long_way_gives(
    crooked: Store, corners: tuple[float, ...], start: int, limit: int
) -> None:
    """A plain query is answered by a plain statement: counting is what sends it the long way."""
    west, east = sorted((114 + corners[0], 114 + corners[2]))
    south, north = sorted((36 + corners[1], 36 + corners[3]))
    for query in (
        FeatureQuery(within="v", boxes=((west, south, east, north),), limit=limit, after=(start,) if start else ()),
        FeatureQuery(within="v", limit=limit, after=(start,) if start else ()),
    ):
        short, long = crooked.layers.features(query), crooked.layers.features(replace(query, count=True))
        assert (short.items, short.after) == (long.items, long.after)
        assert short.matched in (None, long.matched)


@pytest.fixture
def crooked(store: Store) -> Store:
    """Slanted polygons, rings, and features of two pieces that lie apart."""
    rows = []
    for number in range(60):
        west = 114.0 + (number % 20) * 0.025
        south = 36.0 + (number // 20) * 0.004
        slant = [[west, south], [west + 0.03, south + 0.001], [west + 0.031, south + 0.003], [west, south]]
        apart = [[west + 0.06, south], [west + 0.07, south], [west + 0.07, south + 0.001], [west + 0.06, south]]
        two = number % 3 == 0
        geometry = (
            {"type": "MultiPolygon", "coordinates": [[slant], [apart]]}
            if two
            else {"type": "Polygon", "coordinates": [slant]}
        )
        box = (west, south, west + (0.07 if two else 0.031), south + 0.003)
        text = {"type": "Feature", "id": f"c{number}", "bbox": box, "geometry": geometry, "properties": {}}
        rows.append(FeatureRow(f"c{number}", box, json.dumps(text, separators=(",", ":"))))
    store.layers.add(replace(version("v"), features=60), rows)
    store.layers.newest("parcels")
    return store
