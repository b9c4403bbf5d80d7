"""The events of a case as a chain: each seals the one before, so that a changed or left-out event shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from service.cases.events import CaseEvent

START = "0" * 64
"""What stands for the event before the first."""


def facts_text(facts: Mapping[str, Any]) -> str:
    """Facts in their one canonical form, in which they are stored and sealed."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sealed(previous: str, event: CaseEvent) -> str:
    """The seal of an event: a SHA-256 over itself and the seal of the event before, in hexadecimal.

    Args:
        previous: Seal of the event before; `START` for the first.
        event: The event.
    """
    told = {
        "case_id": event.case_id,
        "number": event.number,
        "kind": event.kind,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "recorded_at": event.recorded_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": event.by,
        "corrects": event.corrects,
        "facts": facts_text(event.facts),
    }
    return hashlib.sha256(f"{previous}\n{facts_text(told)}".encode()).hexdigest()


def broken_at(events: Iterable[tuple[CaseEvent, str]]) -> int | None:
    """The number of the first event that was changed, left out or put elsewhere; None where the chain holds.

    Args:
        events: All events of a case with their seals, in the order of their numbers.
    """
    previous = START
    for place, (event, seal) in enumerate(events, start=1):
        if event.number != place or sealed(previous, event) != seal:
            return place
        previous = seal
    return None
