"""The built-up side: an industrial estate, compounds with a school, land waiting to be built on."""

from __future__ import annotations

import math

import numpy as np
from shapely.geometry import LineString

from geodata.demo.frame import Box, cuts
from geodata.demo.ground import Ground, outer_ring
from geodata.demo.plan import AFTER, BEFORE, BOTH, Rect
from geodata.demo.roads import vehicle

_HALLS = {"hall_blue": 0.45, "hall_white": 0.32, "red_steel": 0.09, "white_steel": 0.14}
_PARK = {"plane": 0.35, "sophora": 0.35, "pine": 0.15, "bush": 0.15}


def fill_industry(ground: Ground, cell: Box) -> None:
    """Fill one cell with industrial lots on both sides of an estate road."""
    inner = cell.inset(1.0)
    middle = inner.v0 + inner.depth * ground.between(0.42, 0.58)
    road = Box(inner.u0 - 1, middle - 4.5, inner.u1 + 1, middle + 4.5)
    for side in (
        Box(inner.u0, inner.v0, inner.u1, middle - 7),
        Box(inner.u0, middle + 7, inner.u1, inner.v1),
    ):
        if side.depth < 25:
            continue
        for lot in side.columns(cuts(ground.rng, side.u0, side.u1, 62, 105)):
            _lot(ground, lot, faces_south=side.v1 < middle)
    ground.cover(ground.warp.polygon(Box(road.u0, road.v0 - 2.4, road.u1, road.v1 + 2.4)), "verge")
    ground.cover(ground.warp.polygon(road), "concrete_road")
    ground.parcel(Box(inner.u0, middle - 7, inner.u1, middle + 7), "estate_road", "1004", state=True)
    for u in np.arange(road.u0 + 6, road.u1 - 4, 7.0):
        for v in (road.v0 - 1.4, road.v1 + 1.4):
            x, y = ground.warp.point(float(u), v)
            if ground.chance(0.7) and not ground.inside(ground.corridor, x, y):
                ground.tree(x, y, ground.between(1.2, 2.2), "plane")


def _lot(ground: Ground, lot: Box, faces_south: bool) -> None:
    """One works: halls, an office by the road, a yard with goods and lorries."""
    parcel = ground.parcel(lot, "industrial", "0601", state=True)
    if parcel is None:
        return
    rect = ground.warp.rect(lot.inset(1.2))
    ground.cover(parcel.shape.buffer(-0.5), "weeds", rough=0.8)
    if not ground.free(rect) or ground.chance(0.12):
        ground.cover(parcel.shape.buffer(-4), ground.one_of({"earth": 0.6, "vacant": 0.4}), rough=3.0)
        ground.fence(rect, 2.2, 8)
        return
    ground.cover(rect.part(0, 0, rect.length - 4, rect.width - 4).polygon, "concrete", rect.angle, rough=0.3)
    ground.fence(rect, 2.2, 9)
    front = 1.0 if faces_south else -1.0
    ground.grove(outer_ring(rect.grown(-0.6).polygon, 1.8), 1 / 26, {"plane": 0.6, "pine": 0.4}, (1.0, 1.9))
    _halls(ground, rect, front)
    _yard(ground, rect, front)


def _halls(ground: Ground, rect: Rect, front: float) -> None:
    """The halls at the back of a works and the office in front."""
    depth = rect.width - ground.between(26, 34)
    back = -front * (rect.width / 2 - 4 - depth / 2)
    style = ground.one_of(_HALLS)
    count = int(ground.rng.integers(1, 4)) if rect.length > 70 else int(ground.rng.integers(1, 3))
    free = rect.length - 10
    slot = free / count
    kept = count if count == 1 or ground.chance(0.45) else count - 1
    for k in range(kept):
        gap = ground.between(6, 8)
        length = slot - gap
        deep = depth * ground.between(0.72, 1.0)
        along = -free / 2 + slot * (k + 0.5)
        shift = -front * (depth - deep) / 2
        spot = rect.part(along, back + shift, length, deep)
        spot = spot if spot.length >= spot.width else spot.turned()
        skin = style if ground.chance(0.7) else ground.one_of(_HALLS)
        ground.build(spot, skin, ground.between(7.5, 11.0))
    along = ground.between(-0.3, 0.3) * rect.length
    office = rect.part(along, front * (rect.width / 2 - 9.5), ground.between(18, 30), ground.between(9, 12))
    ground.build(office, ground.one_of({"flat": 0.7, "flat_dark": 0.3}), ground.between(7, 12))


