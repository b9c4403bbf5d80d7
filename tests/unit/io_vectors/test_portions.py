"""A layer that is read in portions is the layer that is read at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geodata.errors import GeometryError, LayerValueError
from geodata.io.vectors import LayerReader, ReadAs
from geodata.types import LayerReport
from service.usecases.layer_rows import RowMaker, to_frame

EAST, NORTH = 468_000.0, 4_066_000.0


def square(at: int) -> shapely.Polygon:
    return shapely.box(EAST + 30 * at, NORTH, EAST + 30 * at + 20, NORTH + 20)


def bow_tie(at: int) -> shapely.Polygon:
    x, y = EAST + 30 * at, NORTH
    return shapely.Polygon([(x, y), (x + 20, y + 20), (x + 20, y), (x, y + 20)])


@pytest.fixture
def parcels() -> gpd.GeoDataFrame:
    """Ten rows: one repeats an earlier one in everything, one its id alone, one is broken, one is empty."""
    return gpd.GeoDataFrame(
        {
            "parcel_id": ["甲", "b", "c", "d", "e", "甲", "b", "h", "i", None],
            "village": ["李", "王", None, "王", "王", "李", "王", "李", "李", "李"],
            "storeys": pd.array([1, 2, 3, 4, 5, 1, None, 8, 9, 10], dtype="Int64"),
            "seen": pd.to_datetime(["2026-01-01T00:00:00", *[None] * 4, "2026-01-01T00:00:00", *[None] * 4]),
        },
        geometry=[*map(square, range(4)), bow_tie(4), square(0), square(6), None, square(8), square(9)],
        crs="EPSG:4547",
    )


def write(frame: gpd.GeoDataFrame, path: Path) -> Path:
    more: dict[str, Any] = {}
    if path.suffix == ".shp":
        frame, more = frame.assign(seen=None), {"encoding": "GBK"}  # it knows no times
    if path.suffix == ".fgb":
        more = {"SPATIAL_INDEX": "NO"}  # which would put the features in another order
    pyogrio.write_dataframe(frame, path, **more)
    return path


def read(path: Path, rows: int | None) -> tuple[gpd.GeoDataFrame, LayerReport]:
    reader, maker = LayerReader(path, "parcels", ReadAs(), rows), RowMaker("parcels")
    texts = [row.geojson for frame in reader.frames() for row in maker.rows(frame)]
    return to_frame(texts, maker.columns), reader.report


@pytest.mark.parametrize("name", ["p.gpkg", "p.fgb", "p.geojson", "p.shp"])
@pytest.mark.parametrize("rows", [1, 3, 4, 10, 11])
def test_portions_give_the_layer_and_its_report(
    tmp_path: Path, parcels: gpd.GeoDataFrame, name: str, rows: int
) -> None:
    path = write(parcels, tmp_path / name)
    (whole, report), (frame, parts) = read(path, None), read(path, rows)
    assert parts == report
    assert (report.rows, report.kept, report.repaired, report.duplicated) == (10, 7, ["e"], ["b", "甲"])
    assert report.dropped == [("h", "no geometry"), ("row 10", "parcel_id is empty")]
    assert list(frame["parcel_id"]) == list(whole["parcel_id"]) == ["甲", "b", "c", "d", "e", "b", "i"]
    assert shapely.equals_exact(frame.geometry.to_numpy(), whole.geometry.to_numpy()).all()
    for column in ("village", "storeys", "seen"):
        assert frame[column].isna().tolist() == whole[column].isna().tolist(), column
        assert frame[column].dropna().tolist() == whole[column].dropna().tolist(), column


def test_ids_are_unique_over_all_portions() -> None:
    maker, shape = RowMaker("parcels"), square(0)
    fids = []
    for names in (["a", "a~2", "b"], ["a", "b", "a"], ["a~2", None]):
        frame = gpd.GeoDataFrame({"parcel_id": names}, geometry=[shape] * len(names), crs="OGC:CRS84")
        fids += [row.fid for row in maker.rows(frame)]
    assert fids == ["a", "a~2", "b", "a~3", "b~2", "a~4", "a~2~2", "8"]


def test_an_error_names_the_row_of_the_file(tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
    parcels["accuracy_m"] = [0.1] * 7 + [-1.0] + [0.1] * 2
    path = write(parcels, tmp_path / "p.gpkg")
    with pytest.raises(LayerValueError, match="Row 8 of the parcels layer: accuracy_m is '-1.0'"):
        list(LayerReader(path, "parcels", ReadAs(), 3).frames())


def test_a_portion_may_hold_nothing_and_a_layer_may_not(tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
    parcels.loc[parcels.index[:6], "parcel_id"] = None
    reader = LayerReader(write(parcels, tmp_path / "p.gpkg"), "parcels", ReadAs(), 3)
    assert [list(frame["parcel_id"]) for frame in reader.frames()] == [["b", "i"]]
    parcels["parcel_id"] = [None] * 10
    with pytest.raises(GeometryError, match=r"10 features and none.*row 1, parcel_id is empty"):
        list(LayerReader(write(parcels, tmp_path / "q.gpkg"), "parcels", ReadAs(), 3).frames())


def test_a_report_before_the_end_is_a_mistake(tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
    reader = LayerReader(write(parcels, tmp_path / "p.gpkg"), "parcels", ReadAs(), 3)
    next(reader.frames())
    with pytest.raises(ValueError, match="not read to its end"):
        _ = reader.report
