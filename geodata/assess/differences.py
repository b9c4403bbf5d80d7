"""What one rulebook says otherwise than another, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from geodata.assess.rulebook import Rulebook

Kind = Literal["added", "removed", "changed"]
_TABLES = ("articles", "choices", "words", "limits", "minimum_area_m2", "consequences")
_WHOLE = ("title", "jurisdiction", "since", "until", "authorities", "tolerances")


@dataclass(frozen=True)
class BookDifference:
    """One thing that two rulebooks say otherwise.

    Args:
        part: `rules`, `order` (in which the rules of both are tried), `articles`, `choices`, `words`, `limits`,
            `minimum_area_m2`, `consequences`, `authorities`, `tolerances`, `title`, `jurisdiction`, `since`, `until`.
        name: Which of the part; empty where the part is one thing.
        kind: Whether the second has it, lacks it, or has it otherwise.
        before: What the first says, as plain values.
        after: What the second says.
    """

    part: str
    name: str
    kind: Kind
    before: Any = None
    after: Any = None


def book_differences(before: Rulebook, after: Rulebook) -> list[BookDifference]:
    """What the second of two whole rulebooks says otherwise than the first; id and version are left out.

    Args:
        before: The first, with everything that it extends.
        after: The second.
    """
    one, other = (book.model_dump(mode="json", by_alias=True, exclude_defaults=True) for book in (before, after))
    found = list(_of_table("rules", _rules(one), _rules(other)))
    found += _of_order([rule.name for rule in before.rules], [rule.name for rule in after.rules])
    for part in _TABLES:
        found += _of_table(part, one.get(part) or {}, other.get(part) or {})
    for part in _WHOLE:
        found += _of_table(part, _single(one.get(part)), _single(other.get(part)))
    return found


def _rules(told: Mapping[str, Any]) -> dict[str, Any]:
    return {rule.get("id") or rule["code"]: rule for rule in told.get("rules", ())}


def _single(value: Any) -> dict[str, Any]:
    return {} if value in (None, [], {}) else {"": value}


def _of_table(part: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[BookDifference]:
    for name, value in other.items():
        if name not in one:
            yield BookDifference(part, name, "added", None, value)
        elif one[name] != value:
            yield BookDifference(part, name, "changed", one[name], value)
    for name, value in one.items():
        if name not in other:
            yield BookDifference(part, name, "removed", value, None)


def _of_order(one: list[str], other: list[str]) -> list[BookDifference]:
    before, after = [n for n in one if n in other], [n for n in other if n in one]
    return [] if before == after else [BookDifference("order", "", "changed", before, after)]
