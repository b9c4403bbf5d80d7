"""Which earlier scene a new one is compared with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyproj
import pytest

from geodata.errors import BandsError, DateOrderError, NoOverlapError, PixelSizeError
from geodata.types import ScanOptions
from service.store.records import Scene
from service.usecases.pairs import check_pair, latest_earlier

NOW = datetime(2025, 4, 12, tzinfo=UTC)
WKT = pyproj.CRS.from_epsg(4547).to_wkt()


def scene(name: str, days: int, shift_m: float = 0.0, gsd_m: float = 0.5, size: int = 200) -> Scene:
    return Scene(
        id=name,
        file_name=f"{name}.tif",
        sha256="0" * 64,
        size_bytes=1,
        acquired_at=NOW + timedelta(days=days),
        declared_at=None,
        declared_crs=None,
        crs="EPSG:4547",
        crs_wkt=WKT,
        transform=(gsd_m, 0.0, 500_000.0 + shift_m, 0.0, -gsd_m, 4_052_000.0),
        nodata=None,
        overviews=(),
        width=size,
        height=size,
        bands=("red", "green", "blue"),
        dtype="uint8",
        gsd_m=gsd_m,
        footprint={},
        bbox=(0.0, 0.0, 0.0, 0.0),
        attributes={},
        created_at=NOW,
    )


def test_the_latest_earlier_scene_of_the_place_is_taken() -> None:
    new = scene("new", 0)
    others = [scene("old", -300), scene("last", -5), scene("later", 3), scene("same-time", 0), scene("far", -1, 90.0)]
    chosen = latest_earlier(new, [*others, new], 0.15)
    assert chosen is not None and chosen.id == "last"
    touching = latest_earlier(new, others, 0.05)
    assert touching is not None and touching.id == "far", "10 % of common ground is the same place"
    assert latest_earlier(scene("alone", 0, 5_000.0), others, 0.05) is None


def test_of_two_of_one_time_the_better_overlap_is_taken() -> None:
    others = [scene("z-half", -1, 50.0), scene("a-whole", -1)]
    for order in (others, others[::-1]):
        chosen = latest_earlier(scene("new", 0), order, 0.05)
        assert chosen is not None and chosen.id == "a-whole"


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (scene("equal", 0), DateOrderError),
        (scene("earlier", -1), DateOrderError),
        (scene("far", 1, 96.0), NoOverlapError),
        (scene("coarse", 1, gsd_m=5.0), PixelSizeError),
        (replace(scene("nir", 1), bands=("nir",)), BandsError),
    ],
)
def test_what_the_scan_would_refuse_is_refused_at_once(other: Scene, kind: type[Exception]) -> None:
    check_pair(scene("new", 0), scene("good", 1, 40.0), ScanOptions(), None)
    with pytest.raises(kind):
        check_pair(scene("new", 0), other, ScanOptions(), None)
