"""Farmland: tracks, strips of several crops, orchards, greenhouses, ponds and a few field trees."""

from __future__ import annotations

import math

from shapely.geometry import Point, Polygon

from geodata.demo.frame import Box, cuts
from geodata.demo.ground import Ground, outer_ring
from geodata.demo.plan import BOTH, Parcel, Rect, Zone

_CROPS = {
    "wheat_maize": 0.46,
    "soil_maize": 0.13,
    "wheat_stubble": 0.14,
    "vegetable": 0.1,
    "mulch": 0.08,
    "cotton": 0.06,
    "rape": 0.03,
}


def fill_farmland(ground: Ground, cell: Box, village: str, protected: bool) -> None:
    """Fill one cell with fields; `protected` makes it permanent basic farmland."""
    inner = cell.inset(0.8)
    if protected:
        zone = ground.warp.polygon(inner).difference(ground.corridor)
        number = sum(z.kind == "permanent_basic_farmland" for z in ground.plan.zones) + 1
        parts = [g for g in getattr(zone, "geoms", [zone]) if g.area > 2000]
        for k, part in enumerate(parts):
            name = f"YJNT-{number:03d}" + ("" if k == 0 else f"-{k}")
            ground.plan.zones.append(Zone(name, "permanent_basic_farmland", part, f"{village}永久基本农田"))
    bands = inner.rows(cuts(ground.rng, inner.v0, inner.v1, 88, 140))
    for band in bands:
        track = Box(band.u0, band.v1 - 3.4, band.u1, band.v1)
        ground.cover(ground.warp.polygon(track).difference(ground.corridor), "track", rough=0.7)
        field = Box(band.u0, band.v0, band.u1, band.v1 - 3.4)
        blocks = field.columns(cuts(ground.rng, field.u0, field.u1, 75, 130))
        for block in blocks:
            _block(ground, block, village, protected)
        _track_trees(ground, track)


def _block(ground: Ground, block: Box, village: str, protected: bool) -> None:
    """A group of neighbouring strips, or one of the special uses."""
    kinds = {"strips": 0.74, "orchard": 0.07, "tunnels": 0.09, "pond": 0.03, "grove": 0.07}
    kind = "strips" if protected and ground.chance(0.7) else ground.one_of(kinds)
    if ground.in_view(*ground.warp.point(*block.centre)) and not any(
        ground.in_view(p.shape.centroid.x, p.shape.centroid.y) for p in ground.plan.by_role("greenhouse")
    ):
        kind = "tunnels"
    if kind == "strips":
        favourite = ground.one_of(_CROPS)
        across = ground.chance(0.28)
        cut = cuts(ground.rng, *((block.v0, block.v1) if across else (block.u0, block.u1)), 14, 34)
        for strip in block.rows(cut) if across else block.columns(cut):
            crop = favourite if ground.chance(0.45) else ground.one_of(_CROPS)
            _strip(ground, strip, crop, village, across)
        return
    codes = {"orchard": "0201", "tunnels": "1202", "pond": "1104", "grove": "0301"}
    role = "greenhouse" if kind == "tunnels" else "farm_other"
    parcel = ground.parcel(block, role, codes[kind], village)
    if parcel is None:
        return
    inner = parcel.shape.buffer(-1.2)
    if kind == "orchard":
        _orchard(ground, block, parcel)
    elif kind == "tunnels":
        tunnels(ground, ground.warp.rect(block.inset(3)), share=0.8)
        ground.cover(inner, "earth", rough=0.8)
    elif kind == "grove":
        ground.cover(inner, "weeds", rough=1.5)
        ground.grove(inner.buffer(-1.5), 1 / 11, {"poplar": 0.9, "pine": 0.1}, (1.6, 2.7))
    else:
        _pond(ground, block, parcel)


def _strip(ground: Ground, strip: Box, crop: str, village: str, across: bool) -> None:
    """One strip of one crop, with a balk around it and perhaps a lone tree or a graves' grove."""
    parcel = ground.parcel(strip, "field", "0102", village)
    if parcel is None:
        return
    angle = parcel.angle + (0.0 if across else math.pi / 2)
    ground.cover(parcel.shape.buffer(-ground.between(0.35, 0.8)), crop, angle, rough=0.45)
    if ground.chance(0.05):
        rect = ground.warp.rect(strip)
        x, y = rect.at(ground.between(-0.2, 0.2) * rect.length, ground.between(-0.3, 0.3) * rect.width)
        ground.grove(parcel.shape.intersection(_disc(x, y, 5)), 1 / 9, {"pine": 0.7, "poplar": 0.3}, (1.2, 2.2))


def _disc(x: float, y: float, radius: float) -> Polygon:
    """A round piece of ground."""
    return Point(x, y).buffer(radius)


def _track_trees(ground: Ground, track: Box) -> None:
    """Poplars along one side of a field track, in stretches."""
    if not ground.chance(0.65):
        return
    start = ground.between(0, 0.4)
    end = start + ground.between(0.3, 0.6)
    u = track.u0 + start * track.width
    while u < track.u0 + min(1.0, end) * track.width:
        x, y = ground.warp.point(u, track.v0 + 0.5)
        if ground.chance(0.85) and not ground.inside(ground.corridor, x, y):
            ground.tree(x, y, ground.between(1.3, 2.4), "poplar")
        u += ground.between(3.2, 4.8)


def _orchard(ground: Ground, block: Box, parcel: Parcel) -> None:
    """Fruit trees in rows."""
    ground.cover(parcel.shape.buffer(-1.0), "orchard_floor", parcel.angle + math.pi / 2, rough=0.6)
    keep = parcel.shape.buffer(-2.2)
    gap_u, gap_v = ground.between(4.2, 5.2), ground.between(3.2, 4.0)
    u = block.u0 + 3
    while u < block.u1 - 2:
        v = block.v0 + 3
        while v < block.v1 - 2:
            x, y = ground.warp.point(u + ground.between(-0.3, 0.3), v + ground.between(-0.3, 0.3))
            if ground.chance(0.94) and ground.inside(keep, x, y):
                ground.tree(x, y, ground.between(1.1, 1.75), "fruit")
            v += gap_v
        u += gap_u


def tunnels(ground: Ground, rect: Rect, share: float, dates: int = BOTH) -> list[Rect]:
    """Fill a rectangle with rows of greenhouses; answers their outlines."""
    solar = ground.chance(0.4)
    width, gap = (9.5, 6.5) if solar else (8.0, 1.8)
    field = rect if solar else rect.turned()
    done: list[Rect] = []
    at = -field.width / 2 + width / 2 + 1
    while at < field.width / 2 - width / 2:
        length = field.length - ground.between(3, 6)
        spot = field.part(ground.between(-1, 1), at, length, width)
        if ground.chance(share) and ground.build(spot, "greenhouse" if solar else "tunnel", 3.4, dates):
            done.append(spot)
        at += width + gap
    return done


def _pond(ground: Ground, block: Box, parcel: Parcel) -> None:
    """A fish pond with an embankment and a few willows."""
    inner = parcel.shape.buffer(-4).buffer(-6).buffer(6)
    ground.cover(parcel.shape.buffer(-0.8), "weeds", rough=1.2)
    ground.cover(inner.buffer(1.6), "earth", rough=1.2)
    ground.cover(inner, "pond", rough=0.6)
    ground.grove(outer_ring(parcel.shape.buffer(-1.0), 2.0), 1 / 40, {"willow": 1.0}, (1.6, 2.8))
