"""Web maps' coordinates: forth, back, and recognised against a cadastre that lies where it should."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geodata.china import M2_PER_MU, from_bd09, from_gcj02, suspected_system, to_bd09, to_gcj02
from geodata.crs import CGCS2000_GEOD


def test_a_mu_is_a_fifteenth_of_a_hectare() -> None:
    assert 15 * M2_PER_MU == 10_000


@given(st.floats(74, 134), st.floats(4, 53))
def test_there_and_back_is_the_same_place(lon: float, lat: float) -> None:
    for forth, back in ((to_gcj02, from_gcj02), (to_bd09, from_bd09)):
        x, y = back(*forth(lon, lat))
        assert abs(float(x) - lon) < 1e-8 and abs(float(y) - lat) < 1e-8


def test_a_place_is_moved_by_hundreds_of_metres_and_only_in_china() -> None:
    for lon, lat in ((116.4, 39.9), (114.5, 36.6), (104.1, 30.7)):
        x, y = to_gcj02(lon, lat)
        _, _, far = CGCS2000_GEOD.inv(lon, lat, float(x), float(y))
        bx, by = to_bd09(lon, lat)
        _, _, farther = CGCS2000_GEOD.inv(lon, lat, float(bx), float(by))
        assert 300 < far < 900 < farther < 2000
    assert [float(v) for v in to_gcj02(-97.7, 30.3)] == [-97.7, 30.3]


@pytest.fixture
def town() -> tuple[np.ndarray, np.ndarray]:
    """Parcels of some 30 m side by side, with a house in most of them."""
    rng = np.random.default_rng(2)
    parcels, houses = [], []
    for row in range(25):
        for col in range(25):
            x, y = 114.5 + 0.00035 * col, 36.6 + 0.00028 * row
            parcels.append(shapely.box(x, y, x + 0.00034, y + 0.00027))
            if rng.random() < 0.8:
                dx, dy = rng.uniform(2e-5, 1e-4, 2)
                houses.append(shapely.box(x + dx, y + dy, x + dx + 1.6e-4, y + dy + 1.2e-4))
    return np.array(houses, object), np.array(parcels, object)


def test_houses_where_they_stand_are_under_no_suspicion(town: tuple[np.ndarray, np.ndarray]) -> None:
    houses, parcels = town
    assert suspected_system(houses, parcels) is None
    # A survey that is off by two metres is no web map.
    assert suspected_system(shapely.transform(houses, lambda c: c + (2e-5, 1e-5)), parcels) is None
    assert suspected_system(houses[:0], parcels) is None and suspected_system(houses, parcels[:0]) is None


@pytest.mark.parametrize(("name", "forth"), [("GCJ-02", to_gcj02), ("BD-09", to_bd09)])
def test_houses_from_a_web_map_are_recognised(town: tuple[np.ndarray, np.ndarray], name: str, forth: object) -> None:
    houses, parcels = town
    shown = shapely.transform(houses, lambda c: np.column_stack(forth(c[:, 0], c[:, 1])))  # type: ignore[operator]
    told = suspected_system(shown, parcels)
    assert told is not None and told[0] == name and told[2] > 0.95 > told[1]


def test_houses_of_another_town_fit_nowhere(town: tuple[np.ndarray, np.ndarray]) -> None:
    houses, parcels = town
    assert suspected_system(shapely.transform(houses, lambda c: c + (0.5, 0.3)), parcels) is None
