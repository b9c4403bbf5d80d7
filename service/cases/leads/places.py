"""How far places are apart, and the structure that a place means. Nobody guesses: between several it means none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

_M_PER_DEGREE = 111_320.0
_CLEARLY = 2.0
"""How many times nearer, or larger in common, the best of several must be."""
OUTLINE_M = 1.0
"""Error of the outline of a structure, m."""


@dataclass(frozen=True)
class Near:
    """A structure near a place.

    Args:
        id: Its id.
        outline: Its outline, lon-lat.
        standing: Whether it stands; one that is gone means a place less than one that stands there now.
    """

    id: str
    outline: shapely.Geometry
    standing: bool = True


def metres(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Distance of two places, m; in error by less than 1 % over some kilometres.

    On a sphere that is flat about the middle of both: what lies elsewhere changes nothing, so that the order in which
    places become known cannot either.
    """
    scale = _scale(one, other)
    return float(shapely.distance(_flat(one, scale), _flat(other, scale)))


def common_m2(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Area that two places have in common, m2."""
    scale = _scale(one, other)
    pair = shapely.make_valid(_flat(one, scale)), shapely.make_valid(_flat(other, scale))
    return float(shapely.area(shapely.intersection(*pair)))


def reach(box: tuple[float, float, float, float], metres_more: float) -> tuple[float, float, float, float]:
    """A box with a margin in metres on all sides."""
    west, south, east, north = box
    lat = metres_more / _M_PER_DEGREE
    lon = lat / max(0.01, math.cos(math.radians(min(89.0, max(abs(south), abs(north)) + lat))))
    return west - lon, south - lat, east + lon, north + lat


def vagueness_m(place: shapely.Geometry, accuracy_m: float) -> float:
    """How little a place says, m: its error and half its extent."""
    west, south, east, north = place.bounds
    width = (east - west) * math.cos(math.radians((south + north) / 2))
    return accuracy_m + math.hypot(width, north - south) * _M_PER_DEGREE / 2


def structure_of(place: shapely.Geometry, accuracy_m: float, near: Sequence[Near]) -> str | None:
    """The structure that a place means; None where there is none, or several equally good ones.

    Of those that a polygon meets, the one with clearly the most common ground; else, and of those within the error of a
    place, the one clearly nearest. One that stands goes before one that is gone at the same place.

    Args:
        place: The place, lon-lat.
        accuracy_m: Its error, m.
        near: Structures that may be meant.
    """
    standing = [one for one in near if one.standing]
    for some in (standing, [one for one in near if not one.standing]):
        found = _overlapped(place, some) or _nearest(place, accuracy_m, some)
        if found is not None:
            return found or None
    return None


def _overlapped(place: shapely.Geometry, near: Sequence[Near]) -> str | None:
    """The structure with clearly the most common ground; an empty word where several have as much."""
    if shapely.get_dimensions(place) < 2:
        return None
    shares = sorted(((common_m2(place, one.outline), one.id) for one in near), key=lambda pair: (-pair[0], pair[1]))
    shares = [pair for pair in shares if pair[0] > 0]
    if not shares:
        return None
    return shares[0][1] if len(shares) == 1 or shares[0][0] > _CLEARLY * shares[1][0] else ""


def _nearest(place: shapely.Geometry, accuracy_m: float, near: Sequence[Near]) -> str | None:
    reached = sorted((metres(place, one.outline), one.id) for one in near)
    reached = [pair for pair in reached if pair[0] <= accuracy_m + OUTLINE_M]
    if not reached:
        return None
    return reached[0][1] if len(reached) == 1 or reached[1][0] > _CLEARLY * max(reached[0][0], OUTLINE_M) else ""


def _scale(one: shapely.Geometry, other: shapely.Geometry) -> np.ndarray:
    bounds = shapely.bounds([one, other])
    middle = math.radians(float(bounds[:, [1, 3]].mean()))
    return np.array([math.cos(middle) * _M_PER_DEGREE, _M_PER_DEGREE])


def _flat(place: shapely.Geometry, scale: np.ndarray) -> shapely.Geometry:
    flat: shapely.Geometry = shapely.transform(place, lambda c: c * scale)
    return flat
