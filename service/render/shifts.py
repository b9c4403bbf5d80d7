"""The shift field of a scan on tiles: as a picture, and to lay the earlier date where the later lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pyproj
from affine import Affine

from geodata.crs import transform_xy
from geodata.grid import Grid
from geodata.io.warp import NODE_PX, ShiftField
from service.render.raster_tiles import U8

FULL_M = 5.0
"""The shift of the last colour, m."""
_ALPHA, _ARROW_PX, _EVERY_PX = 150, 22.0, 64
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PairShift:
    """How the dates of a scan lie to each other.

    Args:
        crs: System of the common grid.
        transform: Of the common grid.
        shape: Of the common grid.
        field: Where the later date lies relative to the earlier, px of the common grid.
    """

    crs: pyproj.CRS
    transform: Affine
    shape: tuple[int, int]
    field: ShiftField

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> PairShift | None:
        """That of a scan; None where its dates were not aligned, or an earlier release kept no field."""
        grid, alignment = provenance.get("grid") or {}, provenance.get("alignment") or {}
        field = alignment.get("field")
        if not alignment.get("reliable") or not field or not grid.get("transform"):
            return None
        told = ShiftField(np.array(field["dx"], float), np.array(field["dy"], float), int(field["spacing_px"]))
        height, width = grid["shape"]
        try:
            crs = pyproj.CRS.from_user_input(grid["crs"])
        except pyproj.exceptions.CRSError:
            return None  # the label of a system without a code says no more than its name
        return cls(crs, Affine(*grid["transform"]), (height, width), told)

    def at(self, grid: Grid, rows: F64, cols: F64) -> tuple[F64, F64, F64, F64]:
        """Pixels of another grid in the common one (row, column), and the shift there (dx, dy), in its pixels."""
        row, col = elsewhere((grid.crs, grid.transform), (self.crs, self.transform), rows, cols)
        return row, col, *self.field.at_points(row, col)

    def on(self, grid: Grid) -> ShiftField:
        """The shift by which the earlier date is read on another grid, so that it lies where the later does."""
        rows, cols = np.meshgrid(
            *(np.arange(0, size + NODE_PX, NODE_PX, dtype=float) for size in grid.shape), indexing="ij"
        )
        row, col, dx, dy = self.at(grid, rows, cols)
        to_row, to_col = elsewhere((self.crs, self.transform), (grid.crs, grid.transform), row - dy, col - dx)
        return ShiftField(to_col - cols, to_row - rows, NODE_PX)

    def drawn(self, grid: Grid) -> U8:
        """The field as a picture (y, x, 4), blue first: colours by length, 0 to `FULL_M`, arrows by direction."""
        step = 8
        at = (np.arange(0, size, step, dtype=float) + step / 2 for size in grid.shape)
        rows, cols = np.meshgrid(*at, indexing="ij")
        row, col, dx, dy = self.at(grid, rows, cols)
        gsd_m = float(np.hypot(self.transform.a, self.transform.d))
        length = np.hypot(dx, dy) * gsd_m
        inside = (row >= 0) & (col >= 0) & (row < self.shape[0]) & (col < self.shape[1])
        size = (grid.shape[1], grid.shape[0])
        shade = cv2.resize(np.clip(length / FULL_M * 255, 0, 255).astype(np.float32), size)
        picture = cv2.applyColorMap(shade.astype(np.uint8), cv2.COLORMAP_VIRIDIS)
        alpha = cv2.resize(inside.astype(np.uint8) * _ALPHA, size, interpolation=cv2.INTER_NEAREST)
        told = np.dstack([picture, alpha])
        every = _EVERY_PX // step
        for k in range(every // 2, rows.shape[0], every):
            for m in range(every // 2, cols.shape[1], every):
                if inside[k, m] and length[k, m] > 0:
                    way = np.array([dx[k, m], dy[k, m]]) * gsd_m / length[k, m]
                    way *= 5 + (_ARROW_PX - 5) * min(1.0, length[k, m] / FULL_M)
                    start = round(cols[k, m]), round(rows[k, m])
                    last = round(cols[k, m] + way[0]), round(rows[k, m] + way[1])
                    for colour, wide in (((0, 0, 0, 255), 3), ((255, 255, 255, 255), 1)):
                        cv2.arrowedLine(told, start, last, colour, wide, cv2.LINE_AA, tipLength=0.35)
        return np.ascontiguousarray(told)


_Frame = tuple[pyproj.CRS, Affine]


def elsewhere(one: _Frame, other: _Frame, rows: F64, cols: F64) -> tuple[F64, F64]:
    """The middles of pixels of one grid as pixels of another: rows and columns."""
    (crs, t), (target, back) = one, (other[0], ~other[1])
    x, y = t.a * (cols + 0.5) + t.b * (rows + 0.5) + t.c, t.d * (cols + 0.5) + t.e * (rows + 0.5) + t.f
    there_x, there_y = transform_xy(crs, target, x.ravel(), y.ravel())
    row = (back.d * there_x + back.e * there_y + back.f - 0.5).reshape(rows.shape)
    return row, (back.a * there_x + back.b * there_y + back.c - 0.5).reshape(cols.shape)


def constant(dx: float, dy: float) -> ShiftField:
    """The same shift everywhere."""
    return ShiftField(np.full((2, 2), dx), np.full((2, 2), dy), 1 << 20)
