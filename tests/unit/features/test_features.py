"""The schema of the input layers: columns, values, geometry, and what is reported of changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from geodata.crs import CRS84
from geodata.errors import GeometryError, LayerColumnsError, LayerValueError, MissingCRSError
from geodata.features import ZONE_KINDS, conform, parse_day
from geodata.types import LayerKind

SQUARE = box(468000, 4066000, 468100, 4066100)
BOW_TIE = Polygon([(468000, 4066000), (468100, 4066100), (468100, 4066000), (468000, 4066100)])


def frame(shapes: list[Any], crs: str | None = "EPSG:4547", **columns: list[Any]) -> gpd.GeoDataFrame:
    """A raw layer as a reader would give it."""
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=crs), crs=crs)


class TestDays:
    """All the ways in which layers write a day."""

    @pytest.mark.parametrize(
        "value",
        [
            "2024-05-01",
            "2024/5/1",
            "2024.5.1",
            "20240501",
            20240501,
            20240501.0,
            " 2024-05-01 ",
            "2024年5月1日",
            "2024-05-01T23:59:59",
            "2024-04-30T16:00:00Z",
            date(2024, 5, 1),
            datetime(2024, 4, 30, 20, tzinfo=UTC),
            pd.Timestamp("2024-05-01 10:00"),
            np.datetime64("2024-05-01"),
        ],
    )
    def test_one_day(self, value: object) -> None:
        assert parse_day(value) == date(2024, 5, 1)

    @pytest.mark.parametrize("value", [None, "", "  ", float("nan"), pd.NaT, np.datetime64("NaT"), "null", "无"])
    def test_no_day(self, value: object) -> None:
        assert parse_day(value) is None

    @pytest.mark.parametrize("value", ["yesterday", "2024-13-01", "20240231", "5/1/2024", 12.5, True])
    def test_not_a_day(self, value: object) -> None:
        with pytest.raises(ValueError):
            parse_day(value)


class TestColumns:
    """What a layer must have, may have, and keeps."""

    @pytest.mark.parametrize(
        ("kind", "missing"),
        [
            ("parcels", "parcel_id"),
            ("permits", "permit_id, valid_from"),
            ("zones", "zone_id, kind"),
            ("buildings", "building_id"),
            ("areas", "area_id, name"),
        ],
    )
    def test_missing_ones_are_named_with_a_way_out(self, kind: LayerKind, missing: str) -> None:
        with pytest.raises(LayerColumnsError) as caught:
            conform(frame([SQUARE], DKBM=["1"]), kind)
        assert f"lacks {missing}; it has: DKBM" in caught.value.message
        assert f"--map {kind}.{missing.split(',')[0]}=DKBM" in caught.value.remedy
        assert caught.value.measured["missing"] == missing.split(", ")

    def test_absent_optional_columns_are_empty_and_foreign_ones_stay(self) -> None:
        done = conform(frame([SQUARE], DKBM=["1"], 备注=["x"]), "parcels", mapping={"parcel_id": "DKBM"}).frame
        assert list(done.columns) == [
            "parcel_id",
            "land_use",
            "owner_kind",
            "village",
            "accuracy_m",
            "address",
            "备注",
            "geometry",
        ]
        assert done["land_use"].iloc[0] is None and np.isnan(done["accuracy_m"].iloc[0])

    def test_numbers_as_ids_lose_their_point(self) -> None:
        assert conform(frame([SQUARE], parcel_id=[130402.0]), "parcels").frame["parcel_id"].iloc[0] == "130402"

    def test_a_mapping_to_nothing_is_refused(self) -> None:
        with pytest.raises(LayerColumnsError, match="absent NONE"):
            conform(frame([SQUARE], DKBM=["1"]), "parcels", mapping={"parcel_id": "NONE"})
        with pytest.raises(LayerColumnsError, match="unknown columns colour"):
            conform(frame([SQUARE], DKBM=["1"]), "parcels", mapping={"colour": "DKBM"})

    def test_unreadable_values_name_their_row(self) -> None:
        raw = frame([SQUARE] * 2, permit_id=["a", "b"], valid_from=["2024-05-01", "soon"])
        with pytest.raises(LayerValueError, match="Row 2 of the permits layer: valid_from is 'soon'"):
            conform(raw, "permits")

    def test_unknown_zone_kinds_list_the_known(self) -> None:
        with pytest.raises(LayerValueError, match="castle") as caught:
            conform(frame([SQUARE], zone_id=["1"], kind=["castle"]), "zones")
        assert all(kind in caught.value.remedy for kind in ZONE_KINDS)


class TestGeometry:
    """Valid polygons in CRS84, and what was done for it."""

    def test_repaired_dropped_and_duplicated_are_reported(self) -> None:
        raw = frame(
            [SQUARE, BOW_TIE, None, Polygon(), Point(468000, 4066000), SQUARE, SQUARE],
            parcel_id=["a", "b", "c", "d", "e", "a", None],
        )
        done = conform(raw, "parcels")
        assert done.repaired == ["b"]
        assert done.dropped == [
            ("c", "no geometry"),
            ("d", "no geometry"),
            ("e", "a Point, not a polygon"),
            ("row 7", "parcel_id is empty"),
        ]
        assert done.duplicated == ["a"]
        assert list(done.frame["parcel_id"]) == ["a", "b"]
        assert done.frame.crs == CRS84 and done.frame.geometry.is_valid.all()

    def test_one_id_on_two_places_keeps_both(self) -> None:
        raw = frame([SQUARE, shapely.affinity.translate(SQUARE, 200)], parcel_id=["a", "a"])
        done = conform(raw, "parcels")
        assert (len(done.frame), done.duplicated) == (2, ["a"])

    def test_heights_go_and_multipolygons_stay(self) -> None:
        solid = shapely.force_3d(MultiPolygon([SQUARE, shapely.affinity.translate(SQUARE, 200)]), 5.0)
        done = conform(frame([solid], parcel_id=["a"]), "parcels").frame.geometry.iloc[0]
        assert done.geom_type == "MultiPolygon" and not done.has_z

    def test_nothing_usable_left(self) -> None:
        with pytest.raises(GeometryError, match="2 features and none"):
            conform(frame([None, Polygon()], parcel_id=["a", "b"]), "parcels")

    def test_no_system(self) -> None:
        with pytest.raises(MissingCRSError):
            conform(frame([SQUARE], crs=None, parcel_id=["a"]), "parcels")

    def test_permits_may_stand_on_their_parcel(self) -> None:
        raw = frame(
            [SQUARE, None, None],
            permit_id=["a", "b", "c"],
            valid_from=["2024-05-01"] * 3,
            parcel_id=[None, "P-1", None],
        )
        done = conform(raw, "permits")
        assert list(done.frame["permit_id"]) == ["a", "b"]
        assert done.frame.geometry.iloc[1] is None
        assert done.dropped == [("c", "neither polygon, parcel_id, address nor point")]

    def test_a_road_red_line_is_widened_in_metres(self) -> None:
        line = LineString([(468000, 4066000), (468100, 4066000)])
        raw = frame(
            [line, line, line],
            zone_id=["a", "b", "c"],
            kind=["road_redline", "road_redline", "green"],
            buffer_m=[10.0, None, 10.0],
        )
        done = conform(raw, "zones")
        # 100 m by 20 m and two half circles of radius 10 m, drawn with 32 sides: 2000 + 312 m².
        assert done.frame.to_crs("EPSG:4547").area.iloc[0] == pytest.approx(2312, abs=3)
        assert [name for name, _ in done.dropped] == ["b", "c"]
