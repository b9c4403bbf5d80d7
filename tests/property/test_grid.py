"""What holds of every grid and every window."""

from __future__ import annotations

import numpy as np
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.crs import parse_crs
from geodata.grid import Grid, Window

GK = parse_crs(4547)
SIDES = st.integers(1, 300)
FEW = settings(max_examples=40, deadline=None)
GSDS = st.sampled_from([0.1, 0.25, 0.3, 0.5, 0.8, 1.0, 2.0])


def place(shape: tuple[int, int], gsd: float, col: int = 0, row: int = 0) -> Grid:
    """A grid whose corner lies at whole pixels from one common origin."""
    return Grid(GK, Affine(gsd, 0, 500_000 + col * gsd, 0, -gsd, 4_052_000 - row * gsd), shape)


@FEW
@given(st.tuples(SIDES, SIDES), st.integers(8, 330))
def test_windows_tile_exactly(shape: tuple[int, int], size: int) -> None:
    count = np.zeros(shape, int)
    for window in place(shape, 0.5).windows(size):
        assert 1 <= window.height <= size and 1 <= window.width <= size
        count[window.slices] += 1
    assert (count == 1).all()


@FEW
@given(st.tuples(SIDES, SIDES), st.integers(24, 330), st.integers(0, 200))
def test_the_core_is_found_again_within_its_halo(shape: tuple[int, int], size: int, halo: int) -> None:
    pixels = np.arange(shape[0] * shape[1]).reshape(shape)
    for window in place(shape, 0.5).windows(size):
        outer = window.grown(halo, shape)
        assert outer.row >= 0 and outer.row_stop <= shape[0] and outer.col >= 0 and outer.col_stop <= shape[1]
        assert np.array_equal(pixels[outer.slices][window.inside(outer)], pixels[window.slices])
        assert outer.row == max(0, window.row - halo) and outer.col_stop == min(shape[1], window.col_stop + halo)


@FEW
@given(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES), st.integers(-99, 99), st.integers(-99, 99), GSDS)
def test_intersection_does_not_depend_on_the_order(
    one: tuple[int, int], two: tuple[int, int], col: int, row: int, gsd: float
) -> None:
    a, b = place(one, gsd), place(two, gsd, col, row)
    assert a.aligned_with(b) and b.aligned_with(a)
    height = min(one[0], row + two[0]) - max(0, row)
    width = min(one[1], col + two[1]) - max(0, col)
    if height < 1 or width < 1:
        return
    common, other = a.intersect(b), b.intersect(a)
    assert common.shape == other.shape == (height, width)
    assert np.allclose(common.bounds, other.bounds, rtol=0, atol=1e-6)
    assert np.allclose(common.bounds[0], 500_000 + max(0, col) * gsd, rtol=0, atol=1e-6)


@FEW
@given(st.floats(-1e6, 1e6), st.floats(0, 5e6), st.floats(0.01, 900), st.floats(0.01, 900), GSDS)
def test_a_grid_from_bounds_covers_them_by_less_than_a_pixel(
    left: float, bottom: float, width: float, height: float, gsd: float
) -> None:
    wanted = (left, bottom, left + width, bottom + height)
    got = Grid.from_bounds(GK, wanted, gsd).bounds
    slack = 1e-5 * gsd + 1e-6
    for near, far in ((got[0], wanted[0]), (got[1], wanted[1])):
        assert near <= far + slack and far - near < gsd + slack
    for near, far in ((got[2], wanted[2]), (got[3], wanted[3])):
        assert near >= far - slack and near - far < gsd + slack


@FEW
@given(st.integers(-9999, 9999), st.integers(-9999, 9999), st.integers(-9999, 9999), st.integers(-9999, 9999), GSDS)
def test_grids_from_any_bounds_share_their_edges(a: int, b: int, c: int, d: int, gsd: float) -> None:
    one = Grid.from_bounds(GK, (a / 7, b / 7, a / 7 + 50, b / 7 + 50), gsd)
    two = Grid.from_bounds(GK, (c / 7, d / 7, c / 7 + 50, d / 7 + 50), gsd)
    assert one.aligned_with(two)


@FEW
@given(st.tuples(SIDES, SIDES), st.integers(0, 40), st.integers(0, 40), st.floats(0, 360), GSDS)
def test_a_window_of_a_turned_grid_lies_where_its_pixels_lie(
    shape: tuple[int, int], row: int, col: int, angle: float, gsd: float
) -> None:
    turned = Affine.translation(500_000, 4_052_000) @ Affine.rotation(angle) @ Affine.scale(gsd, -gsd)
    grid = Grid(GK, turned, shape)
    part = grid.window(Window(row, col, 5, 5))
    assert np.allclose(part.transform @ (1.5, 2.5), grid.transform @ (col + 1.5, row + 2.5), rtol=0, atol=1e-6)
    assert part.aligned_with(grid)
