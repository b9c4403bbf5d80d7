"""The area of interest: given in CRS84, needed in the common grid's system and as its pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import geometry_mask

from geodata.crs import CRS84, transform_xy
from geodata.grid import Grid, Window


def area_on(grid: Grid, area: shapely.MultiPolygon | None) -> shapely.MultiPolygon | None:
    """An area of interest (CRS84) in the system of a grid; None: everything."""
    if area is None:
        return None
    return shapely.transform(area, lambda c: np.column_stack(transform_xy(CRS84, grid.crs, *c.T)))


def inside_area(grid: Grid, window: Window, area: shapely.MultiPolygon | None) -> npt.NDArray[np.bool_]:
    """Pixels of a window whose middle lies in an area in the grid's system; all of them where there is none."""
    part = grid.window(window)
    if area is None:
        return np.ones(part.shape, bool)
    return np.asarray(geometry_mask([area], part.shape, part.transform, invert=True))
