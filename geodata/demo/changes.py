"""Makes the two dates differ: new structures with or without papers, extensions, demolitions, distractors."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import shapely

from geodata.demo.plan import (
    AFTER,
    BEFORE,
    BOTH,
    Distractor,
    Event,
    Parcel,
    Patch,
    Permit,
    Plan,
    Rect,
    Solid,
)
from geodata.demo.roads import Network
from geodata.demo.scenarios import DEMOLITIONS, EXTENSIONS, SCENARIOS, Scenario
from geodata.demo.sites import Sites, moved_vehicles

_VALIDITY: dict[str, tuple[str, str | None]] = {
    "polygon": ("2025-06-01", "2027-05-31"),
    "parcel": ("2025-05-10", None),
    "expired": ("2021-03-01", "2024-02-29"),
    "future": ("2027-01-01", "2028-12-31"),
}
_USES = {"slab": "居住", "hall_blue": "厂房", "hall_white": "厂房"}


def make_changes(plan: Plan, network: Network) -> None:
    """Let the time between the two dates pass over a plan, in place."""
    rng = np.random.default_rng([plan.seed, 2])
    sites = Sites(plan, network, rng)
    share = plan.extent_m**2 / 1.05e6
    for scenario in SCENARIOS:
        for _ in range(max(1, round(scenario.count * share))):
            _build(sites, scenario)
    standing = [s for s in plan.solids if s.is_structure and s.dates == BOTH]
    _extend(sites, standing, max(1, round(EXTENSIONS * share)))
    _demolish(sites, standing, max(1, round(DEMOLITIONS * share)))
    _register(plan, rng)
    _old_permits(plan, rng)
    _distract(sites, share)


def _build(sites: Sites, scenario: Scenario) -> None:
    """Put up one structure of a scenario, if there is room for it."""
    plan, rng = sites.plan, sites.rng
    parcels = plan.by_role(*scenario.roles)
    for index in rng.permutation(len(parcels))[:160]:
        parcel = parcels[index]
        if any(parcel.shape.intersects(t) for t in sites.taken) and parcel.role.startswith("homestead"):
            continue
        rect = sites.spot(scenario, parcel, tries=40)
        if rect is None:
            continue
        skin = str(rng.choice(scenario.skins))
        solid = sites.put(rect, skin, float(rng.uniform(*scenario.height_m)))
        _apron(sites, scenario, parcel, rect)
        plan.events.append(Event(rect.polygon, "appeared", skin, scenario.name))
        _file(plan, scenario, parcel, solid)
        return


def _apron(sites: Sites, scenario: Scenario, parcel: Parcel, rect: Rect) -> None:
    """The ground that the building site has changed around a new structure."""
    reach = 4.5 if rect.length > 12 else 2.2
    shape = rect.polygon.buffer(reach).difference(sites.network.paved).difference(sites.network.water.buffer(2))
    if scenario.place == "inside":
        shape = shape.intersection(parcel.shape.buffer(-0.6))
    seed = int(sites.rng.integers(1 << 30))
    sites.plan.surface.append(Patch(shape, scenario.apron, rect.angle, seed, AFTER, rough_m=1.6))


def _file(plan: Plan, scenario: Scenario, parcel: Parcel, solid: Solid) -> None:
    """Put on file what a scenario has on file."""
    outline = solid.rect.polygon
    if scenario.paper == "register":
        plan.registered.append(solid.rect.grown(0.3).polygon)
    if scenario.paper not in _VALIDITY:
        return
    valid_from, valid_to = _VALIDITY[scenario.paper]
    whole = scenario.paper == "parcel"
    shape = None if whole else solid.rect.grown(1.5).polygon
    kind = "village" if whole else ("temporary" if scenario.paper == "expired" else "planning")
    number = f"{'乡' if kind == 'village' else '建'}字第1304{valid_from[:4]}{len(plan.permits) + 1:04d}号"
    use = _USES.get(solid.skin, "住宅" if whole else "仓储")
    crossing = scenario.place == "crossing"
    parcel_id = None if crossing else parcel.parcel_id
    plan.permits.append(Permit(number, kind, valid_from, valid_to, parcel_id, shape, outline.area * 1.05, use))


def _extend(sites: Sites, standing: list[Solid], count: int) -> None:
    """Enlarge existing structures at one side."""
    rng, done = sites.rng, 0
    for index in rng.permutation(len(standing)):
        base = standing[index]
        area = base.rect.length * base.rect.width
        if done == count or base.skin in {"slab", "hip_red"} or not 45 < area < 2500:
            continue
        rect = _annexe(sites, base.rect)
        if rect is None:
            continue
        skin = base.skin if rng.random() < 0.4 and not base.skin.startswith("hall") else "blue_steel"
        sites.put(rect, skin, max(2.8, base.height_m * float(rng.uniform(0.7, 0.95))))
        sites.plan.events.append(Event(rect.polygon, "appeared", skin, "extension"))
        done += 1


def _annexe(sites: Sites, base: Rect) -> Rect | None:
    """A free rectangle that leans on one side of a structure, inside the same parcel."""
    outline = base.polygon
    for side in sites.rng.permutation(4):
        deep = float(sites.rng.uniform(3.6, 8.0))
        share = float(sites.rng.uniform(0.6, 1.0))
        sign = 1.0 if side < 2 else -1.0
        if side % 2:
            rect = base.part(sign * (base.length + deep) / 2, 0, deep, base.width * share)
        else:
            rect = base.part(0, sign * (base.width + deep) / 2, base.length * share, deep)
        new = rect.polygon
        fits = new.area >= 22 and sites.free(new, 0.35, besides=outline) and sites.zoned(new, None)
        if fits and sites.parcel_at(new) is not None:
            return rect if rect.length >= rect.width else rect.turned()
    return None


def _demolish(sites: Sites, standing: list[Solid], count: int) -> None:
    """Take existing structures away and leave rubble."""
    plan, rng, done = sites.plan, sites.rng, 0
    place = {id(s): k for k, s in enumerate(plan.solids)}
    inside = shapely.box(0, 0, plan.extent_m, plan.extent_m).buffer(-8)
    for index in rng.permutation(len(standing)):
        solid = standing[index]
        outline = solid.rect.polygon
        near = outline.buffer(2)
        usable = 40 < outline.area < 900 and inside.contains(outline) and solid.skin != "slab"
        if done == count or not usable or any(near.intersects(t) for t in sites.taken):
            continue
        plan.solids[place[id(solid)]] = replace(solid, dates=BEFORE)
        cover = "rubble" if rng.random() < 0.5 else "bare"
        seed = int(rng.integers(1 << 30))
        plan.surface.append(Patch(outline.buffer(0.6), cover, solid.rect.angle, seed, AFTER, rough_m=1.0))
        plan.events.append(Event(outline, "disappeared", solid.skin, "demolition"))
        sites.taken.append(outline)
        done += 1


def _register(plan: Plan, rng: np.random.Generator) -> None:
    """Enter what stood before in the register of buildings, but for a few that nobody ever filed."""
    known = [s.rect.polygon for s in plan.solids if s.is_structure and s.dates & BEFORE]
    fresh = shapely.STRtree([e.shape.buffer(-0.1) for e in plan.events if e.change == "appeared"])
    keep = rng.random(len(known)) > 0.04
    plan.registered += [
        p for p, k in zip(known, keep, strict=True) if k and not len(fresh.query(p, predicate="intersects"))
    ]


def _old_permits(plan: Plan, rng: np.random.Generator) -> None:
    """Permits that have nothing to do with any change: they make the file as dull as a real one."""
    touched = shapely.STRtree([e.shape.buffer(3) for e in plan.events])
    standing = [s for s in plan.solids if s.is_structure and s.dates == BOTH and s.rect.length > 15]
    for index in rng.permutation(len(standing))[:18]:
        shape = standing[index].rect.grown(1.0).polygon
        if len(touched.query(shape, predicate="intersects")):
            continue
        year = int(rng.integers(2008, 2022))
        number = f"建字第1304{year}{len(plan.permits) + 1:04d}号"
        until = f"{year + 3}-12-31" if rng.random() < 0.5 else None
        plan.permits.append(Permit(number, "planning", f"{year}-04-01", until, None, shape, shape.area, "厂房"))
    homes = plan.by_role("homestead")
    for index in rng.permutation(len(homes))[:14]:
        home = homes[index]
        if len(touched.query(home.shape, predicate="intersects")):
            continue
        year = int(rng.integers(2005, 2023))
        number = f"乡字第1304{year}{len(plan.permits) + 1:04d}号"
        area = float(rng.uniform(90, 160))
        plan.permits.append(Permit(number, "village", f"{year}-03-01", None, home.parcel_id, None, area, "住宅"))


_TARP = Scenario(
    "tarpaulin", 6, ("industrial", "vacant", "field", "garden", "phase_two"), (5, 11), (4, 7), ("tarpaulin",)
)
_BOX = Scenario("container", 6, ("industrial", "vacant", "phase_two"), (6.1, 12.2), (2.45, 2.5), ("container",))
_SOIL = Scenario("bare_soil", 5, ("vacant", "garden", "field", "industrial"), (18, 40), (12, 24), ("",))
_FILM = Scenario("greenhouse", 2, ("field",), (40, 64), (20, 26), ("",))


def _distract(sites: Sites, share: float) -> None:
    """Changes that are no structures: film, soil, tarpaulins, containers, vehicles, nets."""
    plan = sites.plan
    for scenario in (_FILM, _SOIL, _TARP, _BOX):
        for _ in range(max(1, round(scenario.count * share))):
            _distract_once(sites, scenario)
    nets = [p for p in plan.patches if p.cover == "dust_net" and p.dates == BEFORE]
    plan.distractors += [Distractor(p.shape, "dust_net") for p in nets]
    plan.distractors += [Distractor(shape, "vehicle") for shape in moved_vehicles(plan)]


def _distract_once(sites: Sites, scenario: Scenario) -> None:
    """Place one distractor where there is room, in whatever zone."""
    plan, rng = sites.plan, sites.rng
    parcels = plan.by_role(*scenario.roles)
    for index in rng.permutation(len(parcels))[:120]:
        rect = next(
            (
                r
                for z in (None, "permanent_basic_farmland")
                if (r := sites.spot(replace(scenario, zone=z), parcels[index], 25)) is not None
            ),
            None,
        )
        if rect is None:
            continue
        seed = int(rng.integers(1 << 30))
        if scenario.name == "greenhouse":
            _film(sites, rect, seed)
        elif scenario.name == "bare_soil":
            cover = str(rng.choice(["bare", "graded"]))
            plan.surface.append(Patch(rect.polygon, cover, rect.angle, seed, AFTER, rough_m=3.0))
            plan.distractors.append(Distractor(rect.polygon, "bare_soil"))
            sites.clear(rect.polygon)
            sites.taken.append(rect.polygon)
        else:
            dates = BEFORE if scenario.name == "container" and rng.random() < 0.25 else AFTER
            height = 2.6 if scenario.name == "container" else float(rng.uniform(0.8, 1.8))
            sites.put(rect, scenario.name, height, dates)
            plan.distractors.append(Distractor(rect.polygon, scenario.name))
        return


def _film(sites: Sites, rect: Rect, seed: int) -> None:
    """A new group of plastic tunnels on a field."""
    plan = sites.plan
    plan.surface.append(Patch(rect.polygon.buffer(1.5), "earth", rect.angle, seed, AFTER, rough_m=1.5))
    count = math.floor(rect.width / 9.2)
    for k in range(count):
        across = (k - (count - 1) / 2) * 9.2
        spot = rect.part(0, across, rect.length - 2, 7.8)
        plan.solids.append(Solid(spot, "tunnel", 3.2, seed + k, AFTER))
        plan.distractors.append(Distractor(spot.polygon, "greenhouse"))
    sites.clear(rect.polygon)
    sites.taken.append(rect.polygon)
