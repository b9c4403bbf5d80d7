"""A raster of codes: one band of 8 bit with a colour table and the name of each code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio

from geodata.crs import parse_crs
from geodata.grid import Grid

Colour = tuple[int, int, int, int]


def write_coded(path: Path, codes: npt.NDArray[np.uint8], grid: Grid, legend: Mapping[int, tuple[str, Colour]]) -> None:
    """Write codes as a deflated GeoTIFF.

    Args:
        path: The file.
        codes: Codes, shape (y, x).
        grid: Where they lie.
        legend: Name and colour (red, green, blue, alpha) of each code; the names become tags `CODE_n`.
    """
    profile = {
        "driver": "GTiff", "count": 1, "dtype": "uint8", "height": grid.height, "width": grid.width,
        "crs": grid.crs.to_wkt(), "transform": grid.transform, "compress": "deflate", "tiled": True,
        "blockxsize": 256, "blockysize": 256, "photometric": "palette",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(codes, 1)
        dataset.write_colormap(1, {code: colour for code, (_, colour) in legend.items()})
        dataset.update_tags(**{f"CODE_{code}": name for code, (name, _) in legend.items()})


def read_coded(path: Path) -> tuple[npt.NDArray[np.uint8], Grid]:
    """The codes of a file of `write_coded`, shape (y, x), and where they lie."""
    with rasterio.open(path) as dataset:
        grid = Grid(parse_crs(dataset.crs.to_wkt()), dataset.transform, dataset.shape)
        return dataset.read(1), grid
