"""Findings as patches and back: shapefile in GBK, GeoPackage, SQLite package."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely

from geodata.crs import CRS84
from geodata.errors import LayerError, MissingCRSError, MissingFileError, OptionError
from geodata.exchange import FIELDS, PatchOptions, read_patches, to_patches, write_patches

ZONE_38 = pyproj.CRS("EPSG:4526")  # zone-coded: eastings begin with 38
OPTIONS = PatchOptions("130403", "丛台区", first_serial=210183)
WORDS = "台账中未查到覆盖该位置的规划许可，疑似未取得许可建设。"


def findings() -> gpd.GeoDataFrame:
    rows: list[dict[str, Any]] = [
        {
            "id": f"f{k}", "area_m2": area, "stage": stage, "reasons": [{"message_zh": WORDS}],
            "before_acquired_at": "2026-03-31T20:00:00+00:00", "after_acquired_at": "2026-06-01T03:00:00+00:00",
        }
        for k, (area, stage) in enumerate([(1000.0, "finished"), (66.7, "earthworks"), (20.0, "unknown")])
    ]  # fmt: skip
    shapes = [shapely.box(114.5 + 0.001 * k, 36.6, 114.5003 + 0.001 * k, 36.6003) for k in range(3)]
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=CRS84)


@pytest.fixture
def patches() -> gpd.GeoDataFrame:
    return to_patches(findings(), OPTIONS, ZONE_38)


def test_a_finding_becomes_a_patch(patches: gpd.GeoDataFrame) -> None:
    one = patches.iloc[0]
    assert one["JCBH"] == "130403SJBG26210183" and patches["JCBH"].is_unique
    assert (one["XZQDM"], one["XMC"], one["QSX"], one["HSX"]) == ("130403", "丛台区", "20260401", "20260601")
    assert (one["JCMJ"], one["MJ_MU"], one["FINDING_ID"]) == (1000.0, 1.5, "f0")
    assert patches["TBLX"].tolist()[:2] == ["类型一", "类型二"]
    assert patches["TBLX"].isna()[2], "of an unknown stage nothing is said"
    assert 38_500_000 < one["XZB"] < 38_600_000 and one.geometry.contains(shapely.Point(one["XZB"], one["YZB"]))
    assert one["BZ"] == WORDS and patches["TZ"].isna().all()


@pytest.mark.parametrize("name", ["patches.zip", "patches.gpkg", "130403丛台区.db"])
def test_patches_come_back_as_they_went(patches: gpd.GeoDataFrame, tmp_path: Path, name: str) -> None:
    patches["OWN_NOTE"] = ["围墙", None, "x"]
    again = read_patches(write_patches(patches, tmp_path / name))
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert again.crs.equals(ZONE_38, ignore_axis_order=True) and len(again) == 3
    kept = [f.name for f in FIELDS if f.in_shapefile or not name.endswith(".zip")]
    for column in [*kept, "MJ_MU", "FINDING_ID", "OWN_NOTE"]:
        before, after = (frame[column].astype(object).where(frame[column].notna(), None) for frame in (patches, again))
        assert before.tolist() == after.tolist(), column
    assert {f.name for f in FIELDS} <= set(again.columns)
    for one, two in zip(patches.geometry, again.geometry, strict=True):
        assert one.normalize().equals_exact(two.normalize(), 1e-3)


def test_the_shapefile_is_in_gbk(patches: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with zipfile.ZipFile(write_patches(patches, tmp_path / "patches.zip")) as archive:
        parts = {Path(name).suffix: archive.read(name) for name in archive.namelist()}
    assert {".shp", ".shx", ".dbf", ".prj", ".cpg"} <= set(parts)
    assert "丛台区".encode("gbk") in parts[".dbf"] and "丛台区".encode() not in parts[".dbf"]
    assert parts[".cpg"].decode().strip().upper() in ("GBK", "936")


def test_a_foreign_shapefile_in_gbk_without_its_cpg_is_read(patches: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with zipfile.ZipFile(write_patches(patches, tmp_path / "patches.zip")) as archive:
        archive.extractall(tmp_path / "foreign")
    (next((tmp_path / "foreign").glob("*.cpg"))).unlink()
    again = read_patches(next((tmp_path / "foreign").glob("*.shp")))
    assert again["XMC"].tolist() == ["丛台区"] * 3


def test_the_package_is_plain_sqlite_with_the_outline_as_text(patches: gpd.GeoDataFrame, tmp_path: Path) -> None:
    path = write_patches(patches, tmp_path / "130403丛台区.db")
    connection = sqlite3.connect(path)
    kinds = {name: kind for _, name, kind, *_ in connection.execute("PRAGMA table_info(JCTB)")}
    ((outline, area),) = connection.execute("SELECT TBFW, JCMJ FROM JCTB WHERE JCBH = '130403SJBG26210183'")
    connection.execute("DROP TABLE META")
    connection.commit()
    connection.close()
    assert kinds["JCBH"] == "TEXT" and kinds["JCMJ"] == kinds["XZB"] == "REAL" and kinds["PZD"] == "TEXT"
    assert outline.startswith("POLYGON ((38") and area == 1000.0
    with pytest.raises(MissingCRSError, match="does not tell its coordinate system"):
        read_patches(path)
    assert read_patches(path, crs="EPSG:4526").geometry.iloc[0].equals_exact(patches.geometry.iloc[0], 1e-3)


def test_what_is_no_patch_file_is_refused_by_name(patches: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"does not say how to write"):
        write_patches(patches, tmp_path / "patches.kml")
    with pytest.raises(MissingFileError):
        read_patches(tmp_path / "none.db")
    sqlite3.connect(tmp_path / "empty.db").execute("CREATE TABLE other (a)").connection.close()
    with pytest.raises(LayerError, match="no table JCTB; it has: other"):
        read_patches(tmp_path / "empty.db")
    findings().drop(columns="reasons").to_file(tmp_path / "plain.gpkg")
    with pytest.raises(LayerError, match="no patch numbers"):
        read_patches(tmp_path / "plain.gpkg")


def test_numbers_that_have_no_place_are_refused() -> None:
    for code in ("1304", "13040A"):
        with pytest.raises(OptionError, match="six digits"):
            PatchOptions(code, "x")
    with pytest.raises(OptionError, match="no place"):
        PatchOptions("130403", "x", first_serial=0)
    with pytest.raises(OptionError, match="last serial would be 1000001"):
        to_patches(findings(), PatchOptions("130403", "x", first_serial=999_999), ZONE_38)


def test_no_findings_are_no_patches(tmp_path: Path) -> None:
    none = to_patches(findings().iloc[:0], OPTIONS, ZONE_38)
    assert len(read_patches(write_patches(none, tmp_path / "none.gpkg"))) == 0
