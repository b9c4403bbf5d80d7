"""Points of decision by area: the most watchful zone over a structure decides, elsewhere the detector's own."""

from __future__ import annotations

from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geodata.assess import shipped_book, watched_areas
from geodata.crs import CRS84
from geodata.detect.thresholds import Areas
from geodata.errors import LayerValueError
from geodata.features import conform

NAN = np.nan
DAY = datetime(2025, 6, 1, tzinfo=UTC)
RULES = shipped_book().rules


def squares(*corners: tuple[float, float], side: float = 1.0) -> np.ndarray:
    return np.array([shapely.box(x, y, x + side, y + side) for x, y in corners], object)


def test_a_structure_takes_the_points_of_the_area_that_it_stands_in() -> None:
    areas = Areas(squares((0, 0), (5, 0), side=4), np.array([0.1, NAN]), np.array([0.3, 0.9]))
    here = squares((1, 1), (6, 1), (20, 20), (3.8, 1))  # in the first, in the second, in none, most of it in none
    np.testing.assert_array_equal(areas.floor(here, 0.42), [0.1, 0.42, 0.42, 0.42])
    np.testing.assert_array_equal(areas.strong(here, 0.6), [0.3, 0.9, 0.6, 0.6])


def test_where_areas_overlap_the_most_watchful_decides() -> None:
    areas = Areas(squares((0, 0), (0, 0), (0, 0), side=4), np.array([0.5, 0.2, NAN]), np.array([NAN, 0.7, 0.6]))
    np.testing.assert_array_equal(areas.floor(squares((1, 1)), 0.42), [0.2])
    np.testing.assert_array_equal(areas.strong(squares((1, 1)), 0.42), [0.6])


def test_without_areas_or_structures_nothing_changes() -> None:
    np.testing.assert_array_equal(Areas.none().floor(squares((1, 1)), 0.42), [0.42])
    areas = Areas(squares((0, 0)), np.array([0.1]), np.array([0.2]))
    assert areas.floor(np.empty(0, object), 0.42).shape == (0,)


def zones(**columns: list[object]) -> gpd.GeoDataFrame:
    count = len(next(iter(columns.values())))
    told = {"zone_id": [f"Z{k}" for k in range(count)], "kind": ["permanent_basic_farmland"] * count, **columns}
    shapes = [shapely.box(116 + k, 38, 116.5 + k, 38.5) for k in range(count)]
    return conform(gpd.GeoDataFrame(told, geometry=shapes, crs=CRS84), "zones").frame


def test_zones_say_so_while_they_are_in_force() -> None:
    told = zones(
        min_confidence=[0.2, None, 0.1, "0.3"],
        confirmed_from=[None, None, 0.5, 1],
        valid_to=[None, None, "2024-12-31", "2025-06-01"],
    )
    areas = watched_areas(told, DAY, RULES)
    np.testing.assert_array_equal(areas.candidate, [0.2, 0.3])
    np.testing.assert_array_equal(areas.confirmed, [NAN, 1.0])
    assert len(watched_areas(None, DAY, RULES).shapes) == len(watched_areas(zones(use=["x"]), DAY, RULES).shapes) == 0


@pytest.mark.parametrize("value", [1.2, -0.1, "half"])
def test_a_confidence_is_a_share(value: object) -> None:
    with pytest.raises(LayerValueError, match="Row 1 of the zones layer: min_confidence"):
        zones(min_confidence=[value])


def test_a_zone_says_how_small_is_too_small_and_the_rulebook_where_it_does_not() -> None:
    told = zones(min_area_m2=[50, None, None], kind=["green", "green", "road"])
    rules = RULES.model_copy(update={"minimum_area_m2": {"green": 30.0}})
    areas = watched_areas(told, DAY, rules)
    here = np.array([shapely.box(x, 38.1, x + 0.01, 38.11) for x in (116.1, 117.1, 118.1)], object)
    np.testing.assert_array_equal(areas.least(here), [50, 30, 0])
    np.testing.assert_array_equal(Areas.none().least(here), [0, 0, 0])
    np.testing.assert_array_equal(areas.floor(here, 0.42), [0.42] * 3)
