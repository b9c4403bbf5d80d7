"""Whether a pair can be compared: refusals carry the figure that was measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from affine import Affine

from geodata.crs import parse_crs
from geodata.errors import BandsError, DateOrderError, MissingDateError, NoOverlapError, PixelSizeError
from geodata.grid import Grid
from geodata.io.rasters import RasterInfo
from geodata.pairing.plan import common_bands, overlap_share, plan_pair, require_dates, working_gsd_m

DAY = datetime(2025, 4, 12, tzinfo=UTC)


def info(
    *, left: float = 500_000.0, gsd: float = 0.5, px: int = 400, crs: int = 4547, top: float = 4_052_000.0, **more: Any
) -> RasterInfo:
    values: dict[str, Any] = {
        "path": Path("before.tif"),
        "sha256": "",
        "size_bytes": 1,
        "grid": Grid(parse_crs(crs), Affine(gsd, 0, left, 0, -gsd, top), (px, px)),
        "bands": ("red", "green", "blue"),
        "dtype": "uint8",
        "nodata": None,
        "overviews": (),
        "acquired_at": DAY,
    }
    return RasterInfo(**{**values, **more})


@pytest.mark.parametrize(("shift_m", "share"), [(0, 1.0), (100, 0.5), (150, 0.25), (189, 0.055), (200, 0.0)])
def test_the_share_of_common_ground(shift_m: float, share: float) -> None:
    assert overlap_share(info(), info(left=500_000.0 + shift_m)) == pytest.approx(share, abs=1e-4)


def test_the_share_is_of_the_smaller_scene() -> None:
    assert overlap_share(info(px=4000), info(px=100)) == pytest.approx(1.0, abs=1e-5)


def test_too_little_overlap_is_refused() -> None:
    assert plan_pair(info(), info(left=500_189.0), min_area_m2=20).overlap_share == pytest.approx(0.055, abs=1e-4)
    with pytest.raises(NoOverlapError, match=r"share 4\.5% of the smaller scene; at least 5%") as caught:
        plan_pair(info(), info(left=500_191.0), min_area_m2=20)
    assert caught.value.measured["overlap_share"] == pytest.approx(0.045, abs=1e-4)
    with pytest.raises(NoOverlapError, match=r"0\.0%"):
        plan_pair(info(), info(left=600_000.0), min_area_m2=20)


def test_too_different_pixels_are_refused() -> None:
    assert plan_pair(info(), info(gsd=1.99, px=100), min_area_m2=20).pixel_ratio == pytest.approx(3.98)
    with pytest.raises(PixelSizeError, match="0.50 m and 5.00 m, a ratio of 10.0:1") as caught:
        plan_pair(info(), info(gsd=5.0, px=40), min_area_m2=20)
    assert caught.value.measured["ratio"] == pytest.approx(10)


@pytest.mark.parametrize(
    ("one", "two", "shared"),
    [
        (("red", "green", "blue"), ("blue", "green", "red", "nir"), ("red", "green", "blue")),
        (("red", "green", "blue", "nir"), ("blue", "green", "red", "nir"), ("red", "green", "blue", "nir")),
        (("red", "green", "blue", "alpha"), ("red", "green", "blue", "alpha"), ("red", "green", "blue")),
        (("grey",), ("grey", "alpha"), ("grey",)),
        (("red", "nir"), ("red", "green", "blue", "nir"), ("red",)),
    ],
)
def test_the_bands_of_both(one: tuple[str, ...], two: tuple[str, ...], shared: tuple[str, ...]) -> None:
    assert common_bands(info(bands=one), info(bands=two)) == shared


@pytest.mark.parametrize("two", [("grey",), ("nir", "alpha")])
def test_no_common_band_is_refused(two: tuple[str, ...]) -> None:
    with pytest.raises(BandsError, match="no common band") as caught:
        common_bands(info(bands=("red", "green", "blue", "alpha")), info(bands=two))
    assert caught.value.measured["after"] == list(two)


def test_the_working_pixel() -> None:
    assert working_gsd_m(20) == 0.5
    assert working_gsd_m(80) == 1.0
    assert plan_pair(info(px=1600), info(px=1600), min_area_m2=80).grid.pixel_size == (1.0, 1.0)
    assert plan_pair(info(), info(), min_area_m2=5).grid.pixel_size == (0.5, 0.5)  # never finer than the finer scene
    assert plan_pair(info(), info(), min_area_m2=20, gsd_m=2.0).grid.pixel_size == (2.0, 2.0)


def test_the_common_grid_is_the_common_ground() -> None:
    plan = plan_pair(info(), info(left=500_100.0), min_area_m2=20)
    assert plan.grid.bounds == (500_100.0, 4_051_800.0, 500_200.0, 4_052_000.0)
    assert plan.grid.shape == (400, 200)


def test_a_pair_in_false_metres_meets_in_true_ones() -> None:
    # Web Mercator at 36.6° N: 0.6228 m on the map is 0.5 m on the ground
    scene = info(crs=3857, gsd=0.6228, left=12_690_422.0, top=4_382_000.0)
    plan = plan_pair(scene, scene, min_area_m2=20)
    assert plan.grid.crs == parse_crs(4547)
    assert plan.grid.gsd_m() == pytest.approx((0.5, 0.5), abs=0.002)


def test_two_systems_meet_in_the_first() -> None:
    other = info(crs=4526, left=38_500_000.0)
    plan = plan_pair(info(), other, min_area_m2=20)
    assert plan.grid.crs == parse_crs(4547) and plan.overlap_share == pytest.approx(1, abs=1e-5)


def test_an_area_elsewhere_is_refused_and_one_inside_keeps_the_grid() -> None:
    far = shapely.MultiPolygon([shapely.box(100, 20, 100.1, 20.1)])
    with pytest.raises(NoOverlapError, match="area of interest"):
        plan_pair(info(), info(), min_area_m2=20, area=far)
    west, south, east, north = shapely.bounds(info().footprint)
    inner = shapely.MultiPolygon([shapely.box(west, south, (west + east) / 2, north)])
    # What the dates are aligned by does not hang on the area.
    assert plan_pair(info(), info(), min_area_m2=20, area=inner) == plan_pair(info(), info(), min_area_m2=20)


def test_an_area_beside_the_scene_is_refused_however_near() -> None:
    west, south, _, north = shapely.bounds(info().footprint)
    beside = shapely.MultiPolygon([shapely.box(west - 0.001, south, west - 0.0001, north)])  # 9 m away
    with pytest.raises(NoOverlapError, match="area of interest"):
        plan_pair(info(), info(), min_area_m2=20, area=beside)


def test_dates_as_told_come_before_those_of_the_file() -> None:
    later = DAY + timedelta(days=1)
    assert require_dates(info(), info(acquired_at=later), None, None) == (DAY, later)
    told = DAY - timedelta(days=9)
    assert require_dates(info(), info(), told, None) == (told, DAY)


@pytest.mark.parametrize(("days", "word"), [(0, "equal"), (-3, "reversed")])
def test_equal_and_reversed_dates(days: int, word: str) -> None:
    second = DAY + timedelta(days=days)
    with pytest.raises(DateOrderError, match=word) as caught:
        require_dates(info(), info(acquired_at=second), None, None)
    assert caught.value.measured == {"before": DAY.isoformat(), "after": second.isoformat()}
    assert "--before-date" in caught.value.remedy


def test_equal_moments_in_two_zones_are_equal() -> None:
    with pytest.raises(DateOrderError, match="equal"):
        require_dates(info(), info(), DAY, datetime.fromisoformat("2025-04-12T08:00:00+08:00"))


@pytest.mark.parametrize("option", ["--before-date", "--after-date"])
def test_a_missing_date_asks_for_the_right_option(option: str) -> None:
    one, two = info(), info(acquired_at=DAY + timedelta(1))
    none = info(acquired_at=None)
    pair = (none, two) if option == "--before-date" else (one, none)
    with pytest.raises(MissingDateError) as caught:
        require_dates(*pair, None, None)
    assert option in caught.value.remedy
