"""Routes of the files of a case: photographs from the field, recordings, papers."""

from __future__ import annotations

import math
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from geodata.io.dates import parse_or_none
from service.dependencies import Body, Kancha, base_url, only_query
from service.errors import BadRequestBodyError
from service.http_guard import address_of
from service.routers.bodies import multipart_body
from service.routers.sending import sent_file
from service.schemas.case_files import CaseFileOut, CaseFilesOut
from service.schemas.common import Link
from service.store.case_base import CaseFile
from service.uploads import Form
from service.usecases import case_files as usecase
from service.usecases.case_evidence import seal_evidence

router = APIRouter(tags=["cases"])
_TEXTS = {
    "kind": f"{', '.join(usecase.KINDS)}; else photo.",
    "taken_at": "When it was taken, with a zone.",
    "lon": "Longitude of who took it, degrees.",
    "lat": "Latitude of who took it, degrees.",
    "accuracy_m": "Error of that, m.",
    "bearing_deg": "Where the camera looked, degrees clockwise from north.",
    "from_camera": "true where it comes straight from the camera of this device.",
    "phone_clock": "What the clock of the device shows when it sends this.",
    "proves": "Number of the event whose outcome it shall show.",
    "note": "In words.",
    "key": "A word of the sender's own: what is sent twice with the same one is stored once.",
}


def _out(request: Request, file: CaseFile) -> CaseFileOut:
    here = f"{base_url(request)}/cases/{file.case_id}/files/{file.id}"
    return CaseFileOut.of(file, [Link(href=here, rel="self", type=file.media)])


def _number(form: Form, name: str) -> float | None:
    text = form.fields.get(name)
    if text in (None, ""):
        return None
    try:
        value = float(str(text))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadRequestBodyError(
            f"The field {name} is no number: {str(text)[:40]!r}.", remedy="Send degrees or metres."
        )
    return value


def _moment(form: Form, name: str) -> Any:
    text = form.text(name)
    moment = None if text is None else parse_or_none(text)
    if text is not None and moment is None:
        raise BadRequestBodyError(
            f"The field {name} is no time: {text[:40]!r}.", remedy="Send 2025-04-12T10:30:00+08:00."
        )
    return moment


def _position(form: Form) -> tuple[float, float, float | None] | None:
    lon, lat = _number(form, "lon"), _number(form, "lat")
    if lon is None or lat is None:
        return None
    if abs(lon) > 180 or abs(lat) > 90:
        raise BadRequestBodyError(f"{lon:g}, {lat:g} is no place in degrees.", remedy="Send lon and lat in degrees.")
    return lon, lat, _number(form, "accuracy_m")


def _told(form: Form) -> usecase.FileTold:
    proves = _number(form, "proves")
    return usecase.FileTold(
        kind=form.text("kind") or usecase.PHOTO,
        taken_at=_moment(form, "taken_at"),
        position=_position(form),
        bearing_deg=_number(form, "bearing_deg"),
        from_camera=str(form.fields.get("from_camera", "")).lower() == "true",
        phone_clock=_moment(form, "phone_clock"),
        proves=None if proves is None else int(proves),
        note=form.text("note") or "",
        key=form.text("key") or "",
    )


@router.post(
    "/cases/{case_id}/files",
    status_code=201,
    summary="Add a photograph or another file",
    responses={200: {"model": CaseFileOut, "description": "It is there already under this key."}},
    openapi_extra=multipart_body({"file": "The file as it came from the camera."}, _TEXTS, required=["file"]),
)
def post_case_file(request: Request, response: Response, case_id: str, form: Body, services: Kancha) -> CaseFileOut:
    """Keep a file with what speaks against it; the same photograph out of another case is refused."""
    services.store.cases.get(case_id)
    form.only({*_TEXTS, "file"})
    upload = form.files.get("file")
    if upload is None:
        raise BadRequestBodyError("There is no file.", remedy="Send it as the part `file`.")
    file, new = usecase.add_file(services, case_id, upload, _told(form))
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"{base_url(request)}/cases/{case_id}/files/{file.id}"
    return _out(request, file)


@router.post(
    "/cases/{case_id}/evidence",
    summary="The evidence package",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "One sealed ZIP."}},
    dependencies=[Depends(only_query())],
)
def post_case_evidence(request: Request, case_id: str, services: Kancha) -> FileResponse:
    """Everything that the case rests on, sealed and signed; that it was made stands in the case."""
    address = address_of(request.scope)
    name = f"{services.store.cases.get(case_id).serial}-evidence.zip"
    return sent_file(services, name, "application/zip", lambda path: seal_evidence(services, case_id, path, address))


@router.get("/cases/{case_id}/files", summary="The files of a case", dependencies=[Depends(only_query())])
def get_case_files(request: Request, case_id: str, services: Kancha) -> CaseFilesOut:
    """What is kept, in the order of its coming, with its doubts."""
    found = [_out(request, one) for one in services.store.cases.files(case_id)]
    return CaseFilesOut(files=found, links=[Link(href=f"{base_url(request)}{request.url.path}", rel="self")])


@router.get(
    "/cases/{case_id}/files/{file_id}",
    summary="A file of a case",
    response_class=FileResponse,
    dependencies=[Depends(only_query())],
)
def get_case_file(case_id: str, file_id: str, services: Kancha) -> Response:
    """The file as it came."""
    file, path = usecase.get_file(services, case_id, file_id)
    # what came from outside is never shown as a page of ours
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox", "ETag": f'"{file.sha256}"'}
    return FileResponse(path, media_type=file.media, filename=file.name, headers=headers)


@router.get(
    "/cases/{case_id}/files/{file_id}/small.jpg",
    summary="A photograph made small",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "JPEG, upright, without EXIF."}},
    dependencies=[Depends(only_query())],
)
def get_case_file_small(request: Request, case_id: str, file_id: str, services: Kancha) -> Response:
    """What a page shows of a photograph; evidence is the file itself."""
    file, picture = usecase.small_picture(services, case_id, file_id)
    headers = {"ETag": f'"small-{file.sha256}"', "Cache-Control": "private, max-age=86400"}
    return Response(picture, media_type="image/jpeg", headers=headers)
