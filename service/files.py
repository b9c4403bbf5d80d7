"""Names and places of files that come from outside."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from geodata.errors import MissingFileError

_UNSAFE = re.compile(r"[^\w.\-()+]", re.UNICODE)
_LONGEST = 120


def safe_name(name: str, default: str = "upload") -> str:
    """The last part of a name with nothing in it that a file system or a shell reads.

    Letters of every script stay, since a file name may carry a date in Chinese.

    Args:
        name: As the client sent it.
        default: For a name of which nothing is left.

    >>> safe_name("../../etc/正射 2025年4月12日.tif")
    '正射_2025年4月12日.tif'
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = _UNSAFE.sub("_", last).lstrip(".-")
    stem, dot, suffix = clean.rpartition(".")
    if not dot:
        stem, suffix = clean, ""
    while len((stem + dot + suffix).encode()) > _LONGEST and stem:
        stem = stem[:-1]
    return (stem + dot + suffix)[:_LONGEST] if stem.strip("_.") else default


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """A fresh folder that nobody else uses, removed at the end."""
    folder = parent / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """Checksum of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link_or_copy(source: Path, target: Path) -> Path:
    """The same content under another name, without a copy where the disk allows it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target


def write_beside(path: Path, content: bytes | Iterable[bytes], *, mode: int | None = None) -> None:
    """Write a file, at once or in parts, so that it is there whole or not at all.

    Args:
        path: The file.
        content: What goes into it.
        mode: Who may read it, from the first byte on; None: as is usual.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with beside.open("wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power failure."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@dataclass(frozen=True)
class Upload:
    """A file that came from outside and lies in a private folder of the data folder.

    Args:
        path: Where it lies, under its own name made safe.
        sha256: Checksum of its bytes.
        size_bytes: Its size.
    """

    path: Path
    sha256: str
    size_bytes: int

    @property
    def name(self) -> str:
        """Its name made safe."""
        return self.path.name


def take_copy(source: Path, folder: Path) -> Upload:
    """Copy a local file into a private folder.

    Args:
        source: A file.
        folder: See `private_folder`.

    Raises:
        MissingFileError: If there is no such file.
    """
    if not source.is_file():
        raise MissingFileError(f"There is no file {source}.", remedy="Check the path.")
    target = folder / safe_name(source.name)
    shutil.copyfile(source, target)
    return Upload(target, sha256_of(target), target.stat().st_size)
