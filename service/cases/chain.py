"""The events of a case as a chain: each seals the one before, so that a changed or left-out event shows.

The store keeps the seals, and so does every evidence package; both write events and seal them as it stands here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service.cases.events import CaseEvent


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
        told = plain(event)
        found = link_hash(previous, told)
        links.append(told | {"previous": previous, "hash": found})
        previous = found
    return links


def plain(event: CaseEvent) -> dict[str, Any]:
    """An event as JSON, as it is sealed."""
    return {
        "case": event.case_id,
        "number": event.number,
        "kind": event.kind,
        "at": moment(event.at),
        "recorded_at": moment(event.recorded_at),
        "by": event.by,
        "facts": dict(event.facts),
        "corrects": event.corrects,
    }


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


def broken_at(case_id: str, events: Iterable[tuple[CaseEvent, str]]) -> int | None:
    """The number of the first stored event that was changed, left out or put elsewhere; None where the chain holds.

    Args:
        case_id: The case.
        events: Its events with their seals, in the order of their numbers.
    """
    previous = start_of(case_id)
    for place, (event, seal) in enumerate(events, start=1):
        if event.number != place or link_hash(previous, plain(event)) != seal:
            return place
        previous = seal
    return None
