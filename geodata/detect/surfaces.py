"""Surface models in windows: heights as whole centimetres, how plane they are, and the ground beneath.

Heights are rounded to whole centimetres before anything is compared or summed, so that no figure depends on the
window it was computed in. A 3 × 3 plane (least squares) tells a roof from a crown: the mean residual of a roof is
a few centimetres, that of a tree half a metre. The ground is the morphological opening of the lowest heights of
cells of about 4 m (Zhang et al. 2003, one size of window), or the terrain model where there is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numba
import numpy as np
import numpy.typing as npt

from geodata.grid import Window
from geodata.io.warp import GridReader

I32 = npt.NDArray[np.int32]
F32 = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

CELL_M = 4.0
GROUND_CELLS = 13
"""Side of the opening, cells: what is narrower than 52 m is no ground."""

NO_PLANE = 1 << 20
"""Residual of a pixel that has no complete 3 × 3 neighbourhood, cm."""

_FAR = np.float32(1e9)
_DEEPEST_M, _HIGHEST_M = -1000.0, 9000.0


@dataclass(frozen=True)
class Surface:
    """Heights of one date in a window.

    Args:
        cm: Heights, whole centimetres, 0 where unknown, shape (y, x).
        valid: Where a height is known.
    """

    cm: I32
    valid: BoolArray

    def part(self, rows: slice, cols: slice) -> Surface:
        """A part of the window (a view)."""
        return Surface(self.cm[rows, cols], self.valid[rows, cols])


@dataclass(frozen=True)
class SurfaceReader:
    """Reads heights in windows of a grid.

    Args:
        reader: The raster, with its shift.
        tilt: Plane that is added: cm, cm per row and cm per column of the grid.
    """

    reader: GridReader
    tilt: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def read(self, window: Window) -> Surface:
        """Heights of a window; what lies 1,000 m under or 9,000 m over the datum is no height."""
        values, valid = self.reader.read(window)
        heights = values[0].astype(np.float64)
        valid = valid & (heights > _DEEPEST_M) & (heights < _HIGHEST_M)
        rows = np.arange(window.row, window.row_stop, dtype=np.float64)[:, None]
        cols = np.arange(window.col, window.col_stop, dtype=np.float64)[None, :]
        level = np.rint(self.tilt[0] + self.tilt[1] * rows + self.tilt[2] * cols)
        return Surface(np.where(valid, np.rint(heights * 100) + level, 0).astype(np.int32), valid)


def shifted(surface: Surface, shift: tuple[float, float]) -> Surface:
    """A patch moved by a shift, bilinear, of the same shape; pixels that come from outside are unknown."""
    if shift == (0.0, 0.0):
        return surface
    rows, cols = surface.cm.shape
    whole = math.floor(shift[0]), math.floor(shift[1])
    fx, fy = shift[0] - whole[0], shift[1] - whole[1]
    total, known = np.zeros((rows, cols)), np.ones((rows, cols), bool)
    for step_y, weight_y in ((0, 1 - fy), (1, fy)):
        for step_x, weight_x in ((0, 1 - fx), (1, fx)):
            part = _moved(surface, whole[0] + step_x, whole[1] + step_y)
            total += weight_y * weight_x * part.cm
            known &= part.valid
    return Surface(np.where(known, np.rint(total), 0).astype(np.int32), known)


def _moved(surface: Surface, dx: int, dy: int) -> Surface:
    """A patch moved by whole pixels: the new (row, col) is the old (row + dy, col + dx)."""
    rows, cols = surface.cm.shape
    out = Surface(np.zeros_like(surface.cm), np.zeros_like(surface.valid))
    to = slice(max(0, -dy), max(0, min(rows, rows - dy))), slice(max(0, -dx), max(0, min(cols, cols - dx)))
    of = slice(max(0, dy), max(0, min(rows, rows + dy))), slice(max(0, dx), max(0, min(cols, cols + dx)))
    out.cm[to], out.valid[to] = surface.cm[of], surface.valid[of]
    return out


@numba.njit(cache=True, nogil=True, inline="always")
def _plane(cm, valid, i, j):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Least-squares plane over 3 × 3 pixels: 108 times the residual variance (cm²; -1: none), 6 times the slopes."""
    rows, cols = cm.shape
    if i < 1 or j < 1 or i > rows - 2 or j > cols - 2:
        return np.int64(-1), np.int64(0), np.int64(0)
    total, squares, x, y = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    middle = np.int64(cm[i, j])
    for di in range(-1, 2):
        for dj in range(-1, 2):
            if not valid[i + di, j + dj]:
                return np.int64(-1), np.int64(0), np.int64(0)
            z = np.int64(cm[i + di, j + dj]) - middle
            total += z
            squares += z * z
            x += dj * z
            y += di * z
    # nine heights less three parameters leave six degrees of freedom: variance = (Σz² - (Σz)²/9 - (x² + y²)/6) / 6
    return 18 * squares - 2 * total * total - 3 * (x * x + y * y), x, y


