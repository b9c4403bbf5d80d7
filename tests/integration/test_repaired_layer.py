"""A self-intersecting polygon is repaired, not refused, and the provenance of the findings names it."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import shapely
from service_kit import LEFT, TOP, draw_scene

from geodata.types import ScanOptions
from service.usecases.scan_files import ScanFiles, ScanOutputs, scan_files


def test_a_bow_tie_is_repaired_and_told(tmp_path: Path) -> None:
    before = draw_scene(tmp_path / "a_20240412.tif")
    after = draw_scene(tmp_path / "b_20250412.tif", built=True)
    bow = shapely.Polygon([(LEFT, TOP), (LEFT + 250, TOP - 250), (LEFT + 250, TOP), (LEFT, TOP - 250)])
    parcels = tmp_path / "parcels.gpkg"
    gpd.GeoDataFrame({"parcel_id": ["bow-1"]}, geometry=[bow], crs="EPSG:4547").to_file(parcels)
    result = scan_files(ScanFiles(before, after, ScanOptions(), layers={"parcels": parcels}), ScanOutputs())
    assert result.provenance["layer_reports"][0]["repaired"] == ["bow-1"]
    assert len(result.findings) > 0
