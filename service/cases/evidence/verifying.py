"""Check an evidence package by itself: its form, every file, the signature, the events, the time stamp."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from geodata.errors import KanchaError, MissingFileError, OptionError
from service.cases.chain import canonical, chain_break
from service.cases.evidence.archive import Digest, Entry, digest_of
from service.cases.evidence.defects import Defect, defect
from service.cases.evidence.manifest import (
    FORMAT,
    MANIFEST,
    OWN,
    SIGNATURE,
    SIGNER,
    STAMP,
    STAMP_SIGNATURE,
    SUMS,
    path_of,
)
from service.cases.evidence.reading import NotAPackageError, Shape, content, read_shape
from service.cases.evidence.signing import VerifyKey, read_verify_key
from service.cases.evidence.timestamp import Stamp, check_stamp, read_certificates, stamp_of

_SMALL = 64 * 1024
_MOST_MANIFEST = 256 * 1024 * 1024
_SEALS = (MANIFEST, SIGNATURE, STAMP, STAMP_SIGNATURE)


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Args:
        path: The package.
        defects: Everything that is wrong; none: the package is as it was sealed.
        case_id: The case, as the manifest tells; empty where it cannot be read.
        created_at: When it was made, likewise.
        creator: Who made it, likewise.
        parts: How many parts it has.
        events: How many events.
        fingerprint: Of the key that signed.
        trusted: Whether that key is one of the trusted; None: none were given, so that it is the package's own word.
        stamp: What its time stamp says; None without one.
        stamp_checked: Whether that was held against an authority.
    """

    path: Path
    defects: Sequence[Defect]
    case_id: str = ""
    created_at: str = ""
    creator: str = ""
    parts: int = 0
    events: int = 0
    fingerprint: str = ""
    trusted: bool | None = None
    stamp: Stamp | None = None
    stamp_checked: bool = False

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.defects

    def as_dict(self) -> dict[str, Any]:
        """The verdict as plain values."""
        stamp = self.stamp
        return {
            "file": self.path.name,
            "holds": self.holds,
            "defects": [one.as_dict() for one in self.defects],
            "case": self.case_id,
            "created_at": self.created_at,
            "creator": self.creator,
            "parts": self.parts,
            "events": self.events,
            "fingerprint": self.fingerprint,
            "trusted": self.trusted,
            "time_stamp": stamp
            and {
                "at": stamp.at.isoformat(),
                "serial": str(stamp.serial),
                "policy": stamp.policy,
                "checked": self.stamp_checked,
            },
        }


def verify(path: Path, *, trusted: Sequence[bytes] = (), authorities: Sequence[bytes] = ()) -> Verdict:
    """Check a package.

    Args:
        path: The package.
        trusted: Public keys (PEM) that may have signed; none: the package's own key is used, and the verdict says so.
        authorities: Certificates (PEM) of authorities that may have stamped; none: the stamp is read, not checked.

    Returns:
        The verdict with every defect, not the first alone.

    Raises:
        MissingFileError: If there is no such file.
        OptionError: If a key or certificate cannot be read.
    """
    keys = [read_verify_key(pem) for pem in trusted]
    roots = [one for pem in authorities for one in read_certificates(pem)]
    if not path.is_file():
        raise MissingFileError(f"There is no file {path}.", remedy="Check the path.")
    with path.open("rb") as file:
        try:
            shape = read_shape(file)
        except NotAPackageError as error:
            return Verdict(path, (error.found,))
        return _Check(file, path, shape).verdict(keys, roots)


