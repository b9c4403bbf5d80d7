"""Routes of the coverage ledger and its recall audits; cells and blind spots are collections."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from geodata.features import parse_day
from geodata.io.dates import parse_date
from service.dependencies import GEOJSON, Body, Kancha, Pages, base_url, only_query, page_links
from service.errors import BadRequestBodyError
from service.routers.bodies import multipart_body
from service.schemas.common import Link
from service.schemas.coverage import (
    AnswerOut,
    AuditAnswerOut,
    AuditList,
    AuditOut,
    CellLookOut,
    ParcelSeenOut,
    ParcelsSeenOut,
    PlaceOut,
    RateOut,
    SummaryOut,
)
from service.store.audit_records import AuditAnswer
from service.uploads import Form
from service.usecases import audits, coverage, coverage_features, coverage_parcels

router = APIRouter(tags=["coverage"])

AsOf = Annotated[date | None, Query(description="The day, in Beijing; else today.")]
_WORDS = {"true": True, "false": False}
_DRAW = {
    "count": "How many cells.",
    "seed": "What decides the draw; else 1.",
    "as_of": "The day whose ledger is drawn from; else today.",
}
_SAID = {
    "cell": "Id of the cell.",
    "missed": "true or false: whether it holds a structure that nobody reported.",
    "judged_by": "Who says so; needed from a key, else whoever has signed in.",
    "note": "Anything else.",
}


@router.get("/coverage", summary="What was seen in time", dependencies=[Depends(only_query("as_of"))])
def get_coverage(request: Request, services: Kancha, as_of: AsOf = None) -> SummaryOut:
    """Figures of the area of responsibility, of all and by administrative area; they add up to the area."""
    base = base_url(request)
    links = [
        Link(href=f"{base}/coverage", rel="self", type="application/json"),
        Link(href=f"{base}/collections/coverage/items", rel="items", type=GEOJSON),
        Link(href=f"{base}/collections/blind_spots/items", rel="related", type=GEOJSON),
        Link(href=f"{base}/coverage/tasking", rel="related", type=GEOJSON),
    ]
    found = coverage.summary(services, as_of)
    return SummaryOut.model_validate(found).model_copy(update={"links": links})


@router.get(
    "/coverage/at", summary="What is known of a place", dependencies=[Depends(only_query("lon", "lat", "as_of"))]
)
def get_at(
    services: Kancha,
    lon: Annotated[float, Query(ge=-180, le=180, description="Longitude, degrees.")],
    lat: Annotated[float, Query(ge=-90, le=90, description="Latitude, degrees.")],
    as_of: AsOf = None,
) -> PlaceOut:
    """Last seen when, by what, and why not since; and what every scene showed of the cell."""
    found = coverage.at(services, lon, lat, as_of)
    looks = [CellLookOut.model_validate(look) for look in found.looks]
    return PlaceOut(**AnswerOut.model_validate(found.answer).model_dump(), looks=looks)


@router.get(
    "/coverage/tasking",
    summary="What needs a flight or an image",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}, "description": "GeoJSON FeatureCollection."}},
    dependencies=[Depends(only_query("as_of", "within_days"))],
)
def get_tasking(
    services: Kancha,
    as_of: AsOf = None,
    within_days: Annotated[float, Query(ge=0, le=366, description="Also what becomes due within so many days.")] = 7.0,
) -> Response:
    """Ground that is overdue or will be soon, in pieces, the most urgent first."""
    return Response(orjson.dumps(coverage_features.tasking(services, as_of, within_days)), media_type=GEOJSON)


@router.get(
    "/coverage/parcels",
    summary="What was seen of each parcel",
    dependencies=[Depends(only_query("as_of", "limit", "cursor"))],
)
def get_parcels(request: Request, services: Kancha, page: Pages, as_of: AsOf = None) -> ParcelsSeenOut:
    """A page of the newest parcels: seen, overdue, never, excluded or outside."""
    found = coverage_parcels.parcels(services, page.limit, page.after_key, as_of)
    return ParcelsSeenOut(
        parcels=[ParcelSeenOut.model_validate(one) for one in found.items],
        numberMatched=found.matched,
        numberReturned=len(found.items),
        links=page_links(request, found.next_key),
    )


# --- recall audits -------------------------------------------------------------------------------


def _audit_out(request: Request, state: audits.AuditState) -> AuditOut:
    audit = state.audit
    said = {answer.cell: answer for answer in state.answers}
    features = [
        {
            "type": "Feature",
            "id": cell,
            "geometry": dict(outline),
            "properties": {"missed": said[cell].missed if cell in said else None},
        }
        for cell, outline in audit.cells.items()
    ]
    return AuditOut(
        id=audit.id,
        as_of=audit.as_of,
        seed=audit.seed,
        created_at=audit.created_at,
        cells={"type": "FeatureCollection", "features": features},
        answers=[AuditAnswerOut.model_validate(answer) for answer in state.answers],
        miss_rate=RateOut.model_validate(state.rate),
        links=[Link(href=f"{base_url(request)}/coverage/audits/{audit.id}", rel="self", type="application/json")],
    )


def _whole(form: Form, name: str, least: int, default: int | None = None) -> int:
    value: Any = form.fields.get(name)
    if value in (None, "") and default is not None:
        return default
    try:
        number = int(str(value))
    except ValueError:
        number = least - 1
    if number < least or number > 2**31 - 1:
        raise BadRequestBodyError(
            f"{name} is {str(value)[:40]!r}.", remedy=f"Send a whole number from {least} on, as {name}: 50."
        )
    return number


@router.post(
    "/coverage/audits",
    status_code=201,
    summary="Draw a recall audit",
    responses={200: {"model": AuditOut, "description": "The same draw is stored already."}},
    openapi_extra=multipart_body({}, _DRAW, required=["count"], json=True),
)
def post_audit(request: Request, response: Response, form: Body, services: Kancha) -> AuditOut:
    """Draw cells that were seen in time and hold no finding, for people to look at."""
    form.only(set(_DRAW))
    day = form.text("as_of")
    as_of = None if day is None else parse_day(parse_date(day))
    state, new = audits.draw(services, _whole(form, "count", 1), _whole(form, "seed", 0, 1), as_of)
    response.status_code = 201 if new else 200
    return _audit_out(request, state)


@router.get("/coverage/audits", summary="List recall audits", dependencies=[Depends(only_query("limit", "cursor"))])
def get_audits(request: Request, services: Kancha, page: Pages) -> AuditList:
    """Audits, the latest first."""
    found = audits.list_audits(services, page.limit, page.after_key)
    return AuditList(
        audits=[_audit_out(request, state) for state in found.items],
        numberMatched=found.matched,
        numberReturned=len(found.items),
        links=page_links(request, found.next_key),
    )


@router.get("/coverage/audits/{audit_id}", summary="One recall audit", dependencies=[Depends(only_query())])
def get_audit(request: Request, audit_id: str, services: Kancha) -> AuditOut:
    """Its cells, what was said of them, and the miss rate with its interval."""
    return _audit_out(request, audits.get(services, audit_id))


@router.post(
    "/coverage/audits/{audit_id}/answers",
    status_code=201,
    summary="Say what a cell holds",
    openapi_extra=multipart_body({}, _SAID, required=["cell", "missed"], json=True),
)
def post_answer(request: Request, audit_id: str, form: Body, services: Kancha) -> AuditOut:
    """Whether a cell holds a structure that nobody reported; the latest answer counts, the others stay."""
    form.only(set(_SAID))
    value: Any = form.fields.get("missed")
    missed = value if isinstance(value, bool) else _WORDS.get(str(value).lower())
    if missed is None:
        raise BadRequestBodyError(f"missed is {str(value)[:40]!r}.", remedy="Send missed: true or false.")
    told = AuditAnswer(
        str(form.fields.get("cell") or ""), missed, form.text("judged_by") or "", form.text("note"), datetime.now(UTC)
    )
    return _audit_out(request, audits.answer(services, audit_id, told))
