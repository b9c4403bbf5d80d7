"""Surface models made for a test: ground of 0.5 m pixels, houses, trees and pits with known heights."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from geodata.scan import ScanResult, scan
from geodata.types import ScanOptions, SurfaceFiles
from tests.unit.io_rasters.raster_kit import write

F64 = npt.NDArray[np.float64]
SIDE = 320
DATES = {"before_date": datetime(2024, 4, 12, tzinfo=UTC), "after_date": datetime(2025, 4, 12, tzinfo=UTC)}


def ground(seed: int = 1, side: int = SIDE) -> F64:
    """A gentle slope with soft hills and 5 cm of noise, 100 m above the datum."""
    rows, cols = np.mgrid[:side, :side]
    hills = 2.0 * np.sin(rows / 60) * np.cos(cols / 45)
    return 100 + 0.01 * cols + hills + np.random.default_rng(seed).normal(0, 0.05, (side, side))


def town(seed: int = 1) -> F64:
    """Ground with four houses under gabled roofs that run in two directions."""
    surface = ground(seed)
    for row, col, along in ((20, 20, True), (20, 250, False), (250, 20, False), (255, 240, True)):
        gable(surface, row, col, along=along)
    return surface


def gable(surface: F64, row: int, col: int, *, along: bool, eaves_m: float = 5.0) -> None:
    """A house of 20 m by 12 m whose roof slopes by 40 degrees."""
    height, width = (24, 40) if along else (40, 24)
    rows, cols = np.mgrid[:height, :width]
    across, half = (rows, height / 2) if along else (cols, width / 2)
    roof = eaves_m + 0.42 * (half - np.abs(across + 0.5 - half))
    part = surface[row : row + height, col : col + width]
    part += roof


def block(surface: F64, row: int, col: int, height: int, width: int, gain_m: float) -> F64:
    """The surface with a flat-roofed house."""
    out = surface.copy()
    out[row : row + height, col : col + width] += gain_m
    return out


def tree(surface: F64, row: int, col: int, radius_px: int = 10, height_m: float = 8.0) -> F64:
    """The surface with a crown: a dome as rough as leaves are."""
    rows, cols = np.mgrid[: surface.shape[0], : surface.shape[1]]
    distance = np.hypot(rows - row, cols - col) / radius_px
    rough = np.random.default_rng(5).normal(0, 0.8, surface.shape)
    return np.where(distance < 1, surface + height_m * np.sqrt(np.clip(1 - 0.6 * distance, 0, 1)) + rough, surface)


def smooth(surface: F64, sigma: float) -> F64:
    return np.asarray(cv2.GaussianBlur(surface, (0, 0), sigma))


def model(path: Path, surface: F64, **profile: Any) -> Path:
    """A file of heights; NaN becomes the declared nodata value."""
    values = np.where(np.isnan(surface), -9999.0, surface).astype(np.float32)
    return write(path, values[None], **{"nodata": -9999.0, **profile})


def compared(folder: Path, before: F64, after: F64, terrain: F64 | None = None, **options: Any) -> ScanResult:
    """A scan of two surface models."""
    files = model(folder / "before.tif", before), model(folder / "after.tif", after)
    under = None if terrain is None else model(folder / "terrain.tif", terrain)
    return scan(surfaces=SurfaceFiles(*files, after_terrain=under), options=ScanOptions(**{**DATES, **options}))
