"""The skeleton of the district: avenues, streets and rural roads, the river, and the cells between them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from geodata.demo.frame import Box, Warp
from geodata.demo.plan import AFTER, BEFORE, BOTH, Patch, Plan, Rect, Solid, Tree, Zone, largest

_FRINGE_M = 90.0
"""How far the plan goes on beyond the image, so that no edge shows and shadows fall in from outside."""


@dataclass(frozen=True)
class RoadClass:
    """Cross-section of a class of road, in metres."""

    name: str
    carriageway_m: float
    pavement_m: float
    lanes: int
    surface: str

    @property
    def half_m(self) -> float:
        """From the axis to the outer edge of the pavement."""
        return self.carriageway_m / 2 + self.pavement_m


AVENUE = RoadClass("avenue", 25.0, 5.0, 6, "asphalt")
STREET = RoadClass("street", 13.0, 3.5, 4, "asphalt")
RURAL = RoadClass("rural", 6.0, 2.5, 2, "concrete_road")


@dataclass(frozen=True)
class Road:
    """One stretch between two junctions, in grid coordinates and as a bent axis in the plan."""

    kind: RoadClass
    along_u: bool
    axis: LineString
    trimmed: LineString


@dataclass(frozen=True)
class Cell:
    """The land between four roads and what becomes of it."""

    box: Box
    use: str


@dataclass
class Network:
    """Roads, river and cells."""

    warp: Warp
    roads: list[Road]
    cells: list[Cell]
    water: Polygon
    corridor: Polygon
    lines: tuple[list[tuple[float, RoadClass]], list[tuple[float, RoadClass]]]
    paved: BaseGeometry = field(default_factory=Polygon)


def _positions(rng: np.random.Generator, extent: float, main: RoadClass) -> list[tuple[float, RoadClass]]:
    """Road positions across one axis: the main road near the middle, others outwards from it."""
    middle = extent / 2 + float(rng.uniform(-0.06, 0.06)) * min(extent, 1500.0)
    lines = [(middle, main)]
    for sign in (-1.0, 1.0):
        at, number = middle, 0
        while -_FRINGE_M < at < extent + _FRINGE_M:
            at += sign * float(rng.uniform(225, 310))
            number += 1
            lines.append((at, STREET if number % 2 == (0 if sign < 0 else 1) else RURAL))
    return sorted(lines, key=lambda line: line[0])


def _uses(rng: np.random.Generator, centres: list[tuple[float, float]], extent: float) -> list[str]:
    """A use for every cell: the town in the north-east, fields to the south-west, villages between."""
    wave = rng.uniform(-0.28, 0.28, len(centres))
    urban = [(u - v) / extent + float(w) for (u, v), w in zip(centres, wave, strict=True)]
    order = np.argsort(urban)[::-1]
    inside = [i for i in order if -40 < centres[i][0] < extent + 40 and -40 < centres[i][1] < extent + 40]
    total = len(inside)
    shares = {"compound": 0.13, "industry": 0.24, "vacant": 0.08, "village": 0.17}
    uses = ["farmland"] * len(centres)
    start = 0.0
    for use, share in shares.items():
        if use == "vacant" and total < 9:
            continue
        count = max(1.0, share * total)
        for i in inside[round(start) : round(start + count)]:
            uses[i] = use
        start += count
    for i in order:
        if i not in inside and urban[i] > 0.25:
            uses[i] = "industry"
    return uses


def _river(rng: np.random.Generator, extent: float) -> tuple[Polygon, Polygon]:
    """The river's water and its wider corridor, meandering through the southern part."""
    x = np.arange(-_FRINGE_M - 40, extent + _FRINGE_M + 41, 6.0)
    scale = min(1.0, extent / 700)
    base = extent * 0.74 + (x - extent / 2) * float(rng.uniform(0.08, 0.2))
    phase = rng.uniform(0, 2 * np.pi, 3)
    y = base + 34 * scale * np.sin(2 * np.pi * x / 430 + phase[0]) + 11 * scale * np.sin(2 * np.pi * x / 170 + phase[1])
    half = (9.5 + 2.2 * np.sin(2 * np.pi * x / 95 + phase[2]) + rng.normal(0, 0.7, x.size)) * (0.55 + 0.45 * scale)
    slope = np.gradient(y, x)
    normal = np.column_stack([-slope, np.ones_like(x)]) / np.hypot(slope, 1)[:, None]
    axis = np.column_stack([x, y])
    bank = half + 17 * (0.6 + 0.4 * scale)

    def ribbon(reach: NDArray[np.float64], tolerance: float) -> Polygon:
        sides = [axis + normal * reach[:, None], (axis - normal * reach[:, None])[::-1]]
        return largest(shapely.make_valid(Polygon(np.vstack(sides))).buffer(0).simplify(tolerance))

    return ribbon(half, 0.2), ribbon(bank, 0.3)


