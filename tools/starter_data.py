"""What the starter model learns from: openly licensed imagery whose weights may be shipped, and drawn districts.

Places come from `shared/data/open` (each folder's README has licence and quirks): Californian places in two or three
years, a part of them with every roof outlined, and single-date pictures of Nepal, Africa, the Philippines and Brazil.
Research-only pairs are never read here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import rasterio

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

from training_pairs import (  # noqa: E402  (found through the line above)
    NAIP,
    OPEN,
    YEARS,
    barest,
    changed_places,
    normalised,
    places_seen,
    read_pair,
)

from geodata.io.rasters import inspect_raster  # noqa: E402
from geodata.learn.samples import UNKNOWN, LabelledPair, Place  # noqa: E402

U8 = npt.NDArray[np.uint8]

SINGLE_DATE = {"banepa_nepal_oam": 0.6, "hot_fair_oam": 0.6, "spacenet1_rio": 1.2}
"""Folder and weight: how often a picture is drawn beside a Californian one."""
DRONE_GSD_M = 0.5
RIO_EDGE_PX = 10
HELD_OUT_EVERY = 8


def _picture(path: Path) -> U8:
    with rasterio.open(path) as dataset:
        return np.ascontiguousarray(dataset.read()[:3].transpose(1, 2, 0))


def _mask(path: Path) -> U8:
    with rasterio.open(path) as dataset:
        return (dataset.read(1) == 1).astype(np.uint8)


def californian_places() -> Iterator[Place]:
    """Places in all their years; of those where a building was seen to change only single outlined years."""
    changed = changed_places()
    for name in sorted(places_seen()):
        years = []
        for year in YEARS:
            if (NAIP / year / f"{name}.tif").exists():
                mask = NAIP / "buildings" / year / f"{name}.tif"
                years.append((_picture(NAIP / year / f"{name}.tif"), _mask(mask) if mask.exists() else None))
        if name in changed:
            yield from (Place(name, (year,), 0.6) for year in years if year[1] is not None)
            continue
        # An outline fits the other years of an unchanged place within lean and shift.
        known = next((roofs for _, roofs in years if roofs is not None), None)
        yield Place(name, tuple((p, known if r is None else r) for p, r in years), 0.6)


def single_date_places() -> Iterator[Place]:
    """Pictures with building masks, drone imagery brought to half a metre."""
    for source, weight in SINGLE_DATE.items():
        for path in sorted((OPEN / source / "masks").glob("*.tif")):
            picture, roofs = _picture(OPEN / source / "images" / path.name), _mask(path)
            dx, dy = inspect_raster(OPEN / source / "images" / path.name).grid.gsd_m()
            if source == "spacenet1_rio":
                inner = slice(RIO_EDGE_PX, -RIO_EDGE_PX)
                yield Place(f"{source}/{path.stem}", ((picture[inner, inner], roofs[inner, inner]),), 0.48, weight)
                continue
            size = round(picture.shape[1] * dx / DRONE_GSD_M), round(picture.shape[0] * dy / DRONE_GSD_M)
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
            share = cv2.resize(roofs.astype(np.float32), size, interpolation=cv2.INTER_AREA)
            yield Place(f"{source}/{path.stem}", ((picture, (share > 0.5).astype(np.uint8)),), DRONE_GSD_M, weight)


def bare_places() -> list[Place]:
    """Ground without houses, to lay houses on and to be laid in; also of places that are held out."""
    found = []
    for name, picture in barest():
        ground = np.ascontiguousarray(picture.transpose(1, 2, 0))
        found.append(Place(name, ((ground, np.zeros(ground.shape[:2], np.uint8)),), 0.6))
    return found


def district(seed: int, folder: Path) -> LabelledPair:
    """A drawn district with what appeared and what disappeared."""
    import geopandas as gpd
    from rasterio.features import rasterize

    from geodata.demo import draw_district
    from geodata.pairing.plan import plan_pair

    files = draw_district(folder / f"district{seed}", seed=seed)
    pair = normalised(read_pair(files.before, files.after, None, "district"))
    info = inspect_raster(files.before)
    truth = gpd.read_file(files.truth).to_crs(info.grid.crs.to_wkt())
    grid = plan_pair(info, inspect_raster(files.after), min_area_m2=20.0).grid

    def drawn(change: str) -> npt.NDArray[np.bool_]:
        shapes = list(truth.geometry[truth["change"] == change])
        if not shapes:
            return np.zeros(grid.shape, bool)
        return np.asarray(rasterize(shapes, grid.shape, transform=grid.transform) == 1)

    unknown = drawn("altered") | ~pair.valid
    labels = [np.where(unknown, UNKNOWN, drawn(change)).astype(np.uint8) for change in ("appeared", "disappeared")]
    dates = (np.ascontiguousarray(date.transpose(1, 2, 0)) for date in (pair.before, pair.after))
    return LabelledPair(f"district/{seed}", *dates, np.stack(labels), pair.gsd_m)


def split(places: list[Place]) -> tuple[list[Place], list[Place]]:
    """Places to learn from, and places to judge by: every eighth outlined one.

    Chips of the drone pictures lie side by side, so a held-out one there has learnt neighbours; Californian places do
    not touch.
    """
    held = {p.name for p in [p for p in places if p.outlined][::HELD_OUT_EVERY]}
    return [p for p in places if p.name not in held], [p for p in places if p.name in held]
