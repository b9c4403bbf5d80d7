"""`kancha export`: the ledger, patches of the national form, everything as one GeoPackage, dossiers of findings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from geodata.errors import OptionError
from scripts.opened import Data, opened

app = typer.Typer(no_args_is_help=True, help="Write findings and layers for other systems.")

ScanId = Annotated[str | None, typer.Option("--scan", help="Of this scan alone.")]
Statuses = Annotated[
    list[str] | None, typer.Option("--status", help="suspected, permitted, existing, unassessed; repeatable.")
]


def _check_language(language: str) -> None:
    if language not in ("zh", "en"):
        raise OptionError(f"There is no language {language[:20]!r} here.", remedy="Write zh or en.")


@app.command()
def ledger(
    file: Annotated[Path, typer.Argument(help="Workbook to write: .xlsx.")],
    scan: ScanId = None,
    status: Statuses = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    dismissed: Annotated[bool, typer.Option(help="Also findings that were judged wrong.")] = True,
    data: Data = None,
) -> None:
    """The ledger of findings (线索台账): one row a finding, a summary by village, areas also in mu."""
    from service.usecases import exports as usecase

    _check_language(language)
    wanted = usecase.Selection(scan, tuple(status or ()), dismissed)
    with opened(data) as services:
        count = usecase.export_ledger(services, file, wanted, cast(Any, language))
    typer.echo(f"written: {file} ({count} findings)")


@app.command()
def patches(
    file: Annotated[
        Path, typer.Argument(help="File to write: .zip (shapefile in GBK), .gpkg or .db (SQLite package).")
    ],
    county: Annotated[str, typer.Option(help="Six digits of the county (XZQDM).")],
    county_name: Annotated[str, typer.Option(help="Its name (XMC).")],
    crs: Annotated[str, typer.Option(help="System of the outlines.")] = "EPSG:4490",
    scan: ScanId = None,
    status: Statuses = None,
    letters: Annotated[str, typer.Option(help="In a patch number between county and year.")] = "SJBG",
    first_serial: Annotated[int, typer.Option(help="Serial of the first patch.")] = 1,
    data: Data = None,
) -> None:
    """Findings as patches (图斑) of the national exchange form; those that were judged wrong are left out."""
    from geodata.exchange import PatchOptions
    from service.usecases import exports as usecase

    wanted = usecase.Selection(scan, tuple(status or ("suspected",)), dismissed=False)
    options = PatchOptions(county, county_name, letters, first_serial)
    with opened(data) as services:
        count = usecase.export_patches(services, file, wanted, options, crs)
    typer.echo(f"written: {file} ({count} patches)")


@app.command()
def package(
    file: Annotated[Path, typer.Argument(help="GeoPackage to write: .gpkg.")],
    data: Data = None,
) -> None:
    """Everything as one GeoPackage with its styles: findings, newest layers, scenes, scans, verdicts."""
    from service.usecases import exports as usecase

    with opened(data) as services:
        counts = usecase.export_everything(services, file)
    typer.echo(f"written: {file} ({', '.join(f'{count} {name}' for name, count in counts.items())})")


@app.command()
def dossier(
    finding: Annotated[str, typer.Argument(help="Id of a stored finding.")],
    file: Annotated[Path, typer.Argument(help="Pages to write: .pdf.")],
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    data: Data = None,
) -> None:
    """The dossier of a finding (线索档案): pictures, measures, reasons, history and sources, to print."""
    from service.usecases.dossiers import write_dossier

    _check_language(language)
    with opened(data) as services:
        write_dossier(services, finding, file, cast(Any, language))
    typer.echo(f"written: {file}")
