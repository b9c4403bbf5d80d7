"""A grid pixel has one value, whatever window it is read through, and it is the right one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

from geodata.crs import CRS84, parse_crs
from geodata.errors import NoOverlapError
from geodata.grid import Grid, Window
from geodata.io.preview import read_preview, to_display
from geodata.io.rasters import RasterInfo, inspect_raster
from geodata.io.warp import GridReader, ShiftField
from tests.unit.io_rasters.raster_kit import TRANSFORM, noise, write

GK = parse_crs(4547)
TURNED = Affine.translation(500_000, 4_052_000) @ Affine.rotation(-17) @ Affine.scale(0.5, -0.5)


def scene(tmp_path: Path, values: Any = None, **changed: Any) -> RasterInfo:
    return inspect_raster(write(tmp_path / "a.tif", noise() if values is None else values, **changed))


def ramp(dtype: str = "float32") -> np.ndarray:
    """Band 1 is the column, band 2 the row, of each pixel."""
    rows, cols = np.mgrid[0:200, 0:300]
    return np.stack([cols + 1, rows + 1]).astype(dtype)


def test_the_own_grid_gives_the_file_back(tmp_path: Path) -> None:
    info = scene(tmp_path)
    values, valid = GridReader(info, info.bands, info.grid).read(info.grid.full_window)
    assert np.array_equal(values, noise()) and valid.all()


def test_half_a_pixel_is_the_mean_of_two(tmp_path: Path) -> None:
    info = scene(tmp_path, ramp())
    grid = Grid(GK, TRANSFORM @ Affine.translation(0.5, 0.25), (100, 100))
    values, valid = GridReader(info, info.bands, grid).read(grid.full_window)
    assert valid.all()
    assert values[0, 7, 10] == 10 + 1 + 0.5
    assert values[1, 7, 10] == 7 + 1 + 0.25


def test_a_shift_says_where_the_content_lies_in_the_second_date(tmp_path: Path) -> None:
    info = scene(tmp_path, ramp())
    shift = ShiftField(np.full((2, 2), 3.0), np.full((2, 2), -2.0), 1 << 20)
    values, valid = GridReader(info, info.bands, info.grid, shift).read(Window(50, 60, 2, 2))
    assert values[0, 0, 0] == 60 + 1 + 3 and values[1, 0, 0] == 50 + 1 - 2 and valid.all()


def test_beyond_the_scene_there_is_no_data(tmp_path: Path) -> None:
    info = scene(tmp_path)
    grid = Grid(GK, TRANSFORM @ Affine.translation(-10, -20), (50, 50))
    values, valid = GridReader(info, info.bands, grid).read(grid.full_window)
    assert valid[20:, 10:].all() and not valid[:19].any() and not valid[:, :9].any()
    assert (values[:, ~valid] == 0).all()
    far = Grid(GK, TRANSFORM @ Affine.translation(5000, 0), (50, 50))
    _, valid = GridReader(info, info.bands, far).read(far.full_window)
    assert not valid.any()


def test_a_hole_takes_what_leans_on_it(tmp_path: Path) -> None:
    values = noise((1, 200, 300))
    values[0, 100, 100] = 0
    info = scene(tmp_path, values, nodata=0)
    grid = Grid(GK, TRANSFORM @ Affine.translation(0.5, 0), (200, 299))
    _, valid = GridReader(info, info.bands, grid).read(grid.full_window)
    assert {(100, 99), (100, 100)} <= set(zip(*np.nonzero(~valid), strict=True))
    assert (~valid).sum() <= 4


SHIFT = ShiftField(np.random.default_rng(1).normal(0, 3, (9, 9)), np.random.default_rng(2).normal(0, 3, (9, 9)), 40)
CASES: dict[str, tuple[dict[str, Any], Grid, ShiftField | None]] = {
    "same system": ({}, Grid(GK, Affine(0.3, 0, 499_990.1, 0, -0.3, 4_052_003.3), (333, 417)), None),
    "ties": ({}, Grid(GK, Affine(0.3, 0, 500_000.0078125, 0, -0.3, 4_051_999.9921875), (333, 417)), None),
    "turned": ({"transform": TURNED}, Grid(GK, TRANSFORM @ Affine.translation(-20, -90), (300, 330)), None),
    "other system": (
        {"crs": "EPSG:4490", "transform": Affine(5e-6, 0, 114.0, 0, -5e-6, 36.6)},
        Grid(GK, Affine(0.5, 0, 500_000, 0, -0.5, 4_052_180), (350, 300)),
        None,
    ),
    "shift field": ({}, Grid(GK, TRANSFORM, (200, 300)), SHIFT),
    "coarser": ({}, Grid(GK, Affine(1.3, 0, 499_980, 0, -1.3, 4_052_010), (100, 140)), SHIFT),
}


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_any_window_is_a_slice_of_the_whole(tmp_path: Path, case: str, dtype: str) -> None:
    changed, grid, shift = CASES[case]
    info = scene(tmp_path, noise((2, 200, 300)).astype(dtype), **changed)
    reader = GridReader(info, info.bands, grid, shift)
    values, valid = reader.read(grid.full_window)
    assert valid.mean() > 0.2
    rng = np.random.default_rng(5)
    for _ in range(25):
        row, col = rng.integers(0, grid.height), rng.integers(0, grid.width)
        window = Window(
            int(row), int(col), int(rng.integers(1, grid.height - row + 1)), int(rng.integers(1, grid.width - col + 1))
        )
        part, mask = reader.read(window)
        rows, cols = window.slices
        assert np.array_equal(mask, valid[rows, cols]), window
        assert np.array_equal(part, values[:, rows, cols]), window


def test_a_turned_scene_lands_where_it_lies(tmp_path: Path) -> None:
    info = scene(tmp_path, ramp(), transform=TURNED)
    grid = Grid(GK, TRANSFORM, (60, 200))
    values, valid = GridReader(info, info.bands, grid).read(grid.full_window)
    checked = 0
    for row, col in [(30, 90), (55, 40), (10, 150), (59, 199)]:
        x, y = ~TURNED @ (TRANSFORM @ (col + 0.5, row + 0.5))
        if valid[row, col]:
            checked += 1
            assert values[:, row, col] == pytest.approx((x + 0.5, y + 0.5), abs=0.04)
    assert checked >= 2


def test_sixteen_bits_round_to_the_nearest(tmp_path: Path) -> None:
    info = scene(tmp_path, (ramp() * 200).astype(np.uint16))
    grid = Grid(GK, TRANSFORM @ Affine.translation(0.25, 0), (20, 20))
    values, _ = GridReader(info, info.bands, grid).read(grid.full_window)
    assert values.dtype == np.uint16 and values[0, 5, 5] == 6 * 200 + 50


def test_a_preview_is_eight_bits_in_degrees(tmp_path: Path) -> None:
    info = scene(tmp_path, (noise((3, 200, 300)).astype(np.uint16) * 100), photometric="RGB")
    picture = read_preview(info, max_px=128)
    assert picture.array.dtype == np.uint8 and max(picture.array.shape) == 128 and picture.grid.crs == CRS84
    assert picture.valid.mean() > 0.9 and picture.array.max() == 255
    with pytest.raises(NoOverlapError):
        read_preview(info, bounds_lonlat=(100.0, 20.0, 100.1, 20.1))


def test_a_picture_for_the_eye() -> None:
    grey = np.array([[[0, 50, 100]]], np.float32)
    assert to_display(grey, np.ones((1, 3), bool)).shape == (3, 1, 3)
    assert not to_display(grey, np.zeros((1, 3), bool)).any()
    same = noise((3, 4, 4))
    assert np.array_equal(to_display(same, np.ones((4, 4), bool)), same)
