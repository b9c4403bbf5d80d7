"""Names and places of files that come from outside."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
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


def storable(text: str) -> str:
    r"""A text with nothing in it that a database or JSON does not take: bytes of a name that are no UTF-8.

    >>> storable("\udcd5\udcfd_20250412.tif")
    '\\udcd5\\udcfd_20250412.tif'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class PrivateFolder:
    """A fresh folder that nobody else uses.

    A lock beside it tells that its process lives: the kernel lets go of it when the process ends, however it ends, so
    that `sweep_private` finds what a killed process left, and nothing else.

    Args:
        parent: Where it lies; made where absent.
    """

    def __init__(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        name = uuid.uuid4().hex
        self.path = parent / name
        self._lock_path = parent / f"{name}{_LOCK}"
        fresh = parent / f"{name}.new"
        self._lock = fresh.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # it takes its name only when it is locked: nobody can find it free before
        fresh.rename(self._lock_path)
        self.path.mkdir()

    def remove(self) -> None:
        """Remove it with all that lies in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock_path.unlink(missing_ok=True)
        self._lock.close()


_LOCK = ".lock"
_MINUTE_S = 60.0
_DAY_S = 24 * 3600.0
PRIVATE = ("incoming", "work")
"""Folders of the data folder in which processes have private ones."""


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """A fresh folder that nobody else uses, removed at the end."""
    folder = PrivateFolder(parent)
    try:
        yield folder.path
    finally:
        folder.remove()


def _sweep_unlocked(parent: Path) -> int:
    """Remove what releases before the locks left a day ago; fresher ones may belong to such a process."""
    removed = 0
    for path in parent.glob("[0-9a-f]" * 32):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _DAY_S and not path.with_suffix(_LOCK).exists():
                shutil.rmtree(path, ignore_errors=True)
                removed += 1
    return removed


def sweep_private(parent: Path) -> int:
    """Remove the private folders of processes that have ended; how many."""
    removed = _sweep_unlocked(parent)
    for path in parent.glob("*.new"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _MINUTE_S:
                path.unlink(missing_ok=True)  # its process died before it had a name
    for path in sorted(parent.glob(f"*{_LOCK}")) if parent.is_dir() else []:
        with suppress(OSError), path.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink(missing_ok=True)
            removed += 1
    return removed


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


def mark_used(path: Path) -> None:
    """Note that a file was asked for, as the time of its last use; it counts as unchanged for whoever reads it."""
    with suppress(OSError):
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


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


@contextmanager
def held_alone(lock: Path) -> Iterator[None]:
    """Wait until nobody else, in any process of this machine, is between its begin and its end.

    Args:
        lock: A file of its own, which stays; its folder is made where absent.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


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
