"""Bring a raster to a grid, through one resampling rule and one warp.

The source is read at the whole-number decimation nearest below the grid's pixel size (block means, from the
overviews where they exist) and interpolated bilinearly. Source coordinates are computed exactly at the nodes
of a lattice anchored at the grid's origin and interpolated between them, then rounded to 1/32 px: a grid pixel
has one value, whatever window it is computed through. A shift field (co-registration) is applied in the same
step, so pixels are interpolated once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numba
import numpy as np
import numpy.typing as npt

from geodata.crs import transform_xy
from geodata.grid import Grid, Window
from geodata.io.rasters import OpenFiles, RasterInfo, SceneReader, decimation_for

NODE_PX = 32
_NODE_STEPS = 32768

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ShiftField:
    """Where the second date lies relative to the first, in pixels of the common grid.

    Args:
        dx: Column shift at each node, shape (node_y, node_x): the content of grid pixel (row, col) is found
            `dx` columns further right in the second date.
        dy: Row shift, likewise downwards.
        spacing_px: Distance of the nodes; node (0, 0) lies on the grid's upper left corner.
    """

    dx: FloatArray
    dy: FloatArray
    spacing_px: int

    def at(self, rows: FloatArray, cols: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Bilinear (dx, dy) at the crossings of grid rows and columns, each of shape (rows, cols)."""
        return self.at_points(*np.meshgrid(rows, cols, indexing="ij"))

    def at_points(self, rows: FloatArray, cols: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Bilinear (dx, dy) at points of any arrangement, each of the shape of `rows` and `cols`."""
        r = np.clip(rows / self.spacing_px, 0, self.dx.shape[0] - 1)
        c = np.clip(cols / self.spacing_px, 0, self.dx.shape[1] - 1)
        r0 = np.minimum(r.astype(np.intp), max(0, self.dx.shape[0] - 2))
        c0 = np.minimum(c.astype(np.intp), max(0, self.dx.shape[1] - 2))
        r1, c1 = np.minimum(r0 + 1, self.dx.shape[0] - 1), np.minimum(c0 + 1, self.dx.shape[1] - 1)
        fr, fc = r - r0, c - c0

        def mix(field: FloatArray) -> FloatArray:
            top = field[r0, c0] * (1 - fc) + field[r0, c1] * fc
            low = field[r1, c0] * (1 - fc) + field[r1, c1] * fc
            return np.asarray(top * (1 - fr) + low * fr)

        return mix(self.dx), mix(self.dy)

    def thinned(self, most: int = 33) -> ShiftField:
        """The same field told by fewer nodes, at most so many a side: it is smooth."""
        step = max(1, -(-(max(self.dx.shape) - 1) // (most - 1)))
        rows, cols = (
            np.arange(-(-(nodes - 1) // step) + 1, dtype=np.float64) * step * self.spacing_px for nodes in self.dx.shape
        )
        return ShiftField(*self.at(rows, cols), self.spacing_px * step)

    def coarsened(self, factor: int) -> ShiftField:
        """The same field in pixels `factor` times as large; the node distance must divide by it."""
        return ShiftField(self.dx / factor, self.dy / factor, self.spacing_px // factor)


@dataclass(frozen=True)
class GridReader:
    """Reads windows of one raster on a grid.

    Args:
        info: The raster.
        bands: Bands to read.
        grid: The grid to bring it to.
        shift: Co-registration, None for the first date.
        files: Where the file is held open.
    """

    info: RasterInfo
    bands: tuple[str, ...]
    grid: Grid
    shift: ShiftField | None = None
    files: OpenFiles = field(default_factory=OpenFiles, repr=False, compare=False)

    @cached_property
    def scene(self) -> SceneReader:
        """The reader at the decimation that suits the grid."""
        dx, dy = self.grid.gsd_m()
        return SceneReader(self.info, self.bands, decimation_for(self.info, float(np.sqrt(dx * dy))), self.files)

    def coarsened(self, factor: int) -> GridReader:
        """A reader of the same ground in pixels `factor` times as large."""
        shift = None if self.shift is None else self.shift.coarsened(factor)
        return replace(self, grid=self.grid.coarsened(factor), shift=shift)

    def source_nodes(self, window: Window) -> tuple[FloatArray, FloatArray]:
        """Level coordinates (x, y) of the lattice nodes around a window, pixel centres at whole numbers."""
        rows, cols = (
            NODE_PX * np.arange(start // NODE_PX, -(-stop // NODE_PX) + 1, dtype=np.float64)
            for start, stop in ((window.row, window.row_stop), (window.col, window.col_stop))
        )
        at_row, at_col = np.broadcast_to(rows[:, None], (rows.size, cols.size)), cols[None, :] + 0 * rows[:, None]
        if self.shift is not None:
            dx, dy = self.shift.at(rows, cols)
            at_row, at_col = at_row + dy, at_col + dx
        t = self.grid.transform
        x = t.a * (at_col + 0.5) + t.b * (at_row + 0.5) + t.c
        y = t.d * (at_col + 0.5) + t.e * (at_row + 0.5) + t.f
        sx, sy = transform_xy(self.grid.crs, self.info.grid.crs, x.ravel(), y.ravel())
        inverse = ~self.scene.level.transform
        lx = inverse.a * sx + inverse.b * sy + inverse.c - 0.5
        ly = inverse.d * sx + inverse.e * sy + inverse.f - 0.5
        # Whole multiples of 1/32768 px: what is interpolated between them is exact, so that no rounding error, and
        # with it no rounding to 1/32 px, depends on the window.
        lx, ly = (np.rint(v * _NODE_STEPS) / _NODE_STEPS for v in (lx, ly))
        return lx.reshape(at_row.shape), ly.reshape(at_row.shape)

    def read(self, window: Window) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]:
        """Pixels of a window of the grid.

        Returns:
            Values (band, y, x) in the file's type, zero where invalid, and the valid mask (y, x).
        """
        lx, ly = self.source_nodes(window)
        height, width = self.scene.level.shape
        col0, row0 = max(0, int(np.floor(lx.min())) - 1), max(0, int(np.floor(ly.min())) - 1)
        col1, row1 = min(width, int(np.ceil(lx.max())) + 2), min(height, int(np.ceil(ly.max())) + 2)
        dtype = np.dtype(self.info.dtype)
        values = np.zeros((len(self.bands), window.height, window.width), dtype)
        valid = np.zeros((window.height, window.width), np.uint8)
        if col1 > col0 and row1 > row0:
            source, mask = self.scene.read(row0, col0, row1 - row0, col1 - col0)
            offset = (window.row % NODE_PX, window.col % NODE_PX)
            whole_numbers = bool(np.issubdtype(dtype, np.integer))
            _sample(np.ascontiguousarray(source), mask, lx - col0, ly - row0, offset, whole_numbers, values, valid)
        return values, valid.astype(bool)


def ready() -> None:
    """Load the compiled kernel for images of 8 bits, so that whoever reads first does not wait for it."""
    nodes = np.zeros((2, 2))
    found = np.zeros((3, 1, 1), np.uint8), np.zeros((1, 1), np.uint8)
    _sample(np.zeros((3, 2, 2), np.uint8), np.full((2, 2), 255, np.uint8), nodes, nodes, (0, 0), True, *found)


@numba.njit(cache=True, nogil=True)
def _sample(source, mask, lx, ly, offset, whole_numbers, values, valid):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Bilinear sampling at lattice-interpolated coordinates rounded to 1/32 px; integer weights, so exact.

    Coordinates run in whole numbers of 2**-25 px (node steps, then the two lattice weights), so that stepping along
    a row is an addition.
    """
    bands, height, width = source.shape[0], source.shape[1], source.shape[2]
    rows, cols = valid.shape
    whole = mask.min() > 0
    for i in range(rows):
        gi = i + offset[0]
        ni = gi // NODE_PX
        fi = gi - ni * NODE_PX
        j = 0
        while j < cols:
            gj = j + offset[1]
            nj = gj // NODE_PX
            stop = min(cols, j + (nj + 1) * NODE_PX - gj)
            x, step_x = _along(lx, ni, nj, fi, gj - nj * NODE_PX)
            y, step_y = _along(ly, ni, nj, fi, gj - nj * NODE_PX)
            for k in range(j, stop):
                sx, sy = (x + 524288) >> 20, (y + 524288) >> 20
                x += step_x
                y += step_y
                x0, y0 = sx >> 5, sy >> 5
                wx, wy = sx & 31, sy & 31
                # Up to a pixel beyond the outermost centres repeats the edge; further out there is no data.
                if x0 < -1 or y0 < -1 or x0 >= width or y0 >= height:
                    continue
                # A neighbour without weight does not count, so that a missing pixel costs no more than itself.
                x1, y1 = max(0, min(x0 + (wx > 0), width - 1)), max(0, min(y0 + (wy > 0), height - 1))
                x0, y0 = max(x0, 0), max(y0, 0)
                if not whole and (mask[y0, x0] == 0 or mask[y0, x1] == 0 or mask[y1, x0] == 0 or mask[y1, x1] == 0):
                    continue
                valid[i, k] = 1
                w11 = wx * wy
                w01, w10 = 32 * wx - w11, 32 * wy - w11
                w00 = 1024 - w11 - w01 - w10
                for b in range(bands):
                    total = (
                        source[b, y0, x0] * w00
                        + source[b, y0, x1] * w01
                        + source[b, y1, x0] * w10
                        + source[b, y1, x1] * w11
                    )
                    values[b, i, k] = (np.int64(total) + 512) >> 10 if whole_numbers else total / 1024
            j = stop


@numba.njit(cache=True, nogil=True)
def _along(nodes, ni, nj, fi, fj):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Coordinate at column `fj` of a lattice cell in its row `fi`, and its step, in 2**-25 px."""
    left = np.int64(nodes[ni, nj] * 32768) * (NODE_PX - fi) + np.int64(nodes[ni + 1, nj] * 32768) * fi
    right = np.int64(nodes[ni, nj + 1] * 32768) * (NODE_PX - fi) + np.int64(nodes[ni + 1, nj + 1] * 32768) * fi
    return left * NODE_PX + (right - left) * fj, right - left
