"""What `kancha layers preview` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from service.usecases.layer_preview import Preview

_SHOWN = 5
"""Features named for each thing that would be done to them."""


def show_preview(told: Preview, console: Console) -> None:
    """Print what is in a file and what storing it would do.

    Args:
        told: The preview.
        console: Where to.
    """
    head = told.head
    first = "" if head["first"] is None else f", first coordinate {head['first'][0]:.6f} {head['first'][1]:.6f}"
    console.print(escape(f"{told.file_name}: {head['format']}, text {head['encoding']}"), highlight=False)
    declared = head["declared_crs"] or "none"
    console.print(escape(f"declared system: {declared}{first}"), highlight=False)
    console.print(_columns(head))
    _show_outcome(told, console)


def _columns(head: dict[str, Any]) -> Table:
    table = Table(title=f"first {len(head['rows'])} rows", title_justify="left")
    for name in ("column", "taken for", "by", "values"):
        table.add_column(name, overflow="fold")
    for at, column in enumerate(head["columns"]):
        values = " | ".join("–" if row[at] is None else row[at] for row in head["rows"])
        cells = (column["name"], column["target"] or "", column["by"] or "", values)
        table.add_row(*map(escape, cells))
    kinds = " | ".join(kind or "–" for kind in head["geometry"])
    table.add_row("(geometry)", "", "", escape(kinds))
    return table


def _show_outcome(told: Preview, console: Console) -> None:
    def say(text: str) -> None:
        console.print(escape(text), highlight=False, soft_wrap=True)

    options = [f"--map {told.kind}.{target}={source}" for target, source in told.read_as["mapping"].items()]
    named = ("crs", "encoding", "transformation")
    options += [f"--{name} {value}" for name in named if (value := told.read_as.get(name))]
    if options:
        say(f"as read here: {' '.join(options)}")
    if told.refused is not None:
        say(f"would be refused: {told.refused['code']}: {told.refused['message']} {told.refused['remedy']}")
        return
    counts, report = told.counts or {}, told.report or {}
    say(f"would be stored: {', '.join(f'{count} {name}' for name, count in counts.items())}, {report['crs']}")
    if told.bbox is not None:
        say("extent: " + " ".join(f"{value:.6f}" for value in told.bbox))
    for name, reason in report["dropped"][:_SHOWN]:
        say(f"would be left out: {name}: {reason}")
    for what in ("repaired", "duplicated"):
        if report[what]:
            more = " ..." if len(report[what]) > _SHOWN else ""
            say(f"{what}: {', '.join(report[what][:_SHOWN])}{more}")