@numba.njit(cache=True, nogil=True)
def _planes(cm, valid, residual, x, y):  # type: ignore[no-untyped-def]  # pragma: no cover
    rows, cols = cm.shape
    for i in range(rows):
        for j in range(cols):
            n, sx, sy = _plane(cm, valid, i, j)
            residual[i, j] = NO_PLANE if n < 0 else min(NO_PLANE, int(np.floor(np.sqrt(n / 108.0) + 0.5)))
            x[i, j], y[i, j] = sx, sy


def planes(surface: Surface) -> tuple[I32, F32, F32]:
    """The plane through each pixel's 3 × 3 neighbourhood.

    Returns:
        Standard residual, whole cm (`NO_PLANE` where a neighbour is unknown), and the slopes to the right and
        downwards, cm per pixel.
    """
    residual, x, y = (np.empty(surface.cm.shape, np.int32) for _ in range(3))
    _planes(surface.cm, surface.valid, residual, x, y)
    return residual, x.astype(np.float32) / np.float32(6), y.astype(np.float32) / np.float32(6)


@numba.njit(cache=True, nogil=True)
def _plane_like(cm, valid, wanted, limit, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    rows, cols = cm.shape
    most = 108.0 * (limit + 0.5) * (limit + 0.5)
    for i in range(rows):
        for j in range(cols):
            if not wanted[i, j]:
                continue
            for di in range(-1, 2):
                for dj in range(-1, 2):
                    n = _plane(cm, valid, i + di, j + dj)[0]
                    if 0 <= n < most:
                        out[i, j] = True


def plane_like(surface: Surface, wanted: BoolArray, limit_cm: int) -> BoolArray:
    """Where the surface is as plane as a roof: one of the nine 3 × 3 planes that hold the pixel fits.

    So the pixels of an eave or a ridge count by the plane beside them.

    Args:
        surface: Heights.
        wanted: Pixels to look at; elsewhere the answer is False.
        limit_cm: Largest standard residual of a roof.
    """
    out = np.zeros(surface.cm.shape, bool)
    _plane_like(surface.cm, surface.valid, wanted, limit_cm, out)
    return out


@numba.njit(cache=True, nogil=True)
def _rise(upper, lower, valid, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    rows, cols = upper.shape
    for i in range(rows):
        for j in range(cols):
            if not valid[i, j]:
                continue
            top = lower[i, j]
            for p in range(max(0, i - 1), min(rows, i + 2)):
                for q in range(max(0, j - 1), min(cols, j + 2)):
                    if valid[p, q]:
                        top = max(top, lower[p, q])
            out[i, j] = upper[i, j] - top


def rise_cm(upper: Surface, lower: Surface) -> I32:
    """How much higher one surface is than the highest of the other within a pixel, cm.

    The neighbourhood keeps the walls of what stood already from alarming where the two dates lie a fraction of
    a pixel beside each other.

    Args:
        upper: The surface that may be higher.
        lower: The other, brought to the same level.

    Returns:
        Rise, shape (y, x); the least whole number where either is unknown.
    """
    out = np.full(upper.cm.shape, np.iinfo(np.int32).min, np.int32)
    _rise(upper.cm, lower.cm, upper.valid & lower.valid, out)
    return out


def cell_px(gsd_m: float) -> int:
    """Side of a ground cell, px."""
    return max(1, round(CELL_M / gsd_m))


def ground_halo_px(gsd_m: float) -> int:
    """Pixels around a window that its ground, and the closing of it, may depend on."""
    return 2 * (GROUND_CELLS - 1) * cell_px(gsd_m)


def on_cells(window: Window, side: int, shape: tuple[int, int]) -> Window:
    """The window grown to whole ground cells, which are anchored at the grid's origin."""
    row, col = window.row // side * side, window.col // side * side
    stop_row = min(shape[0], -(-window.row_stop // side) * side)
    stop_col = min(shape[1], -(-window.col_stop // side) * side)
    return Window(row, col, stop_row - row, stop_col - col)


@numba.njit(cache=True, nogil=True)
def _keep_lowest(least, count, z):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Put a height into the sorted lowest ones; tells how many there are now."""
    if count == least.size and z >= least[count - 1]:
        return count
    k = min(count, least.size - 1)
    while k > 0 and least[k - 1] > z:
        least[k] = least[k - 1]
        k -= 1
    least[k] = z
    return min(count + 1, least.size)


@numba.njit(cache=True, nogil=True)
def _lowest(cm, valid, side, rank, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    """The `rank`-th lowest known height of each cell (the lowest of fewer); cells without one keep their value."""
    rows, cols = cm.shape
    least = np.empty(rank, np.int32)
    for a in range(out.shape[0]):
        for b in range(out.shape[1]):
            count = 0
            for i in range(a * side, min(rows, (a + 1) * side)):
                for j in range(b * side, min(cols, (b + 1) * side)):
                    if valid[i, j]:
                        count = _keep_lowest(least, count, cm[i, j])
            if count > 0:
                out[a, b] = least[rank - 1] if count == rank else least[0]


def lowest_of_cells(surface: Surface, side: int) -> F32:
    """A low height of each cell: the lowest but a sixteenth, so that a stray low return rules no cell.

    Returns:
        Whole centimetres as float32 (exact), NaN where nothing is known, shape (cell_y, cell_x).
    """
    none = np.int32(np.iinfo(np.int32).min)
    shape = tuple(-(-n // side) for n in surface.cm.shape)
    out = np.full(shape, none, np.int32)
    _lowest(surface.cm, surface.valid, side, max(1, side * side // 16), out)
    return np.where(out == none, np.float32(np.nan), out.astype(np.float32))


def opened(cells: F32) -> F32:
    """Morphological opening of cells over `GROUND_CELLS`, unknown cells and what lies outside left out."""
    kernel = np.ones((GROUND_CELLS, GROUND_CELLS), np.uint8)
    low = np.where(np.isnan(cells), _FAR, cells)
    low = np.asarray(cv2.erode(low, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=float(_FAR)))
    high = np.where(low >= _FAR, -_FAR, low)
    high = np.asarray(cv2.dilate(high, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=-float(_FAR)))
    return np.where(high <= -_FAR, np.float32(np.nan), high).astype(np.float32)


def closed(cells: F32) -> F32:
    """Morphological closing: pits narrower than `GROUND_CELLS` are filled."""
    return np.asarray(-opened(-cells), np.float32)


def _filled(cells: F32) -> F32:
    """Unknown cells get the mean of the known ones in the smallest box of 3, 5, 9 or 13 cells that has any."""
    out, known = cells.copy(), ~np.isnan(cells)
    values = np.where(known, cells, 0).astype(np.float64)
    for side in (3, 5, 9, GROUND_CELLS):
        count, total = (
            cv2.boxFilter(v, cv2.CV_64F, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
            for v in (known.astype(np.float64), values)
        )
        fill = np.isnan(out) & (count > 0.5)
        out[fill] = np.rint(total[fill] / np.rint(count[fill])).astype(np.float32)
    return out


def ground_cells(surface: Surface, terrain: Surface | None, side: int) -> F32:
    """The ground under a surface, cell by cell, cm; NaN where nothing tells it.

    Args:
        surface: Heights of a window of whole cells.
        terrain: The terrain model there; its holes (under buildings) are filled from around them.
        side: Side of a cell, px.
    """
    from_surface = opened(lowest_of_cells(surface, side))
    if terrain is None:
        return from_surface
    from_terrain = _filled(lowest_of_cells(terrain, side))
    return np.where(np.isnan(from_terrain), from_surface, from_terrain)


def spread(cells: F32, side: int, shape: tuple[int, int]) -> F32:
    """Cells as pixels of a window of whole cells."""
    return np.repeat(np.repeat(cells, side, axis=0), side, axis=1)[: shape[0], : shape[1]]
