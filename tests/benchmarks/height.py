"""Height change at object level, semi-synthetic: real surface models whose earlier date is made by hand.

There is no public pair of surface models with registered changes, so the earlier date is the later one with chosen
registered buildings lowered to the ground of the terrain model (or to half their height), then spoiled as a second
survey would be: noise of 0.1 m, an offset and a tilt, a sub-pixel shift, dropped pixels, trees that grew, came or
went. Everything else (roofs, walls, crowns, holes in the data) is as it was surveyed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.fill import fillnodata
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "height"
NODATA = -9999.0
MIN_AREA_M2, MIN_GAIN_M = 20.0, 2.5

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A real surveyed place.

    Args:
        name: What it is called.
        surface: Surface model, NaN where unknown, m.
        terrain: Terrain model, NaN where unknown (under buildings).
        ground: The terrain with its holes filled.
        footprints: Registered buildings in the system of the rasters.
        profile: Profile of the surface model.
    """

    name: str
    surface: F64
    terrain: F64
    ground: F64
    footprints: gpd.GeoSeries
    profile: dict[str, Any]

    @property
    def gsd_m(self) -> float:
        return float(self.profile["transform"].a)

    def mask(self, shapes: Any, grown_m: float = 0.0) -> npt.NDArray[np.bool_]:
        """Pixels whose centre lies in one of the shapes."""
        grown = [s.buffer(grown_m, join_style="mitre") for s in shapes]
        if not grown:
            return np.zeros(self.surface.shape, bool)
        return np.asarray(rasterize(grown, self.surface.shape, transform=self.profile["transform"]), bool)


def place(name: str) -> Place | None:
    """`delft` (0.5 m) or `alexandria` (2 m); None where the data is absent."""
    files = {
        "delft": ("dsm_ahn3_0p5m.tif", "dtm_ground_ahn3_0p5m.tif", "bgt_pand_delft.geojson"),
        "alexandria": ("dsm.tif", "dtm.tif", "buildings.geojson"),
    }[name]
    folder = DATA / name
    if not (folder / files[0]).is_file():
        return None
    models = []
    for file in files[:2]:
        with rasterio.open(folder / file) as dataset:
            profile = dataset.profile
            values = dataset.read(1).astype(np.float64)
            models.append(np.where((values == dataset.nodata) | (values < -1000), np.nan, values))
    surface, terrain = models
    holes = np.nan_to_num(terrain).astype(np.float32)
    ground = fillnodata(holes, ~np.isnan(terrain), max_search_distance=400).astype(np.float64)
    footprints = gpd.read_file(folder / files[2]).to_crs(profile["crs"]).geometry
    frame = shapely.box(*rasterio.transform.array_bounds(*surface.shape, profile["transform"]))
    return Place(name, surface, terrain, ground, footprints[footprints.within(frame)].reset_index(drop=True), profile)


def standing(where: Place) -> npt.NDArray[np.intp]:
    """Footprints of at least 20 m² that stand at least 2.5 m over the ground in the later date (median)."""
    height = where.surface - where.ground
    rows = []
    for k, shape in enumerate(where.footprints):
        inside = height[where.mask([shape])]
        known = inside[~np.isnan(inside)]
        if shape.area >= MIN_AREA_M2 and known.size >= 0.5 * inside.size > 0 and np.median(known) >= MIN_GAIN_M:
            rows.append(k)
    return np.array(rows, np.intp)


def lowered(where: Place, chosen: Any, share: float = 0.0) -> F64:
    """The surface with chosen footprints, and a metre around them, at `share` of their height over the ground."""
    rest = where.footprints.drop(index=chosen)
    inside = where.mask(where.footprints[chosen], grown_m=max(1.0, where.gsd_m)) & ~where.mask(rest)
    height = where.surface - where.ground
    return np.where(inside & (height > 0), where.ground + share * height, where.surface)


def spoiled(where: Place, surface: F64, rng: np.random.Generator) -> F64:
    """What a second survey of the same surface might have given."""
    out = with_other_trees(where, surface, rng)
    rows, cols = np.mgrid[: out.shape[0], : out.shape[1]]
    slopes = rng.uniform(-0.3, 0.3, 2)
    out = out + rng.uniform(-0.5, 0.5) + slopes[0] * rows / out.shape[0] + slopes[1] * cols / out.shape[1]
    out = shifted(out, rng.uniform(-0.6, 0.6, 2))
    soft = ndimage.gaussian_filter(rng.normal(0, 1, out.shape), 3)
    out = out + rng.normal(0, 0.07, out.shape) + 0.07 * soft / soft.std()
    out[rng.random(out.shape) < 0.005] = np.nan
    blots = ndimage.gaussian_filter(rng.normal(0, 1, out.shape), 2)
    out[blots > np.quantile(blots, 0.99)] = np.nan
    return out


def crowns_of(where: Place) -> npt.NDArray[np.bool_]:
    """Trees: high, away from registered buildings, and with ground seen beneath (a lidar's pulses pass a crown, no roof).

    Where the terrain model has no holes under buildings (Alexandria) this tells nothing, and no tree is changed.
    """
    if np.isnan(where.terrain).mean() < 0.1:
        return np.zeros(where.surface.shape, bool)
    beneath = ndimage.uniform_filter((~np.isnan(where.terrain)).astype(float), 5) > 0.7
    high = np.nan_to_num(where.surface - where.ground) > 2.5
    crowns = high & beneath & ~where.mask(where.footprints, grown_m=2.0)
    return np.asarray(ndimage.binary_opening(crowns, np.ones((3, 3), bool)))


def with_other_trees(where: Place, surface: F64, rng: np.random.Generator) -> F64:
    """Of the crowns one in four is gone, one in four stands lower by up to a half."""
    crowns = crowns_of(where)
    labels, count = ndimage.label(crowns)
    kept, fate = np.ones(count + 1), rng.random(count + 1)
    kept[fate < 1 / 4] = 0.0
    kept[fate > 3 / 4] = rng.uniform(0.5, 1.0, int((fate > 3 / 4).sum()))
    return np.where(crowns, where.ground + kept[labels] * (surface - where.ground), surface)


def shifted(surface: F64, shift_px: Any) -> F64:
    """Bilinear shift by (rows, columns); a pixel that touches an unknown one is unknown."""
    moved = ndimage.shift(np.nan_to_num(surface), shift_px, order=1, mode="nearest")
    unknown = ndimage.shift(np.isnan(surface).astype(float), shift_px, order=1, mode="nearest") > 1e-6
    return np.where(unknown, np.nan, moved)


def write(path: Path, values: F64, where: Place) -> Path:
    """A surface or terrain model as a file."""
    profile = {**where.profile, "dtype": "float32", "nodata": NODATA, "compress": "deflate"}
    with rasterio.open(path, "w", **profile) as target:
        target.write(np.where(np.isnan(values), NODATA, values).astype(np.float32), 1)
    return path
