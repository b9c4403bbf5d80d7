"""Geometry that can be measured: two-dimensional, finite, in CRS84, valid polygons.

Every function takes and gives back an array of geometries in which None means that there is none, and notes
in `reasons` (row number to words) why a row was left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geodata.crs import (
    CRS84,
    check_bounds,
    crs_label,
    metric_crs_at,
    parse_crs,
    refuse_undeclared_datum,
    transform_xy,
)
from geodata.errors import CRSMismatchError

Geometries = npt.NDArray[np.object_]
"""Array of shapely geometries or None, shape (n,)."""

Polygonal: TypeAlias = Any  # Polygon or MultiPolygon: the library carries no types

_FAR_DEGREES = 6.0
"""Data may reach into the neighbouring belt, hardly further."""

NO_GEOMETRY = "no geometry"
"""Reason against a row that has no geometry or an empty one."""


def to_crs(shapes: Geometries, source: pyproj.CRS, target: pyproj.CRS) -> Geometries:
    """Geometries in another system, x first on both sides; None stays None.

    Raises:
        CRSMismatchError: If a coordinate has no image in the target.
    """
    if source == target or not shapely.count_coordinates(shapes):
        return shapes

    def project(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(transform_xy(source, target, xy[:, 0], xy[:, 1]))

    return np.asarray(shapely.transform(shapes, project), dtype=object)


def place(shapes: Geometries, declared: pyproj.CRS | None, what: str) -> tuple[Geometries, dict[int, str]]:
    """Bring geometries to CRS84 and two dimensions, setting aside what is empty or not finite.

    Args:
        shapes: The geometries as they were read.
        declared: Their system; may be None only where there is no geometry at all.
        what: Name of the data for messages.

    Returns:
        The geometries and the reasons against those set aside.

    Raises:
        MissingCRSError: If no system is declared.
        CRSError: If it stands on a datum without a public transformation.
        CRSMismatchError: If the coordinates contradict it.
    """
    shapes = np.array(shapely.force_2d(np.asarray(shapes, dtype=object)), dtype=object)
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    reasons = {int(i): NO_GEOMETRY for i in np.flatnonzero(empty)}
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    for i in np.unique(owner[~np.isfinite(xy).all(axis=1)]):
        reasons[int(i)] = "its coordinates are not finite"
    shapes[list(reasons)] = None
    if len(reasons) == len(shapes):
        return shapes, reasons
    crs = parse_crs(declared)
    refuse_undeclared_datum(crs)
    left, bottom, right, top = (float(v) for v in shapely.total_bounds(shapes))
    check_bounds(crs, (left, bottom, right, top), what)
    placed = to_crs(shapes, crs, CRS84)
    _check_belongs(crs, placed, (left, bottom), what)
    return placed, reasons


def _check_belongs(crs: pyproj.CRS, placed: Geometries, first: tuple[float, float], what: str) -> None:
    """Catch a northing in the place of the easting: it lands far outside the area its system is made for."""
    area = crs.area_of_use
    if area is None or not crs.is_projected:
        return
    left, bottom, right, top = (float(v) for v in shapely.total_bounds(placed))
    lon, lat = (left + right) / 2, (bottom + top) / 2
    margin = _FAR_DEGREES
    if area.west > area.east or (
        area.west - margin <= lon <= area.east + margin and area.south - margin <= lat <= area.north + margin
    ):
        return
    raise CRSMismatchError(
        f"{what}: coordinates ({first[0]:.1f}, {first[1]:.1f}) come to lie at {lon:.1f}° E, {lat:.1f}° N, "
        f"far from where {crs_label(crs)} is used ({area.west:.0f} to {area.east:.0f}° E).",
        remedy="Check whether northing and easting are swapped, and which system the data are in.",
        lon=lon,
        lat=lat,
    )


def widen_lines(
    shapes: Geometries, kinds: Sequence[str | None], widths_m: Sequence[float], reasons: dict[int, str]
) -> Geometries:
    """Widen the lines of road red lines by `widths_m` on both sides, in metres at their own place.

    Args:
        shapes: Zones in CRS84.
        kinds: Their kinds; only a `road_redline` may be a line.
        widths_m: Their `buffer_m`, NaN where there is none.
        reasons: Added to, for lines that cannot be widened.
    """
    shapes = shapes.copy()
    for i in np.flatnonzero(shapely.get_dimensions(shapes) == 1).tolist():
        if kinds[i] != "road_redline":
            reasons[i] = "a line, which only a road_redline may be"
        elif not widths_m[i] > 0:
            reasons[i] = "a line without buffer_m"
        else:
            at = shapes[i].centroid
            metric = metric_crs_at(at.x, at.y)
            wide = shapely.buffer(to_crs(shapes[i : i + 1], CRS84, metric), widths_m[i])
            shapes[i] = to_crs(wide, metric, CRS84)[0]
    return shapes


def repair_polygons(shapes: Geometries, reasons: dict[int, str]) -> tuple[Geometries, list[int]]:
    """Make polygons valid.

    The structure method of `make_valid` joins what overlaps and cuts what is a hole, so that a ring drawn
    twice does not turn into a hole, as it would by counting crossings.

    Returns:
        The polygons, None for every row in `reasons`, and the rows that were repaired.
    """
    shapes = shapes.copy()
    present = ~shapely.is_missing(shapes)
    dimension = shapely.get_dimensions(shapes)
    for i in np.flatnonzero(present & (dimension < 2)).tolist():
        reasons.setdefault(i, f"a {shapes[i].geom_type}, not a polygon")
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    needy = present & (dimension == 2) & (mixed | ~shapely.is_valid(shapes))
    repaired: list[int] = []
    for i in np.flatnonzero(needy).tolist():
        if i in reasons:
            continue
        shapes[i] = polygonal(shapely.make_valid(shapes[i], method="structure", keep_collapsed=False))
        if shapes[i] is None:
            reasons[i] = "nothing is left of it after repair"
        else:
            repaired.append(i)
    shapes[list(reasons)] = None
    return shapes, repaired


def polygonal(shape: shapely.Geometry) -> Polygonal | None:
    """The polygons of a geometry as one valid shape, None where it has none.

    >>> polygonal(shapely.from_wkt("GEOMETRYCOLLECTION (POINT (0 0), POLYGON ((0 0, 1 0, 1 1, 0 0)))"))
    <POLYGON ((0 0, 1 0, 1 1, 0 0))>
    """
    parts = [part for part in _leaves(shape) if isinstance(part, shapely.Polygon) and not part.is_empty]
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    whole = shapely.MultiPolygon(parts)
    return whole if whole.is_valid else shapely.union_all(parts)


def _leaves(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """The simple parts of a geometry, collections within collections included."""
    parts = [shape]
    while any(hasattr(part, "geoms") for part in parts):
        parts = [piece for part in parts for piece in getattr(part, "geoms", [part])]
    return parts
