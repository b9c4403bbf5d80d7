"""The plan as vector layers: parcels, permits, zones, buildings, the truth and the distractors."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geodata.demo.expect import Assessor
from geodata.demo.plan import Plan

CRS = "EPSG:4547"
LON_LAT = "OGC:CRS84"
EAST_M = 468000.0
NORTH_M = 4066000.0
"""The image's upper left corner."""

_DISTRICT_NAME = "示范区"
_VILLAGE_ENDINGS = ("村", "庄")
_DIVISION_CODE = "130499"
"""Six digits as a county has; no county has these."""


def to_map(shape: BaseGeometry) -> BaseGeometry:
    """Plan metres (y to the south) to eastings and northings."""
    return shapely.transform(shape, lambda xy: np.column_stack([EAST_M + xy[:, 0], NORTH_M - xy[:, 1]]))


@dataclass(frozen=True)
class Layers:
    """All layers, in metres of `CRS`."""

    parcels: gpd.GeoDataFrame
    permits: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    truth: gpd.GeoDataFrame
    distractors: gpd.GeoDataFrame


def make_layers(plan: Plan) -> Layers:
    """All layers of a finished plan, clipped to the district."""
    extent = shapely.box(0, 0, plan.extent_m, plan.extent_m)
    return Layers(
        _parcels(plan, extent),
        _permits(plan, extent),
        _zones(plan, extent),
        _buildings(plan, extent),
        _areas(plan, extent),
        _truth(plan),
        _distractors(plan, extent),
    )


def _frame(rows: list[dict[str, object]], columns: list[str]) -> gpd.GeoDataFrame:
    """Rows with a plan `geometry` as a frame in map coordinates; empty ones keep their columns."""
    shapes = [to_map(row["geometry"]) if row["geometry"] is not None else None for row in rows]
    data = {name: [row[name] for row in rows] for name in columns}
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(shapes, crs=CRS), crs=CRS)


def _clip(shape: BaseGeometry, extent: Polygon, least_m2: float) -> BaseGeometry | None:
    """The polygons of a shape inside the district; None where less than `least_m2` is left of it."""
    if extent.contains(shape):
        return shape
    inside = shape.intersection(extent)
    parts = [g for g in getattr(inside, "geoms", [inside]) if isinstance(g, Polygon) and g.area > 1]
    if sum(g.area for g in parts) < least_m2:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _parcels(plan: Plan, extent: Polygon) -> gpd.GeoDataFrame:
    rows: list[dict[str, object]] = []
    for p in plan.parcels:
        shape = _clip(p.shape, extent, 40.0)
        if shape is not None:
            rows.append(
                {
                    "parcel_id": p.parcel_id,
                    "land_use": p.land_use,
                    "owner_kind": p.owner_kind,
                    "village": p.village or _DISTRICT_NAME,
                    "accuracy_m": 0.3,
                    "geometry": shape,
                }
            )
    return _frame(rows, ["parcel_id", "land_use", "owner_kind", "village", "accuracy_m"])


def _permits(plan: Plan, extent: Polygon) -> gpd.GeoDataFrame:
    known = {p.parcel_id for p in plan.parcels if _clip(p.shape, extent, 40.0) is not None}
    rows: list[dict[str, object]] = []
    for p in plan.permits:
        shape = None if p.shape is None else _clip(p.shape, extent, 10.0)
        if shape is None and (p.shape is not None or p.parcel_id not in known):
            continue
        rows.append(
            {
                "permit_id": p.permit_id,
                "valid_from": p.valid_from,
                "valid_to": p.valid_to,
                "kind": p.kind,
                "parcel_id": p.parcel_id if p.parcel_id in known else None,
                "area_m2": round(p.area_m2, 1),
                "use": p.use,
                "geometry": shape,
            }
        )
    return _frame(rows, ["permit_id", "valid_from", "valid_to", "kind", "parcel_id", "area_m2", "use"])


