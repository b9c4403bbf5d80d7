"""Routes of layers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from geodata.io.dates import parse_date
from service.dependencies import Body, Kancha, Pages, base_url, etag_of, only_query, page_links, unchanged
from service.errors import BadRequestBodyError
from service.routers.bodies import multipart_body
from service.schemas.common import Link
from service.schemas.layers import LayerList, LayerOut
from service.store.records import LayerVersion, Page
from service.usecases import layers as usecase

router = APIRouter(tags=["layers"])
_FIELDS = {"file", "crs", "mapping", "encoding", "valid_from"}


def layer_out(request: Request, version: LayerVersion) -> LayerOut:
    """A layer version with its links."""
    base = base_url(request)
    links = [
        Link(href=f"{base}/layers/{version.kind}/{version.id}", rel="self", type="application/json"),
        Link(href=f"{base}/collections/{version.kind}", rel="collection", type="application/json"),
    ]
    return LayerOut.model_validate(version).model_copy(update={"links": links})


@router.post(
    "/layers/{kind}",
    status_code=201,
    summary="Store a layer",
    responses={200: {"model": LayerOut, "description": "The same layer is stored already."}},
    openapi_extra=multipart_body(
        {"file": "GeoJSON, GeoPackage, FlatGeobuf, or a zip of a Shapefile."},
        {
            "crs": "System of a file that declares none.",
            "mapping": 'JSON object, wanted column to given: {"parcel_id": "DKBM"}.',
            "encoding": "Text encoding of a Shapefile that does not tell it.",
            "valid_from": "Since when the layer holds.",
        },
        required=["file"],
    ),
)
def post_layer(request: Request, response: Response, kind: str, form: Body, services: Kancha) -> LayerOut:
    """Read a vector file as a layer of a kind, and tell what reading did to it."""
    form.only(_FIELDS)
    upload = form.files.get("file")
    if upload is None:
        raise BadRequestBodyError("The part file is missing.", remedy="Send the layer as the file part file.")
    since = form.text("valid_from")
    facts = usecase.LayerFacts(
        crs=form.text("crs"),
        mapping={str(k): str(v) for k, v in form.mapping("mapping").items()},
        encoding=form.text("encoding"),
        valid_from=None if since is None else parse_date(since),
    )
    version, new = usecase.add_layer(services, kind, upload, facts)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"{base_url(request)}/layers/{kind}/{version.id}"
    return layer_out(request, version)


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


@router.get("/layers/{kind}/{version_id}", summary="One layer version", response_model=LayerOut)
def get_layer(request: Request, response: Response, kind: str, version_id: str, services: Kancha) -> Any:
    """One version with the report of its import."""
    version = usecase.get_layer(services, kind, version_id)
    etag = etag_of(request, version.id, str(version.standing))
    response.headers["ETag"] = etag
    return unchanged(request, etag) or layer_out(request, version)
