"""The public page and objections over HTTP."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from service.schemas.case_figures import FigureOut
from service.schemas.common import Answer, Link


class PublicCaseOut(Answer):
    """A case as everybody may read it."""

    serial: str
    place: str = Field(description="Street or village; empty where so few cases lie that people would be known by it.")
    category: str
    state: str
    outcome: str
    opened_on: date
    changed_on: date
    area_m2: int | None = Field(description="In tens.")
    reused: str


class PlaceOut(Answer):
    """Cases of a street or village."""

    name: str
    cases: int
    closed: int


class PublicOut(Answer):
    """The progress, without anybody's name."""

    as_of: datetime
    opened: int
    closed: int
    figures: list[FigureOut]
    places: list[PlaceOut]
    cases: list[PublicCaseOut]
    links: list[Link]


class RaisedOut(Answer):
    """An objection that was taken."""

    id: str
    received_at: datetime
    links: list[Link] = Field(description="`status` asks how it stands; the address is told once.")


class StandingOut(Answer):
    """How an objection stands."""

    received_at: datetime
    placed: bool = Field(description="Whether its case is known.")
    answered_at: datetime | None
    upheld: bool | None
    answer: str | None


class ObjectionOut(Answer):
    """An objection, without what was said."""

    id: str
    case_id: str | None
    received_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    upheld: bool | None
    answer: str | None
    links: list[Link] = []


class ObjectionsOut(Answer):
    """Objections, the latest first."""

    objections: list[ObjectionOut]
    numberMatched: int | None  # noqa: N815 - the name that OGC API uses
    links: list[Link]


class ObjectionWordsOut(ObjectionOut):
    """An objection with what was said, and by whom."""

    text: str | None
    name: str | None
    contact: str | None
    about: str | None
