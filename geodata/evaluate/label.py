"""A label raster as true objects, and detections painted on its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.features import rasterize

from geodata.crs import check_bounds, parse_crs
from geodata.errors import BandsError, MissingCRSError, RasterError
from geodata.grid import Grid, Window
from geodata.io.tiff import inspect_tiff

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Label:
    """A label raster, read.

    Args:
        grid: Its pixels on the ground.
        components: Number of the true object of each pixel from 1, 0 where nothing changed, shape (y, x).
        known: Where the label says anything, shape (y, x).
        sizes: Pixels of each true object.
    """

    grid: Grid
    components: npt.NDArray[np.int32]
    known: BoolArray
    sizes: IntArray

    @property
    def pixel_m2(self) -> float:
        """Ground area of a pixel at the centre, m²."""
        dx, dy = self.grid.gsd_m()
        return dx * dy

    @property
    def area_km2(self) -> float:
        """Ground that the label knows, km²."""
        return int(self.known.sum()) * self.pixel_m2 / 1e6

    @property
    def footprint(self) -> shapely.Polygon:
        """Outline of the label in its own system."""
        t, (height, width) = self.grid.transform, self.grid.shape
        return shapely.Polygon([t @ corner for corner in ((0, 0), (width, 0), (width, height), (0, height))])


@dataclass(frozen=True)
class Painted:
    """Detections on the pixels of a label.

    Args:
        claimed: Pixels of any detection, shape (y, x).
        best: Highest confidence of the detections on a pixel, shape (y, x).
        pixels: Known pixels of each detection.
        on_truth: Changed pixels of each detection.
        alarm: Index of the detection of each overlap.
        truth: Index of the true object of each overlap.
        shared: Pixels of each overlap.
    """

    claimed: BoolArray
    best: FloatArray
    pixels: IntArray
    on_truth: IntArray
    alarm: IntArray
    truth: IntArray
    shared: IntArray


def read_label(path: Path) -> Label:
    """Read a label raster: 1 changed, 0 not changed; a nodata value other than these is unknown.

    A label without any change is legal.

    Raises:
        MissingFileError, NotARasterError, RasterFormatError, TruncatedRasterError: See `inspect_tiff`.
        MissingCRSError: If it is not georeferenced.
        BandsError: If it has several bands.
        RasterError: If it holds other values, or cannot be decoded.
    """
    inspect_tiff(path)
    try:
        with rasterio.open(path, driver="GTiff") as dataset:
            values, grid, nodata = _opened(dataset, path.name)
    except rasterio.errors.RasterioError as error:
        raise RasterError(
            f"The label {path.name} cannot be decoded.", remedy="Copy or export the file again."
        ) from error
    known = np.ones(values.shape, bool)
    if nodata is not None and nodata not in (0, 1):
        known = ~np.isnan(values) if np.isnan(nodata) else values != nodata
    changed = (values == 1) & known
    strange = np.unique(values[known & (values != 0) & ~changed])
    if strange.size:
        raise RasterError(
            f"The label {path.name} holds the value {strange[0]:g}, which is neither 0 nor 1.",
            remedy="Write 1 for changed and 0 for unchanged; declare what is unknown as nodata.",
            values=[float(v) for v in strange[:10]],
        )
    count, components = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)
    sizes = np.bincount(components.ravel(), minlength=count)[1:]
    return Label(grid, components.astype(np.int32), known, sizes.astype(np.intp))


def _opened(dataset: Any, name: str) -> tuple[npt.NDArray[np.generic], Grid, float | None]:
    """Values, grid and nodata of an opened label."""
    if dataset.count != 1:
        raise BandsError(f"The label {name} has {dataset.count} bands.", remedy="Give one band.", bands=dataset.count)
    if dataset.crs is None or dataset.transform.is_identity:
        raise MissingCRSError(
            f"The label {name} is not georeferenced.",
            remedy="Give it the transform and system of its scenes.",
        )
    grid = Grid(parse_crs(dataset.crs), dataset.transform, dataset.shape)
    check_bounds(grid.crs, grid.bounds, name)
    return dataset.read(1), grid, dataset.nodata


def paint(shapes: Shapes, confidence: FloatArray, label: Label) -> Painted:
    """Lay detections on a label's pixels: a pixel belongs to an outline that contains its centre.

    Args:
        shapes: Polygons in the label's system.
        confidence: Confidence of each.
        label: The label.
    """
    claimed = np.zeros(label.grid.shape, bool)
    best = np.full(label.grid.shape, -np.inf)
    pixels = np.zeros(len(shapes), np.intp)
    on_truth = np.zeros(len(shapes), np.intp)
    found: list[tuple[int, int, int]] = []
    for i, shape in enumerate(shapes):
        window = _window_of(shape, label.grid)
        if window is None:
            continue
        inside = rasterize(
            [shape], out_shape=(window.height, window.width), transform=label.grid.window(window).transform
        ).astype(bool)
        inside &= label.known[window.slices]
        claimed[window.slices] |= inside
        here = best[window.slices]
        np.maximum(here, np.where(inside, confidence[i], -np.inf), out=here)
        counts = np.bincount(label.components[window.slices][inside])
        pixels[i], on_truth[i] = counts.sum(), counts[1:].sum()
        found += [(i, int(c) - 1, int(counts[c])) for c in np.flatnonzero(counts) if c > 0]
    table = np.array(found, np.intp).reshape(-1, 3)
    return Painted(claimed, best, pixels, on_truth, table[:, 0], table[:, 1], table[:, 2])


def _window_of(shape: shapely.Geometry, grid: Grid) -> Window | None:
    """The pixels around a shape, None where it lies outside the grid."""
    left, bottom, right, top = shapely.bounds(shape)
    inverse = ~grid.transform
    corners = np.array([inverse @ p for p in ((left, top), (right, top), (right, bottom), (left, bottom))])
    col, row = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
    col_stop, row_stop = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, grid.shape[::-1])
    if col_stop <= col or row_stop <= row:
        return None
    return Window(int(row), int(col), int(row_stop - row), int(col_stop - col))
