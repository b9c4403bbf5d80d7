"""From Xian 1980 and Beijing 1954 by a declared transformation, against the formulas written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import pytest

from geodata.crs import CGCS2000_GEOD
from geodata.datums import declared_transformation
from geodata.errors import TransformationError

SEVEN = (21.5, -140.2, -77.1, 0.31, -0.42, 1.05, -2.3)
"""dx, dy, dz in m; rx, ry, rz in arc seconds; ppm: of the size that bureaus have."""
AXES = {"Xian 1980": (6378140.0, 298.257), "Beijing 1954": (6378245.0, 298.3), "CGCS2000": (6378137.0, 298.257222101)}
CODES = {"Xian 1980": (4610, 2362, 2383), "Beijing 1954": (4214, 2414, 2435)}
"""Longitude and latitude, zone 38, central meridian 114° E."""
LON, LAT = np.array([114.47, 114.52]), np.array([36.58, 36.63])


def to_space(lon: np.ndarray, lat: np.ndarray, axis: float, flat: float) -> np.ndarray:
    e2 = 2 / flat - 1 / flat**2
    a, b = np.radians(lon), np.radians(lat)
    n = axis / np.sqrt(1 - e2 * np.sin(b) ** 2)
    return np.array([n * np.cos(b) * np.cos(a), n * np.cos(b) * np.sin(a), n * (1 - e2) * np.sin(b)])


def to_degrees(space: np.ndarray, axis: float, flat: float) -> tuple[np.ndarray, np.ndarray]:
    """Height is left out, as for coordinates in two dimensions."""
    e2 = 2 / flat - 1 / flat**2
    x, y, z = space
    across, lat = np.hypot(x, y), np.arctan2(space[2], np.hypot(x, y) * (1 - e2))
    for _ in range(20):
        n = axis / np.sqrt(1 - e2 * np.sin(lat) ** 2)
        lat = np.arctan2(z + e2 * n * np.sin(lat), across)
    return np.degrees(np.arctan2(y, x)), np.degrees(lat)


def bursa_wolf(space: np.ndarray, dx: float, dy: float, dz: float, rx: float, ry: float, rz: float, m: float) -> Any:
    """The seven parameters as Chinese bureaus write them: the frame is turned, not the vector."""
    a, b, c = np.radians(np.array([rx, ry, rz]) / 3600)
    turned = np.array([[1, c, -b], [-c, 1, a], [b, -a, 1]]) @ space
    return np.array([[dx], [dy], [dz]]) + (1 + m * 1e-6) * turned


@pytest.mark.parametrize("datum", sorted(CODES))
@pytest.mark.parametrize("way", [0, 1, 2])
def test_seven_parameters_are_the_formula_of_bursa_and_wolf(datum: str, way: int) -> None:
    crs = pyproj.CRS.from_epsg(CODES[datum][way])
    x, y = pyproj.Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True).transform(LON, LAT) if way else (LON, LAT)
    told = declared_transformation(", ".join(map(str, SEVEN)), crs)
    lon, lat = told.to_lonlat(x, y)
    want = to_degrees(bursa_wolf(to_space(LON, LAT, *AXES[datum]), *SEVEN), *AXES["CGCS2000"])
    _, _, off = CGCS2000_GEOD.inv(lon, lat, *want)
    assert np.max(off) < 0.001
    _, _, moved = CGCS2000_GEOD.inv(LON, LAT, lon, lat)
    assert 10 < np.min(moved) < 200
    told.require_small(x, y)


def test_an_operation_of_the_registry_is_three_translations() -> None:
    told = declared_transformation("EPSG:15918", pyproj.CRS.from_epsg(2414))
    assert "Beijing 1954 to WGS 84 (1)" in told.words
    x, y = pyproj.Transformer.from_crs(4214, 2414, always_xy=True).transform(LON, LAT)
    shift = (12.646, -155.176, -80.863, 0.0, 0.0, 0.0, 0.0)
    want = to_degrees(bursa_wolf(to_space(LON, LAT, *AXES["Beijing 1954"]), *shift), 6378137.0, 298.257223563)
    _, _, off = CGCS2000_GEOD.inv(*told.to_lonlat(x, y), *want)
    assert np.max(off) < 0.001


def test_a_pipeline_leads_from_the_files_coordinates_to_degrees() -> None:
    text = "+proj=pipeline +step +inv +proj=tmerc +lon_0=114 +x_0=500000 +ellps=krass +step +proj=unitconvert"
    told = declared_transformation(f"{text} +xy_in=rad +xy_out=deg", pyproj.CRS.from_epsg(2435))
    x, y = pyproj.Transformer.from_crs(4214, 2435, always_xy=True).transform(LON, LAT)
    lon, lat = told.to_lonlat(x, y)
    assert np.allclose(lon, LON, atol=1e-9) and np.allclose(lat, LAT, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("1,2,3", 2414, "3 numbers cannot be read"),
        ("our own", 2414, "'our own' cannot be read"),
        ("EPSG:4326", 2414, "no coordinate operation EPSG:4326"),
        ("15918", 2362, "leads from EPSG:4214 to EPSG:4326; the data are on EPSG:4610"),
        ("+proj=pipeline +step +proj=nothing", 2414, "PROJ cannot read"),
    ],
)
def test_what_is_no_transformation_of_the_data_is_refused(text: str, code: int, said: str) -> None:
    with pytest.raises(TransformationError, match=said.replace("(", r"\(").replace("+", r"\+")):
        declared_transformation(text, pyproj.CRS.from_epsg(code))


@pytest.mark.parametrize("text", ["21.5,-140.2,-77.1,0.31,-0.42,105,-2.3", "2150,-14020,-7710,0,0,0,0"])
def test_parameters_in_wrong_units_are_refused_with_the_distance(text: str) -> None:
    told = declared_transformation(text, pyproj.CRS.from_epsg(4214))
    with pytest.raises(TransformationError, match="moves the data by") as caught:
        told.require_small(LON, LAT)
    assert float(str(caught.value.measured["moved_m"])) > 500
