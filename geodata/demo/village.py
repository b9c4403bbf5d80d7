"""A village: rows of courtyards along lanes, of an irregular outline, with gardens and groves at its edge."""

from __future__ import annotations

import math
from collections.abc import Callable

from geodata.demo.frame import Box, cuts
from geodata.demo.ground import Ground
from geodata.demo.plan import AFTER, BEFORE, BOTH, Rect
from geodata.demo.roads import vehicle

_HOUSES = {"tile_grey": 0.32, "tile_red": 0.27, "flat": 0.27, "flat_dark": 0.06, "blue_steel": 0.08}
_TREES = {"sophora": 0.4, "poplar": 0.35, "fruit": 0.25}


def fill_village(ground: Ground, cell: Box, name: str) -> None:
    """Fill one cell with a village."""
    rng = ground.rng
    inner = cell.inset(1.5)
    ground.cover(ground.warp.polygon(inner), "village_ground", rough=1.0)
    u0, v0 = inner.centre
    reach_u, reach_v = inner.width * 0.5, inner.depth * 0.5
    phase = rng.uniform(0, 6.3, 3)

    def built_up(box: Box) -> bool:
        a, b = (box.centre[0] - u0) / reach_u, (box.centre[1] - v0) / reach_v
        turn = math.atan2(b, a)
        wave = 0.13 * math.sin(2 * turn + phase[0]) + 0.1 * math.sin(3 * turn + phase[1])
        wave += 0.05 * math.sin(7 * turn)
        return bool((abs(a) ** 3 + abs(b) ** 3) ** (1 / 3) < 0.9 + wave)

    spine = inner.u0 + inner.width * ground.between(0.4, 0.6)
    ground.cover(ground.warp.polygon(Box(spine - 3, inner.v0 - 1.5, spine + 3, inner.v1 + 1.5)), "concrete_road")
    v = inner.v0 + ground.between(2, 5)
    while v < inner.v1 - 17:
        depth, lane = ground.between(17.5, 21.5), ground.between(3.6, 5.2)
        depth = min(depth, inner.v1 - v - 1)
        for half in (
            Box(inner.u0 + 1, v, spine - 3.4, v + depth),
            Box(spine + 3.4, v, inner.u1 - 1, v + depth),
        ):
            _row(ground, half, built_up, name)
        lane_box = Box(inner.u0 + 1, v + depth + 0.3, inner.u1 - 1, v + depth + lane - 0.3)
        _lane(ground, lane_box, built_up)
        v += depth + lane
    if v < inner.v1 - 6:
        _outskirts(ground, Box(inner.u0 + 1, v, inner.u1 - 1, inner.v1), name)


def _row(ground: Ground, row: Box, built_up: Callable[[Box], bool], name: str) -> None:
    """One row of plots; neighbouring plots outside the built-up outline become one garden."""
    style = ground.one_of(_HOUSES)
    shift = ground.between(-0.6, 0.6)
    garden: Box | None = None
    for plot in row.columns(cuts(ground.rng, row.u0, row.u1, 14.0, 19.5)):
        if built_up(plot):
            if garden is not None:
                _outskirts(ground, garden, name)
                garden = None
            _plot(ground, plot, name, style, shift)
        else:
            garden = Box(garden.u0, plot.v0, plot.u1, plot.v1) if garden else plot
    if garden is not None:
        _outskirts(ground, garden, name)


def _lane(ground: Ground, lane: Box, built_up: Callable[[Box], bool]) -> None:
    """The lane south of a row, as far as houses stand beside it, with cars and trees."""
    pieces = [b for b in lane.columns(cuts(ground.rng, lane.u0, lane.u1, 14, 18)) if built_up(b)]
    if not pieces:
        return
    span = Box(pieces[0].u0, lane.v0, pieces[-1].u1, lane.v1)
    ground.cover(ground.warp.polygon(span), ground.one_of({"concrete_road": 0.6, "dirt": 0.4}), rough=0.6)
    for piece in pieces:
        spot = ground.warp.rect(piece)
        if ground.chance(0.35):
            x, y = spot.at(ground.between(-6, 6), spot.width / 2 - 0.5)
            ground.tree(x, y, ground.between(1.3, 2.9), ground.one_of(_TREES))
        for dates in (BEFORE, AFTER):
            if ground.chance(0.16) and ground.free(spot):
                x, y = spot.at(ground.between(-5, 5), -spot.width / 2 + 1.2)
                ground.plan.solids.append(vehicle(ground.rng, x, y, spot.angle, dates))


