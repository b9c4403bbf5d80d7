"""A simulated town over 36 months: what stands, what a monthly scan sees of it, and which structure that is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
import shapely
from shapely.affinity import rotate, translate

from geodata.track import Sighting

MONTHS = 36
SITES = 14
APART_M = 60.0
MISSED = 0.1
BLURRED = 0.05
JITTER_M = 0.6
SHIFT_M = 1.0
"""Standard deviations of each outline's position and of a whole date's."""


def month(k: int) -> datetime:
    return datetime(2022 + k // 12, 1 + k % 12, 1, tzinfo=UTC)


@dataclass
class Town:
    """What stands, by the number of the structure, and all that scans told.

    Args:
        sightings: What scans told.
        truth: Number of the structure of each sighting; one that shows two houses as one tells of both and is not here.
        relations: (kind, structure, other): merged, split, rebuilt.
    """

    sightings: list[Sighting] = field(default_factory=list)
    truth: dict[str, int] = field(default_factory=dict)
    relations: set[tuple[str, int, int]] = field(default_factory=set)
    shifts: list[np.ndarray] = field(default_factory=lambda: [np.zeros(2)])


@dataclass
class _Standing:
    number: int
    shape: shapely.Polygon
    place: int
    seen: bool = False
    told: bool = False
    joined: bool = False
    knew: bool = False


def simulate(seed: int) -> Town:
    """Structures appear, grow, merge, split, go and come again on sites of a lattice; one of ten looks misses one.

    Now and then a look shows two known houses as one. What merges or splits was seen as it is the month before and is
    seen the month after: of two houses that became one before anybody saw the second, nobody can tell.
    """
    rng = np.random.default_rng(seed)
    town = Town()
    standing: list[_Standing] = []
    last_at: dict[int, list[tuple[int, shapely.Polygon]]] = {}
    count = 0
    for k in range(1, MONTHS + 1):
        lost: list[_Standing] = []
        for place in range(SITES * SITES):
            here = [s for s in standing if s.place == place]
            chance = rng.random()
            if not here and chance < 0.06:
                count = _build(place, standing, last_at.get(place, []), town, count, rng)
            elif len(here) == 1 and chance < 0.04:
                count = _change(here[0], standing, town, count, rng)
            elif len(here) == 2 and chance < 0.04 and all(s.seen for s in here):
                _merge(here, standing, town)
            elif here and 0.04 < chance < 0.06:
                gone = here[int(rng.integers(len(here)))]
                standing.remove(gone)
                lost.append(gone)
        _look(town, k, standing, lost, rng)
        for gone in lost:
            last_at.setdefault(gone.place, []).append((gone.number, gone.shape))
    return town


def _build(
    place: int, standing: list[_Standing], before: list[tuple[int, shapely.Polygon]], town: Town, count: int,
    rng: np.random.Generator,
) -> int:  # fmt: skip
    """One house or two on a free site; whether each stands where another stood is plain, or it is not built."""
    centre = np.array([place % SITES, place // SITES]) * APART_M + rng.uniform(-8, 8, 2)
    for shape in _houses(rng, centre):
        was = [n for n, old in before if old.intersection(shape).area > 0.55 * min(old.area, shape.area)]
        near = [n for n, old in before if old.buffer(4).intersects(shape)]
        if not near or len(was) == 1:
            town.relations |= {("rebuilt", count, n) for n in was}
            standing.append(_Standing(count, shape, place))
            count += 1
    return count


def _change(one: _Standing, standing: list[_Standing], town: Town, count: int, rng: np.random.Generator) -> int:
    """A house grows, or loses its middle."""
    if rng.random() < 0.5:
        _grow(one, rng)
    elif one.seen and not one.joined:
        return _split(one, standing, town, count)
    return count


def _houses(rng: np.random.Generator, centre: np.ndarray) -> list[shapely.Polygon]:
    """One house, or two with a gap of a few metres."""
    length, width = rng.uniform(5, 22), rng.uniform(5, 14)
    first = shapely.box(-length / 2, -width / 2, length / 2, width / 2)
    shapes = [first]
    if rng.random() < 0.35:
        other = rng.uniform(0.4, 0.7) * length
        gap = rng.uniform(3, 5)
        shapes.append(shapely.box(length / 2 + gap, -width / 2, length / 2 + gap + other + 4, width / 2))
    angle = rng.uniform(0, 90)
    return [translate(rotate(shape, angle, origin=(0, 0)), *centre) for shape in shapes]


def _grow(one: _Standing, rng: np.random.Generator) -> None:
    """An annex along one side, of up to the house's own size."""
    ring = np.asarray(shapely.minimum_rotated_rectangle(one.shape).exterior.coords)
    a, b = ring[:2] if rng.random() < 0.5 else ring[1:3]
    out = (a + b) / 2 - np.asarray(one.shape.centroid.coords[0])
    out = out / np.hypot(*out) * rng.uniform(3, 8)
    one.shape = shapely.union(one.shape, shapely.convex_hull(shapely.MultiPoint([a, b, a + out, b + out]))).buffer(0.05)


