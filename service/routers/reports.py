"""Routes of reports: what the duty desk, patrols and other systems tell, singly or by the file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse

from service.cases.leads.intake import Said
from service.cases.leads.table import COLUMNS
from service.cases.leads.values import STAGES, Report
from service.dependencies import Body, Kancha, Pages, base_url, only_query, page_links
from service.errors import BadRequestBodyError, NotFoundError
from service.http_guard import address_of
from service.routers.bodies import multipart_body
from service.schemas.common import Link
from service.schemas.reports import (
    FileResultOut,
    PlacingOut,
    ReporterOut,
    ReportKeptOut,
    ReportListOut,
    ReportOneOut,
    ReportOut,
)
from service.uploads import Form
from service.usecases import reports as usecase
from service.usecases.report_file import FileFacts, file_values, take_file

router = APIRouter(tags=["leads"])
_TEXTS = {
    "source": "patrol, hotline, camera, drone or bureau.",
    "number": "The source's own number: the same one is stored once.",
    "origin": "Which one of that kind, as the name of a bureau.",
    "seen_at": "When it was seen; else now.",
    "geometry": "Where: a GeoJSON point or polygon.",
    "lon": "Longitude, in place of a geometry.",
    "lat": "Latitude.",
    "accuracy_m": "How far off the place may be, m; else as is usual for the source.",
    "coordinates": "GCJ-02 or BD-09 where the place is a web map's; it is turned back.",
    "address": "Address, where no place is told.",
    "parcel_id": "Number of the parcel, likewise.",
    "text": "What was seen.",
    "category": "What kind of thing.",
    "stage": f"{', '.join(STAGES)}.",
    "anonymous": "true: nothing of who told it is kept.",
    "reporter_name": "Who told it; kept sealed.",
    "reporter_telephone": "Their number; kept sealed.",
    "secrecy": "public, internal or secret; else internal.",
}
_PLACE = {name: _TEXTS[name] for name in ("geometry", "lon", "lat", "accuracy_m", "coordinates", "address",
                                          "parcel_id")}  # fmt: skip
_PHOTOS = {f"photo{number}": "A photograph." for number in range(1, 13)}
_FILE = {
    "source": "Source of the rows that name none.",
    "origin": "Which one of that kind.",
    "map": f"Columns by wanted name, a JSON object; wanted: {', '.join(COLUMNS)}.",
    "encoding": "Encoding of a CSV that is found wrongly.",
    "coordinates": _TEXTS["coordinates"],
    "accuracy_m": _TEXTS["accuracy_m"],
    "anonymous": "true: nothing of who told any row is kept.",
    "secrecy": _TEXTS["secrecy"],
}
_WORDS = {"true": True, "on": True, "1": True, "false": False, "": False, "0": False}


def _truth(form: Form, name: str) -> bool:
    value: Any = form.fields.get(name)
    if isinstance(value, bool):
        return value
    if value is not None and str(value).lower() not in _WORDS:
        raise BadRequestBodyError(f"The field {name} must be true or false.", remedy="Send true or false.")
    return value is not None and _WORDS[str(value).lower()]


def _number(form: Form, name: str) -> float | None:
    value: Any = form.fields.get(name)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except (TypeError, ValueError) as error:
        raise BadRequestBodyError(f"The field {name} must be a number.", remedy="Send a number.") from error


def _geometry(form: Form) -> dict[str, Any] | None:
    lon, lat = _number(form, "lon"), _number(form, "lat")
    if (lon is None) != (lat is None):
        raise BadRequestBodyError("Of lon and lat only one is told.", remedy="Send both, or a geometry.")
    return form.mapping("geometry") or (None if lon is None else {"type": "Point", "coordinates": [lon, lat]})


def _said(form: Form) -> Said:
    told = {name: form.text(f"reporter_{name}") for name in ("name", "telephone")}
    return Said(
        source=form.text("source") or "",
        number=form.text("number"),
        seen_at=form.moment("seen_at"),
        geometry=_geometry(form),
        accuracy_m=_number(form, "accuracy_m"),
        system=form.text("coordinates"),
        stage=form.text("stage"),
        anonymous=_truth(form, "anonymous"),
        reporter={name: value for name, value in told.items() if value},
        secrecy=form.text("secrecy"),
        origin=form.text("origin") or "",
        address=form.text("address") or "",
        parcel_id=form.text("parcel_id") or "",
        text=form.text("text") or "",
        category=form.text("category") or "",
    )


def _links(request: Request, report: Report, lead_id: str | None) -> list[Link]:
    links = [Link(href=f"{base_url(request)}/reports/{report.id}", rel="self", type="application/json")]
    if lead_id is not None:
        links.append(Link(href=f"{base_url(request)}/leads/{lead_id}", rel="related", type="application/json"))
    return links


def _lead_of(services: Kancha, report: Report) -> str | None:
    """Its lead, where the caller may see that."""
    if report.lead_id is None:
        return None
    try:
        return services.store.leads.get(report.lead_id).id
    except NotFoundError:
        return None


@router.post(
    "/reports",
    status_code=201,
    summary="Tell of something that deserves a look",
    responses={200: {"model": ReportKeptOut, "description": "Its number was known: nothing was stored."}},
    openapi_extra=multipart_body(_PHOTOS, _TEXTS, required=["source"], json=True),
)
def post_report(request: Request, response: Response, form: Body, services: Kancha) -> ReportKeptOut:
    """Keep what a source tells, once per number, and merge it into the lead that it is about."""
    form.only({*_TEXTS, *_PHOTOS})
    kept = usecase.take_report(services, _said(form), list(form.files.values()))
    response.status_code = 201 if kept.new else 200
    response.headers["Location"] = f"{base_url(request)}/reports/{kept.report.id}"
    lead_id = _lead_of(services, kept.report)
    return ReportKeptOut(
        new=kept.new,
        differs=list(kept.differs),
        report=ReportOut.of(kept.report, lead_id),
        links=_links(request, kept.report, lead_id),
    )


@router.post(
    "/reports/file",
    summary="Tell by the file",
    openapi_extra=multipart_body({"file": "CSV or XLSX."}, _FILE, required=["file", "source"]),
)
def post_report_file(form: Body, services: Kancha) -> FileResultOut:
    """Keep the good rows of a table and tell the others with number and reason; the same file twice adds nothing."""
    form.only({"file", *_FILE})
    if "file" not in form.files:
        raise BadRequestBodyError("The file is missing.", remedy="Send it as the part `file`.")
    usual = Said(
        source=form.text("source") or "",
        origin=form.text("origin") or "",
        system=form.text("coordinates"),
        accuracy_m=_number(form, "accuracy_m"),
        anonymous=_truth(form, "anonymous"),
        secrecy=form.text("secrecy"),
    )
    mapping = {name: str(column) for name, column in form.mapping("map").items()}
    unknown = sorted(set(mapping) - set(COLUMNS))
    if unknown:
        raise BadRequestBodyError(f"Nobody wants {unknown[0][:40]!r}.", remedy=f"Wanted: {', '.join(COLUMNS)}.")
    told = take_file(services, form.files["file"], FileFacts(usual, mapping, form.text("encoding")))
    return FileResultOut.model_validate(file_values(told))


@router.get("/reports", summary="Reports", dependencies=[Depends(only_query("limit", "cursor", "unplaced"))])
def get_reports(
    request: Request,
    services: Kancha,
    page: Pages,
    unplaced: Annotated[bool, Query(description="Those alone that wait for a place.")] = False,
) -> ReportListOut:
    """Reports, the latest first."""
    found = usecase.list_reports(services, page.limit, page.after_key, unplaced=unplaced)
    return ReportListOut(
        reports=[ReportOut.of(one, _lead_of(services, one)) for one in found.items],
        numberMatched=found.matched,
        numberReturned=len(found.items),
        links=page_links(request, found.next_key),
    )


@router.get("/reports/{report_id}", summary="One report", dependencies=[Depends(only_query())])
def get_report(request: Request, report_id: str, services: Kancha) -> ReportOneOut:
    """A report as it came, and how its place came to be known."""
    found = usecase.get_report(services, report_id)
    lead_id = _lead_of(services, found)
    places = [
        PlacingOut(
            geometry=dict(one.spot.geometry or {}),
            accuracy_m=one.spot.accuracy_m,
            found_by=one.spot.found_by,
            reason=one.reason,
            at=one.at,
            by=one.by,
        )
        for one in services.store.leads.places(report_id)
    ]
    return ReportOneOut(report=ReportOut.of(found, lead_id), places=places, links=_links(request, found, lead_id))


@router.post(
    "/reports/{report_id}/place",
    summary="Say where a report lies",
    openapi_extra=multipart_body({}, _PLACE | {"reason": "Why there; it is kept."}, required=["reason"], json=True),
)
def post_report_place(request: Request, report_id: str, form: Body, services: Kancha) -> ReportKeptOut:
    """Give a report that waits its place, by hand or by a parcel on file."""
    form.only({*_PLACE, "reason"})
    found = usecase.place_report(services, report_id, _said(form), form.text("reason") or "")
    lead_id = _lead_of(services, found)
    return ReportKeptOut(
        new=False, differs=[], report=ReportOut.of(found, lead_id), links=_links(request, found, lead_id)
    )


_MEDIA = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@router.get(
    "/reports/{report_id}/photos/{sha256}",
    summary="A photograph of a report",
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in _MEDIA.values()}, "description": "The file as it came."}},
    dependencies=[Depends(only_query())],
)
def get_report_photo(report_id: str, sha256: str, services: Kancha) -> Response:
    """The photograph as it came."""
    photo = usecase.photo_of(services, report_id, sha256)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"}
    return FileResponse(services.blobs.path(photo.sha256), media_type=_MEDIA[photo.format], headers=headers)


@router.get("/reports/{report_id}/reporter", summary="Who told it", dependencies=[Depends(only_query("purpose"))])
def get_reporter(
    request: Request,
    response: Response,
    report_id: str,
    services: Kancha,
    purpose: Annotated[str, Query(min_length=4, max_length=300, description="What for, in words; it is recorded.")],
) -> ReporterOut:
    """Name and telephone of who told a report; every look is recorded."""
    response.headers["Cache-Control"] = "no-store"
    return ReporterOut.model_validate(usecase.read_reporter(services, report_id, purpose, address_of(request.scope)))


@router.delete(
    "/reports/{report_id}/reporter",
    status_code=204,
    summary="Erase who told it",
    dependencies=[Depends(only_query("reason"))],
)
def delete_reporter(
    request: Request,
    report_id: str,
    services: Kancha,
    reason: Annotated[str, Query(min_length=4, max_length=300, description="Why, in words; it is recorded.")],
) -> Response:
    """What they told stays, they do not."""
    usecase.erase_reporter(services, report_id, reason, address_of(request.scope))
    return Response(status_code=204)
