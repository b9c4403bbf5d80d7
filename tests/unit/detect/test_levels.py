"""Offset, tilt, shift and noise of two surface models, recovered from what was put in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from geodata.detect.levels import Levels, level
from geodata.errors import EmptyRasterError, SurfaceLevelError
from geodata.io.rasters import inspect_raster
from geodata.io.warp import GridReader
from tests.unit.detect.surface_kit import F64, SIDE, block, ground, model, town


def moved(surface: F64, dx: float, dy: float) -> F64:
    """The content of (row, col) lies at (row + dy, col + dx) afterwards."""
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    return np.asarray(cv2.warpAffine(surface, matrix, surface.shape[::-1], borderMode=cv2.BORDER_REPLICATE))


def levels_of(folder: Path, before: F64, after: F64, **profile: Any) -> Levels:
    readers = []
    for name, surface in (("a.tif", before), ("b.tif", after)):
        info = inspect_raster(model(folder / name, surface, **profile))
        readers.append(GridReader(info, info.bands, info.grid))
    return level(readers[0], readers[1])


@pytest.mark.parametrize(("dx", "dy"), [(0.0, 0.0), (0.4, -0.25), (-2.5, 1.2), (4.0, -3.0)])
def test_the_shift_is_found_on_slopes(tmp_path: Path, dx: float, dy: float) -> None:
    found = levels_of(tmp_path, town(1), moved(town(2), dx, dy))
    assert found.shift_from == "slopes"
    assert found.shift_px == pytest.approx((dx, dy), abs=0.08)


def test_offset_and_tilt_are_found_though_a_third_is_new(tmp_path: Path) -> None:
    rows, cols = np.mgrid[:SIDE, :SIDE]
    after = block(town(2), 80, 60, 160, 200, 6.0) + 0.8 + 0.4 * cols / SIDE - 0.2 * rows / SIDE
    found = levels_of(tmp_path, town(1), after)
    assert found.offset_m == pytest.approx(0.8 + 0.2 - 0.1, abs=0.02)
    assert found.tilt[2] * SIDE == pytest.approx(40, abs=2) and found.tilt[1] * SIDE == pytest.approx(-20, abs=2)


def test_the_noise_decides_the_level_of_detection(tmp_path: Path) -> None:
    quiet = levels_of(tmp_path, town(1), town(2))
    # two surfaces of 5 cm each: 7 cm together
    assert quiet.nmad_m == pytest.approx(0.0707, abs=0.006)
    assert quiet.lod95_m == pytest.approx(1.96 * quiet.nmad_m)
    assert quiet.nmad_by_slope_m["flat"] is not None and quiet.roof_residual_cm == 20
    loud = np.random.default_rng(9).normal(0, 0.3, (2, SIDE, SIDE))
    noisy = levels_of(tmp_path, town(1) + loud[0], town(2) + loud[1])
    assert noisy.nmad_m > 0.3 and noisy.roof_residual_cm > 40


def test_walls_tell_the_shift_where_nothing_slopes(tmp_path: Path) -> None:
    flat = np.full((SIDE, SIDE), 20.0)
    for k, (row, col) in enumerate([(40, 40), (60, 200), (180, 90), (220, 230)]):
        flat = block(flat, row, col, 30, 45, 4.0 + k)
    noise = np.random.default_rng(3).normal(0, 0.02, (2, SIDE, SIDE))
    found = levels_of(tmp_path, flat + noise[0], moved(flat, 2.0, -1.0) + noise[1])
    assert found.shift_from == "walls"
    assert found.shift_px == pytest.approx((2.0, -1.0), abs=0.3)


def test_what_cannot_be_levelled_is_refused(tmp_path: Path) -> None:
    rough = np.random.default_rng(1).normal(0, 30, (2, SIDE, SIDE))
    with pytest.raises(SurfaceLevelError) as caught:
        levels_of(tmp_path, 100 + rough[0], 100 + rough[1])
    assert caught.value.measured and caught.value.remedy
    left, right = ground(1), ground(2)
    left[:, 100:], right[:, :200] = np.nan, np.nan
    with pytest.raises(EmptyRasterError, match="known in both"):
        levels_of(tmp_path, left, right)
