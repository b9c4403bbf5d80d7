"""The whole of a service in one file and back: the rows of any store, and the files that they name."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import orjson

from service.errors import BackupError, ConflictError
from service.files import private_folder, sha256_of
from service.store.copying import Progress, copy_store
from service.store.migrate import newest
from service.store.sql_store import SqlStore
from service.store.sqlite import SqliteStore
from service.version import code_version

ROWS = "store.sqlite"
MANIFEST = "manifest.json"
FOLDERS = ("blobs", "models", "rulebooks", "reports")
"""What lies in the data folder beside the database and cannot be made again."""


@dataclass(frozen=True)
class Backed:
    """What a backup holds.

    Args:
        made_at: When it was made.
        version: Release that made it.
        revision: Revision of its tables.
        rows: Rows by table.
        files: How many files.
        size_bytes: Size of the files.
    """

    made_at: datetime
    version: str
    revision: str
    rows: dict[str, int]
    files: int
    size_bytes: int


def back_up(store: SqlStore, data: Path, target: Path, *, files: bool, progress: Progress) -> Backed:
    """Write a backup while the service goes on.

    The rows are those of one moment. Files are stored before the rows that name them and never change, so that those of
    a later moment are all there.

    Args:
        store: The store, whatever it is made of.
        data: The data folder.
        target: The file; it is there whole or not at all.
        files: Whether imagery, models, rulebooks and reports are in it.
        progress: Told how far it is.

    Raises:
        ConflictError: If the target exists.
    """
    if target.exists():
        raise ConflictError(f"{target} exists.", remedy="Name another file: a backup replaces none.")
    beside = target.with_name(f".{target.name}.part")
    try:
        with private_folder(data / "work") as folder, beside.open("wb") as out:
            copy = SqliteStore(folder / ROWS)
            try:
                rows = copy_store(store.engine, copy.engine, progress)
            finally:
                copy.close()
            with tarfile.open(fileobj=out, mode="w|") as tar:
                tar.add(folder / ROWS, ROWS)
                names = list(_files(data)) if files else []
                size = 0
                for number, path in enumerate(names, start=1):
                    tar.add(path, str(path.relative_to(data)), recursive=False)
                    size += path.stat().st_size
                    progress("files", number)
                told = Backed(datetime.now(UTC), code_version(), newest(), rows, len(names), size)
                manifest = {**told.__dict__, "rows_sha256": sha256_of(folder / ROWS)}
                _add(tar, MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return told


def _files(data: Path) -> Iterator[Path]:
    for name in FOLDERS:
        yield from sorted(p for p in (data / name).rglob("*") if p.is_file() and not p.name.startswith("."))


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def restore(source: Path, store: SqlStore, data: Path, progress: Progress) -> Backed:
    """Bring a backup back into an empty service.

    Every file is compared with the checksum that names it; the rows come last, so that a restore that ends half way
    leaves a service without content and can be run again.

    Args:
        source: The backup.
        store: An empty store, whatever it is made of.
        data: Its data folder.
        progress: Told how far it is.

    Raises:
        BackupError: If it is none, or not whole.
        ConflictError: If the store holds rows.
    """
    try:
        with private_folder(data / "work") as folder:
            manifest = _unpack(source, folder, data, progress)
            if sha256_of(folder / ROWS) != manifest["rows_sha256"]:
                raise _broken(source, "its rows have another checksum than its manifest says")
            old = SqliteStore(folder / ROWS)  # brings the tables of an older release up to date
            try:
                rows = copy_store(old.engine, store.engine, progress)
            finally:
                old.close()
    except (tarfile.TarError, EOFError, orjson.JSONDecodeError) as error:
        raise _broken(source, str(error)) from error
    made_at = datetime.fromisoformat(manifest["made_at"])
    told = (manifest["version"], manifest["revision"])
    return Backed(made_at, *told, rows, manifest["files"], manifest["size_bytes"])


def _unpack(source: Path, folder: Path, data: Path, progress: Progress) -> dict[str, Any]:
    manifest: dict[str, Any] | None = None
    count = 0
    with tarfile.open(source, mode="r|") as tar:
        for member in tar:
            parts = Path(member.name).parts
            content = tar.extractfile(member)
            if content is None or ".." in parts or Path(member.name).is_absolute():
                raise _broken(source, f"it holds {member.name[:80]!r}")
            if member.name == MANIFEST:
                manifest = orjson.loads(content.read())
            elif member.name == ROWS:
                _write(content, folder / ROWS)
            elif parts[0] in FOLDERS:
                found = _write(content, data / member.name)
                count += 1
                progress("files", count)
                if parts[0] == "blobs" and found != parts[-1]:
                    (data / member.name).unlink()
                    raise _broken(source, f"{member.name} has the checksum {found}")
    if manifest is None or not (folder / ROWS).exists() or count != manifest["files"]:
        raise _broken(source, "it ends too early")
    return manifest


def _write(content: IO[bytes], target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    beside = target.with_name(f".{target.name}.part")
    with beside.open("wb") as file:
        while part := content.read(1 << 20):
            digest.update(part)
            file.write(part)
    beside.replace(target)
    return digest.hexdigest()


def _broken(source: Path, why: str) -> BackupError:
    return BackupError(f"{source} is no whole backup: {why}.", remedy="Use another backup.")
