"""Routes that everybody may call: the progress without names, and objections."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from service.dependencies import Body, Kancha, base_url, only_query
from service.routers.bodies import multipart_body
from service.routers.html import html_page, xml_page
from service.schemas.case_figures import FigureOut
from service.schemas.common import Link
from service.schemas.public import PlaceOut, PublicCaseOut, PublicOut, RaisedOut, StandingOut
from service.usecases import objections
from service.usecases.public_page import PublicPage, public_page

router = APIRouter(tags=["public"])
_WORDS = {
    "text": "The objection.",
    "about": "What it is about: a case number, a place.",
    "name": "Who objects; may be left out.",
    "contact": "Where they are reached; may be left out.",
}


def _out(request: Request, page: PublicPage) -> PublicOut:
    here = f"{base_url(request)}/public"
    kinds = {f"{here}.json": "application/json", here: "text/html", f"{here}.atom": "application/atom+xml"}
    return PublicOut(
        as_of=page.as_of,
        opened=page.opened,
        closed=page.closed,
        figures=[FigureOut.model_validate(one) for one in page.figures],
        places=[PlaceOut(name=name, cases=cases, closed=closed) for name, cases, closed in page.places],
        cases=[PublicCaseOut.model_validate(one) for one in page.cases],
        links=[Link(href=href, rel="alternate", type=kind) for href, kind in kinds.items()],
    )


@router.get("/public", summary="The public page", response_class=Response, dependencies=[Depends(only_query())])
def get_public(request: Request, services: Kancha) -> Response:
    """The progress for people, with the form for objections; nobody is named."""
    page = public_page(services)
    return html_page("public.html", request, page=page, bureau=services.settings.cases.bureau)


@router.get("/public.json", summary="The progress", dependencies=[Depends(only_query())])
def get_public_json(request: Request, services: Kancha) -> PublicOut:
    """The same for other systems."""
    return _out(request, public_page(services))


@router.get(
    "/public.atom", summary="The progress as a feed", response_class=Response, dependencies=[Depends(only_query())]
)
def get_public_atom(request: Request, services: Kancha) -> Response:
    """Cases as they changed, the latest first."""
    page = public_page(services)
    return xml_page("public.atom", request, page=page, bureau=services.settings.cases.bureau)


@router.post(
    "/public/objections",
    status_code=201,
    summary="Object",
    openapi_extra=multipart_body({}, _WORDS, required=["text"], json=True),
    response_model=RaisedOut,
)
def post_objection(request: Request, form: Body, services: Kancha) -> Response | RaisedOut:
    """Say what is wrong; what is said is sealed. The answer has an address that tells how it stands, once."""
    form.only(set(_WORDS))
    public_page(services)
    told = {name: form.text(name) or "" for name in _WORDS}
    made, token = objections.raise_objection(services, objections.Words(**told))
    status = f"{base_url(request)}/public/objections/{token}"
    if _from_a_page(request):
        return RedirectResponse(f"{status}?f=html", status_code=303)
    return RaisedOut(id=made.id, received_at=made.received_at, links=[Link(href=status, rel="status")])


@router.get(
    "/public/objections/{token}",
    summary="How an objection stands",
    response_model=StandingOut,
    dependencies=[Depends(only_query("f"))],
)
def get_objection_standing(
    request: Request, response: Response, token: str, services: Kancha
) -> Response | StandingOut:
    """Asked by the word that was told when it was taken."""
    found = objections.how_it_stands(services, token)
    if request.query_params.get("f") == "html":
        page = html_page("objection.html", request, objection=found, bureau=services.settings.cases.bureau)
        page.headers["Cache-Control"] = "no-store"
        return page
    response.headers["Cache-Control"] = "no-store"
    names = ("received_at", "answered_at", "upheld", "answer")
    return StandingOut(**{name: getattr(found, name) for name in names}, placed=found.case_id is not None)


def _from_a_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
