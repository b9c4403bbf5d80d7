"""What a package says of itself: the list of its parts, and the case's events as a chain.

The manifest is JSON of one form, so that the same content always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.cases.events import CaseEvent
from service.files import safe_name

FORMAT = "kancha-evidence/1"
README, SIGNER, SUMS = "README.txt", "signer.pem", "SHA256SUMS"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
STAMP, STAMP_SIGNATURE = "manifest.tsr", "manifest.tsr.sig"
OWN = (README, SIGNER, SUMS)
"""Files of every package that the manifest lists beside the parts."""
PARTS = "parts/"
MOST_PARTS = 100_000

PART_KINDS = (
    "chip",
    "parameters",
    "model_card",
    "rulebook",
    "layer",
    "measurement",
    "photo",
    "document",
    "event_history",
    "audit_extract",
    "other",
)
"""What a part may be; the folder that it lies in."""


@dataclass(frozen=True)
class Part:
    """A file of a package.

    Args:
        name: What it is called, in any script.
        kind: One of `PART_KINDS`.
        content: The file, or its bytes.
        about: Where it comes from, as JSON: provenance, errors, checksums of sources.
    """

    name: str
    kind: str
    content: Path | bytes
    about: Mapping[str, Any] = field(default_factory=dict)


def path_of(number: int, kind: str, name: str) -> str:
    """Where a part lies in the package: its kind, its number, its name made safe.

    >>> path_of(3, "photo", "../现场 照片.jpg")
    'parts/photo/0003-现场_照片.jpg'
    """
    safe = unicodedata.normalize("NFC", safe_name(name, default="part")).rstrip(".")
    return f"{PARTS}{kind}/{number:04d}-{safe}"


@dataclass(frozen=True)
class Contents:
    """What goes into a package.

    Args:
        case_id: The case.
        created_at: When the package is made, with zone.
        creator: Who makes it, as it shall stand in the package.
        parts: The files, in their order.
        events: The case's events, all of them by their number.
        about: Further facts of the case, as JSON.
    """

    case_id: str
    created_at: datetime
    creator: str
    parts: Sequence[Part]
    events: Sequence[CaseEvent] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


def canonical(value: Any) -> bytes:
    """JSON of one form, UTF-8: sorted names, no spaces, no escapes but the needed, no NaN.

    The form belongs to the format of packages and is therefore written down here, whatever other records use.

    Raises:
        ValueError: If it holds what JSON does not know.
        TypeError: Likewise.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def moment(at: datetime) -> str:
    """A moment in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def start_of(case_id: str) -> str:
    """What stands for the event before the first: another in every case, so that no chain fits another case."""
    return hashlib.sha256(f"kancha-case\n{case_id}".encode()).hexdigest()


def chained(case_id: str, events: Iterable[CaseEvent]) -> list[dict[str, Any]]:
    """The events as JSON, each with the hash of the one before (`previous`) and its own (`hash`).

    `hash` is the SHA-256 of `previous`, a line feed, and the canonical JSON of the event without these two.
    """
    previous, links = start_of(case_id), []
    for event in events:
        told = {
            "case": event.case_id,
            "number": event.number,
            "kind": event.kind,
            "at": moment(event.at),
            "recorded_at": moment(event.recorded_at),
            "by": event.by,
            "facts": dict(event.facts),
            "corrects": event.corrects,
        }
        found = link_hash(previous, told)
        links.append(told | {"previous": previous, "hash": found})
        previous = found
    return links


def link_hash(previous: str, told: Mapping[str, Any]) -> str:
    """The hash of an event behind another; see `chained`."""
    return hashlib.sha256(previous.encode() + b"\n" + canonical(dict(told))).hexdigest()


@dataclass(frozen=True)
class ChainBreak:
    """Where the chain of events does not hold.

    Args:
        number: The first bad place, from 1.
        fault: `missing`, `changed`, `misplaced`, `other_case` or `cut_off`.
        message: What was found.
        message_zh: In Chinese.
    """

    number: int
    fault: str
    message: str
    message_zh: str


def chain_break(case_id: str, links: Sequence[Mapping[str, Any]], end: Mapping[str, Any]) -> ChainBreak | None:
    """The first event that was left out, changed or put elsewhere; None where all hold.

    Args:
        case_id: The case.
        links: The events, as `chained` gives them.
        end: Where the chain should end: `count` and `hash`.
    """
    previous = start_of(case_id)
    for number, link in enumerate(links, start=1):
        told = {name: value for name, value in link.items() if name not in ("previous", "hash")}
        if link.get("number") != number:
            words = f"Event {number} is missing; event {link.get('number')} follows."
            return ChainBreak(number, "missing", words, f"缺少第 {number} 条事件，其后为第 {link.get('number')} 条。")
        if told.get("case") != case_id:
            words = f"Event {number} belongs to the case {told.get('case')}."
            return ChainBreak(number, "other_case", words, f"第 {number} 条事件属于案件 {told.get('case')}。")
        if link_hash(str(link.get("previous")), told) != link.get("hash"):
            words = f"Event {number} is not what its hash was made of."
            return ChainBreak(number, "changed", words, f"第 {number} 条事件与其哈希值不符。")
        if link.get("previous") != previous:
            words = f"Event {number} does not follow the event before it."
            return ChainBreak(number, "misplaced", words, f"第 {number} 条事件与前一事件不相接。")
        previous = str(link["hash"])
    if end.get("count") != len(links) or end.get("hash") != previous:
        words = f"The chain ends with event {len(links)}, {end.get('count')} were sealed."
        zh = f"事件链止于第 {len(links)} 条，封存时共 {end.get('count')} 条。"
        return ChainBreak(len(links) + 1, "cut_off", words, zh)
    return None


def end_of(case_id: str, links: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Where a chain ends: how many events it has, and the hash of the last."""
    return {"count": len(links), "hash": str(links[-1]["hash"]) if links else start_of(case_id)}
