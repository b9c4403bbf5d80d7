"""Routes of OGC API Features that give features: pages, one, and everything at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from service.dependencies import (
    GEOJSON,
    Kancha,
    Pages,
    base_url,
    etag_of,
    only_query,
    parse_bbox,
    parse_interval,
    unchanged,
)
from service.errors import BadQueryError
from service.ogc.filters import Filter, read_filter
from service.ogc.forms import FILES, FORMS, parts_of_csv, parts_of_geojson, parts_of_lines, write_file
from service.ogc.properties import Property
from service.ogc.systems import system_of
from service.ogc.texts import Shown
from service.routers.addresses import HTML, feature_headers, links_of_item, links_of_page
from service.routers.answers import feature, feature_collection, wanted_form
from service.routers.html import html_page
from service.routers.sending import sent_file
from service.services import Services
from service.store.queries import FeaturePage, FeatureQuery, Key
from service.store.records import Box
from service.usecases import collections as usecase

router = APIRouter(tags=["features"])
_LANGUAGES = ("cql2-text", "cql2-json")


class Wanted(BaseModel):
    """Which features a request wants."""

    bbox: str | None = Field(None, description="west,south,east,north; in degrees unless bbox-crs says otherwise.")
    bbox_crs: str | None = Field(None, alias="bbox-crs", description="System of bbox, by URI.")
    datetime: str | None = Field(None, description="A time, or start/end where either may be `..`.")
    filter: str | None = Field(None, description="CQL2: what must be true of a feature.")
    filter_lang: str | None = Field(None, alias="filter-lang", description="`cql2-text` or `cql2-json`.")
    filter_crs: str | None = Field(None, alias="filter-crs", description="System of the filter's geometries, by URI.")
    sortby: str | None = Field(None, description="Properties, commas between; a minus means the highest first.")
    min_confidence: float | None = Field(None, ge=0, le=1, description="Findings: least confidence.")


class Look(BaseModel):
    """How features are shown."""

    properties: str | None = Field(None, description="Only these properties, commas between.")
    crs: str | None = Field(None, description="System of the answer, by URI; axes in the order of its authority.")
    skip_geometry: bool = Field(False, alias="skipGeometry", description="Leave geometries out.")
    f: str | None = Field(None, description="`json`, `html`, `csv`, `geojsonl`, `fgb` or `gpkg`.")


class WantedPage(Wanted, Look):
    """A page of features."""

    limit: int | None = Field(None, ge=1, description="Features of the page; more than the service allows is cut.")
    cursor: str | None = Field(None, description="Where the page begins: take it from the `next` link.")
    count: bool = Field(False, description="Tell numberMatched also where counting takes long.")


class WantedExport(Wanted, Look):
    """All features that are wanted."""


@dataclass(frozen=True)
class _Paged:
    limit: int
    key: Key
    count: bool


def _names(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _query(request: Request, wanted: Wanted, known: Mapping[str, Property], page: _Paged | None = None) -> FeatureQuery:
    """The query that the parameters of a request mean.

    Raises:
        BadQueryError: If a parameter is unknown or malformed.
    """
    fixed = _names(type(wanted))
    equals: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name in seen:
            raise BadQueryError(f"The query parameter {name[:80]!r} comes twice.", remedy="Send it once.")
        seen.add(name)
        if name in fixed:
            continue
        if name not in known or not known[name].simple:
            simple = [one for one, told in known.items() if told.simple]
            raise BadQueryError(
                f"There is no query parameter {name[:80]!r}.", remedy=f"Known: {', '.join((*fixed, *simple))[:900]}."
            )
        equals[name] = value
    query = FeatureQuery(
        boxes=_boxes(wanted),
        equals=equals,
        min_confidence=wanted.min_confidence,
        interval=parse_interval(wanted.datetime),
        filter=_filter(wanted, known),
        sort=usecase.sort_of(wanted.sortby, known),
    )
    return query if page is None else replace(query, limit=page.limit, after=page.key, count=page.count)


def _boxes(wanted: Wanted) -> tuple[Box, ...]:
    system = system_of(wanted.bbox_crs, "bbox-crs")
    if wanted.bbox is None or system.is_stored:
        return parse_bbox(wanted.bbox)
    import shapely

    numbers = wanted.bbox.split(",")
    try:
        told = [float(n) for n in numbers]
        box = shapely.box(*told)
    except (ValueError, TypeError) as error:
        raise BadQueryError(f"bbox={wanted.bbox[:100]} is no box.", remedy="Write four numbers.") from error
    # straight in the one system is bent in the other: points along the sides keep the box whole
    west, south, east, north = system.stored(shapely.segmentize(box, max(box.length / 64, 1e-9))).bounds
    return parse_bbox(f"{west},{south},{east},{north}")


def _filter(wanted: Wanted, known: Mapping[str, Property]) -> Filter | None:
    lang = wanted.filter_lang or ("cql2-json" if (wanted.filter or "").lstrip().startswith("{") else "cql2-text")
    if lang not in _LANGUAGES:
        raise BadQueryError(f"There is no filter-lang={lang[:40]}.", remedy=f"Known: {', '.join(_LANGUAGES)}.")
    system = system_of(wanted.filter_crs, "filter-crs")
    if wanted.filter is None:
        return None
    return read_filter(wanted.filter, lang, known, system.stored)


def _shown(look: Look, known: Mapping[str, Property]) -> Shown:
    names = None if look.properties is None else tuple(n.strip() for n in look.properties.split(",") if n.strip())
    for name in names or ():
        if name not in known:
            raise BadQueryError(f"There is no property {name[:60]!r}.", remedy=f"Known: {', '.join(known)[:900]}.")
    return Shown(system_of(look.crs), names, geometry=not look.skip_geometry)


def _chosen(known: Mapping[str, Property], shown: Shown) -> dict[str, Property]:
    return {name: told for name, told in known.items() if shown.properties is None or name in shown.properties}


_ITEMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {GEOJSON: {}, HTML: {}, **{kind: {} for name, kind in FORMS.items() if name != "geojson"}},
        "description": "The features.",
    },
    304: {"description": "Nothing has changed since the client asked before."},
}


@router.get("/collections/{collection_id}/items", summary="Features of a collection", response_class=Response,
            responses=_ITEMS)  # fmt: skip
def get_items(
    request: Request, collection_id: str, services: Kancha, page: Pages, wanted: Annotated[WantedPage, Query()]
) -> Response:
    """A page of features. Any single-valued property may also be asked for by a parameter of its name."""
    # asked for first, so that the tag is never newer than the page
    state = usecase.state(services, collection_id)
    form = wanted_form(request, wanted.f, ("geojson", "html", "csv", "geojsonl", *FILES))
    etag = f"W/{etag_of(request, collection_id, state, form)}"
    if (same := unchanged(request, etag)) is not None:
        return same
    known = usecase.properties_of(services, collection_id)
    query = _query(request, wanted, known, _Paged(page.limit, page.key, wanted.count))
    shown = _shown(wanted, known)
    found = usecase.items(services, collection_id, query)
    told = FeaturePage(shown.of(found.items), found.matched, found.after)
    links = links_of_page(base_url(request), collection_id, dict(request.query_params), found.after, form)
    if form == "geojson":
        content = feature_collection(told, links, stamped=True)
        return Response(content, media_type=GEOJSON, headers=feature_headers(shown.system.uri, etag))
    if form == "html":
        return _items_page(request, collection_id, told, known, links)
    answer = _in_form(
        services, form, _Told(collection_id, iter(told.items), iter(found.items), _chosen(known, shown), shown)
    )
    for name, value in feature_headers(shown.system.uri, etag).items():
        answer.headers[name] = value
    following = [one["href"] for one in links if one["rel"] == "next"]
    if following:
        answer.headers["Link"] = f'<{following[0]}>; rel="next"'
    return answer


@dataclass(frozen=True)
class _Told:
    """Features of a collection that are put into a form: as they are shown, and as they are stored."""

    collection: str
    texts: Iterator[str]
    stored: Iterator[str]
    known: Mapping[str, Property]
    shown: Shown


def _in_form(services: Services, form: str, told: _Told) -> Response:
    """An answer in a form other than one GeoJSON document or page."""
    name = f"{told.collection}.{form}"
    if form in FILES:
        return sent_file(
            services, name, FORMS[form], lambda path: write_file(told.stored, path, told.known, told.shown.system)
        )
    parts = {
        "csv": lambda: parts_of_csv(told.texts, list(told.known), geometry=told.shown.geometry),
        "geojsonl": lambda: parts_of_lines(told.texts),
        "geojson": lambda: parts_of_geojson(told.texts, {"name": told.collection}),
    }[form]()
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(parts, media_type=FORMS[form], headers=headers)


_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in FORMS.values()}, "description": "The features."}
}


@router.get("/collections/{collection_id}/export", summary="All features of a collection", response_class=Response,
            responses=_EXPORT)  # fmt: skip
def get_export(
    request: Request, collection_id: str, services: Kancha, wanted: Annotated[WantedExport, Query()]
) -> Response:
    """Everything that the same parameters would give page by page, in one answer that is sent as it is read."""
    form = wanted_form(request, wanted.f, ("geojson", "csv", "geojsonl", *FILES))
    known = usecase.properties_of(services, collection_id)
    query, shown = _query(request, wanted, known), _shown(wanted, known)
    stored = usecase.every_item(services, collection_id, query)
    texts = stored if shown.as_stored else _each_shown(stored, shown)
    answer = _in_form(services, form, _Told(collection_id, texts, stored, _chosen(known, shown), shown))
    answer.headers["Content-Crs"] = f"<{shown.system.uri}>"
    return answer


def _each_shown(texts: Iterator[str], shown: Shown) -> Iterator[str]:
    while some := list(islice(texts, 2_000)):
        yield from shown.of(some)


@router.get("/collections/{collection_id}/items/{fid}", summary="One feature", response_class=Response,
            responses={200: {"content": {GEOJSON: {}, HTML: {}}, "description": "The feature."},
                       304: {"description": "It has not changed since the client asked before."}},
            dependencies=[Depends(only_query("crs", "properties", "skipGeometry", "f"))])  # fmt: skip
def get_item(
    request: Request, collection_id: str, fid: str, services: Kancha, look: Annotated[Look, Query()]
) -> Response:
    """One feature of a collection."""
    form = wanted_form(request, look.f, ("geojson", "html"))
    text = usecase.item(services, collection_id, fid)
    etag = f"W/{etag_of(request, text, form)}"
    if (same := unchanged(request, etag)) is not None:
        return same
    known: Mapping[str, Property] = {}
    if look.properties is not None or form == "html":
        known = usecase.properties_of(services, collection_id)
    shown = _shown(look, known)
    (told,) = shown.of([text])
    links = links_of_item(base_url(request), collection_id, fid, form)
    if form == "html":
        return _item_page(request, collection_id, told, known, links)
    return Response(feature(told, links), media_type=GEOJSON, headers=feature_headers(shown.system.uri, etag))


# --- for people ----------------------------------------------------------------------------------


def _items_page(
    request: Request, collection_id: str, page: FeaturePage, known: Mapping[str, Property], links: list[dict[str, str]]
) -> Response:
    import orjson

    from service.ogc.sketch import sketch

    features = [orjson.loads(text) for text in page.items]
    simple = {name: told for name, told in known.items() if told.simple}
    return html_page(
        "items.html",
        request,
        collection=collection_id,
        title=usecase.TITLES[collection_id],
        features=features,
        known=simple,
        matched=page.matched,
        sketch=sketch([one["geometry"] for one in features]),
        links={one["rel"]: one["href"] for one in links},
        base=base_url(request),
    )


def _item_page(
    request: Request, collection_id: str, text: str, known: Mapping[str, Property], links: list[dict[str, str]]
) -> Response:
    import orjson

    from service.ogc.sketch import sketch

    told = orjson.loads(text)
    return html_page(
        "item.html",
        request,
        collection=collection_id,
        title=usecase.TITLES[collection_id],
        feature=told,
        known=known,
        sketch=sketch([told["geometry"]]),
        links={one["rel"]: one["href"] for one in links},
    )
