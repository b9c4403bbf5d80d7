"""Files and parties of cases over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from service.schemas.common import Answer, Link
from service.store.case_base import CaseFile


class DoubtOut(Answer):
    """Something that speaks against a photograph; it is no verdict."""

    code: str
    severity: str = Field(description="grave, doubt or note.")
    measured: dict[str, Any]
    sentence: str
    sentence_zh: str
    photo_id: str = Field(description="The other photograph that it is about; empty for none.")


class CaseFileOut(Answer):
    """A file of a case."""

    id: str
    kind: str
    name: str
    media: str
    sha256: str
    size_bytes: int
    facts: dict[str, Any] = Field(description="What the file and the form tell.")
    doubts: list[DoubtOut]
    taken_at: datetime | None
    received_at: datetime = Field(description="By the server's clock.")
    received_by: str
    links: list[Link]

    @classmethod
    def of(cls, file: CaseFile, links: list[Link]) -> Self:
        """The wire form of a file."""
        names = ("id", "kind", "name", "media", "sha256", "size_bytes", "taken_at", "received_at", "received_by")
        return cls(
            **{name: getattr(file, name) for name in names},
            facts=dict(file.facts),
            doubts=[DoubtOut(**one) for one in file.doubts],
            links=links,
        )


class CaseFilesOut(Answer):
    """The files of a case."""

    files: list[CaseFileOut]
    links: list[Link]


class CasePartyOut(Answer):
    """A party; masked, or in the clear."""

    id: str
    name: str | None
    kind: str | None
    id_number: str | None
    address: str | None
    phone: str | None
    representative: str | None
    erased_at: datetime | None


class CasePartiesOut(Answer):
    """The parties of a case."""

    parties: list[CasePartyOut]
    links: list[Link]
