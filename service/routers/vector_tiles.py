"""Routes of vector tiles."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as PathPart

from geodata.types import LAYER_KINDS
from service.dependencies import Kancha, base_url, etag_of, only_query, unchanged
from service.render.archives import DEEPEST
from service.render.schemes import MAX_ZOOM
from service.usecases import collections, vector_tiles
from service.usecases.tile_jobs import order_archive

router = APIRouter(tags=["tiles"])
MVT = "application/vnd.mapbox-vector-tile"
_Level = Annotated[int, PathPart(ge=0, le=MAX_ZOOM, description="Level.")]
_Number = Annotated[int, PathPart(ge=0, description="Column or row.")]


@router.get(
    "/collections/{collection_id}/tiles/{scheme}/{z}/{x}/{y}.mvt",
    summary="A vector tile",
    response_class=Response,
    responses={
        200: {"content": {MVT: {}}, "description": "The tile."},
        204: {"description": "Nothing shows there."},
        304: {"description": "Nothing has changed since the client asked before."},
    },
    dependencies=[Depends(only_query())],
)
def get_tile(
    request: Request, collection_id: str, scheme: str, z: _Level, x: _Number, y: _Number, services: Kancha
) -> Response:
    """A tile of a collection, `WebMercatorQuad` or `CGCS2000Quad` (Tianditu's scheme in EPSG:4490)."""
    place = vector_tiles.place_of(scheme, z, x, y)
    etag = etag_of(request, collections.state(services, collection_id))
    if (same := unchanged(request, etag)) is not None:
        return same
    content, zipped = vector_tiles.tile(services, collection_id, place)
    if content and not zipped and collection_id in LAYER_KINDS:
        order_archive(services, collections.newest(services, collection_id))
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if not content:
        return Response(status_code=204, headers=headers)
    if zipped and "gzip" not in request.headers.get("accept-encoding", ""):
        import gzip

        content, zipped = gzip.decompress(content), False
    if zipped:
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(content, media_type=MVT, headers=headers)


@router.get(
    "/collections/{collection_id}/tiles/{scheme}/tilejson.json",
    summary="Where the vector tiles of a collection are",
    dependencies=[Depends(only_query())],
)
def get_tilejson(request: Request, collection_id: str, scheme: str, services: Kancha) -> dict[str, Any]:
    """TileJSON 3.0."""
    vector_tiles.scheme_of(scheme)
    info = collections.get_collection(services, collection_id)
    known = collections.properties_of(services, collection_id)
    path = f"{base_url(request)}/collections/{collection_id}/tiles/{scheme}"
    fields = {"id": "String"} | {name: told.kind.capitalize() for name, told in known.items()}
    return {
        "tilejson": "3.0.0",
        "name": info.title,
        "description": info.description,
        "scheme": "xyz",
        "tiles": [f"{path}/{{z}}/{{x}}/{{y}}.mvt"],
        "minzoom": vector_tiles.first_level(collection_id),
        "maxzoom": DEEPEST,
        "bounds": list(info.bbox or (-180.0, -90.0, 180.0, 90.0)),
        "vector_layers": [{"id": collection_id, "fields": fields}],
    }
