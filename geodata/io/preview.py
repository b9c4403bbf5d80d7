"""A small picture of a scene for people: previews, map chips, report pictures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from affine import Affine

from geodata.crs import CRS84
from geodata.errors import NoOverlapError
from geodata.grid import Bounds, Grid, Window
from geodata.io.rasters import RasterInfo
from geodata.io.warp import GridReader
from geodata.raster import Raster


def preview_bands(info: RasterInfo) -> tuple[str, ...]:
    """The bands to show: natural colour where the raster has it, else its first band."""
    if {"red", "green", "blue"} <= set(info.bands):
        return ("red", "green", "blue")
    return tuple(name for name in info.bands if name != "alpha")[:1]


def to_display(values: npt.NDArray[np.generic], valid: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Three bands of 8 bit for the eye: 8 bit data as it is, anything else stretched from 1 to 99 %."""
    if values.shape[0] == 1:
        values = np.repeat(values, 3, axis=0)
    if values.dtype == np.uint8:
        return values.astype(np.uint8)
    sample = values[:, valid].astype(np.float32)
    if sample.size == 0:
        return np.zeros(values.shape, np.uint8)
    low, high = np.percentile(sample, [1, 99])
    scaled = (values.astype(np.float32) - low) * (255.0 / max(1e-6, float(high - low)))
    return np.asarray(np.clip(scaled, 0, 255), np.uint8)


def read_preview(info: RasterInfo, *, bounds_lonlat: Bounds | None = None, max_px: int = 1024) -> Raster:
    """A picture of a scene, natural colours, 8 bit, on a CRS84 grid.

    Args:
        info: An accepted raster (see `inspect_raster`).
        bounds_lonlat: (west, south, east, north) of the part wanted; None: all of it.
        max_px: Longer side of the picture, px.

    Raises:
        NoOverlapError: If the wanted part lies outside the scene.
    """
    west, south, east, north = bounds_lonlat or info.grid.bounds_in(CRS84)
    outer = info.grid.bounds_in(CRS84)
    if west >= outer[2] or east <= outer[0] or south >= outer[3] or north <= outer[1]:
        raise NoOverlapError(f"{info.name} does not cover {west:.5f},{south:.5f},{east:.5f},{north:.5f}.")
    # A degree of longitude is shorter than one of latitude; equal steps on the ground keep the picture's shape.
    squeeze = max(0.05, float(np.cos(np.radians((south + north) / 2))))
    step = max((east - west) * squeeze, north - south) / max_px
    shape = (max(1, round((north - south) / step)), max(1, round((east - west) * squeeze / step)))
    transform = Affine((east - west) / shape[1], 0, west, 0, -(north - south) / shape[0], north)
    grid = Grid(CRS84, transform, shape)
    values, valid = GridReader(info, preview_bands(info), grid).read(Window(0, 0, *shape))
    shown = to_display(values, valid)
    shown[:, ~valid] = 0
    return Raster(shown, valid, grid, ("red", "green", "blue"), info.acquired_at)
