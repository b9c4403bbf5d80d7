"""Connected cells as pieces of ground with an outline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from geodata.coverage.cells import Cells, origin_of
from geodata.crs import CRS84
from geodata.repair import to_crs

BoolArray = npt.NDArray[np.bool_]
_STRAIGHT_CELLS = 20
"""An edge that is straight in the grid is not in longitude and latitude: so long it may be, cells."""


@dataclass(frozen=True)
class Piece:
    """Cells that hang together by their edges.

    Args:
        rows: Rows of their window.
        cols: Columns of it.
        here: Which cells of the window they are.
    """

    rows: slice
    cols: slice
    here: BoolArray

    @property
    def slices(self) -> tuple[slice, slice]:
        """The window as slices of an array of all cells."""
        return self.rows, self.cols

    @property
    def first(self) -> tuple[int, int]:
        """(row, column) of the northernmost cell, the westernmost of these."""
        row, col = (int(v[0]) for v in np.nonzero(self.here))
        return self.rows.start + row, self.cols.start + col


def pieces(mask: BoolArray) -> Iterator[Piece]:
    """The pieces of a mask of cells, shape of the cells."""
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    for number in range(1, count):
        col, row, width, height = (int(v) for v in stats[number, :4])
        rows, cols = slice(row, row + height), slice(col, col + width)
        yield Piece(rows, cols, np.asarray(numbers[rows, cols] == number))


def outline_of_piece(cells: Cells, piece: Piece) -> shapely.Geometry:
    """The outline of a piece in CRS84."""
    t = cells.grid.transform
    edge = np.diff(np.pad(piece.here, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(edge == 1)
    _, stop = np.nonzero(edge == -1)
    left, right = (t.c + (piece.cols.start + col) * t.a for col in (start, stop))
    top = t.f + (piece.rows.start + row) * t.e
    outline = shapely.segmentize(shapely.union_all(shapely.box(left, top + t.e, right, top)), _STRAIGHT_CELLS * t.a)
    (lonlat,) = to_crs(np.array([outline], object), cells.grid.crs, CRS84)
    found: shapely.Geometry = lonlat
    return found


def cell_id(cells: Cells, row: int, col: int) -> str:
    """The name of a cell: its column and the row of its upper edge in the lattice; it never changes."""
    first_row, first_col = origin_of(cells.grid)
    return f"{first_col + col}_{-(first_row + row)}"


def cell_at(cells: Cells, name: str) -> tuple[int, int] | None:
    """(row, column) of the cell of a name, None where the cells have none of it."""
    col_text, _, row_text = name.partition("_")
    try:
        col, row = int(col_text), -int(row_text)
    except ValueError:
        return None
    first_row, first_col = origin_of(cells.grid)
    row, col = row - first_row, col - first_col
    inside = 0 <= row < cells.grid.height and 0 <= col < cells.grid.width
    return (row, col) if inside and cells.share[row, col] > 0 else None
