"""A district after the orders to demolish: what became of known structures, honestly or for the photograph.

The district is the demonstration's own, with further changes of the later date drawn into it; the demonstration
itself is not touched. Beside the images stand surface models of both dates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine

from geodata.demo.canvas import PIXEL_M
from geodata.demo.district import plan_district, write_image, write_layer, written
from geodata.demo.layers import CRS, EAST_M, NORTH_M, to_map
from geodata.demo.plan import AFTER, BEFORE, BOTH, Patch, Plan, Rect, Solid, Tree

FATES = ("gone", "partly_gone", "still_there", "covered", "refilled")
"""What becomes of a structure, in turn."""
SLAB_M = 0.45
"""What stays of a structure that was refilled: the slab with the soil on it."""
_GROUND_M = 40.0
_DSM_NOISE_M = 0.06
_AREA_M2 = (40.0, 900.0)


@dataclass(frozen=True)
class FateFiles:
    """Where a district's files lie.

    Args:
        before: Image of the earlier date.
        after: Image of the later date.
        before_dsm: Surface model of the earlier date.
        after_dsm: Surface model of the later date.
        truth: The structures, with `fate`, `how` and the share that is gone.
    """

    before: Path
    after: Path
    before_dsm: Path
    after_dsm: Path
    truth: Path


@dataclass(frozen=True)
class Fated:
    """A structure and what became of it.

    Args:
        solid: The structure as it stood.
        fate: One of `FATES`.
        how: What lies or stands there now.
        gone: Share of it that is gone.
        lost: The part that is gone, in plan metres; None: all or nothing.
    """

    solid: Solid
    fate: str
    how: str
    gone: float
    lost: shapely.Polygon | None = None


def draw_fates(folder: Path, *, seed: int = 7, size_px: int = 1024, most: int = 60) -> FateFiles:
    """Draw a district in which known structures were demolished, or only seem so.

    Args:
        folder: Where the files go; made if it is not there.
        seed: The same seed and size give the same district.
        size_px: Side of the square images in pixels of half a metre.
        most: How many structures meet a fate; the five fates come in turn.

    Returns:
        The paths of what was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan, _ = plan_district(seed, size_px)
    fated = [_befall(plan, place, fate, k, seed) for k, (place, fate) in enumerate(_chosen(plan, seed, most))]
    files = FateFiles(
        folder / "before_20230412.tif",
        folder / "after_20240918.tif",
        folder / "before_dsm_20230412.tif",
        folder / "after_dsm_20240918.tif",
        folder / "fates.geojson",
    )
    write_image(files.before, plan, BEFORE, size_px, None, "2023:04:12 10:30:00")
    write_image(files.after, plan, AFTER, size_px, None, "2024:09:18 11:10:00")
    slabs = [one.solid for one in fated if one.fate == "refilled"]
    for path, date in ((files.before_dsm, BEFORE), (files.after_dsm, AFTER)):
        _write_heights(path, _heights(plan, date, size_px, slabs if date == AFTER else [], seed))
    rows = [
        {
            "fate": one.fate,
            "how": one.how,
            "gone": round(one.gone, 3),
            "lost": None if one.lost is None else to_map(one.lost).wkt,
            "geometry": to_map(one.solid.rect.polygon),
        }
        for one in fated
    ]
    write_layer(files.truth, gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS))
    return files


def _chosen(plan: Plan, seed: int, most: int) -> Iterator[tuple[int, str]]:
    """Places in the plan of structures that nothing else befalls, each with its fate."""
    rng = np.random.default_rng([seed, 11])
    inside = shapely.box(0, 0, plan.extent_m, plan.extent_m).buffer(-15)
    busy = shapely.union_all([e.shape.buffer(3) for e in plan.events] + [d.shape.buffer(2) for d in plan.distractors])
    shapely.prepare(busy)
    outlines = [solid.rect.polygon for solid in plan.solids]
    tree = shapely.STRtree(outlines)
    done = 0
    for index in rng.permutation(len(plan.solids)):
        solid, outline = plan.solids[index], outlines[index]
        fits = solid.is_structure and solid.dates == BOTH and _AREA_M2[0] < outline.area < _AREA_M2[1]
        if not fits or solid.skin == "slab" or not inside.contains(outline) or busy.intersects(outline):
            continue
        near = [plan.solids[i] for i in tree.query(outline.buffer(-0.3), predicate="intersects")]
        if len(near) > 1:
            continue
        yield int(index), FATES[done % len(FATES)]
        done += 1
        if done == most:
            return


