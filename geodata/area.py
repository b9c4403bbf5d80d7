"""The area of interest: given in CRS84, needed in the common grid's system and as its pixels."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import geometry_mask

from geodata.crs import CRS84, transform_xy
from geodata.grid import Grid, Window

_ONE_AT_A_TIME = threading.Lock()


def area_on(grid: Grid, area: shapely.MultiPolygon | None) -> shapely.MultiPolygon | None:
    """An area of interest (CRS84) in the system of a grid; None: everything."""
    if area is None:
        return None
    return shapely.transform(area, lambda c: np.column_stack(transform_xy(CRS84, grid.crs, *c.T)))


def inside_area(grid: Grid, window: Window, area: shapely.MultiPolygon | None) -> npt.NDArray[np.bool_]:
    """Pixels of a window whose middle lies in an area in the grid's system; all of them where there is none."""
    part = grid.window(window)
    frame = shapely.box(*part.bounds)
    if area is None or area.contains(frame):
        return np.ones(part.shape, bool)
    if area.disjoint(frame):
        return np.zeros(part.shape, bool)
    # The library silences a warning of its own in a way that two threads must not do at once.
    with _ONE_AT_A_TIME:
        return np.asarray(geometry_mask([area], part.shape, part.transform, invert=True))
