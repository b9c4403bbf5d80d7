"""`kancha clocks`: the terms that cases run by, and a bureau's own book of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts.opened import Data, opened

app = typer.Typer(no_args_is_help=True, help="Read the terms of cases; check a bureau's own book of them.")

Places = Annotated[
    list[str] | None,
    typer.Option("--jurisdiction", help="A place whose rules hold besides the national ones; may be repeated."),
]


@app.command("terms")
def terms(
    jurisdiction: Places = None,
    book: Annotated[Path | None, typer.Option("--book", help="A bureau's own book, a YAML file.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also the rows of other places and those not in use.")] = False,
) -> None:
    """List the terms in use."""
    # loaded on demand: the other commands need none of it
    from service.cases.clocks import load_book
    from service.cases.clocks.table import COLUMNS, table_of

    found = load_book(jurisdiction or (), book)
    rows = table_of(found) + (table_of(found, found.shelved) if every else [])
    used = len(found.terms)
    table = Table(title=f"{used} terms in use: {found.name}, {found.checksum[:8]}", title_justify="left")
    for name in (*COLUMNS, "in use") if every else COLUMNS:
        table.add_column(name, overflow="fold")
    for n, row in enumerate(rows):
        table.add_row(*(escape(cell) for cell in row), *(["yes" if n < used else "no"] if every else []))
    # a pipe or a log has no width of its own
    (Console() if sys.stdout.isatty() else Console(width=240)).print(table)


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="YAML file of a bureau's own book.")], jurisdiction: Places = None
) -> None:
    """See that a bureau's own book can be used; every fault is told with its line."""
    from service.cases.clocks import load_book
    from service.cases.errors import TermBookError

    try:
        book = load_book(jurisdiction or (), file)
    except TermBookError as error:
        for fault in error.measured.get("faults", ()):  # type: ignore[attr-defined]
            typer.echo(f"fault: {fault}", err=True)
        raise
    typer.echo(f"sound: {book.name}, {len(book.terms)} terms in use, {len(book.shelved)} not, {book.checksum[:8]}")


@app.command("explain")
def explain_case(
    case: Annotated[str, typer.Argument(help="Id of the case.")],
    english: Annotated[bool, typer.Option("--english", help="In English; else in Chinese.")] = False,
    data: Data = None,
) -> None:
    """Print every term of a case with its arithmetic, as of now."""
    from service.cases.clocks.explaining import explain
    from service.usecases.cases import view_case

    with opened(data) as services:
        view = view_case(services, case)
    for clock in view.clocks:
        typer.echo("\n".join(explain(clock, "en" if english else "zh")) + "\n")


@app.command("template")
def template() -> None:
    """Print a template for a bureau's own book."""
    from service.cases.clocks import own_template

    typer.echo(own_template(), nl=False)


@app.command("holidays")
def holidays(file: Annotated[Path, typer.Argument(help="YAML file of a bureau's own table of holidays.")]) -> None:
    """See that a bureau's own table of holidays can be used."""
    from service.cases.clocks import WorkCalendar

    calendar = WorkCalendar().with_file(file)
    typer.echo(f"sound: {len(calendar.overrides)} days, holidays known to {calendar.known_until}, {calendar.version}")
