"""Routes of the catalogue: STAC API core, collections, features and item search."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from service.dependencies import (
    GEOJSON,
    Body,
    Kancha,
    base_url,
    only_query,
    parse_bbox,
    parse_interval,
)
from service.errors import BadQueryError, BadRequestBodyError
from service.services import Services
from service.uploads import parse_json
from service.usecases import stac as usecase
from service.usecases.stac import ItemSearch

router = APIRouter(prefix="/stac", tags=["catalogue"])
_SEARCH = ("bbox", "intersects", "datetime", "ids", "collections", "limit", "token")
_ITEMS: dict[int | str, Any] = {200: {"content": {GEOJSON: {}}, "description": "GeoJSON FeatureCollection of items."}}
_JSON_SEARCH = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "properties": {name: {} for name in _SEARCH}}}},
    }
}
Text = Annotated[str | None, Query()]


@router.get("", summary="The catalogue of scenes", dependencies=[Depends(only_query())])
def get_catalogue(request: Request) -> dict[str, Any]:
    """Landing page of a STAC API."""
    return usecase.landing(base_url(request))


@router.get("/conformance", summary="What the catalogue conforms to", dependencies=[Depends(only_query())])
def get_stac_conformance() -> dict[str, Any]:
    """Conformance classes."""
    return {"conformsTo": list(usecase.CONFORMANCE)}


@router.get("/collections", summary="Collections of the catalogue", dependencies=[Depends(only_query())])
def get_stac_collections(request: Request) -> dict[str, Any]:
    """There is one: scenes."""
    here = f"{base_url(request)}/stac"
    links = [
        {"rel": "self", "href": f"{here}/collections", "type": "application/json"},
        {"rel": "root", "href": here, "type": "application/json"},
    ]
    return {"collections": [usecase.collection(base_url(request))], "links": links}


@router.get("/collections/{collection_id}", summary="One collection", dependencies=[Depends(only_query())])
def get_stac_collection(request: Request, collection_id: str) -> dict[str, Any]:
    """The collection of the scenes."""
    return usecase.collection(base_url(request), collection_id)


@router.get(
    "/collections/{collection_id}/items",
    summary="Scenes as items",
    response_class=Response,
    responses=_ITEMS,
    dependencies=[Depends(only_query(*_SEARCH))],
)
def get_stac_items(
    request: Request,
    collection_id: str,
    services: Kancha,
    bbox: Text = None,
    intersects: Text = None,
    datetime: Text = None,
    ids: Text = None,
    collections: Text = None,
    limit: Text = None,
    token: Text = None,
) -> Response:
    """Items of the collection, the latest stored first."""
    usecase.collection(base_url(request), collection_id)
    return _answer(request, services, dict(request.query_params))


@router.get(
    "/collections/{collection_id}/items/{scene_id}",
    summary="A scene as an item",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}, "description": "The item."}},
    dependencies=[Depends(only_query())],
)
def get_stac_item(request: Request, collection_id: str, scene_id: str, services: Kancha) -> Response:
    """One item."""
    usecase.collection(base_url(request), collection_id)
    return Response(orjson.dumps(usecase.item_of(services, scene_id, base_url(request))), media_type=GEOJSON)


@router.get(
    "/search",
    summary="Search scenes",
    response_class=Response,
    responses=_ITEMS,
    dependencies=[Depends(only_query(*_SEARCH))],
)
def get_stac_search(
    request: Request,
    services: Kancha,
    bbox: Text = None,
    intersects: Text = None,
    datetime: Text = None,
    ids: Text = None,
    collections: Text = None,
    limit: Text = None,
    token: Text = None,
) -> Response:
    """Item search with query parameters."""
    return _answer(request, services, dict(request.query_params))


@router.post(
    "/search", summary="Search scenes with JSON", response_class=Response, responses=_ITEMS, openapi_extra=_JSON_SEARCH
)
def post_stac_search(request: Request, form: Body, services: Kancha) -> Response:
    """Item search with a JSON body."""
    form.only(set(_SEARCH))
    return _answer(request, services, form.fields)


def _answer(request: Request, services: Services, told: dict[str, Any]) -> Response:
    found = usecase.search(services, _asked(services, told))
    base = base_url(request)
    features = [usecase.item(scene, base) for scene in found.scenes]
    here = f"{base}{request.url.path}"
    links: list[dict[str, Any]] = [{"rel": "root", "href": f"{base}/stac", "type": "application/json"}]
    if found.token is not None:
        following = told | {"token": str(found.token)}
        link: dict[str, Any] = {"rel": "next", "type": GEOJSON, "method": request.method, "href": here}
        if request.method == "POST":
            link |= {"body": following, "merge": False}
        else:
            link["href"] = f"{here}?{urlencode(following)}"
        links.append(link)
    answer: dict[str, Any] = {"type": "FeatureCollection", "features": features, "links": links}
    answer["numberReturned"] = len(features)
    if found.matched is not None:
        answer["numberMatched"] = found.matched
    return Response(orjson.dumps(answer), media_type=GEOJSON)


def _asked(services: Services, told: dict[str, Any]) -> ItemSearch:
    """A search out of a query or a body, which write lists with commas or as arrays."""
    limits = services.settings.limits
    limit = _whole(told, "limit") or limits.page_size
    intersects = told.get("intersects")
    if isinstance(intersects, str):
        try:
            intersects = parse_json(intersects, "intersects")
        except BadRequestBodyError as error:
            raise BadQueryError(error.message, remedy=error.remedy) from error
    if intersects is not None and not isinstance(intersects, dict):
        raise BadQueryError("intersects is no GeoJSON geometry.", remedy="Send a geometry, not a feature.")
    bbox = _list(told, "bbox")
    moment = told.get("datetime")
    if moment is not None and not isinstance(moment, str):
        raise BadQueryError("datetime is no text.", remedy="Write start/end, each a time or `..`.")
    return ItemSearch(
        limit=min(limit, limits.max_page_size),
        token=_whole(told, "token"),
        boxes=parse_bbox(None if bbox is None else ",".join(bbox)),
        intersects=intersects,
        interval=parse_interval(moment),
        ids=_list(told, "ids"),
        collections=_list(told, "collections"),
    )


def _list(told: dict[str, Any], name: str) -> list[str] | None:
    value = told.get(name)
    if value is None or value in ("", []):
        return None
    if not isinstance(value, str | list):
        raise BadQueryError(f"{name} is no list.", remedy="Write values with commas between, or a JSON array.")
    return [str(part).strip() for part in (value.split(",") if isinstance(value, str) else value)]


def _whole(told: dict[str, Any], name: str) -> int | None:
    value = told.get(name)
    if value is None or value == "":
        return None
    text = str(value)
    if not (text.isascii() and text.isdigit() and int(text[:18]) > 0 and len(text) < 18):
        raise BadQueryError(f"{name}={text[:40]} is no whole number above 0.", remedy="Correct it.")
    return int(text)
