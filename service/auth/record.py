"""The record of what was done: a chain in which every entry seals the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from service.auth.caller import Caller

START = "0" * 64
"""What stands for the entry before the first."""


@dataclass(frozen=True)
class Entry:
    """Something that was done.

    Args:
        at: When.
        actor_id: By whom: id of a person or key, `local`, or `-` where nobody had signed in.
        actor_name: Their name at that time.
        actor_kind: `person`, `key`, `local` or `nobody`.
        action: What, as a verb: `sign-in`, `post_verdict`, `key-revoked`.
        target: To what: a path or an id.
        address: From where; empty on the command line.
        details: Further plain values.
    """

    at: datetime
    actor_id: str
    actor_name: str
    actor_kind: str
    action: str
    target: str = ""
    address: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def details_text(self) -> str:
        """The details in their one canonical form, in which they are stored and sealed."""
        return canonical(self.details)


@dataclass(frozen=True)
class Sealed:
    """An entry of the chain.

    Args:
        number: Its place, from 1.
        entry: What was done.
        previous: Hash of the entry before.
        hash: Seal of this one.
    """

    number: int
    entry: Entry
    previous: str
    hash: str


@dataclass(frozen=True)
class Head:
    """Where the chain ends, kept beside it, so that entries cut off its end are missed.

    Args:
        count: How many entries there are.
        hash: Hash of the last.
    """

    count: int = 0
    hash: str = START


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold.

    Args:
        number: The first bad place.
        fault: `changed`, `missing`, `reordered`, `cut-off` or `head`.
        message: What was found.
    """

    number: int
    fault: str
    message: str


def entry_by(
    caller: Caller | None, at: datetime, action: str, target: str = "", *, address: str = "", **details: Any
) -> Entry:
    """Something that a caller did; None: nobody had signed in."""
    if caller is None:
        return Entry(at, "-", "", "nobody", action, target, address, details)
    return Entry(at, caller.id, caller.name, caller.kind, action, target, address, details)


def canonical(value: Any) -> str:
    """JSON of one form: sorted names, no spaces, no escapes but the needed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def seal(previous: str, number: int, entry: Entry) -> Sealed:
    """An entry with the hash over itself and the entry before."""
    told = {
        "number": number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": [entry.actor_id, entry.actor_name, entry.actor_kind],
        "action": entry.action,
        "target": entry.target,
        "address": entry.address,
        "details": entry.details_text,
    }
    found = hashlib.sha256(f"{previous}\n{canonical(told)}".encode()).hexdigest()
    return Sealed(number, entry, previous, found)


def first_break(chain: Iterable[Sealed], head: Head) -> tuple[int, Break | None]:
    """The first entry that was changed, removed or put elsewhere.

    Args:
        chain: All entries by their number.
        head: Where the chain should end.

    Returns:
        How many entries hold, and the break, None where all do.
    """
    held, previous = 0, START
    for link in chain:
        fault = _fault(link, held + 1, previous)
        if fault is not None:
            return held, fault
        held, previous = link.number, link.hash
    if held < head.count:
        gone = f"Entries {held + 1} to {head.count} are missing from the end."
        return held, Break(held + 1, "cut-off", gone)
    if (held, previous) != (head.count, head.hash):
        return held, Break(held, "head", f"The record ends with entry {held}, its head tells of {head.count}.")
    return held, None


def _fault(link: Sealed, number: int, previous: str) -> Break | None:
    if link.number != number:
        return Break(number, "missing", f"Entry {number} is missing; entry {link.number} follows.")
    if seal(link.previous, link.number, link.entry).hash != link.hash:
        return Break(number, "changed", f"Entry {number} is not what was sealed.")
    if link.previous != previous:
        return Break(number, "reordered", f"Entry {number} does not follow the entry before it.")
    return None
