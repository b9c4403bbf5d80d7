"""A scene of known colours, and where they show on a tile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

WEST, NORTH, STEP = 113.25, 33.75, 1 / 4096
"""The scene: 0.25 degrees a side in EPSG:4490, a red, a green, a blue and a nodata quarter."""


def draw(path: Path, red: int = 200) -> Path:
    """Four quarters: red and green above, blue and nothing below."""
    pixels = np.zeros((3, 1024, 1024), np.uint8)
    pixels[0, :512, :512] = red
    pixels[1, :512, 512:] = 150
    pixels[2, 512:, :512] = 100
    transform = Affine(STEP, 0, WEST, 0, -STEP, NORTH)
    profile = {"driver": "GTiff", "width": 1024, "height": 1024, "count": 3, "dtype": "uint8", "compress": "deflate"}
    with rasterio.open(path, "w", crs="EPSG:4490", transform=transform, nodata=0, **profile) as file:
        # nodata is a pixel of which every band is 0
        file.write(pixels)
        file.colorinterp = [rasterio.enums.ColorInterp[name] for name in ("red", "green", "blue")]
    return path


def place(scheme: str, z: int, lon: float, lat: float) -> tuple[int, int, int, int]:
    """Column, row, and the pixel in the tile, by the formula of each scheme."""
    share = (lon + 180) / 360 * 2**z
    if scheme == "CGCS2000Quad":
        down = (90 - lat) / 360 * 2**z
    else:
        down = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**z
    return int(share), int(down), int(share % 1 * 256), int(down % 1 * 256)
