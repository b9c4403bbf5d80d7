"""`kancha privacy`: personal data of layers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.opened import Data, opened

app = typer.Typer(no_args_is_help=True, help="Personal data of layers: sealed, read with a purpose, erased.")
Kind = Annotated[str, typer.Argument(help="Kind of the layer: parcels, permits, ...")]
Fid = Annotated[str, typer.Argument(help="Id of the feature.")]


@app.command("show")
def show(
    kind: Kind, fid: Fid, purpose: Annotated[str, typer.Option(help="What for; it is recorded.")], data: Data = None
) -> None:
    """Show the personal data of a feature; the look is recorded."""
    from service.usecases.privacy import read_personal

    with opened(data) as services:
        found = read_personal(services, kind, fid, purpose)
    for name, value in found.values.items():
        typer.echo(f"{name}: {value}")
    if not found.values:
        typer.echo("none: the layer has none, or they were erased", err=True)


@app.command("erase")
def erase(
    kind: Kind, fid: Fid, reason: Annotated[str, typer.Option(help="Why; it is recorded.")], data: Data = None
) -> None:
    """Erase the personal data of a feature from every version, and what opens the files that hold them."""
    from service.usecases.privacy import erase_personal

    with opened(data) as services:
        found = erase_personal(services, kind, fid, reason)
    typer.echo(f"erased in {len(found)} versions: {', '.join(found)}")


@app.command("sweep")
def sweep(data: Data = None) -> None:
    """Erase what was kept long enough (KANCHA_PRIVACY__KEEP_DAYS); the service does so every day."""
    from service.usecases.privacy import sweep as usecase

    with opened(data) as services:
        found = usecase(services)
    typer.echo(f"erased: {', '.join(found) or 'nothing'}")


@app.command("rotate")
def rotate(data: Data = None) -> None:
    """Make a new key and seal everything with it; keep a copy of the file of keys afterwards."""
    from service.usecases.layer_sealing import key_file
    from service.usecases.privacy import rotate as usecase

    with opened(data) as services:
        name, count = usecase(services)
        path = key_file(services.settings)
    typer.echo(f"{count} seals are made with {name} now. Keep a copy of {path} apart from the backups.")


@app.command("source")
def source(
    version: Annotated[str, typer.Argument(help="Id of a layer version.")],
    target: Annotated[Path, typer.Argument(help="Where the file goes.")],
    purpose: Annotated[str, typer.Option(help="What for; it is recorded.")],
    data: Data = None,
) -> None:
    """Write the file of a layer version as it came; one with personal data is opened, which is recorded."""
    from service.usecases.privacy import open_source

    with opened(data) as services:
        found = open_source(services, version, target, purpose)
    typer.echo(f"{target}: {found.file_name}, SHA-256 {found.sha256}")
