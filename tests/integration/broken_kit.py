"""Small rasters and vectors of every kind that the service takes, and ways to break them."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine

from tests.integration.service_kit import CRS, LEFT, TOP


def rasters(folder: Path) -> list[Path]:
    """Small GeoTIFFs: strips, blocks, overviews, floats, masks."""
    made = []
    ways: dict[str, dict[str, Any]] = {
        "strips": {},
        "blocks": {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "deflate"},
        "lzw": {"compress": "lzw", "predictor": 2},
        "floats": {"dtype": "float32", "count": 1, "nodata": -9999.0, "compress": "deflate", "predictor": 3},
        "jpeg": {"compress": "jpeg", "photometric": "ycbcr", "tiled": True, "blockxsize": 64, "blockysize": 64},
        "wide": {"dtype": "uint16", "count": 4, "interleave": "band"},
    }
    rng = np.random.default_rng(1)
    for name, how in ways.items():
        told = {"driver": "GTiff", "width": 160, "height": 128, "count": 3, "dtype": "uint8", "crs": CRS,
                "transform": Affine(0.5, 0, LEFT, 0, -0.5, TOP), **how}  # fmt: skip
        path = folder / f"{name}_20250412.tif"
        with rasterio.open(path, "w", **told) as dataset:
            dataset.write(rng.integers(1, 250, (told["count"], 128, 160)).astype(told["dtype"]))
            if name == "blocks":
                dataset.build_overviews([2], rasterio.enums.Resampling.average)
        made.append(path)
    return made


def vectors(folder: Path) -> list[tuple[str, Path]]:
    """Small layers in every format, with their kind."""
    shapes = [shapely.box(114.0 + k * 1e-3, 36.5, 114.0008 + k * 1e-3, 36.5008) for k in range(6)]
    frame = gpd.GeoDataFrame(
        {"parcel_id": [f"宗地-{k}" for k in range(6)], "land_use": "0701"}, geometry=shapes, crs=4326
    )
    made: list[tuple[str, Path]] = []
    for name, driver in (("a.geojson", "GeoJSON"), ("b.gpkg", "GPKG"), ("c.fgb", "FlatGeobuf")):
        frame.to_file(folder / name, driver=driver)
        made.append(("parcels", folder / name))
    (folder / "shp").mkdir()
    frame.to_file(folder / "shp" / "d.shp", encoding="GBK")
    with zipfile.ZipFile(folder / "d.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for part in sorted((folder / "shp").iterdir()):
            packed.write(part, part.name)
    made.append(("parcels", folder / "d.zip"))
    table = folder / "e.csv"
    table.write_text("permit_id,valid_from,parcel_id\n证-1,2024-01-01,宗地-1\n证-2,2024-02-01,宗地-2\n")
    made.append(("permits", table))
    return made


def _flip(told: bytearray, at: int, size: int, drawn: random.Random) -> None:
    for _ in range(drawn.randint(1, 20)):
        told[drawn.randrange(len(told))] ^= 1 << drawn.randrange(8)


def _cut(told: bytearray, at: int, size: int, drawn: random.Random) -> None:
    del told[at:]


def _hole(told: bytearray, at: int, size: int, drawn: random.Random) -> None:
    told[at : at + size] = bytes(len(told[at : at + size]))


def _more(told: bytearray, at: int, size: int, drawn: random.Random) -> None:
    told[at:at] = drawn.randbytes(size)


def _less(told: bytearray, at: int, size: int, drawn: random.Random) -> None:
    del told[at : at + size]


def _head(told: bytearray, at: int, size: int, drawn: random.Random) -> None:
    for place in range(min(len(told), 512)):
        if drawn.random() < 0.02:
            told[place] = drawn.randrange(256)


def _exchange(told: bytearray, at: int, size: int, drawn: random.Random) -> None:
    other = drawn.randrange(len(told))
    told[at : at + size], told[other : other + size] = told[other : other + size], told[at : at + size]


_WAYS = (_flip, _cut, _hole, _more, _less, _head, _exchange)


def broken(content: bytes, drawn: random.Random) -> bytes:
    """The same with something wrong: bits, cuts, holes, a changed head, pieces that came, went or changed places."""
    told = bytearray(content)
    for _ in range(drawn.randint(1, 3)):
        at = drawn.randrange(len(told))
        drawn.choice(_WAYS)(told, at, drawn.randint(1, max(1, min(256, len(told) // 4))), drawn)
        told = told or bytearray(1)
    return bytes(told)


def cases(folder: Path, count: int, seed: int) -> Iterator[tuple[str, str, bytes]]:
    """Address, name and content of broken files, drawn by chance."""
    pictures, layers = rasters(folder), vectors(folder)
    drawn = random.Random(seed)
    for number in range(count):
        if drawn.random() < 0.6:
            path = drawn.choice(pictures)
            yield "/scenes", f"{number}_{path.name}", broken(path.read_bytes(), drawn)
        else:
            kind, path = drawn.choice(layers)
            yield f"/layers/{kind}", f"{number}{path.suffix}", broken(path.read_bytes(), drawn)