def _split(one: _Standing, standing: list[_Standing], town: Town, count: int) -> int:
    """The part between a third and a half of its length goes; the larger rest keeps its name."""
    ring = np.asarray(shapely.minimum_rotated_rectangle(one.shape).exterior.coords)
    sides = [ring[1] - ring[0], ring[2] - ring[1]]
    along, across = sides if np.hypot(*sides[0]) >= np.hypot(*sides[1]) else sides[::-1]
    start = ring[0] if along is sides[0] else ring[1]
    across = (ring[2] - ring[1]) if along is sides[0] else (ring[0] - ring[1])
    if np.hypot(*along) < 18:
        return count
    cut = shapely.Polygon(
        [start + along * s + across * t for s, t in ((0.3, -0.2), (0.3, 1.2), (0.5, 1.2), (0.5, -0.2))]
    )
    parts = sorted(shapely.get_parts(one.shape.difference(cut)), key=lambda p: -p.area)
    if len(parts) != 2 or parts[1].area < 40 or parts[0].area < 1.3 * parts[1].area:
        return count
    one.shape, one.told = parts[0], True
    standing.append(_Standing(count, parts[1], one.place, told=True))
    town.relations.add(("split", count, one.number))
    return count + 1


def _merge(here: list[_Standing], standing: list[_Standing], town: Town) -> None:
    """The gap between two is built over; the larger one keeps its name."""
    large, small = sorted(here, key=lambda s: -s.shape.area)
    if large.shape.area < 1.3 * small.shape.area or large.shape.distance(small.shape) > 6:
        return
    large.shape = shapely.convex_hull(shapely.union(large.shape, small.shape))
    large.told = large.joined = True
    standing.remove(small)
    town.relations.add(("merged", small.number, large.number))


def _look(town: Town, k: int, standing: list[_Standing], lost: list[_Standing], rng: np.random.Generator) -> None:
    """A scan against the first month, which shows all that stands, and one against the month before: what went."""
    town.shifts.append(rng.normal(0, SHIFT_M, 2))

    def told(one: _Standing, change: str, before: int) -> None:
        shift = town.shifts[k if change == "appeared" else before]
        moved = translate(one.shape, *(shift + rng.normal(0, JITTER_M, 2)))
        edge = moved.buffer(rng.uniform(-0.4, 0.4), join_style="mitre")
        key = f"{k:02d}-{change}-{one.number}"
        town.sightings.append(Sighting(key, change, month(before), month(k), edge, error_m=1.2))  # type: ignore[arg-type]
        town.truth[key] = one.number

    blurred: set[int] = set()
    for one in standing:
        mates = [s for s in standing if s.place == one.place and s is not one and not s.told]
        one.seen, must = one.told or rng.random() > MISSED, one.told
        one.told = False
        known = bool(mates) and one.knew and mates[0].knew
        if (
            known
            and len(mates) == 1
            and not must
            and mates[0].shape.area < one.shape.area / 1.3
            and rng.random() < BLURRED
        ):
            blurred.add(mates[0].number)
            whole = shapely.convex_hull(shapely.union(one.shape, mates[0].shape))
            told(replace(one, shape=whole), "appeared", 0)
            del town.truth[town.sightings[-1].key]
        elif one.seen and one.number not in blurred:
            one.knew = True
            told(one, "appeared", 0)
    for one in lost:
        told(one, "disappeared", k - 1)


def shuffled(town: Town, seed: int) -> list[Sighting]:
    """The same sightings, scan by scan in another order."""
    rng = np.random.default_rng(seed)
    return [replace(town.sightings[k]) for k in rng.permutation(len(town.sightings))]
