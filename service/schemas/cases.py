"""Cases over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Self

from pydantic import Field, computed_field

from service.cases.clocks.clock import Clock
from service.cases.events import KINDS, CaseEvent
from service.cases.workflow.machine import Refusal
from service.cases.workflow.regions import PROCEDURE, REGIONS
from service.cases.workflow.table import RULES
from service.chinese.refusals import in_chinese
from service.schemas.common import Answer, Link
from service.usecases.cases import CaseView, Possible


class CaseEventOut(Answer):
    """Something that happened to a case."""

    number: int = Field(description="Its place in the case, from 1.")
    event: str = Field(description="Its kind.")
    title: str
    title_zh: str
    at: datetime = Field(description="When it happened, as it was told.")
    recorded_at: datetime = Field(description="When the service was told.")
    by: str = Field(description="Id of the person who told it.")
    by_name: str = Field(description="How they are called, for who takes part in cases; else their id.")
    facts: dict[str, Any]
    corrects: int | None = Field(description="Number of the event that it corrects.")
    hash: str | None = Field(default=None, description="Seal over itself and the event before.")

    @classmethod
    def of(cls, event: CaseEvent, seal: str | None = None, by_name: str = "") -> Self:
        """The wire form of an event."""
        kind = KINDS[event.kind]
        return cls(
            number=event.number,
            event=event.kind,
            title=kind.title,
            title_zh=kind.title_zh,
            at=event.at,
            recorded_at=event.recorded_at,
            by=event.by,
            by_name=by_name or event.by,
            facts=dict(event.facts),
            corrects=event.corrects,
            hash=seal,
        )


class CaseEventsOut(Answer):
    """All events of a case, the first first."""

    events: list[CaseEventOut]
    links: list[Link]


class SentenceOut(Answer):
    """A sentence in two languages."""

    en: str
    zh: str


class PauseOut(Answer):
    """A time during which a term did not run."""

    since: datetime
    until: datetime | None
    why: str
    why_zh: str


class CaseClockOut(Answer):
    """A term of a case."""

    key: str
    term: str = Field(description="Row of the book of terms.")
    title: str
    title_zh: str
    source: str
    source_zh: str
    whose: str = Field(description="bureau, authority, party_duty, party (a right) or bar (not before).")
    started_on: date
    due_on: date
    due_at: datetime = Field(description="Its last instant.")
    state: str
    provisional: bool = Field(description="Whether the list of holidays of its year is not published yet.")
    pauses: list[PauseOut]
    steps: list[SentenceOut] = Field(description="The arithmetic.")
    marks: list[str] = Field(description="How far to trust the row.")

    @classmethod
    def of(cls, clock: Clock) -> Self:
        """The wire form of a clock."""
        names = ("key", "title", "title_zh", "source", "source_zh", "started_on", "due_on", "provisional")
        return cls(
            **{name: getattr(clock, name) for name in names},
            term=clock.term_id,
            due_at=clock.due_at.astimezone(UTC),
            whose=clock.whose.value,
            state=clock.state.value,
            pauses=[PauseOut.model_validate(one) for one in clock.pauses],
            steps=[SentenceOut.model_validate(one) for one in clock.steps],
            marks=list(clock.marks),
        )


class CaseClocksOut(Answer):
    """The terms of a case as of now."""

    clocks: list[CaseClockOut]
    links: list[Link]


class RefusalOut(Answer):
    """Why an event may not follow."""

    guard: str
    articles: list[str]
    message: str
    message_zh: str
    remedy: str

    @computed_field(description="The same in Chinese.")  # type: ignore[prop-decorator]
    @property
    def remedy_zh(self) -> str:
        """What can be done about it, in Chinese; in English where nobody wrote it."""
        return in_chinese(self.remedy) or self.remedy

    @classmethod
    def of(cls, refusal: Refusal) -> Self:
        """The wire form of a refusal."""
        no = refusal.no
        return cls(
            guard=refusal.guard.name,
            articles=list(refusal.articles),
            message=no.message,
            message_zh=no.message_zh,
            remedy=no.remedy,
        )


class DefectOut(Answer):
    """An event that would be refused as it stands today, after corrections."""

    number: int
    event: str
    refused: list[RefusalOut]


class CaseOut(Answer):
    """A case as it is now."""

    id: str
    serial: str
    number: int = Field(description="Number of its last event: send it as `expected` with the next one.")
    state: str = Field(description="State of the procedure.")
    state_zh: str
    regions: dict[str, str] = Field(description="The state of every region.")
    path: str
    stage: str
    categories: list[str]
    outcome: str | None
    handlers: list[str]
    unit: str | None
    structure_id: str | None
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    due_at: datetime | None = Field(description="The next end of a duty.")
    overdue: list[str] = Field(description="Terms of the bureau that are over.")
    secrecy: str
    defects: list[DefectOut]
    links: list[Link]

    @classmethod
    def of(cls, view: CaseView, defects: Sequence[tuple[CaseEvent, Sequence[Refusal]]], links: list[Link]) -> Self:
        """The wire form of a case."""
        row, standing = view.row, view.standing
        names = ("id", "serial", "number", "path", "stage", "structure_id", "opened_at", "changed_at", "closed_at")
        return cls(
            **{name: getattr(row, name) for name in names},
            state=row.state,
            state_zh=REGIONS[PROCEDURE][row.state][1],
            regions=dict(standing.regions),
            categories=list(standing.categories),
            outcome=row.outcome or None,
            handlers=list(standing.handlers),
            unit=row.unit or None,
            due_at=row.due_at,
            overdue=[c.term_id for c in view.clocks if c.state.value == "overdue" and c.whose.value == "bureau"],
            secrecy=row.secrecy,
            defects=[
                DefectOut(number=event.number, event=event.kind, refused=[RefusalOut.of(one) for one in refused])
                for event, refused in defects
            ],
            links=links,
        )


class FactOut(Answer):
    """Something that an event tells."""

    name: str
    form: str = Field(description="text, day, moment, truth, number, count, people, ids, geometry or choice.")
    needed: bool
    choices: list[str] = Field(description="What it may be, or what the bureau's settings offer.")


class MoveOut(Answer):
    """An event that may follow as far as the table goes."""

    event: str
    title: str
    title_zh: str
    who: list[str]
    articles: list[str]
    facts: list[FactOut]
    refused: list[RefusalOut] = Field(description="Guards that refuse it whatever it tells; empty: none does.")

    @classmethod
    def of(cls, move: Possible, offered: Mapping[str, Sequence[str]]) -> Self:
        """The wire form of a move; what the bureau's settings offer for a fact stands among its choices."""
        kind, rule = KINDS[move.kind], RULES[move.kind]
        return cls(
            event=move.kind,
            title=kind.title,
            title_zh=kind.title_zh,
            who=list(rule.who),
            articles=list(rule.articles),
            facts=[
                FactOut(
                    name=fact.name,
                    form=fact.form,
                    needed=fact.needed,
                    choices=list(fact.choices or offered.get(fact.name, ())),
                )
                for fact in kind.facts
            ],
            refused=[RefusalOut.of(one) for one in move.refused],
        )


class MovesOut(Answer):
    """What the caller may tell of a case now."""

    number: int
    moves: list[MoveOut]
    links: list[Link]


class OfficerOut(Answer):
    """Somebody who acts as an officer."""

    id: str
    display_name: str


class OfficersOut(Answer):
    """Those who act as officers."""

    officers: list[OfficerOut]
    links: list[Link]