def lay_network(rng: np.random.Generator, extent: float) -> Network:
    """Lay out roads, river and cells for a square district of the given extent in metres."""
    warp = Warp.draw(rng, extent)
    us, vs = _positions(rng, extent, AVENUE), _positions(rng, extent, STREET)
    boxes = {
        (i, j): Box(
            us[i][0] + us[i][1].half_m,
            vs[j][0] + vs[j][1].half_m,
            us[i + 1][0] - us[i + 1][1].half_m,
            vs[j + 1][0] - vs[j + 1][1].half_m,
        )
        for i in range(len(us) - 1)
        for j in range(len(vs) - 1)
    }
    uses = dict(zip(boxes, _uses(rng, [b.centre for b in boxes.values()], extent), strict=True))
    cells: dict[tuple[int, int], Cell] = {k: Cell(boxes[k], uses[k]) for k in boxes}
    removed: set[tuple[int, int]] = set()
    for i, j in list(boxes):
        right = (i + 1, j)
        mergeable = right in cells and (i, j) in cells and us[i + 1][1] is RURAL
        if mergeable and uses[(i, j)] == uses[right] == "farmland" and i not in {r[0] for r in removed}:
            cells[(i, j)] = Cell(replace(boxes[(i, j)], u1=boxes[right].u1), "farmland")
            del cells[right]
            removed.add((i + 1, j))
    water, corridor = _river(rng, extent)
    network = Network(warp, [], list(cells.values()), water, corridor, (us, vs))
    for i, (u, kind) in enumerate(us):
        for j in range(len(vs) - 1):
            if (i, j) not in removed:
                network.roads.append(_stretch(warp, kind, False, u, vs[j], vs[j + 1]))
    for v, kind in vs:
        for i in range(len(us) - 1):
            network.roads.append(_stretch(warp, kind, True, v, us[i], us[i + 1]))
    network.paved = shapely.union_all([r.axis.buffer(r.kind.half_m, cap_style="flat") for r in network.roads])
    return network


def _stretch(
    warp: Warp,
    kind: RoadClass,
    along_u: bool,
    at: float,
    start: tuple[float, RoadClass],
    end: tuple[float, RoadClass],
) -> Road:
    """One stretch between two crossing roads; `trimmed` stops short of both junctions."""

    def line(trim: float) -> LineString:
        a = start[0] + (start[1].carriageway_m / 2 + 9 if trim else 0)
        b = end[0] - (end[1].carriageway_m / 2 + 9 if trim else 0)
        return warp.line((a, at), (b, at)) if along_u else warp.line((at, a), (at, b))

    return Road(kind, along_u, line(0), line(1))


def _beside(line: LineString, offset: float) -> LineString:
    """The line at a distance from another (positive: to its left)."""
    if abs(offset) < 1e-6:
        return line
    curve = line.offset_curve(offset)
    return curve if isinstance(curve, LineString) else max(curve.geoms, key=lambda part: part.length)


def _ribbon(line: LineString, offset: float, width: float) -> BaseGeometry:
    """A band of the given width beside a line (positive offsets lie to its left)."""
    return _beside(line, offset).buffer(width / 2, cap_style="flat")


