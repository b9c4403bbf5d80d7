"""A grid pixel has one value, whatever window it is read through, and it is the right one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from geodata.crs import CRS84, parse_crs
from geodata.errors import NoOverlapError
from geodata.grid import Grid, Window
from geodata.io.preview import read_preview, to_display
from geodata.io.rasters import RasterInfo, SceneReader, inspect_raster
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


@pytest.mark.parametrize("overviews", [None, [2, 4]])
def test_a_coarsened_reader_gives_the_means_of_the_fine_pixels(tmp_path: Path, overviews: list[int] | None) -> None:
    info = scene(tmp_path, overviews=overviews)
    reader = GridReader(info, info.bands, info.grid)
    fine, _ = reader.read(info.grid.full_window)
    means = fine.reshape(3, 100, 2, 150, 2).mean(axis=(2, 4))
    half = reader.coarsened(2)
    assert half.grid.shape == (100, 150)
    values, valid = half.read(half.grid.full_window)
    assert valid.all()
    # Quarters are rounded to the nearest, and a half may go either way.
    assert np.abs(values - means).max() <= 0.5
    part, _ = half.read(Window(17, 40, 60, 33))
    assert np.array_equal(part, values[:, 17:77, 40:73])


def test_a_hole_makes_its_whole_block_unseen(tmp_path: Path) -> None:
    values = noise((1, 200, 300))
    values[0, 101, 60] = 0
    info = scene(tmp_path, values, nodata=0)
    half = GridReader(info, info.bands, info.grid).coarsened(2)
    _, valid = half.read(half.grid.full_window)
    assert np.argwhere(~valid).tolist() == [[50, 30]]


def test_a_coarsened_reader_keeps_the_shift_on_the_ground(tmp_path: Path) -> None:
    info = scene(tmp_path, ramp())
    shift = ShiftField(np.array([[0.0, 8.0]] * 2), np.full((2, 2), -4.0), 128)
    assert shift.coarsened(2).spacing_px == 64
    half = GridReader(info, info.bands, info.grid, shift).coarsened(2)
    values, _ = half.read(Window(30, 32, 1, 1))
    # Half way between the nodes: 4 px to the right and 4 up; the mean of columns 68 and 69, counted from 1.
    assert values[0, 0, 0] == 69.5 and values[1, 0, 0] == 57.5


@pytest.mark.parametrize("overviews", [None, [2, 4], [3]])
def test_the_stored_picture_that_serves_a_decimation(tmp_path: Path, overviews: list[int] | None) -> None:
    info = scene(tmp_path, overviews=overviews)
    stored = {factor: SceneReader(info, info.bands, factor).stored_factor for factor in (1, 2, 3, 4, 6, 8)}
    known = {
        None: {1: 1, 2: 1, 3: 1, 4: 1, 6: 1, 8: 1},
        (2, 4): {1: 1, 2: 2, 3: 1, 4: 4, 6: 2, 8: 4},
        (3,): {1: 1, 2: 1, 3: 3, 4: 1, 6: 3, 8: 1},
    }
    assert stored == known[None if overviews is None else tuple(overviews)]


def test_a_coarsened_reader_reads_the_overview(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise())
    with rasterio.open(path, "r+") as dataset:
        # Every second pixel instead of means: only who reads the overview sees them.
        dataset.build_overviews([2], rasterio.enums.Resampling.nearest)
    with rasterio.open(path, overview_level=0) as dataset:
        stored = dataset.read()
    info = inspect_raster(path)
    half = GridReader(info, info.bands, info.grid).coarsened(2)
    assert half.scene.stored_factor == 2
    values, _ = half.read(half.grid.full_window)
    assert np.array_equal(values, stored)
    means = noise().reshape(3, 100, 2, 150, 2).mean(axis=(2, 4))
    assert np.abs(values - means).max() > 50


def test_sampling_is_bilinear_at_a_thirty_second_of_a_pixel(tmp_path: Path) -> None:
    info = scene(tmp_path, noise((1, 200, 300)), transform=TURNED)
    grid = Grid(GK, TRANSFORM, (60, 200))
    values, valid = GridReader(info, info.bands, grid).read(grid.full_window)
    told = noise((1, 200, 300))[0].astype(float)
    rows, cols = np.nonzero(valid)
    assert rows.size > 5000
    x, y = ~TURNED @ (TRANSFORM @ (cols + 0.5, rows + 0.5))
    x, y = (np.clip(v - 0.5, 0, last) for v, last in ((x, 299), (y, 199)))
    x0, y0 = np.minimum(x.astype(int), 298), np.minimum(y.astype(int), 198)
    fx, fy = x - x0, y - y0
    top = told[y0, x0] * (1 - fx) + told[y0, x0 + 1] * fx
    low = told[y0 + 1, x0] * (1 - fx) + told[y0 + 1, x0 + 1] * fx
    # A 64th of a pixel off along each axis moves a value by at most 254/64 a axis, and it is rounded.
    assert np.abs(values[0, rows, cols] - (top * (1 - fy) + low * fy)).max() <= 2 * 254 / 64 + 0.5


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


def test_the_kernel_that_is_made_ready_is_the_one_that_images_of_8_bits_take(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from geodata.grid import Window
from geodata.io import warp
from geodata.io.rasters import inspect_raster
warp.ready()
ready = list(warp._sample.signatures)
info = inspect_raster(Path(sys.argv[1]))
warp.GridReader(info, ("red", "green", "blue"), info.grid).read(Window(0, 0, 8, 8))
assert len(ready) == 1 and list(warp._sample.signatures) == ready
"""
    path = write(tmp_path / "a.tif", np.full((3, 16, 16), 90, np.uint8), photometric="RGB")
    # in a process of its own: others have loaded what they read
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
