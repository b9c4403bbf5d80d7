"""Looks at structures of real places: roofs of California, and Delft with buildings lowered to the ground."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely

from geodata.crs import CRS84, parse_crs, transform_xy
from geodata.types import ScanOptions, SurfaceFiles
from geodata.verify.comparison import open_comparison
from geodata.verify.look import look
from tests.benchmarks.height import lowered, place, spoiled, standing, write

NAIP = Path(__file__).resolve().parents[3] / "shared" / "data" / "open" / "naip_california_multiyear"
OPTIONS = ScanOptions(before_date=datetime(2020, 6, 1, tzinfo=UTC), after_date=datetime(2021, 6, 1, tzinfo=UTC))


def outlines(year: str, name: str) -> list[shapely.Geometry]:
    from rasterio import open as open_raster
    from rasterio.features import shapes

    with open_raster(NAIP / "buildings" / year / f"{name}.tif") as source:
        mask, move, crs = source.read(1), source.transform, parse_crs(source.crs.to_wkt())
    found = [shapely.geometry.shape(g).simplify(0.5) for g, value in shapes(mask, mask == 1, transform=move) if value]
    return [
        shapely.transform(one, lambda c: np.column_stack(transform_xy(crs, CRS84, *c.T)))
        for one in found
        if one.area > 40
    ]


def test_white_halls_that_are_not_there_in_2016_and_roofs_that_stand() -> None:
    if not NAIP.exists():
        pytest.skip("the pictures of California are not there")
    name = "long_beach_038"
    opened = open_comparison((NAIP / "2020" / f"{name}.tif", NAIP / "2016" / f"{name}.tif"), options=OPTIONS)
    said = [look(opened, one) for one in outlines("2020", name)]
    assert sum(one.seen == "gone" for one in said) >= 4
    # three of the four leave bare soil, and so do not close a case by an image alone
    assert sum(one.seen == "gone" and one.confidence >= 0.8 for one in said) >= 1
    name = "claremont_071"
    opened = open_comparison((NAIP / "2016" / f"{name}.tif", NAIP / "2020" / f"{name}.tif"), options=OPTIONS)
    said = [look(opened, one) for one in outlines("2016", name)]
    assert len(said) >= 5 and not any(one.seen == "gone" and one.confidence >= 0.8 for one in said)


def test_delft_lowered_to_the_ground_or_to_half_a_metre(tmp_path: Path) -> None:
    delft = place("delft")
    if delft is None:
        pytest.skip("the surface models of Delft are not there")
    rows = standing(delft)[::2]
    gone, slabs, stays = rows[::3], rows[1::3], rows[2::3]
    later = lowered(delft, gone)
    low = lowered(delft, slabs)
    later = np.where(delft.mask(delft.footprints[slabs]), low + 0.5, later)
    before = write(tmp_path / "dsm_20140101.tif", delft.surface, delft)
    after = write(tmp_path / "dsm_20180101.tif", spoiled(delft, later, np.random.default_rng(3)), delft)
    opened = open_comparison(None, SurfaceFiles(before, after))
    crs = parse_crs("EPSG:28992")
    told: Counter[tuple[str, str]] = Counter()
    for truth, chosen in (("gone", gone), ("refilled", slabs), ("still_there", stays)):
        for row in chosen:
            outline = shapely.transform(
                delft.footprints[row], lambda c: np.column_stack(transform_xy(crs, CRS84, *c.T))
            )
            found = look(opened, outline)
            told[truth, found.seen] += 1
            assert truth == "gone" or found.seen != "gone" or found.confidence < 0.8
    assert told["gone", "gone"] >= 0.9 * len(gone) and told["still_there", "still_there"] == len(stays)
    assert told["refilled", "refilled"] >= 0.7 * len(slabs)
