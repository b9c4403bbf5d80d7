"""Coordinate reference systems: named once, compared strictly, always x (easting, longitude) first.

EPSG:4490 is latitude-first and every CGCS2000 Gauss-Krüger code (4491 to 4554) is northing-first by
definition; all of Kancha speaks `always_xy`, as GeoTIFF and GeoJSON do. Two different systems never meet
silently: see `require_same`.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyproj
from pyproj.exceptions import CRSError as ProjCRSError
from pyproj.exceptions import ProjError

from geodata.errors import CRSError, CRSMismatchError, MissingCRSError

CRS84 = pyproj.CRS.from_user_input("OGC:CRS84")
"""Longitude, latitude: the system of storage and of the API."""

CGCS2000 = pyproj.CRS.from_epsg(4490)

CGCS2000_GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)
"""The CGCS2000 ellipsoid, on which all areas are measured."""

_MAX_SCALE_ERROR = 0.01
_CODE_OF_ZONE = {**{zone: 4478 + zone for zone in range(13, 24)}, **{zone: 4488 + zone for zone in range(25, 46)}}
"""EPSG code of each zone that an easting can carry: 13 to 23 are 6° belts, 25 to 45 are 3° belts."""

_DATUMS_FOR_EXPLICIT_USE = ("xian 1980", "beijing 1954")

FloatArray = npt.NDArray[np.float64]


def parse_crs(value: object) -> pyproj.CRS:
    """A CRS from an EPSG code, WKT, PROJ text or another CRS object.

    Raises:
        MissingCRSError: If the value is empty.
        CRSError: If it cannot be read, or is bound to a local (engineering) system.
    """
    if value is None or value == "":
        raise MissingCRSError(
            "No coordinate reference system is declared.",
            remedy="Name it, for example --crs EPSG:4547.",
        )
    try:
        if hasattr(value, "to_wkt") and not isinstance(value, pyproj.CRS):
            value = value.to_wkt()
        crs = pyproj.CRS.from_user_input(value)
    except ProjCRSError as error:
        raise CRSError(
            f"The coordinate reference system {str(value)[:80]!r} cannot be read.",
            remedy="Give an EPSG code such as EPSG:4490 or EPSG:4547.",
        ) from error
    if not (crs.is_geographic or crs.is_projected or crs.is_bound):
        raise CRSError(
            f"{crs.name!r} is neither geographic nor projected.",
            remedy="Georeference the data in a geographic or projected system.",
        )
    return _normalised(crs.to_wkt())


@lru_cache(maxsize=256)
def _normalised(wkt: str) -> pyproj.CRS:
    crs = pyproj.CRS.from_wkt(wkt)
    epsg = crs.to_epsg(min_confidence=70)
    return pyproj.CRS.from_epsg(epsg) if epsg else crs


def needs_declared_transformation(crs: pyproj.CRS) -> bool:
    """Whether a system stands on Xian 1980 or Beijing 1954, whose accurate parameters are not public."""
    datum = (crs.datum.name if crs.datum else "").lower()
    return any(name in datum for name in _DATUMS_FOR_EXPLICIT_USE)


def refuse_undeclared_datum(crs: pyproj.CRS) -> None:
    """Refuse Xian 1980 and Beijing 1954 where nobody declared how to leave them.

    Raises:
        CRSError: If the system stands on one of them.
    """
    if needs_declared_transformation(crs):
        datum = str(crs.datum.name if crs.datum else "").lower()
        raise CRSError(
            f"{crs.name!r} stands on the datum {datum!r}, which has no public accurate transformation.",
            remedy="Transform the data to CGCS2000 with your bureau's own parameters first; a layer that is stored may "
            "declare them (--transformation).",
            datum=datum,
        )


def crs_label(crs: pyproj.CRS) -> str:
    """A short name: `EPSG:4547` where the registry has one, else the system's own name."""
    epsg = crs.to_epsg()
    return f"EPSG:{epsg}" if epsg else str(crs.name)


def same_crs(a: pyproj.CRS, b: pyproj.CRS) -> bool:
    """Whether two systems are the same when both are read x first."""
    return bool(a == b or a.equals(b, ignore_axis_order=True))


