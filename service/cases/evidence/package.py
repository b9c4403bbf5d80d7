"""The sealed package of a case: one ZIP with all that speaks for and against, signed, and stamped where wanted."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from service.cases.chain import canonical, chained, end_of, moment
from service.cases.evidence.archive import ArchiveWriter, Digest
from service.cases.evidence.manifest import (
    FORMAT,
    MANIFEST,
    MOST_PARTS,
    PART_KINDS,
    README,
    SIGNATURE,
    SIGNER,
    STAMP,
    STAMP_SIGNATURE,
    SUMS,
    Contents,
    Part,
    path_of,
)
from service.cases.evidence.readme import readme
from service.cases.evidence.signing import SigningKey
from service.cases.evidence.timestamp import Stamper
from service.errors import PackageError
from service.files import sha256_of, sync_folder

_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Sealed:
    """A package that was written.

    Args:
        path: The file.
        sha256: Of the whole file.
        size_bytes: Its size.
        parts: How many parts it has.
        events: Where the chain of events ends: `count` and `hash`.
        fingerprint: Of the key that signed.
        stamped: Whether it has a time stamp.
    """

    path: Path
    sha256: str
    size_bytes: int
    parts: int
    events: dict[str, Any]
    fingerprint: str
    stamped: bool


def write_package(target: Path, contents: Contents, key: SigningKey, stamper: Stamper | None = None) -> Sealed:
    """Write the package of a case. The same contents, time and key give the same bytes, a time stamp apart.

    Args:
        target: The file; it is there whole or as it was.
        contents: What goes in. Files are read once, portion by portion.
        key: Signs.
        stamper: Has the signature stamped by an authority; None: no time stamp.

    Returns:
        What was written.

    Raises:
        PackageError: If the contents contradict themselves, or a file is not there or changes meanwhile.
        StampError: If the authority gives no time stamp; nothing is written then.
    """
    _require_sound(contents)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        with beside.open("w+b") as file:
            end = _write(file, contents, key, stamper)
            file.flush()
            os.fsync(file.fileno())
        found = Sealed(
            path=target,
            sha256=sha256_of(beside),
            size_bytes=beside.stat().st_size,
            parts=len(contents.parts),
            events=end,
            fingerprint=key.public.fingerprint,
            stamped=stamper is not None,
        )
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(target.parent)
    return found


def _require_sound(contents: Contents) -> None:
    """Refuse what could only be found out when the package is checked."""
    unknown = sorted({part.kind for part in contents.parts} - set(PART_KINDS))
    if unknown:
        raise PackageError(f"There is no kind of part {unknown[0]!r}.", remedy=f"One of {', '.join(PART_KINDS)}.")
    if len(contents.parts) > MOST_PARTS:
        raise PackageError(f"{len(contents.parts)} parts, {MOST_PARTS} at most.", remedy="Put some into one file.")
    if contents.created_at.tzinfo is None:
        raise PackageError("The time of the package has no zone.", remedy="Give one.")
    for number, event in enumerate(contents.events, start=1):
        if (event.number, event.case_id) != (number, contents.case_id):
            raise PackageError(
                f"Event {event.number} of the case {event.case_id} stands where event {number} of"
                f" {contents.case_id} should.",
                remedy="Give all events of the case, by their number.",
                number=event.number,
                expected=number,
            )


def _write(file: BinaryIO, contents: Contents, key: SigningKey, stamper: Stamper | None) -> dict[str, Any]:
    writer = ArchiveWriter(file)
    own: list[dict[str, Any]] = []

    def add_own(path: str, content: bytes) -> None:
        own.append(_file(path, writer.add(path, [content], len(content))))

    add_own(README, readme(contents.case_id, key.public.fingerprint, stamped=stamper is not None))
    add_own(SIGNER, key.public.pem)
    parts = [_add_part(writer, number, part) for number, part in enumerate(contents.parts, start=1)]
    sums = "".join(f"{one['sha256']}  {one['path']}\n" for one in (*own, *parts))
    add_own(SUMS, sums.encode())
    links = chained(contents.case_id, contents.events)
    told = {
        "format": FORMAT,
        "case": contents.case_id,
        "created_at": moment(contents.created_at),
        "creator": contents.creator,
        "about": dict(contents.about),
        "signer": {"algorithm": "Ed25519", "fingerprint": key.public.fingerprint},
        "time_stamp": stamper is not None,
        "files": own,
        "parts": parts,
        "events": links,
        "events_end": end_of(contents.case_id, links),
    }
    _seal(writer, _as_json(told), key, stamper)
    writer.finish()
    return end_of(contents.case_id, links)


def _seal(writer: ArchiveWriter, manifest: bytes, key: SigningKey, stamper: Stamper | None) -> None:
    signature = key.sign(manifest)
    writer.add(MANIFEST, [manifest], len(manifest))
    writer.add(SIGNATURE, [signature], len(signature))
    if stamper is not None:
        stamp = stamper(signature)
        # parts of an authority's answer are under no signature of its own; under ours they cannot change unnoticed
        for path, content in ((STAMP, stamp), (STAMP_SIGNATURE, key.sign(stamp))):
            writer.add(path, [content], len(content))


def _as_json(told: dict[str, Any]) -> bytes:
    try:
        return canonical(told)
    except (ValueError, TypeError) as error:
        raise PackageError(
            f"What is told of the case or a part is no JSON: {error}.", remedy="Give texts, numbers, lists, mappings."
        ) from error


def _add_part(writer: ArchiveWriter, number: int, part: Part) -> dict[str, Any]:
    path = path_of(number, part.kind, part.name)
    try:
        with _opened(part.content) as (chunks, size):
            found = writer.add(path, chunks, size)
    except FileNotFoundError as error:
        raise PackageError(f"The part {part.name!r} is not there.", remedy="Give it again.", part=part.name) from error
    if found.size != size:
        raise PackageError(
            f"The part {part.name!r} changed while it was packed: {size} bytes, then {found.size}.",
            remedy="Make the package again.",
            part=part.name,
        )
    return _file(path, found) | {"name": part.name, "kind": part.kind, "about": dict(part.about)}


def _file(path: str, found: Digest) -> dict[str, Any]:
    return {"path": path, "bytes": found.size, "sha256": found.sha256}


@contextmanager
def _opened(content: Path | bytes) -> Iterator[tuple[Iterator[bytes], int]]:
    """The portions and the size of a content."""
    file: BinaryIO = BytesIO(content) if isinstance(content, bytes) else content.open("rb")
    with file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        yield iter(lambda: file.read(_CHUNK), b""), size
