"""Who has spoken, and whether they agree: worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.review.second_look import agreement, blind, pair_of, said_last
from service.store.records import Verdict

DAY = datetime(2025, 4, 12, 4, tzinfo=UTC)


def said(name: str, word: str, person: str | None = None, hours: int = 0) -> Verdict:
    """A verdict; the word is `right` or a reason."""
    reason = None if word == "right" else word
    at = DAY + timedelta(hours=hours)
    return Verdict(f"{name}{hours}", "f", reason is None, reason, None, name, at, None, "enforce", at, person)


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [
        ("right", "right", "same"),
        ("tree", "tree", "same"),
        ("tree", "shadow", "other_reason"),
        ("right", "tree", "disagree"),
        ("tree", "right", "disagree"),
    ],
)
def test_agreement(one: str, other: str, result: str) -> None:
    assert agreement(said("王", one), said("李", other)) == result


def test_each_person_counts_by_what_they_said_last_and_the_first_stays_the_first() -> None:
    told = [said("王", "tree", "p1", 0), said("李", "tree", "p2", 1), said("王", "right", "p1", 2)]
    assert said_last(told) == [told[2], told[1]]
    pair = pair_of(told)
    assert pair is not None and (pair.first, pair.second, pair.result) == (told[2], told[1], "disagree")


def test_a_renamed_person_stays_one_and_two_of_one_name_are_two() -> None:
    assert pair_of([said("王", "tree", "p1", 0), said("王大", "tree", "p1", 1)]) is None
    assert pair_of([said("王", "tree", "p1", 0), said("王", "tree", "p2", 1)]) is not None
    assert pair_of([said("王", "tree", None, 0), said("王", "tree", "p2", 1)]) is None
    assert pair_of([said("王", "tree", None, 0), said("李", "tree", "p2", 1)]) is not None
    assert pair_of([]) is None


def test_the_third_is_compared_with_the_first() -> None:
    told = [said("王", "tree", "p1", 0), said("李", "tree", "p2", 1), said("赵", "right", "p3", 2)]
    pair = pair_of(told, told[2])
    assert pair is not None and (pair.first, pair.second) == (told[0], told[2])
    own = pair_of(told, told[0])
    assert own is not None and (own.first, own.second) == (told[0], told[1])
    assert pair_of(told[:1], told[0]) is None


def test_a_blind_finding_says_the_same_whatever_was_said() -> None:
    plain: dict[str, Any] = {
        "id": "f", "scan_id": "s", "confidence": 0.8, "flags": ["concealment"], "status": "suspected", "reasons": [],
    }  # fmt: skip
    after = [
        plain | {"judged": False, "judged_reason": "tree", "structure_id": None, "priority": 0.2},
        plain | {"judged": True, "structure_id": "x", "priority": 0.4, "flags": ["concealment", "rebuilt"]},
    ]
    features = [{"type": "Feature", "id": "f", "geometry": None, "properties": told} for told in after]
    one, other = map(blind, features)
    assert one == other and one["properties"]["confidence"] == 0.8 and one["properties"]["flags"] == ["concealment"]
    assert not {"judged", "judged_reason", "structure_id", "priority", "suppressed_by"} & one["properties"].keys()
