"""The ZIP of an evidence package. Nothing in its form is free: from the names, the sizes and the content follows every
byte, so that a reader can say of each what it must be, and none can change unnoticed.

Nothing is compressed (photographs and pictures are already), names are UTF-8 and say so, no entry has a date of its
own. The format is that of PKWARE's APPNOTE 6.3.10, sections 4.3 to 4.5, with Zip64 where a number does not fit.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

ZIP64_FROM = 0xFFFFFFFF
"""From this number on a size or place stands in a Zip64 field."""
_COUNT64_FROM = 0xFFFF
_PLAIN, _LARGE = 20, 45
_UNIX = 3 << 8
_UTF8 = 0x0800
_DATE = 0x0021  # 1980-01-01, the first that the format knows
_MODE = 0o100644 << 16
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END64, LOCATOR = b"PK\x06\x06", b"PK\x06\x07"
END_BYTES, LOCATOR_BYTES, END64_BYTES, CENTRAL_BYTES = 22, 20, 56, 46


@dataclass(frozen=True)
class Entry:
    """A file within the archive.

    Args:
        path: Its name.
        size: Bytes.
        crc: CRC-32 of its content.
        offset: Where its header begins.
    """

    path: str
    size: int
    crc: int
    offset: int


def local_header(entry: Entry, zip64_from: int = ZIP64_FROM) -> bytes:
    """What stands before the content of an entry."""
    name, large = entry.path.encode(), entry.size >= zip64_from
    size = 0xFFFFFFFF if large else entry.size
    extra = struct.pack("<HHQQ", 1, 16, entry.size, entry.size) if large else b""
    version = _LARGE if large else _PLAIN
    fields = (LOCAL, version, _UTF8, 0, 0, _DATE, entry.crc, size, size, len(name), len(extra))
    return struct.pack("<4sHHHHHIIIHH", *fields) + name + extra


def _central_header(entry: Entry, zip64_from: int) -> bytes:
    name, large, far = entry.path.encode(), entry.size >= zip64_from, entry.offset >= zip64_from
    numbers = ([entry.size, entry.size] if large else []) + ([entry.offset] if far else [])
    extra = struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
    version, size = (_LARGE if numbers else _PLAIN), (0xFFFFFFFF if large else entry.size)
    fields = (CENTRAL, _UNIX | version, version, _UTF8, 0, 0, _DATE, entry.crc, size, size, len(name), len(extra))
    place = (0, 0, 0, _MODE, 0xFFFFFFFF if far else entry.offset)
    return struct.pack("<4sHHHHHHIIIHH", *fields) + struct.pack("<HHHII", *place) + name + extra


def directory(entries: Sequence[Entry], start: int, zip64_from: int = ZIP64_FROM) -> bytes:
    """What stands behind the last content: the list of entries and the end.

    Args:
        entries: All of them, in their order.
        start: Where it begins.
        zip64_from: See `ZIP64_FROM`.
    """
    listed = b"".join(_central_header(one, zip64_from) for one in entries)
    count, size = len(entries), len(listed)
    many, far = count >= _COUNT64_FROM, max(size, start) >= zip64_from
    end64 = b""
    if many or far:
        told = (44, _UNIX | _LARGE, _LARGE, 0, 0, count, count, size, start)
        end64 = struct.pack("<4sQHHIIQQQQ", END64, *told)
        end64 += struct.pack("<4sIQI", LOCATOR, 0, start + size, 1)
    shown = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF) if end64 else (count, count, size, start)
    return listed + end64 + struct.pack("<4sHHHHIIH", END, 0, 0, *shown, 0)


@dataclass(frozen=True)
class Digest:
    """What the content of a file comes to.

    Args:
        size: Bytes.
        sha256: Hexadecimal.
        crc: CRC-32.
    """

    size: int
    sha256: str
    crc: int


def digest_of(chunks: Iterable[bytes], into: BinaryIO | None = None) -> Digest:
    """Count and sum up a content, and write it where that is wanted."""
    size, crc, sha = 0, 0, hashlib.sha256()
    for chunk in chunks:
        size, crc = size + len(chunk), zlib.crc32(chunk, crc)
        sha.update(chunk)
        if into is not None:
            into.write(chunk)
    return Digest(size, sha.hexdigest(), crc)


class ArchiveWriter:
    """Writes entries one after the other; only one portion of their content is in memory.

    Args:
        file: Where to; it can be written and seeked.
        zip64_from: See `ZIP64_FROM`.
    """

    def __init__(self, file: BinaryIO, zip64_from: int = ZIP64_FROM) -> None:
        self._file, self._zip64_from = file, zip64_from
        self._entries: list[Entry] = []

    def add(self, path: str, chunks: Iterable[bytes], size: int) -> Digest:
        """Add a file.

        Args:
            path: Its name.
            chunks: Its content.
            size: Bytes of it; what comes of another size leaves an archive that is of no use.

        Returns:
            What came.
        """
        offset = self._file.tell()
        head = len(local_header(Entry(path, size, 0, offset), self._zip64_from))
        self._file.seek(offset + head)  # the sum is known only when all has gone by
        found = digest_of(chunks, self._file)
        entry = Entry(path, size, found.crc, offset)
        end = self._file.tell()
        self._file.seek(offset)
        self._file.write(local_header(entry, self._zip64_from))
        self._file.seek(end)
        self._entries.append(entry)
        return found

    def finish(self) -> None:
        """Write the list of entries and the end."""
        self._file.write(directory(self._entries, self._file.tell(), self._zip64_from))
