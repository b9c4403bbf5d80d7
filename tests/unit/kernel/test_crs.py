"""Axis order, zones and metres, by numbers from the definition of the projection."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest

from geodata.crs import (
    CRS84,
    check_bounds,
    crs_label,
    geodesic_area_m2,
    is_metric,
    metric_crs_at,
    parse_crs,
    refuse_undeclared_datum,
    require_same,
    same_crs,
    transform_xy,
    zone_of_easting,
)
from geodata.errors import CRSError, CRSMismatchError, MissingCRSError

QUARTER_MERIDIAN_AT_36_6 = 4_052_000
"""Length of the meridian from the equator to 36.6° N on this ellipsoid, to about 1 km."""


def meridian_of(code: int) -> int:
    """Central meridian by the numbering of the standard: 3° zone n lies at 3n degrees, 6° zone n at 6n - 3."""
    if 4491 <= code <= 4501:
        return 6 * (code - 4478) - 3
    if 4502 <= code <= 4512:
        return 75 + 6 * (code - 4502)
    if 4513 <= code <= 4533:
        return 3 * (code - 4488)
    return 75 + 3 * (code - 4534)


def prefix_of(code: int) -> int:
    if 4491 <= code <= 4501:
        return code - 4478
    return code - 4488 if 4513 <= code <= 4533 else 0


@pytest.mark.parametrize("code", [4491, 4498, 4501, 4502, 4509, 4534, 4554, *range(4513, 4534), *range(4545, 4550)])
def test_a_gauss_krueger_code_is_easting_first_with_the_right_prefix(code: int) -> None:
    crs = parse_crs(f"EPSG:{code}")
    x, y = transform_xy(CRS84, crs, [float(meridian_of(code))], [36.6])
    assert x[0] == pytest.approx(prefix_of(code) * 1e6 + 500_000, abs=1e-3)
    assert y[0] == pytest.approx(QUARTER_MERIDIAN_AT_36_6, abs=1000)
    lon, lat = transform_xy(crs, CRS84, x, y)
    assert (lon[0], lat[0]) == pytest.approx((meridian_of(code), 36.6), abs=1e-9)
    check_bounds(crs, (x[0] - 100, y[0] - 100, x[0] + 100, y[0] + 100), "scene")


@pytest.mark.parametrize(("code", "zone"), [(c, c - 4488) for c in range(4513, 4534)])
def test_a_point_of_handan_in_every_zone_with_a_prefix(code: int, zone: int) -> None:
    near = abs(3 * zone - 114) <= 3
    crs = parse_crs(code)
    if near:
        x, y = transform_xy(CRS84, crs, [114.0], [36.6])
        assert x[0] // 1e6 == zone
        assert abs(y[0] - QUARTER_MERIDIAN_AT_36_6) < 5000
    else:
        # a point outside its zone is still not northing-first: it comes back
        x, y = transform_xy(CRS84, crs, [3.0 * zone + 1], [36.6])
        lon, lat = transform_xy(crs, CRS84, x, y)
        assert (lon[0], lat[0]) == pytest.approx((3.0 * zone + 1, 36.6), abs=1e-8)
        assert x[0] - zone * 1e6 == pytest.approx(500_000 + 89_480, abs=200)


@pytest.mark.parametrize(("code", "meridian"), [(4545, 108), (4546, 111), (4547, 114), (4548, 117), (4549, 120)])
def test_the_codes_without_a_prefix(code: int, meridian: int) -> None:
    x, y = transform_xy(CRS84, parse_crs(code), [meridian + 1.0], [36.6])
    # one degree of longitude at 36.6° N: 6378137 cos(36.6°) pi / 180, a little more on the ellipsoid
    assert x[0] == pytest.approx(500_000 + math.radians(1) * 6_385_700 * math.cos(math.radians(36.6)), abs=30)
    assert y[0] > 4e6


def test_degrees_are_longitude_first_whatever_the_registry_says() -> None:
    crs = parse_crs("EPSG:4490")
    assert crs.axis_info[0].direction == "north"
    lon, lat = transform_xy(crs, CRS84, [114.0], [36.6])
    assert (lon[0], lat[0]) == pytest.approx((114.0, 36.6), abs=1e-9)
    x, _ = transform_xy(crs, parse_crs(4547), [114.0], [36.6])
    assert x[0] == pytest.approx(500_000, abs=1e-3)


@pytest.mark.parametrize("said", ["EPSG:4547", 4547, pyproj.CRS.from_epsg(4547), pyproj.CRS.from_epsg(4547).to_wkt()])
def test_one_system_however_it_is_named(said: object) -> None:
    assert crs_label(parse_crs(said)) == "EPSG:4547"


@pytest.mark.parametrize("said", [None, ""])
def test_no_system_is_an_error_with_a_way_out(said: object) -> None:
    with pytest.raises(MissingCRSError, match="--crs EPSG:4547"):
        parse_crs(said)


@pytest.mark.parametrize("said", ["EPSG:999999", "nonsense", 'LOCAL_CS["yard",UNIT["metre",1]]'])
def test_what_is_no_system_is_refused(said: str) -> None:
    with pytest.raises(CRSError) as caught:
        parse_crs(said)
    assert caught.value.remedy


@pytest.mark.parametrize("code", [2343, 2433])
def test_the_old_datums_are_refused(code: int) -> None:
    with pytest.raises(CRSError, match="CGCS2000"):
        refuse_undeclared_datum(parse_crs(code))


def test_two_systems_never_meet_silently() -> None:
    a, b = parse_crs(4547), parse_crs(4526)
    assert same_crs(a, parse_crs(4547)) and not same_crs(a, b)
    assert same_crs(CRS84, parse_crs(4326))
    with pytest.raises(CRSMismatchError) as caught:
        require_same(a, b, "parcels and scene")
    assert caught.value.measured == {"left": "EPSG:4547", "right": "EPSG:4526"}


@pytest.mark.parametrize(
    ("code", "bounds", "says"),
    [
        (4490, (38_500_000.0, 4_052_000.0, 38_500_256.0, 4_052_256.0), "zone 38 is EPSG:4526"),
        (4490, (20_500_000.0, 4_052_000.0, 20_500_256.0, 4_052_256.0), "zone 20 is EPSG:4498"),
        (4490, (500_000.0, 4_052_000.0, 500_256.0, 4_052_256.0), "lie outside EPSG:4490"),
        (4326, (36.6, 114.0, 36.7, 114.1), "swapped"),
        (4547, (114.0, 36.6, 114.1, 36.7), "look like degrees"),
        (4547, (38_500_000.0, 4_052_000.0, 38_500_256.0, 4_052_256.0), "EPSG:4526"),
        (4547, (20_500_000.0, 4_052_000.0, 20_500_256.0, 4_052_256.0), "EPSG:4498"),
        (4526, (500_000.0, 4_052_000.0, 500_256.0, 4_052_256.0), "wants zone 38"),
        (4526, (39_500_000.0, 4_052_000.0, 39_500_256.0, 4_052_256.0), "EPSG:4527"),
        (4547, (float("nan"), 0.0, 1.0, 1.0), "not finite"),
    ],
)
def test_coordinates_that_contradict_their_system(code: int, bounds: tuple[float, ...], says: str) -> None:
    with pytest.raises(CRSMismatchError, match=says):
        check_bounds(parse_crs(code), bounds, "scene.tif")  # type: ignore[arg-type]


def test_a_coordinate_without_an_image_is_named() -> None:
    with pytest.raises(CRSMismatchError) as caught:
        transform_xy(parse_crs(4490), parse_crs(3857), [500_000.0], [4_052_000.0])
    assert caught.value.message


@pytest.mark.parametrize(
    ("easting", "zone"), [(38_500_000.0, 38), (13_500_000.0, 13), (45_999_999.0, 45), (500_000.0, None), (46e6, None)]
)
def test_the_zone_of_an_easting(easting: float, zone: int | None) -> None:
    assert zone_of_easting(easting) == zone


def test_web_mercator_is_not_metric() -> None:
    assert not is_metric(parse_crs(3857), 114.0, 36.6)
    assert not is_metric(parse_crs(4490), 114.0, 36.6)
    assert is_metric(parse_crs(4547), 114.0, 36.6)
    assert is_metric(parse_crs(32650), 117.0, 36.6)
    assert not is_metric(parse_crs(2277), -97.7, 30.3)  # US survey feet
    assert not is_metric(parse_crs(4547), 130.0, 36.6)  # 16 degrees beside its meridian: the metre is 1.03 m


@pytest.mark.parametrize("lon", [73.5, 75.0, 100.2, 114.3, 120.0, 135.0, 136.4])
def test_a_metric_system_lies_within_a_degree_and_a_half(lon: float) -> None:
    crs = metric_crs_at(lon, 36.6)
    x, _ = transform_xy(CRS84, crs, [lon], [36.6])
    assert abs(x[0] - 500_000) < 1.6 * 90_000
    assert is_metric(crs, lon, 36.6)


def test_areas_are_those_of_the_ellipsoid() -> None:
    # A square of 0.001 degrees at the equator: 111.3195 m by 110.5743 m.
    lon, lat = np.array([114.0, 114.001, 114.001, 114.0]), np.array([0.0, 0.0, 0.001, 0.001])
    assert geodesic_area_m2(lon, lat) == pytest.approx(111.3195 * 110.5743, rel=1e-5)
    assert geodesic_area_m2(lon[::-1], lat[::-1]) == pytest.approx(geodesic_area_m2(lon, lat))
    # One hectare on the central meridian, where the scale is one.
    x, y = np.array([0.0, 100.0, 100.0, 0.0]) + 499_950, np.array([0.0, 0.0, 100.0, 100.0]) + 4_052_000
    assert geodesic_area_m2(*transform_xy(parse_crs(4547), CRS84, x, y)) == pytest.approx(10_000, abs=0.01)


@pytest.mark.parametrize("code", [4490, 4547, 4526, 4479 + 19])
def test_cgcs2000_and_wgs84_are_taken_over_as_proj_does(code: int) -> None:
    # Both ways, against PROJ's own choice among all that its registry holds.
    system = parse_crs(code)
    lon, lat = np.array([113.2, 114.9]), np.array([36.1, 38.4])
    for source, target, xy in ((CRS84, system, (lon, lat)), (system, CRS84, transform_xy(CRS84, system, lon, lat))):
        told = pyproj.Transformer.from_crs(source, target, always_xy=True).transform(*xy)
        assert np.array_equal(told, transform_xy(source, target, *xy))
