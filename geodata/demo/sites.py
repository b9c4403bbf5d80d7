"""Finding room: where something new can stand without touching what is there or a line it should keep off."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry
from shapely.prepared import PreparedGeometry, prep

from geodata.demo.plan import AFTER, BEFORE, Parcel, Plan, Rect, Solid
from geodata.demo.roads import Network
from geodata.demo.scenarios import RESTRICTING, Scenario

_EDGE_M = 8.0
_MARGIN_M = 1.3
_OFF_ZONE_M = 3.0
_VEHICLES = frozenset({"car", "lorry"})


@dataclass
class Sites:
    """The obstacles of the district and what has been placed among them so far."""

    plan: Plan
    network: Network
    rng: np.random.Generator
    taken: list[Polygon] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Index what stands and what restricts."""
        standing = [s.rect.polygon for s in self.plan.solids if s.skin not in _VEHICLES]
        self._standing = shapely.STRtree(standing)
        self._shapes = standing
        self._parcels = shapely.STRtree([p.shape for p in self.plan.parcels])
        extent = self.plan.extent_m
        self._extent = shapely.box(_EDGE_M, _EDGE_M, extent - _EDGE_M, extent - _EDGE_M)
        self._zones: dict[str, BaseGeometry] = {
            kind: shapely.union_all([z.ground for z in self.plan.zones if z.kind == kind]) for kind in RESTRICTING
        }
        self._near: dict[str, PreparedGeometry[BaseGeometry]] = {
            kind: prep(shape.buffer(_OFF_ZONE_M)) for kind, shape in self._zones.items()
        }
        self._off = prep(shapely.union_all([self.network.paved.buffer(0.6), self.network.water.buffer(2.5)]))

    def free(self, outline: Polygon, clearance: float = 0.7, besides: Polygon | None = None) -> bool:
        """Whether an outline lies in the image, off roads and water, and clear of everything placed."""
        if not self._extent.contains(outline) or self._off.intersects(outline):
            return False
        near = outline.buffer(clearance, join_style="mitre")
        hits = [self._shapes[i] for i in self._standing.query(near, predicate="intersects")]
        if any(besides is None or not h.equals(besides) for h in hits):
            return False
        wide = outline.buffer(3.0)
        return not any(wide.intersects(t) for t in self.taken)

    def zoned(self, outline: Polygon, zone: str | None) -> bool:
        """Whether an outline lies clearly inside the zone asked for and clear of every other one."""
        if any(self._near[k].intersects(outline) for k in self._near if k != zone):
            return False
        return zone is None or self._zones[zone].intersection(outline).area > 0.85 * outline.area

    def crosses(self, outline: Polygon, parcel: Parcel) -> bool:
        """Whether an outline lies across the line between this parcel and another, well on both sides."""
        inside = parcel.shape.intersection(outline).area / outline.area
        others = [self.plan.parcels[i] for i in self._parcels.query(outline, predicate="intersects")]
        beyond = sum(p.shape.intersection(outline).area for p in others if p is not parcel) / outline.area
        return 0.55 < inside < 0.8 and beyond > 0.15 and all(p.role not in {"homestead", "lane"} for p in others)

    def spot(self, scenario: Scenario, parcel: Parcel, tries: int) -> Rect | None:
        """A free place for one structure of a scenario on a parcel; None when the tries are used up."""
        region: BaseGeometry = parcel.shape
        if scenario.zone is not None:
            region = region.intersection(self._zones[scenario.zone])
        if region.is_empty or not region.intersects(self._extent):
            return None
        core = prep(parcel.shape.buffer(-_MARGIN_M))
        x0, y0, x1, y1 = region.intersection(self._extent).bounds
        for _ in range(tries):
            x, y = self.rng.uniform((x0, y0), (x1, y1))
            length, width = self.rng.uniform(*scenario.length_m), self.rng.uniform(*scenario.width_m)
            turn = math.pi / 2 * int(self.rng.integers(0, 2)) * scenario.any_way + float(self.rng.normal(0, 0.015))
            rect = Rect(float(x), float(y), float(length), float(width), parcel.angle + turn)
            outline = rect.polygon
            if scenario.place == "crossing":
                if not (parcel.shape.intersects(outline) and self.crosses(outline, parcel)):
                    continue
            elif not core.contains(outline):
                continue
            if self.zoned(outline, scenario.zone) and self.free(outline):
                return rect
        return None

    def parcel_at(self, outline: Polygon) -> Parcel | None:
        """The parcel that holds an outline with half a metre to spare."""
        for index in self._parcels.query(outline, predicate="within"):
            parcel = self.plan.parcels[int(index)]
            if parcel.shape.buffer(-0.5).contains(outline):
                return parcel
        return None

    def clear(self, outline: Polygon, dates: int = AFTER) -> None:
        """Take trees and vehicles off a place on the given dates."""
        near = outline.buffer(0.8)
        shapely.prepare(near)
        trees = self.plan.trees
        hit = shapely.contains_xy(near, [t.x for t in trees], [t.y for t in trees]) if trees else np.array([])
        for index in np.flatnonzero(hit):
            trees[index] = replace(trees[index], dates=trees[index].dates & ~dates)
        x0, y0, x1, y1 = near.bounds
        for k, solid in enumerate(self.plan.solids):
            r = solid.rect
            close = x0 - 8 < r.x < x1 + 8 and y0 - 8 < r.y < y1 + 8
            if close and solid.skin in _VEHICLES and solid.dates & dates and r.polygon.intersects(near):
                self.plan.solids[k] = replace(solid, dates=solid.dates & ~dates)

    def put(self, rect: Rect, skin: str, height: float, dates: int = AFTER) -> Solid:
        """Let something stand at a place that was found free, and keep the place."""
        outline = rect.polygon
        self.clear(outline, dates)
        solid = Solid(rect, skin, height, int(self.rng.integers(1 << 30)), dates)
        self.plan.solids.append(solid)
        self.taken.append(outline)
        return solid


def moved_vehicles(plan: Plan) -> list[Polygon]:
    """Outlines of the vehicles that are there on one date only."""
    return [s.rect.polygon for s in plan.solids if s.skin in _VEHICLES and s.dates in (BEFORE, AFTER)]
