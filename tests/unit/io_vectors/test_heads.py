"""What the head of a file tells, and what its columns are taken for, before anything is asked of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pytest
import shapely

from geodata.column_names import guessed
from geodata.errors import LayerColumnsError
from geodata.io.heads import read_head
from geodata.io.vectors import ReadAs, read_layer
from geodata.types import LayerKind


@pytest.mark.parametrize(
    ("kind", "present", "mapping", "found"),
    [
        ("parcels", ["DKBM", "dlbm", "坐落"], {}, "parcel_id<DKBM guess, land_use<dlbm guess, address<坐落 guess"),
        ("parcels", ["parcel_id", "DKBM"], {}, "parcel_id<parcel_id name"),
        ("parcels", ["ZDDM", "DKBM"], {}, "parcel_id<ZDDM guess"),
        ("parcels", ["ZDDM", "DKBM"], {"parcel_id": "DKBM"}, "parcel_id<DKBM told"),
        ("parcels", ["ZDDM"], {"parcel_id": "DKBM"}, ""),
        ("permits", ["许可证号", "发证日期"], {}, "permit_id<许可证号 guess, valid_from<发证日期 guess"),
        (
            "permits",
            ["证号", "有效期起", "发证日期", "建筑面积（㎡）"],
            {},
            "permit_id<证号 guess, valid_from<有效期起 guess, area_m2<建筑面积（㎡） guess, issued_on<发证日期 guess",
        ),
        ("areas", ["XZQDM", "XZQMC"], {}, "area_id<XZQDM guess, name<XZQMC guess"),
        ("buildings", ["building_i", "JGRQ"], {}, "building_id<building_i name, built_on<JGRQ guess"),
    ],
)
def test_what_columns_are_taken_for(kind: LayerKind, present: list[str], mapping: dict[str, str], found: str) -> None:
    told = guessed(present, kind, mapping)
    assert ", ".join(f"{target}<{guess.source} {guess.by}" for target, guess in told.items()) == found


def test_the_head_of_a_shapefile_in_gbk_without_cpg_and_prj(tmp_path: Path) -> None:
    square = shapely.box(500_000, 4_052_000, 500_040, 4_052_040)
    frame = gpd.GeoDataFrame({"DKBM": ["宗-1", "宗-2"], "DLBM": ["0103", None]}, geometry=[square, None])
    frame.set_crs("EPSG:4547").to_file(tmp_path / "宗地.shp", encoding="GBK", engine="pyogrio")
    (tmp_path / "宗地.cpg").unlink()
    (tmp_path / "宗地.prj").unlink()
    head = read_head(tmp_path / "宗地.shp", "parcels", ReadAs(), 5)
    assert (head.format, head.declared_crs) == ("ESRI Shapefile", None)
    assert head.encoding.startswith("GB18030 (found in the text")
    assert head.mapping == {"parcel_id": "DKBM", "land_use": "DLBM"}
    assert head.rows == [["宗-1", "0103"], ["宗-2", None]]
    assert head.geometry == ["Polygon", None] and head.first in {(x, y) for x, y in square.exterior.coords}


def test_the_head_of_a_register_whose_columns_have_foreign_names(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["2026年台账"], ["许可证号", "发证日期", "宗地代码", "备注"], ["建-1", 45413, "G-1", None]]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.active.merge_cells("A1:D1")
    book.save(tmp_path / "r.xlsx")
    head = read_head(tmp_path / "r.xlsx", "permits", ReadAs(), 5)
    assert [column.target for column in head.columns] == ["permit_id", "valid_from", "parcel_id", None]
    assert head.rows == [["建-1", "45413", "G-1", None]] and head.first is None
    frame, _ = read_layer(tmp_path / "r.xlsx", "permits", mapping=dict(head.mapping))
    assert str(frame["valid_from"].iloc[0]) == "2024-05-01", "an import with that mapping reads it so"


def test_a_table_of_unknown_columns_is_still_shown_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("甲,乙\n1,2\n")
    head = read_head(tmp_path / "a.csv", "permits", ReadAs(), 5)
    assert ([c.name for c in head.columns], head.rows, head.mapping) == (["甲", "乙"], [["1", "2"]], {})
    (tmp_path / "b.csv").write_text(" ,\n,\n")
    with pytest.raises(LayerColumnsError, match="empty table"):
        read_head(tmp_path / "b.csv", "permits", ReadAs(), 5)


def test_features_without_columns_are_shown_by_their_geometry(tmp_path: Path) -> None:
    shapes = [shapely.box(114, 36, 114.001, 36.001), shapely.Point(114, 36)]
    gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4490").to_file(tmp_path / "a.fgb", engine="pyogrio")
    head = read_head(tmp_path / "a.fgb", "parcels", ReadAs(), 5)
    assert (head.columns, head.rows, head.declared_crs) == ([], [[], []], "EPSG:4490")
    assert sorted(map(str, head.geometry)) == ["Point", "Polygon"]
