"""Routes of OGC API Features that tell what there is: landing page, conformance, collections, their properties."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from service.dependencies import GEOJSON, Kancha, base_url, only_query
from service.ogc.forms import FORMS
from service.ogc.properties import Property
from service.ogc.systems import CRS84_URI, SYSTEMS
from service.render.schemes import SCHEMES
from service.routers.addresses import HTML
from service.routers.answers import wanted_form
from service.routers.html import html_page
from service.schemas.collections import Collection, Collections, Conformance, Landing
from service.schemas.common import Link
from service.usecases import collections as usecase

router = APIRouter(tags=["features"])
OPENAPI_JSON = "application/vnd.oai.openapi+json;version=3.0"
SCHEMA_JSON = "application/schema+json"
_GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
_SPEC = "http://www.opengis.net/spec"
CONFORMANCE = (
    f"{_SPEC}/ogcapi-common-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-common-2/1.0/conf/collections",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/oas30",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/html",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/geojson",
    f"{_SPEC}/ogcapi-features-2/1.0/conf/crs",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/queryables",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/filter",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/features-filter",
    f"{_SPEC}/ogcapi-features-5/1.0/conf/schemas",
    f"{_SPEC}/ogcapi-features-5/1.0/conf/queryables",
    f"{_SPEC}/ogcapi-features-5/1.0/conf/sortables",
    f"{_SPEC}/ogcapi-records-1/1.0/conf/sorting",
    *(
        f"{_SPEC}/cql2/1.0/conf/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
            "array-functions",
            "property-property",
            "arithmetic",
        )
    ),
)
Form = Annotated[str | None, Query(alias="f", description="`json` or `html`; else what the client accepts.")]


def link(request: Request, path: str, rel: str, kind: str = "application/json", title: str | None = None) -> Link:
    """A link to a path of this service."""
    return Link(href=f"{base_url(request)}{path}", rel=rel, type=kind, title=title)


def _both(request: Request, path: str, form: str, title: str) -> list[Link]:
    """The same resource as JSON and for people: the one that is answered is `self`."""
    mine = {"geojson": "application/json", "html": HTML}
    return [
        link(request, f"{path}?f={name}", "self" if wanted == form else "alternate", mine[wanted], title)
        for name, wanted in (("json", "geojson"), ("html", "html"))
    ]


@router.get("/", summary="Landing page", response_model=Landing, dependencies=[Depends(only_query("f"))])
def get_landing(request: Request, f: Form = None) -> Any:
    """Where everything is."""
    form = wanted_form(request, f, ("geojson", "html"))
    landing = Landing(
        title="Kancha 勘查",
        description="Suspected new structures from two dates of imagery and the cadastre.",
        links=[
            *_both(request, "/", form, "This page"),
            link(request, "/api", "service-desc", OPENAPI_JSON, "The API as OpenAPI 3.0"),
            link(request, "/api.html", "service-doc", HTML, "The API for people"),
            link(request, "/conformance", "conformance", title="Conformance classes"),
            link(request, "/collections", "data", title="Collections 数据集"),
            link(request, "/scenes", "related", title="Scenes 影像"),
            link(request, "/layers", "related", title="Layers 图层"),
            link(request, "/scans", "related", title="Scans 扫描"),
            link(request, "/jobs", "related", title="Jobs 任务"),
            link(request, "/map", "alternate", HTML, "Map page 地图"),
        ],
    )
    return html_page("landing.html", request, page=landing) if form == "html" else landing


@router.get("/conformance", summary="Conformance classes", response_model=Conformance,
            dependencies=[Depends(only_query("f"))])  # fmt: skip
def get_conformance(request: Request, f: Form = None) -> Any:
    """What of OGC API Features and CQL2 is kept."""
    form = wanted_form(request, f, ("geojson", "html"))
    told = Conformance(conformsTo=list(CONFORMANCE))
    return html_page("conformance.html", request, page=told) if form == "html" else told


def _collection(request: Request, info: usecase.CollectionInfo, form: str) -> Collection:
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
        crs=list(SYSTEMS),
        storageCrs=CRS84_URI,
        links=[
            *_both(request, path, form, info.title),
            link(request, f"{path}/items?f=html", "items", HTML, info.title),
            link(request, f"{path}/items", "items", GEOJSON, info.title),
            *(
                link(request, f"{path}/export?f={name}", "enclosure", kind, f"Everything as {name}")
                for name, kind in FORMS.items()
            ),
            *(
                link(
                    request, f"{path}/tiles/{name}/tilejson.json", "tiles", "application/json", f"Vector tiles, {name}"
                )
                for name in SCHEMES
            ),
            link(request, f"{path}/queryables", "http://www.opengis.net/def/rel/ogc/1.0/queryables", SCHEMA_JSON),
            link(request, f"{path}/sortables", "http://www.opengis.net/def/rel/ogc/1.0/sortables", SCHEMA_JSON),
            link(request, f"{path}/schema", "http://www.opengis.net/def/rel/ogc/1.0/schema", SCHEMA_JSON),
        ],
    )


@router.get(
    "/collections",
    summary="Collections",
    response_model=Collections,
    response_model_exclude_none=True,
    dependencies=[Depends(only_query("f"))],
)
def get_collections(request: Request, services: Kancha, f: Form = None) -> Any:
    """Findings, structures, scenes, the newest layer of each kind, and the coverage ledger."""
    form = wanted_form(request, f, ("geojson", "html"))
    told = Collections(
        collections=[_collection(request, info, "geojson") for info in usecase.list_collections(services)],
        crs=list(SYSTEMS),
        links=_both(request, "/collections", form, "Collections 数据集"),
    )
    return html_page("collections.html", request, page=told) if form == "html" else told


@router.get(
    "/collections/{collection_id}",
    summary="One collection",
    response_model=Collection,
    response_model_exclude_none=True,
    dependencies=[Depends(only_query("f"))],
)
def get_collection(request: Request, collection_id: str, services: Kancha, f: Form = None) -> Any:
    """One collection with its extent."""
    form = wanted_form(request, f, ("geojson", "html"))
    told = _collection(request, usecase.get_collection(services, collection_id), form)
    if form != "html":
        return told
    return html_page("collection.html", request, page=told, known=usecase.properties_of(services, collection_id))


def _schema(request: Request, collection_id: str, role: str, known: dict[str, Property]) -> dict[str, Any]:
    geometry = {"geometry": {"title": "Geometry 图形", "format": "geometry-any", "x-ogc-role": "primary-geometry"}}
    told = {"id": {"title": "Id 编号", "type": "string", "x-ogc-role": "id"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base_url(request)}/collections/{collection_id}/{role}",
        "title": usecase.TITLES[collection_id],
        "type": "object",
        "properties": told
        | {name: what.schema() for name, what in known.items()}
        | ({} if role == "sortables" else geometry),
        "additionalProperties": False,
    }


_SCHEMA: dict[int | str, dict[str, Any]] = {200: {"content": {SCHEMA_JSON: {}}, "description": "JSON schema."}}


def _answer(told: dict[str, Any]) -> Response:
    import orjson

    return Response(orjson.dumps(told), media_type=SCHEMA_JSON)


@router.get("/collections/{collection_id}/queryables", summary="What a filter may ask for", response_class=Response,
            responses=_SCHEMA, dependencies=[Depends(only_query("f"))])  # fmt: skip
def get_queryables(request: Request, collection_id: str, services: Kancha) -> Response:
    """The properties that `filter` and query parameters may ask for."""
    return _answer(_schema(request, collection_id, "queryables", dict(usecase.properties_of(services, collection_id))))


@router.get("/collections/{collection_id}/sortables", summary="What features can be sorted by", response_class=Response,
            responses=_SCHEMA, dependencies=[Depends(only_query("f"))])  # fmt: skip
def get_sortables(request: Request, collection_id: str, services: Kancha) -> Response:
    """The properties that `sortby` may name."""
    known = {name: what for name, what in usecase.properties_of(services, collection_id).items() if what.simple}
    return _answer(_schema(request, collection_id, "sortables", known))


@router.get("/collections/{collection_id}/schema", summary="What features hold", response_class=Response,
            responses=_SCHEMA, dependencies=[Depends(only_query("f"))])  # fmt: skip
def get_schema(request: Request, collection_id: str, services: Kancha) -> Response:
    """The properties of a collection's features."""
    return _answer(_schema(request, collection_id, "schema", dict(usecase.properties_of(services, collection_id))))
