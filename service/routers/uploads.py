"""Routes of resumable uploads: tus 1.0.0, https://tus.io/protocols/resumable-upload."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from service.dependencies import Kancha, base_url, only_query
from service.resumable.headers import (
    ALGORITHMS,
    CHUNK_TYPE,
    EXTENSIONS,
    VERSION,
    check_version,
    parse_chunk,
    parse_creation,
)
from service.schemas.common import Link
from service.schemas.uploads import UploadOut
from service.usecases import uploads as usecase

router = APIRouter(tags=["uploads"])
_BYTES = {"requestBody": {"content": {CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}}}}


def _spoken(request: Request) -> None:
    check_version(request.headers)


Spoken = Annotated[None, Depends(_spoken)]


def upload_out(request: Request, found: usecase.UploadState) -> UploadOut:
    """An upload with its links."""
    info, base, result = found.info, base_url(request), found.info.result
    links = [Link(href=f"{base}/uploads/{info.id}", rel="self", type="application/json")]
    if found.job is not None:
        links.append(Link(href=f"{base}/jobs/{found.job.id}", rel="monitor", type="application/json"))
    if "scene_id" in result:
        links.append(Link(href=f"{base}/scenes/{result['scene_id']}", rel="related", type="application/json"))
    if "layer_id" in result:
        href = f"{base}/layers/{result['layer_kind']}/{result['layer_id']}"
        links.append(Link(href=href, rel="related", type="application/json"))
    return UploadOut(
        id=info.id,
        state=found.state,
        offset=found.offset,
        length=info.length,
        metadata=dict(info.metadata),
        awaited_sidecars=found.awaited,
        created=info.created_at,
        expires=info.expires_at,
        progress=None if found.job is None else found.job.progress,
        message=None if found.job is None else found.job.message,
        job_id=info.job_id,
        scene_id=result.get("scene_id"),
        layer_kind=result.get("layer_kind"),
        layer_id=result.get("layer_id"),
        new=bool(result["new"]) if "new" in result else None,
        problem=None if found.problem is None else dict(found.problem),
        links=links,
    )


def _headers(found: usecase.UploadState) -> dict[str, str]:
    info = found.info
    told = {"Cache-Control": "no-store", "Upload-Expires": _http_date(info.expires_at)}
    if found.offset is not None:
        told["Upload-Offset"] = str(found.offset)
    if info.length is not None:
        told["Upload-Length"] = str(info.length)
    else:
        told["Upload-Defer-Length"] = "1"
    if info.metadata_header:
        told["Upload-Metadata"] = info.metadata_header
    if info.concat:
        told["Upload-Concat"] = info.concat
    if "scene_id" in info.result:
        told["Kancha-Scene"] = info.result["scene_id"]
    return told


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@router.options("/uploads", status_code=204, summary="What the upload protocol can do here")
@router.options("/uploads/{upload_id}", status_code=204, summary="The same", include_in_schema=False)
def options_uploads(services: Kancha) -> Response:
    """Version, extensions, checksums and the largest size (tus core)."""
    told = {
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        "Tus-Max-Size": str(services.settings.uploads.max_bytes),
    }
    return Response(status_code=204, headers=told)


@router.post("/uploads", status_code=201, summary="Begin an upload", response_class=Response, openapi_extra=_BYTES)
async def post_upload(request: Request, services: Kancha, spoken: Spoken) -> Response:
    """Create an upload, with its first bytes or without (tus creation, creation-with-upload, concatenation).

    `Upload-Metadata`: `filename`, `kind` (`scene` or a kind of layer), `sha256` of the whole, `acquired_at`, `crs`,
    `attributes`, `sidecars` (names parted by `/`), `sidecar_of`. `Kancha-Scene` names a scene that is stored already.
    """
    wanted = parse_creation(request.headers, services.settings.uploads.max_bytes)
    found = await usecase.create(services, services.caller.id, wanted)
    if wanted.chunk is not None and not found.info.result:
        body = request.stream()
        await usecase.append_first_chunk(services, services.caller.id, found.info.id, wanted.chunk, body)
        found = await usecase.state_of(services, services.caller.id, found.info.id)
    told = _headers(found)
    if wanted.chunk is None and not found.info.result:
        told.pop("Upload-Offset", None)
    return Response(status_code=201, headers={**told, "Location": f"{base_url(request)}/uploads/{found.info.id}"})


@router.head("/uploads/{upload_id}", summary="Where an upload stands", response_class=Response)
async def head_upload(upload_id: str, services: Kancha, spoken: Spoken) -> Response:
    """So many bytes are safely on disk (tus core)."""
    return Response(headers=_headers(await usecase.state_of(services, services.caller.id, upload_id)))


@router.get("/uploads/{upload_id}", summary="What becomes of an upload", dependencies=[Depends(only_query())])
async def get_upload(request: Request, response: Response, upload_id: str, services: Kancha) -> UploadOut:
    """State, offset, job, the stored scene or layer, or why it was refused."""
    response.headers["Cache-Control"] = "no-store"
    return upload_out(request, await usecase.state_of(services, services.caller.id, upload_id))


@router.patch(
    "/uploads/{upload_id}", status_code=204, summary="Send bytes", response_class=Response, openapi_extra=_BYTES
)
async def patch_upload(request: Request, upload_id: str, services: Kancha, spoken: Spoken) -> Response:
    """Put bytes behind those that are here (tus core, checksum, expiration); answered when they are on disk."""
    chunk = parse_chunk(request.headers)
    offset, expires_at = await usecase.append_chunk(services, services.caller.id, upload_id, chunk, request.stream())
    return Response(status_code=204, headers={"Upload-Offset": str(offset), "Upload-Expires": _http_date(expires_at)})


@router.delete("/uploads/{upload_id}", status_code=204, summary="Remove an upload", response_class=Response)
def delete_upload(upload_id: str, services: Kancha, spoken: Spoken) -> Response:
    """Remove an upload and stop its job (tus termination); a stored scene stays."""
    usecase.delete_upload(services, services.caller.id, upload_id)
    return Response(status_code=204)
