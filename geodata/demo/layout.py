"""The district as it stood before: the skeleton, every cell filled, the parcels and zones of the plan."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import Polygon, box

from geodata.demo.farmland import fill_farmland
from geodata.demo.ground import Ground
from geodata.demo.plan import Patch, Plan, Zone, largest
from geodata.demo.roads import Cell, Network, draw_river, draw_roads, lay_network
from geodata.demo.town import fill_compound, fill_industry, fill_vacant
from geodata.demo.village import fill_village

_VILLAGES = ("柳林村", "东营头村", "南张寨村", "北屯村", "西河沿村", "贾家庄", "后店村", "小堤村")


def lay_out(extent_m: float, seed: int) -> tuple[Plan, Network]:
    """Lay out the district of the given extent; the same seed gives the same district."""
    rng = np.random.default_rng([seed, 1])
    plan = Plan(extent_m=extent_m, seed=seed)
    network = lay_network(rng, extent_m)
    ground = Ground(plan, network.warp, rng, network.corridor.buffer(0.5))
    shapely.prepare(ground.corridor)
    plan.patches.append(Patch(box(-200, -200, extent_m + 200, extent_m + 200), "weeds"))
    for number, cell in enumerate(network.cells):
        _fill(ground, cell, _VILLAGES[number % len(_VILLAGES)])
    _remainders(ground, network)
    draw_river(plan, network, rng)
    draw_roads(plan, network, rng)
    _development_boundary(plan, network)
    return plan, network


def _fill(ground: Ground, cell: Cell, name: str) -> None:
    """Give one cell to the filler of its use."""
    if cell.use == "village":
        fill_village(ground, cell.box, name)
    elif cell.use == "industry":
        fill_industry(ground, cell.box)
    elif cell.use == "compound":
        fill_compound(ground, cell.box, name + "小区")
    elif cell.use == "vacant":
        fill_vacant(ground, cell.box)
    else:
        fill_farmland(ground, cell.box, name, protected=ground.chance(0.6))


def _remainders(ground: Ground, network: Network) -> None:
    """What the fillers left between the roads becomes parcels too: lanes, balks and the river."""
    plan = ground.plan
    given = shapely.STRtree([p.shape for p in plan.parcels])
    shapes = [p.shape for p in plan.parcels]
    land = {"village": ("lane", "1006"), "farmland": ("balk", "1203")}
    for cell in network.cells:
        outline = network.warp.polygon(cell.box).difference(network.corridor)
        inside = [shapes[i] for i in given.query(outline)]
        rest = outline.difference(shapely.union_all(inside).buffer(0.02))
        role, code = land.get(cell.use, ("verge", "1004"))
        for part in getattr(rest, "geoms", [rest]):
            if part.area > 80 and part.buffer(-0.6).area > 20:
                ground.parcel_of(part, role, code, state=role == "verge")
    for part in getattr(network.corridor.difference(network.paved), "geoms", [network.corridor]):
        if isinstance(part, Polygon) and part.area > 200:
            ground.parcel_of(part, "river", "1101", "柳河", state=True)


def _development_boundary(plan: Plan, network: Network) -> None:
    """The urban development boundary around estate, compounds and building land."""
    town = [network.warp.polygon(c.box) for c in network.cells if c.use in {"industry", "compound", "vacant"}]
    outline = largest(shapely.union_all([t.buffer(22) for t in town]).buffer(-18).difference(network.corridor))
    if not outline.is_empty:
        plan.zones.append(Zone("CZKF-01", "urban_development_boundary", outline, "城镇开发边界"))
