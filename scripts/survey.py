"""`kancha survey`: the stock of known buildings against the papers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from geodata.features import parse_day
from geodata.io.dates import parse_date
from scripts.opened import Data, opened
from scripts.terminal import wide_console
from service.usecases.column_maps import parse_maps

if TYPE_CHECKING:
    from service.usecases.survey import Surveyed

Layer = Annotated[
    Path | None, typer.Option(help="Vector file: GeoJSON, GeoPackage, FlatGeobuf, Shapefile or a zip of one.")
]


def survey(
    buildings: Annotated[Path | None, typer.Option(help="Vector file of the known buildings.")] = None,
    parcels: Layer = None,
    permits: Layer = None,
    zones: Layer = None,
    areas: Annotated[
        Path | None, typer.Option(help="Vector file of administrative areas: figures by area instead of by village.")
    ] = None,
    image: Annotated[
        Path | None, typer.Option(help="GeoTIFF of one date: buildings that it shows and no register knows.")
    ] = None,
    stored: Annotated[bool, typer.Option(help="Take layers that are not given from the store, the newest.")] = False,
    as_of: Annotated[
        str | None, typer.Option(help="Day of the survey; else that of the image, without one today.")
    ] = None,
    cut_off: Annotated[
        str | None, typer.Option(help="Buildings of this day and before are old stock, later ones new.")
    ] = None,
    since: Annotated[
        list[Path] | None,
        typer.Option(help="An earlier survey: the progress to zero since then; repeatable, in the order of days."),
    ] = None,
    rules: Annotated[str, typer.Option(help="Rulebook: an id, a YAML file, or current: the one in use.")] = "current",
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="Column name: buildings.building_id=ZRZH; repeatable.")
    ] = None,
    crs: Annotated[str | None, typer.Option(help="System of every layer that declares none: EPSG:4547.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Text encoding of layers that do not tell it.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="GeoJSON of every building.")] = None,
    table: Annotated[Path | None, typer.Option(help="CSV of the figures.")] = None,
    data: Data = None,
) -> None:
    """Say of every known building what it is to the permits and the latest plan, without new imagery.

    With an image also of every building that it shows and no register knows.
    """
    # loaded on demand: the other commands need none of it
    from service.settings import read_settings
    from service.usecases.rulebooks import book_for
    from service.usecases.survey import SurveyFiles, survey_files

    at = None if as_of is None else parse_date(as_of)
    settings = read_settings(data=data)
    given: dict[Any, Path | None] = {
        "parcels": parcels, "permits": permits, "zones": zones, "buildings": buildings, "areas": areas,
    }  # fmt: skip
    ask = SurveyFiles(
        {kind: path for kind, path in given.items() if path is not None},
        at,
        book_for(settings, rules, at),
        None if cut_off is None else parse_day(parse_date(cut_off)),
        parse_maps(maps or []),
        crs,
        encoding,
        since or [],
        image,
        stored,
        output,
        table,
    )
    if stored:
        with opened(data) as services:
            found = survey_files(ask, services)
    else:
        found = survey_files(ask)
    console = wide_console()
    for shown in tables(found):
        console.print(shown)
    for path in (output, table):
        if path is not None:
            typer.echo(f"written: {path}", err=True)


def tables(found: Surveyed) -> list[Table]:
    """The figures of a survey, and the progress where there is any."""
    shown = int((found.found["source"] == "image").sum())
    title = f"{len(found.found)} buildings" + (f", {shown} of them in no register" if found.image is not None else "")
    stock = _table(title, ("village", "standing", "category", "buildings", "area m2"), numbers=2)
    for row in found.figures:
        stock.add_row(
            escape(row.village or "-"), row.standing, row.category or "-", str(row.buildings), f"{row.area_m2:,.0f}"
        )
    if not found.progress:
        return [stock]
    names = ("village", "category", "open then", "still open", "new", "cleared", "open m2")
    steps = _table("progress to zero", names, numbers=5)
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
    series = _table("open over time: buildings (m2)", ("village", "category", *found.days), numbers=len(found.days))
    for one in found.open:
        cells = [f"{count} ({m2:,.0f})" for count, m2 in zip(one.buildings, one.area_m2, strict=True)]
        series.add_row(escape(one.village or "-"), one.category, *cells)
    return [stock, steps, series]


def _table(title: str, names: Sequence[str], *, numbers: int) -> Table:
    """An empty table; its last columns hold numbers."""
    made = Table(title=title, title_justify="left")
    for k, name in enumerate(names):
        made.add_column(name, overflow="fold", justify="left" if k < len(names) - numbers else "right")
    return made
