"""Where a photograph was taken and where the camera looked, against what is told and the structure's outline."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from geodata.china import to_gcj02
from geodata.crs import CGCS2000_GEOD
from service.cases.evidence.doubts import PhotoDoubt, doubt
from service.cases.evidence.photos import Exif
from service.cases.evidence.told import BOUNDS, Place, Position, Told

_FOCAL_35MM = 26.0  # the main camera of most phones
_HALF_FILM_MM = 18.0
_RAY_M = 100_000.0


@dataclass(frozen=True)
class Sighting:
    """How a photograph lies to a structure.

    Args:
        source: Where the position comes from: the photograph (`exif`) or the form (`told`).
        position: From where it was taken.
        distance_m: To the nearest point of the outline, m; 0 within it.
        error_m: Error of that, m.
        bearing_deg: Where the camera looked, degrees from north; None: nothing tells.
        off_deg: Degrees between that and the nearest direction to the outline; 0: at it. None without a bearing, or so
            near that every direction may be right.
        allowed_deg: What the width of the view, the compass and the error of the position may make of it.
    """

    source: Literal["exif", "told"]
    position: Position
    distance_m: float
    error_m: float
    bearing_deg: float | None
    off_deg: float | None
    allowed_deg: float

    @property
    def points_at_it(self) -> bool | None:
        """Whether the camera looked at the structure; None: nothing tells."""
        return None if self.off_deg is None else self.off_deg <= self.allowed_deg


def position_of(exif: Exif | None) -> Position | None:
    """Where a photograph says it was taken."""
    if exif is None or exif.lon is None or exif.lat is None:
        return None
    error = exif.position_error_m
    return Position(exif.lon, exif.lat, error if error is not None and error > 0 else None)


def sighting_of(exif: Exif | None, told: Told, place: Place) -> Sighting | None:
    """How a photograph lies to a structure; None where neither it nor the form tells from where it was taken.

    Distances and directions are true from the camera (azimuthal equidistant about it, CGCS2000's ellipsoid).
    """
    own = position_of(exif)
    position = own or told.position
    if position is None:
        return None
    outline = _about(position, place.outline)
    distance = float(shapely.distance(shapely.Point(0, 0), outline))
    error = math.hypot(_error(position), place.error_m)
    bearing, compass = _bearing(exif, told)
    focal = exif.focal_35mm if exif is not None and exif.focal_35mm and exif.focal_35mm > 0 else _FOCAL_35MM
    allowed = math.degrees(math.atan(_HALF_FILM_MM / focal)) + compass
    off = None
    if bearing is not None and distance > error:
        off = _off(outline, bearing)
        allowed += math.degrees(math.atan2(error, distance))
    source: Literal["exif", "told"] = "exif" if own else "told"
    return Sighting(source, position, distance, error, bearing, off, allowed)


def place_doubts(exif: Exif | None, told: Told, place: Place | None) -> Iterator[PhotoDoubt]:
    """Where the positions contradict each other or the structure.

    Args:
        exif: What the photograph tells.
        told: What the form tells.
        place: The structure; None: the case has none yet.
    """
    own = position_of(exif)
    if own is None:
        yield doubt("no_position" if told.position is None else "position_form")
    elif told.position is not None:
        yield from _two_positions(own, told.position)
    known = own or told.position
    if known is not None and _error(known) > BOUNDS.rough_m:
        yield doubt("position_rough", error=_error(known))
    sighting = None if place is None else sighting_of(exif, told, place)
    if sighting is not None:
        yield from _sighting_doubts(sighting)


def _sighting_doubts(sighting: Sighting) -> Iterator[PhotoDoubt]:
    beyond = sighting.distance_m - sighting.error_m
    if beyond > BOUNDS.far_m:
        code = "very_far" if beyond > BOUNDS.very_far_m else "far"
        yield doubt(code, metres=sighting.distance_m, error=sighting.error_m)
    if sighting.off_deg is not None and sighting.points_at_it is False:
        yield doubt("looks_away", off=sighting.off_deg, allowed=sighting.allowed_deg)


def _two_positions(own: Position, told: Position) -> Iterator[PhotoDoubt]:
    apart, error = _metres(own, told), math.hypot(_error(own), _error(told))
    if apart <= error + BOUNDS.apart_m:
        return
    # web maps and many phone programs show places shifted by some hundred metres
    shifts = (_metres(_shifted(own), told), _metres(own, _shifted(told)))
    if min(shifts) <= error + BOUNDS.apart_m:
        yield doubt("position_gcj02", metres=apart)
    else:
        yield doubt("position_told", metres=apart, error=error)


def _error(position: Position) -> float:
    return BOUNDS.position_m if position.error_m is None else position.error_m


def _metres(one: Position, other: Position) -> float:
    return float(CGCS2000_GEOD.inv(one.lon, one.lat, other.lon, other.lat)[2])


def _shifted(position: Position) -> Position:
    lon, lat = to_gcj02(position.lon, position.lat)
    return Position(float(lon), float(lat))


def _about(centre: Position, outline: BaseGeometry) -> BaseGeometry:
    """An outline in metres east and north of a place."""
    flat = pyproj.Proj(proj="aeqd", lon_0=centre.lon, lat_0=centre.lat, a=6378137.0, rf=298.257222101)
    return shapely.transform(outline, lambda c: np.column_stack(flat(c[:, 0], c[:, 1])))


def _bearing(exif: Exif | None, told: Told) -> tuple[float | None, float]:
    """Where the camera looked, and how far that may be off."""
    if exif is not None and exif.bearing_deg is not None:
        true_north = exif.bearing_reference.upper() == "T"
        return exif.bearing_deg, BOUNDS.compass_deg + (0.0 if true_north else BOUNDS.declination_deg)
    return told.bearing_deg, BOUNDS.compass_deg


def _off(outline: BaseGeometry, bearing: float) -> float:
    """Degrees between a direction and the nearest one in which the outline lies."""
    ahead = math.radians(bearing)
    ray = shapely.LineString([(0, 0), (_RAY_M * math.sin(ahead), _RAY_M * math.cos(ahead))])
    if shapely.intersects(ray, outline):
        return 0.0
    points = shapely.get_coordinates(outline)
    off = (np.degrees(np.arctan2(points[:, 0], points[:, 1])) - bearing + 180) % 360 - 180
    return float(np.abs(off).min())
