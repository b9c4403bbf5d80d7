"""Routes of cases: opened, told event by event, their terms; lists of them are a collection."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from service.auth.roles import Permission
from service.dependencies import GEOJSON, Body, Kancha, base_url, only_query
from service.errors import BadRequestBodyError
from service.routers.addresses import HTML
from service.routers.answers import wanted_form
from service.routers.bodies import json_body
from service.routers.case_page import case_page
from service.routers.collections import Form as AskedForm
from service.schemas.cases import (
    CaseClockOut,
    CaseClocksOut,
    CaseEventOut,
    CaseEventsOut,
    CaseOut,
    MoveOut,
    MovesOut,
    OfficerOut,
    OfficersOut,
)
from service.schemas.common import Link
from service.uploads import Form
from service.usecases import cases as usecase
from service.usecases.case_document_facts import name_of

router = APIRouter(tags=["cases"])
_OPENING: dict[str, tuple[str, str]] = {
    "facts": ("object", "What the event `opened` tells: lead_ids, path, stage, categories ..."),
    "geometry": ("object", "Its place: a GeoJSON geometry in longitude and latitude."),
    "at": ("string", "When; else now."),
}
_TELLING: dict[str, tuple[str, str]] = {
    "event": ("string", "Kind of the event; GET /cases/{case_id}/moves lists what may follow, and what it tells."),
    "facts": ("object", "What it tells."),
    "at": ("string", "When it happened, with a zone; else now."),
    "expected": ("integer", "Number of the last event that you know of: 409 where the case went on meanwhile."),
    "corrects": (
        "integer",
        "With `corrected`: number of the event that is corrected; facts hold reason, facts or void.",
    ),
}


def _links(request: Request, case_id: str) -> list[Link]:
    here = f"{base_url(request)}/cases/{case_id}"
    item = f"{base_url(request)}/collections/cases/items/{case_id}"
    return [
        Link(href=here, rel="self", type="application/json"),
        Link(href=f"{here}?f=html", rel="alternate", type=HTML),
        Link(href=item, rel="item", type=GEOJSON),
        *(Link(href=f"{here}/{name}", rel=name, type="application/json") for name in ("events", "moves", "clocks")),
    ]


def _out(request: Request, services: Kancha, view: usecase.CaseView) -> CaseOut:
    return CaseOut.of(view, usecase.defects_of(services, view), _links(request, view.row.id))


def _number(form: Form, name: str) -> int | None:
    value: Any = form.fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequestBodyError(f"The field {name} must be a whole number.", remedy="Send it as a number.")
    return value


@router.post("/cases", status_code=201, summary="Open a case", openapi_extra=json_body(_OPENING, ["facts", "geometry"]))
def post_case(request: Request, response: Response, form: Body, services: Kancha) -> CaseOut:
    """Open a case from leads; its serial is the next one of its year."""
    form.only(set(_OPENING))
    opening = usecase.Opening(form.mapping("facts"), form.mapping("geometry"), at=form.moment("at"))
    view = usecase.open_case(services, opening)
    response.headers["Location"] = f"{base_url(request)}/cases/{view.row.id}"
    return _out(request, services, view)


@router.get("/officers", summary="Who acts as an officer", dependencies=[Depends(only_query())])
def get_officers(request: Request, services: Kancha) -> OfficersOut:
    """Those whom events name as officers, with their ids."""
    found = [OfficerOut.model_validate(one) for one in usecase.officers(services)]
    return OfficersOut(officers=found, links=[Link(href=f"{base_url(request)}/officers", rel="self")])


@router.get(
    "/cases/{case_id}",
    summary="One case",
    response_model=CaseOut,
    responses={200: {"content": {HTML: {}}, "description": "The case; for people a page."}},
    dependencies=[Depends(only_query("f"))],
)
def get_case(request: Request, case_id: str, services: Kancha, f: AskedForm = None) -> Any:
    """A case as it is now: the state of every region, what is due, and what corrections show to have been wrong."""
    form = wanted_form(request, f, ("geojson", "html"))
    view = usecase.view_case(services, case_id)
    return case_page(request, services, view) if form == "html" else _out(request, services, view)


@router.get("/cases/{case_id}/events", summary="What happened to a case", dependencies=[Depends(only_query())])
def get_case_events(request: Request, case_id: str, services: Kancha) -> CaseEventsOut:
    """All its events, the first first, each with its seal."""
    told = services.store.cases.events(case_id)
    # who may not ask for the list of officers is told ids, as on the page of a case
    works = services.caller.may(Permission.CASES)
    names = {one: name_of(services, one) for one in {event.by for event, _ in told}} if works else {}
    events = [CaseEventOut.of(event, seal, names.get(event.by, "")) for event, seal in told]
    return CaseEventsOut(events=events, links=_links(request, case_id))


@router.post(
    "/cases/{case_id}/events",
    status_code=201,
    summary="Tell what happened",
    openapi_extra=json_body(_TELLING, ["event"]),
)
def post_case_event(request: Request, case_id: str, form: Body, services: Kancha) -> CaseOut:
    """Let an event follow; it is refused with the article and the history where it may not."""
    form.only(set(_TELLING))
    telling = usecase.Telling(
        kind=form.text("event") or "",
        facts=form.mapping("facts"),
        at=form.moment("at"),
        expected=_number(form, "expected"),
        corrects=_number(form, "corrects"),
    )
    return _out(request, services, usecase.tell(services, case_id, telling))


@router.get("/cases/{case_id}/moves", summary="What may follow", dependencies=[Depends(only_query())])
def get_case_moves(request: Request, case_id: str, services: Kancha) -> MovesOut:
    """What the caller may tell now, the facts that it asks for, and what refuses it already."""
    view, moves = usecase.possible(services, case_id)
    flows = services.settings.cases.levels.values()
    offered = {"level": list(dict.fromkeys(level for flow in flows for level in flow))}
    told = [MoveOut.of(one, offered) for one in moves]
    return MovesOut(number=view.row.number, moves=told, links=_links(request, case_id))


@router.get("/cases/{case_id}/clocks", summary="The terms of a case", dependencies=[Depends(only_query())])
def get_case_clocks(request: Request, case_id: str, services: Kancha) -> CaseClocksOut:
    """Every term with its arithmetic, as of now."""
    view = usecase.view_case(services, case_id)
    return CaseClocksOut(clocks=[CaseClockOut.of(one) for one in view.clocks], links=_links(request, case_id))
