"""Rules of alarms over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.alarms.values import Rule
from service.schemas.common import Answer, Link
from service.usecases.alarm_rules import RuleFacts, told_rule

_Words = list[str]
_MOST = 200


class WantedIn(BaseModel):
    """What a rule wants; what is left out stays, or is as usual."""

    model_config = ConfigDict(extra="forbid")
    statuses: _Words = Field(default=[], max_length=_MOST, description="Empty: all.")
    changes: _Words = Field(default=[], max_length=_MOST, description="Empty: all.")
    stages: _Words = Field(default=[], max_length=_MOST, description="Empty: all.")
    flags: _Words = Field(default=[], max_length=_MOST, description="One of them must be there.")
    codes: _Words = Field(default=[], max_length=_MOST, description="A reason with one of these codes must be there.")
    areas: _Words | None = Field(default=None, max_length=_MOST, description="Ids of areas; null: all that one sees.")
    min_confidence: float = 0.5
    min_area_m2: float = 0.0
    min_priority: float = 0.0


class TimingIn(BaseModel):
    """How soon a rule tells; what is left out stays, or is as usual."""

    model_config = ConfigDict(extra="forbid")
    at_once: str = Field(default="gravest", description="`gravest`, `all` or `none`; the rest waits for a digest.")
    digest_at: _Words = Field(default=["08:00"], description="Times of the day, by the clock of Beijing.")
    quiet: _Words | None = Field(default=["22:00", "07:00"], description="From when to when nobody is disturbed.")
    gravest_in_quiet: bool = Field(default=True, description="Whether the gravest go out in quiet hours all the same.")


class RuleChange(BaseModel):
    """What is said of a rule; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(default=None, max_length=200)
    wanted: WantedIn | None = None
    timing: TimingIn | None = None
    channels: _Words | None = Field(default=None, max_length=20, description="Ids of channels.")
    escalate_to: str | None = Field(default=None, max_length=200, description="Name or id; empty: nobody.")
    escalate_after_s: float | None = None
    active: bool | None = None

    def facts(self, person: str | None = None) -> RuleFacts:
        """What was said."""
        return RuleFacts(
            self.name,
            person,
            None if self.wanted is None else self.wanted.model_dump(exclude_unset=True),
            None if self.timing is None else self.timing.model_dump(exclude_unset=True),
            self.channels,
            self.escalate_to,
            self.escalate_after_s,
            self.active,
        )


class NewRule(RuleChange):
    """A rule to be made."""

    name: str = Field(max_length=200)
    person: str | None = Field(
        default=None, max_length=200, description="Who is told, by name or id; else whoever makes it."
    )


class RuleOut(BaseModel):
    """A rule."""

    id: str
    name: str
    person_id: str
    wanted: dict[str, Any]
    timing: dict[str, Any]
    channels: _Words
    escalate_to: str | None
    escalate_after_s: float
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, rule: Rule) -> RuleOut:
        """The body of a rule."""
        return cls(id=rule.id, created_at=rule.created_at, **told_rule(rule))


class RulesOut(BaseModel):
    """Rules."""

    rules: list[RuleOut]
    links: list[Link]


class TemplateOut(Answer):
    """A rule that is offered."""

    id: str
    name: str
    name_zh: str
    for_whom: str
    wanted: dict[str, Any]
    timing: dict[str, Any]

    @classmethod
    def of(cls, one: Any) -> TemplateOut:
        """The body of a template."""
        return cls(**asdict(one))


class TemplatesOut(BaseModel):
    """Rules that are offered."""

    templates: list[TemplateOut]
    links: list[Link]
