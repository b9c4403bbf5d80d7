"""Events drawn at random for a case: their facts by their forms, told by whoever may, at times that run on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from geodata.io.dates import BEIJING
from service.cases.events import KINDS, CaseEvent, Fact
from service.cases.workflow.table import RULES
from tests.unit.cases.workflow.story_kit import Story, beijing

JUMPS = (
    timedelta(0),
    timedelta(hours=3),
    timedelta(days=1),
    timedelta(days=9),
    timedelta(days=40),
    timedelta(days=230),
)
WHO = {"officer": ("wang", "li"), "legal": ("zhao",), "approver": ("sun", "zhou"), "system": ("kancha",)}
POLYGON = {"type": "Polygon", "coordinates": [[[114, 36], [114.1, 36], [114.1, 36.1], [114, 36]]]}
START = beijing("2024-03-04")


def draw_facts(kind: str, pick: random.Random, at: datetime, story: Story) -> dict[str, Any]:
    """Facts that have their right form; whether they are lawful is for the machine to say."""
    return {
        fact.name: _value(fact, pick, at, story) for fact in KINDS[kind].facts if fact.needed or pick.random() < 0.6
    }


def _value(fact: Fact, pick: random.Random, at: datetime, story: Story) -> Any:
    day = at.astimezone(BEIJING).date()
    if fact.name == "objection_id":
        return pick.choice(["o1", "o2"])
    if fact.name == "level":
        return pick.choice(["chief", "chief", "chief", "leader"])
    if fact.name == "confidence":
        return pick.choice([0.5, 0.95, 0.95])
    if fact.name == "chair":
        return pick.choice(["qian", "qian", "wang"])
    if fact.name in ("hearing_on", "until", "due_on", "demolition_on"):
        return str(day + timedelta(days=pick.choice([1, 15, 15])))
    made: dict[str, Any] = {
        "text": pick.choice(["甲", "乙"]),
        "day": str(day - timedelta(days=pick.choice([0, 0, 0, 3]))),
        "moment": at.isoformat(),
        "truth": pick.random() < 0.5,
        "number": float(pick.choice([1, 40, 100_000])),
        "count": pick.choice([1, 10, 30]),
        "people": pick.choice([["wang", "li"], ["wang", "li"], ["wang", "li"], ["wang"]]),
        "ids": ["a", "b"],
        "geometry": POLYGON,
        "choice": pick.choice(fact.choices) if fact.choices else None,
    }
    return made[fact.form]


def draw_event(story: Story, pick: random.Random, kinds: Sequence[str], now: datetime) -> CaseEvent:
    """One event of some kinds, as somebody would tell it."""
    kind = pick.choice(kinds)
    by = pick.choice(WHO[pick.choice(RULES[kind].who)])
    if pick.random() < 0.05:
        by = pick.choice(["wang", "zhao", "sun", "kancha"])
    at = now + pick.choice(JUMPS)
    facts = draw_facts(kind, pick, at, story)
    return story.event(kind, f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}", by, facts)
