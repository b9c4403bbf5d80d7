"""Routes of the documents of a case: made with the next number of their series, read as Word or PDF, declared void."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from service.dependencies import Body, Kancha, base_url, only_query
from service.errors import BadRequestBodyError
from service.http_guard import address_of
from service.routers.bodies import json_body
from service.schemas.case_documents import CaseDocumentOut, CaseDocumentsOut
from service.schemas.common import Link
from service.store.case_base import CasePaper
from service.uploads import Form
from service.usecases import case_papers as usecase

router = APIRouter(tags=["cases"])
_ORDER = {
    "kind": ("string", "Kind of document: `kancha documents kinds` lists them."),
    "facts": ("object", "What the case does not say (docs/documents.md); above what it says."),
    "day": ("string", "Its day, YYYY-MM-DD; else today in Beijing."),
    "expected": ("integer", "Number of the last event that you know of."),
}
_MEDIA = {"docx": usecase.DOCX, "pdf": "application/pdf"}


def _out(request: Request, paper: CasePaper) -> CaseDocumentOut:
    here = f"{base_url(request)}/cases/{paper.case_id}/documents/{paper.id}"
    links = [Link(href=f"{here}?f={form}", rel="alternate", type=kind) for form, kind in _MEDIA.items()]
    return CaseDocumentOut.of(paper, links)


def _day(form: Form) -> date | None:
    text = form.text("day")
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise BadRequestBodyError(f"{text!r} is no day.", remedy="Send YYYY-MM-DD.") from error


@router.post(
    "/cases/{case_id}/documents",
    status_code=201,
    summary="Make a document",
    openapi_extra=json_body(_ORDER, ["kind"]),
)
def post_case_document(
    request: Request, response: Response, case_id: str, form: Body, services: Kancha
) -> CaseDocumentOut:
    """Fill the template of its kind; the number is drawn with it, so that none is lost or given twice."""
    form.only(set(_ORDER))
    expected = form.fields.get("expected")
    if expected is not None and (isinstance(expected, bool) or not isinstance(expected, int)):
        raise BadRequestBodyError("The field expected must be a whole number.", remedy="Send it as a number.")
    order = usecase.PaperOrder(form.text("kind") or "", form.mapping("facts"), _day(form), expected)
    paper = usecase.make_paper(services, case_id, order)
    response.headers["Location"] = f"{base_url(request)}/cases/{case_id}/documents/{paper.id}"
    return _out(request, paper)


@router.get("/cases/{case_id}/documents", summary="The documents of a case", dependencies=[Depends(only_query())])
def get_case_documents(request: Request, case_id: str, services: Kancha) -> CaseDocumentsOut:
    """What was made, in its order, void ones too."""
    found = [_out(request, one) for one in services.store.cases.papers(case_id)]
    return CaseDocumentsOut(documents=found, links=[Link(href=f"{base_url(request)}{request.url.path}", rel="self")])


@router.get(
    "/cases/{case_id}/documents/{document_id}",
    summary="A document",
    response_class=Response,
    dependencies=[Depends(only_query("f"))],
)
def get_case_document(
    request: Request,
    case_id: str,
    document_id: str,
    services: Kancha,
    f: Annotated[Literal["docx", "pdf"], Query(description="docx, or pdf where LibreOffice is installed.")] = "docx",
) -> Response:
    """It names people: the look is recorded."""
    with usecase.opened_paper(services, case_id, document_id, f, address_of(request.scope)) as path:
        name = quote(path.name)
        headers = {"Content-Disposition": f"attachment; filename*=utf-8''{name}", "Cache-Control": "no-store"}
        return Response(path.read_bytes(), media_type=_MEDIA[f], headers=headers)


@router.delete(
    "/cases/{case_id}/documents/{document_id}",
    summary="Declare a document void",
    dependencies=[Depends(only_query("reason"))],
)
def delete_case_document(
    request: Request,
    case_id: str,
    document_id: str,
    services: Kancha,
    reason: Annotated[str, Query(min_length=2, max_length=300, description="Why.")],
) -> CaseDocumentOut:
    """It stays, and so does its number."""
    return _out(request, usecase.void_paper(services, case_id, document_id, reason))
