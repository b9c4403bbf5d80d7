"""Routes of leads: the queue, one with its reports and history, its verdict, what is done by hand, its case."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from geodata.types import DISMISSAL_REASONS
from service.cases.leads.triage import GROUNDS, Proof
from service.cases.leads.values import SourceKind
from service.dependencies import GEOJSON, Body, Kancha, Pages, base_url, only_query, page_links, parse_bbox
from service.errors import BadRequestBodyError
from service.routers.bodies import json_body, multipart_body
from service.routers.html import html_page
from service.schemas.common import Link
from service.schemas.leads import GatheredOut, GroundsOut, LeadCaseOut, LeadOut, LeadQueueOut
from service.store.queries import FeatureQuery
from service.uploads import Form, parse_json
from service.usecases import leads as usecase
from service.usecases.lead_cases import CaseAsked, case_of_lead
from service.usecases.lead_sources import gather_leads

router = APIRouter(tags=["leads"])
_PHOTOS = {f"photo{number}": "A photograph of the site: it is a proof." for number in range(1, 13)}
_VERDICT = {
    "verdict": "1 合法, 2 违法, 3 实地伪变化.",
    "ground": f"One of {', '.join(GROUNDS)}.",
    "reason": "In words.",
    "proofs": 'JSON list of proofs: [{"kind": "approval_file", "number": "..."}], or with `sha256` of a photograph.',
    "dismissal": f"With 3: what the findings showed instead, one of {', '.join(DISMISSAL_REASONS)}.",
    "expected": "Number of the last event that you know of: 409 where the lead went on meanwhile.",
}
_SPLIT: dict[str, tuple[str, str]] = {
    "reports": ("array", "Ids of the reports that leave."),
    "reason": ("string", "Why."),
    "expected": ("integer", _VERDICT["expected"]),
}
_MERGE: dict[str, tuple[str, str]] = {
    "leads": ("array", "Ids of the leads that become part of it."),
    "reason": ("string", "Why."),
    "expected": ("integer", _VERDICT["expected"]),
}
_NOTE: dict[str, tuple[str, str]] = {"text": ("string", "What there is to say.")}
_CASE: dict[str, tuple[str, str]] = {
    "facts": ("object", "What the event `opened` tells: at least `path`; stage and categories where others are meant."),
    "expected": ("integer", _VERDICT["expected"]),
    "at": ("string", "When the case was opened; else now."),
}


def _links(request: Request, lead_id: str) -> list[Link]:
    here = f"{base_url(request)}/leads/{lead_id}"
    item = f"{base_url(request)}/collections/leads/items/{lead_id}"
    return [Link(href=here, rel="self", type="application/json"), Link(href=item, rel="item", type=GEOJSON)]


def _out(request: Request, view: usecase.LeadView) -> LeadOut:
    return LeadOut.of(view, _links(request, view.row.id))


def _whole(form: Form, name: str) -> int | None:
    value: Any = form.fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not str(value).lstrip("-").isdigit():
        raise BadRequestBodyError(f"The field {name} must be a whole number.", remedy="Send it as a number.")
    return int(value)


def _list(form: Form, name: str) -> list[Any]:
    value: Any = form.fields.get(name)
    if isinstance(value, str) and value.strip():
        value = parse_json(value, name)
    if value in (None, ""):
        return []
    if not isinstance(value, list):
        raise BadRequestBodyError(f"The field {name} must be a JSON list.", remedy="Send a list.")
    return value


def _proofs(form: Form) -> list[Proof]:
    found = []
    for one in _list(form, "proofs"):
        names = {"kind", "number", "sha256"}
        if not isinstance(one, dict) or not set(one) <= names or not all(isinstance(v, str) for v in one.values()):
            raise BadRequestBodyError("A proof is {kind, number, sha256}, all texts.", remedy="Correct it.")
        found.append(Proof(one.get("kind", ""), one.get("number", "")[:200], one.get("sha256", "")))
    return found


@router.get("/desk", include_in_schema=False)
def get_desk(request: Request) -> Any:
    """The form of the duty desk."""
    return html_page("desk.html", request)


@router.get(
    "/leads",
    summary="The queue of leads",
    dependencies=[Depends(only_query("state", "source", "verdict", "bbox", "limit", "cursor"))],
)
def get_leads(
    request: Request,
    services: Kancha,
    page: Pages,
    state: Annotated[str | None, Query(description="open, judged, case or dismissed; else open.")] = "open",
    source: Annotated[SourceKind | None, Query(description="Leads that this source told of, among others.")] = None,
    verdict: Annotated[int | None, Query(ge=0, le=3, description="Code of the verdict; then of any state.")] = None,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees.")] = None,
) -> LeadQueueOut:
    """Leads as features, what is to be looked at first first."""
    equals = {"state": state or ""} if verdict is None or "state" in request.query_params else {}
    equals |= {} if source is None else {"source": source.value}
    equals |= {} if verdict is None else {"verdict": str(verdict)}
    query = FeatureQuery(equals=equals, boxes=parse_bbox(bbox), limit=page.limit, after=page.key)
    found = usecase.lead_queue(services, query)
    return LeadQueueOut(
        features=[orjson.loads(text) for text in found.items],
        numberMatched=found.matched,
        numberReturned=len(found.items),
        links=page_links(request, found.after),
    )


@router.get("/leads/grounds", summary="What a verdict may say", dependencies=[Depends(only_query())])
def get_lead_grounds(request: Request) -> GroundsOut:
    """Every ground of a verdict, and the proof that it needs."""
    return GroundsOut.all([Link(href=f"{base_url(request)}/leads/grounds", rel="self", type="application/json")])


@router.post("/leads/gathering", summary="Gather what is no lead yet")
def post_lead_gathering(services: Kancha) -> GatheredOut:
    """Make reports of findings, patches and papers that ran out, each once; done after each scan and every night."""
    return GatheredOut.model_validate(gather_leads(services))


@router.get("/leads/{lead_id}", summary="One lead", dependencies=[Depends(only_query())])
def get_lead(request: Request, lead_id: str, services: Kancha) -> LeadOut:
    """A lead with its reports and its history, also by an id that leads to it."""
    return _out(request, usecase.view_lead(services, lead_id))


@router.post(
    "/leads/{lead_id}/verdict",
    status_code=201,
    summary="Judge a lead",
    openapi_extra=multipart_body(_PHOTOS, _VERDICT, required=["verdict", "ground", "reason"], json=True),
)
def post_lead_verdict(request: Request, lead_id: str, form: Body, services: Kancha) -> LeadOut:
    """Give a verdict with its proof; it is that of the lead's findings too. The latest counts, the others stay."""
    form.only({*_VERDICT, *_PHOTOS})
    verdict = _whole(form, "verdict")
    told = usecase.LeadJudgement(
        verdict=-1 if verdict is None else verdict,
        ground=form.text("ground") or "",
        reason=form.text("reason") or "",
        proofs=_proofs(form),
        dismissal=form.text("dismissal"),
        expected=_whole(form, "expected"),
    )
    return _out(request, usecase.judge_lead(services, lead_id, told, list(form.files.values())))


