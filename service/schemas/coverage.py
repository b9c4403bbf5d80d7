"""The coverage ledger over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from service.schemas.common import Answer, Link


class FiguresOut(Answer):
    """Ground by what is known of it, km2; seen and blind add up to the area."""

    area_km2: float
    seen_km2: float = Field(description="Seen in time.")
    seen_share: float
    blind_km2: dict[str, float] = Field(description="Not seen in time, by reason.")
    never_km2: float = Field(description="Of that, never seen.")


class AreaFiguresOut(Answer):
    """Figures of an administrative area."""

    id: str | None
    name: str | None
    figures: FiguresOut


class SummaryOut(Answer):
    """The figures of a day."""

    as_of: date
    whence: str = Field(description="What the area of responsibility is: the areas layer, or what scenes cover.")
    all: FiguresOut
    areas: list[AreaFiguresOut]
    sentence: str
    sentence_zh: str
    without_mask: list[str] = Field(description="Scenes of which nobody knows what they show.")
    links: list[Link] = []


class AnswerOut(Answer):
    """What is known of a place."""

    last_seen: datetime | None
    scenes: list[str] = Field(description="By which scenes.")
    age_days: float | None
    due_days: float
    reason: str | None = Field(description="Why it was not seen in time, null: it was.")


class CellLookOut(Answer):
    """What one scene showed of a cell."""

    scene: str
    on: datetime
    seen: float = Field(description="Share of the cell that it showed.")
    hidden: dict[str, float] = Field(description="Share that it should have shown and did not, by what hid it.")


class PlaceOut(AnswerOut):
    """What is known of a place, scene by scene."""

    looks: list[CellLookOut] = Field(description="Every scene that framed the cell, the latest first.")


class ParcelSeenOut(Answer):
    """What is known of a parcel."""

    id: str
    state: str = Field(description="seen, overdue, never, excluded or outside.")
    last_seen: datetime | None = Field(description="The oldest last look at a cell that it meets.")
    reason: str | None


class ParcelsSeenOut(Answer):
    """A page of parcels."""

    parcels: list[ParcelSeenOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    links: list[Link]


class AuditAnswerOut(Answer):
    """What was said of a cell."""

    cell: str
    missed: bool
    judged_by: str
    note: str | None
    created_at: datetime


class RateOut(Answer):
    """The miss rate."""

    judged: int = Field(description="Cells that were answered.")
    missed: int = Field(validation_alias="right", description="Of these, with a structure that nobody reported.")
    share: float | None = Field(validation_alias="precision")
    low: float = Field(description="Lower end of Wilson's 95 % interval.")
    high: float


class AuditOut(BaseModel):
    """An audit with its answers."""

    id: str
    as_of: date
    seed: int
    created_at: datetime
    cells: dict[str, Any] = Field(description="GeoJSON FeatureCollection of the drawn cells.")
    answers: list[AuditAnswerOut]
    miss_rate: RateOut
    links: list[Link]


class AuditList(BaseModel):
    """A page of audits."""

    audits: list[AuditOut]
    numberMatched: int  # noqa: N815
    numberReturned: int  # noqa: N815
    links: list[Link]
