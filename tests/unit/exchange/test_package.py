"""Everything as one GeoPackage, also in QGIS."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geodata.crs import CRS84
from geodata.errors import OptionError
from geodata.exchange import Table, write_package
from tests.qgis import has_qgis, in_qgis


def places(count: int, first: int = 0) -> gpd.GeoSeries:
    shapes = [shapely.box(114.5 + 0.001 * k, 36.6, 114.5005 + 0.001 * k, 36.6005) for k in range(first, first + count)]
    return gpd.GeoSeries(shapes, crs=CRS84)


def written(path: Path) -> Path:
    findings = pd.DataFrame(
        {
            "id": ["a", "b"], "status": ["suspected", "permitted"], "area_m2": [1333.3, 20.0],
            "reasons": [[{"code": "x", "message_zh": "无证"}], []], "judged": [None, None],
            "seen": [datetime(2026, 6, 1), None], "height_gain_m": [3.5, None],
        }
    )  # fmt: skip
    parcels = [
        gpd.GeoDataFrame(
            {"parcel_id": ["p1"], "village": [None], "built_on": [date(2020, 1, 1)]}, geometry=places(1), crs=CRS84
        ),
        gpd.GeoDataFrame(
            {"parcel_id": ["p2"], "village": ["东村"], "built_on": [None]}, geometry=places(1, 1), crs=CRS84
        ),
    ]
    counts = write_package(
        [
            Table("findings", [gpd.GeoDataFrame(findings, geometry=places(2), crs=CRS84)], "Findings 疑似违法图斑"),
            Table("parcels", parcels),
            Table("zones", []),
            Table("scans", [pd.DataFrame({"id": ["s"], "provenance": [{"model": "m"}]})]),
        ],
        path,
    )
    assert counts == {"findings": 2, "parcels": 2, "scans": 1}
    return path


def test_a_package_holds_layers_and_tables_part_by_part(tmp_path: Path) -> None:
    path = written(tmp_path / "k.gpkg")
    assert [p.name for p in tmp_path.iterdir()] == ["k.gpkg"]
    names = {str(name) for name, _ in pyogrio.list_layers(path)}
    assert {"findings", "parcels", "scans"} <= names and "zones" not in names
    findings = pyogrio.read_dataframe(path, layer="findings")
    assert json.loads(findings["reasons"][0]) == [{"code": "x", "message_zh": "无证"}]
    assert findings["height_gain_m"].isna().tolist() == [False, True]
    assert shapely.equals_exact(findings.geometry.to_numpy(), places(2).to_numpy()).all()
    parcels = pyogrio.read_dataframe(path, layer="parcels")
    assert parcels["village"].isna().tolist() == [True, False] and parcels["built_on"][0] == "2020-01-01"
    scans = pyogrio.read_dataframe(path, layer="scans", read_geometry=False)
    assert json.loads(scans["provenance"][0]) == {"model": "m"}


def test_nothing_and_wrong_names_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="nothing to write"):
        write_package([Table("zones", [])], tmp_path / "k.gpkg")
    with pytest.raises(OptionError, match=r"k\.zip"):
        write_package([], tmp_path / "k.zip")
    assert list(tmp_path.iterdir()) == []


_IN_QGIS = """
import os, sys
from qgis.core import QgsApplication, QgsVectorLayer
app = QgsApplication([], False)
app.initQgis()
layer = QgsVectorLayer(sys.argv[1] + "|layername=findings", "findings", "ogr")
renderer = layer.renderer()
print(layer.isValid(), layer.featureCount(), layer.crs().authid(), renderer.type(), renderer.classAttribute(),
      sorted(c.value() for c in renderer.categories()))
layer.setSubsetString("status = 'suspected'")
print(layer.featureCount(), next(layer.getFeatures())["id"])
plain = QgsVectorLayer(sys.argv[1] + "|layername=parcels", "parcels", "ogr")
print(plain.isValid(), plain.renderer().type(), plain.renderer().symbol().symbolLayer(0).strokeColor().name())
sys.stdout.flush()
os._exit(0)  # QGIS ends badly while layers are open
"""


@pytest.mark.skipif(not has_qgis(), reason="QGIS is not installed: apt-get install python3-qgis")
def test_qgis_opens_it_with_its_styles(tmp_path: Path) -> None:
    path = written(tmp_path / "k.gpkg")
    lines, wrong = in_qgis(_IN_QGIS, tmp_path, str(path))
    assert lines == [
        "True 2 EPSG:4326 categorizedSymbol status ['existing', 'permitted', 'suspected', 'unassessed']",
        "1 a",
        "True singleSymbol #6e5a3c",
    ], wrong
