"""Routes of scans."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError

from geodata.errors import OptionError
from geodata.types import SCAN_KINDS, STATUSES, SURFACE_ROLES
from service.dependencies import (
    GEOJSON,
    Body,
    Kancha,
    Pages,
    base_url,
    etag_of,
    only_query,
    page_links,
    parse_bbox,
    unchanged,
)
from service.errors import BadQueryError, BadRequestBodyError
from service.files import Upload
from service.routers.answers import feature_collection
from service.routers.bodies import multipart_body
from service.routers.jobs import job_out
from service.schemas.common import Link
from service.schemas.jobs import JobOut
from service.schemas.scans import ScanList, ScanOptionsIn, ScanOut
from service.store.queries import FeatureQuery
from service.store.records import Scan
from service.uploads import Form
from service.usecases import scans as usecase
from service.usecases.layer_facts import layer_kind
from service.usecases.orders import OrderParts, take_order

router = APIRouter(tags=["scans"])
_OPTIONS = set(ScanOptionsIn.model_fields)
_TEXTS: dict[str, str] = {
    "before_scene": "Id of the earlier scene, instead of the file before.",
    "after_scene": "Id of the later scene, instead of the file after.",
    **{f"{role}_scene": f"Id of a stored scene, instead of the file {role}." for role in SURFACE_ROLES},
    "before_date": "Date of the file before; else its TIFF tag, else its name.",
    "after_date": "Date of the file after.",
    "crs": "System of any sent file that declares none.",
    "mapping": 'JSON object per kind: {"parcels": {"parcel_id": "DKBM"}}.',
    "encoding": "Text encoding of the sent layers.",
    "aoi": "GeoJSON of the area of interest; may also be sent as a file.",
    "options": "JSON object of the options below, instead of one field each.",
    **{f"{kind}_layer": f"Id of a stored {kind} layer, or newest." for kind in SCAN_KINDS},
    **{name: str(told.description) for name, told in ScanOptionsIn.model_fields.items()},
}
_FILES: dict[str, str] = {
    "before": "GeoTIFF of the earlier date.",
    "after": "GeoTIFF of the later date.",
    "before_dsm": "Surface model of the earlier date, heights in m; with after_dsm, before and after may be left out.",
    "after_dsm": "Surface model of the later date.",
    "before_dtm": "Terrain model of the earlier date.",
    "after_dtm": "Terrain model of the later date, or of both.",
    **{kind: f"Vector file of {kind}." for kind in SCAN_KINDS},
}


def scan_out(request: Request, scan: Scan) -> ScanOut:
    """A scan with its links."""
    base = base_url(request)
    links = [
        Link(href=f"{base}/scans/{scan.id}", rel="self", type="application/json"),
        Link(href=f"{base}/scans/{scan.id}/findings", rel="items", type=GEOJSON),
        Link(href=f"{base}/map?scan={scan.id}", rel="alternate", type="text/html"),
    ]
    return ScanOut.model_validate(scan).model_copy(update={"links": links})


def _options(form: Form) -> dict[str, Any]:
    plain: dict[str, Any] = {name: form.fields[name] for name in _OPTIONS if name in form.fields}
    given = form.mapping("options") | {name: v for name, v in plain.items() if v not in (None, "")}
    try:
        return ScanOptionsIn.model_validate(given).model_dump(exclude_none=True)
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"])
        raise OptionError(
            f"The option {name} cannot be used: {fault['msg']}.",
            remedy=f"Known: {', '.join(sorted(_OPTIONS))}.",
        ) from error


def _one_of(form: Form, file: str, field: str, *, needed: bool) -> Upload | str | None:
    upload, text = form.files.get(file), form.text(field)
    if upload is not None and text is not None:
        raise BadRequestBodyError(f"Both {file} and {field} are given.", remedy="Send one of them.")
    if upload is None and text is None and needed:
        raise BadRequestBodyError(
            f"Neither {file} nor {field} is given.", remedy=f"Send the file part {file} or the id {field}."
        )
    return upload or text


def _area(form: Form) -> Upload | str | None:
    given = form.files.get("aoi") or form.fields.get("aoi")
    if given is None or given == "" or isinstance(given, (Upload, str)):
        return given or None
    return orjson.dumps(given).decode()


def _parts(form: Form, services: Kancha) -> OrderParts:
    form.only({*_TEXTS, *_FILES, "aoi"})
    models = {role: _one_of(form, role, f"{role}_scene", needed=False) for role in SURFACE_ROLES}
    surfaces: dict[str, Upload | str] = {role: value for role, value in models.items() if value is not None}
    # Surface models of both dates can be compared without a picture.
    pictures = {"before", "after"} & form.files.keys() | {"before_scene", "after_scene"} & form.fields.keys()
    needed = bool(pictures) or not {"before_dsm", "after_dsm"} <= surfaces.keys()
    before = _one_of(form, "before", "before_scene", needed=needed)
    after = _one_of(form, "after", "after_scene", needed=needed)
    given = {kind: _one_of(form, kind, f"{kind}_layer", needed=False) for kind in SCAN_KINDS}
    layers = {kind: value for kind, value in given.items() if value is not None}
    mapping = form.mapping("mapping")
    if not all(kind in SCAN_KINDS and isinstance(names, dict) for kind, names in mapping.items()):
        raise BadRequestBodyError(
            "The mapping must name columns per layer kind.", remedy='Send {"parcels": {"parcel_id": "DKBM"}}.'
        )
    return OrderParts(
        folder=form.folder,
        before=before,
        after=after,
        before_date=form.moment("before_date"),
        after_date=form.moment("after_date"),
        crs=form.text("crs"),
        layers={kind: _resolved(services, kind, value) for kind, value in layers.items()},
        surfaces=surfaces,
        mapping=mapping,
        encoding=form.text("encoding"),
        aoi=_area(form),
        options=_options(form),
    )


def _resolved(services: Kancha, kind: str, given: Upload | str) -> Upload | str:
    return usecase.resolve_layer(services, layer_kind(kind), given) if isinstance(given, str) else given


@router.post(
    "/scans",
    status_code=202,
    summary="Compare two dates",
    openapi_extra=multipart_body(_FILES, _TEXTS, required=[], json=True),
)
def post_scan(request: Request, response: Response, form: Body, services: Kancha) -> JobOut:
    """Order a scan of two files or two stored scenes; the job is stored before this answers.

    The same order again gives the same job, running or done.
    """
    job, _ = take_order(services, _parts(form, services))
    response.headers["Location"] = f"{base_url(request)}/jobs/{job.id}"
    return job_out(request, job)


@router.get("/scans", summary="List scans", dependencies=[Depends(only_query("limit", "cursor"))])
def get_scans(request: Request, services: Kancha, page: Pages) -> ScanList:
    """Finished scans, the latest first."""
    found = usecase.list_scans(services, page.limit, page.after_key)
    return ScanList(
        scans=[scan_out(request, scan) for scan in found.items],
        numberMatched=found.matched,
        numberReturned=len(found.items),
        links=page_links(request, found.next_key),
    )


@router.get("/scans/{scan_id}", summary="One scan", response_model=ScanOut)
def get_scan(request: Request, response: Response, scan_id: str, services: Kancha) -> Any:
    """One finished scan; it never changes."""
    scan = usecase.get_scan(services, scan_id)
    etag = etag_of(request, scan.id)
    response.headers["ETag"] = etag
    return unchanged(request, etag) or scan_out(request, scan)


@router.get(
    "/scans/{scan_id}/findings",
    summary="The findings of a scan",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}, "description": "GeoJSON FeatureCollection."}},
    dependencies=[Depends(only_query("bbox", "limit", "cursor", "status", "min_confidence"))],
)
def get_findings(
    request: Request,
    scan_id: str,
    services: Kancha,
    page: Pages,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees.")] = None,
    status: Annotated[str | None, Query(description=f"One of {', '.join(STATUSES)}.")] = None,
    min_confidence: Annotated[float | None, Query(ge=0, le=1, description="Least confidence.")] = None,
) -> Response:
    """A page of findings as GeoJSON with the scan's provenance."""
    if status is not None and status not in STATUSES:
        raise BadQueryError(f"There is no status {status!r}.", remedy=f"Known: {', '.join(STATUSES)}.")
    boxes = parse_bbox(bbox)
    scan = usecase.get_scan(services, scan_id)
    # asked for first, so that the tag is never newer than the page
    etag = etag_of(request, scan.id, services.store.state("findings"))
    if (same := unchanged(request, etag)) is not None:
        return same
    query = FeatureQuery(
        within=scan.id,
        boxes=boxes,
        limit=page.limit,
        after=page.key,
        equals={} if status is None else {"status": status},
        min_confidence=min_confidence,
    )
    found = usecase.findings_of(services, query)
    links = [
        *page_links(request, found.after, GEOJSON),
        Link(href=f"{base_url(request)}/scans/{scan.id}", rel="collection", type="application/json"),
    ]
    content = feature_collection(found, links, provenance=scan.provenance)
    return Response(content, media_type=GEOJSON, headers={"ETag": etag, "Cache-Control": "no-cache"})
