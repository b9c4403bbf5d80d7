"""Routes of OGC API Features, core."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from service.dependencies import (
    GEOJSON,
    Kancha,
    Pages,
    base_url,
    only_query,
    page_links,
    parse_bbox,
    parse_interval,
)
from service.errors import BadQueryError
from service.routers.geojson import feature, feature_collection
from service.schemas.collections import Collection, Collections, Conformance, Landing
from service.schemas.common import Link
from service.store.records import FeatureQuery
from service.usecases import collections as usecase

router = APIRouter(tags=["features"])
OPENAPI_JSON = "application/vnd.oai.openapi+json;version=3.1"
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
_CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
_FIXED = ("bbox", "limit", "cursor", "datetime")


def _link(request: Request, path: str, rel: str, kind: str = "application/json", title: str | None = None) -> Link:
    return Link(href=f"{base_url(request)}{path}", rel=rel, type=kind, title=title)


@router.get("/", summary="Landing page", dependencies=[Depends(only_query())])
def get_landing(request: Request) -> Landing:
    """Where everything is."""
    return Landing(
        title="Kancha 勘查",
        description="Suspected new structures from two dates of imagery and the cadastre.",
        links=[
            _link(request, "/", "self", title="This page"),
            _link(request, "/api", "service-desc", OPENAPI_JSON, "The API as OpenAPI"),
            _link(request, "/api.html", "service-doc", "text/html", "The API for people"),
            _link(request, "/conformance", "conformance", title="Conformance classes"),
            _link(request, "/collections", "data", title="Collections"),
            _link(request, "/scenes", "related", title="Scenes"),
            _link(request, "/layers", "related", title="Layers"),
            _link(request, "/scans", "related", title="Scans"),
            _link(request, "/jobs", "related", title="Jobs"),
            _link(request, "/map", "alternate", "text/html", "Map page 地图"),
        ],
    )


@router.get("/conformance", summary="Conformance classes", dependencies=[Depends(only_query())])
def get_conformance() -> Conformance:
    """What of OGC API Features is kept."""
    return Conformance(conformsTo=[f"{_CORE}/core", f"{_CORE}/geojson"])


def _collection(request: Request, info: usecase.CollectionInfo) -> Collection:
    path = f"/collections/{info.id}"
    extent = {}
    if info.bbox is not None:
        extent["spatial"] = {"bbox": [list(info.bbox)], "crs": CRS84_URI}
    if info.interval is not None:
        extent["temporal"] = {"interval": [list(info.interval)], "trs": _GREGORIAN}
    return Collection(
        id=info.id,
        title=info.title,
        description=info.description,
        extent=extent or None,
        crs=[CRS84_URI],
        links=[
            _link(request, path, "self"),
            _link(request, f"{path}/items", "items", GEOJSON, info.title),
        ],
    )


@router.get(
    "/collections",
    summary="Collections",
    response_model_exclude_none=True,
    dependencies=[Depends(only_query())],
)
def get_collections(request: Request, services: Kancha) -> Collections:
    """The findings of all scans, and the newest layer of each kind."""
    return Collections(
        collections=[_collection(request, info) for info in usecase.list_collections(services)],
        links=[_link(request, "/collections", "self")],
    )


@router.get(
    "/collections/{collection_id}",
    summary="One collection",
    response_model_exclude_none=True,
    dependencies=[Depends(only_query())],
)
def get_collection(request: Request, collection_id: str, services: Kancha) -> Collection:
    """One collection with its extent."""
    return _collection(request, usecase.get_collection(services, collection_id))


def _filters(request: Request, collection_id: str) -> dict[str, str]:
    known = usecase.filters_of(collection_id)
    extra = ("min_confidence", "sortby") if collection_id == usecase.FINDINGS else ()
    for name in request.query_params:
        if name not in (*_FIXED, *known, *extra):
            raise BadQueryError(
                f"There is no query parameter {name[:80]!r}.",
                remedy=f"Known: {', '.join((*_FIXED, *known, *extra))}.",
            )
    return {name: request.query_params[name] for name in known if name in request.query_params}


@router.get(
    "/collections/{collection_id}/items",
    summary="Features of a collection",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}, "description": "GeoJSON FeatureCollection."}},
)
def get_items(
    request: Request,
    collection_id: str,
    services: Kancha,
    page: Pages,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees.")] = None,
    datetime: Annotated[str | None, Query(description="A time, or start/end where either may be `..`.")] = None,
    status: Annotated[str | None, Query(description="Findings: by status.")] = None,
    change: Annotated[str | None, Query(description="Findings: by change.")] = None,
    min_confidence: Annotated[float | None, Query(ge=0, le=1, description="Findings: least confidence.")] = None,
    sortby: Annotated[str | None, Query(description="Findings: `priority`, or `-priority`: highest first.")] = None,
) -> Response:
    """A page of features; further properties of a collection may be asked for by value."""
    usecase.get_collection(services, collection_id)
    query = FeatureQuery(
        boxes=parse_bbox(bbox),
        limit=page.limit,
        after_key=page.after_key,
        equals=_filters(request, collection_id),
        min_confidence=min_confidence,
        interval=parse_interval(datetime),
        sortby=usecase.sort_key(sortby),
    )
    found = usecase.items(services, collection_id, query)
    links = [
        *page_links(request, found.next_key, GEOJSON),
        _link(request, f"/collections/{collection_id}", "collection"),
        _link(request, "/map", "alternate", "text/html"),
    ]
    return Response(feature_collection(found, links, stamped=True), media_type=GEOJSON)


@router.get(
    "/collections/{collection_id}/items/{fid}",
    summary="One feature",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}, "description": "GeoJSON Feature."}},
    dependencies=[Depends(only_query())],
)
def get_item(request: Request, collection_id: str, fid: str, services: Kancha) -> Response:
    """One feature of a collection."""
    text = usecase.item(services, collection_id, fid)
    path = f"/collections/{collection_id}"
    links = [
        _link(request, f"{path}/items/{quote(fid, safe='')}", "self", GEOJSON),
        _link(request, path, "collection"),
    ]
    return Response(feature(text, links), media_type=GEOJSON)
