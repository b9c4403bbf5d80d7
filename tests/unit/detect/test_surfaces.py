"""Planes, rises and the ground, on arrays that can be checked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from geodata.detect.surfaces import (
    GROUND_CELLS,
    NO_PLANE,
    Surface,
    SurfaceReader,
    closed,
    ground_cells,
    lowest_of_cells,
    on_cells,
    opened,
    plane_like,
    planes,
    rise_cm,
    spread,
)
from geodata.grid import Window
from geodata.io.rasters import inspect_raster
from geodata.io.warp import GridReader
from tests.unit.io_rasters.raster_kit import write


def surface(cm: npt.ArrayLike, unknown: tuple[tuple[int, int], ...] = ()) -> Surface:
    heights = np.asarray(cm, np.int32)
    valid = np.ones(heights.shape, bool)
    for place in unknown:
        valid[place] = False
    return Surface(heights, valid)


def test_a_plane_leaves_nothing_and_tells_its_slopes() -> None:
    rows, cols = np.mgrid[:5, :5]
    residual, x, y = planes(surface(1000 + 7 * cols - 3 * rows))
    assert (residual[1:-1, 1:-1] == 0).all()
    assert (x[1:-1, 1:-1] == 7).all() and (y[1:-1, 1:-1] == -3).all()
    assert (residual[0] == NO_PLANE).all()  # no complete neighbourhood at the edge


def test_a_single_spike_by_hand() -> None:
    heights = np.zeros((3, 3))
    heights[1, 1] = 90
    # sum 90, squares 8100: (8100 - 90 * 90 / 9) / 6 = 1200, and its root is 34.6
    assert planes(surface(heights))[0][1, 1] == 35


def test_an_unknown_neighbour_leaves_no_plane() -> None:
    residual, *_ = planes(surface(np.zeros((4, 4)), unknown=((0, 0),)))
    assert residual[1, 1] == NO_PLANE and residual[2, 2] == 0


def test_eaves_and_ridge_count_by_the_plane_beside_them() -> None:
    cols = np.abs(np.arange(12) - 6)
    ridge = np.tile(1000 - 40 * cols, (7, 1))
    wanted = np.ones(ridge.shape, bool)
    assert planes(surface(ridge))[0][3, 6] > 10
    assert plane_like(surface(ridge), wanted, 5)[3, 6]
    rough = np.random.default_rng(1).integers(0, 300, (7, 12))
    assert not plane_like(surface(rough), wanted, 20).any()
    assert not plane_like(surface(ridge), ~wanted, 5).any()


def test_a_wall_that_lies_a_pixel_beside_does_not_rise() -> None:
    before, after = np.zeros((5, 8)), np.zeros((5, 8))
    before[:, :3], after[:, :4] = 900, 900
    assert (rise_cm(surface(after), surface(before)) <= 0).all()
    after[:, 5:] = 400
    rise = rise_cm(surface(after, unknown=((0, 7),)), surface(before))
    assert (rise[:, 5:7] == 400).all() and rise[0, 7] == np.iinfo(np.int32).min


def test_the_lowest_but_a_sixteenth_of_a_cell() -> None:
    heights = np.arange(64).reshape(8, 8)
    assert lowest_of_cells(surface(heights), 8)[0, 0] == 3  # the fourth lowest of 64
    assert lowest_of_cells(surface(heights), 4).tolist() == [[0, 4], [32, 36]]  # of 16 the lowest
    nothing = Surface(heights.astype(np.int32), np.zeros((8, 8), bool))
    assert np.isnan(lowest_of_cells(nothing, 8)).all()


def test_opening_takes_what_is_narrow_and_closing_fills_pits() -> None:
    cells = np.zeros((40, 40), np.float32)
    cells[10:20, 10:20] = 500
    assert (opened(cells) == 0).all()
    wide = np.zeros((40, 40), np.float32)
    wide[5 : 5 + GROUND_CELLS, 5 : 5 + GROUND_CELLS] = 500
    assert (opened(wide) == wide).all()
    assert (closed(-cells) == 0).all()
    unknown = np.full((3, 3), np.nan, np.float32)
    assert np.isnan(opened(unknown)).all()
    unknown[1, 1] = 70
    assert (opened(unknown) == 70).all()


def test_the_holes_of_a_terrain_model_are_filled_from_around_them() -> None:
    houses = surface(np.full((24, 24), 1500))
    terrain = np.full((24, 24), 300)
    hole = Surface(terrain.astype(np.int32), np.ones((24, 24), bool))
    hole.valid[8:16, 8:16] = False
    assert (ground_cells(houses, hole, 8) == 300).all()
    assert (ground_cells(houses, None, 8) == 1500).all()
    empty = Surface(terrain.astype(np.int32), np.zeros((24, 24), bool))
    assert (ground_cells(houses, empty, 8) == 1500).all()


def test_cells_are_anchored_at_the_grid() -> None:
    window = on_cells(Window(9, 3, 10, 10), 8, (100, 14))
    assert window == Window(8, 0, 16, 14)
    pixels = spread(np.array([[1, 2], [3, 4]], np.float32), 8, (16, 14))
    assert pixels.shape == (16, 14) and pixels[8, 8] == 4 and pixels[7, 7] == 1


@pytest.mark.parametrize("nodata", [-9999.0, None])
def test_heights_are_read_in_centimetres_with_their_tilt(tmp_path: Path, nodata: float | None) -> None:
    heights = np.full((1, 64, 64), 12.344, np.float32)
    heights[0, 10, 10] = -9999
    info = inspect_raster(write(tmp_path / "a.tif", heights, nodata=nodata))
    reader = SurfaceReader(GridReader(info, info.bands, info.grid), (50.0, 1.0, 0.0))
    read = reader.read(Window(4, 0, 20, 20))
    assert read.cm[0, 0] == 1234 + 50 + 4 and read.cm[6, 0] == 1234 + 50 + 10
    assert not read.valid[6, 10] and read.valid.sum() == 20 * 20 - 1
