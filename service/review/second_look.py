"""The check by two people: who has spoken, and whether they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from service.store.records import Verdict

Agreement = Literal["same", "other_reason", "disagree"]
AGREEMENTS: tuple[Agreement, ...] = ("same", "other_reason", "disagree")

BLIND = (
    *("scan_id", "change", "confidence", "area_m2", "area_error_m2", "outline_error_m", "height_gain_m", "storeys"),
    *("stage", "status", "reasons", "cues", "flags", "severity", "consequence", "authority", "parcel_ids"),
    *("permit_ids", "before_acquired_at", "after_acquired_at"),
)
"""What of a finding its scan alone decided. All else may follow from a verdict: `judged` says it, a dismissed finding
is of no structure and founds none, and by that even its `rebuilt` and its priority may tell."""
_FOLLOWS = frozenset({"rebuilt"})


@dataclass(frozen=True)
class Pair:
    """What two people said of a finding, each by the latest that they said.

    Args:
        first: Of who spoke first.
        second: Of who spoke next.
        result: `same`; `other_reason`: both dismiss it, as different things; `disagree`.
    """

    first: Verdict
    second: Verdict
    result: Agreement


def agreement(one: Verdict, other: Verdict) -> Agreement:
    """Whether two say the same; a corrected outline is no other opinion."""
    if one.verdict is not other.verdict:
        return "disagree"
    return "same" if one.reason == other.reason else "other_reason"


def is_same_person(one: Verdict, other: Verdict) -> bool:
    """Whether two verdicts are of one person: by id where both have one, else by the written name."""
    if one.person_id is not None and other.person_id is not None:
        return one.person_id == other.person_id
    return one.judged_by == other.judged_by


def said_last(told: Sequence[Verdict]) -> list[Verdict]:
    """The latest verdict of each person, in the order in which they first spoke.

    Args:
        told: The verdicts that stand, the one that counts last.
    """
    people: list[list[Verdict]] = []
    for one in told:
        own = next((mine for mine in people if any(is_same_person(one, other) for other in mine)), None)
        if own is None:
            people.append([one])
        else:
            own.append(one)
    return [mine[-1] for mine in people]


def pair_of(told: Sequence[Verdict], mine: Verdict | None = None) -> Pair | None:
    """The first two who judged a finding; None: there are no two.

    Args:
        told: The verdicts that stand, the one that counts last.
        mine: One of them whose judge is to be one of the two; then the other is the first of all others.
    """
    people = said_last(told)
    if mine is not None:
        own = next((one for one in people if is_same_person(one, mine)), None)
        others = [one for one in people if one is not own]
        people = [] if own is None else [one for one in people if one is own or one in others[:1]]
    if len(people) < 2:
        return None
    return Pair(people[0], people[1], agreement(people[0], people[1]))


def blind(feature: Mapping[str, Any]) -> dict[str, Any]:
    """A finding as its scan left it: nothing in it follows from what anybody said of it."""
    told = feature["properties"]
    properties = {name: told.get(name) for name in BLIND}
    properties["flags"] = [flag for flag in told.get("flags") or [] if flag not in _FOLLOWS]
    return {"type": "Feature", "id": feature["id"], "geometry": feature["geometry"], "properties": properties}
