"""One scene as the ledger sees it: how much of each cell it shows, and what hides the rest."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import cv2
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geodata.coverage.cells import origin_of, share_of_cells
from geodata.crs import same_crs, transform_xy
from geodata.grid import Grid
from geodata.pairing.usable import U8, Code

F32 = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
Hidden = Literal["cloud", "haze", "shadow", "saturated", "nodata"]
Reason = Literal["cloud", "haze", "shadow", "saturated", "nodata", "no_image", "excluded"]

HIDDEN: Mapping[Hidden, Code] = {
    "cloud": Code.CLOUD,
    "haze": Code.HAZE,
    "shadow": Code.SHADOW,
    "saturated": Code.SATURATED,
    "nodata": Code.NODATA,
}
"""What hides the ground within a scene, with the code of its pixels."""
REASONS: tuple[Reason, ...] = (*HIDDEN, "no_image", "excluded")
"""Why a cell was not seen: hidden in a scene, in no scene, or not to be looked at (no-fly and secret areas)."""


_STEPS = 60_000
"""Steps in which a share is kept: 0.04 m² of a cell of 50 m."""
_MOST_PIXELS = 1_000_000
"""Pixels of a mask that are looked at at a time."""


class AnyLook(Protocol):
    """A look, wherever its shares are kept."""

    @property
    def scene(self) -> str:
        """Id of the scene."""

    @property
    def on(self) -> datetime:
        """When it was taken."""

    def over(self, cells: Grid) -> Look | None:
        """What it says of a grid of cells; None where it says nothing of them."""


@dataclass(frozen=True)
class Look:
    """One scene over the cells.

    Args:
        scene: Its id.
        on: When it was taken.
        seen: Share of each cell that it shows, 0 to 1, shape of the cells it is about.
        hidden: Share of each cell that it should show and does not, by what hides it.
        row: First row of the cells that it is about, where it is about a part of them.
        col: First column.
    """

    scene: str
    on: datetime
    seen: F32
    hidden: Mapping[Hidden, F32]
    row: int = 0
    col: int = 0

    @property
    def framed(self) -> F32:
        """Share of each cell within the scene's frame."""
        return self.seen + np.sum(list(self.hidden.values()), axis=0, dtype=np.float32)

    @property
    def slices(self) -> tuple[slice, slice]:
        """The cells that it is about, as slices of an array of all cells."""
        height, width = self.seen.shape
        return slice(self.row, self.row + height), slice(self.col, self.col + width)

    def over(self, cells: Grid) -> Look | None:
        """Itself: it is about cells of this grid already."""
        return self


@dataclass(frozen=True)
class PackedLook:
    """A look made small, anchored to the lattice of cells and not to any area: it holds wherever the areas move.

    Args:
        scene: Id of the scene.
        on: When it was taken.
        row: Row of its first cell in the lattice, counted from the north.
        col: Column of its first cell.
        shape: Rows and columns.
        data: Shares of what is seen and of what each of `HIDDEN` hides, 16 bits each, deflated.
    """

    scene: str
    on: datetime
    row: int
    col: int
    shape: tuple[int, int]
    data: bytes

    @classmethod
    def of(cls, look: Look, cells: Grid) -> PackedLook:
        """A look over all of a grid of cells, made small."""
        row, col = origin_of(cells)
        planes = np.stack([look.seen, *(look.hidden[name] for name in HIDDEN)])
        data = zlib.compress(np.rint(planes * _STEPS).astype("<u2").tobytes(), 6)
        return cls(look.scene, look.on, row, col, look.seen.shape, data)

    def over(self, cells: Grid) -> Look | None:
        """What it says of a grid of cells of its lattice; None where it says nothing of them."""
        row, col = (mine - first for mine, first in zip((self.row, self.col), origin_of(cells), strict=True))
        rows = slice(max(0, row), min(cells.height, row + self.shape[0]))
        cols = slice(max(0, col), min(cells.width, col + self.shape[1]))
        if rows.start >= rows.stop or cols.start >= cols.stop:
            return None
        planes = np.frombuffer(zlib.decompress(self.data), "<u2").reshape(-1, *self.shape)
        mine = planes[:, rows.start - row : rows.stop - row, cols.start - col : cols.stop - col]
        seen, *hidden = mine.astype(np.float32) / np.float32(_STEPS)
        return Look(self.scene, self.on, seen, dict(zip(HIDDEN, hidden, strict=True)), rows.start, cols.start)


