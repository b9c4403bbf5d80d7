"""The building ground: adds parcels, structures, trees and covers to the plan, away from river and roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geodata.demo.frame import Box, Warp
from geodata.demo.plan import BOTH, Parcel, Patch, Plan, Rect, Solid, Tree, largest


def outer_ring(shape: Polygon | MultiPolygon, width: float) -> BaseGeometry:
    """The band of the given width along the inside of a polygon's edge."""
    return shape.difference(shape.buffer(-width, join_style="mitre"))


@dataclass
class Ground:
    """What the fillers build with."""

    plan: Plan
    warp: Warp
    rng: np.random.Generator
    corridor: Polygon

    def seed(self) -> int:
        """A seed for one object's own texture."""
        return int(self.rng.integers(1 << 30))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        """A number in a range."""
        return float(self.rng.uniform(low, high))

    def one_of(self, options: dict[str, float]) -> str:
        """One of the keys, by weight."""
        weights = np.array(list(options.values()))
        return str(self.rng.choice(list(options), p=weights / weights.sum()))

    def parcel(self, box: Box, role: str, land_use: str, village: str = "", state: bool = False) -> Parcel | None:
        """Register the box as a parcel, less the river's corridor; None where next to nothing is left."""
        shape = largest(self.warp.polygon(box).difference(self.corridor))
        u, v = box.centre
        return self.parcel_of(shape, role, land_use, village, state, self.warp.angle(u, v))

    def parcel_of(
        self,
        shape: Polygon,
        role: str,
        land_use: str,
        village: str = "",
        state: bool = False,
        angle: float = 0.0,
    ) -> Parcel | None:
        """Register a polygon as a parcel; None where it is smaller than 60 m2."""
        if shape.area < 60:
            return None
        number = len(self.plan.parcels) + 1
        owner = "state" if state else "collective"
        unit = "GB" if state else "JC"
        parcel = Parcel(f"130499{unit}{number:05d}", shape, role, land_use, owner, village, angle, self.seed())
        self.plan.parcels.append(parcel)
        return parcel

    def cover(
        self,
        shape: BaseGeometry,
        cover: str,
        angle: float = 0.0,
        rough: float = 0.0,
        dates: int = BOTH,
        opacity: float = 1.0,
    ) -> None:
        """Lay a cover on a piece of ground."""
        if not shape.is_empty:
            self.plan.patches.append(Patch(shape, cover, angle, self.seed(), dates, rough, opacity))

    def free(self, rect: Rect) -> bool:
        """Whether a rectangle keeps clear of the river's corridor."""
        return not self.corridor.intersects(rect.polygon)

    def build(self, rect: Rect, skin: str, height: float, dates: int = BOTH) -> bool:
        """Put up a solid unless it would stand in the river's corridor."""
        if rect.length < 0.2 or rect.width < 0.2 or not self.free(rect):
            return False
        self.plan.solids.append(Solid(rect, skin, height, self.seed(), dates))
        return True

    def tree(self, x: float, y: float, radius: float, species: str) -> None:
        """Plant one tree."""
        height = radius * self.between(2.1, 2.9) + 1.2
        self.plan.trees.append(Tree(x, y, radius, height, species, self.seed()))

    def grove(self, shape: BaseGeometry, per_m2: float, species: dict[str, float], radius: tuple[float, float]) -> None:
        """Scatter trees over a polygon."""
        if shape.is_empty or shape.area < 4:
            return
        x0, y0, x1, y1 = shape.bounds
        count = int(self.rng.poisson(per_m2 * (x1 - x0) * (y1 - y0)))
        points = self.rng.uniform((x0, y0), (x1, y1), (count, 2))
        shapely.prepare(shape)
        for x, y in points[shapely.contains_xy(shape, points[:, 0], points[:, 1])]:
            self.tree(float(x), float(y), self.between(*radius), self.one_of(species))

    def fence(self, rect: Rect, height: float = 2.0, gate_m: float = 0.0) -> None:
        """Walls around a rectangle, with a gap in the middle of the southern side."""
        a, b = rect.length / 2, rect.width / 2
        self.build(rect.part(0, -b, rect.length, 0.4), "wall", height)
        for side in (-1, 1):
            self.build(rect.part(side * a, 0, 0.4, rect.width), "wall", height)
            half = (rect.length - gate_m) / 2
            self.build(rect.part(side * (gate_m / 2 + half / 2), b, half, 0.4), "wall", height)

    def in_view(self, x: float, y: float) -> bool:
        """Whether a point lies well inside the image."""
        extent = self.plan.extent_m
        return min(x, y) > 0.1 * extent and max(x, y) < 0.9 * extent

    def inside(self, shape: BaseGeometry, x: float, y: float) -> bool:
        """Whether a point lies in a geometry."""
        return bool(shape.contains(Point(x, y)))
