"""`Grid`: where the pixels of an array lie on the ground."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyproj
from affine import Affine

from geodata.crs import CGCS2000_GEOD, CRS84, require_same, same_crs, transform_xy
from geodata.errors import NoOverlapError, OptionError

Bounds = tuple[float, float, float, float]
"""(left, bottom, right, top), x first."""


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels: first row and column, height and width, in pixels."""

    row: int
    col: int
    height: int
    width: int

    @property
    def row_stop(self) -> int:
        """First row below the window."""
        return self.row + self.height

    @property
    def col_stop(self) -> int:
        """First column to the right of the window."""
        return self.col + self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """The window as (rows, columns) slices of an array on the same grid."""
        return slice(self.row, self.row_stop), slice(self.col, self.col_stop)

    def grown(self, halo: int, shape: tuple[int, int]) -> Window:
        """The window with a halo on every side, cut at the edges of an array of `shape`."""
        row, col = max(0, self.row - halo), max(0, self.col - halo)
        return Window(
            row,
            col,
            min(shape[0], self.row_stop + halo) - row,
            min(shape[1], self.col_stop + halo) - col,
        )

    def inside(self, outer: Window) -> tuple[slice, slice]:
        """Slices of this window within the array of an `outer` window."""
        return (
            slice(self.row - outer.row, self.row_stop - outer.row),
            slice(self.col - outer.col, self.col_stop - outer.col),
        )