def _yard(ground: Ground, rect: Rect, front: float) -> None:
    """Lorries, cars, containers and heaps in front of the halls; they change between the dates."""
    depth = front * (rect.width / 2 - 20)
    for dates in (BEFORE, AFTER):
        for _ in range(int(ground.rng.poisson(5))):
            x, y = rect.at(ground.between(-0.46, 0.46) * rect.length, depth + ground.between(-4, 4))
            angle = rect.angle + math.pi / 2 * int(ground.rng.integers(0, 2))
            ground.plan.solids.append(vehicle(ground.rng, x, y, angle, dates, lorries=0.45))
    if ground.chance(0.4):
        along = ground.between(-0.4, 0.4) * rect.length
        heap = rect.part(along, depth + front * 1.0, ground.between(7, 14), ground.between(4, 6))
        ground.cover(heap.polygon, ground.one_of({"heap_dark": 0.5, "heap_light": 0.5}), rough=2.0)
    for k in range(int(ground.rng.integers(0, 4))):
        along = -rect.length / 2 + 9 + 3.1 * k
        ground.build(rect.part(along, depth - front * 6, 6.1, 2.5).turned(), "container", 2.6)


def fill_compound(ground: Ground, cell: Box, name: str) -> None:
    """A residential compound of slab blocks; beside it a school, or its second phase still unbuilt."""
    inner = cell.inset(1.0)
    cut = inner.u0 + inner.width * ground.between(0.56, 0.66)
    slabs, rest = inner.columns([cut])
    _slabs(ground, slabs, name)
    upper, lower = rest.rows([rest.v0 + rest.depth * ground.between(0.42, 0.52)])
    _school(ground, upper)
    _phase_two(ground, lower, name)


def _slabs(ground: Ground, box: Box, name: str) -> None:
    """Rows of slab blocks facing south, lawns between them, shops along the western road."""
    parcel = ground.parcel(box, "compound", "0701", name, state=True)
    if parcel is None:
        return
    ground.cover(parcel.shape.buffer(-1), "lawn", rough=0.5)
    shops = Box(box.u0 + 9.5, box.v0 + 12, box.u0 + 20.5, box.v1 - 12)
    for piece in shops.rows(cuts(ground.rng, shops.v0, shops.v1, 34, 60)):
        rect = ground.warp.rect(piece.inset(0, 1.5)).turned()
        ground.build(rect, ground.one_of({"flat": 0.7, "flat_dark": 0.3}), ground.between(6.5, 9))
    ground.cover(ground.warp.polygon(Box(box.u0 + 1, box.v0 + 6, box.u0 + 9, box.v1 - 6)), "pavement")
    living = Box(box.u0 + 26, box.v0 + 7, box.u1 - 6, box.v1 - 7)
    height = ground.between(17, 20)
    lane = living.u0 + living.width * 0.5
    v = living.v0
    tall = ground.chance(0.5)
    while v + 13 < living.v1:
        for half in (Box(living.u0, v, lane - 5, v + 13), Box(lane + 5, v, living.u1, v + 13)):
            rect = ground.warp.rect(half.inset(ground.between(1, 3), 0.4))
            ground.build(rect, "slab", height + (9 if tall and v < living.v0 + 40 else 0))
            _slab_court(ground, half)
        v += ground.between(29, 33)
    for u in (living.u0 - 3, lane, living.u1 + 2):
        ground.cover(ground.warp.polygon(Box(u - 2.6, box.v0 + 4, u + 2.6, box.v1 - 4)), "concrete_road")
    ground.fence(ground.warp.rect(Box(box.u0 + 22, box.v0 + 2, box.u1 - 1, box.v1 - 2)), 2.0, 12)


def _slab_court(ground: Ground, slab: Box) -> None:
    """The ground south of a slab: an access path with parked cars, then lawn, shrubs and trees."""
    path = Box(slab.u0 - 1, slab.v1 + 3.5, slab.u1 + 1, slab.v1 + 8.5)
    ground.cover(ground.warp.polygon(path), "concrete_road")
    spot = ground.warp.rect(Box(path.u0, path.v1, path.u1, path.v1 + 5.2))
    ground.cover(spot.polygon, "parking", spot.angle)
    for along in np.arange(-spot.length / 2 + 2, spot.length / 2 - 1, 2.7):
        for dates in (BEFORE, AFTER):
            if ground.chance(0.55):
                x, y = spot.at(float(along), 0.0)
                if ground.free(spot):
                    ground.plan.solids.append(vehicle(ground.rng, x, y, spot.angle + math.pi / 2, dates, 0.0))
    green = ground.warp.polygon(Box(slab.u0, slab.v1 + 0.6, slab.u1, slab.v1 + 3.2))
    ground.grove(green, 1 / 22, {"bush": 0.7, "pine": 0.3}, (0.8, 1.4))
    garden = ground.warp.polygon(Box(slab.u0, slab.v1 + 14.6, slab.u1, slab.v1 + 16.6))
    ground.grove(garden, 1 / 12, _PARK, (1.3, 2.8))


