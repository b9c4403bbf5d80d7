"""The form of a package as it lies on disk, held against the one form that it may have.

Nothing here trusts a number of the file: places and sizes are bounded by the file itself, and what is read of a
content is never more than its size. So no crafted archive takes more memory or time than its own length.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from service.cases.evidence.archive import (
    CENTRAL,
    CENTRAL_BYTES,
    END,
    END64,
    END64_BYTES,
    END_BYTES,
    LOCAL,
    LOCATOR,
    LOCATOR_BYTES,
    Entry,
    directory,
    local_header,
)
from service.cases.evidence.defects import Defect, defect
from service.cases.evidence.manifest import MOST_PARTS

_MOST_DIRECTORY = 64 * 1024 * 1024
_MOST_FILES = MOST_PARTS + 10
_CHUNK = 1024 * 1024
_DRIVE = re.compile(r"[A-Za-z]:")
_LINK = 0o120000
_KIND = 0o170000
_ALL32, _ALL16 = 0xFFFFFFFF, 0xFFFF


class NotAPackageError(ValueError):
    """The file is no ZIP, or what stands at its end leads nowhere; nothing more can be said of it."""

    def __init__(self, found: Defect) -> None:
        super().__init__(found.message)
        self.found = found


@dataclass(frozen=True)
class Shape:
    """The form of a package.

    Args:
        entries: Its files, as its list tells them.
        defects: What is wrong with its form.
        readable: Whether the contents lie side by side, so that reading all of them reads the file once.
    """

    entries: Sequence[Entry]
    defects: Sequence[Defect]
    readable: bool


def read_shape(file: BinaryIO) -> Shape:
    """Read the form of a package and hold every byte outside the contents against what it must be.

    Args:
        file: The package.

    Raises:
        NotAPackageError: If it is no ZIP at all.
    """
    start, count, end = _find_directory(file)
    listed = _read(file, start, end - start)
    entries, defects = _entries(listed, count)
    defects += _names(entries)
    misplaced = _places(entries, start)
    if misplaced is None:
        known = {one.part for one in defects}
        defects += [one for one in _headers(file, entries) if one.part not in known]
        if not defects and directory(entries, start) != listed:
            defects.append(defect("directory"))
    else:
        defects.append(misplaced)
    return Shape(entries, tuple(defects), misplaced is None)


def content(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """The content of an entry, portion by portion; less than its size where the file ends before."""
    file.seek(entry.offset + len(local_header(entry)))
    left = entry.size
    while left and (chunk := file.read(min(left, _CHUNK))):
        left -= len(chunk)
        yield chunk


def _find_directory(file: BinaryIO) -> tuple[int, int, int]:
    """Where the list of entries begins, how many it has, and where the file ends."""
    end = file.seek(0, os.SEEK_END)
    if end < END_BYTES:
        raise NotAPackageError(defect("not_a_package"))
    last = _read(file, end - END_BYTES, END_BYTES)
    if not last.startswith(END):
        near = max(0, end - 70_000)
        found = _read(file, near, end - near).rfind(END)
        behind = end - near - found - END_BYTES
        if found >= 0 and behind > 0:
            raise NotAPackageError(defect("bytes_behind", bytes=behind))
        begins = _read(file, 0, len(LOCAL)) == LOCAL
        raise NotAPackageError(defect("cut_off" if begins else "not_a_package"))
    count, size, start = struct.unpack_from("<HII", last, 10)
    tail = END_BYTES
    if count == _ALL16 and size == _ALL32 and start == _ALL32:
        tail += LOCATOR_BYTES + END64_BYTES
        head = _read(file, end - tail, END64_BYTES) if end >= tail else b""
        where = _read(file, end - END_BYTES - LOCATOR_BYTES, LOCATOR_BYTES)
        if not head.startswith(END64) or not where.startswith(LOCATOR):
            raise NotAPackageError(defect("directory_lost"))
        count, size, start = struct.unpack_from("<QQQ", head, 32)
    if count > _MOST_FILES:
        raise NotAPackageError(defect("too_many", told=count))
    before = end - tail - size - start
    if before > 0:
        raise NotAPackageError(defect("bytes_between", bytes=before))
    if before < 0 or size > _MOST_DIRECTORY:
        raise NotAPackageError(defect("directory_lost"))
    return start, count, end


def _entries(listed: bytes, count: int) -> tuple[list[Entry], list[Defect]]:
    entries: list[Entry] = []
    defects: list[Defect] = []
    at = 0
    while len(entries) <= count and listed.startswith(CENTRAL, at) and at + CENTRAL_BYTES <= len(listed):
        flags, method = struct.unpack_from("<HH", listed, at + 8)
        crc, packed, size, named, extra, comment = struct.unpack_from("<IIIHHH", listed, at + 16)
        mode, offset = struct.unpack_from("<II", listed, at + 38)
        name = listed[at + CENTRAL_BYTES : at + CENTRAL_BYTES + named]
        more = listed[at + CENTRAL_BYTES + named : at + CENTRAL_BYTES + named + extra]
        size, offset = _large(more, size, packed, offset)
        path = name.decode("utf-8", "backslashreplace")
        if flags & 1:
            defects.append(defect("encrypted", path))
        if method != 0:
            defects.append(defect("compressed", path))
        if (mode >> 16) & _KIND == _LINK:
            defects.append(defect("link", path))
        entries.append(Entry(path, size, crc, offset))
        at += CENTRAL_BYTES + named + extra + comment
    if len(entries) != count:
        defects.append(defect("count", told=count, found=len(entries)))
    return entries, defects


def _large(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int]:
    """Size and place, from the Zip64 field where they do not fit."""
    wanted = [size == _ALL32, packed == _ALL32, offset == _ALL32]
    if not any(wanted) or len(extra) < 4 + 8 * sum(wanted):
        return size, offset
    numbers = iter(struct.unpack_from(f"<{sum(wanted)}Q", extra, 4))
    size = next(numbers) if wanted[0] else size
    if wanted[1]:
        next(numbers)
    return size, next(numbers) if wanted[2] else offset


def _names(entries: Sequence[Entry]) -> list[Defect]:
    defects, seen = [], set[str]()
    for entry in entries:
        if entry.path in seen:
            defects.append(defect("twice", entry.path))
        seen.add(entry.path)
        parts = entry.path.split("/")
        unsafe = "\\" in entry.path or _DRIVE.match(entry.path) or not entry.path.isprintable()
        if unsafe or any(part in ("", ".", "..") for part in parts):
            defects.append(defect("unsafe_name", entry.path))
    return defects


def _places(entries: Sequence[Entry], start: int) -> Defect | None:
    """The first entry that does not begin where the one before it ends."""
    place = 0
    for entry in entries:
        end = place + len(local_header(entry)) + entry.size
        if entry.offset != place or end > start:
            return defect("misplaced", entry.path, told=entry.offset, expected=place)
        place = end
    return defect("bytes_between", bytes=start - place) if place != start else None


def _headers(file: BinaryIO, entries: Sequence[Entry]) -> Iterator[Defect]:
    """Hold each header against the one that follows from name, size and sum."""
    for entry in entries:
        head = local_header(entry)
        if _read(file, entry.offset, len(head)) != head:
            yield defect("header", entry.path)


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