def draw_river(plan: Plan, network: Network, rng: np.random.Generator) -> None:
    """River, banks, their trees, and the river's zone."""
    water, corridor = network.water, network.corridor
    plan.patches += [
        Patch(corridor, "bank", seed=1, rough_m=3.0),
        Patch(water.buffer(2.6), "sand", seed=2, rough_m=1.6),
        Patch(water.buffer(0.9), "water", seed=3, rough_m=0.9, dates=AFTER),
        Patch(water.buffer(-0.6), "water", seed=3, rough_m=0.9, dates=BEFORE),
    ]
    plan.zones.append(Zone("HD-01", "river", corridor, "柳河"))
    ring = corridor.buffer(4).difference(water.buffer(4.5)).difference(network.paved.buffer(2))
    shapely.prepare(ring)
    x0, y0, x1, y1 = ring.bounds
    count = int(ring.area / 42)
    points = rng.uniform((x0, y0), (x1, y1), (max(1, int(count * (x1 - x0) * (y1 - y0) / ring.area)), 2))
    clumps = np.sin(points[:, 0] / 17 + 1.3) + np.sin(points[:, 1] / 11 + points[:, 0] / 29)
    keep = shapely.contains_xy(ring, points[:, 0], points[:, 1]) & (clumps > -0.35)
    for x, y in points[keep]:
        radius = float(rng.gamma(6, 0.42) + 0.7)
        species = str(rng.choice(["willow", "poplar", "bush"], p=[0.5, 0.35, 0.15]))
        plan.trees.append(Tree(float(x), float(y), radius, radius * 2.6 + 1.5, species, int(rng.integers(1 << 30))))


def draw_roads(plan: Plan, network: Network, rng: np.random.Generator) -> None:
    """Carriageways, pavements, marks, medians, street trees, traffic and the red lines."""
    for surface, opening in (("concrete_road", 3.0), ("asphalt", 8.0)):
        roads = [r for r in network.roads if r.kind.surface == surface]
        outer = shapely.union_all([r.axis.buffer(r.kind.half_m, cap_style="square") for r in roads])
        inner = shapely.union_all([r.axis.buffer(r.kind.carriageway_m / 2, cap_style="square") for r in roads])
        verge = "pavement" if surface == "asphalt" else "verge"
        plan.patches.append(Patch(outer.buffer(opening).buffer(-opening), verge, seed=11))
        plan.patches.append(Patch(inner.buffer(opening).buffer(-opening), surface, seed=12))
    for road in network.roads:
        _mark(plan, road)
        _bridge(plan, road, network.water)
        _street_trees(plan, road, rng, network)
        _traffic(plan, road, rng)
    _red_lines(plan, network)


def _mark(plan: Plan, road: Road) -> None:
    """Lane marks, the median and the zebra crossings of one stretch."""
    if road.kind is RURAL or road.trimmed.length < 20:
        return
    half = road.kind.carriageway_m / 2
    line = road.trimmed
    if road.kind is AVENUE:
        plan.patches.append(Patch(_ribbon(line, 0, 3.2), "hedge", seed=21))
        offsets, solid = [5.2, 8.6, -5.2, -8.6], [1.9, -1.9, half - 0.5, 0.5 - half]
    else:
        offsets, solid = [3.2, -3.2], [0.2, -0.2, half - 0.5, 0.5 - half]
    for offset in solid:
        colour = "mark_yellow" if abs(offset) < 2 else "mark"
        plan.patches.append(Patch(_ribbon(line, offset, 0.3), colour, opacity=0.4))
    for offset in offsets:
        curve = _beside(line, offset)
        for at in np.arange(2.0, curve.length - 6, 10.0):
            dash = substring(curve, float(at), float(at) + 4.5)
            plan.patches.append(Patch(dash.buffer(0.15, cap_style="flat"), "mark", opacity=0.42))
    for end in (0.0, 1.0):
        p = line.interpolate(end * line.length - (2.0 if end else -2.0))
        q = line.interpolate(end * line.length - (6.0 if end else -6.0))
        band = LineString([p, q]).buffer(half - 0.6, cap_style="flat")
        angle = math.atan2(q.y - p.y, q.x - p.x)
        plan.patches.append(Patch(band, "zebra", angle=angle, opacity=0.62))


