"""`kancha coverage`: what was seen when, what was not and why, and what needs a look."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from geodata.errors import OptionError
from geodata.io.dates import BEIJING, parse_date
from geodata.values import parse_day
from scripts.opened import Data, opened
from scripts.terminal import wide_console

if TYPE_CHECKING:
    from geodata.coverage import Figures
    from service.usecases.audits import AuditState

app = typer.Typer(no_args_is_help=True, help="The ledger of the area: seen when, by what, and why not.")
audit_app = typer.Typer(no_args_is_help=True, help="Recall audits: how many structures nobody reported.")
app.add_typer(audit_app, name="audit")

AsOf = Annotated[str | None, typer.Option(help="The day; else today.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="GeoJSON to write.")]


def _date(text: str | None) -> date | None:
    return None if text is None else parse_day(parse_date(text))


@app.command()
def show(as_of: AsOf = None, data: Data = None) -> None:
    """The figures of the area of responsibility, of all and by administrative area."""
    from service.usecases import coverage as usecase

    with opened(data) as services:
        found = usecase.summary(services, _date(as_of))
    out = wide_console()
    out.print(escape(found.sentence_zh))
    out.print(escape(found.sentence))
    table = Table(title=f"as of {found.as_of}, area from the {found.whence}", title_justify="left")
    for name in ("area", "km2", "seen in time", "not seen: why (km2)", "never km2"):
        table.add_column(name, overflow="fold")
    for one in found.areas:
        table.add_row(escape(one.name or "-"), *_cells(one.figures))
    table.add_row("all", *_cells(found.all))
    out.print(table)
    if found.without_mask:
        out.print(f"{len(found.without_mask)} scenes have no mask: nobody knows what they show")


def _cells(told: Figures) -> tuple[str, ...]:
    from geodata.coverage.wording import percent

    why = ", ".join(f"{reason} {km2:.3f}" for reason, km2 in sorted(told.blind_km2.items(), key=lambda one: -one[1]))
    return f"{told.area_km2:.3f}", f"{percent(told.seen_share)} %", why or "-", f"{told.never_km2:.3f}"


@app.command()
def at(
    lon: Annotated[float, typer.Argument(help="Longitude, degrees.")],
    lat: Annotated[float, typer.Argument(help="Latitude, degrees.")],
    as_of: AsOf = None,
    data: Data = None,
) -> None:
    """What is known of a place: last seen when, by what, why not since."""
    from geodata.coverage import WORDS
    from service.usecases import coverage as usecase

    with opened(data) as services:
        place = usecase.at(services, lon, lat, _date(as_of))
        named = {look.scene: services.store.scenes.get(look.scene).file_name for look in place.looks}
    found = place.answer
    names = [named[scene] for scene in found.scenes]
    seen = "never seen" if found.last_seen is None else f"last seen {found.last_seen.astimezone(BEIJING):%Y-%m-%d}"
    by = f" by {', '.join(names)}" if names else ""
    state = "in time" if found.reason is None else f"not in time: {WORDS[found.reason][0]}"
    typer.echo(f"{seen}{by}; due every {found.due_days:g} days; {state}")
    table = Table(title=f"{len(place.looks)} looks", title_justify="left")
    for name in ("taken", "scene", "shown", "hidden by"):
        table.add_column(name, overflow="fold")
    for look in place.looks:
        hidden = ", ".join(f"{name} {share:.0%}" for name, share in look.hidden.items())
        table.add_row(
            f"{look.on.astimezone(BEIJING):%Y-%m-%d}", escape(named[look.scene]), f"{look.seen:.0%}", hidden or "-"
        )
    wide_console().print(table)


@app.command("blind-spots")
def blind_spots(as_of: AsOf = None, output: Output = None, data: Data = None) -> None:
    """Ground that was not seen in time, in pieces, the largest first."""
    from service.store.queries import FeatureQuery
    from service.usecases import coverage_features as usecase

    with opened(data) as services:
        page = usecase.blind_features(services, FeatureQuery(limit=10**9), _date(as_of))
    _write(output, {"type": "FeatureCollection", "features": [orjson.Fragment(text) for text in page.items]})
    table = Table(title=f"{page.matched} blind spots", title_justify="left")
    for name in ("why", "m2", "last seen", "place"):
        table.add_column(name)
    for text in page.items[:40]:
        feature = orjson.loads(text)
        told = feature["properties"]
        table.add_row(told["reason"], f"{told['area_m2']:,.0f}", _day(told["last_seen"]), _place(feature["bbox"]))
    wide_console().print(table)


@app.command()
def tasking(
    as_of: AsOf = None,
    within_days: Annotated[float, typer.Option(help="Also what becomes due within so many days.")] = 7.0,
    output: Output = None,
    data: Data = None,
) -> None:
    """What needs a flight or an image, the most urgent first."""
    from service.usecases import coverage_features as usecase

    with opened(data) as services:
        found = usecase.tasking(services, _date(as_of), within_days)
    _write(output, found)
    features = orjson.loads(orjson.dumps(found["features"]))
    table = Table(title=f"{len(features)} tasks", title_justify="left")
    for name in ("no", "urgency", "m2", "why", "overdue days", "until", "place"):
        table.add_column(name, overflow="fold")
    for feature in features[:40]:
        told = feature["properties"]
        never = f"{told['never_m2']:,.0f} m2 never seen" if told["never_m2"] else "-"
        overdue = never if told["overdue_days"] is None else f"{told['overdue_days']:.0f}"
        row = (told["urgency"], f"{told['area_m2']:,.0f}", ", ".join(told["reasons_m2"]) or "-", overdue)
        table.add_row(str(told["number"]), *row, _day(told["until"]), _place(feature["bbox"]))
    wide_console().print(table)


@app.command()
def parcels(
    as_of: AsOf = None,
    state: Annotated[str | None, typer.Option(help="seen, overdue, never, excluded or outside.")] = None,
    limit: Annotated[int, typer.Option(help="How many are listed at most.")] = 40,
    data: Data = None,
) -> None:
    """What was seen of each parcel of the newest layer, and how many are in each state."""
    from collections import Counter

    from service.usecases import coverage_parcels as usecase

    counts: Counter[str] = Counter()
    table = Table(title_justify="left")
    for name in ("parcel", "state", "last seen", "why"):
        table.add_column(name, overflow="fold")
    from service.usecases.listing import every

    with opened(data) as services:
        for one in every(lambda limit, key: usecase.parcels(services, limit, key, _date(as_of))):
            counts[one.state] += 1
            if (state is None or one.state == state) and table.row_count < limit:
                last = "-" if one.last_seen is None else f"{one.last_seen.astimezone(BEIJING):%Y-%m-%d}"
                table.add_row(escape(one.id), one.state, last, one.reason or "-")
    table.title = ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "no parcels"
    wide_console().print(table)


# --- recall audits -------------------------------------------------------------------------------

AuditId = Annotated[str, typer.Argument(help="Id of the audit.")]


@audit_app.command()
def draw(
    count: Annotated[int, typer.Argument(help="How many cells.")],
    seed: Annotated[int, typer.Option(help="What decides the draw.")] = 1,
    as_of: AsOf = None,
    output: Output = None,
    data: Data = None,
) -> None:
    """Draw cells that were seen in time and hold no finding, for people to look at."""
    from service.usecases import audits as usecase

    with opened(data, changes="coverage audit draw") as services:
        state, new = usecase.draw(services, count, seed, _date(as_of))
    features = [
        {"type": "Feature", "id": cell, "geometry": dict(outline), "properties": {"audit": state.audit.id}}
        for cell, outline in state.audit.cells.items()
    ]
    _write(output, {"type": "FeatureCollection", "features": features})
    typer.echo(f"audit {state.audit.id}: {len(features)} cells{'' if new else ', drawn before'}")


@audit_app.command()
def answer(
    audit: AuditId,
    cell: Annotated[str, typer.Argument(help="Id of the cell.")],
    missed: Annotated[str, typer.Argument(help="true or false: whether it holds a structure that nobody reported.")],
    by: Annotated[str, typer.Option(help="Who says so.")],
    note: Annotated[str | None, typer.Option(help="Anything else.")] = None,
    data: Data = None,
) -> None:
    """Keep what was seen in a cell; the latest answer counts."""
    from service.store.audit_records import AuditAnswer
    from service.usecases import audits as usecase

    if missed not in ("true", "false"):
        raise OptionError(f"{missed[:20]!r} is no answer.", remedy="Write true or false.")
    with opened(data, changes="coverage audit answer") as services:
        said = AuditAnswer(cell, missed == "true", by, note, datetime.now(UTC))
        typer.echo(_rate(usecase.answer(services, audit, said)))


@audit_app.command("show")
def show_audit(audit: AuditId, data: Data = None) -> None:
    """The miss rate of an audit with its interval."""
    from service.usecases import audits as usecase

    with opened(data) as services:
        typer.echo(_rate(usecase.get(services, audit)))


def _rate(state: AuditState) -> str:
    told = state.rate
    share = "no rate yet" if told.precision is None else f"{told.precision:.1%} ({told.low:.1%} to {told.high:.1%})"
    return (
        f"audit {state.audit.id}: {told.judged} of {len(state.audit.cells)} cells answered, "
        f"{told.right} with a structure that nobody reported: {share}"
    )


# --- words ---------------------------------------------------------------------------------------


def _write(path: Path | None, content: object) -> None:
    from service.files import write_beside

    if path is not None:
        write_beside(path, orjson.dumps(content))
        typer.echo(f"written: {path}", err=True)


def _day(text: str | None) -> str:
    return "-" if text is None else f"{datetime.fromisoformat(text).astimezone(BEIJING):%Y-%m-%d}"


def _place(box: list[float]) -> str:
    return f"{(box[0] + box[2]) / 2:.5f}, {(box[1] + box[3]) / 2:.5f}"
