"""Whether a layer lies where it can lie, on a town that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from geodata.china import READINGS, WebSystem, as_shown, turned_back
from geodata.errors import OutsideAreasError, WebMapCoordinatesError
from geodata.placement import (
    FEWEST,
    Reading,
    require_fit,
    require_inside,
    require_points_on_their_parcels,
)

AREA = np.array([shapely.box(114.4, 36.5, 114.6, 36.7)], dtype=object)


@pytest.fixture
def town() -> tuple[np.ndarray, np.ndarray]:
    """Parcels of some 30 m side by side over 1.5 km, and a house well inside each tenth of them."""
    corners = [(114.5 + 0.00035 * col, 36.6 + 0.00028 * row) for row in range(50) for col in range(50)]
    parcels = [shapely.box(x, y, x + 0.00034, y + 0.00027) for x, y in corners]
    houses = [shapely.box(x + 8e-5, y + 6e-5, x + 24e-5, y + 20e-5) for x, y in corners[::10]]
    return np.array(houses, object), np.array(parcels, object)


@pytest.mark.parametrize("shown", READINGS)
@pytest.mark.parametrize("read", READINGS)
def test_only_the_right_reading_passes(
    town: tuple[np.ndarray, np.ndarray], shown: WebSystem | None, read: WebSystem | None
) -> None:
    houses, parcels = town
    given = turned_back(as_shown(houses, shown), read)
    if shown == read:
        require_fit(given, parcels, Reading("The permits", web=read), "v")
        return
    with pytest.raises(WebMapCoordinatesError) as caught:
        require_fit(given, parcels, Reading("The permits", web=read), "v")
    told = caught.value.measured
    assert told["suspected"] == (shown or "as they are") and float(str(told["fit_otherwise"])) > 0.95
    assert (f"--crs {shown}" in caught.value.remedy) is (shown is not None)


def test_too_little_says_nothing(town: tuple[np.ndarray, np.ndarray]) -> None:
    houses, parcels = town
    shown = as_shown(houses, "GCJ-02")
    require_fit(shown[: FEWEST - 1], parcels, Reading("x"), "v")
    require_fit(shown, parcels[:0], Reading("x"), "v")
    far = shapely.transform(houses, lambda c: c + (0.3, 0.1))
    require_fit(far, parcels, Reading("x"), "v")


def test_points_have_to_lie_on_the_parcels_that_they_name(town: tuple[np.ndarray, np.ndarray]) -> None:
    houses, parcels = town
    points = shapely.centroid(houses)
    require_points_on_their_parcels(points, parcels[::10], Reading("The permits"), "v")
    shown = as_shown(points, "BD-09")
    with pytest.raises(WebMapCoordinatesError, match="turned back from BD-09 100 %"):
        require_points_on_their_parcels(shown, parcels[::10], Reading("The permits"), "v")
    require_points_on_their_parcels(turned_back(shown, "BD-09"), parcels[::10], Reading("x", web="BD-09"), "v")


def read_wrongly(x: float, y: float, right: int, wrong: int) -> np.ndarray:
    """A box at a place, whose coordinates in one system are read in another."""
    east, north = pyproj.Transformer.from_crs(4490, right, always_xy=True).transform(x, y)
    lon, lat = pyproj.Transformer.from_crs(wrong, 4490, always_xy=True).transform(east, north)
    return np.array([shapely.box(lon, lat, lon + 1e-4, lat + 1e-4)] * 3, dtype=object)


def test_data_inside_or_across_the_border_pass() -> None:
    require_inside(np.array([shapely.box(114.59, 36.6, 114.7, 36.61)], object), AREA, Reading("x"), "v")
    require_inside(AREA[:0], AREA, Reading("x"), "v")
    require_inside(AREA, AREA[:0], Reading("x"), "v")


@pytest.mark.parametrize(("right", "wrong"), [(4547, 4548), (4547, 4546), (4548, 4547)])
def test_another_belt_that_brings_the_data_inside_is_said(right: int, wrong: int) -> None:
    boxes = read_wrongly(114.5, 36.6, right, wrong)
    with pytest.raises(OutsideAreasError) as caught:
        require_inside(boxes, AREA, Reading("The zones", pyproj.CRS.from_epsg(wrong)), "v")
    told = caught.value.measured
    assert 200_000 < float(str(told["distance_m"])) < 300_000
    meridian = 75 + 3 * (right - 4534)
    assert f"EPSG:{right} (3° belt of {meridian}° E) would bring them inside" in caught.value.message


def test_swapped_axes_that_bring_the_data_inside_are_said() -> None:
    kashgar = np.array([shapely.box(75.9, 39.4, 76.1, 39.6)], dtype=object)
    swapped = np.array([shapely.box(39.5, 76.0, 39.501, 76.001)], dtype=object)
    with pytest.raises(OutsideAreasError, match=r"Swapped axes \(latitude first\) would bring them inside"):
        require_inside(swapped, kashgar, Reading("The permits", pyproj.CRS.from_epsg(4490)), "v")


def test_data_that_are_elsewhere_by_any_reading_are_refused_with_their_distance() -> None:
    away = np.array([shapely.box(114.7, 36.6, 114.71, 36.61)], dtype=object)
    with pytest.raises(OutsideAreasError, match=r"8\.9 km away") as caught:
        require_inside(away, AREA, Reading("The zones", pyproj.CRS.from_epsg(4547)), "v")
    assert caught.value.measured["otherwise"] == [] and "--accept-place" in caught.value.remedy
