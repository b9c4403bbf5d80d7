"""Leads over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from service.cases.leads.triage import GROUNDS, PROOFS, VERDICTS
from service.cases.leads.values import EVENTS, LeadEvent
from service.schemas.common import Answer, Link
from service.schemas.reports import ReportOut
from service.usecases.leads import LeadView, row_values


class LeadEventOut(Answer):
    """Something that happened to a lead."""

    lead_id: str = Field(description="The lead, or one that became part of it.")
    number: int
    event: str
    title: str
    title_zh: str
    at: datetime
    by: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, event: LeadEvent) -> Self:
        """The wire form of an event."""
        title, title_zh = EVENTS[event.kind]
        return cls(
            lead_id=event.lead_id,
            number=event.number,
            event=event.kind,
            title=title,
            title_zh=title_zh,
            at=event.at,
            by=event.by,
            facts=dict(event.facts),
        )


class LeadOut(Answer):
    """A lead with its reports and its history."""

    id: str
    number: int = Field(description="Number of its last event: send it as `expected` with what you do.")
    state: str = Field(description="open, judged or case.")
    verdict: int = Field(description="0 未核查, 1 合法, 2 违法, 3 实地伪变化.")
    verdict_title: str
    verdict_zh: str
    ground: str | None
    ground_zh: str | None
    priority: float = Field(description="Highest priority of its findings, plus one for each independent source.")
    sources: list[str]
    sources_zh: list[str]
    structure_id: str | None
    follows: str | None = Field(description="The settled lead of the same place that it follows.")
    case_id: str | None
    first_seen: datetime
    last_seen: datetime
    opened_at: datetime
    changed_at: datetime
    triaged_at: datetime | None
    secrecy: str
    reports: list[ReportOut]
    events: list[LeadEventOut]
    links: list[Link]

    @classmethod
    def of(cls, view: LeadView, links: list[Link]) -> Self:
        """The wire form of a lead."""
        reports = [ReportOut.of(one, view.row.id) for one in view.reports]
        return cls(**row_values(view), reports=reports, events=[LeadEventOut.of(e) for e in view.events], links=links)


class LeadQueueOut(Answer):
    """Leads as features, what is to be looked at first first."""

    type: str = "FeatureCollection"
    features: list[dict[str, Any]]
    numberMatched: int | None  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    links: list[Link]


class GroundOut(Answer):
    """A ground of a verdict."""

    ground: str
    title: str
    title_zh: str
    verdict: int
    verdict_zh: str
    proofs: list[str] = Field(description="Kinds of proof of which one is needed.")
    mark: str = Field(description="How far to trust the row; empty: read in its source.")


class GroundsOut(Answer):
    """What a verdict may say, and what proves it."""

    grounds: list[GroundOut]
    proofs: dict[str, str] = Field(description="Kinds of proof by name.")
    links: list[Link]

    @classmethod
    def all(cls, links: list[Link]) -> Self:
        """The whole table."""
        grounds = [
            GroundOut(
                ground=one.name,
                title=one.title,
                title_zh=one.title_zh,
                verdict=int(one.verdict),
                verdict_zh=VERDICTS[one.verdict][1],
                proofs=list(one.proofs),
                mark=one.mark,
            )
            for one in GROUNDS.values()
        ]
        return cls(grounds=grounds, proofs={name: f"{zh} {en}" for name, (en, zh) in PROOFS.items()}, links=links)


class LeadCaseOut(Answer):
    """What a lead became."""

    lead_id: str
    case_id: str
    serial: str
    new: bool = Field(description="Whether the case was opened for it; else it went to the open case of its structure.")
    links: list[Link]


class GatheredOut(Answer):
    """What was gathered just now."""

    findings: int
    patches: int
    expiries: int
    leads: int