def require_same(a: pyproj.CRS, b: pyproj.CRS, what: str) -> None:
    """Let two values meet only in one system.

    Raises:
        CRSMismatchError: If the systems differ.
    """
    if not same_crs(a, b):
        raise CRSMismatchError(
            f"{what}: {crs_label(a)} meets {crs_label(b)}.",
            remedy="Transform one of them first.",
            left=crs_label(a),
            right=crs_label(b),
        )


@lru_cache(maxsize=256)
def _transformer(source_wkt: str, target_wkt: str) -> pyproj.Transformer:
    source, target = pyproj.CRS.from_wkt(source_wkt), pyproj.CRS.from_wkt(target_wkt)
    return pyproj.Transformer.from_crs(_as_seen_from(target, source), _as_seen_from(source, target), always_xy=True)


def _as_seen_from(other: pyproj.CRS, own: pyproj.CRS) -> pyproj.CRS:
    """`own`, or longitude and latitude of CGCS2000 in the place of WGS 84's when the other side is on CGCS2000.

    The two agree to some centimetres and the registry has no better way between them than to take the figures over;
    PROJ finds that out anew in 0.16 s for each direction and thread.
    """
    on_cgcs2000 = other.datum is not None and other.datum.name == "China 2000"
    return CGCS2000 if on_cgcs2000 and own.is_geographic and same_crs(own, CRS84) else own


