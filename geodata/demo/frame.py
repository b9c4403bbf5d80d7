"""The district's own grid: rectangles in (u, v) that a gentle warp bends into natural roads and plots."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geodata.demo.plan import Rect

_STEP_M = 24.0


@dataclass(frozen=True)
class Box:
    """An axis-parallel rectangle in (u, v)."""

    u0: float
    v0: float
    u1: float
    v1: float

    @property
    def width(self) -> float:
        """Extent along u."""
        return self.u1 - self.u0

    @property
    def depth(self) -> float:
        """Extent along v."""
        return self.v1 - self.v0

    @property
    def centre(self) -> tuple[float, float]:
        """The middle."""
        return (self.u0 + self.u1) / 2, (self.v0 + self.v1) / 2

    def inset(
        self, left: float, top: float | None = None, right: float | None = None, bottom: float | None = None
    ) -> Box:
        """The box with its sides moved in; one number moves all four."""
        top = left if top is None else top
        right = left if right is None else right
        bottom = top if bottom is None else bottom
        return Box(self.u0 + left, self.v0 + top, self.u1 - right, self.v1 - bottom)

    def columns(self, cuts: list[float]) -> list[Box]:
        """The box cut at the given u positions."""
        edges = [self.u0, *cuts, self.u1]
        return [Box(a, self.v0, b, self.v1) for a, b in pairwise(edges)]

    def rows(self, cuts: list[float]) -> list[Box]:
        """The box cut at the given v positions."""
        edges = [self.v0, *cuts, self.v1]
        return [Box(self.u0, a, self.u1, b) for a, b in pairwise(edges)]


@dataclass(frozen=True)
class Warp:
    """The smooth map from (u, v) to plan metres: a slight turn and two long waves."""

    extent_m: float
    turn: float
    amplitude_m: float
    wave_m: tuple[float, float]
    phase: tuple[float, float]

    @classmethod
    def draw(cls, rng: np.random.Generator, extent_m: float) -> Warp:
        """A warp of the usual strength: at most about six degrees off the axes anywhere."""
        return cls(
            extent_m=extent_m,
            turn=float(rng.uniform(1.0, 3.0) * rng.choice([-1.0, 1.0]) * math.pi / 180),
            amplitude_m=float(rng.uniform(8.0, 12.0)),
            wave_m=(float(rng.uniform(750, 1000)), float(rng.uniform(750, 1000))),
            phase=(float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(0, 2 * math.pi))),
        )

    def apply(self, uv: NDArray[np.float64]) -> NDArray[np.float64]:
        """Plan positions of an (n, 2) array of grid positions."""
        half = self.extent_m / 2
        u, v = uv[:, 0], uv[:, 1]
        a = u - half + self.amplitude_m * np.sin(2 * np.pi * v / self.wave_m[0] + self.phase[0])
        b = v - half + self.amplitude_m * np.sin(2 * np.pi * u / self.wave_m[1] + self.phase[1])
        c, s = math.cos(self.turn), math.sin(self.turn)
        return np.column_stack([half + a * c - b * s, half + a * s + b * c])

    def point(self, u: float, v: float) -> tuple[float, float]:
        """The plan position of one grid position."""
        x, y = self.apply(np.array([[u, v]], dtype=np.float64))[0]
        return float(x), float(y)

    def angle(self, u: float, v: float) -> float:
        """The direction in which u grows there, in radians."""
        (x0, y0), (x1, y1) = self.point(u - 1, v), self.point(u + 1, v)
        return math.atan2(y1 - y0, x1 - x0)

    def line(self, start: tuple[float, float], end: tuple[float, float]) -> shapely.LineString:
        """A straight grid line, bent into the plan."""
        n = max(2, math.ceil(math.dist(start, end) / _STEP_M) + 1)
        return shapely.LineString(self.apply(np.linspace(start, end, n)))

    def polygon(self, box: Box) -> Polygon:
        """A grid box, bent into the plan."""
        corners = [(box.u0, box.v0), (box.u1, box.v0), (box.u1, box.v1), (box.u0, box.v1)]
        sides = []
        for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
            n = max(1, math.ceil(math.dist(start, end) / _STEP_M))
            sides.append(np.linspace(start, end, n, endpoint=False))
        return Polygon(self.apply(np.vstack(sides)))

    def rect(self, box: Box) -> Rect:
        """A rigid rectangle where the box lies: what one builds there."""
        u, v = box.centre
        x, y = self.point(u, v)
        return Rect(x, y, box.width, box.depth, self.angle(u, v))


def cuts(rng: np.random.Generator, start: float, end: float, least: float, most: float) -> list[float]:
    """Cut positions that divide a stretch into irregular pieces of between `least` and `most`."""
    total = end - start
    count = max(1, round(total / ((least + most) / 2)))
    sizes = rng.uniform(least, most, count)
    edges = start + np.cumsum(sizes) * (total / sizes.sum())
    return [float(e) for e in edges[:-1]]
