"""Evidence maps: what the detectors say of every pixel, the same whichever window asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geodata.detect.cascade import NEVER
from geodata.detect.heat import evidence_of, whole_cells
from geodata.detect.segments import CELL_PX
from geodata.detect.windows import WindowPlan
from geodata.grid import Window
from tests.unit.detect.district_kit import ROOF, SIDE, fields, roofed
from tests.unit.detect.test_windows import planned, reader

ROW, COL, HEIGHT, WIDTH = ROOF
APPEARED, GONE = 0, 1


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> WindowPlan:
    folder = tmp_path_factory.mktemp("heat")
    return planned(reader(folder / "a.tif", fields()), reader(folder / "b.tif", roofed()))


def test_a_new_roof_stands_out_as_appeared_and_not_as_gone(plan: WindowPlan) -> None:
    points, covered = evidence_of(plan, Window(0, 0, SIDE, SIDE))
    assert covered == Window(0, 0, SIDE, SIDE) and points.shape == (2, SIDE, SIDE)
    roof = points[:, ROW + 4 : ROW + HEIGHT - 4, COL + 4 : COL + WIDTH - 4]
    far = np.ones((SIDE, SIDE), bool)
    far[max(ROW - 40, 0) : ROW + HEIGHT + 40, max(COL - 40, 0) : COL + WIDTH + 40] = False
    assert np.median(roof[APPEARED]) > np.percentile(points[APPEARED][far], 99.9)
    assert np.median(roof[APPEARED]) > np.median(roof[GONE])


def test_a_pixel_has_one_value_whatever_window_asks(plan: WindowPlan) -> None:
    whole, _ = evidence_of(plan, Window(0, 0, SIDE, SIDE))
    asked = Window(ROW, COL, HEIGHT, WIDTH)
    part, covered = evidence_of(plan, asked)
    assert covered == whole_cells(asked, (SIDE, SIDE)) and covered.row % CELL_PX == covered.col % CELL_PX == 0
    assert np.array_equal(part, whole[:, *covered.inside(Window(0, 0, SIDE, SIDE))])


def test_nothing_is_said_of_ground_that_a_date_does_not_show(tmp_path: Path) -> None:
    values = roofed()
    values[:, :, : SIDE // 2] = 0
    plan = planned(reader(tmp_path / "a.tif", fields()), reader(tmp_path / "b.tif", values, nodata=0))
    points, _ = evidence_of(plan, Window(0, 0, SIDE, SIDE))
    assert (points[:, :, : SIDE // 2 - 2] == NEVER).all()
    assert (points[:, :, SIDE // 2 + 2 :] != NEVER).all()
