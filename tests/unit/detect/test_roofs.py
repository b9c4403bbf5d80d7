"""Roofs of one image: the same whatever the windows, refusals, and a drawn district."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from geodata.demo import DemoFiles, draw_district
from geodata.detect.roofs import NETWORK, TOLD, read_roof_model
from geodata.errors import EmptyRasterError, MissingDateError, ModelError
from geodata.scan_roofs import RoofOptions, roofs_of


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return draw_district(tmp_path_factory.mktemp("district"), seed=7, size_px=768)


def test_windows_and_threads_change_nothing(district: DemoFiles) -> None:
    plain = roofs_of(district.after)
    other = roofs_of(district.after, options=RoofOptions(window_px=256, workers=1))
    assert len(plain.frame) > 5
    assert plain.frame.to_json() == other.frame.to_json() and plain.told == other.told


def test_most_known_buildings_are_seen(district: DemoFiles) -> None:
    found = roofs_of(district.before)
    known = gpd.read_file(district.buildings).to_crs("EPSG:4547")
    known = known[known.area >= 60]
    seen = shapely.union_all(found.frame.to_crs("EPSG:4547").geometry.to_numpy())
    share = known.geometry.intersection(seen).area / known.area
    assert (share > 0.5).mean() > 0.5
    assert found.frame["building_id"].is_unique and (found.frame["area_m2"] >= 20).all()


def test_an_area_narrows_what_is_told(district: DemoFiles) -> None:
    whole = roofs_of(district.after)
    west, south, east, north = whole.frame.total_bounds
    area = shapely.MultiPolygon([shapely.box(west, south, (west + east) / 2, north)])
    part = roofs_of(district.after, area=area)
    assert 0 < len(part.frame) < len(whole.frame)
    assert part.told["area_km2"] < whole.told["area_km2"]


def test_nothing_to_see_and_no_date_are_refused(tmp_path: Path) -> None:
    profile = {
        "driver": "GTiff", "count": 3, "height": 300, "width": 300, "dtype": "uint8", "crs": "EPSG:4547", "nodata": 0,
        "transform": Affine(0.5, 0, 468000, 0, -0.5, 4066000), "photometric": "RGB",
    }  # fmt: skip
    noise = np.random.default_rng(5).integers(80, 100, (3, 300, 300)).astype(np.uint8)
    for name, values in (("ground.tif", noise), ("empty_20260918.tif", np.zeros_like(noise))):
        with rasterio.open(tmp_path / name, "w", **profile) as dataset:
            dataset.write(values)
    with pytest.raises(MissingDateError, match=r"ground\.tif"):
        roofs_of(tmp_path / "ground.tif")
    with pytest.raises(EmptyRasterError, match="empty_20260918"):
        roofs_of(tmp_path / "empty_20260918.tif")
    flat = roofs_of(tmp_path / "ground.tif", options=RoofOptions(acquired_at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert len(flat.frame) == 0


def test_a_changed_model_is_refused(tmp_path: Path) -> None:
    shipped = read_roof_model()
    assert shipped.identity == f"roofs-1+{shipped.network.sha256[:12]}"
    (tmp_path / NETWORK).write_bytes(shipped.network.path.read_bytes() + b" ")
    (tmp_path / TOLD).write_bytes(shipped.network.path.with_name(TOLD).read_bytes())
    with pytest.raises(ModelError, match="is not the file"):
        read_roof_model(tmp_path)
    with pytest.raises(ModelError, match="cannot be read"):
        read_roof_model(tmp_path / "none")
    assert replace(shipped, point=0).network.views == 4
