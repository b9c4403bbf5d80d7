"""The shift field on tiles, by fields that a reader can follow."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
from affine import Affine

from geodata.grid import Grid
from geodata.io.warp import ShiftField
from service.render.shifts import PairShift

CRS = pyproj.CRS.from_epsg(4547)
FIELD = ShiftField(np.array([[0.0, 4.0], [0.0, 4.0]]), np.array([[2.0, 2.0], [2.0, 2.0]]), 100)
"""To the right it grows from 0 to 4 px over 100 px; downwards it is 2 px."""
PAIR = PairShift(CRS, Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), (100, 100), FIELD)
GRID = Grid(CRS, Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), (64, 64))


def test_on_its_own_grid_it_is_itself_turned_round() -> None:
    told = PAIR.on(GRID)
    assert told.spacing_px == 32 and told.dx.shape == (3, 3)
    np.testing.assert_allclose(told.dx[0], [0.0, -1.28, -2.56], atol=1e-6)
    np.testing.assert_allclose(told.dy, -2.0, atol=1e-6)


def test_on_pixels_of_twice_the_size_it_is_half() -> None:
    told = PAIR.on(Grid(CRS, Affine(1.0, 0, 500_000, 0, -1.0, 4_000_000), (32, 32)))
    np.testing.assert_allclose(told.dy, -1.0, atol=1e-6)


def test_in_another_system_it_is_the_same_on_the_ground() -> None:
    mercator = pyproj.CRS.from_epsg(3857)
    x, y = pyproj.Transformer.from_crs(CRS, mercator, always_xy=True).transform(500_010, 3_999_990)
    told = PAIR.on(Grid(mercator, Affine(0.5, 0, x, 0, -0.5, y), (32, 32)))
    # web mercator is stretched by 1 / cos(36 degrees)
    np.testing.assert_allclose(told.dy, -2.0 / np.cos(np.radians(36.13)), atol=0.02)


def test_points_agree_with_crossings_and_few_nodes_with_many() -> None:
    rng = np.random.default_rng(3)
    field = ShiftField(rng.normal(size=(5, 7)), rng.normal(size=(5, 7)), 64)
    rows, cols = np.linspace(-10, 300, 9), np.linspace(-5, 500, 11)
    dx, dy = field.at(rows, cols)
    at = field.at_points(*np.meshgrid(rows, cols, indexing="ij"))
    np.testing.assert_allclose(at[0], dx)
    np.testing.assert_allclose(at[1], dy)
    plane = ShiftField(np.add.outer(np.arange(101.0), np.arange(81.0)), np.zeros((101, 81)), 16)
    thin = plane.thinned(33)
    assert thin.dx.shape == (26, 21) and thin.spacing_px == 64
    np.testing.assert_allclose(thin.at(rows, cols)[0], plane.at(rows, cols)[0], atol=1e-9)
    assert field.thinned(33).dx.shape == (5, 7)


@pytest.mark.parametrize("lack", ["field", "transform", "reliable", "crs"])
def test_what_is_not_told_is_none(lack: str) -> None:
    told = {
        "grid": {"crs": "EPSG:4547", "shape": [9, 9], "transform": [0.5, 0, 0, 0, -0.5, 0]},
        "alignment": {"reliable": True, "field": {"dx": [[0, 0]], "dy": [[0, 0]], "spacing_px": 32}},
    }
    assert PairShift.of(told) is not None
    grid, alignment = told["grid"], told["alignment"]
    if lack == "crs":
        grid["crs"] = "a local system"
    elif lack == "reliable":
        alignment["reliable"] = False
    else:
        (grid if lack == "transform" else alignment).pop(lack)
    assert PairShift.of(told) is None


def test_the_picture_ends_where_the_pair_ends() -> None:
    shown = PAIR.drawn(Grid(CRS, Affine(0.5, 0, 499_984, 0, -0.5, 4_000_000), (256, 256)))
    assert shown.shape == (256, 256, 4)
    assert (shown[:96, :24, 3] == 0).all() and (shown[8:88, 40:120, 3] >= 150).all() and (shown[112:, :, 3] == 0).all()
