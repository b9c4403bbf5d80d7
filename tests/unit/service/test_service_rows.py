"""A layer as rows and back."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import pandas as pd
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.crs import CRS84
from geodata.features import conform
from service.usecases.layer_rows import column_types, to_frame, to_rows


def frame() -> gpd.GeoDataFrame:
    shapes = [shapely.box(114.1 + i / 3e3, 36.6, 114.1001 + i / 3e3, 36.6 + 1 / 7e3) for i in range(3)]
    raw = gpd.GeoDataFrame(
        {
            "permit_id": ["证1", "证2", "证2"],
            "valid_from": ["2024-01-01", "20240301", None],
            "area_m2": [120.5, None, 1 / 3],
            "备注": ["a", None, "c"],
            "n": [1, 2, 3],
            "flag": [True, False, True],
            "seen": pd.to_datetime(["2024-01-01T10:00:00Z", None, "2024-05-01T00:00:00.123456Z"], format="ISO8601"),
        },
        geometry=shapes,
        crs="EPSG:4490",
    )
    raw["valid_from"] = raw["valid_from"].fillna("2024-02-02")
    return conform(raw, "permits").frame


def test_a_layer_comes_back_exactly() -> None:
    made = frame()
    back = to_frame([row.geojson for row in to_rows(made, "permits")], column_types(made))
    assert_geodataframe_equal(back[made.columns], made.reset_index(drop=True), check_crs=True)
    assert isinstance(back["valid_from"].iloc[0], date)
    assert shapely.equals_exact(back.geometry.to_numpy(), made.geometry.to_numpy(), tolerance=0).all()


def test_ids_are_unique_and_tell_the_column() -> None:
    assert [row.fid for row in to_rows(frame(), "permits")] == ["证1", "证2", "证2~2"]


def test_a_permit_without_a_polygon_has_no_place() -> None:
    made = gpd.GeoDataFrame({"permit_id": ["a"]}, geometry=gpd.GeoSeries([None], crs=CRS84))
    row = to_rows(made, "permits")[0]
    assert row.bbox is None
    assert to_frame([row.geojson], column_types(made)).geometry.isna().all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=3, max_size=6))
def test_no_digit_of_a_coordinate_is_lost(points: list[tuple[float, float]]) -> None:
    made = gpd.GeoDataFrame({"zone_id": ["z"]}, geometry=[shapely.Polygon(points)], crs=CRS84)
    back = to_frame([row.geojson for row in to_rows(made, "zones")], column_types(made))
    assert (
        shapely.get_coordinates(back.geometry.iloc[0]).tolist()
        == shapely.get_coordinates(made.geometry.iloc[0]).tolist()
    )
