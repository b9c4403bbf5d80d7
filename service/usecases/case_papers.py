"""Documents of a case: filled from what the case says and what the officer adds, numbered, sealed, kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from geodata.io.dates import BEIJING
from service.auth.record import entry_by
from service.cases.documents import (
    DocumentFacts,
    Serial,
    SerialRule,
    TemplateShelf,
    context_of,
    fill,
    format_serial,
    kind_named,
    series_of,
    to_pdf,
)
from service.cases.errors import CaseFactError
from service.errors import NotFoundError
from service.files import private_folder, sha256_of
from service.privacy.keyring import keyring, read_keyring
from service.privacy.sealed_file import new_file_key, open_file, seal_file
from service.services import Services
from service.store.case_base import CasePaper
from service.usecases.case_document_facts import facts_of_case
from service.usecases.cases import CaseView, Enclosed, Telling, tell
from service.usecases.layer_sealing import key_file

_FACTS = TypeAdapter(DocumentFacts)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True)
class PaperOrder:
    """What document is wanted.

    Args:
        kind: Its kind.
        told: What the case does not say: fields of `DocumentFacts`, above what it says.
        day: Its day; None: today in Beijing.
        expected: Number of the last event that the teller knows of.
    """

    kind: str
    told: Mapping[str, Any]
    day: date | None = None
    expected: int | None = None


def make_paper(services: Services, case_id: str, order: PaperOrder) -> CasePaper:
    """Make a document (event `document_made`); its number is the next one of its series, and nobody else's.

    The number stands in the document, so the document is written for the number that comes next, and written again
    where another was quicker: nobody waits for the other, and no number is lost.

    Raises:
        FactError: If there is no such kind.
        MissingFactsError: If the document needs what neither the case nor the order tells; all are named.
        CaseFactError: If what is told is not of its form.
        NoTemplateError: If no template is in force on that day.
        SealError: If the keys that seal documents cannot be used.
    """
    services.store.cases.get(case_id)
    kind = kind_named(order.kind)
    day = order.day or datetime.now(BEIJING).date()
    template = _shelf(services).for_day(kind.name, day)
    rule = serial_rule(services)
    paper_id = f"paper-{uuid.uuid4().hex[:16]}"
    made: list[CasePaper] = []

    def enclose(view: CaseView) -> Enclosed:
        series = series_of(rule, kind.name, day)
        place, serial = None, ""
        if series is not None:
            place = services.store.cases.peek(_series(kind.name), series.year or 0)
            serial = format_serial(rule, Serial(kind.name, series.year, place))
        facts = _facts(services, view, order, day, serial)
        content = fill(template, context_of(facts))
        blank = CasePaper(
            id=paper_id, case_id=case_id, kind=kind.name, series=_series(kind.name) if place else paper_id,
            year=(series.year or 0) if series is not None else 0, place=place, serial=serial, day=day,
            template={"version": template.version, "sha256": template.sha256},
            files={}, created_at=datetime.now(UTC), created_by=services.caller.owner_id or services.caller.id,
        )  # fmt: skip
        made[:] = [replace(blank, files={"docx": _kept(services, blank, content)})]
        return Enclosed(papers=made)

    def telling() -> Telling:
        facts = {"document_id": paper_id, "kind": kind.name, "serial": "-", "sha256": "-"}
        return Telling("document_made", facts, expected=order.expected)

    def complete(facts: Mapping[str, Any]) -> Mapping[str, Any]:
        paper = made[0]
        return {**facts, "serial": paper.serial or kind.title_zh, "sha256": paper.files["docx"]["sha256"]}

    tell(services, case_id, telling(), enclose, complete)
    return made[0]


@contextmanager
def opened_paper(services: Services, case_id: str, paper_id: str, form: str, address: str = "") -> Iterator[Path]:
    """A document as a file, for as long as it is needed; the look is recorded, since it names people.

    Args:
        services: The service.
        case_id: The case.
        paper_id: The document.
        form: `docx` or `pdf`.
        address: From where it is asked.

    Raises:
        NotFoundError: Without it.
        NoOfficeError: If a PDF is wanted and LibreOffice is not installed.
    """
    paper = get_paper(services, case_id, paper_id)
    told, ring = paper.files["docx"], read_keyring(key_file(services.settings))
    entry = entry_by(
        services.caller, datetime.now(UTC), "document-read", f"case/{case_id}/{paper_id}", address=address,
        kind=paper.kind, serial=paper.serial,
    )  # fmt: skip
    services.store.audit_log.append(entry)
    with private_folder(services.settings.data / "incoming") as folder:
        docx = folder / f"{paper.serial or paper.kind}.docx".replace("/", "-")
        open_file(services.blobs.path(told["stored_as"]), docx, ring.open(told["key"], _about(paper)))
        if form == "docx":
            yield docx
            return
        pdf = docx.with_suffix(".pdf")
        pdf.write_bytes(to_pdf(docx.read_bytes()))
        yield pdf


def get_paper(services: Services, case_id: str, paper_id: str) -> CasePaper:
    """A document of a case.

    Raises:
        NotFoundError: Without it.
    """
    found = next((one for one in services.store.cases.papers(case_id) if one.id == paper_id), None)
    if found is None:
        raise NotFoundError(f"The case has no document {paper_id[:80]!r}.", remedy=f"GET /cases/{case_id}/documents")
    return found


def void_paper(services: Services, case_id: str, paper_id: str, why: str) -> CasePaper:
    """Declare a document void: its number stays used, so that no gap shows (event `noted`).

    Raises:
        NotFoundError: Without one that is not void already.
        CaseFactError: If no reason is told.
    """
    if not why.strip():
        raise CaseFactError("No reason is told.", remedy="Say why the document is void.")
    paper = get_paper(services, case_id, paper_id)
    services.store.cases.void(paper_id, datetime.now(UTC), why.strip())
    tell(services, case_id, Telling("noted", {"text": f"文书{paper.serial or paper.kind}作废：{why.strip()}"}))
    return get_paper(services, case_id, paper_id)


def serial_rule(services: Services) -> SerialRule:
    """How the bureau numbers its documents.

    Raises:
        SerialError: If its settings make no rule.
    """
    told = services.settings.cases
    return SerialRule(told.place, told.serial_pattern, told.serial_words)


def _series(kind: str) -> str:
    return f"document {kind}"


def _shelf(services: Services) -> TemplateShelf:
    folder = services.settings.cases.templates
    return TemplateShelf() if folder is None else TemplateShelf.of_folder(folder)


def _facts(services: Services, view: CaseView, order: PaperOrder, day: date, serial: str) -> DocumentFacts:
    known = facts_of_case(services, view, order.kind)
    whole = {**asdict(known), **order.told, "made_on": day, "serial": serial or None}
    try:
        return _FACTS.validate_python(whole)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:8]]
        raise CaseFactError(
            f"The document cannot be written: {'; '.join(wrong)}.",
            remedy="Docs/documents.md lists what a document may be told.",
            wrong=wrong,
        ) from error


def _kept(services: Services, paper: CasePaper, content: bytes) -> dict[str, Any]:
    """Keep a document sealed: it names people."""
    ring, key = keyring(key_file(services.settings)), new_file_key()
    with private_folder(services.settings.data / "incoming") as folder:
        plain, sealed = folder / "plain", folder / "sealed"
        plain.write_bytes(content)
        sha256 = sha256_of(plain)
        seal_file(plain, sealed, key)
        stored_as = sha256_of(sealed)
        services.blobs.put(sealed, stored_as)
    return {"sha256": sha256, "stored_as": stored_as, "key": ring.seal(key, _about(paper)), "bytes": len(content)}


def _about(paper: CasePaper) -> str:
    return f"paper|{paper.case_id}|{paper.id}"
