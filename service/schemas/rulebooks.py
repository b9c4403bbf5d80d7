"""Rulebooks and explanations over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

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
    links: list[Link]


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
