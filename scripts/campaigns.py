"""`kancha campaigns`: begun from a baseline, followed to zero."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from geodata.errors import OptionError
from scripts.opened import Data, opened
from scripts.terminal import wide_console

app = typer.Typer(no_args_is_help=True, help="Campaigns: a baseline, targets by village, the burn-down to zero.")


@app.command("list")
def list_(data: Data = None) -> None:
    """List the campaigns."""
    from service.usecases.campaigns import list_campaigns
    from service.usecases.listing import every

    table = Table()
    for name in ("campaign", "name", "as of", "from", "baseline"):
        table.add_column(name, overflow="fold")
    with opened(data) as services:
        for row in every(lambda limit, key: list_campaigns(services, limit, key)):
            table.add_row(row.id, escape(row.name), str(row.as_of), row.source, str(len(row.baseline)))
    wide_console().print(table)


@app.command()
def begin(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    survey: Annotated[Path | None, typer.Option(help="A survey: what `kancha survey -o` wrote.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The day of the baseline, YYYY-MM-DD.")] = None,
    target: Annotated[
        list[str] | None, typer.Option(help="VILLAGE:OPEN:YYYY-MM-DD; :0:2026-12-31 is zero everywhere by that day.")
    ] = None,
    data: Data = None,
) -> None:
    """Fix the baseline and the targets of a campaign."""
    from service.usecases.campaigns import Beginning, begin

    told = None if survey is None else orjson.loads(survey.read_bytes())
    targets = [_target(text) for text in target or ()]
    with opened(data, changes="campaigns begin") as services:
        view = begin(services, Beginning(name, None if as_of is None else _day(as_of), targets, None, told))
    _print(view)


@app.command()
def show(
    campaign: Annotated[str, typer.Argument(help="Id of the campaign.")],
    as_of: Annotated[str | None, typer.Option(help="The day, YYYY-MM-DD; else today.")] = None,
    data: Data = None,
) -> None:
    """Show the figures with their definitions, the burn-down and the targets."""
    from service.usecases.campaigns import view_campaign

    with opened(data) as services:
        view = view_campaign(services, campaign, None if as_of is None else _day(as_of))
    _print(view)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise OptionError(f"{text!r} is no day.", remedy="Write it as 2026-12-31.") from error


def _target(text: str) -> dict[str, Any]:
    village, _, rest = text.rpartition(":")[0].rpartition(":")
    if not rest.isdigit():
        raise OptionError(f"{text!r} is no target.", remedy="Write VILLAGE:OPEN:YYYY-MM-DD, as in 东村:0:2026-12-31.")
    return {"village": village, "open_at_most": int(rest), "by": text.rpartition(":")[2]}


def _print(view: Any) -> None:
    console = wide_console()
    console.print(f"{escape(view.campaign.name)} ({view.campaign.id}), {view.campaign.as_of} to {view.today}")
    for village, figures in view.figures.items():
        table = Table(title=escape(village) or "all", title_justify="left")
        for name in ("figure", "value", "definition"):
            table.add_column(name, overflow="fold")
        for one in figures:
            table.add_row(f"{one.title_zh} {one.title}", _value(one), f"{one.definition_zh} {one.definition}")
        console.print(table)
    table = Table(title="burn-down", title_justify="left")
    for name in ("day", "open", "demolished", "otherwise"):
        table.add_column(name)
    for day in view.days:
        table.add_row(str(day.day), str(day.open), str(day.demolished), str(day.otherwise))
    console.print(table)
    for one in view.reached:
        told = one.target
        where = escape(told.village) or "all"
        console.print(f"{where}: at most {told.open_at_most} open by {told.by}: {one.open} open, {one.state}")


def _value(figure: Any) -> str:
    if figure.value is None:
        return "-"
    return f"{figure.value:.1%}" if figure.unit == "share" else f"{figure.value:g}"
