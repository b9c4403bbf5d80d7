"""Rulebooks and explanations over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.schemas.common import Answer, Link


class RulebookOut(Answer):
    """One version of a rulebook."""

    name: str = Field(description="Its id with its checksum, as scans name it for ever.")
    id: str
    version: str
    jurisdiction: str
    title: str
    title_zh: str
    since: date | None = Field(description="First day on which it holds, null: not told.")
    until: date | None = Field(description="Last day, null: it holds on.")
    rules: int = Field(description="How many rules it has.")
    in_use: bool = Field(description="Whether scans take it where nobody says otherwise.")
    fault: str | None = Field(description="Why it cannot be used, null: it can.")
    links: list[Link] = []


class RulebookList(BaseModel):
    """All rulebooks."""

    rulebooks: list[RulebookOut]
    state: str = Field(description="What the list is like: send it as `expected` with a change.")
    links: list[Link]


class RulebookText(BaseModel):
    """A rulebook as it is sent."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, description="Its YAML.")
    since: date | None = Field(None, description="First day on which it holds, whatever the text says.")


class NewRulebook(RulebookText):
    """A rulebook to be kept."""

    use: bool = Field(False, description="Whether its id is put to use with it.")
    expected: str | None = Field(None, max_length=64, description="The `state` that you saw; else whatever it is.")


class RulebookUse(BaseModel):
    """Which rulebook scans take where nobody says otherwise."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=80, description="Its id, without a checksum.")
    expected: str | None = Field(None, max_length=64, description="The `state` that you saw; else whatever it is.")


class DifferenceOut(Answer):
    """One thing that two rulebooks say otherwise."""

    part: str = Field(description="rules, order, articles, choices, words, limits, authorities, tolerances ...")
    name: str = Field(description="Which of the part, empty where the part is one thing.")
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class RulebookDiff(BaseModel):
    """What the second of two rulebooks says otherwise than the first."""

    before: str = Field(description="Id and checksum of the first.")
    after: str = Field(description="Of the second.")
    differences: list[DifferenceOut]
    links: list[Link]


class RulebookProposal(RulebookOut):
    """What putting a rulebook in would do."""

    is_new: bool = Field(description="Whether it is not kept already.")
    holds_now: bool = Field(description="Whether scans of today would take it, were its id in use.")
    against: str = Field(description="The rulebook that it is compared with: the version that it takes over from.")
    differences: list[DifferenceOut]
    content: dict[str, Any] = Field(description="It, with everything that it extends.")


class RulebookContent(BaseModel):
    """A rulebook with everything that it extends."""

    name: str
    content: dict[str, Any] = Field(description="Articles, choices, authorities, words, tolerances, limits, rules.")
    links: list[Link]


class ConditionOut(BaseModel):
    """One condition of a rule, with what was measured."""

    condition: str
    grade: str = Field(description="certain, possible, within_error or no.")


class TrialOut(BaseModel):
    """One rule tried on a finding."""

    rule: str
    about: str
    conditions: list[ConditionOut]
    reason: dict[str, Any] | None = Field(description="The reason that it gave, null: none.")
    why_not: str = Field(description="Why it gave none.")


class ExplanationOut(BaseModel):
    """Why a finding is assessed as it is."""

    finding_id: str
    rulebook: str
    status: str
    severity: str | None
    consequence: str | None
    authority: str
    trials: list[TrialOut]
    links: list[Link]
