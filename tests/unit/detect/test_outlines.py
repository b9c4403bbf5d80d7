"""Outlines of forms whose area and corners are known."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from affine import Affine

from geodata.detect.outlines import measure, to_map, trace


def drawn(shape: shapely.Polygon, side: int = 160) -> npt.NDArray[np.bool_]:
    """Pixels whose centre lies in a polygon of pixel units."""
    rows, cols = np.mgrid[0:side, 0:side] + 0.5
    return np.asarray(shapely.contains_xy(shape, cols, rows))


def corners(polygon: shapely.Polygon) -> list[float]:
    """The turning angle at each corner, degrees, 0 to 180."""
    ring = np.asarray(polygon.exterior.coords)[:-1]
    ahead, behind = np.roll(ring, -1, axis=0) - ring, ring - np.roll(ring, 1, axis=0)
    turn = np.degrees(np.arctan2(ahead[:, 1], ahead[:, 0]) - np.arctan2(behind[:, 1], behind[:, 0]))
    return [abs((t + 180) % 360 - 180) for t in turn]


def test_an_upright_rectangle_is_itself() -> None:
    mask = np.zeros((30, 40), bool)
    mask[5:15, 8:32] = True
    shape = measure(mask)
    assert shape.area_px == pytest.approx(240)
    assert shape.polygon.symmetric_difference(shapely.box(8, 5, 32, 15)).area == pytest.approx(0, abs=1e-6)
    assert (shape.length_px, shape.width_px) == pytest.approx((24, 10))
    assert shape.rectangularity == pytest.approx(1) and shape.solidity == pytest.approx(1)


@pytest.mark.parametrize("turn", [10, 30, 45, 77])
def test_a_turned_rectangle_stays_one(turn: float) -> None:
    truth = shapely.affinity.rotate(shapely.box(50, 60, 110, 100), turn)
    shape = measure(drawn(truth))
    assert len(shape.polygon.exterior.coords) == 5
    assert corners(shape.polygon) == pytest.approx([90] * 4, abs=0.01)
    assert shape.polygon.area == pytest.approx(truth.area, rel=0.03)
    assert shape.polygon.intersection(truth).area / shape.polygon.union(truth).area > 0.95
    assert math.degrees(shape.angle) % 180 == pytest.approx(turn, abs=2)
    assert shape.length_px / shape.width_px == pytest.approx(1.5, rel=0.06)


@pytest.mark.parametrize("turn", [0, 20, 45])
def test_an_l_gets_right_angles(turn: float) -> None:
    ell = shapely.Polygon([(40, 40), (100, 40), (100, 65), (65, 65), (65, 110), (40, 110)])
    truth = shapely.affinity.rotate(ell, turn)
    shape = measure(drawn(truth))
    assert shape.polygon.is_valid and len(shape.polygon.exterior.coords) == 7
    assert corners(shape.polygon) == pytest.approx([90] * 6, abs=0.5)
    assert shape.polygon.area == pytest.approx(truth.area, rel=0.03)
    assert shape.polygon.intersection(truth).area / shape.polygon.union(truth).area > 0.9


def test_a_round_object_keeps_about_its_area_and_place() -> None:
    mask = np.zeros((80, 80), np.uint8)
    cv2.circle(mask, (40, 40), 25, 1, -1)
    shape = measure(mask.astype(bool))
    assert shape.polygon.intersection(trace(mask.astype(bool))).area > 0.88 * mask.sum()
    assert shape.polygon.centroid.distance(shapely.Point(40.5, 40.5)) < 1
    assert shape.polygon.area == pytest.approx(mask.sum(), rel=0.08)
    assert shape.area_px == pytest.approx(mask.sum(), rel=0.003)


def test_the_trace_runs_along_pixel_edges() -> None:
    mask = np.zeros((9, 9), bool)
    mask[2:5, 3:7] = True
    assert trace(mask).symmetric_difference(shapely.box(3, 2, 7, 5)).area == pytest.approx(0, abs=1e-9)
    mask[3, 4] = False  # a hole is filled
    assert trace(mask).area == pytest.approx(12)
    single = np.ones((1, 1), bool)
    assert trace(single).area == pytest.approx(1)


def test_the_larger_part_of_what_touches_by_a_corner() -> None:
    mask = np.zeros((20, 20), bool)
    mask[0:3, 0:3] = True
    mask[3:15, 3:15] = True
    shape = measure(mask)
    assert shape.polygon.intersection(shapely.box(3, 3, 15, 15)).area == pytest.approx(144, rel=0.05)


def test_random_blobs_have_valid_outlines_of_about_their_area() -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        field = cv2.GaussianBlur(rng.normal(size=(90, 90)), (0, 0), 6)
        _, labels, stats, _ = cv2.connectedComponentsWithStats((field > 0.03).astype(np.uint8), connectivity=8)
        mask = labels == 1 + int(stats[1:, 4].argmax())
        shape = measure(mask)
        assert shape.polygon.is_valid and not shape.polygon.is_empty and shape.polygon.geom_type == "Polygon"
        assert shape.polygon.intersection(trace(mask)).area / shape.polygon.union(trace(mask)).area > 0.75


def test_a_pixel_polygon_on_the_map() -> None:
    polygon = to_map(shapely.box(0, 0, 4, 2), Affine(0.5, 0, 500_000, 0, -0.5, 4_052_000), 10, 20)
    assert polygon.bounds == (500_010.0, 4_051_994.0, 500_012.0, 4_051_995.0)