class _Check:
    """One check on its way.

    Args:
        file: The package.
        path: Where it lies.
        shape: Its form.
    """

    def __init__(self, file: BinaryIO, path: Path, shape: Shape) -> None:
        self.path, self.defects = path, list(shape.defects)
        self.entries = {one.path: one for one in shape.entries}
        self.order = [one.path for one in shape.entries]
        self.found: dict[str, Digest] = {}
        self.small: dict[str, bytes] = {}
        if shape.readable:
            self._read(file, shape.entries)

    def _read(self, file: BinaryIO, entries: Sequence[Entry]) -> None:
        """Read every content once; what the check itself needs stays in memory."""
        for entry in entries:
            most = {MANIFEST: _MOST_MANIFEST, SUMS: _MOST_MANIFEST}.get(entry.path, _SMALL)
            if entry.path in (*_SEALS, SUMS, SIGNER) and entry.size <= most:
                self.small[entry.path] = b"".join(content(file, entry))
                found = digest_of([self.small[entry.path]])
            else:
                found = digest_of(content(file, entry))
            self.found[entry.path] = found
            if found.crc != entry.crc:
                self.add("crc", entry.path)

    def add(self, code: str, part: str = "", **measured: Any) -> None:
        """Note a defect."""
        self.defects.append(defect(code, part, **measured))

    def verdict(self, keys: Sequence[VerifyKey], roots: Sequence[Any]) -> Verdict:
        """The verdict, all checks done."""
        told = self._manifest()
        signer = self._signer(told)
        self._files(told)
        self._events(told)
        trusted = self._trusted(signer, keys)
        stamp = self._stamp(told, signer, roots)
        return Verdict(
            path=self.path,
            defects=tuple(self.defects),
            case_id=str(told.get("case", "")),
            created_at=str(told.get("created_at", "")),
            creator=str(told.get("creator", "")),
            parts=len(_rows(told, "parts")),
            events=len(_rows(told, "events")),
            fingerprint=signer.fingerprint if signer else "",
            trusted=trusted,
            stamp=stamp,
            stamp_checked=stamp is not None and bool(roots),
        )

    def _manifest(self) -> Mapping[str, Any]:
        """The manifest; empty where it cannot be read."""
        if MANIFEST not in self.small:
            self.add("missing", MANIFEST)
            return {}
        text = self.small[MANIFEST]
        try:
            told = json.loads(text)
            same = isinstance(told, dict) and canonical(told) == text
        except (ValueError, TypeError, RecursionError) as error:
            self.add("manifest_unread", MANIFEST, why=str(error)[:120])
            return {}
        if not isinstance(told, dict):
            self.add("manifest_unread", MANIFEST, why="no object")
            return {}
        if not same:
            self.add("manifest_form", MANIFEST)
        if told.get("format") != FORMAT:
            self.add("format", MANIFEST, found=str(told.get("format"))[:40])
        return told

    def _signer(self, told: Mapping[str, Any]) -> VerifyKey | None:
        """The package's own key, if its signature holds or not; None where it cannot be read."""
        for path in (SIGNER, SIGNATURE):
            if path not in self.small:
                self.add("missing", path)
        if SIGNER not in self.small:
            return None
        try:
            key = read_verify_key(self.small[SIGNER])
        except OptionError:
            self.add("signer_unread", SIGNER)
            return None
        if MANIFEST in self.small and not key.holds(self.small.get(SIGNATURE, b""), self.small[MANIFEST]):
            self.add("signature", SIGNATURE)
        signer = told.get("signer")
        if told and (not isinstance(signer, dict) or signer.get("fingerprint") != key.fingerprint):
            self.add("signer", SIGNER)
        return key

    def _trusted(self, signer: VerifyKey | None, keys: Sequence[VerifyKey]) -> bool | None:
        if not keys or signer is None:
            return None
        trusted = signer.fingerprint in {key.fingerprint for key in keys}
        if not trusted:
            self.add("unknown_signer", SIGNER, found=signer.fingerprint)
        return trusted

    def _files(self, told: Mapping[str, Any]) -> None:
        """Hold every file against the manifest, and the manifest against the files."""
        if not told:
            return
        own, parts = _rows(told, "files"), _rows(told, "parts")
        if sorted(str(one.get("path")) for one in own) != sorted(OWN):
            self.add("manifest_form", MANIFEST)
        for number, row in enumerate(parts, start=1):
            if str(row.get("path")) != path_of(number, str(row.get("kind")), str(row.get("name"))):
                self.add("manifest_path", str(row.get("path"))[:200])
        listed = {str(row.get("path")): row for row in (*own, *parts)}
        for path, row in listed.items():
            self._file(path, row)
        seals = _SEALS if told.get("time_stamp") else _SEALS[:2]
        for path in seals[2:]:
            if path not in self.entries:
                self.add("missing", path)
        for path in self.order:
            if path not in listed and path not in seals:
                self.add("unlisted", path)
        self._order(own, parts, seals)
        self._sums([row for row in (*own, *parts) if row.get("path") != SUMS])

    def _file(self, path: str, row: Mapping[str, Any]) -> None:
        if path not in self.entries:
            self.add("missing", path[:200])
        elif path in self.found:
            found = self.found[path]
            if found.size != row.get("bytes"):
                self.add("size", path, found=found.size, told=row.get("bytes"))
            if found.sha256 != row.get("sha256"):
                self.add("hash", path, found=found.sha256, told=row.get("sha256"))

    def _order(self, own: Sequence[Any], parts: Sequence[Any], seals: Sequence[str]) -> None:
        """Files stand in one order: first words and key, then the parts, the sums, the seals."""
        rows = [str(one.get("path")) for one in (*own[:2], *parts, *own[2:])]
        expected = [*rows, *seals]
        if sorted(expected) == sorted(self.order) and expected != self.order:
            first = next(path for path, should in zip(self.order, expected, strict=True) if path != should)
            self.add("order", first)

    def _sums(self, rows: Sequence[Mapping[str, Any]]) -> None:
        lines = "".join(f"{row.get('sha256')}  {row.get('path')}\n" for row in rows)
        if SUMS in self.small and self.small[SUMS] != lines.encode("utf-8", "replace"):
            self.add("sums", SUMS)

    def _events(self, told: Mapping[str, Any]) -> None:
        if not told:
            return
        end = told.get("events_end")
        found = chain_break(str(told.get("case")), _rows(told, "events"), end if isinstance(end, dict) else {})
        if found is not None:
            self.add("events", MANIFEST, why=found.message, why_zh=found.message_zh, number=found.number)

    def _stamp(self, told: Mapping[str, Any], signer: VerifyKey | None, roots: Sequence[Any]) -> Stamp | None:
        if not told.get("time_stamp") or STAMP not in self.small:
            return None
        answer = self.small[STAMP]
        if signer is not None and not signer.holds(self.small.get(STAMP_SIGNATURE, b""), answer):
            self.add("stamp_signature", STAMP)
        try:
            return check_stamp(answer, self.small.get(SIGNATURE, b""), roots) if roots else stamp_of(answer)
        except KanchaError as error:
            self.add("stamp", STAMP, why=error.message)
            return None


def _rows(told: Mapping[str, Any], name: str) -> list[Any]:
    """A list of objects of the manifest; what is none is left out, and missed by the other checks."""
    rows = told.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