def _zones(plan: Plan, extent: Polygon) -> gpd.GeoDataFrame:
    rows: list[dict[str, object]] = []
    for z in plan.zones:
        shape = z.shape.intersection(extent) if z.buffer_m is not None else _clip(z.shape, extent, 50.0)
        if shape is not None and not shape.is_empty:
            rows.append(
                {
                    "zone_id": z.zone_id,
                    "kind": z.kind,
                    "name": z.name,
                    "buffer_m": z.buffer_m,
                    "valid_from": "2021-01-01",
                    "geometry": shape,
                }
            )
    return _frame(rows, ["zone_id", "kind", "name", "buffer_m", "valid_from"])


def _buildings(plan: Plan, extent: Polygon) -> gpd.GeoDataFrame:
    rng = np.random.default_rng([plan.seed, 3])
    appeared = shapely.STRtree([e.shape for e in plan.events if e.change == "appeared"])
    rows: list[dict[str, object]] = []
    for shape in plan.registered:
        inside = _clip(shape, extent, 5.0)
        built = f"{int(rng.integers(1988, 2024))}-{int(rng.integers(1, 13)):02d}-15"
        if inside is None:
            continue
        if len(appeared.query(shape, predicate="contains")):
            built = "2025-11-20"
        number = f"FW{len(rows) + 1:05d}"
        rows.append({"building_id": number, "built_on": built, "register_id": f"冀邯房{number}", "geometry": inside})
    return _frame(rows, ["building_id", "built_on", "register_id"])


def _areas(plan: Plan, extent: Polygon) -> gpd.GeoDataFrame:
    """The district and its villages, which share all of its ground: every place is of the nearest village's parcel."""
    named = [p for p in plan.parcels if p.village.endswith(_VILLAGE_ENDINGS) and p.shape.intersects(extent)]
    places = [p.shape.representative_point() for p in named]
    cells = list(shapely.voronoi_polygons(shapely.MultiPoint(places), extend_to=extent).geoms) if len(named) > 1 else []
    tree = shapely.STRtree(places)
    grounds: dict[str, list[BaseGeometry]] = {}
    for cell in cells or [extent] * bool(named):
        (inside,) = tree.query(cell, predicate="contains")[:1]
        grounds.setdefault(named[inside].village, []).append(cell)
    rows: list[dict[str, object]] = [_area(_DIVISION_CODE, _DISTRICT_NAME, None, "district", extent)]
    for number, (name, parts) in enumerate(sorted(grounds.items()), 1):
        shape = shapely.union_all(parts).intersection(extent)
        if shape.area > 1:
            rows.append(_area(f"{_DIVISION_CODE}001{number:03d}", name, _DIVISION_CODE, "village", shape))
    return _frame(rows, ["area_id", "name", "parent_id", "level", "division_code"])


def _area(code: str, name: str, parent: str | None, level: str, shape: BaseGeometry) -> dict[str, object]:
    told = {"area_id": code, "name": name, "parent_id": parent, "level": level, "division_code": code}
    return {**told, "geometry": shape}


def _truth(plan: Plan) -> gpd.GeoDataFrame:
    assessor = Assessor(plan)
    rows: list[dict[str, object]] = []
    for number, event in enumerate(plan.events, 1):
        expected = assessor.expect(event)
        rows.append(
            {
                "truth_id": f"T{number:03d}",
                "change": event.change,
                "kind": event.kind,
                "scenario": event.scenario,
                "area_m2": round(event.shape.area, 1),
                "expected_status": expected.status,
                "expected_reasons": ",".join(expected.reasons),
                "geometry": event.shape,
            }
        )
    names = ["truth_id", "change", "kind", "scenario", "area_m2", "expected_status", "expected_reasons"]
    return _frame(rows, names)


def _distractors(plan: Plan, extent: Polygon) -> gpd.GeoDataFrame:
    rows: list[dict[str, object]] = []
    for item in plan.distractors:
        shape = _clip(item.shape, extent, 2.0)
        if shape is not None:
            rows.append({"kind": item.kind, "area_m2": round(shape.area, 1), "geometry": shape})
    return _frame(rows, ["kind", "area_m2"])
