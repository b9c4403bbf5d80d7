"""Layers over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from service.schemas.common import Answer, Link
from service.schemas.problem import ToldError


class LayerOut(Answer):
    """A stored layer version."""

    id: str
    kind: str
    file_name: str
    sha256: str = Field(description="Checksum of the file.")
    content_sha256: str = Field(description="Checksum of the features as they are stored.")
    read_as: dict[str, Any] = Field(
        description="How it was read: crs, mapping, encoding, transformation as declared; place accepted unchecked."
    )
    source: str | None = Field(description="Who sent it.")
    as_of: date | None = Field(description="The day whose state the data show.")
    valid_from: datetime | None
    valid_to: datetime | None = Field(description="Until when it holds, the day included.")
    secrecy: str = Field(description="Who may see it: public, internal or secret.")
    standing: bool = Field(description="Whether later scans may take it as the newest of its kind.")
    columns: dict[str, str]
    report: dict[str, Any] = Field(description="What reading repaired, dropped, found twice.")
    features: int
    bbox: tuple[float, float, float, float] | None
    created_at: datetime
    links: list[Link] = []


class LayerList(Answer):
    """A page of layer versions."""

    layers: list[LayerOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    links: list[Link]


class LayerSourceOut(Answer):
    """Who sends layers of a kind."""

    kind: str
    name: str
    read_as: dict[str, Any] = Field(description="What was declared with its last delivery, as `read_as` of a version.")
    updated_at: datetime
    versions: int = Field(description="Versions that came from it.")
    newest: str = Field(description="Id of the version that came last.")
    as_of: date | None = Field(description="The day whose state that one shows.")


class LayerSourceList(Answer):
    """Who sends layers of a kind."""

    sources: list[LayerSourceOut]


class LayerPreviewOut(Answer):
    """What is in a file, and what storing it as a layer would do."""

    kind: str
    file_name: str
    head: dict[str, Any] = Field(
        description="format, sha256, encoding and how it was found, declared_crs, columns with what they are taken "
        "for (by what: told, name, guess), the first rows as text, their geometry, the first coordinate."
    )
    read_as: dict[str, Any] = Field(description="What to declare so that storing it does what is told here.")
    remembered: dict[str, Any] = Field(description="What of it came from the last delivery of the source.")
    counts: dict[str, int] | None = Field(description="rows, kept, repaired, dropped, duplicated.")
    report: dict[str, Any] | None = Field(description="What reading would repair, drop, find twice.")
    bbox: tuple[float, float, float, float] | None = Field(description="In longitude and latitude.")
    outlines: list[dict[str, Any]] = Field(
        description="What lies where, GeoJSON geometries in longitude and latitude: evenly drawn from a large file, "
        "2,000 at most; also of a file that would be refused for where it lies."
    )
    refused: ToldError | None = Field(description="The error with which it would be refused.")


class PermitMatch(Answer):
    """How one permit found its ground."""

    permit_id: str
    match: str = Field(description="What it was found by.")
    score: float = Field(description="How well, 0 to 1; 1 is exact.")
    parcel_id: str | None
    note: str | None = Field(description="Why there is no ground, where several parcels were equally good.")


class PermitMatchOut(Answer):
    """How the permits of a version find their ground in a version of the parcels."""

    permits_version: str
    parcels_version: str
    counts: dict[str, int] = Field(description="Permits per way.")
    permits: list[PermitMatch] = Field(description="Those without ground first.")
