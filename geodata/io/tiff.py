"""Look at a TIFF without decoding it: format, layout, completeness.

Reads the header and the tag directories with `struct` alone, so that a hostile file is refused before any
imaging library sees it. TIFF 6.0 section 2; BigTIFF as LibTIFF specifies it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from geodata.errors import MissingFileError, NotARasterError, RasterFormatError, TruncatedRasterError

_MAGIC: list[tuple[bytes, int, str]] = [
    (b"<VRTDataset", 0, "GDAL VRT (a text that points at other files)"),
    (b"\x89PNG", 0, "PNG"),
    (b"\xff\xd8\xff", 0, "JPEG"),
    (b"GIF8", 0, "GIF"),
    (b"BM", 0, "BMP"),
    (b"\x89HDF", 0, "HDF5 or NetCDF-4"),
    (b"CDF", 0, "NetCDF"),
    (b"\x00\x00\x00\x0cjP", 0, "JPEG 2000"),
    (b"\xff\x4f\xff\x51", 0, "JPEG 2000 code stream"),
    (b"EHFA_HEADER_TAG", 0, "Erdas Imagine"),
    (b"NITF", 0, "NITF"),
    (b"ENVI", 0, "ENVI header"),
    (b"RIFF", 0, "WebP or another RIFF file"),
    (b"SQLite format 3", 0, "SQLite (GeoPackage or MBTiles)"),
    (b"GRIB", 0, "GRIB"),
    (b"%PDF", 0, "PDF"),
    (b"PK\x03\x04", 0, "a zip archive"),
    (b"\x1f\x8b", 0, "a gzip archive"),
    (b"Rar!", 0, "a RAR archive"),
    (b"7z\xbc\xaf", 0, "a 7-Zip archive"),
]
_TYPE_SIZE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_MAX_TAGS = 4096
_MAX_DIRECTORIES = 64
_MAX_BLOCKS = 20_000_000


@dataclass(frozen=True)
class TiffDirectory:
    """One image of a TIFF: its layout as the tags declare it."""

    width: int
    height: int
    samples: int
    bits: int
    block_width: int
    block_height: int
    planar_separate: bool
    compression: int
    data_end: int
    stored_bytes: int

    @property
    def decoded_bytes(self) -> int:
        """Size of all pixels once unpacked."""
        return self.width * self.height * self.samples * max(1, self.bits // 8)

    @property
    def block_bytes(self) -> int:
        """Size of one tile or strip once unpacked, which a decoder must hold at once."""
        samples = 1 if self.planar_separate else self.samples
        return self.block_width * self.block_height * samples * max(1, self.bits // 8)


class _Reader:
    """Bounds-checked reads of a TIFF's numbers."""

    def __init__(self, file: BinaryIO, size: int, name: str) -> None:
        self.file, self.size, self.name = file, size, name
        head = self.read(0, 16)
        self.order = "<" if head[:2] == b"II" else ">"
        version = struct.unpack(self.order + "H", head[2:4])[0]
        self.big = version == 43
        if self.big:
            self.first = struct.unpack(self.order + "Q", head[8:16])[0]
        else:
            self.first = struct.unpack(self.order + "I", head[4:8])[0]

    def read(self, offset: int, count: int) -> bytes:
        self.require(offset, count)
        self.file.seek(offset)
        return self.file.read(count)

    def require(self, offset: int, count: int) -> None:
        """See that bytes lie within the file."""
        if offset + count > self.size:
            raise TruncatedRasterError(
                f"{self.name} ends at byte {self.size:,}, but its directory points to byte {offset + count:,}.",
                remedy="Copy or upload the file again and compare its size with the original.",
                size_bytes=self.size,
                needed_bytes=offset + count,
            )

    def directory(self, offset: int) -> tuple[dict[int, tuple[int, int, bytes]], int]:
        """The tags of one directory as {tag: (type, count, inline bytes)} and the next offset."""
        size_n, fmt_n, entry, inline = (8, "Q", 20, 8) if self.big else (2, "H", 12, 4)
        count = struct.unpack(self.order + fmt_n, self.read(offset, size_n))[0]
        if count > _MAX_TAGS:
            raise NotARasterError(
                f"{self.name} declares {count} tags, which no TIFF has.",
                remedy="The file is damaged; export it again.",
                tags=count,
            )
        raw = self.read(offset + size_n, count * entry)
        tags = {}
        for i in range(count):
            part = raw[i * entry : (i + 1) * entry]
            tag, kind = struct.unpack(self.order + "HH", part[:4])
            n = struct.unpack(self.order + ("Q" if self.big else "I"), part[4 : 4 + inline])[0]
            tags[tag] = (kind, n, part[4 + inline :])
            length = _TYPE_SIZE.get(kind, 0) * n
            if length > inline:  # the value lies elsewhere: a lost one may be the coordinate system
                self.require(struct.unpack(self.order + ("Q" if self.big else "I"), part[4 + inline :])[0], length)
        after = offset + size_n + count * entry
        following = struct.unpack(self.order + ("Q" if self.big else "I"), self.read(after, inline))[0]
        return tags, following

    def values(self, tags: dict[int, tuple[int, int, bytes]], tag: int, default: int) -> list[int]:
        """The integers of a tag."""
        if tag not in tags:
            return [default]
        kind, count, inline = tags[tag]
        size = _TYPE_SIZE.get(kind, 0)
        letter = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}.get(kind)
        if letter is None or not 1 <= count <= _MAX_BLOCKS:
            raise NotARasterError(
                f"{self.name}: tag {tag} has an unreadable value (type {kind}, {count} values).",
                remedy="The file is damaged; export it again.",
                tag=tag,
                values=count,
            )
        total = size * count
        if total > len(inline):
            offset = struct.unpack(self.order + ("Q" if self.big else "I"), inline)[0]
            raw = self.read(offset, total)
        else:
            raw = inline[:total]
        return list(struct.unpack(f"{self.order}{count}{letter}", raw))


