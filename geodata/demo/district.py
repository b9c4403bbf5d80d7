"""The whole demonstration: a district laid out, changed by time, painted at both dates, written to files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.windows import Window

from geodata.demo.canvas import PIXEL_M
from geodata.demo.changes import make_changes
from geodata.demo.layers import CRS, EAST_M, LON_LAT, NORTH_M, make_layers
from geodata.demo.layout import lay_out
from geodata.demo.paint import paint_date
from geodata.demo.plan import AFTER, BEFORE, Distractor, Plan
from geodata.demo.sky import LOOKS, Cloud
from geodata.errors import InputError

_TILE_PX = 512
_LEAST_PX = 512


@dataclass(frozen=True)
class DemoFiles:
    """Where the demonstration's files lie."""

    before: Path
    after: Path
    parcels: Path
    permits: Path
    zones: Path
    buildings: Path
    areas: Path
    truth: Path
    distractors: Path


def draw_district(folder: Path, *, seed: int = 7, size_px: int = 2048) -> DemoFiles:
    """Draw a district at two dates and write imagery, layers and truth.

    Args:
        folder: Where the files go; made if it is not there.
        seed: The same seed and size give the same district.
        size_px: Side of the square images in pixels of half a metre, a multiple of 256, at least 512.

    Returns:
        The paths of what was written.

    Raises:
        InputError: If the size is not one that can be drawn.
    """
    if size_px < _LEAST_PX or size_px % 256:
        raise InputError(
            f"A district of {size_px} pixels cannot be drawn.",
            remedy=f"Choose a multiple of 256 from {_LEAST_PX} up.",
            size_px=size_px,
        )
    folder.mkdir(parents=True, exist_ok=True)
    plan, cloud = plan_district(seed, size_px)
    files = DemoFiles(
        before=folder / "before_20250412.tif",
        after=folder / "after_20260918.tif",
        parcels=folder / "parcels.gpkg",
        permits=folder / "permits.geojson",
        zones=folder / "zones.gpkg",
        buildings=folder / "buildings.gpkg",
        areas=folder / "areas.gpkg",
        truth=folder / "truth.geojson",
        distractors=folder / "distractors.geojson",
    )
    write_image(files.before, plan, BEFORE, size_px, None, "2025:04:12 10:30:00")
    write_image(files.after, plan, AFTER, size_px, cloud, "2026:09:18 11:10:00")
    layers = make_layers(plan)
    for path, frame in (
        (files.parcels, layers.parcels),
        (files.permits, layers.permits),
        (files.zones, layers.zones),
        (files.buildings, layers.buildings),
        (files.areas, layers.areas),
        (files.truth, layers.truth),
        (files.distractors, layers.distractors),
    ):
        write_layer(path, frame)
    return files


def plan_district(seed: int, size_px: int) -> tuple[Plan, Cloud]:
    """The finished plan of a district and the cloud that hangs over it on the later date."""
    extent = size_px * PIXEL_M
    plan, network = lay_out(extent, seed)
    make_changes(plan, network)
    rng = np.random.default_rng([seed, 4])
    cloud = Cloud.drift(rng, extent, [e.shape for e in plan.events], LOOKS[AFTER].sun)
    plan.distractors += [Distractor(shape, kind) for kind, shape in cloud.outlines()]
    return plan, cloud


def written(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside the final name and rename at the end, so that no partial file is ever seen."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".demo-") as scratch:
        draft = Path(scratch) / path.name
        write(draft)
        draft.replace(path)


def write_image(path: Path, plan: Plan, date: int, size_px: int, cloud: Cloud | None, taken: str) -> None:
    """Paint one date into a tiled, compressed GeoTIFF with overviews."""
    levels = [n for n in (2, 4, 8, 16, 32) if size_px // n >= 128]

    def write(draft: Path) -> None:
        with rasterio.open(
            draft,
            "w",
            driver="GTiff",
            width=size_px,
            height=size_px,
            count=3,
            dtype="uint8",
            crs=CRS,
            transform=Affine(PIXEL_M, 0.0, EAST_M, 0.0, -PIXEL_M, NORTH_M),
            tiled=True,
            blockxsize=_TILE_PX,
            blockysize=_TILE_PX,
            compress="deflate",
            predictor=2,
            zlevel=4,
            photometric="RGB",
            interleave="pixel",
        ) as target:
            for block in paint_date(plan, date, size_px, cloud):
                _, height, width = block.pixels.shape
                target.write(block.pixels, window=Window(block.col, block.row, width, height))
            target.update_tags(TIFFTAG_DATETIME=taken, TIFFTAG_IMAGEDESCRIPTION="Kancha demonstration district")
            target.build_overviews(levels, Resampling.average)

    written(path, write)


def write_layer(path: Path, frame: gpd.GeoDataFrame) -> None:
    """Write a layer: GeoJSON in longitude and latitude, GeoPackage in the images' own system."""

    def write(draft: Path) -> None:
        if path.suffix == ".geojson":
            frame.to_crs(LON_LAT).to_file(draft, driver="GeoJSON", RFC7946="YES")
        else:
            frame.to_file(draft, driver="GPKG", layer=path.stem)

    written(path, write)
