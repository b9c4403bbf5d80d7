"""An area of interest on a grid."""

from __future__ import annotations

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


def test_it_keeps_its_place() -> None:
    area = shapely.MultiPolygon([shapely.box(114.0, 36.58, 114.001, 36.581)])
    on = area_on(GRID, area)
    assert on is not None
    back = shapely.transform(on, lambda c: np.column_stack(transform_xy(GRID.crs, CRS84, *c.T)))
    assert back.equals_exact(area, 1e-9) and on.area == pytest.approx(89.5 * 111.0, rel=0.01)
