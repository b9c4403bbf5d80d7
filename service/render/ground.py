"""The pixels of a picture that somebody may see."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import geometry_mask

from geodata.crs import CRS84, transform_xy
from geodata.grid import Grid
from service.auth.sight import Sight

_STEP_PX = 32
"""What is straight in lon-lat bends in other systems: between points so close it does not leave its pixel."""


def on_ground(sight: Sight, grid: Grid) -> npt.NDArray[np.bool_]:
    """Which pixels of a grid lie on the ground that somebody sees: (y, x). A pixel belongs to where its middle lies."""
    if sight.ground is None:
        return np.ones(grid.shape, bool)
    west, south, east, north = grid.bounds_in(CRS84)
    near = shapely.intersection(sight.ground, shapely.box(west, south, east, north))
    if near.is_empty or near.area == 0:
        return np.zeros(grid.shape, bool)
    step = max(east - west, north - south) / max(grid.shape) * _STEP_PX
    drawn = shapely.transform(
        shapely.segmentize(near, step), lambda x, y: transform_xy(CRS84, grid.crs, x, y), interleaved=False
    )
    seen: npt.NDArray[np.bool_] = geometry_mask([drawn], grid.shape, grid.transform, invert=True)
    return seen