def _plot(ground: Ground, box: Box, name: str, row_style: str, shift: float) -> None:
    """One homestead: usually a courtyard house, now and then an empty plot."""
    empty = ground.chance(0.1)
    role = "homestead_empty" if empty else "homestead"
    parcel = ground.parcel(box, role, "0702", name)
    if parcel is None:
        return
    rect = ground.warp.rect(box.inset(0.3))
    if not ground.free(rect):
        ground.cover(parcel.shape, "weeds", rough=1.0)
        return
    if empty:
        cover = ground.one_of({"garden": 0.45, "weeds": 0.25, "earth": 0.3})
        ground.cover(parcel.shape.buffer(-0.4), cover, rect.angle, rough=0.5)
        if ground.chance(0.6):
            x, y = rect.at(ground.between(-5, 5), rect.width / 2 - 2)
            ground.tree(x, y, ground.between(1.5, 3), ground.one_of(_TREES))
        return
    style = row_style if ground.chance(0.55) else ground.one_of(_HOUSES)
    courtyard(ground, rect, style, shift)


def courtyard(ground: Ground, rect: Rect, style: str, shift: float = 0.0) -> None:
    """A courtyard house: the main house in the north, perhaps wings and a gatehouse, walls, a yard."""
    ground.cover(rect.polygon, ground.one_of({"yard": 0.6, "earth": 0.25, "brick": 0.15}), rect.angle)
    w, d = rect.length, rect.width
    depth = ground.between(6.6, 8.6)
    storeys = 2 if ground.chance(0.28) else 1
    north = -d / 2 + depth / 2 + 0.5 + shift * 0.4
    skin = "hip_red" if storeys == 2 and ground.chance(0.3) else style
    ground.build(rect.part(0, north, w - ground.between(0.3, 1.0), depth), skin, 3.4 * storeys + 0.3)
    south = north + depth / 2
    side = 1.0 if ground.chance(0.5) else -1.0
    room = d / 2 - south
    sides = [side] if ground.chance(0.5) else ([side, -side] if ground.chance(0.35) else [])
    for s in sides:
        across, length = ground.between(3.2, 4.4), room - ground.between(0.6, 3.5)
        wing = ground.one_of({style: 0.5, "flat": 0.3, "blue_steel": 0.2})
        spot = rect.part(s * (w / 2 - across / 2 - 0.3), south + length / 2 + 0.1, across, length).turned()
        if length > 3:
            ground.build(spot, wing, ground.between(2.7, 3.2))
    if len(sides) < 2 and ground.chance(0.35):
        length = w * ground.between(0.35, 0.55)
        ground.build(rect.part(-side * (w / 2 - length / 2 - 0.4), d / 2 - 2.1, length, 3.6), "flat", 2.9)
    ground.fence(rect, 2.2, gate_m=2.6)
    if ground.chance(0.42):
        x, y = rect.at(-side * ground.between(1.5, 3.5), south + ground.between(2.5, max(2.6, room - 2)))
        ground.tree(x, y, ground.between(1.2, 2.7), ground.one_of(_TREES))
    for dates in (BEFORE, AFTER):
        if ground.chance(0.12) and room > 6:
            x, y = rect.at(-side * 2.0, south + room / 2)
            ground.plan.solids.append(vehicle(ground.rng, x, y, rect.angle + math.pi / 2, dates))


def _outskirts(ground: Ground, box: Box, name: str) -> None:
    """Land at the village's edge: kitchen gardens, a grove, an orchard, a threshing floor."""
    if box.width < 8 or box.depth < 6:
        return
    use = ground.one_of({"garden": 0.4, "grove": 0.3, "weeds": 0.12, "floor": 0.08, "orchard": 0.1})
    land_use = {"garden": "0103", "grove": "0301", "weeds": "1201", "floor": "1202", "orchard": "0201"}[use]
    parcel = ground.parcel(box, "garden" if use in {"garden", "weeds"} else "outskirts", land_use, name)
    if parcel is None:
        return
    inner = parcel.shape.buffer(-0.6)
    if use == "grove":
        ground.cover(inner, "weeds", rough=1.0)
        ground.grove(inner.buffer(-0.8), 1 / 15, {"poplar": 0.8, "sophora": 0.2}, (1.4, 2.9))
    elif use == "orchard":
        ground.cover(inner, "orchard_floor", parcel.angle, rough=0.4)
        ground.grove(inner.buffer(-1), 1 / 17, {"fruit": 1.0}, (1.1, 1.8))
    elif use == "floor":
        ground.cover(inner, "concrete", parcel.angle, dates=BOTH)
    else:
        ground.cover(inner, "garden" if use == "garden" else "weeds", parcel.angle, rough=0.5)
        ground.grove(inner, 1 / 160, {"fruit": 0.5, "sophora": 0.5}, (1.1, 2.4))