def _school(ground: Ground, box: Box) -> None:
    """A school: a running track around a pitch, teaching blocks, a paved yard."""
    parcel = ground.parcel(box, "school", "0803", state=True)
    if parcel is None:
        return
    ground.cover(parcel.shape.buffer(-1), "lawn", rough=0.4)
    rect = ground.warp.rect(box.inset(5))
    if not ground.free(rect):
        return
    long = rect if rect.length > rect.width else rect.turned()
    half = long.width * 0.27
    centre = -long.length * 0.14
    field = LineString(
        [long.at(centre - long.length * 0.2, half * 0.75), long.at(centre + long.length * 0.2, half * 0.75)]
    )
    for reach, cover in ((half, "track_red"), (half - 7, "pitch")):
        ground.cover(field.buffer(max(reach, 3.0)), cover, long.angle)
    for k in range(1, 6):
        ring = outer_ring(field.buffer(half - 1.2 * k), 0.3)
        ground.cover(ring, "mark", opacity=0.3)
    ground.cover(long.part(long.length * 0.36, 0, long.length * 0.26, long.width).polygon, "pavement", long.angle)
    for place in (-0.3, 0.0, 0.3):
        block = long.part(long.length * 0.36, place * long.width, long.length * 0.22, min(12.0, long.width * 0.18))
        ground.build(block, ground.one_of({"flat": 0.6, "tile_red": 0.4}), 13)
    back = long.part(centre, -long.width * 0.38, long.length * 0.55, min(11.0, long.width * 0.16))
    ground.build(back, "flat", 10)
    ground.grove(outer_ring(parcel.shape.buffer(-2.5), 3), 1 / 22, _PARK, (1.4, 2.8))
    ground.fence(ground.warp.rect(box.inset(1.5)), 2.0, 10)


def _phase_two(ground: Ground, box: Box, name: str) -> None:
    """Ground cleared for the next blocks of a compound."""
    parcel = ground.parcel(box, "phase_two", "0701", name, state=True)
    if parcel is None:
        return
    ground.cover(parcel.shape.buffer(-1), "vacant", rough=1.0)
    ground.cover(parcel.shape.buffer(-7), "bare", rough=5.0)
    net = ground.warp.rect(box).part(box.width * 0.27, box.depth * 0.27, box.width * 0.3, box.depth * 0.25)
    ground.cover(net.polygon.intersection(parcel.shape), "dust_net", net.angle, rough=1.5, dates=BEFORE)
    ground.fence(ground.warp.rect(box.inset(1.2)), 2.2, 10)


def fill_vacant(ground: Ground, cell: Box) -> None:
    """Land in waiting: weeds, trodden paths, heaps of soil, green nets over bare earth."""
    inner = cell.inset(1.0)
    for band in inner.rows(cuts(ground.rng, inner.v0, inner.v1, 75, 120)):
        for box in band.columns(cuts(ground.rng, band.u0, band.u1, 80, 140)):
            parcel = ground.parcel(box, "vacant", "1201", state=True)
            if parcel is None:
                continue
            ground.cover(parcel.shape, "vacant", rough=1.2)
            rect = ground.warp.rect(box)
            for _ in range(4):
                spot = rect.part(
                    ground.between(-0.35, 0.35) * rect.length,
                    ground.between(-0.35, 0.35) * rect.width,
                    ground.between(0.15, 0.5) * rect.length,
                    ground.between(0.15, 0.4) * rect.width,
                )
                kind = ground.one_of({"bare": 0.4, "weeds": 0.35, "heap_light": 0.1, "dust_net": 0.15})
                dates = BEFORE if kind == "dust_net" and ground.chance(0.3) else BOTH
                ground.cover(spot.polygon.intersection(parcel.shape), kind, rect.angle, rough=6.0, dates=dates)
            path = LineString(
                [
                    rect.at(-rect.length / 2, ground.between(-20, 20)),
                    rect.at(0, ground.between(-12, 12)),
                    rect.at(rect.length / 2, ground.between(-20, 20)),
                ]
            )
            ground.cover(path.buffer(1.6).intersection(parcel.shape), "track", rough=0.8)
            ground.grove(parcel.shape.buffer(-2), 1 / 420, {"poplar": 0.5, "bush": 0.5}, (0.9, 2.4))
