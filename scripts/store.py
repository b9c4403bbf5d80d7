"""`kancha migrate`, `backup`, `restore` and `store copy`: the care of the database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.opened import Data

if TYPE_CHECKING:
    from service.store.copying import Progress

app = typer.Typer(no_args_is_help=True, help="The database: copy it to another.")


def migrate(
    data: Data = None, check: Annotated[bool, typer.Option("--check", help="Only tell; exit 1 if behind.")] = False
) -> None:
    """Bring the tables to the newest revision. The service does so itself when it starts."""
    from service.settings import read_settings
    from service.upkeep import migrate as run

    told = run(read_settings(data=data), only_look=check)
    here = told.found or "no tables yet"
    if told.found == told.newest:
        typer.echo(f"revision {here}: up to date")
    elif check:
        typer.echo(f"revision {here}, the newest is {told.newest}: kancha migrate")
        raise typer.Exit(1)
    else:
        typer.echo(f"revision {here} -> {told.newest}")


def backup(
    target: Annotated[Path, typer.Argument(help="The file to write, as kancha-2026-05-01.tar.")],
    data: Data = None,
    files: Annotated[
        bool, typer.Option(help="With imagery, models, rulebooks and reports; else the database alone.")
    ] = True,
) -> None:
    """Write everything into one file, while the service goes on."""
    from service.settings import read_settings
    from service.upkeep import back_up

    with _progress() as progress:
        told = back_up(read_settings(data=data), target, files=files, progress=progress)
    size = target.stat().st_size / 1e6
    typer.echo(f"{target}: {sum(told.rows.values()):,} rows, {told.files:,} files, {size:,.1f} MB")


def restore(
    source: Annotated[Path, typer.Argument(help="A file that `kancha backup` wrote.")], data: Data = None
) -> None:
    """Bring a backup back into an empty data folder (and an empty database, where KANCHA_STORE names one)."""
    from service.settings import read_settings
    from service.upkeep import restore as run

    settings = read_settings(data=data)
    with _progress() as progress:
        told = run(settings, source, progress)
    made = told.made_at.astimezone().strftime("%Y-%m-%d %H:%M")
    typer.echo(f"{settings.data}: {sum(told.rows.values()):,} rows, {told.files:,} files of {made}")


@app.command("copy")
def copy(
    to: Annotated[str, typer.Option(help="The empty database: postgresql://user:password@host/name.")],
    data: Data = None,
) -> None:
    """Copy all rows into PostGIS. Stop the service first: what it writes meanwhile is not copied."""
    from service.settings import read_settings
    from service.upkeep import copy_to

    with _progress() as progress:
        counts = copy_to(read_settings(data=data), to, progress)
    for name, rows in counts.items():
        if rows:
            typer.echo(f"{name:16} {rows:>12,}")
    typer.echo("copied; every table compared by checksum. Start the service with KANCHA_STORE set to the new database.")


@contextmanager
def _progress() -> Iterator[Progress]:
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        last = 0.0

        def tell(name: str, rows: int) -> None:
            nonlocal last
            if time.monotonic() - last > 0.1:
                last = time.monotonic()
                status.update(f"{name} {rows:,}")

        yield tell
