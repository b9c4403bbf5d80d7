"""Small made pictures: soft ground with buildings that stand on it and throw a shadow to the south-east."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from geodata.crs import CRS84, parse_crs, transform_xy
from tests.unit.io_rasters.raster_kit import TRANSFORM

SIDE = 512
ROOF = (230, 250, 40, 60)
"""(row, column, height, width) of the new roof in pixels of 0.5 m: 600 m2. It lies across the cells' edges."""
STANDING = ((40, 60), (100, 380), (400, 90), (420, 400))


def fields(seed: int = 1) -> npt.NDArray[np.uint8]:
    """Ground with four buildings; the seed changes the noise alone."""
    rng = np.random.default_rng(7)
    soft = cv2.GaussianBlur(rng.normal(0, 40, (SIDE, SIDE)).astype(np.float32), (0, 0), 6)
    fine = np.random.default_rng(seed).normal(0, 2, (3, SIDE, SIDE))
    picture = np.array([92, 108, 70])[:, None, None] + soft + fine
    for row, col in STANDING:
        build(picture, row, col, 36, 50)
    return np.clip(picture, 1, 255).astype(np.uint8)


def build(picture: npt.NDArray[Any], row: int, col: int, height: int, width: int) -> None:
    """A roof with a ridge, lit on one side, and the shadow of a wall of 4 m."""
    picture[:, row + 7 : row + height + 7, col + 4 : col + width + 4] = 35
    picture[:, row : row + height // 2, col : col + width] = np.array([176, 168, 160])[:, None, None]
    picture[:, row + height // 2 : row + height, col : col + width] = np.array([190, 182, 174])[:, None, None]


def roofed(seed: int = 2) -> npt.NDArray[np.uint8]:
    """The same ground with one roof more."""
    picture = fields(seed)
    build(picture, *ROOF)
    return picture


def outline(row: float, col: float, height: float, width: float) -> shapely.Polygon:
    """A rectangle of pixels in CRS84."""
    pixels = [(col, row), (col + width, row), (col + width, row + height), (col, row + height)]
    x, y = zip(*(TRANSFORM @ pixel for pixel in pixels), strict=True)
    return shapely.Polygon(np.column_stack(transform_xy(parse_crs(4547), CRS84, x, y)))
