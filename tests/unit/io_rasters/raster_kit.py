"""Rasters made for a test."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine

TRANSFORM = Affine(0.5, 0.0, 500_000.0, 0.0, -0.5, 4_052_000.0)


def noise(shape: tuple[int, ...] = (3, 200, 300), seed: int = 1) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(1, 255, shape, dtype=np.uint8)


def write(path: Path, values: npt.NDArray[Any], *, overviews: list[int] | None = None, **changed: Any) -> Path:
    """A GeoTIFF of `values` (band, y, x); `changed` overrides the profile."""
    tags = changed.pop("tags", {})
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "count": values.shape[0],
        "height": values.shape[1],
        "width": values.shape[2],
        "dtype": str(values.dtype),
        "crs": "EPSG:4547",
        "transform": TRANSFORM,
        "tiled": True,
        "blockxsize": 64,
        "blockysize": 64,
        **changed,
    }
    with rasterio.open(path, "w", **{k: v for k, v in profile.items() if v is not None}) as dataset:
        dataset.write(values)
        dataset.update_tags(**tags)
        if overviews:
            dataset.build_overviews(overviews, rasterio.enums.Resampling.average)
    return path


def tiff_bytes(entries: list[tuple[int, int, int, int]], *, following: int = 0, size: int = 0) -> bytes:
    """A classic TIFF of one directory of (tag, type, count, inline value) at byte 8, padded to `size`."""
    body = b"".join(
        struct.pack("<HHI", tag, kind, count) + struct.pack("<I", value) for tag, kind, count, value in sorted(entries)
    )
    whole = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + body + struct.pack("<I", following)
    return whole + b"\0" * max(0, size - len(whole))


def plain_entries(width: int, height: int, *, rows: int | None = None, stored: int = 16) -> list[Any]:
    """The tags of a one-band, 8 bit, single-strip image whose strip lies at byte 200."""
    return [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 200),
        (277, 3, 1, 1),
        (278, 4, 1, height if rows is None else rows),
        (279, 4, 1, stored),
    ]
