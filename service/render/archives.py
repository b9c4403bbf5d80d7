"""Tiles of one layer in one file (PMTiles 3): written once, read a piece at a time."""

from __future__ import annotations

import gzip
import mmap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pmtiles.tile import (
    Compression,
    Entry,
    TileType,
    deserialize_directory,
    deserialize_header,
    find_tile,
    zxy_to_tileid,
)
from pmtiles.writer import Writer

from service.render.schemes import SCHEMES
from service.store.records import Box

LEVEL, DEEPEST = 10, 16
"""First and last level of an archive: before the first single parcels do not show, behind the last there are few."""
_DEPTH = 4


def archive_path(data: Path, version_id: str) -> Path:
    """Where the archive of a layer version lies in a data folder once it is made."""
    return data / "tiles" / f"{version_id}.pmtiles"


class Archive:
    """An open archive; reading needs no lock.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._header: Any = deserialize_header(self._data[:127])
        self._directories: dict[tuple[int, int], list[Entry]] = {}

    def tile(self, z: int, x: int, y: int) -> bytes:
        """A tile, compressed by gzip; empty where it shows nothing."""
        wanted = zxy_to_tileid(z, x, y)
        offset, length = self._header["root_offset"], self._header["root_length"]
        for _ in range(_DEPTH):
            entry = find_tile(self._directory(offset, length), wanted)
            if entry is None:
                return b""
            if entry.run_length:
                start = self._header["tile_data_offset"] + entry.offset
                return self._data[start : start + entry.length]
            offset, length = self._header["leaf_directory_offset"] + entry.offset, entry.length
        return b""

    def _directory(self, offset: int, length: int) -> list[Entry]:
        known = self._directories.get((offset, length))
        if known is None:
            known = self._directories[offset, length] = deserialize_directory(self._data[offset : offset + length])
        return known


def write_archive(path: Path, name: str, tiles: Iterable[tuple[int, int, int, bytes]], box: Box) -> int:
    """Write an archive; how many tiles it has is told.

    Args:
        path: The file; it is there whole or not at all.
        name: Name of its layer.
        tiles: z, x, y and content of the tiles, in any order; those without content are left out.
        box: Box around its features, lon-lat.
    """
    beside = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    try:
        with beside.open("wb") as file:
            writer: Any = Writer(file)  # type: ignore[no-untyped-call]
            for z, x, y, content in tiles:
                if content:
                    writer.write_tile(zxy_to_tileid(z, x, y), gzip.compress(content, 6, mtime=0))
                    count += 1
            if not count:
                writer.write_tile(zxy_to_tileid(LEVEL, 0, 0), gzip.compress(b"", mtime=0))
            writer.finalize(_header(box), {"name": name, "vector_layers": [{"id": name, "fields": {}}]})
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return count


def _header(box: Box) -> dict[str, Any]:
    west, south, east, north = (int(value * 1e7) for value in box)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_zoom": LEVEL,
        "max_zoom": DEEPEST,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 14,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


SCHEME = SCHEMES["WebMercatorQuad"]
"""Archives know this scheme alone."""