def _bridge(plan: Plan, road: Road, water: Polygon) -> None:
    """Kerbs where a road crosses the river."""
    if not road.trimmed.intersects(water):
        return
    over = water.buffer(5)
    for side in (-1, 1):
        edge = _ribbon(road.trimmed, side * (road.kind.half_m - 0.3), 0.9).intersection(over)
        plan.patches.append(Patch(edge, "concrete_light"))
    deck = _ribbon(road.trimmed, 0, 2 * road.kind.half_m - 1.2).difference(
        _ribbon(road.trimmed, 0, road.kind.carriageway_m)
    )
    plan.patches.append(Patch(deck.intersection(over), "concrete"))


def _street_trees(plan: Plan, road: Road, rng: np.random.Generator, network: Network) -> None:
    """Rows of trees at both sides, with gaps."""
    rural = road.kind is RURAL
    spacing = 4.6 if rural else 6.5
    offset = road.kind.half_m - (0.4 if rural else 1.3)
    species = "poplar" if rural else str(rng.choice(["plane", "sophora"]))
    for side in (-1, 1):
        curve = _beside(road.trimmed, side * offset)
        present = float(rng.uniform(0.25, 0.9)) if rural else 0.88
        for at in np.arange(2.0, curve.length, spacing):
            p = curve.interpolate(float(at + rng.normal(0, 0.35)))
            gap = math.sin(at / 23 + 5 * offset) > 0.8
            if rng.random() > present or gap or network.water.distance(p) < 2:
                continue
            radius = float(rng.uniform(1.5, 2.5) if rural else rng.uniform(1.7, 3.1))
            plan.trees.append(Tree(p.x, p.y, radius, radius * 2.5 + 2, species, int(rng.integers(1 << 30))))
    if road.kind is AVENUE:
        for at in np.arange(3.0, road.trimmed.length, 5.0):
            p = road.trimmed.interpolate(float(at))
            plan.trees.append(Tree(p.x, p.y, 1.1, 2.6, "pine", int(rng.integers(1 << 30))))


def _traffic(plan: Plan, road: Road, rng: np.random.Generator) -> None:
    """Vehicles under way: others on each date."""
    per_km = {"avenue": 55.0, "street": 30.0, "rural": 8.0}[road.kind.name]
    lanes = {"avenue": [3.4, 6.9, 10.2], "street": [1.6, 4.8], "rural": [1.4]}[road.kind.name]
    for dates in (BEFORE, AFTER):
        for _ in range(int(rng.poisson(per_km * road.axis.length / 1000))):
            at, side = float(rng.uniform(0, road.axis.length)), float(rng.choice([-1.0, 1.0]))
            p, q = road.axis.interpolate(at), road.axis.interpolate(min(at + 1, road.axis.length))
            angle = math.atan2(q.y - p.y, q.x - p.x) if q.distance(p) > 0 else 0.0
            lane = side * float(rng.choice(lanes))
            x, y = p.x - lane * math.sin(angle), p.y + lane * math.cos(angle)
            plan.solids.append(vehicle(rng, x, y, angle, dates, lorries=0.14))


def vehicle(
    rng: np.random.Generator, x: float, y: float, angle: float, dates: int = BOTH, lorries: float = 0.05
) -> Solid:
    """A car, or now and then a lorry."""
    seed = int(rng.integers(1 << 30))
    if rng.random() < lorries:
        return Solid(Rect(x, y, float(rng.uniform(7, 12)), 2.5, angle), "lorry", 3.2, seed, dates)
    return Solid(Rect(x, y, float(rng.uniform(4.2, 4.9)), 1.85, angle), "car", 1.5, seed, dates)


def _red_lines(plan: Plan, network: Network) -> None:
    """The red lines of the paved roads: the axis with a half width that reaches beyond the pavement."""
    names = iter(f"HX-{n:02d}" for n in range(1, 1000))
    for axis_index, lines in enumerate(network.lines):
        span = network.lines[1 - axis_index]
        for at, kind in lines:
            if kind is RURAL:
                continue
            a, b = span[0][0], span[-1][0]
            ends = ((at, a), (at, b)) if axis_index == 0 else ((a, at), (b, at))
            line = network.warp.line(*ends)
            label = "规划主干路" if kind is AVENUE else "规划次干路"
            plan.zones.append(Zone(next(names), "road_redline", line, label, kind.half_m + 9.0))
