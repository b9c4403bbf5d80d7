"""Grids and rasters of a few pixels, counted by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from affine import Affine

from geodata.crs import parse_crs
from geodata.errors import CRSMismatchError, NoOverlapError, OptionError
from geodata.grid import Grid, Window
from geodata.io.warp import ShiftField
from geodata.raster import Raster

GK = parse_crs(4547)


def grid(left: float = 500_000.0, top: float = 4_052_000.0, shape: tuple[int, int] = (4, 6), gsd: float = 0.5) -> Grid:
    return Grid(GK, Affine(gsd, 0, left, 0, -gsd, top), shape)


def test_measures_of_a_grid() -> None:
    g = grid()
    assert (g.height, g.width, g.pixel_size) == (4, 6, (0.5, 0.5))
    assert g.bounds == (500_000.0, 4_051_998.0, 500_003.0, 4_052_000.0)
    assert g.gsd_m() == pytest.approx((0.5, 0.5), abs=1e-6)
    assert g.centre_lonlat == pytest.approx((114.0, 36.6), abs=0.02)
    assert g.bounds_in(GK) == g.bounds


def test_a_turned_grid_keeps_its_pixel_size() -> None:
    turned = Grid(GK, Affine.translation(500_000, 4_052_000) @ Affine.rotation(30) @ Affine.scale(2, -2), (10, 10))
    assert turned.pixel_size == pytest.approx((2, 2))
    left, bottom, right, top = turned.bounds
    # a square of 20 m turned by 30 degrees is 20 (cos 30 + sin 30) wide
    assert (right - left, top - bottom) == pytest.approx((20 * (math.sqrt(3) + 1) / 2,) * 2)


def test_a_degree_grid_is_measured_on_the_ground() -> None:
    g = Grid(parse_crs(4490), Affine(1e-5, 0, 114, 0, -1e-5, 36.6), (100, 100))
    dx, dy = g.gsd_m()
    assert dy == pytest.approx(1.1097, abs=1e-3)  # a degree of latitude at 36.6° N: 110.97 km
    assert dx == pytest.approx(0.8948, abs=1e-3)  # one of longitude: 89.48 km


@pytest.mark.parametrize("shape", [(0, 5), (5, 0)])
def test_a_grid_without_pixels_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(OptionError, match="at least one pixel"):
        grid(shape=shape)


def test_a_grid_without_area_is_refused() -> None:
    with pytest.raises(OptionError, match="degenerate"):
        Grid(GK, Affine(1, 1, 0, 1, 1, 0), (2, 2))


def test_snapping_goes_outwards() -> None:
    g = Grid.from_bounds(GK, (10.2, 20.2, 13.1, 22.0), 0.5)
    assert g.bounds == (10.0, 20.0, 13.5, 22.0)
    assert g.shape == (4, 7)
    assert Grid.from_bounds(GK, (10.0, 20.0, 10.0, 20.0), 0.5).shape == (1, 1)


def test_intersection_of_shifted_grids() -> None:
    common = grid().intersect(grid(left=500_001.0, top=4_051_999.0))
    assert common.shape == (2, 4)
    assert common.bounds == (500_001.0, 4_051_998.0, 500_003.0, 4_052_000.0 - 1.0)


def test_grids_that_do_not_meet() -> None:
    with pytest.raises(NoOverlapError) as caught:
        grid().intersect(grid(left=500_003.0))
    assert caught.value.measured == {"overlap_share": 0.0}
    with pytest.raises(OptionError, match="common pixel edges"):
        grid().intersect(grid(left=500_000.25))
    with pytest.raises(CRSMismatchError):
        grid().intersect(Grid(parse_crs(4526), Affine(0.5, 0, 38_500_000, 0, -0.5, 4_052_000), (4, 6)))
    assert not grid().aligned_with(grid(gsd=1.0))


def test_windows_by_hand() -> None:
    windows = list(grid().windows(4))
    assert windows == [Window(0, 0, 4, 4), Window(0, 4, 4, 2)]
    assert windows[1].grown(1, (4, 6)) == Window(0, 3, 4, 3)
    assert windows[1].inside(windows[1].grown(1, (4, 6))) == (slice(0, 4), slice(1, 3))
    assert grid().window(Window(1, 2, 3, 4)).bounds == (500_001.0, 4_051_998.0, 500_003.0, 4_051_999.5)
    with pytest.raises(OptionError, match="at least one pixel"):
        list(grid().windows(0))


def test_coarser_pixels_cover_at_least_the_same_ground() -> None:
    coarse = grid(shape=(5, 7)).coarsened(2)
    assert coarse.shape == (3, 4)
    assert coarse.pixel_size == (1.0, 1.0)
    assert coarse.bounds[:1] == grid().bounds[:1]


def raster(**changed: Any) -> Raster:
    values: dict[str, Any] = {
        "array": np.arange(48).reshape(2, 4, 6),
        "valid": np.ones((4, 6), bool),
        "grid": grid(),
        "bands": ("red", "nir"),
        "acquired_at": datetime(2025, 4, 12, tzinfo=UTC),
    }
    return Raster(**{**values, **changed})


def test_a_window_of_a_raster_carries_its_place() -> None:
    whole = raster()
    part = whole.window(Window(1, 2, 2, 3))
    assert part.array[0].tolist() == [[8, 9, 10], [14, 15, 16]]
    assert part.grid.bounds == (500_001.0, 4_051_998.5, 500_002.5, 4_051_999.5)
    assert np.shares_memory(part.array, whole.array)
    assert part.acquired_at == whole.acquired_at


def test_bands_by_name() -> None:
    assert raster().select(("nir",)).array[0, 0, 0] == 24
    assert raster().select(("nir", "red")).bands == ("nir", "red")
    with pytest.raises(OptionError, match="no band 'blue'; it has red, nir"):
        raster().select(("blue",))


def test_the_share_of_valid_pixels() -> None:
    valid = np.ones((4, 6), bool)
    valid[0] = False
    assert raster(valid=valid).valid_share == 0.75


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"array": np.zeros((4, 6))}, "three dimensions"),
        ({"array": np.zeros((2, 4, 5))}, "do not agree"),
        ({"valid": np.ones((4, 5), bool)}, "do not agree"),
        ({"bands": ("red",)}, "2 bands but 1"),
        ({"acquired_at": datetime(2025, 4, 12)}, "time zone"),
    ],
)
def test_a_raster_whose_parts_disagree_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        raster(**changed)


def test_a_shift_field_between_its_nodes() -> None:
    field = ShiftField(np.array([[0.0, 4.0], [8.0, 12.0]]), np.array([[1.0, 1.0], [3.0, 3.0]]), 100)
    dx, dy = field.at(np.array([0.0, 50.0, 100.0]), np.array([0.0, 25.0, 100.0]))
    assert dx.tolist() == [[0, 1, 4], [4, 5, 8], [8, 9, 12]]
    assert dy.tolist() == [[1, 1, 1], [2, 2, 2], [3, 3, 3]]


def test_a_shift_field_stays_level_beyond_its_nodes() -> None:
    field = ShiftField(np.array([[0.0, 4.0], [8.0, 12.0]]), np.zeros((2, 2)), 100)
    dx, _ = field.at(np.array([-50.0, 400.0]), np.array([-50.0, 400.0]))
    assert dx.tolist() == [[0, 4], [8, 12]]
    single, _ = ShiftField(np.array([[2.5]]), np.array([[0.0]]), 100).at(np.array([0.0, 700.0]), np.array([3.0]))
    assert single.tolist() == [[2.5], [2.5]]
