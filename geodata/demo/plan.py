"""The vocabulary of the district's plan: what stands or lies where, on which of the two dates.

A plan is pure geometry in metres: x grows to the east, y to the south, (0, 0) is the image's upper left
corner. Angles are radians from the x axis towards the y axis. Nothing here knows of pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

BEFORE = 1
AFTER = 2
BOTH = 3

Change = Literal["appeared", "disappeared"]

ROOFS = frozenset(
    {
        "tile_grey",
        "tile_red",
        "hip_red",
        "flat",
        "flat_dark",
        "blue_steel",
        "white_steel",
        "red_steel",
        "hall_blue",
        "hall_white",
        "slab",
        "unfinished",
    }
)
"""The skins of solids that are structures; every other skin is a vehicle, a wall, a tunnel or the like."""


def largest(shape: BaseGeometry) -> Polygon:
    """The largest polygon of a geometry; an empty one where there is none."""
    if isinstance(shape, Polygon):
        return shape
    parts = [g for g in getattr(shape, "geoms", []) if isinstance(g, Polygon)]
    return max(parts, key=lambda g: g.area) if parts else Polygon()


@dataclass(frozen=True)
class Rect:
    """An oriented rectangle: centre, extent along and across its long axis, angle of that axis."""

    x: float
    y: float
    length: float
    width: float
    angle: float = 0.0

    def at(self, along: float, across: float) -> tuple[float, float]:
        """The plan position of a point given in the rectangle's own axes."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        return self.x + along * c - across * s, self.y + along * s + across * c

    def part(self, along: float, across: float, length: float, width: float) -> Rect:
        """A rectangle of the same direction, centred at an own-axes position of this one."""
        x, y = self.at(along, across)
        return Rect(x, y, length, width, self.angle)

    def turned(self) -> Rect:
        """The same ground with the two axes exchanged."""
        return Rect(self.x, self.y, self.width, self.length, self.angle + math.pi / 2)

    def grown(self, margin: float) -> Rect:
        """The rectangle with `margin` metres more on every side."""
        return Rect(self.x, self.y, self.length + 2 * margin, self.width + 2 * margin, self.angle)

    @property
    def polygon(self) -> Polygon:
        """The outline as a polygon in plan metres."""
        a, b = self.length / 2, self.width / 2
        return Polygon([self.at(-a, -b), self.at(a, -b), self.at(a, b), self.at(-a, b)])

    @property
    def radius(self) -> float:
        """Half of the diagonal."""
        return math.hypot(self.length, self.width) / 2


@dataclass(frozen=True)
class Patch:
    """A piece of ground with one cover.

    `rough_m` is how far noise may push its edge; 0 keeps the edge crisp.
    """

    shape: BaseGeometry
    cover: str
    angle: float = 0.0
    seed: int = 0
    dates: int = BOTH
    rough_m: float = 0.0
    opacity: float = 1.0


@dataclass(frozen=True)
class Solid:
    """Anything with a rectangular top: a building, a wall, a vehicle, a greenhouse tunnel."""

    rect: Rect
    skin: str
    height_m: float
    seed: int
    dates: int = BOTH

    @property
    def is_structure(self) -> bool:
        """Whether it counts as a building."""
        return self.skin in ROOFS


@dataclass(frozen=True)
class Tree:
    """One tree with its own crown."""

    x: float
    y: float
    radius_m: float
    height_m: float
    species: str
    seed: int
    dates: int = BOTH


@dataclass(frozen=True)
class Parcel:
    """A cadastral parcel: `role` is what the plan does with it, `land_use` its GB/T 21010 code."""

    parcel_id: str
    shape: Polygon
    role: str
    land_use: str
    owner_kind: str
    village: str
    angle: float
    seed: int


@dataclass(frozen=True)
class Permit:
    """A permit with its own polygon, or (shape None) for the whole of one parcel."""

    permit_id: str
    kind: str
    valid_from: str
    valid_to: str | None
    parcel_id: str | None
    shape: Polygon | None
    area_m2: float
    use: str


@dataclass(frozen=True)
class Zone:
    """A planning zone: a polygon, or the axis of a road's red line with its half width."""

    zone_id: str
    kind: str
    shape: BaseGeometry
    name: str
    buffer_m: float | None = None

    @property
    def ground(self) -> BaseGeometry:
        """The land that the zone covers."""
        return self.shape if self.buffer_m is None else self.shape.buffer(self.buffer_m, cap_style="flat")


@dataclass(frozen=True)
class Event:
    """A true change: one structure that appeared or disappeared between the dates."""

    shape: Polygon
    change: Change
    kind: str
    scenario: str


@dataclass(frozen=True)
class Distractor:
    """A change that is no structure."""

    shape: BaseGeometry
    kind: str


@dataclass
class Plan:
    """The whole district while it is being laid out; complete once `changes` has run."""

    extent_m: float
    seed: int
    patches: list[Patch] = field(default_factory=list)
    surface: list[Patch] = field(default_factory=list)
    solids: list[Solid] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    permits: list[Permit] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    registered: list[Polygon] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    distractors: list[Distractor] = field(default_factory=list)

    def by_role(self, *roles: str) -> list[Parcel]:
        """The parcels of the given roles, in plan order."""
        return [p for p in self.parcels if p.role in roles]
