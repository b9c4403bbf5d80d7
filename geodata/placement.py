"""Whether a layer lies where it can lie: in the administrative areas, and on the cadastre by the right system.

No file says that its coordinates are a web map's, that northing and easting are swapped, or that the belt is another
one. What is on file already says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geodata.china import BETTER, READINGS, WebSystem, as_shown, fits_of, turned_back
from geodata.crs import CGCS2000_GEOD, CRS84, crs_label, transform_xy, zone_of_easting
from geodata.errors import CRSMismatchError, OutsideAreasError, WebMapCoordinatesError
from geodata.repair import Geometries

FEWEST = 5
"""Fewer features may fit their parcels by chance."""
GOOD = 0.8
"""So well features fit their parcels at the least where their coordinates are read in the right system."""
_MOST = 0.5
"""Share of the features that another reading has to bring into the areas."""
_MERIDIANS = range(75, 136, 3)

BoolArray = npt.NDArray[np.bool_]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """How the coordinates of a layer were read.

    Args:
        what: Name of the data for messages.
        crs: The system of the coordinates in the file; None where it is not known or was left by a transformation.
        web: The web map's system that they were turned back from, None: none.
    """

    what: str
    crs: pyproj.CRS | None = None
    web: WebSystem | None = None


# --- on the cadastre -----------------------------------------------------------------------------


def require_fit(shapes: Geometries, parcels: Geometries, reading: Reading, version: str) -> None:
    """See that polygons fit the cadastre no better when their coordinates are read in another system.

    Nothing is said where fewer than `FEWEST` are compared, or where they fit badly by every reading.

    Args:
        shapes: A sample of the polygons as they were read, in CRS84, none missing.
        parcels: The parcels near any reading of them, in CRS84, none missing.
        reading: How they were read.
        version: Id of the version of the parcels.

    Raises:
        WebMapCoordinatesError: With how well they fit as they were read and otherwise.
    """
    if len(shapes) < FEWEST or not len(parcels):
        return
    fits = fits_of(as_shown(shapes, reading.web), parcels)
    _refuse_better(fits, reading, len(shapes), version)


def require_points_on_their_parcels(points: Geometries, parcels: Geometries, reading: Reading, version: str) -> None:
    """See that the points of a register do not lie on the parcels that they name only by another reading.

    Args:
        points: The points as they were read, in CRS84.
        parcels: The parcel that each of them names.
        reading: How they were read.
        version: Id of the version of the parcels.

    Raises:
        WebMapCoordinatesError: With the share on their parcels as they were read and otherwise.
    """
    if len(points) < FEWEST:
        return
    shown = as_shown(points, reading.web)
    fits = {way: float(shapely.intersects(turned_back(shown, way), parcels).mean()) for way in READINGS}
    _refuse_better(fits, reading, len(points), version)


def _refuse_better(fits: dict[WebSystem | None, float], reading: Reading, count: int, version: str) -> None:
    own = fits[reading.web]
    best = max(fits, key=lambda way: fits[way])
    if fits[best] < max(own + BETTER, GOOD):
        return
    read = "as they are" if reading.web is None else f"turned back from {reading.web}"
    better = "as they are" if best is None else f"turned back from {best}"
    raise WebMapCoordinatesError(
        f"{reading.what}: {count} features were compared with the parcels of version {version}; {read} they lie "
        f"{100 * own:.0f} % on one parcel each, {better} {100 * fits[best]:.0f} %.",
        remedy=("Leave the declared system away." if best is None else f"Declare it: --crs {best} turns them back.")
        + " Where they are right all the same: --accept-place (accept_place=true).",
        suspected=best or "as they are",
        fit=round(own, 3),
        fit_otherwise=round(fits[best], 3),
        compared=count,
        parcels=version,
    )


# --- in the areas --------------------------------------------------------------------------------


def require_inside(boxes: Geometries, areas: Geometries, reading: Reading, version: str) -> None:
    """Refuse data of which nothing meets the administrative areas.

    Args:
        boxes: Boxes, points or shapes of a sample of the features, in CRS84, none missing.
        areas: The areas, in CRS84, none missing.
        reading: How they were read.
        version: Id of the version of the areas.

    Raises:
        OutsideAreasError: With the distance, and which other axes or belt would bring them inside.
    """
    if not len(boxes) or not len(areas):
        return
    whole = shapely.union_all(areas)
    shapely.prepare(whole)
    if shapely.intersects(whole, boxes).any():
        return
    line = shapely.shortest_line(shapely.union_all(boxes), whole)
    (x, y), (to_x, to_y) = shapely.get_coordinates(line)[[0, -1]].tolist()
    _, _, far = CGCS2000_GEOD.inv(x, y, to_x, to_y)
    middles = shapely.get_coordinates(shapely.centroid(boxes))
    hints = [] if reading.crs is None else _otherwise(reading.crs, middles, whole)
    said = f" {hints[0]} would bring them inside." if hints else ""
    raise OutsideAreasError(
        f"{reading.what} lie wholly outside the administrative areas of version {version}, "
        f"{far / 1000:,.1f} km away.{said}",
        remedy="Check the system, its zone and the order of the axes; a wrong .prj has to be corrected or taken away. "
        "Where they are right all the same: --accept-place (accept_place=true).",
        distance_m=round(float(far)),
        areas=version,
        otherwise=hints,
    )


def _otherwise(crs: pyproj.CRS, lonlat: F64, whole: shapely.Geometry) -> list[str]:
    """Other ways of reading the coordinates that bring most of them into the areas, in words, the plainest first."""
    x, y = transform_xy(CRS84, crs, lonlat[:, 0], lonlat[:, 1])
    hints = []
    for words, system, east, north in _candidates(crs, x, y):
        try:
            placed = transform_xy(system, CRS84, east, north)
        except CRSMismatchError:
            continue
        if np.mean(shapely.intersects_xy(whole, *placed)) >= _MOST:
            hints.append(words)
    return hints


def _candidates(crs: pyproj.CRS, x: F64, y: F64) -> Iterator[tuple[str, pyproj.CRS, F64, F64]]:
    yield f"Swapped axes ({'northing' if crs.is_projected else 'latitude'} first)", crs, y, x
    epsg = crs.to_epsg()
    if epsg is None or not 4491 <= epsg <= 4554:
        return
    for meridian in _MERIDIANS:
        belt = pyproj.CRS.from_epsg(4534 + (meridian - 75) // 3)
        coded = zone_of_easting(float(x[0])) is not None
        named = crs_label(pyproj.CRS.from_epsg(4513 + (meridian - 75) // 3) if coded else belt)
        words = f"{named} (3° belt of {meridian}° E)"
        yield words, belt, _without_zone(x), y
        yield f"{words} with swapped axes", belt, _without_zone(y), x


def _without_zone(easting: F64) -> F64:
    coded = [zone_of_easting(float(value)) is not None for value in easting]
    return np.where(coded, easting % 1_000_000, easting)
