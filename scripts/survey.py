"""`kancha survey`: the stock of known buildings against the papers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from geodata.features import parse_day
from geodata.io.dates import parse_date
from service.usecases.column_maps import parse_maps

if TYPE_CHECKING:
    from service.usecases.survey import Surveyed

Layer = Annotated[
    Path | None, typer.Option(help="Vector file: GeoJSON, GeoPackage, FlatGeobuf, Shapefile or a zip of one.")
]


def survey(
    buildings: Annotated[Path, typer.Option(help="Vector file of the known buildings.")],
    parcels: Layer = None,
    permits: Layer = None,
    zones: Layer = None,
    as_of: Annotated[str | None, typer.Option(help="Day of the survey; else today.")] = None,
    cut_off: Annotated[
        str | None, typer.Option(help="Buildings of this day and before are old stock, later ones new.")
    ] = None,
    since: Annotated[Path | None, typer.Option(help="An earlier survey: the progress to zero since then.")] = None,
    rules: Annotated[str, typer.Option(help="Rulebook: an id, a YAML file, or current: the one in use.")] = "current",
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="Column name: buildings.building_id=ZRZH; repeatable.")
    ] = None,
    crs: Annotated[str | None, typer.Option(help="System of every layer that declares none: EPSG:4547.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Text encoding of layers that do not tell it.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="GeoJSON of every building.")] = None,
    table: Annotated[Path | None, typer.Option(help="CSV of the figures.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder [KANCHA_DATA or ./kancha-data].")] = None,
) -> None:
    """Say of every known building what it is to the permits and the latest plan, without new imagery."""
    # loaded on demand: the other commands need none of it
    from service.settings import read_settings
    from service.usecases.rulebooks import book_for
    from service.usecases.survey import SurveyFiles, survey_files

    at = None if as_of is None else parse_date(as_of)
    given: dict[Any, Path | None] = {"parcels": parcels, "permits": permits, "zones": zones, "buildings": buildings}
    ask = SurveyFiles(
        {kind: path for kind, path in given.items() if path is not None},
        at,
        book_for(read_settings(data=data), rules, at),
        None if cut_off is None else parse_day(parse_date(cut_off)),
        parse_maps(maps or []),
        crs,
        encoding,
        since,
        output,
        table,
    )
    found = survey_files(ask)
    # a pipe or a log has no width of its own
    console = Console() if sys.stdout.isatty() else Console(width=160)
    for shown in tables(found):
        console.print(shown)
    for path in (output, table):
        if path is not None:
            typer.echo(f"written: {path}", err=True)


def tables(found: Surveyed) -> list[Table]:
    """The figures of a survey, and the progress where there is any."""
    stock = Table(title=f"{len(found.found)} buildings", title_justify="left")
    for name in ("village", "standing", "category", "buildings", "area m2"):
        stock.add_column(name, overflow="fold", justify="right" if name in ("buildings", "area m2") else "left")
    for row in found.figures:
        stock.add_row(
            escape(row.village or "-"), row.standing, row.category or "-", str(row.buildings), f"{row.area_m2:,.0f}"
        )
    if not found.progress:
        return [stock]
    steps = Table(title="progress to zero", title_justify="left")
    for name in ("village", "category", "open then", "still open", "new", "cleared", "open m2"):
        steps.add_column(name, overflow="fold")
    for step in found.progress:
        rate = "-" if step.clear_rate is None else f"{step.clear_rate:.0%}"
        steps.add_row(
            escape(step.village or "-"),
            step.category,
            str(step.open_at_first),
            str(step.still_open),
            str(step.since),
            rate,
            f"{step.area_m2:,.0f}",
        )
    return [stock, steps]
