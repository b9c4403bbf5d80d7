"""The state of resumable uploads on disk: a folder each, with what is known (`info.json`) and the bytes (`data`).

What is known is replaced whole or not at all. Where an upload stands is the size of its data file, never a number
that could be older. The lock is the kernel's, on the folder: it ends with the process that holds it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from service.errors import NotFoundError, UploadLockedError
from service.files import sync_folder, write_beside

_ID = re.compile(r"[0-9a-f]{32}")
_INFO = "info.json"
_DATA = "data"
_SIDES = "sides"
_JOINED = "joined"


@dataclass(frozen=True)
class UploadInfo:
    """What is known of an upload.

    Args:
        id: Its id.
        owner: Who sends it.
        areas: Ids of the areas that they work in; None: everywhere.
        length: Bytes it will have; None: not told yet.
        metadata: What its sender says.
        metadata_header: The same as it was sent.
        created_at: When it was created.
        expires_at: When it will be removed.
        concat: `Upload-Concat` as it was sent.
        parts: Ids of the uploads that it is put together from.
        complete: Whether every byte is here, or was.
        unverified_from: Bytes from here on belong to a chunk whose checksum was not yet compared; None: all count.
        job_id: The job that takes it in.
        result: What became of it: `scene_id`, or `layer_kind` and `layer_id`.
    """

    id: str
    owner: str
    length: int | None
    metadata: Mapping[str, str]
    metadata_header: str
    created_at: datetime
    expires_at: datetime
    concat: str | None = None
    parts: tuple[str, ...] = ()
    complete: bool = False
    unverified_from: int | None = None
    job_id: str | None = None
    result: Mapping[str, str] = field(default_factory=dict)
    areas: tuple[str, ...] | None = None

    @property
    def is_partial(self) -> bool:
        """Whether it is only a part of another."""
        return self.concat == "partial"

    @property
    def sidecar_of(self) -> str | None:
        """Id of the upload that it belongs to as a side file."""
        return self.metadata.get("sidecar_of")

    @property
    def is_whole(self) -> bool:
        """Whether it is taken in by itself: neither a part nor a side file of another."""
        return not self.is_partial and self.sidecar_of is None


class UploadFolder:
    """All uploads of a service.

    Args:
        root: Where they lie; made where absent.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def create(self, info: UploadInfo) -> None:
        """Keep a new upload; it is there whole or not at all."""
        fresh = self._root / f".new-{info.id}"
        fresh.mkdir()
        write_beside(fresh / _INFO, _packed(info))
        (fresh / _DATA).touch()
        sync_folder(fresh)
        fresh.rename(self._root / info.id)
        sync_folder(self._root)

    def read(self, upload_id: str) -> UploadInfo:
        """What is known of an upload.

        Raises:
            NotFoundError: Without it.
        """
        try:
            return _unpacked((self.place(upload_id) / _INFO).read_bytes())
        except FileNotFoundError as error:
            raise _missing(upload_id) from error

    def write(self, info: UploadInfo) -> UploadInfo:
        """Replace what is known of an upload, safely on disk."""
        place = self.place(info.id)
        if not place.is_dir():
            raise _missing(info.id)
        write_beside(place / _INFO, _packed(info))
        sync_folder(place)
        return info

    def change(self, upload_id: str, **values: Any) -> UploadInfo:
        """Replace some of what is known."""
        return self.write(replace(self.read(upload_id), **values))

    def place(self, upload_id: str) -> Path:
        """The folder of an upload.

        Raises:
            NotFoundError: If it cannot be one.
        """
        if not _ID.fullmatch(upload_id):
            raise _missing(upload_id)
        return self._root / upload_id

    def data(self, upload_id: str) -> Path:
        """Its bytes."""
        return self.place(upload_id) / _DATA

    def is_joined(self, upload_id: str) -> bool:
        """Whether a final upload is put together."""
        return (self.place(upload_id) / _JOINED).exists()

    def mark_joined(self, upload_id: str) -> None:
        """Note that a final upload is put together and safely on disk."""
        place = self.place(upload_id)
        (place / _JOINED).touch()
        sync_folder(place)

    def sides(self, upload_id: str) -> Sequence[Path]:
        """The side files that have come for it, by name."""
        folder = self.place(upload_id) / _SIDES
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def give_side(self, upload_id: str, source: Path, name: str) -> None:
        """Put a file to an upload as its side file; the last of a name stays."""
        folder = self.place(upload_id) / _SIDES
        folder.mkdir(exist_ok=True)
        beside = folder.parent / f".side-{name}"
        beside.unlink(missing_ok=True)
        os.link(source, beside)
        beside.replace(folder / name)
        sync_folder(folder)

    def offset(self, info: UploadInfo) -> int:
        """Where an upload stands: so many bytes are safely on disk."""
        if info.complete:
            return info.length or 0
        try:
            with self.data(info.id).open("rb") as file:
                os.fdatasync(file.fileno())
                size = os.fstat(file.fileno()).st_size
        except FileNotFoundError as error:
            raise _missing(info.id) from error
        return size if info.unverified_from is None else min(size, info.unverified_from)

    def infos(self) -> Sequence[UploadInfo]:
        """All uploads, the oldest first."""
        found = []
        for entry in self._root.iterdir():
            if _ID.fullmatch(entry.name):
                with suppress(NotFoundError):
                    found.append(self.read(entry.name))
        return sorted(found, key=lambda info: (info.created_at, info.id))

    @contextmanager
    def locked(self, upload_id: str) -> Iterator[UploadInfo]:
        """Hold an upload alone; what is known of it is read under the lock.

        Raises:
            NotFoundError: Without it.
            UploadLockedError: If another request or process holds it.
        """
        with _flocked(self.place(upload_id), upload_id):
            info = self.read(upload_id)
            if info.unverified_from is not None:
                info = self._settled(info)
            yield info

    @contextmanager
    def creating(self) -> Iterator[None]:
        """Hold the creation of uploads alone, so that limits over all of them keep; waits its turn."""
        fd = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _settled(self, info: UploadInfo) -> UploadInfo:
        """Drop what a process that died left of an unverified chunk."""
        with self.data(info.id).open("r+b") as file:
            if info.unverified_from is not None and os.fstat(file.fileno()).st_size > info.unverified_from:
                file.truncate(info.unverified_from)
                os.fsync(file.fileno())
        return self.write(replace(info, unverified_from=None))

    def drop_data(self, upload_id: str) -> None:
        """Remove the bytes of an upload and its side files; what is known of it stays."""
        self.data(upload_id).unlink(missing_ok=True)
        shutil.rmtree(self.place(upload_id) / _SIDES, ignore_errors=True)

    def remove(self, upload_id: str) -> None:
        """Remove an upload."""
        gone = self._root / f".gone-{upload_id}"
        with suppress(FileNotFoundError):
            self.place(upload_id).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def sweep_leftovers(self, older_than_s: float) -> None:
        """Remove what processes left that died while they created or removed an upload."""
        now = datetime.now(UTC).timestamp()
        for entry in self._root.iterdir():
            old = now - entry.stat().st_mtime > older_than_s
            if entry.name.startswith(".gone-") or (entry.name.startswith(".new-") and old):
                shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def _flocked(place: Path, upload_id: str) -> Iterator[None]:
    try:
        fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError as error:
        raise _missing(upload_id) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UploadLockedError(
                f"Another request is writing to the upload {upload_id}.",
                remedy="Wait a moment, ask with HEAD where it stands, and go on from there.",
            ) from error
        yield
    finally:
        os.close(fd)


def _missing(upload_id: str) -> NotFoundError:
    return NotFoundError(f"There is no upload {upload_id[:64]}.", remedy="Create one: POST /uploads.")


def _packed(info: UploadInfo) -> bytes:
    return orjson.dumps(asdict(info), option=orjson.OPT_INDENT_2)


def _unpacked(content: bytes) -> UploadInfo:
    told: dict[str, Any] = orjson.loads(content)
    for name in ("created_at", "expires_at"):
        told[name] = datetime.fromisoformat(told[name])
    areas = told.get("areas")
    return UploadInfo(**told | {"parts": tuple(told["parts"]), "areas": None if areas is None else tuple(areas)})
