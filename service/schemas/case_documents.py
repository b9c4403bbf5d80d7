"""Documents of cases over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self

from pydantic import Field

from service.cases.documents import KINDS
from service.schemas.common import Answer, Link
from service.store.case_base import CasePaper


class CaseDocumentOut(Answer):
    """A document of a case."""

    id: str
    kind: str
    title: str
    title_zh: str
    serial: str = Field(description="Its number as it is printed; empty for kinds without one.")
    day: date
    sha256: str = Field(description="Of the Word file.")
    template: dict[str, Any] = Field(description="Which template made it.")
    created_at: datetime
    created_by: str
    voided_at: datetime | None
    voided_why: str | None
    links: list[Link]

    @classmethod
    def of(cls, paper: CasePaper, links: list[Link]) -> Self:
        """The wire form of a document."""
        names = ("id", "kind", "serial", "day", "created_at", "created_by", "voided_at", "voided_why")
        kind = KINDS[paper.kind]
        return cls(
            **{name: getattr(paper, name) for name in names},
            title=kind.title,
            title_zh=kind.title_zh,
            sha256=str(paper.files["docx"]["sha256"]),
            template=dict(paper.template),
            links=links,
        )


class CaseDocumentsOut(Answer):
    """The documents of a case."""

    documents: list[CaseDocumentOut]
    links: list[Link]
