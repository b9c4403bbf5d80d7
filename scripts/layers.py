"""`kancha layers`: store and list layers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from geodata.io.dates import parse_date
from service.usecases.column_maps import parse_maps

app = typer.Typer(no_args_is_help=True, help="Store and list layers: parcels, permits, zones, buildings, areas.")
Data = Annotated[Path | None, typer.Option(help="Data folder [KANCHA_DATA or ./kancha-data].")]


@app.command("add")
def add(
    kind: Annotated[str, typer.Argument(help="parcels, permits, zones, buildings or areas.")],
    file: Annotated[Path, typer.Argument(help="GeoJSON, GeoPackage, FlatGeobuf, Shapefile or a zip of one.")],
    data: Data = None,
    crs: Annotated[str | None, typer.Option(help="System of a file that declares none.")] = None,
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="Column name: parcels.parcel_id=DKBM; repeatable.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Text encoding of a file that does not tell it.")] = None,
    valid_from: Annotated[str | None, typer.Option(help="Since when the layer holds.")] = None,
) -> None:
    """Store a layer; later scans take the newest of its kind."""
    # loaded on demand: the other commands need none of it
    from service.bootstrap import open_services
    from service.settings import read_settings
    from service.usecases.layer_files import add_layer_file
    from service.usecases.layers import LayerFacts

    facts = LayerFacts(
        crs=crs,
        mapping=parse_maps(maps or []).get(kind, {}),
        encoding=encoding,
        valid_from=None if valid_from is None else parse_date(valid_from),
    )
    services = open_services(read_settings(data=data))
    try:
        version, new = add_layer_file(services, kind, file, facts)
    finally:
        services.close()
    told = version.report
    typer.echo(
        f"{'stored' if new else 'already stored'}: {kind} {version.id}, "
        f"{version.features} of {told['rows']} features, {len(told['repaired'])} repaired, "
        f"{len(told['dropped'])} left out, {told['crs']}, {told['encoding']}"
    )
    for name, reason in told["dropped"]:
        typer.echo(f"left out: {name}: {reason}", err=True)


@app.command("list")
def show(data: Data = None) -> None:
    """List the stored layers."""
    from service.bootstrap import open_services
    from service.settings import read_settings
    from service.usecases.layers import list_layers

    services = open_services(read_settings(data=data))
    try:
        page = list_layers(services, limit=1000, after_key=0)
    finally:
        services.close()
    table = Table(title=f"{page.matched} layers", title_justify="left")
    for name in ("kind", "id", "file", "features", "stored"):
        table.add_column(name)
    for version in page.items:
        stored = f"{version.created_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(version.kind, version.id, version.file_name, str(version.features), stored)
    Console().print(table)
