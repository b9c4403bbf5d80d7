"""Routes of exports: files for other systems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse

from geodata.exchange import PatchOptions
from service.dependencies import Kancha, only_query
from service.routers.sending import sent_file
from service.services import Services
from service.usecases import exports as usecase

router = APIRouter(tags=["exports"])

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = {"xlsx": _XLSX, "zip": "application/zip", "gpkg": "application/geopackage+sqlite3",
          "db": "application/vnd.sqlite3"}  # fmt: skip
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in _TYPES.values()}, "description": "The file."}
}

ScanId = Annotated[str | None, Query(description="Of this scan alone.")]
Statuses = Annotated[str | None, Query(description="Statuses parted by commas.")]


def _sent(services: Services, name: str, write: Callable[[Path], object]) -> FileResponse:
    return sent_file(services, name, _TYPES[name.rpartition(".")[2]], write)


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