def frame_of(grid: Grid, crs: pyproj.CRS, cell_m: float) -> Grid:
    """The cells of a lattice that a raster touches."""
    return Grid.from_bounds(crs, grid.bounds_in(crs), cell_m)


def look_at(codes: U8, grid: Grid, cells: Grid, scene: str, on: datetime) -> Look:
    """What a scene's mask says of the cells.

    Args:
        codes: The mask (`usable.Code`), shape of its grid.
        grid: Where it lies.
        cells: The cells, metric.
        scene: Id of the scene.
        on: When it was taken.
    """
    x, y = grid.outline(cells.crs)
    framed = share_of_cells(cells, shapely.Polygon(np.column_stack([x, y])))
    count = cells.height * cells.width
    hits, pixels = np.zeros((len(HIDDEN), count), np.int32), np.zeros(count, np.int32)
    # a pixel that is large for a cell stands for several, so that no cell is left without one
    fine = max(1, int(np.ceil(2 * max(grid.gsd_m()) / cells.transform.a)))
    rows = max(1, _MOST_PIXELS // (grid.width * fine * fine))
    for row in range(0, grid.height, rows):
        stop = min(grid.height, row + rows)
        number = _cell_of(grid, slice(row, stop), fine, cells)
        here = np.repeat(np.repeat(codes[row:stop], fine, axis=0), fine, axis=1).ravel()
        _count(pixels, number[number >= 0])
        for k, code in enumerate(HIDDEN.values()):
            _count(hits[k], number[(number >= 0) & (here == code)])
    shares, known = _shares(hits.reshape(len(HIDDEN), *cells.shape), pixels.reshape(cells.shape))
    shares *= framed
    hidden = dict(zip(HIDDEN, shares, strict=True))
    seen = np.clip(np.where(known, framed, 0.0) - shares.sum(axis=0), 0, 1)
    return Look(scene, on, seen.astype(np.float32), hidden)


def _count(counts: npt.NDArray[np.int32], numbers: npt.NDArray[np.intp]) -> None:
    """Add how often each number occurs; the numbers of some rows lie near each other."""
    if len(numbers):
        first = int(numbers.min())
        found = np.bincount(numbers - first)
        counts[first : first + len(found)] += found.astype(np.int32)


def _shares(hits: npt.NDArray[np.int32], pixels: npt.NDArray[np.int32]) -> tuple[F32, BoolArray]:
    """The share of the pixels of each cell that hold each code, and where there are any.

    A sliver at the edge of the frame, in which no pixel has its middle, is as the cells beside it.
    """
    bare = pixels == 0
    around = np.where(bare, _box_sum(pixels), pixels)
    shares = np.empty(hits.shape, np.float32)
    for k, one in enumerate(hits):
        shares[k] = np.where(bare, _box_sum(one), one) / np.maximum(around, 1)
    return shares, around > 0


def _box_sum(values: npt.NDArray[np.int32]) -> F32:
    return np.asarray(cv2.boxFilter(values.astype(np.float32), -1, (3, 3), normalize=False, borderType=0))


def _cell_of(grid: Grid, rows: slice, fine: int, cells: Grid) -> npt.NDArray[np.intp]:
    """Number of the cell under the middle of each pixel of some rows, row by row; -1 outside all of them.

    Args:
        grid: The raster.
        rows: Its rows.
        fine: Parts of a side of a pixel.
        cells: The cells.
    """
    row, col = np.mgrid[rows.start * fine : rows.stop * fine, : grid.width * fine]
    t = grid.transform
    down, right = (row.ravel() + 0.5) / fine, (col.ravel() + 0.5) / fine
    x, y = t.a * right + t.b * down + t.c, t.d * right + t.e * down + t.f
    if not same_crs(grid.crs, cells.crs):
        x, y = transform_xy(grid.crs, cells.crs, x, y)
    at = ~cells.transform
    column, line = (np.floor(v).astype(np.intp) for v in (at.a * x + at.c, at.e * y + at.f))
    inside = (column >= 0) & (column < cells.width) & (line >= 0) & (line < cells.height)
    return np.where(inside, line * cells.width + column, -1)