def transformer(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer:
    """A cached `always_xy` transformer between two systems."""
    return _transformer(source.to_wkt(), target.to_wkt())


def transform_xy(
    source: pyproj.CRS, target: pyproj.CRS, x: npt.ArrayLike, y: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Transform coordinates, x (easting or longitude) first on both sides.

    Args:
        source: System of the input.
        target: System of the output.
        x: Eastings or longitudes, shape (n,).
        y: Northings or latitudes, shape (n,).

    Returns:
        Two arrays of shape (n,).

    Raises:
        CRSMismatchError: If a coordinate has no image in the target, which means that it does not
            belong to the declared source system.
    """
    xs = np.atleast_1d(np.asarray(x, dtype=np.float64))
    ys = np.atleast_1d(np.asarray(y, dtype=np.float64))
    try:
        tx, ty = transformer(source, target).transform(xs, ys)
    except ProjError as error:
        raise CRSMismatchError(f"The coordinates cannot be transformed: {error}.") from error
    if not (np.isfinite(tx).all() and np.isfinite(ty).all()):
        raise CRSMismatchError(
            f"Coordinates such as ({xs[0]:.3f}, {ys[0]:.3f}) do not exist in {crs_label(source)}.",
            remedy="Check the declared system and the axis order.",
            x=float(xs[0]),
            y=float(ys[0]),
        )
    return np.asarray(tx, dtype=np.float64), np.asarray(ty, dtype=np.float64)


def zone_of_easting(easting: float) -> int | None:
    """The 3° or 6° zone number that an eight-digit easting carries, else None.

    >>> zone_of_easting(38_500_000.0), zone_of_easting(500_000.0)
    (38, None)
    """
    zone = int(easting // 1_000_000)
    return zone if 13 <= zone <= 45 else None


def check_bounds(crs: pyproj.CRS, bounds: tuple[float, float, float, float], what: str) -> None:
    """See that coordinates can belong to their declared system.

    Catches metres in a degree system (zone-coded or not), degrees in a metre system, and an easting whose
    zone prefix contradicts the system's own zone.

    Args:
        crs: Declared system.
        bounds: (left, bottom, right, top), x first.
        what: Name of the data for the message.

    Raises:
        CRSMismatchError: With the first offending coordinate.
    """
    left, bottom, right, top = bounds
    if not all(math.isfinite(v) for v in bounds):
        raise CRSMismatchError(f"{what}: the bounds {bounds} are not finite.")
    if crs.is_geographic:
        _check_degrees(crs, bounds, what)
        return
    if max(abs(left), abs(right)) <= 180 and max(abs(bottom), abs(top)) <= 90:
        raise CRSMismatchError(
            f"{what}: coordinates ({left:.5f}, {bottom:.5f}) look like degrees, but {crs_label(crs)} is in metres.",
            remedy="Declare a geographic system, for example EPSG:4490.",
        )
    _check_zone(crs, bounds, what)


def _check_degrees(crs: pyproj.CRS, bounds: tuple[float, float, float, float], what: str) -> None:
    left, bottom, right, top = bounds
    if left >= -180.5 and right <= 360.5 and bottom >= -90.5 and top <= 90.5:
        return
    zone = zone_of_easting(left)
    hint = ""
    if zone in _CODE_OF_ZONE:
        hint = f" An easting of eight digits is zone-coded: zone {zone} is EPSG:{_CODE_OF_ZONE[zone]}."
    if left >= -90.5 and right <= 90.5 and bottom >= -180.5 and top <= 180.5:
        hint = " Latitude and longitude seem to be swapped."
    raise CRSMismatchError(
        f"{what}: coordinates ({left:.3f}, {bottom:.3f}) lie outside {crs_label(crs)}, which is in degrees.{hint}",
        remedy="Declare the system the coordinates are really in with --crs.",
        left=left,
        bottom=bottom,
        right=right,
        top=top,
    )


def _check_zone(crs: pyproj.CRS, bounds: tuple[float, float, float, float], what: str) -> None:
    epsg = crs.to_epsg()
    old = needs_declared_transformation(crs)
    if not old and (epsg is None or not 4491 <= epsg <= 4554):
        return
    zone = zone_of_easting(bounds[0])
    want = zone_of_easting(_false_easting(crs))
    if zone == want:
        return
    raise CRSMismatchError(
        f"{what}: the easting {bounds[0]:.1f} "
        + (f"carries zone {zone}" if zone else "carries no zone number")
        + (f", but {crs_label(crs)} wants zone {want}." if want else f", but {crs_label(crs)} has none."),
        remedy=(
            f"Zone {zone} of the {3 if zone >= 25 else 6}° belts is EPSG:{_CODE_OF_ZONE[zone]}."
            if zone in _CODE_OF_ZONE and not old
            else "Name the system whose zone the eastings carry."
            if old
            else "A six-digit easting does not tell its zone: name the system by its central meridian."
        ),
        easting=bounds[0],
    )


def _false_easting(crs: pyproj.CRS) -> float:
    """The easting of the central meridian: 500 km, with the zone before it where the system has one."""
    own = crs.source_crs if crs.is_bound and crs.source_crs is not None else crs
    projection = own.coordinate_operation
    named = {p.name: p.value for p in projection.params} if projection is not None else {}
    return float(named.get("False easting", 0.0))


def is_metric(crs: pyproj.CRS, lon: float, lat: float) -> bool:
    """Whether a length in the system is a metre on the ground within 1 % at a place.

    Web Mercator has metres by name only: at 36° N its metre is 0.81 m.
    """
    if not crs.is_projected:
        return False
    units = {axis.unit_name for axis in crs.axis_info}
    if not units <= {"metre", "meter"}:
        return False
    factors = pyproj.Proj(crs).get_factors(lon, lat)
    return bool(
        abs(factors.meridional_scale - 1) < _MAX_SCALE_ERROR and abs(factors.parallel_scale - 1) < _MAX_SCALE_ERROR
    )


def metric_crs_at(lon: float, lat: float) -> pyproj.CRS:
    """A system with true metres for a place: CGCS2000 3° Gauss-Krüger within China, else UTM.

    >>> crs_label(metric_crs_at(114.3, 36.6)), crs_label(metric_crs_at(-97.7, 30.3))
    ('EPSG:4547', 'EPSG:32614')
    """
    if 73.5 <= lon <= 136.5 and 3 <= lat <= 54:
        meridian = min(135, max(75, round(lon / 3) * 3))
        return pyproj.CRS.from_epsg(4534 + (meridian - 75) // 3)
    zone = int((lon + 180) // 6) % 60 + 1
    return pyproj.CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


def geodesic_area_m2(lon: npt.ArrayLike, lat: npt.ArrayLike) -> float:
    """Signed-free ellipsoidal area of one ring in lon/lat, m² (TD/T 1055 annex D: areas are ellipsoidal)."""
    area, _ = CGCS2000_GEOD.polygon_area_perimeter(np.asarray(lon), np.asarray(lat))
    return abs(float(area))
