"""`kancha cases`: cases, what happened to them, their evidence."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from geodata.io.dates import BEIJING
from scripts.opened import Data, opened
from scripts.terminal import wide_console

app = typer.Typer(no_args_is_help=True, help="Cases: list them, show one, tell what happened, seal the evidence.")

Id = Annotated[str, typer.Argument(help="Id of the case.")]


@app.command("list")
def list_cases(
    state: Annotated[str | None, typer.Option(help="State of the procedure: open, filed, decided ... closed.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.")] = 100,
    data: Data = None,
) -> None:
    """Cases in the order of their opening, with what is due next and what is overdue."""
    from service.store.queries import FeatureQuery

    with opened(data) as services:
        query = FeatureQuery(limit=limit, equals={} if state is None else {"state": state}, count=True)
        page = services.store.cases.features(query)
    table = _table(f"{page.matched} cases", ("case", "serial", "state", "path", "opened", "due", "overdue", "outcome"))
    for text in page.items:
        feature = orjson.loads(text)
        told = feature["properties"]
        table.add_row(
            feature["id"], told["serial"], f"{told['state']} {told['state_zh']}", told["path"], _day(told["opened_at"]),
            _day(told["due_at"]), ", ".join(told["overdue"]), told["outcome"] or "-",
        )  # fmt: skip
    wide_console().print(table)


@app.command()
def show(case: Id, data: Data = None) -> None:
    """A case: the state of every region, its events, its terms, and what corrections show to have been wrong."""
    from service.cases.events import KINDS
    from service.cases.workflow.regions import REGIONS
    from service.usecases import cases as usecase

    with opened(data) as services:
        view = usecase.view_case(services, case)
        defects = usecase.defects_of(services, view)
    out = wide_console()
    out.print(escape(f"{view.row.id} {view.row.serial}: {view.row.path}, {view.row.stage}"))
    regions = _table("regions", ("region", "state", ""))
    for region, state in view.standing.regions.items():
        regions.add_row(region, state, REGIONS[region][state][1])
    events = _table("events", ("no.", "at", "event", "", "by", "facts"))
    for event in view.events:
        facts = orjson.dumps(dict(event.facts)).decode()[:160]
        at = f"{event.at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
        zh = KINDS[event.kind].title_zh
        events.add_row(str(event.number), at, event.kind, zh, event.by, escape(facts))
    clocks = _table("terms", ("term", "", "state", "due", "article"))
    for clock in view.clocks:
        due = f"{clock.due_at.astimezone(BEIJING):%Y-%m-%d %H:%M}" + (" provisional" if clock.provisional else "")
        clocks.add_row(clock.term_id, clock.title_zh, clock.state.value, due, clock.source_zh)
    for table in (regions, events, clocks):
        out.print(table)
    for event, refused in defects:
        for one in refused:
            out.print(escape(f"defect of event {event.number} {event.kind}: {one.no.message} {one.no.message_zh}"))


@app.command("tell")
def tell_event(
    case: Id,
    event: Annotated[str, typer.Argument(help="Kind of the event, as docs/workflow.md lists them.")],
    facts: Annotated[str, typer.Option(help="What it tells, a JSON object.")] = "{}",
    at: Annotated[str | None, typer.Option(help="When it happened; else now.")] = None,
    data: Data = None,
) -> None:
    """Tell what happened to a case; it is refused with the article where it may not follow."""
    from geodata.io.dates import parse_date
    from service.errors import BadRequestBodyError
    from service.usecases import cases as usecase

    try:
        told: Any = orjson.loads(facts)
    except orjson.JSONDecodeError as error:
        raise BadRequestBodyError(
            f"--facts is not JSON: {error}.", remedy='Write --facts \'{"text": "..."}\'.'
        ) from error
    with opened(data, changes="cases tell") as services:
        view = usecase.tell(services, case, usecase.Telling(event, told, None if at is None else parse_date(at)))
    typer.echo(f"{view.row.serial}: event {view.row.number}, {view.row.state}")


@app.command()
def evidence(
    case: Id,
    output: Annotated[Path, typer.Option("--output", "-o", help="The ZIP to write.")],
    data: Data = None,
) -> None:
    """Seal the evidence package of a case; `kancha evidence verify` checks it."""
    from service.usecases.case_evidence import seal_evidence

    with opened(data) as services:
        sealed = seal_evidence(services, case, output)
    stamped = "with a time stamp" if sealed.stamped else "without a time stamp"
    typer.echo(f"{output}: {sealed.parts} parts, {sealed.size_bytes:,} bytes, {stamped}")
    typer.echo(f"signed by {sealed.fingerprint}")


@app.command()
def ledger(
    file: Annotated[Path, typer.Argument(help="File to write: .xlsx or .pdf.")],
    since: Annotated[str | None, typer.Option(help="Cases opened from when on.")] = None,
    until: Annotated[str | None, typer.Option(help="Until when, excluded.")] = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    data: Data = None,
) -> None:
    """The ledger of cases (案件台账): rates, medians and areas with their definitions, one row a case."""
    from geodata.errors import OptionError
    from geodata.io.dates import parse_date
    from service.usecases.case_ledgers import write_case_ledger

    if language not in ("zh", "en") or file.suffix.lower() not in (".xlsx", ".pdf"):
        raise OptionError("A ledger is written in zh or en, as .xlsx or .pdf.", remedy="Choose among these.")
    first, last = (None if text is None else parse_date(text) for text in (since, until))
    with opened(data) as services:
        count = write_case_ledger(services, file, "zh" if language == "zh" else "en", first, last)
    typer.echo(f"written: {file} ({count} cases)")


@app.command()
def fairness(data: Data = None) -> None:
    """How evenly cases were treated: time and outcome by group, and the cases that stand out."""
    from service.usecases.case_histories import even_treatment

    with opened(data) as services:
        found = even_treatment(services)
    groups = _table("groups", ("by", "group", "cases", "ended", "outcomes", "days to decision", "days to end"))
    for row in found.groups:
        days = ["-" if d is None else f"{d:.1f}" for d in (row.days_to_decision, row.days_to_end)]
        outcomes = ", ".join(f"{name} {count}" for name, count in row.outcomes.items())
        groups.add_row(row.dimension, row.name, str(row.cases), str(row.ended), outcomes or "-", *days)
    outliers = _table(f"{len(found.outliers)} to be looked at", ("case", "difference", ""))
    for one in found.outliers:
        outliers.add_row(one.serial, one.sentence, one.sentence_zh)
    for table in (groups, outliers):
        wide_console().print(table)


def _table(title: str, names: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def _day(text: str | None) -> str:
    return "-" if text is None else f"{datetime.fromisoformat(text).astimezone(BEIJING):%Y-%m-%d}"
