"""An area of interest on a grid."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely
from affine import Affine

from geodata.area import area_on, inside_area
from geodata.crs import CRS84, parse_crs, transform_xy
from geodata.grid import Grid, Window

GRID = Grid(parse_crs(4547), Affine(2, 0, 500_000, 0, -2, 4_052_000), (6, 8))


def test_no_area_is_everything() -> None:
    assert area_on(GRID, None) is None
    assert inside_area(GRID, Window(2, 3, 4, 5), None).tolist() == [[True] * 5] * 4


def test_the_pixels_whose_middle_lies_inside() -> None:
    # Columns 1 to 3 (their middles at 3, 5 and 7 m) of rows 2 and 3.
    x, y = np.array([502.5, 507.5, 507.5, 502.5]) + 499_500, 4_052_000 - np.array([4.5, 4.5, 7.5, 7.5])
    area = shapely.MultiPolygon([shapely.Polygon(np.column_stack(transform_xy(GRID.crs, CRS84, x, y)))])
    inside = inside_area(GRID, GRID.full_window, area_on(GRID, area))
    assert np.argwhere(inside).tolist() == [[r, c] for r in (2, 3) for c in (1, 2, 3)]
    part = inside_area(GRID, Window(3, 2, 2, 4), area_on(GRID, area))
    assert part.astype(int).tolist() == [[1, 1, 0, 0], [0, 0, 0, 0]]


def test_windows_within_and_beside_the_area() -> None:
    left = shapely.MultiPolygon([shapely.box(499_990, 4_051_980, 500_008, 4_052_010)])  # columns 0 to 3
    assert inside_area(GRID, Window(0, 0, 6, 4), left).all()
    assert not inside_area(GRID, Window(0, 4, 6, 4), left).any()
    assert inside_area(GRID, Window(0, 2, 1, 4), left).tolist() == [[True, True, False, False]]


def test_threads_may_ask_at_once() -> None:
    slanted = shapely.MultiPolygon(
        [shapely.Polygon([(499_990, 4_051_980), (500_020, 4_051_980), (500_000, 4_052_010)])]
    )
    windows = [Window(r, c, 3, 4) for r in (0, 3) for c in (0, 4)] * 50
    alone = [inside_area(GRID, w, slanted).tolist() for w in windows[:4]]
    with ThreadPoolExecutor(8) as pool, warnings.catch_warnings():
        warnings.simplefilter("error")
        told = list(pool.map(lambda w: inside_area(GRID, w, slanted).tolist(), windows))
    assert told == alone * 50


def test_it_keeps_its_place() -> None:
    area = shapely.MultiPolygon([shapely.box(114.0, 36.58, 114.001, 36.581)])
    on = area_on(GRID, area)
    assert on is not None
    back = shapely.transform(on, lambda c: np.column_stack(transform_xy(GRID.crs, CRS84, *c.T)))
    assert back.equals_exact(area, 1e-9) and on.area == pytest.approx(89.5 * 111.0, rel=0.01)
