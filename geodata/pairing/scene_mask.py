"""The mask that is kept with a scene: codes of the whole scene, coarse and of bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from rasterio.features import geometry_mask

from geodata.crs import CRS84, transform_xy
from geodata.errors import RasterError
from geodata.grid import Grid
from geodata.io.coded import Colour, read_coded, write_coded
from geodata.io.rasters import RasterInfo, SceneReader
from geodata.io.warp import GridReader
from geodata.pairing.plan import comparable_bands
from geodata.pairing.usable import U8, Code, count, read_codes, scene_statistics, seen, shares, usable_share
from geodata.repair import to_crs

MAX_SIDE_PX = 2048
LEAST_GSD_M = 1.0
MAX_DECODED_PX = 400_000_000
"""Pixels that may be decoded for a mask; a larger scene without overviews gets none."""

_WINDOW_PX = 1024
LEGEND: Mapping[int, tuple[str, Colour]] = {
    Code.USABLE: ("usable", (222, 222, 214, 255)),
    Code.NODATA: ("nodata", (0, 0, 0, 255)),
    Code.SATURATED: ("saturated", (255, 120, 200, 255)),
    Code.CLOUD: ("cloud", (255, 255, 255, 255)),
    Code.HAZE: ("haze", (190, 205, 235, 255)),
    Code.SHADOW: ("shadow", (70, 60, 90, 255)),
    Code.WATER: ("water", (60, 130, 200, 255)),
    Code.VEGETATION: ("vegetation", (90, 160, 80, 255)),
}


@dataclass(frozen=True)
class SceneMask:
    """Codes of a whole scene.

    Args:
        codes: Codes (y, x), see `Code`.
        grid: Where they lie.
        shares: Share of each code within the scene's frame.
    """

    codes: U8
    grid: Grid
    shares: Mapping[str, float]

    @property
    def usable_share(self) -> float:
        """Share of the frame that shows the ground."""
        return usable_share(self.shares)

    def write(self, path: Path) -> None:
        """Write it as a GeoTIFF with a colour table."""
        write_coded(path, self.codes, self.grid, LEGEND)

    @classmethod
    def read(cls, path: Path) -> SceneMask:
        """A mask that was written."""
        codes, grid = read_coded(path)
        return cls(codes, grid, shares(count(codes)))

    def drawn_on(self, grid: Grid) -> U8:
        """The mask in its colours on another grid, (y, x, 4); transparent beyond it."""
        rows, cols = np.meshgrid(np.arange(grid.height) + 0.5, np.arange(grid.width) + 0.5, indexing="ij")
        x, y = grid.transform @ (cols.ravel(), rows.ravel())
        own_x, own_y = transform_xy(grid.crs, self.grid.crs, x, y)
        col, row = ~self.grid.transform @ (own_x, own_y)
        col, row = np.floor(col).astype(int), np.floor(row).astype(int)
        inside = (row >= 0) & (col >= 0) & (row < self.grid.height) & (col < self.grid.width)
        table = np.zeros((256, 4), np.uint8)
        for code, (_, colour) in LEGEND.items():
            table[code] = colour
        drawn = np.zeros((grid.height * grid.width, 4), np.uint8)
        drawn[inside] = table[self.codes[row[inside], col[inside]]]
        return drawn.reshape(grid.height, grid.width, 4)

    def usable_within(self, outline: shapely.Geometry) -> float | None:
        """Share of an outline (CRS84) that shows the ground, pixels it touches; None where it lies outside."""
        (local,) = to_crs(np.array([outline], dtype=object), CRS84, self.grid.crs)
        touched = geometry_mask([local], self.grid.shape, self.grid.transform, all_touched=True, invert=True)
        return float(seen(self.codes[touched]).mean()) if touched.any() else None


def mask_factor(info: RasterInfo) -> int:
    """The decimation of a scene's mask: a power of two, pixels of a metre or more, at most 2048 of them a side."""
    factor = 1
    while max(info.width, info.height) / factor > MAX_SIDE_PX or info.gsd_m * factor < 0.7 * LEAST_GSD_M:
        factor *= 2
    return factor


def decoded_px(info: RasterInfo, factor: int) -> int:
    """Pixels that must be decoded to see a whole scene at a decimation."""
    stored = SceneReader(info, info.bands, factor).stored_factor
    return -(-info.width // stored) * -(-info.height // stored)


def scene_mask(info: RasterInfo) -> SceneMask | None:
    """The mask of a scene; None where it would cost too much, or where the scene cannot be decoded throughout."""
    factor = mask_factor(info)
    if decoded_px(info, factor) > MAX_DECODED_PX:
        return None
    grid = info.grid.coarsened(factor)
    reader = GridReader(info, comparable_bands(info.bands), grid)
    codes = np.empty(grid.shape, np.uint8)
    try:
        statistics = scene_statistics(reader)
        for window in grid.windows(_WINDOW_PX):
            rows, cols = window.slices
            codes[rows, cols] = read_codes(reader, window, statistics)
    except RasterError:
        return None
    return SceneMask(codes, grid, shares(count(codes)))
