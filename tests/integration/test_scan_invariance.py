"""The window size and the number of workers never change what is found."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely

from geodata.crs import CRS84, parse_crs, transform_xy
from geodata.demo import DemoFiles, draw_district
from geodata.io.rasters import inspect_raster
from geodata.scan import scan
from geodata.types import ScanOptions

SIZE = 1280
REFERENCE = (2048, 1)


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return draw_district(tmp_path_factory.mktemp("district"), size_px=SIZE)


def run(files: DemoFiles, window: int, workers: int, area: shapely.MultiPolygon | None = None) -> dict[str, Any]:
    options = ScanOptions(window_px=window, workers=workers, min_area_m2=15)
    return scan(files.before, files.after, options=options, aoi=area).feature_collection()


@pytest.fixture(scope="session")
def reference(district: DemoFiles) -> dict[str, Any]:
    return run(district, *REFERENCE)


def pixels(told: dict[str, Any], files: DemoFiles) -> list[tuple[float, float, float, float]]:
    """(left, top, right, bottom) of each finding in pixels of the grid, which is that of the first date."""
    with rasterio.open(files.before) as dataset:
        inverse, crs = ~dataset.transform, parse_crs(dataset.crs)
    boxes = []
    for feature in told["features"]:
        ring = np.array(feature["geometry"]["coordinates"][0])
        cols, rows = np.array([inverse @ xy for xy in zip(*transform_xy(CRS84, crs, *ring.T), strict=True)]).T
        boxes.append((cols.min(), rows.min(), cols.max(), rows.max()))
    return boxes


def test_there_are_findings_that_cross_a_seam(reference: dict[str, Any], district: DemoFiles) -> None:
    assert len(reference["features"]) >= 5
    assert reference["provenance"]["grid"]["shape"] == [SIZE, SIZE]
    crossing = [
        box
        for box in pixels(reference, district)
        if any(low + 2 < seam < high - 2 for seam in (512, 1024) for low, high in (box[::2], box[1::2]))
    ]
    assert crossing


SPLITS = [(256, 1), (333, 1), (512, 2), (1024, 1), (1024, 2), (2048, 2)]


@pytest.mark.parametrize(("window", "workers"), SPLITS)
def test_the_findings_are_the_same(reference: dict[str, Any], district: DemoFiles, window: int, workers: int) -> None:
    assert run(district, window, workers) == reference


@pytest.fixture(scope="session")
def with_overviews(district: DemoFiles, tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    """The same pair with overviews in the files, from which the first look is read."""
    folder = tmp_path_factory.mktemp("overviews")
    copies = [folder / path.name for path in (district.before, district.after)]
    for path, copy in zip((district.before, district.after), copies, strict=True):
        shutil.copy(path, copy)
        with rasterio.open(copy, "r+") as dataset:
            dataset.build_overviews([2, 4, 8], rasterio.enums.Resampling.average)
    return replace(district, before=copies[0], after=copies[1])


@pytest.fixture(scope="session")
def overview_reference(with_overviews: DemoFiles) -> dict[str, Any]:
    return run(with_overviews, *REFERENCE)


@pytest.mark.parametrize(("window", "workers"), SPLITS)
def test_files_with_overviews_are_the_same_too(
    overview_reference: dict[str, Any], with_overviews: DemoFiles, window: int, workers: int
) -> None:
    assert inspect_raster(with_overviews.before).overviews == (2, 4, 8)
    assert run(with_overviews, window, workers) == overview_reference


def test_overviews_hardly_change_what_is_found(reference: dict[str, Any], overview_reference: dict[str, Any]) -> None:
    # Stored means are rounded once more than those made from full resolution; the buildings are the same.
    plain, stored = (
        [shapely.geometry.shape(f["geometry"]) for f in told["features"] if f["properties"]["tier"] == "confirmed"]
        for told in (reference, overview_reference)
    )
    everything = shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in overview_reference["features"]])
    assert plain and stored
    assert sum(outline.intersects(everything) for outline in plain) >= 0.9 * len(plain)


def test_an_area_of_interest_is_the_same_in_any_window(reference: dict[str, Any], district: DemoFiles) -> None:
    boxes = [shapely.box(*shapely.geometry.shape(f["geometry"]).bounds) for f in reference["features"]]
    west, south, east, north = shapely.total_bounds(boxes)
    slanted = shapely.Polygon([(west, south), (east, (south + north) / 2), ((west + east) / 2, north)])
    area = shapely.MultiPolygon([slanted])
    one, two = run(district, 512, 1, area), run(district, 2048, 1, area)
    assert one == two and one["features"]


def test_the_files_of_the_demonstration_are_tidied_away(district: DemoFiles) -> None:
    folder: Path = district.before.parent
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
