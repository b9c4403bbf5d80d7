"""A layer that is to be stored is held against what is on file: does it lie where it can lie?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import orjson
import pyproj
import shapely

from geodata.china import READINGS, SAMPLE, as_shown, turned_back, web_system
from geodata.placement import Reading, require_fit, require_inside, require_points_on_their_parcels
from geodata.repair import Geometries
from geodata.types import LayerKind
from service.layer_process import LayerContent
from service.services import Services
from service.store.records import Box, FeatureRow
from service.usecases.layer_facts import LayerFacts

_FAR_DEGREES = 0.03
"""Farther than any web map moves a place."""
_PORTION = 20_000


def require_place(services: Services, kind: LayerKind, content: LayerContent, facts: LayerFacts) -> None:
    """Hold a layer against the parcels and the administrative areas on file.

    A layer that comes with one scan is not held against them, nor one whose sender accepts its place.

    Args:
        services: The service.
        kind: What it is.
        content: The layer as it was read.
        facts: What its sender says.

    Raises:
        WebMapCoordinatesError: If it fits the newest parcels near it only when its coordinates are read otherwise.
        OutsideAreasError: If it lies wholly outside the newest administrative areas.
    """
    if facts.accept_place or not facts.standing:
        return
    web = web_system(facts.crs)
    crs = None if content.system is None or web else pyproj.CRS.from_wkt(content.system)
    reading = Reading(f"The {kind}", None if facts.transformation else crs, web)
    if kind != "areas":
        _require_areas(services, content, reading)
        _require_parcels(services, content, reading)


# --- areas ---------------------------------------------------------------------------------------


def _require_areas(services: Services, content: LayerContent, reading: Reading) -> None:
    version = services.store.layers.newest("areas")
    if version is None:
        return
    areas = _shapes(services.store.layers.rows(version.id))
    rows = content.rows()
    first: Geometries | None = None
    while part := list(islice(rows, _PORTION)):
        boxes = _places(part)
        if not len(boxes):
            continue
        first = boxes if first is None else first
        if _some_meet(boxes, areas):
            return
    if first is not None:
        require_inside(first[:: max(1, len(first) // SAMPLE)], areas, reading, version.id)


def _some_meet(boxes: Geometries, areas: Geometries) -> bool:
    return bool(len(shapely.STRtree(areas).query(boxes, predicate="intersects")[0])) if len(areas) else True


def _places(part: Sequence[FeatureRow]) -> Geometries:
    """The boxes of features; the point of a permit that has only one."""
    boxes = [row.bbox for row in part if row.bbox is not None]
    points = [point for row in part if row.bbox is None and (point := _hint(row)[1]) is not None]
    return np.array([*(shapely.box(*box) for box in boxes), *map(shapely.Point, points)], dtype=object)


# --- parcels -------------------------------------------------------------------------------------


@dataclass
class _Sample:
    """Features that are compared with the parcels, spread evenly over the layer."""

    shapes: Geometries
    points: Geometries
    named: list[str]


def _sample(content: LayerContent) -> _Sample:
    shapes, points, named = [], [], []
    for row in islice(content.rows(), 0, None, max(1, content.count // SAMPLE)):
        if row.bbox is not None:
            shapes.append(_shape(row.geojson))
            continue
        number, point = _hint(row)
        if number is not None and point is not None:
            points.append(shapely.Point(point))
            named.append(number)
    return _Sample(np.array(shapes, dtype=object), np.array(points, dtype=object), named)


def _require_parcels(services: Services, content: LayerContent, reading: Reading) -> None:
    sample = _sample(content)
    stored = services.store.layers
    everything = np.concatenate([sample.shapes, sample.points])
    if not len(everything):
        return
    west, south, east, north = shapely.total_bounds(everything).tolist()
    near = (west - _FAR_DEGREES, south - _FAR_DEGREES, east + _FAR_DEGREES, north + _FAR_DEGREES)
    version = stored.newest("parcels", near)
    if version is None:
        return
    if len(sample.shapes):
        parcels = _shapes(stored.meeting(version.id, _boxes(as_shown(sample.shapes, reading.web))))
        require_fit(sample.shapes, parcels, reading, version.id)
    known = _by_number(stored.named(version.id, sorted(set(sample.named))))
    rows = [at for at, number in enumerate(sample.named) if number in known]
    of_rows = np.array([known[sample.named[at]] for at in rows], dtype=object)
    require_points_on_their_parcels(sample.points[rows], of_rows, reading, version.id)


def _boxes(shown: Geometries) -> list[Box]:
    """The boxes of features by every reading of their coordinates."""
    bounds = np.concatenate([shapely.bounds(turned_back(shown, way)) for way in READINGS])
    return [(west, south, east, north) for west, south, east, north in bounds.tolist()]


# --- stored texts --------------------------------------------------------------------------------


def _shape(text: str) -> shapely.Geometry:
    return shapely.from_geojson(orjson.dumps(orjson.loads(text)["geometry"]).decode())


def _shapes(texts: Iterable[str]) -> Geometries:
    """The shapes of features that have one, each feature once."""
    by_id = {told["id"]: told["geometry"] for told in map(orjson.loads, texts) if told["geometry"] is not None}
    shapes = shapely.from_geojson([orjson.dumps(geometry).decode() for geometry in by_id.values()])
    return np.asarray(shapes, dtype=object)


def _by_number(texts: Iterable[str]) -> dict[str, Any]:
    """Parcels by number; those of one number together."""
    parts: dict[str, list[str]] = {}
    for text in texts:
        number = orjson.loads(text)["properties"].get("parcel_id")
        if number is not None:
            parts.setdefault(str(number), []).append(text)
    return {number: shapely.union_all(_shapes(own)) for number, own in parts.items()}


def _hint(row: FeatureRow) -> tuple[str | None, tuple[float, float] | None]:
    """The parcel that a feature without a shape names, and its point."""
    told = orjson.loads(row.geojson)["properties"]
    lon, lat = told.get("point_lon"), told.get("point_lat")
    return told.get("parcel_id"), None if lon is None or lat is None else (lon, lat)