@dataclass(frozen=True)
class Grid:
    """A georeferenced pixel grid.

    Args:
        crs: Coordinate reference system, read x first.
        transform: Affine from (column, row) to (x, y), upper left corner of a pixel.
        shape: (height, width) in pixels.
    """

    crs: pyproj.CRS
    transform: Affine
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        if self.shape[0] < 1 or self.shape[1] < 1:
            raise OptionError(f"A grid needs at least one pixel, not {self.shape}.")
        if self.transform.is_degenerate:
            raise OptionError("The transform of the grid is degenerate: its pixels have no area.")

    @classmethod
    def from_bounds(cls, crs: pyproj.CRS, bounds: Bounds, gsd: float) -> Grid:
        """The square-pixel grid that covers `bounds`, snapped outwards to multiples of `gsd`.

        Snapping makes two grids of one size and system share their pixel edges wherever they meet.
        """
        left = math.floor(round(bounds[0] / gsd, 6))
        bottom = math.floor(round(bounds[1] / gsd, 6))
        right = math.ceil(round(bounds[2] / gsd, 6))
        top = math.ceil(round(bounds[3] / gsd, 6))
        transform = Affine(gsd, 0.0, left * gsd, 0.0, -gsd, top * gsd)
        return cls(crs, transform, (max(1, top - bottom), max(1, right - left)))

    @property
    def height(self) -> int:
        """Rows."""
        return self.shape[0]

    @property
    def width(self) -> int:
        """Columns."""
        return self.shape[1]

    @property
    def pixel_size(self) -> tuple[float, float]:
        """(x, y) size of a pixel in units of the system, both positive, rotation allowed."""
        t = self.transform
        return math.hypot(t.a, t.d), math.hypot(t.b, t.e)

    @property
    def bounds(self) -> Bounds:
        """(left, bottom, right, top) of the outer pixel edges."""
        corners = [self.transform @ xy for xy in self._corner_pixels()]
        xs, ys = [c[0] for c in corners], [c[1] for c in corners]
        return min(xs), min(ys), max(xs), max(ys)

    def _corner_pixels(self) -> list[tuple[int, int]]:
        height, width = self.shape
        return [(0, 0), (width, 0), (width, height), (0, height)]

    def outline(self, crs: pyproj.CRS, per_side: int = 21) -> tuple[np.ndarray, np.ndarray]:
        """The edge of the grid as (x, y) arrays in another system, `per_side` points on each side."""
        step = np.linspace(0.0, 1.0, per_side)[:-1]
        height, width = self.shape
        cols = np.concatenate([step * width, np.full_like(step, width), (1 - step) * width, 0 * step])
        rows = np.concatenate([0 * step, step * height, np.full_like(step, height), (1 - step) * height])
        t = self.transform
        x, y = t.a * cols + t.b * rows + t.c, t.d * cols + t.e * rows + t.f
        return transform_xy(self.crs, crs, x, y)

    def bounds_in(self, crs: pyproj.CRS) -> Bounds:
        """Bounds in another system, measured along the densified edge."""
        if same_crs(self.crs, crs):
            return self.bounds
        x, y = self.outline(crs)
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    @property
    def centre_lonlat(self) -> tuple[float, float]:
        """Longitude and latitude of the middle of the grid."""
        left, bottom, right, top = self.bounds
        lon, lat = transform_xy(self.crs, CRS84, [(left + right) / 2], [(bottom + top) / 2])
        return float(lon[0]), float(lat[0])

    def gsd_m(self) -> tuple[float, float]:
        """Ground size of a pixel at the centre in metres, (x, y), whatever the system's unit."""
        row, col = self.height / 2, self.width / 2
        t = self.transform
        x = [t.a * c + t.b * r + t.c for c, r in ((col, row), (col + 1, row), (col, row + 1))]
        y = [t.d * c + t.e * r + t.f for c, r in ((col, row), (col + 1, row), (col, row + 1))]
        lon, lat = transform_xy(self.crs, CRS84, x, y)
        _, _, dx = CGCS2000_GEOD.inv(lon[0], lat[0], lon[1], lat[1])
        _, _, dy = CGCS2000_GEOD.inv(lon[0], lat[0], lon[2], lat[2])
        return float(dx), float(dy)

    def aligned_with(self, other: Grid, tolerance_px: float = 1e-3) -> bool:
        """Whether the two grids share their pixel edges (same system, same size, whole-pixel offset)."""
        if not same_crs(self.crs, other.crs):
            return False
        a, b = self.transform, other.transform
        if not np.allclose([a.a, a.b, a.d, a.e], [b.a, b.b, b.d, b.e], rtol=1e-9, atol=0):
            return False
        col, row = ~a @ (b.c, b.f)
        return bool(abs(col - round(col)) < tolerance_px and abs(row - round(row)) < tolerance_px)

    def intersect(self, other: Grid) -> Grid:
        """The common part of two aligned grids.

        Raises:
            CRSMismatchError: If the systems differ.
            OptionError: If the pixel edges do not coincide.
            NoOverlapError: If nothing is common.
        """
        require_same(self.crs, other.crs, "Intersecting grids")
        if not self.aligned_with(other):
            raise OptionError("Only grids with common pixel edges can be intersected.")
        off_col, off_row = (round(v) for v in ~self.transform @ (other.transform.c, other.transform.f))
        row0, col0 = max(0, off_row), max(0, off_col)
        row1 = min(self.height, off_row + other.height)
        col1 = min(self.width, off_col + other.width)
        if row1 <= row0 or col1 <= col0:
            raise NoOverlapError("The two grids have no pixel in common.", overlap_share=0.0)
        return self.window(Window(row0, col0, row1 - row0, col1 - col0))

    def window(self, window: Window) -> Grid:
        """The grid of a window."""
        origin = self.transform @ Affine.translation(window.col, window.row)
        return Grid(self.crs, origin, (window.height, window.width))

    @property
    def full_window(self) -> Window:
        """The window that is the whole grid."""
        return Window(0, 0, *self.shape)

    def windows(self, size: int) -> Iterator[Window]:
        """Split into windows of at most `size` × `size` pixels, row by row from the upper left.

        Raises:
            OptionError: If the size is below 1.
        """
        if size < 1:
            raise OptionError(f"The window must have at least one pixel, not {size}.")
        for row in range(0, self.height, size):
            for col in range(0, self.width, size):
                yield Window(row, col, min(size, self.height - row), min(size, self.width - col))

    def coarsened(self, factor: int) -> Grid:
        """The grid with pixels `factor` times as large, covering at least the same ground."""
        shape = (-(-self.height // factor), -(-self.width // factor))
        return Grid(self.crs, self.transform @ Affine.scale(factor), shape)
