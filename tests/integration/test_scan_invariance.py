"""The window size and the number of workers never change what is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geodata.crs import CRS84, parse_crs, transform_xy
from geodata.demo import DemoFiles, draw_district
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
    import rasterio

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


@pytest.mark.parametrize(("window", "workers"), [(512, 1), (1024, 1), (512, 2), (333, 1)])
def test_the_findings_are_the_same(reference: dict[str, Any], district: DemoFiles, window: int, workers: int) -> None:
    assert run(district, window, workers) == reference


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
