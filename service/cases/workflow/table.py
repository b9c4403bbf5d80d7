"""The table of moves: event, who may tell it, from where to where, what must be so, by which article.

It is kept in `moves.yaml`, which says how its lines are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

import yaml

from service.cases.workflow.regions import ACTIVE, DECIDED, REGIONS, UNDECIDED

BACK = "back"

WHO: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "officer": ("officer", "执法人员"),
        "legal": ("legal reviewer", "法制审核人员"),
        "approver": ("approver", "审批人"),
        "system": ("Kancha itself", "系统"),
    }
)
"""Who may tell an event, and what they are called."""


@dataclass(frozen=True)
class Way:
    """One way an event can go.

    Args:
        at: For regions, in which states they must be.
        to: For regions, where they go.
        when: Name of a condition on the event; None: always.
    """

    at: Mapping[str, tuple[str, ...]]
    to: Mapping[str, str]
    when: str | None = None


@dataclass(frozen=True)
class Rule:
    """What the table says of an event.

    Args:
        event: Its kind.
        who: Who may tell it.
        ways: Where it leads, by where the case is; the first that fits is taken.
        guards: Names of what must be so, in the order in which they are asked.
        articles: On which it rests; empty for what only this bureau keeps.
    """

    event: str
    who: tuple[str, ...]
    ways: tuple[Way, ...]
    guards: tuple[str, ...]
    articles: tuple[str, ...]


_GROUPS = {"ACTIVE": ACTIVE, "UNDECIDED": UNDECIDED, "DECIDED": DECIDED}


def _way(told: Mapping[str, str]) -> Way:
    at, to = dict[str, tuple[str, ...]](), dict[str, str]()
    for region, line in told.items():
        if region == "when":
            continue
        came, _, goes = (word.strip() for word in line.partition(">"))
        at[region] = _named(region, came)
        if goes:
            to[region] = goes
    return Way(MappingProxyType(at), MappingProxyType(to), told.get("when"))


def _named(region: str, told: str) -> tuple[str, ...]:
    names: list[str] = []
    for word in (one.strip() for one in told.split(",")):
        names += tuple(REGIONS[region]) if word == "*" else _GROUPS.get(word, (word,))
    unknown = [name for name in names if name not in REGIONS[region]]
    if unknown:
        raise ValueError(f"{region} has no state {unknown}")
    return tuple(names)


def _rules() -> Mapping[str, Rule]:
    found = {}
    for line in yaml.safe_load(files("service.cases.workflow").joinpath("moves.yaml").read_text("utf-8")):
        found[line["event"]] = Rule(
            event=line["event"],
            who=tuple(line["who"].split()),
            ways=tuple(_way(way) for way in line["ways"]),
            guards=tuple(line.get("guards", "").split()),
            articles=tuple(one.strip() for one in line.get("articles", "").split(";") if one.strip()),
        )
    return MappingProxyType(found)


RULES: Mapping[str, Rule] = _rules()
"""The table by event; `corrected` stands outside: it changes what was told, and moves nothing by itself."""
