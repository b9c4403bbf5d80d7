"""Routes of findings."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse

from service.dependencies import GEOJSON, Kancha, base_url, etag_of, only_query, unchanged
from service.routers.answers import feature
from service.routers.sending import sent_file
from service.schemas.common import Link
from service.usecases import findings as usecase
from service.usecases.dossiers import write_dossier

router = APIRouter(tags=["findings"])
_PDF = "application/pdf"


@router.get(
    "/findings/{finding_id}",
    summary="One finding",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}, "description": "GeoJSON Feature."}},
)
def get_finding(request: Request, finding_id: str, services: Kancha) -> Response:
    """One finding as GeoJSON."""
    text = usecase.get_finding(services, finding_id)
    etag = etag_of(request, text)
    if (same := unchanged(request, etag)) is not None:
        return same
    here = f"{base_url(request)}{request.url.path}"
    content = feature(text, [Link(href=here, rel="self", type=GEOJSON)])
    return Response(content, media_type=GEOJSON, headers={"ETag": etag, "Cache-Control": "no-cache"})


@router.get(
    "/findings/{finding_id}/dossier.pdf",
    summary="The dossier of a finding",
    response_class=FileResponse,
    responses={200: {"content": {_PDF: {}}, "description": "Pages to print."}},
    dependencies=[Depends(only_query("language"))],
)
def get_dossier(
    services: Kancha,
    finding_id: str,
    language: Annotated[Literal["zh", "en"], Query(description="Of its words.")] = "zh",
) -> FileResponse:
    """Both dates, its surroundings, measures with errors, reasons, history and sources: a lead, never a verdict."""
    return sent_file(services, "dossier.pdf", _PDF, lambda path: write_dossier(services, finding_id, path, language))
