"""Routes of findings."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from service.dependencies import GEOJSON, Kancha, base_url, etag_of, unchanged
from service.routers.answers import feature
from service.schemas.common import Link
from service.usecases import findings as usecase

router = APIRouter(tags=["findings"])


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
