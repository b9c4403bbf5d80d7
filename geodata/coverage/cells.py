"""The cells of the ledger: squares of a fixed lattice over an area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geodata.area import area_on
from geodata.crs import CGCS2000_GEOD, metric_crs_at
from geodata.grid import Grid
from geodata.repair import Geometries

F64 = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
CELL_M = 50.0


@dataclass(frozen=True)
class Cells:
    """Squares over an area. Their edges are multiples of their side, so that two areas share the cells they share.

    Args:
        grid: One pixel per cell, metric.
        share: Share of each cell that lies in the area, shape of the grid.
        cell_m2: Ground of a whole cell, m² (ellipsoidal, by the area as a whole).
    """

    grid: Grid
    share: F64
    cell_m2: float

    @classmethod
    def over(cls, area: shapely.MultiPolygon, cell_m: float = CELL_M) -> Cells:
        """The cells that an area needs.

        Args:
            area: In CRS84, not empty.
            cell_m: Side of a cell.
        """
        middle = area.centroid
        crs = metric_crs_at(middle.x, middle.y)
        grid = Grid.from_bounds(crs, (0, 0, 1, 1), cell_m)
        local = area_on(grid, area)
        assert local is not None  # an area was given
        grid = Grid.from_bounds(crs, local.bounds, cell_m)
        share = share_of_cells(grid, local)
        ellipsoidal = sum(abs(CGCS2000_GEOD.geometry_area_perimeter(part)[0]) for part in shapely.get_parts(area))
        return cls(grid, share, ellipsoidal / float(share.sum()))

    @property
    def area_m2(self) -> F64:
        """Ground of each cell that lies in the area, m²."""
        return self.share * self.cell_m2

    def squares(self, row: IntArray, col: IntArray) -> Geometries:
        """Cells as polygons in the grid's system, shape of the rows."""
        return squares(self.grid, row, col)

    def share_in(self, shape: shapely.Geometry) -> F64:
        """Share of each cell that lies in a polygon (CRS84), 0 to 1."""
        local = area_on(self.grid, shapely.MultiPolygon(polygons_of(shape)))
        assert local is not None
        return share_of_cells(self.grid, local)


def polygons_of(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """The polygons that a geometry is made of."""
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def squares(grid: Grid, row: IntArray, col: IntArray) -> Geometries:
    """Pixels of a grid as polygons."""
    t = grid.transform
    x, y = t.c + col * t.a, t.f + row * t.e
    return np.asarray(shapely.box(x, y + t.e, x + t.a, y), object)


def share_of_cells(grid: Grid, shape: shapely.Geometry) -> F64:
    """Share of each pixel of a grid that lies in a shape of the same system."""
    out = np.zeros(grid.shape)
    t, (height, width) = grid.transform, grid.shape
    left, bottom, right, top = shape.bounds if not shape.is_empty else (0.0, 0.0, 0.0, 0.0)
    rows = slice(max(0, int((t.f - top) / -t.e)), min(height, int(np.ceil((t.f - bottom) / -t.e))))
    cols = slice(max(0, int((left - t.c) / t.a)), min(width, int(np.ceil((right - t.c) / t.a))))
    if rows.start >= rows.stop or cols.start >= cols.stop or shape.is_empty:
        return out
    row, col = np.mgrid[rows, cols]
    ground = squares(grid, row, col)
    shapely.prepare(shape)
    inside = shapely.covers(shape, ground)
    edge = ~inside & shapely.intersects(shape, ground)
    part = inside.astype(np.float64)
    part[edge] = shapely.area(shapely.intersection(ground[edge], shape)) / (t.a * -t.e)
    out[rows, cols] = np.minimum(part, 1.0)
    return out
