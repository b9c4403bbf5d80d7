"""Routes of exports: files for other systems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import FileResponse

from geodata.exchange import PatchOptions
from service.dependencies import Kancha, base_url, only_query, unchanged
from service.routers.jobs import job_out
from service.routers.sending import sent_file
from service.schemas.exports import ExportIn
from service.schemas.jobs import JobOut
from service.services import Services
from service.usecases import export_orders
from service.usecases import exports as usecase
from service.usecases.export_orders import MEDIA_TYPES

router = APIRouter(tags=["exports"])

_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}, "description": "The file."}
}

ScanId = Annotated[str | None, Query(description="Of this scan alone.")]
Statuses = Annotated[str | None, Query(description="Statuses parted by commas.")]


def _sent(services: Services, name: str, write: Callable[[Path], object]) -> FileResponse:
    return sent_file(services, name, MEDIA_TYPES[name.rpartition(".")[2]], write)


def _statuses(given: str | None) -> tuple[str, ...]:
    return tuple(word for word in (given or "").split(",") if word)


@router.get(
    "/exports/findings.xlsx",
    summary="The ledger as a workbook",
    response_class=FileResponse,
    responses=_FILE,
    dependencies=[Depends(only_query("scan", "status", "language", "dismissed"))],
)
def get_ledger(
    services: Kancha,
    scan: ScanId = None,
    status: Statuses = None,
    language: Literal["zh", "en"] = "zh",
    dismissed: bool = True,
) -> FileResponse:
    """One row a finding, a summary by village; areas in m² and mu."""
    wanted = usecase.Selection(scan, _statuses(status), dismissed)
    return _sent(services, "findings.xlsx", lambda path: usecase.export_ledger(services, path, wanted, language))


@router.get(
    "/exports/patches.{form}",
    summary="Findings as patches of the national form",
    response_class=FileResponse,
    responses=_FILE,
    dependencies=[Depends(only_query("county", "county_name", "crs", "scan", "status", "letters", "first_serial"))],
)
def get_patches(
    services: Kancha,
    form: Literal["zip", "gpkg", "db"],
    county: Annotated[str, Query(description="Six digits of the county (XZQDM).")],
    county_name: Annotated[str, Query(description="Its name (XMC).")],
    crs: Annotated[str, Query(description="System of the outlines.")] = "EPSG:4490",
    scan: ScanId = None,
    status: Statuses = "suspected",
    letters: str = "SJBG",
    first_serial: int = 1,
) -> FileResponse:
    """A zipped shapefile in GBK, a GeoPackage, or the SQLite package; dismissed findings are left out."""
    wanted = usecase.Selection(scan, _statuses(status), dismissed=False)
    options = PatchOptions(county, county_name, letters, first_serial)
    return _sent(
        services,
        f"patches.{form}",
        lambda path: usecase.export_patches(services, path, wanted, options, crs),
    )


@router.get(
    "/exports/kancha.gpkg",
    summary="Everything as one GeoPackage",
    response_class=FileResponse,
    responses=_FILE,
    dependencies=[Depends(only_query())],
)
def get_package(services: Kancha) -> FileResponse:
    """Findings, newest layers, scenes, scans and verdicts, with the styles of the layers."""
    return _sent(services, "kancha.gpkg", lambda path: usecase.export_everything(services, path))


@router.post("/exports", status_code=202, summary="Order an export", dependencies=[Depends(only_query())])
def post_export(request: Request, response: Response, services: Kancha, body: Annotated[ExportIn, Body()]) -> JobOut:
    """Order a file as a durable run: for what takes longer than a request may.

    It is made of what you see now; the same order of a store that has not changed gives the same job.
    """
    job, _ = export_orders.order_export(services, body.order())
    response.headers["Location"] = f"{base_url(request)}/jobs/{job.id}"
    return job_out(request, job)


@router.get(
    "/exports/{job_id}/content",
    summary="The file of an export",
    response_class=FileResponse,
    responses={
        **_FILE,
        206: {**_FILE[200], "description": "The part that a Range request asks for."},
        304: {"description": "The client has it."},
        416: {"content": {"text/plain": {}}, "description": "The file has no such part."},
    },
    dependencies=[Depends(only_query())],
)  # fmt: skip
def get_export_content(request: Request, job_id: str, services: Kancha) -> Response:
    """The file that an ordered export made, for as long as it is kept; Range requests are answered."""
    job, path = export_orders.export_file(services, job_id)
    told = job.result or {}
    etag = f'"{told["sha256"]}"'
    if (same := unchanged(request, etag)) is not None:
        return same
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    return FileResponse(path, media_type=told["media_type"], filename=told["name"], headers=headers)


@router.delete("/exports/{job_id}", summary="Stop an export", dependencies=[Depends(only_query())])
def delete_export(request: Request, job_id: str, services: Kancha) -> JobOut:
    """Stop an export of one's own that is not made yet."""
    return job_out(request, export_orders.stop_export(services, job_id))
