"""`kancha structures`: structures over time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from geodata.io.dates import BEIJING
from scripts.opened import Data, opened
from scripts.terminal import wide_console

app = typer.Typer(no_args_is_help=True, help="Structures over time: what many scans saw of one building.")

Id = Annotated[str, typer.Argument(help="Id of the structure, as a finding's structure_id names it.")]


@app.command("list")
def list_structures(
    state: Annotated[str | None, typer.Option(help="standing, gone or merged.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.")] = 100,
    data: Data = None,
) -> None:
    """Structures in the order in which they were first told."""
    from service.store.queries import FeatureQuery
    from service.usecases import structures as usecase

    with opened(data) as services:
        query = FeatureQuery(limit=limit, equals={} if state is None else {"state": state})
        page = usecase.list_structures(services, query)
    table = Table(title=f"{page.matched} structures", title_justify="left")
    for name in ("structure", "state", "status", "last absent", "first seen", "last seen", "gone on", "m2", "findings"):
        table.add_column(name, overflow="fold")
    for text in page.items:
        feature = orjson.loads(text)
        told = feature["properties"]
        days = [_day(told[name]) for name in ("last_absent", "first_seen", "last_seen", "gone_on")]
        count = str(len(told["finding_ids"]))
        table.add_row(feature["id"], told["state"], told["status"], *days, f"{told['area_m2']:,.0f}", count)
    wide_console().print(table)


@app.command()
def show(structure: Id, data: Data = None) -> None:
    """A structure with its growth, and in how many of the usable looks it was seen."""
    from service.usecases import structures as usecase

    with opened(data) as services:
        found = usecase.get_structure(services, structure)
    feature = orjson.loads(found.geojson)
    told = feature["properties"]
    head = f"{feature['id']}: {told['state']}, {told['status']}, seen {found.seen} of {found.usable} usable looks"
    head += f", {found.unknown} more of scenes without a mask" if found.unknown else ""
    out = wide_console()
    out.print(escape(head))
    links = {name: told[name] for name in ("rebuilt_of", "split_from", "merged_into") if told[name]}
    for name, other in links.items():
        out.print(f"{name.replace('_', ' ')}: {other}")
    growth = _table("growth", ("on", "area m2", "height m", "finding"))
    for step in told["growth"]:
        height = "-" if step["height_m"] is None else f"{step['height_m']:.1f}"
        growth.add_row(_day(step["on"]), f"{step['area_m2']:,.1f}", height, step["finding_id"])
    looks = _table("looks", ("before", "after", "scan", "usable", "seen"))
    for look in found.looks:
        words = ["-" if look.usable is None else "yes" if look.usable else "no", "yes" if look.seen else "no"]
        looks.add_row(_day(look.before_at.isoformat()), _day(look.after_at.isoformat()), look.scan_id, *words)
    out.print(growth)
    out.print(looks)


@app.command()
def earliest(
    structure: Id,
    order: Annotated[
        bool, typer.Option("--order", help="Compare the scenes that halve what is not known, and wait.")
    ] = False,
    scene: Annotated[str | None, typer.Option(help="The scene to compare, else that which halves most.")] = None,
    data: Data = None,
) -> None:
    """When a structure began, and which stored scenes could tell more."""
    from service.usecases import structures as usecase
    from service.usecases.jobs import wait_for

    with opened(data, runner=order, changes="structures earliest" if order else "") as services:
        found = usecase.earliest(services, structure, scene)
        out = wide_console()
        out.print(f"last absent {_day(_iso(found.last_absent))}, first seen {_day(_iso(found.first_seen))}")
        table = _table(f"{len(found.scenes)} scenes between", ("taken", "scene", "usable", "compared"))
        for one in found.scenes:
            words = ["-" if one.usable is None else "yes", "told nothing" if one.compared else "no"]
            table.add_row(_day(one.acquired_at.isoformat()), one.scene_id, *words)
        out.print(table)
        for before, after in found.pairs:
            out.print(f"to compare: {before}, {after}")
        for no in found.refused:
            out.print(escape(f"refused: {no.before_scene}, {no.after_scene}: {no.code}: {no.message}"))
        if order:
            jobs = [job for job, _ in usecase.order_earliest(services, structure, scene)]
            for job in wait_for(services, [job.id for job in jobs]):
                out.print(f"{job.id}: {job.state}")


def _table(title: str, names: tuple[str, ...]) -> Table:
    made = Table(title=title, title_justify="left")
    for name in names:
        made.add_column(name, overflow="fold")
    return made


def _iso(moment: Any) -> str | None:
    return None if moment is None else str(moment.isoformat())


def _day(text: str | None) -> str:
    """An ISO time as a Beijing day."""
    return "-" if text is None else f"{datetime.fromisoformat(text).astimezone(BEIJING):%Y-%m-%d}"
