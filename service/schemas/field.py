"""What an officer takes into the field."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from service.cases.events import KINDS, Fact
from service.cases.fact_words import CHOICE_TITLES, fact_title
from service.cases.workflow.table import RULES
from service.schemas.cases import OfficerOut
from service.schemas.common import Answer, Link
from service.usecases.field import FieldCase


class TitleOut(Answer):
    """A word with what it is called."""

    name: str
    title: str
    title_zh: str


class FieldFactOut(TitleOut):
    """Something that the form asks for."""

    form: str = Field(description="text, day, moment, truth, number, count, people, ids, geometry or choice.")
    needed: bool
    choices: list[TitleOut]

    @classmethod
    def of(cls, fact: Fact) -> Self:
        """The wire form of a fact."""
        en, zh = fact_title(fact.name)
        choices = [TitleOut(name=one, title=CHOICE_TITLES[one][0], title_zh=CHOICE_TITLES[one][1])
                   for one in fact.choices]  # fmt: skip
        return cls(name=fact.name, title=en, title_zh=zh, form=fact.form, needed=fact.needed, choices=choices)


class FieldFormOut(Answer):
    """A form: an event, and the facts that it asks for."""

    event: str
    title: str
    title_zh: str
    articles: list[str]
    facts: list[FieldFactOut]

    @classmethod
    def of(cls, kind: str) -> Self:
        """The form of a kind of event."""
        told = KINDS[kind]
        return cls(
            event=kind,
            title=told.title,
            title_zh=told.title_zh,
            articles=list(RULES[kind].articles),
            facts=[FieldFactOut.of(fact) for fact in told.facts],
        )


class FieldTermOut(Answer):
    """The next term of a case."""

    title: str
    title_zh: str
    source: str
    source_zh: str
    due_at: datetime
    overdue: bool
    provisional: bool


class FieldCaseOut(Answer):
    """A case as the officer's list shows it."""

    id: str
    serial: str
    number: int = Field(description="Number of its last event: sent as `expected`.")
    state: str
    state_zh: str
    stage: str
    path: str
    unit: str | None
    mine: bool = Field(description="Whether the caller is in charge of it, or it is dispatched to them.")
    may: bool = Field(description="Whether the form may follow as far as the table goes.")
    geometry: dict[str, Any] = Field(description="Its place: GeoJSON in longitude and latitude.")
    point: list[float] = Field(description="A point within it: longitude, latitude.")
    term: FieldTermOut | None

    @classmethod
    def of(cls, case: FieldCase) -> Self:
        """The wire form of a case."""
        row, term = case.row, case.term
        return cls(
            **{name: getattr(row, name) for name in ("id", "serial", "number", "state", "stage", "path")},
            state_zh=case.state_zh,
            unit=row.unit or None,
            mine=case.mine,
            may=case.may,
            geometry=dict(case.geometry),
            point=list(case.point),
            term=None
            if term is None
            else FieldTermOut(
                title=term.title,
                title_zh=term.title_zh,
                source=term.source,
                source_zh=term.source_zh,
                due_at=term.due_at,
                overdue=term.state.value == "overdue",
                provisional=term.provisional,
            ),
        )


class FieldCasesOut(Answer):
    """What an officer's phone keeps for the field."""

    cases: list[FieldCaseOut] = Field(description="Their own first, then by what is due.")
    left_out: int = Field(description="How many further open cases there are.")
    form: FieldFormOut = Field(description="The form of the field check.")
    officers: list[OfficerOut]
    links: list[Link]