def _refuse_other_format(head: bytes, name: str) -> None:
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, _, label in _MAGIC:
        if stripped.startswith(magic):
            raise RasterFormatError(
                f"{name} is {label}, not a GeoTIFF.",
                remedy="Convert it: gdal_translate -of COG INPUT output.tif",
                found=label,
            )
    if stripped.startswith(b"<"):
        raise RasterFormatError(f"{name} is an XML text, not a GeoTIFF.", remedy="Give the imagery itself.")
    raise NotARasterError(
        f"{name} is not a raster: it begins with {head[:8]!r}.", remedy="Give a GeoTIFF file.", begins=head[:8].hex()
    )


def inspect_tiff(path: Path) -> list[TiffDirectory]:
    """The images of a TIFF, the full-resolution one first, after checking that every block lies in the file.

    Raises:
        MissingFileError: If there is no such file.
        NotARasterError: If the file is no image at all, or empty.
        RasterFormatError: If it is an image or container of another format, by name.
        TruncatedRasterError: If a directory or a block lies beyond the end of the file.
    """
    if not path.is_file():
        raise MissingFileError(f"There is no file {path}.", remedy="Check the path.")
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(64)
        if not head:
            raise NotARasterError(f"{path.name} is empty (0 bytes).", remedy="Copy the file again.")
        if head[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            _refuse_other_format(head, path.name)
        reader = _Reader(file, size, path.name)
        images, offset, seen = [], reader.first, set[int]()
        while offset and offset not in seen and len(seen) < _MAX_DIRECTORIES:
            seen.add(offset)
            tags, following = reader.directory(offset)
            images.append(_image(reader, tags))
            offset = following
    if not images:
        raise NotARasterError(f"{path.name} is a TIFF without any image.", remedy="Export the image again.")
    return images


def _image(reader: _Reader, tags: dict[int, tuple[int, int, bytes]]) -> TiffDirectory:
    width, height = reader.values(tags, 256, 0)[0], reader.values(tags, 257, 0)[0]
    if width < 1 or height < 1:
        raise NotARasterError(
            f"{reader.name} declares an image of {width} x {height} pixels.",
            remedy="The file is damaged; export it again.",
            width=width,
            height=height,
        )
    samples = reader.values(tags, 277, 1)[0]
    tiled = 322 in tags
    offsets = reader.values(tags, 324 if tiled else 273, 0)
    counts = reader.values(tags, 325 if tiled else 279, 0)
    end, stored = 0, 0
    for start, count in zip(offsets, counts, strict=False):
        end = max(end, start + count if start and count else 0)
        stored += count
    if end > reader.size:
        missing = sum(1 for o, c in zip(offsets, counts, strict=False) if o + c > reader.size)
        raise TruncatedRasterError(
            f"{reader.name} ends at byte {reader.size:,}, but its pixels reach byte {end:,} "
            f"({missing} of {len(offsets)} blocks are missing).",
            remedy="Copy or upload the file again and compare its size with the original.",
            size_bytes=reader.size,
            needed_bytes=end,
        )
    return TiffDirectory(
        width=width,
        height=height,
        samples=samples,
        bits=reader.values(tags, 258, 1)[0],
        block_width=reader.values(tags, 322, width)[0] if tiled else width,
        block_height=reader.values(tags, 323, height)[0] if tiled else min(height, reader.values(tags, 278, height)[0]),
        planar_separate=reader.values(tags, 284, 1)[0] == 2,
        compression=reader.values(tags, 259, 1)[0],
        data_end=end,
        stored_bytes=stored,
    )
