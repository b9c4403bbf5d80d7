"""What became of a feature between two versions, on squares of a thousandth of a degree."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from geodata.crs import CGCS2000_GEOD
from geodata.differences import difference

SIDE = 0.001


def square(x: float = 0.0, side: float = SIDE) -> shapely.Polygon:
    return shapely.box(114.0 + x, 36.0, 114.0 + x + side, 36.0 + side)


def feature(shape: shapely.Geometry | None = None, **properties: Any) -> dict[str, Any]:
    geometry = None if shape is None else shapely.geometry.mapping(shape)
    return {"type": "Feature", "id": "p", "geometry": geometry, "properties": properties}


def area_m2(shape: shapely.Geometry) -> float:
    return abs(CGCS2000_GEOD.geometry_area_perimeter(shape)[0])


def test_the_same_is_no_difference_whatever_corner_the_ring_begins_at() -> None:
    turned = shapely.Polygon([*list(square().exterior.coords)[2:], *list(square().exterior.coords)[1:3]])
    assert difference(feature(square(), use="a"), feature(turned, use="a")) is None
    assert difference(feature(None, use="a"), feature(None, use="a", more=None)) is None
    assert difference(None, None) is None


@pytest.mark.parametrize(("old", "new", "what"), [(None, "x", "added"), ("x", None, "removed")])
def test_what_is_on_one_side_only(old: str | None, new: str | None, what: str) -> None:
    told = difference(*(None if side is None else feature(square(), use=side) for side in (old, new)))
    assert told is not None
    assert told["properties"] == {"use": "x", "difference": what}
    assert shapely.geometry.shape(told["geometry"]).equals(square())


def test_a_moved_one_tells_the_area_that_one_side_alone_covers() -> None:
    told = difference(feature(square(), use="a"), feature(square(SIDE / 4), use="b"))
    assert told is not None
    assert told["properties"]["difference"] == "moved"
    assert told["properties"]["difference_m2"] == pytest.approx(area_m2(square()) / 2, rel=1e-4)
    assert told["properties"]["changes"] == [{"column": "use", "old": "a", "new": "b"}]


def test_ground_that_comes_goes_or_gets_a_hole() -> None:
    holed = square().difference(square(SIDE / 4, SIDE / 2))
    whole, part = area_m2(square()), area_m2(square(SIDE / 4, SIDE / 2))
    for old, new, apart in ((None, square(), whole), (square(), None, whole), (square(), holed, part)):
        told = difference(feature(old), feature(new))
        assert told is not None
        assert told["properties"]["difference_m2"] == pytest.approx(apart, rel=1e-4)


def test_changed_values_name_their_columns_and_both_values() -> None:
    told = difference(feature(square(), use="a", gone=1), feature(square(), use="b", come="x"))
    assert told is not None
    assert told["properties"] == {
        "use": "b",
        "come": "x",
        "difference": "changed",
        "changes": [
            {"column": "use", "old": "a", "new": "b"},
            {"column": "gone", "old": 1, "new": None},
            {"column": "come", "old": None, "new": "x"},
        ],
    }
