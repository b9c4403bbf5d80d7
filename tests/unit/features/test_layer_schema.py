"""`conform`: columns, types, geometry and what is reported, on rectangles a reader can check by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geodata.crs import CGCS2000_GEOD, CRS84
from geodata.errors import (
    CRSError,
    CRSMismatchError,
    GeometryError,
    LayerColumnsError,
    LayerValueError,
    MissingCRSError,
)
from geodata.features import ZONE_KINDS, conform, parse_day

EAST, NORTH = 468_000.0, 4_066_000.0
"""A corner in EPSG:4547, near Handan."""


def square(x: float = 0, y: float = 0, side: float = 20) -> shapely.Polygon:
    return shapely.box(EAST + x, NORTH + y, EAST + x + side, NORTH + y + side)


def layer(shapes: list[Any], crs: str | None = "EPSG:4547", **columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=crs), crs=crs)


def area_m2(shape: shapely.Geometry) -> float:
    return abs(CGCS2000_GEOD.geometry_area_perimeter(shape)[0])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2024-05-01", date(2024, 5, 1)),
        ("2024/5/1", date(2024, 5, 1)),
        ("2024.05.01", date(2024, 5, 1)),
        ("2024年5月1日", date(2024, 5, 1)),
        ("20240501", date(2024, 5, 1)),
        (20240501, date(2024, 5, 1)),
        (20240501.0, date(2024, 5, 1)),
        (date(2024, 5, 1), date(2024, 5, 1)),
        (datetime(2024, 5, 1, 23, 30), date(2024, 5, 1)),
        (datetime(2024, 5, 1, 16, 0, tzinfo=UTC), date(2024, 5, 2)),
        ("2024-05-01T15:59:59Z", date(2024, 5, 1)),
        ("2024-05-01T16:00:00Z", date(2024, 5, 2)),
        (np.datetime64("2024-05-01"), date(2024, 5, 1)),
        ("", None),
        (None, None),
        (float("nan"), None),
        (np.datetime64("NaT"), None),
    ],
)
def test_a_day_is_read_as_a_beijing_day(given: object, expected: date | None) -> None:
    assert parse_day(given) == expected


@pytest.mark.parametrize("given", ["2024-13-01", "2024-02-30", "yesterday", "1.5.2024", 12345])
def test_what_is_no_day_is_not_guessed(given: object) -> None:
    with pytest.raises(ValueError):
        parse_day(given)


def test_metres_become_lonlat_and_keep_their_area() -> None:
    done = conform(layer([square()], parcel_id=["P1"]), "parcels")
    shape = done.frame.geometry.iloc[0]
    assert done.frame.crs == CRS84
    assert shape.bounds[0] == pytest.approx(113.64, abs=0.01)
    assert shape.bounds[1] == pytest.approx(36.72, abs=0.01)
    assert area_m2(shape) == pytest.approx(400, rel=1e-3)


def test_absent_columns_are_filled_and_further_ones_kept() -> None:
    frame = conform(layer([square()], parcel_id=[7.0], 备注=["x"]), "parcels").frame
    assert frame["parcel_id"].iloc[0] == "7"
    assert frame["land_use"].iloc[0] is None
    assert np.isnan(frame["accuracy_m"].iloc[0])
    assert frame["备注"].iloc[0] == "x"


def test_a_missing_column_is_named_with_the_way_out() -> None:
    with pytest.raises(LayerColumnsError) as caught:
        conform(layer([square()], DKBM=["P1"], village=["x"]), "parcels")
    assert caught.value.measured["missing"] == ["parcel_id"]
    assert "DKBM" in caught.value.message
    assert "--map parcels.parcel_id=" in caught.value.remedy


def test_a_mapping_renames_and_wins_over_a_column_of_the_same_name() -> None:
    raw = layer([square()], DKBM=["A"], parcel_id=["old"])
    frame = conform(raw, "parcels", mapping={"parcel_id": "DKBM"}).frame
    assert frame["parcel_id"].tolist() == ["A"]
    assert frame["parcel_id_given"].tolist() == ["old"]


def test_a_mapping_from_an_absent_column_is_refused() -> None:
    with pytest.raises(LayerColumnsError, match="NOPE"):
        conform(layer([square()], parcel_id=["A"]), "parcels", mapping={"parcel_id": "NOPE"})


def test_names_cut_to_ten_bytes_find_their_column() -> None:
    raw = layer([square()], building_i=["B1"], register_i=["R1"], BUILT_ON=["2020-01-02"])
    frame = conform(raw, "buildings").frame
    assert frame["building_id"].tolist() == ["B1"]
    assert frame["register_id"].tolist() == ["R1"]
    assert frame["built_on"].tolist() == [date(2020, 1, 2)]


def test_an_unreadable_day_is_refused_with_row_and_value() -> None:
    raw = layer([square(), square(30)], permit_id=["A", "B"], valid_from=["2024-01-01", "soon"])
    with pytest.raises(LayerValueError) as caught:
        conform(raw, "permits")
    assert caught.value.measured["row"] == 2
    assert caught.value.measured["value"] == "soon"


def test_an_unreadable_last_day_does_not_turn_into_for_ever() -> None:
    raw = layer([square()], permit_id=["A"], valid_from=["2024-01-01"], valid_to=["2024-99-01"])
    with pytest.raises(LayerValueError, match="valid_to"):
        conform(raw, "permits")


def test_a_long_term_permit_has_no_last_day() -> None:
    raw = layer([square()], permit_id=["A"], valid_from=["2024-01-01"], valid_to=["长期"])
    assert conform(raw, "permits").frame["valid_to"].tolist() == [None]


def test_an_unknown_zone_kind_is_refused_with_the_list() -> None:
    with pytest.raises(LayerValueError) as caught:
        conform(layer([square()], zone_id=["Z"], kind=["meadow"]), "zones")
    assert all(kind in caught.value.remedy for kind in ZONE_KINDS)


def test_a_bow_tie_is_repaired_and_reported() -> None:
    x, y = EAST, NORTH
    bow_tie = shapely.Polygon([(x, y), (x + 20, y + 20), (x + 20, y), (x, y + 20)])
    done = conform(layer([bow_tie, square(50)], parcel_id=["tie", "ok"]), "parcels")
    assert done.repaired == ["tie"]
    assert done.frame.geometry.is_valid.all()
    assert area_m2(done.frame.geometry.iloc[0]) == pytest.approx(200, rel=1e-3)


def test_empty_and_foreign_geometries_are_reported_as_dropped() -> None:
    shapes = [square(), None, shapely.Polygon(), shapely.Point(EAST, NORTH), square(60)]
    done = conform(layer(shapes, parcel_id=["a", "b", "c", "d", None]), "parcels")
    assert done.frame["parcel_id"].tolist() == ["a"]
    assert done.dropped == [
        ("b", "no geometry"),
        ("c", "no geometry"),
        ("d", "a Point, not a polygon"),
        ("row 5", "parcel_id is empty"),
    ]


def test_coordinates_that_are_not_finite_are_dropped() -> None:
    broken = shapely.from_wkt(f"POLYGON (({EAST} {NORTH}, {EAST + 9} inf, {EAST + 9} {NORTH}, {EAST} {NORTH}))")
    done = conform(layer([broken, square()], parcel_id=["a", "b"]), "parcels")
    assert done.dropped == [("a", "its coordinates are not finite")]


def test_a_layer_with_nothing_usable_is_refused() -> None:
    with pytest.raises(GeometryError, match="none of them"):
        conform(layer([None], parcel_id=["a"]), "parcels")
    with pytest.raises(GeometryError, match="0 features"):
        conform(layer([], parcel_id=[]), "parcels")


def test_a_permit_may_stand_on_its_parcel_alone() -> None:
    raw = layer(
        [None, shapely.Point(EAST, NORTH), None],
        permit_id=["on parcel", "at a point", "nowhere"],
        valid_from=["2024-01-01"] * 3,
        parcel_id=["P1", "P2", None],
    )
    done = conform(raw, "permits")
    assert done.frame["permit_id"].tolist() == ["on parcel", "at a point"]
    assert done.frame.geometry.isna().all()
    assert done.dropped == [("nowhere", "neither polygon, parcel_id, address nor point")]


def test_permits_without_any_geometry_need_no_system() -> None:
    raw = layer([None], crs=None, permit_id=["A"], valid_from=["2024-01-01"], parcel_id=["P"])
    assert len(conform(raw, "permits").frame) == 1


def test_a_road_red_line_is_widened_in_metres() -> None:
    line = shapely.LineString([(EAST, NORTH), (EAST + 100, NORTH)])
    raw = layer([line] * 3, zone_id=["a", "b", "c"], kind=["road_redline", "road_redline", "river"])
    raw["buffer_m"] = [10.0, None, 10.0]
    done = conform(raw, "zones")
    expected = 100 * 20 + np.pi * 10**2
    assert area_m2(done.frame.geometry.iloc[0]) == pytest.approx(expected, rel=0.01)
    assert [row for row, _ in done.dropped] == ["b", "c"]
    assert "buffer_m" in done.dropped[0][1]


def test_equal_rows_are_kept_once_and_others_all() -> None:
    shapes = [square(), square(), square(40), square(80)]
    done = conform(layer(shapes, parcel_id=["a", "a", "a", "b"]), "parcels")
    assert done.frame["parcel_id"].tolist() == ["a", "a", "b"]
    assert done.duplicated == ["a"]


def test_heights_are_left_out() -> None:
    done = conform(layer([shapely.force_3d(square(), 5.0)], parcel_id=["a"]), "parcels")
    assert not done.frame.geometry.has_z.any()


def test_zone_coded_metres_in_a_degree_system_are_refused_with_the_right_code() -> None:
    raw = layer([shapely.box(38_468_000, NORTH, 38_468_020, NORTH + 20)], crs="EPSG:4490", parcel_id=["a"])
    with pytest.raises(CRSMismatchError, match="EPSG:4526"):
        conform(raw, "parcels")


def test_degrees_in_a_metre_system_are_refused() -> None:
    raw = layer([shapely.box(114.0, 36.0, 114.1, 36.1)], crs="EPSG:4547", parcel_id=["a"])
    with pytest.raises(CRSMismatchError, match="degrees"):
        conform(raw, "parcels")


def test_no_system_and_an_old_datum_are_refused() -> None:
    with pytest.raises(MissingCRSError):
        conform(layer([square()], crs=None, parcel_id=["a"]), "parcels")
    with pytest.raises(CRSError, match="no public accurate transformation"):
        conform(layer([square()], crs="EPSG:2383", parcel_id=["a"]), "parcels")


def test_administrative_areas_have_a_name_and_a_place_in_the_order() -> None:
    columns = {"area_id": [130402001.0, 2], "name": ["火磨街道", None], "DIVISION_CODE": ["130402", ""]}
    done = conform(layer([square(), square(50)], **columns), "areas")
    assert done.frame[["area_id", "name", "division_code", "level"]].values.tolist() == [
        ["130402001", "火磨街道", "130402", None]
    ]
    assert done.dropped == [("2", "name is empty")]
