"""Routes of layers."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from geodata.features import parse_day
from service.dependencies import GEOJSON, Body, Kancha, Pages, base_url, etag_of, only_query, page_links, unchanged
from service.errors import BadRequestBodyError, NotFoundError
from service.files import Upload
from service.routers.bodies import multipart_body
from service.schemas.common import Link
from service.schemas.layers import LayerList, LayerOut, LayerPreviewOut, LayerSourceList, LayerSourceOut, PermitMatchOut
from service.store.records import LayerVersion, Page
from service.uploads import Form
from service.usecases import layers as usecase
from service.usecases import patches
from service.usecases.layer_facts import LayerFacts, layer_kind
from service.usecases.layer_loading import match_permits
from service.usecases.layer_preview import preview_layer
from service.usecases.layer_sources import list_sources
from service.usecases.scans import resolve_layer

router = APIRouter(tags=["layers"])
_FILE = "GeoJSON, GeoPackage, FlatGeobuf, or a zip of a Shapefile; permits and buildings also CSV or XLSX."
_READ = {
    "crs": "System of a file that declares none; GCJ-02 or BD-09: coordinates of a web map, turned back.",
    "mapping": 'JSON object, wanted column to given: {"parcel_id": "DKBM"}.',
    "encoding": "Text encoding of a Shapefile that does not tell it.",
    "transformation": "From Xian 1980 or Beijing 1954: seven parameters, code of an operation, or PROJ pipeline.",
    "accept_place": "`true`: the layer is not held against the parcels and administrative areas on file.",
    "source": "Who sends it; what was declared with its last delivery of the kind holds where nothing else is told.",
    "secrecy": "public, internal (default) or secret.",
    "fresh": "`true`: what the source declared with its last delivery is left aside.",
}
_TOLD = {
    "as_of": "The day whose state the data show.",
    "valid_from": "Since when the layer holds.",
    "valid_to": "Until when it holds, the day included.",
}


def layer_out(request: Request, version: LayerVersion) -> LayerOut:
    """A layer version with its links."""
    base = base_url(request)
    links = [
        Link(href=f"{base}/layers/{version.kind}/{version.id}", rel="self", type="application/json"),
        Link(href=f"{base}/collections/{version.kind}", rel="collection", type="application/json"),
    ]
    return LayerOut.model_validate(version).model_copy(update={"links": links})


@router.post(
    "/layers/{kind}/preview",
    summary="What storing a layer would do",
    openapi_extra=multipart_body({"file": _FILE}, _READ | _TOLD, required=["file"]),
)
def post_layer_preview(kind: str, form: Body, services: Kancha) -> LayerPreviewOut:
    """Read a file as storing it would, with guesses where its columns have foreign names; nothing is stored."""
    form.only({"file", *_READ, *_TOLD})
    return LayerPreviewOut.model_validate(preview_layer(services, kind, *_sent(form)))


@router.post(
    "/layers/{kind}",
    status_code=201,
    summary="Store a layer",
    responses={200: {"model": LayerOut, "description": "The same layer is stored already."}},
    openapi_extra=multipart_body(
        {"file": _FILE},
        _READ | _TOLD,
        required=["file"],
    ),
)
def post_layer(request: Request, response: Response, kind: str, form: Body, services: Kancha) -> LayerOut:
    """Read a vector file as a layer of a kind, and tell what reading did to it."""
    form.only({"file", *_READ, *_TOLD})
    upload, facts = _sent(form)
    version, new = usecase.add_layer(services, kind, upload, facts)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"{base_url(request)}/layers/{kind}/{version.id}"
    return layer_out(request, version)


def _sent(form: Form) -> tuple[Upload, LayerFacts]:
    """The file and what its sender says of it."""
    upload = form.files.get("file")
    if upload is None:
        raise BadRequestBodyError("The part file is missing.", remedy="Send the layer as the file part file.")
    times = {name: form.moment(name) for name in _TOLD}
    facts = LayerFacts(
        crs=form.text("crs"),
        mapping={str(k): str(v) for k, v in form.mapping("mapping").items()},
        encoding=form.text("encoding"),
        transformation=form.text("transformation"),
        accept_place=_is_true(form, "accept_place"),
        source=form.text("source"),
        as_of=parse_day(times["as_of"]),
        valid_from=times["valid_from"],
        valid_to=times["valid_to"],
        fresh=_is_true(form, "fresh"),
        secrecy=form.text("secrecy"),
    )
    return upload, facts


def _is_true(form: Form, name: str) -> bool:
    value = form.fields.get(name)
    if value in (None, "", False, "false"):
        return False
    if value in (True, "true"):
        return True
    raise BadRequestBodyError(f"The field {name} is {str(value)[:40]!r}.", remedy="Send true or false.")


def _list(request: Request, page: Page[LayerVersion]) -> LayerList:
    return LayerList(
        layers=[layer_out(request, version) for version in page.items],
        numberMatched=page.matched,
        numberReturned=len(page.items),
        links=page_links(request, page.next_key),
    )


@router.get("/layers", summary="List layers", dependencies=[Depends(only_query("limit", "cursor"))])
def get_layers(request: Request, services: Kancha, page: Pages) -> LayerList:
    """Layer versions in the order of their coming."""
    return _list(request, usecase.list_layers(services, page.limit, page.after_key))


@router.get("/layers/{kind}", summary="List one kind of layer", dependencies=[Depends(only_query("limit", "cursor"))])
def get_layers_of_kind(request: Request, kind: str, services: Kancha, page: Pages) -> LayerList:
    """Versions of one kind in the order of their coming."""
    return _list(request, usecase.list_layers(services, page.limit, page.after_key, kind))


@router.get("/layers/{kind}/sources", summary="Who sends a kind of layer", dependencies=[Depends(only_query())])
def get_layer_sources(kind: str, services: Kancha) -> LayerSourceList:
    """Who sent layers of a kind, and what was declared of their files: it holds for the next delivery too."""
    return LayerSourceList(sources=[LayerSourceOut.model_validate(s) for s in list_sources(services, kind)])


@router.get("/layers/{kind}/{version_id}", summary="One layer version", response_model=LayerOut)
def get_layer(request: Request, response: Response, kind: str, version_id: str, services: Kancha) -> Any:
    """One version with the report of its import."""
    version = usecase.get_layer(services, kind, version_id)
    etag = etag_of(request, version.id, str(version.standing))
    response.headers["ETag"] = etag
    return unchanged(request, etag) or layer_out(request, version)


@router.get(
    "/layers/{kind}/{version_id}/diff/{other_id}",
    summary="Differences of two layer versions",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}, "description": "GeoJSON FeatureCollection."}},
    dependencies=[Depends(only_query())],
)
def get_layer_diff(request: Request, kind: str, version_id: str, other_id: str, services: Kancha) -> Response:
    """By id, what a version has that the one before has not: `added`, `removed`, `moved` or `changed` features."""
    old, new = usecase.require_one_kind(services, version_id, other_id)
    if new.kind != layer_kind(kind):
        raise NotFoundError(f"Layer version {other_id} is of the kind {new.kind}, not {kind}.")
    etag = etag_of(request, old.id, new.id)
    same = unchanged(request, etag)
    if same is not None:
        return same
    parts = usecase.difference_parts(services, old, new)
    return StreamingResponse(parts, media_type=GEOJSON, headers={"ETag": etag})


@router.get(
    "/layers/permits/{version_id}/match/{parcels_id}",
    summary="How permits find their ground",
    dependencies=[Depends(only_query())],
)
def get_permit_match(version_id: str, parcels_id: str, services: Kancha) -> PermitMatchOut:
    """What each permit of a version was found by in a version of the parcels, and how well."""
    return PermitMatchOut.model_validate(match_permits(services, version_id, parcels_id))


@router.get(
    "/layers/patches/{version_id}/findings",
    summary="Patches beside findings",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}, "description": "GeoJSON FeatureCollection."}},
    dependencies=[Depends(only_query())],
)
def get_patch_findings(version_id: str, services: Kancha) -> Response:
    """The patches of a version (or `newest`), each with the findings on it, and the findings that no patch tells."""
    version = resolve_layer(services, "patches", version_id)
    return Response(orjson.dumps(patches.as_collection(patches.compare(services, version))), media_type=GEOJSON)
