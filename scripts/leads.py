"""`kancha leads`: what deserves a look: listed, shown, taken from files, gathered, judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from geodata.types import DISMISSAL_REASONS
from scripts.opened import Data, opened
from scripts.terminal import wide_console
from service.cases.leads.table import COLUMNS
from service.cases.leads.triage import GROUNDS, PROOFS, Proof
from service.cases.leads.values import EVENTS, OWN, SOURCES_ZH, SourceKind
from service.usecases.column_maps import parse_map

if TYPE_CHECKING:
    from service.usecases.report_file import FileResult

app = typer.Typer(no_args_is_help=True, help="What deserves a look: reports, merged into leads and triaged.")
Lead = Annotated[str, typer.Argument(help="Id of the lead.")]
_OUTSIDE = ", ".join(kind for kind in SourceKind if kind not in OWN)


@app.command("list")
def list_leads(
    data: Data = None,
    state: Annotated[str, typer.Option(help="open, judged, case or all.")] = "open",
    source: Annotated[str | None, typer.Option(help=f"Leads that it told of: {', '.join(SourceKind)}.")] = None,
    verdict: Annotated[int | None, typer.Option(min=0, max=3, help="Code of the verdict; then of any state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 50,
) -> None:
    """List leads, what is to be looked at first first."""
    from service.store.queries import FeatureQuery
    from service.usecases.leads import lead_queue

    equals = {} if state == "all" or verdict is not None else {"state": state}
    equals |= {} if source is None else {"source": source}
    equals |= {} if verdict is None else {"verdict": str(verdict)}
    with opened(data) as services:
        found = lead_queue(services, FeatureQuery(equals=equals, limit=limit))
    table = Table("lead", "state", "verdict", "priority", "reports", "sources", "stage", "last seen", "case")
    for text in found.items:
        feature = orjson.loads(text)
        told = feature["properties"]
        table.add_row(
            str(feature["id"]),
            told["state"],
            f"{told['verdict']} {told['verdict_zh']}",
            f"{told['priority']:.2f}",
            str(told["reports"]),
            ", ".join(told["sources_zh"]),
            told["stage"] or "",
            told["last_seen"][:10],
            told["case_id"] or "",
        )
    wide_console().print(table)
    typer.echo(f"{len(found.items)} of {found.matched} leads")


@app.command("show")
def show(lead: Lead, data: Data = None) -> None:
    """Show a lead with its reports and its history."""
    from service.usecases.leads import row_values, view_lead

    with opened(data) as services:
        view = view_lead(services, lead)
    told = row_values(view)
    typer.echo(
        f"{told['id']}: {told['state']}, {told['verdict']} {told['verdict_zh']}, priority {told['priority']:.2f}"
    )
    for name in ("structure_id", "follows", "case_id"):
        if told[name]:
            typer.echo(f"{name}: {told[name]}")
    for one in view.reports:
        where = one.spot.geometry["type"] if one.spot.geometry else "no place"
        typer.echo(f"  {one.seen_at:%Y-%m-%d %H:%M}Z {SOURCES_ZH[one.source]} {one.number}: {one.text} ({where})")
    for event in view.events:
        typer.echo(f"  {event.number}. {event.at:%Y-%m-%d %H:%M}Z {EVENTS[event.kind][1]} {event.by}: {_facts(event)}")


def _facts(event: Any) -> str:
    return orjson.dumps(dict(event.facts)).decode()


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX of reports.")],
    source: Annotated[str, typer.Option(help=f"Source of the rows that name none: {_OUTSIDE}.")],
    data: Data = None,
    origin: Annotated[str, typer.Option(help="Which one of that kind, as the name of a bureau.")] = "",
    maps: Annotated[
        list[str] | None, typer.Option("--map", help=f"Column name: number=工单编号; wanted: {', '.join(COLUMNS)}.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a CSV that is found wrongly.")] = None,
    coordinates: Annotated[str | None, typer.Option(help="GCJ-02 or BD-09: places are a web map's.")] = None,
    accuracy: Annotated[float | None, typer.Option(help="How far off places may be, m.")] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Keep nothing of who told it.")] = False,
    secrecy: Annotated[str | None, typer.Option(help="public, internal or secret.")] = None,
) -> None:
    """Take the reports of a table: good rows are kept, bad ones told; the same file twice adds nothing."""
    from service.cases.leads.intake import Said
    from service.usecases.report_file import FileFacts, take_local_file

    usual = Said(source, origin=origin, accuracy_m=accuracy, system=coordinates, anonymous=anonymous, secrecy=secrecy)
    facts = FileFacts(usual, parse_map(maps or [], COLUMNS), encoding)
    with opened(data, changes="leads import") as services:
        told = take_local_file(services, file, facts)
    _tell_file(told)
    if told.bad:
        raise typer.Exit(1)


def _tell_file(told: FileResult) -> None:
    typer.echo(
        f"{told.rows} rows: {told.new} new, {told.known} known before, {len(told.bad)} not taken; "
        f"{told.unplaced} wait for a place; {len(told.lead_ids)} leads"
    )
    typer.echo(
        f"read: {', '.join(f'{name}={column}' for name, column in told.columns.items())} {told.encoding}".strip()
    )
    if told.unread:
        typer.echo(f"not read: {', '.join(told.unread)}")
    for row, reason in told.bad:
        typer.echo(f"row {row}: {reason}", err=True)


@app.command("gather")
def gather(data: Data = None) -> None:
    """Make reports of findings, patches and temporary permits that ran out, each once."""
    from service.usecases.lead_sources import gather_leads

    with opened(data, changes="leads gather") as services:
        told = gather_leads(services)
    typer.echo(
        f"new: {told.findings} findings, {told.patches} patches, {told.expiries} on papers that ran out; "
        f"{told.leads} leads"
    )


@app.command("judge")
def judge(
    lead: Lead,
    verdict: Annotated[int, typer.Argument(min=1, max=3, help="1 lawful, 2 unlawful, 3 false change on site.")],
    ground: Annotated[str, typer.Option(help=f"{', '.join(GROUNDS)}.")],
    reason: Annotated[str, typer.Option(help="In words.")],
    data: Data = None,
    proofs: Annotated[
        list[str] | None, typer.Option("--proof", help=f"KIND=NUMBER; kinds: {', '.join(PROOFS)}; repeatable.")
    ] = None,
    photos: Annotated[list[Path] | None, typer.Option("--photo", help="A photograph of the site; repeatable.")] = None,
    dismissal: Annotated[
        str | None, typer.Option(help=f"With 3: what findings showed instead: {', '.join(DISMISSAL_REASONS)}.")
    ] = None,
) -> None:
    """Judge a lead with its proof; the latest verdict counts, the others stay."""
    from service.files import private_folder, take_copy
    from service.usecases.leads import LeadJudgement, judge_lead

    given = [Proof(kind.strip(), number.strip()) for kind, _, number in (one.partition("=") for one in proofs or [])]
    told = LeadJudgement(verdict, ground, reason, given, dismissal)
    with opened(data, changes="leads judge") as services, private_folder(services.settings.data / "incoming") as folder:
        uploads = []
        for place, photo in enumerate(photos or []):
            (own := folder / str(place)).mkdir()
            uploads.append(take_copy(photo, own))
        view = judge_lead(services, lead, told, uploads)
    typer.echo(escape(f"judged: {view.row.id} {view.row.verdict} {GROUNDS[ground].title_zh}"))
