"""The cells of the ledger: squares of a fixed lattice over an area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geodata.area import area_on
from geodata.crs import CGCS2000_GEOD, metric_crs_at
from geodata.errors import OptionError
from geodata.grid import Grid
from geodata.repair import Geometries

F64 = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
CELL_M = 50.0
MOST_CELLS = 16_000_000
"""Cells of one area, its frame counted: 200 km x 200 km of 50 m."""
_SLIVER = 1e-4
"""Less of a cell than this is no part of the area: 0.25 m² of a cell of 50 m."""
_BLOCK = 64


@dataclass(frozen=True)
class Part:
    """What a shape covers of a grid: a window, and the share of each of its pixels.

    Args:
        rows: Rows of the window.
        cols: Its columns.
        share: Share of each pixel of it that lies in the shape.
    """

    rows: slice
    cols: slice
    share: F64

    @property
    def slices(self) -> tuple[slice, slice]:
        """The window as slices of an array of the grid."""
        return self.rows, self.cols


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
    def over(cls, area: shapely.MultiPolygon, cell_m: float = CELL_M, crs: pyproj.CRS | None = None) -> Cells:
        """The cells that an area needs.

        Args:
            area: In CRS84, not empty.
            cell_m: Side of a cell.
            crs: The metric system of the lattice; None: that of the middle of the area.

        Raises:
            OptionError: If there would be too many.
        """
        middle = area.centroid
        crs = crs or metric_crs_at(middle.x, middle.y)
        local = area_on(Grid.from_bounds(crs, (0, 0, 1, 1), cell_m), area)
        assert local is not None  # an area was given
        grid = Grid.from_bounds(crs, local.bounds, cell_m)
        check_count(grid)
        share = share_of_cells(grid, local)
        if share.max() > _SLIVER:
            share[share < _SLIVER] = 0.0
        ellipsoidal = sum(abs(CGCS2000_GEOD.geometry_area_perimeter(part)[0]) for part in shapely.get_parts(area))
        return cls(grid, share, ellipsoidal / float(share.sum()))

    @property
    def area_m2(self) -> F64:
        """Ground of each cell that lies in the area, m²."""
        return self.share * self.cell_m2

    def squares(self, row: IntArray, col: IntArray) -> Geometries:
        """Cells as polygons in the grid's system, shape of the rows."""
        return squares(self.grid, row, col)

    @property
    def origin(self) -> tuple[int, int]:
        """(row, column) of the first cell in the lattice, whose rows are counted from the north."""
        return origin_of(self.grid)

    def share_in(self, shape: shapely.Geometry) -> F64:
        """Share of each cell that lies in a polygon (CRS84), 0 to 1."""
        return _whole(self.grid, self.part_in(shape))

    def part_in(self, shape: shapely.Geometry) -> Part | None:
        """The cells that a polygon (CRS84) touches, with the share that lies in it; None where it touches none."""
        local = area_on(self.grid, shapely.MultiPolygon(polygons_of(shape)))
        assert local is not None
        return part_of_cells(self.grid, local)


def polygons_of(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """The polygons that a geometry is made of."""
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def squares(grid: Grid, row: IntArray, col: IntArray) -> Geometries:
    """Pixels of a grid as polygons."""
    t = grid.transform
    x, y = t.c + col * t.a, t.f + row * t.e
    return np.asarray(shapely.box(x, y + t.e, x + t.a, y), object)


def origin_of(grid: Grid) -> tuple[int, int]:
    """(row, column) of the first pixel in the lattice of its size, whose rows are counted from the north."""
    t = grid.transform
    return round(t.f / t.e), round(t.c / t.a)


def check_count(grid: Grid) -> None:
    """See that a grid of cells can be handled.

    Raises:
        OptionError: If it has too many.
    """
    count = grid.height * grid.width
    if count > MOST_CELLS:
        raise OptionError(
            f"The area needs {grid.height:,} x {grid.width:,} cells of {grid.transform.a:g} m, and {MOST_CELLS:,} are "
            "the most.",
            remedy="Name a smaller area, or make the cells larger (KANCHA_COVERAGE__CELL_M).",
            cells=count,
        )


def share_of_cells(grid: Grid, shape: shapely.Geometry) -> F64:
    """Share of each pixel of a grid that lies in a shape of the same system."""
    return _whole(grid, part_of_cells(grid, shape))


def _whole(grid: Grid, part: Part | None) -> F64:
    out = np.zeros(grid.shape)
    if part is not None:
        out[part.slices] = part.share
    return out


def part_of_cells(grid: Grid, shape: shapely.Geometry) -> Part | None:
    """What a shape of the same system covers of a grid; None where it touches nothing of it."""
    if shape.is_empty:
        return None
    t, (height, width) = grid.transform, grid.shape
    left, bottom, right, top = shape.bounds
    rows = slice(max(0, int((t.f - top) / -t.e)), min(height, int(np.ceil((t.f - bottom) / -t.e))))
    cols = slice(max(0, int((left - t.c) / t.a)), min(width, int(np.ceil((right - t.c) / t.a))))
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return None
    share = np.zeros((rows.stop - rows.start, cols.stop - cols.start))
    # block by block: a long border is cut once for a block, not once for each of its cells
    for row in range(rows.start, rows.stop, _BLOCK):
        for col in range(cols.start, cols.stop, _BLOCK):
            here = slice(row, min(row + _BLOCK, rows.stop)), slice(col, min(col + _BLOCK, cols.stop))
            at = slice(row - rows.start, here[0].stop - rows.start), slice(col - cols.start, here[1].stop - cols.start)
            share[at] = _block(grid, here, shape)
    return Part(rows, cols, share)


def _block(grid: Grid, here: tuple[slice, slice], shape: shapely.Geometry) -> F64:
    t, (rows, cols) = grid.transform, here
    left, right = t.c + cols.start * t.a, t.c + cols.stop * t.a
    top, bottom = t.f + rows.start * t.e, t.f + rows.stop * t.e
    frame = shapely.box(left, bottom, right, top)
    size = rows.stop - rows.start, cols.stop - cols.start
    piece = shapely.intersection(shape, frame)
    if piece.is_empty or not piece.area:
        return np.zeros(size)
    if piece.area >= frame.area * (1 - 1e-12):
        return np.ones(size)
    row, col = np.mgrid[rows, cols]
    ground = squares(grid, row, col)
    shapely.prepare(piece)
    inside = shapely.covers(piece, ground)
    edge = ~inside & shapely.intersects(piece, ground)
    share = inside.astype(np.float64)
    share[edge] = shapely.area(shapely.intersection(ground[edge], piece)) / (t.a * -t.e)
    return np.asarray(np.minimum(share, 1.0))