def _befall(plan: Plan, place: int, fate: str, turn: int, seed: int) -> Fated:
    rng = np.random.default_rng([seed, 12, place])
    return _FATES[fate](plan, place, turn // len(FATES), rng)


def _gone(plan: Plan, place: int, turn: int, rng: np.random.Generator) -> Fated:
    """Taken away: rubble, bare ground that reaches beyond, weeds, or a paved ground in its place."""
    solid = plan.solids[place]
    plan.solids[place] = replace(solid, dates=BEFORE)
    how = ("rubble", "graded", "weeds", "pavement")[turn % 4]
    reach = {"rubble": 1.2, "graded": 3.0, "weeds": 1.5, "pavement": 2.5}[how]
    shape = solid.rect.polygon.buffer(reach)
    _lay(plan, shape, how, solid.rect.angle, rng, 1.6 if how != "pavement" else 0.3)
    return Fated(solid, "gone", how, 1.0)


def _partly(plan: Plan, place: int, turn: int, rng: np.random.Generator) -> Fated:
    """A third to two thirds taken away from one end."""
    solid = plan.solids[place]
    share = float(rng.uniform(0.35, 0.65))
    rect = solid.rect
    plan.solids[place] = replace(solid, dates=BEFORE)
    rest = rect.part(-rect.length * share / 2, 0, rect.length * (1 - share), rect.width)
    plan.solids.append(replace(solid, rect=rest, dates=AFTER))
    lost = rect.part(rect.length * (1 - share) / 2, 0, rect.length * share, rect.width)
    how = ("rubble", "graded")[turn % 2]
    _lay(plan, lost.polygon.buffer(0.8), how, rect.angle, rng, 1.0)
    return Fated(solid, "partly_gone", how, share, lost.polygon)


def _stays(plan: Plan, place: int, turn: int, rng: np.random.Generator) -> Fated:
    """Nothing happens to it."""
    return Fated(plan.solids[place], "still_there", "nothing", 0.0)


def _covered(plan: Plan, place: int, turn: int, rng: np.random.Generator) -> Fated:
    """A sheet over the roof, or, on low ones, branches."""
    solid = plan.solids[place]
    if turn % 3 == 2 and solid.height_m < 7:
        for x, y in _scattered(solid.rect, 1.3, rng):
            height = solid.height_m + float(rng.uniform(0.3, 0.8))
            species = str(rng.choice(["bush", "pine"]))
            plan.trees.append(Tree(x, y, float(rng.uniform(0.9, 1.4)), height, species, _seed(rng), AFTER))
        return Fated(solid, "covered", "branches", 0.0)
    plan.solids[place] = replace(solid, dates=BEFORE)
    cloth = Solid(solid.rect.grown(0.2), "tarpaulin", solid.height_m + 0.1, _seed(rng), AFTER)
    plan.solids.append(cloth)
    return Fated(solid, "covered", "sheet", 0.0)


def _refilled(plan: Plan, place: int, turn: int, rng: np.random.Generator) -> Fated:
    """The roof is off; soil lies on the slab, whose straight edge shows."""
    solid = plan.solids[place]
    plan.solids[place] = replace(solid, dates=BEFORE)
    outline = solid.rect.polygon
    _lay(plan, outline, "concrete", solid.rect.angle, rng, 0.0)
    _lay(plan, outline.buffer(-0.2), "bare", solid.rect.angle, rng, 0.0)
    return Fated(solid, "refilled", "soil on the slab", 1.0)


_FATES: dict[str, Callable[[Plan, int, int, np.random.Generator], Fated]] = {
    "gone": _gone,
    "partly_gone": _partly,
    "still_there": _stays,
    "covered": _covered,
    "refilled": _refilled,
}


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 30))


def _lay(
    plan: Plan, shape: shapely.Geometry, cover: str, angle: float, rng: np.random.Generator, rough_m: float
) -> None:
    plan.surface.append(Patch(shape, cover, angle, _seed(rng), AFTER, rough_m=rough_m))


def _scattered(rect: Rect, step_m: float, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    for along in np.arange(-rect.length / 2 + 0.6, rect.length / 2 - 0.4, step_m):
        for across in np.arange(-rect.width / 2 + 0.6, rect.width / 2 - 0.4, step_m):
            yield rect.at(float(along + rng.normal(0, 0.2)), float(across + rng.normal(0, 0.2)))


def _heights(plan: Plan, date: int, size_px: int, slabs: list[Solid], seed: int) -> NDArray[np.float32]:
    """Heights of a date, m: flat ground, what stands on it, noise."""
    move = Affine(PIXEL_M, 0, 0, 0, PIXEL_M, 0)
    stands = [(one.rect.polygon, one.height_m) for one in plan.solids if one.dates & date]
    stands += [(one.rect.polygon, SLAB_M) for one in slabs]
    trees = [t for t in plan.trees if t.dates & date]
    stands += [(shapely.Point(t.x, t.y).buffer(t.radius_m), 0.8 * t.height_m) for t in trees]
    stands.sort(key=lambda pair: pair[1])
    heights = rasterize(stands, (size_px, size_px), transform=move, fill=0.0, dtype="float32")
    noise = np.random.default_rng([seed, 13, date]).normal(0, _DSM_NOISE_M, heights.shape)
    return np.asarray(heights + noise + _GROUND_M, np.float32)


def _write_heights(path: Path, heights: NDArray[np.float32]) -> None:
    move = Affine(PIXEL_M, 0.0, EAST_M, 0.0, -PIXEL_M, NORTH_M)
    height, width = heights.shape
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": CRS, "transform": move, "nodata": -9999.0}

    def write(draft: Path) -> None:
        with rasterio.open(draft, "w", height=height, width=width, tiled=True, compress="deflate", **profile) as target:
            target.write(heights, 1)

    written(path, write)
