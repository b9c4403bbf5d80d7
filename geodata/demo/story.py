"""One structure of the district from its rising to the grass that grows where it stood: four dates of imagery.

The district is the demonstration's own. Of what rises in it, one structure is chosen that nothing allows; on the third
date it is gone and the ground is paved, on the fourth it is planted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np

from geodata.demo.district import plan_district, write_image, write_layer
from geodata.demo.layers import CRS, make_layers, to_map
from geodata.demo.plan import AFTER, BEFORE, Patch, Plan, Solid, Tree
from geodata.errors import InputError

_LEAST_M2, _MARGIN_M = 200.0, 20.0


@dataclass(frozen=True)
class StoryFiles:
    """Where the files of the story lie.

    Args:
        bare: The image before it rose.
        built: The image in which it stands.
        cleared: The image in which it is gone.
        green: The image in which the land is planted.
        layers: The district's layers by kind.
        site: The chosen structure, one polygon.
    """

    bare: Path
    built: Path
    cleared: Path
    green: Path
    layers: dict[str, Path]
    site: Path


def draw_story(folder: Path, *, seed: int = 7, size_px: int = 1024) -> StoryFiles:
    """Draw the four dates and the layers.

    Args:
        folder: Where the files go; made if it is not there.
        seed: The same seed and size give the same story.
        size_px: Side of the square images in pixels of half a metre.

    Raises:
        InputError: If no structure of some size rises in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan, _ = plan_district(seed, size_px)
    index = _chosen(plan)
    solid = plan.solids[index]
    drawn: tuple[tuple[str, int, str, Callable[[Plan], Plan]], ...] = (
        ("bare_20240312.tif", BEFORE, "2024:03:12 10:30:00", lambda one: one),
        ("built_20240918.tif", AFTER, "2024:09:18 10:30:00", lambda one: one),
        ("cleared_20250612.tif", AFTER, "2025:06:12 10:30:00", lambda one: _paved(one, index)),
        ("green_20260420.tif", AFTER, "2026:04:20 10:30:00", lambda one: _planted(one, index)),
    )
    for name, date, taken, change in drawn:
        write_image(folder / name, change(plan), date, size_px, None, taken)
    bare, built, cleared, green = (folder / name for name, *_ in drawn)
    made = make_layers(plan)
    layers = {}
    for kind in ("areas", "parcels", "permits", "zones", "buildings"):
        layers[kind] = folder / f"{kind}.gpkg"
        write_layer(layers[kind], getattr(made, kind))
    site = folder / "site.geojson"
    write_layer(site, gpd.GeoDataFrame([{"geometry": to_map(solid.rect.polygon)}], geometry="geometry", crs=CRS))
    return StoryFiles(bare, built, cleared, green, layers, site)


def _chosen(plan: Plan) -> int:
    """The largest structure of the later date alone that stands within the image and is not half hidden by trees."""
    fits = [
        (solid.rect.polygon.area, index)
        for index, solid in enumerate(plan.solids)
        if solid.dates == AFTER and solid.is_structure and _fits(plan, solid)
    ]
    if not fits:
        raise InputError(
            f"No structure of {_LEAST_M2:g} m2 rises in this district.", remedy="Draw a larger one, or another seed."
        )
    return max(fits)[1]


def _fits(plan: Plan, solid: Solid) -> bool:
    west, south, east, north = solid.rect.polygon.bounds
    within = min(west, south) > _MARGIN_M and max(east, north) < plan.extent_m - _MARGIN_M
    return bool(within and solid.rect.polygon.area > _LEAST_M2)


def _without(plan: Plan, index: int, cover: str) -> Plan:
    solid = plan.solids[index]
    ground = solid.rect.grown(2.5).polygon
    solids = [one for k, one in enumerate(plan.solids) if k != index and not ground.contains(one.rect.polygon)]
    surface = [*plan.surface, Patch(ground, cover, solid.rect.angle, 77, AFTER, rough_m=0.3)]
    return replace(plan, solids=solids, surface=surface)


def _paved(plan: Plan, index: int) -> Plan:
    return _without(plan, index, "pavement")


def _planted(plan: Plan, index: int) -> Plan:
    made, rect = _without(plan, index, "pitch"), plan.solids[index].rect
    rng = np.random.default_rng([plan.seed, 21])
    trees = [
        Tree(
            *rect.at(float(along), side * (rect.width / 2 - 1.5)), 1.6, 4.0, "poplar", int(rng.integers(1 << 30)), AFTER
        )
        for along in np.arange(-rect.length / 2 + 3, rect.length / 2 - 2, 6.0)
        for side in (-1, 1)
    ]
    return replace(made, trees=[*plan.trees, *trees])