@router.post(
    "/leads/{lead_id}/split",
    status_code=201,
    summary="Split a lead",
    openapi_extra=json_body(_SPLIT, ["reports", "reason"]),
)
def post_lead_split(request: Request, lead_id: str, form: Body, services: Kancha) -> LeadOut:
    """Let reports leave for a lead of their own, which is answered."""
    form.only(set(_SPLIT))
    names = [str(name) for name in _list(form, "reports")]
    view = usecase.split_lead(services, lead_id, names, form.text("reason") or "", _whole(form, "expected"))
    return _out(request, view)


@router.post(
    "/leads/{lead_id}/merge",
    status_code=201,
    summary="Merge leads",
    openapi_extra=json_body(_MERGE, ["leads", "reason"]),
)
def post_lead_merge(request: Request, lead_id: str, form: Body, services: Kancha) -> LeadOut:
    """Make several leads one; the ids of the others lead to it."""
    form.only(set(_MERGE))
    names = [str(name) for name in _list(form, "leads")]
    view = usecase.merge_leads(services, lead_id, names, form.text("reason") or "", _whole(form, "expected"))
    return _out(request, view)


@router.post(
    "/leads/{lead_id}/notes", status_code=201, summary="Note on a lead", openapi_extra=json_body(_NOTE, ["text"])
)
def post_lead_note(request: Request, lead_id: str, form: Body, services: Kancha) -> LeadOut:
    """Put a note to a lead."""
    form.only(set(_NOTE))
    return _out(request, usecase.note_lead(services, lead_id, form.text("text") or ""))


@router.post(
    "/leads/{lead_id}/case",
    status_code=201,
    summary="Open the case of a lead",
    responses={200: {"model": LeadCaseOut, "description": "It went to the open case of its structure."}},
    openapi_extra=json_body(_CASE, ["facts"]),
)
def post_lead_case(request: Request, response: Response, lead_id: str, form: Body, services: Kancha) -> LeadCaseOut:
    """Open the case of a lead that was judged 违法, or let it go to the open case of its structure."""
    form.only(set(_CASE))
    asked = CaseAsked(form.mapping("facts"), _whole(form, "expected"), form.moment("at"))
    view, case, new = case_of_lead(services, lead_id, asked)
    links = [*_links(request, view.row.id), Link(href=f"{base_url(request)}/cases/{case.row.id}", rel="related")]
    response.status_code = 201 if new else 200
    return LeadCaseOut(lead_id=view.row.id, case_id=case.row.id, serial=case.row.serial, new=new, links=links)
