"""Reports over HTTP. Who told one stands in an answer of its own, which is asked for with a purpose."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from service.cases.leads.values import SOURCES_ZH, Attachment, Report
from service.schemas.common import Answer, Link


class PhotoOut(Answer):
    """A photograph of a report."""

    sha256: str
    name: str
    format: str
    size_bytes: int

    @classmethod
    def of(cls, one: Attachment) -> Self:
        """The wire form of a photograph."""
        return cls(sha256=one.sha256, name=one.name, format=one.format, size_bytes=one.size_bytes)


class ReportOut(Answer):
    """What one source told once."""

    id: str
    source: str = Field(description="scan, patrol, hotline, camera, drone, bureau, expiry or rebuilding.")
    source_zh: str
    origin: str = Field(description="Which one of that kind; empty: the only one.")
    number: str = Field(description="The source's own number.")
    seen_at: datetime
    received_at: datetime
    received_by: str
    geometry: dict[str, Any] | None = Field(description="Where, lon-lat; null: it waits for a place.")
    accuracy_m: float | None
    found_by: str | None = Field(description="How the place is known: told, photo, hand, or how its parcel was found.")
    place_note: str | None = Field(description="Why it has no place.")
    address: str
    parcel_id: str
    text: str
    category: str
    stage: str | None
    photos: list[PhotoOut]
    anonymous: bool
    reporter_kept: bool = Field(description="Whether it is kept, sealed, who told it.")
    facts: dict[str, Any]
    secrecy: str
    lead_id: str | None = Field(description="The lead that it belongs to; null: none yet, or none that you may see.")

    @classmethod
    def of(cls, one: Report, lead_id: str | None) -> Self:
        """The wire form of a report; nobody who told it is named."""
        names = ("id", "origin", "number", "seen_at", "received_at", "received_by", "address", "parcel_id", "text")
        placed = one.spot.geometry is not None
        return cls(
            **{name: getattr(one, name) for name in (*names, "category", "stage", "anonymous", "secrecy")},
            source=one.source.value,
            source_zh=SOURCES_ZH[one.source],
            geometry=dict(one.spot.geometry) if one.spot.geometry is not None else None,
            accuracy_m=one.spot.accuracy_m if placed else None,
            found_by=one.spot.found_by or None,
            place_note=one.spot.note or None,
            photos=[PhotoOut.of(photo) for photo in one.attachments],
            reporter_kept=one.reporter is not None,
            facts=dict(one.facts),
            lead_id=lead_id,
        )


class ReportKeptOut(Answer):
    """What became of a report that was sent."""

    new: bool = Field(description="Whether it was stored just now; else its number was known.")
    differs: list[str] = Field(description="What was sent otherwise than it is stored under the known number.")
    report: ReportOut
    links: list[Link]


class PlacingOut(Answer):
    """How the place of a report came to be known."""

    geometry: dict[str, Any]
    accuracy_m: float
    found_by: str
    reason: str
    at: datetime
    by: str


class ReportOneOut(Answer):
    """A report with the history of its place."""

    report: ReportOut
    places: list[PlacingOut]
    links: list[Link]


class ReportListOut(Answer):
    """Reports, the latest first."""

    reports: list[ReportOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    links: list[Link]


class ReporterOut(Answer):
    """Who told a report."""

    report_id: str
    kept: bool = Field(description="Whether anything is kept of them: not where it is anonymous, untold or erased.")
    name: str
    telephone: str


class BadRowOut(Answer):
    """A row that was not taken."""

    row: int
    reason: str


class FileResultOut(Answer):
    """What became of a file of reports."""

    encoding: str
    columns: dict[str, str] = Field(description="The column of the file that each was read from.")
    unread: list[str]
    rows: int
    new: int
    known: int
    unplaced: int
    bad: list[BadRowOut]
    lead_ids: list[str]
