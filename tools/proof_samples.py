"""Structures of known fate in pairs of images: what a look at a single outline is fitted and checked on.

Real pairs are turned round in time: what was built becomes what was demolished. Openly licensed places and drawn
districts may be fitted on; the research-only pairs (`texas`, `france`) are measured on and never fitted on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
import shapely
from rasterio.features import shapes

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

from geodata.crs import CRS84, transform_xy  # noqa: E402  (found through the line above)
from geodata.demo.fates import draw_fates  # noqa: E402
from geodata.errors import KanchaError  # noqa: E402
from geodata.grid import Grid, Window  # noqa: E402
from geodata.io.rasters import inspect_raster  # noqa: E402
from geodata.scan_roofs import RoofOptions, roofs_of  # noqa: E402
from geodata.types import CHECKS, ScanOptions  # noqa: E402
from geodata.verify.comparison import open_comparison, shipped_eyes  # noqa: E402
from geodata.verify.measures import Cell, measured  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
NAIP = DATA / "open" / "naip_california_multiyear"
YEARS = ("2016", "2018", "2020")
LEAST_M2 = 30.0
CHANGED_BY_EYE = ("long_beach_038",)
"""Not in the list of seen changes: its white halls are not there yet in 2016."""
FIT_SEEDS, CHECK_SEEDS = range(30, 38), range(70, 78)
DATES = ScanOptions(
    before_date=datetime(2010, 1, 1, tzinfo=UTC), after_date=datetime(2020, 1, 1, tzinfo=UTC), accept=CHECKS
)


@dataclass(frozen=True)
class Known:
    """A pair of images and the fates of the structures in it.

    Args:
        source: Which data.
        place: Name of the place; places are never split between fitting and checking.
        earlier: Image in which the structures stood.
        later: Image that is looked at.
        fates: (outline in CRS84, what became of it).
    """

    source: str
    place: str
    earlier: Path
    later: Path
    fates: tuple[tuple[shapely.Geometry, str], ...]


def outlines(mask: Any, grid: Any, fate: str) -> Iterator[tuple[shapely.Geometry, str]]:
    """Components of a mask as CRS84 polygons of at least 30 m2."""
    m2 = float(np.prod(grid.gsd_m()))
    for geometry, _ in shapes(mask.astype(np.uint8), mask.astype(bool), transform=grid.transform):
        local = shapely.geometry.shape(geometry).simplify(0.8 * grid.pixel_size[0])
        pixels = local.area / float(np.prod(grid.pixel_size))
        if pixels * m2 >= LEAST_M2:
            lonlat = shapely.transform(local, lambda c: np.column_stack(transform_xy(grid.crs, CRS84, *c.T)))
            yield lonlat, fate


def mask_of(path: Path) -> Any:
    """A mask, 1 where it holds."""
    with rasterio.open(path) as dataset:
        return dataset.read(1) == 1


def texas() -> Iterator[Known]:
    """Pairs of Texas turned round: almost all of their buildings were new."""
    for label in sorted((DATA / "levir_dev" / "label").glob("*.tif")):
        earlier, later = (DATA / "levir_dev" / date / label.name for date in ("after", "before"))
        fates = tuple(outlines(mask_of(label), inspect_raster(earlier).grid, "gone"))
        yield Known("texas", label.stem, earlier, later, fates[:: max(1, len(fates) // 20)])


def texas_standing() -> Iterator[Known]:
    """Roofs that Kancha finds in the later picture of Texas where the label tells no change: they stood before too."""
    for label in sorted((DATA / "levir_dev" / "label").glob("*.tif")):
        earlier, later = (DATA / "levir_dev" / date / label.name for date in ("after", "before"))
        found = roofs_of(earlier, options=RoofOptions(acquired_at=datetime(2010, 1, 1, tzinfo=UTC), min_area_m2=40.0))
        grid, changed = inspect_raster(earlier).grid, mask_of(label)
        near = cv2.dilate(changed.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
        sure = [row.geometry for row in found.frame.itertuples() if row.confidence >= 0.7]
        fates = tuple((outline, "still_there") for outline in sure if share_of(outline, near, grid) == 0)
        yield Known("texas-standing", label.stem, earlier, later, fates)


def france() -> Iterator[Known]:
    """Pairs of France with the buildings of both dates, in both directions."""
    folder = DATA / "france_pairs"
    for mask in sorted((folder / "buildings_after").glob("*.tif")):
        if mask.stem.startswith("instances_test_377"):
            continue
        grid = inspect_raster(folder / "after" / mask.name).grid
        masks = {date: mask_of(folder / f"buildings_{date}" / mask.name) for date in ("before", "after")}
        for earlier, later in (("before", "after"), ("after", "before")):
            fates = []
            for outline, _ in outlines(masks[earlier], grid, ""):
                stands = share_of(outline, masks[later], grid)
                if stands < 0.1 or stands > 0.7:
                    fates.append((outline, "gone" if stands < 0.1 else "still_there"))
            files = folder / earlier / mask.name, folder / later / mask.name
            yield Known("france", mask.stem, *files, tuple(fates))


def share_of(outline: shapely.Geometry, mask: Any, grid: Any) -> float:
    """Share of an outline that a mask covers."""
    from rasterio.features import geometry_mask

    local = shapely.transform(outline, lambda c: np.column_stack(transform_xy(CRS84, grid.crs, *c.T)))
    inside = geometry_mask([local], grid.shape, grid.transform, invert=True)
    return float(mask[inside].mean()) if inside.any() else 0.0


def california() -> Iterator[Known]:
    """Roofs of Californian places that the networks never saw, in other years; without a seen change they stand."""
    from starter_data import HELD_OUT_EVERY, californian_places
    from training_pairs import changed_places

    changed = changed_places()
    places = [p.name for p in californian_places() if p.outlined]
    held = set(places[::HELD_OUT_EVERY])
    for name in places:
        if name in changed or name in CHANGED_BY_EYE or name not in held:
            continue
        year = next(y for y in YEARS if (NAIP / "buildings" / y / f"{name}.tif").exists())
        mask = NAIP / "buildings" / year / f"{name}.tif"
        fates = tuple(outlines(mask_of(mask), inspect_raster(NAIP / year / f"{name}.tif").grid, "still_there"))
        for other in YEARS:
            if other != year and (NAIP / other / f"{name}.tif").exists():
                files = NAIP / year / f"{name}.tif", NAIP / other / f"{name}.tif"
                yield Known("california", name, *files, fates)


def drawn(work: Path, seeds: Sequence[int]) -> Iterator[Known]:
    """Districts drawn with structures of every fate."""
    import geopandas as gpd

    for seed in seeds:
        files = draw_fates(work / str(seed), seed=seed)
        truth = gpd.read_file(files.truth)
        fates = tuple(
            (row.geometry, "/".join(str(part) for part in (row.fate, row.how, row.gone, row.lost or "")))
            for row in truth.itertuples()
        )
        yield Known("drawn", f"district-{seed}", files.before, files.after, fates)


def measured_rows(pairs: Iterator[Known], most: int = 60) -> Iterator[dict[str, Any]]:
    """The measures of every structure; a pair that cannot be aligned is told on stderr and left out."""
    eyes = shipped_eyes()
    for pair in pairs:
        try:
            opened = open_comparison((pair.earlier, pair.later), options=DATES, eyes=eyes)
        except KanchaError as error:
            print(f"{pair.source} {pair.place}: {error.code}", file=sys.stderr)
            continue
        assert opened.plan is not None and opened.alignment is not None
        step = max(1, -(-len(pair.fates) // most))
        for outline, fate in pair.fates[::step]:
            found = measured(opened.plan, outline, eyes)
            told = {"source": pair.source, "place": pair.place, "fate": fate, "outline": outline.wkt}
            told |= {"reliable": opened.alignment.reliable, "residual_px": opened.residual_px}
            if found is not None:
                cells = [
                    asdict(cell) | {"lost": _lost(cell, found.window, fate, opened.plan.grid)} for cell in found.cells
                ]
                yield told | asdict(found.measures) | {"cells": cells}


def _lost(cell: Cell, window: Window, fate: str, grid: Grid) -> bool:
    """Whether the centre of a cell lies in what is gone."""
    if not fate.startswith("partly_gone"):
        return fate.startswith(("gone", "refilled"))
    x, y = grid.transform @ (window.col + cell.centre[0] + 0.5, window.row + cell.centre[1] + 0.5)
    return bool(shapely.from_wkt(fate.split("/")[3]).contains(shapely.Point(x, y)))


def main() -> None:
    """Write the measures of one source as JSON lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "source", choices=("texas", "texas-standing", "france", "california", "drawn-fit", "drawn-check")
    )
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        pairs = {
            "texas": texas,
            "texas-standing": texas_standing,
            "france": france,
            "california": california,
            "drawn-fit": lambda: drawn(Path(scratch), FIT_SEEDS),
            "drawn-check": lambda: drawn(Path(scratch), CHECK_SEEDS),
        }[asked.source]()
        with asked.out.open("w", encoding="utf-8") as file:
            for row in measured_rows(pairs):
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
