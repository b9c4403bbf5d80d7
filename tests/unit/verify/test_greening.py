"""Green of freed land, on pictures whose green is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from geodata.crs import CRS84, parse_crs, transform_xy
from geodata.errors import BandsError, NoOverlapError
from geodata.verify.greening import greened

SIDE, GSD, EAST, NORTH = 256, 0.5, 468000.0, 4066000.0
GREY, GREEN = (120, 118, 116), (70, 110, 60)


def picture(path: Path, nir: bool = False, hidden: bool = False) -> Path:
    """The upper half of the middle is green: rows 64 to 127 of rows 64 to 191, columns 64 to 191."""
    rng = np.random.default_rng(0)
    rgb = np.empty((3, SIDE, SIDE))
    rgb[:] = np.array(GREY).reshape(3, 1, 1)
    rgb[:, 64:128, 64:192] = np.array(GREEN).reshape(3, 1, 1)
    bands = [*rgb, np.where(rgb[1] > rgb[0], 180, 110)] if nir else list(rgb)
    values = np.clip(np.array(bands) + rng.normal(0, 2, (len(bands), SIDE, SIDE)), 1, 254).astype(np.uint8)
    if hidden:
        values[:, :, 128:192] = 0
    move = Affine(GSD, 0, EAST, 0, -GSD, NORTH)
    profile = {"driver": "GTiff", "count": len(values), "dtype": "uint8", "crs": "EPSG:4547", "transform": move}
    with rasterio.open(path, "w", height=SIDE, width=SIDE, nodata=0, photometric="RGB", **profile) as target:
        target.write(values)
        if nir:
            target.set_band_description(4, "nir")
    return path


def area(shift: float = 0.0) -> shapely.Polygon:
    box = shapely.box(EAST + 32 + shift, NORTH - 96, EAST + 96 + shift, NORTH - 32)
    crs = parse_crs("EPSG:4547")
    return shapely.transform(box, lambda c: np.column_stack(transform_xy(crs, CRS84, *c.T)))


@pytest.mark.parametrize(("nir", "index"), [(False, "excess_green"), (True, "ndvi")])
def test_half_of_64_by_64_metres_is_green(tmp_path: Path, nir: bool, index: str) -> None:
    told = greened(picture(tmp_path / "site_20260901.tif", nir), area())
    assert told.index == index and told.seen_share == 1
    assert told.area_m2 == pytest.approx(4096, rel=0.002)
    assert told.green_m2 == pytest.approx(2048, abs=2 * told.error_m2 + 5)
    assert 0 < told.error_m2 < 60 and told.share == pytest.approx(0.5, abs=0.02)
    assert told.sealed_share is None and "硬化" in told.reasons_zh[1]
    assert f"{told.acquired_at:%Y-%m}" in ("2026-08", "2026-09")


def test_only_what_is_seen_counts(tmp_path: Path) -> None:
    told = greened(picture(tmp_path / "site_20260901.tif", hidden=True), area())
    assert told.seen_share == pytest.approx(0.5, abs=0.03)
    assert told.green_m2 == pytest.approx(1024, rel=0.05) and told.share == pytest.approx(0.5, abs=0.03)


def test_an_uncertain_outline_makes_an_uncertain_area(tmp_path: Path) -> None:
    path = picture(tmp_path / "site_20260901.tif")
    sure, unsure = greened(path, area()), greened(path, area(), outline_error_m=1.0)
    # 256 m around, half of it errs together, half of it is green: 0.5 * 256 * 1 * 0.5 = 64 m²
    assert unsure.error_m2**2 == pytest.approx(sure.error_m2**2 + 64**2, rel=0.03)


def test_what_shows_something_else_is_refused(tmp_path: Path) -> None:
    path = picture(tmp_path / "site_20260901.tif")
    with pytest.raises(NoOverlapError):
        greened(path, area(5000))
    grey = tmp_path / "grey_20260901.tif"
    with (
        rasterio.open(path) as source,
        rasterio.open(grey, "w", **(source.profile | {"count": 1, "photometric": "MINISBLACK"})) as target,
    ):
        target.write(source.read(1), 1)
    with pytest.raises(BandsError):
        greened(grey, area())
