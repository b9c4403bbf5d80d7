"""`kancha rules`: read, check, add and choose rulebooks, and say why a finding is assessed as it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts.opened import Data, opened

if TYPE_CHECKING:
    from geodata.assess import Book
    from service.usecases.rulebooks import Explained

app = typer.Typer(no_args_is_help=True, help="Read, check, add and choose rulebooks; explain a finding.")


def _print(table: Table) -> None:
    # a pipe or a log has no width of its own
    (Console() if sys.stdout.isatty() else Console(width=200)).print(table)


@app.command("list")
def show_all(data: Data = None) -> None:
    """List the rulebooks and their versions."""
    # loaded on demand: the other commands need none of it
    from service.settings import read_settings
    from service.usecases.rulebooks import list_books

    found = list_books(read_settings(data=data))
    table = Table(title=f"{len(found)} rulebooks", title_justify="left")
    for name in ("in use", "name", "version", "holds", "where", "title", "rules"):
        table.add_column(name, overflow="fold")
    for one in found:
        holds = f"{one.since or 'ever'} to {one.until or 'on'}"
        title = f"cannot be used: {one.fault}" if one.fault else f"{one.title} {one.title_zh}"
        table.add_row(
            "yes" if one.in_use else "",
            escape(one.name),
            one.version,
            holds,
            one.jurisdiction,
            escape(title),
            str(one.rules),
        )
    _print(table)


@app.command("show")
def show(
    rulebook: Annotated[str, typer.Argument(help="Id, id with checksum, YAML file, or current.")] = "current",
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print the whole rulebook as YAML.")] = False,
    data: Data = None,
) -> None:
    """Show the rules of a rulebook in the order in which they are tried."""
    from geodata.assess import flat_text
    from service.settings import read_settings
    from service.usecases.rulebooks import book_for

    book = book_for(read_settings(data=data), rulebook, None)
    if as_yaml:
        typer.echo(flat_text(book), nl=False)
        return
    _print(rules_table(book))


@app.command("check")
def check(file: Annotated[Path, typer.Argument(help="YAML file of a rulebook.")]) -> None:
    """See that a rulebook can be used; every fault is told."""
    from geodata.errors import RulebookError
    from service.usecases import rulebooks as usecase

    try:
        book = usecase.check(file)
    except RulebookError as error:
        for fault in error.measured.get("faults", ()):  # type: ignore[attr-defined]
            typer.echo(f"fault: {fault}", err=True)
        raise
    rules = book.rules
    typer.echo(
        f"sound: {book.name}, version {rules.version}, {len(rules.rules)} rules, {len(rules.articles)} articles, "
        f"{len(rules.tolerances)} tolerances, holds from {rules.since or 'ever'} to {rules.until or 'further notice'}"
    )


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="YAML file of a rulebook.")],
    since: Annotated[str, typer.Option(help="First day on which it holds, whatever the file says.")] = "",
    data: Data = None,
) -> None:
    """Keep a rulebook in the data folder; its version never changes there."""
    from geodata.features import parse_day
    from service.usecases import rulebooks as usecase

    with opened(data, changes="rules add") as services:
        book, new = usecase.add(services.settings, file, since=parse_day(since) if since else None)
    typer.echo(f"{'added' if new else 'already there'}: {book.name}, version {book.rules.version}")


@app.command("use")
def use(
    rulebook: Annotated[str, typer.Argument(help="Id of the rulebook.")],
    data: Data = None,
) -> None:
    """Let scans take a rulebook where nobody says otherwise: of its versions the one that holds on the day."""
    from service.usecases import rulebooks as usecase

    with opened(data, changes="rules use") as services:
        found = usecase.use(services.settings, rulebook)
    typer.echo(f"in use: {rulebook}, versions {', '.join(book.rules.version for book in found)}")


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(help="Id, id with checksum, or current.")],
    after: Annotated[str, typer.Argument(help="The same of another.")],
    data: Data = None,
) -> None:
    """Say what the second of two rulebooks says otherwise than the first."""
    from service.settings import read_settings
    from service.usecases.rulebook_changes import differences

    one, other, found = differences(read_settings(data=data), before, after)
    typer.echo(f"{one.name} and {other.name}: {len(found) or 'no'} differences")
    for each in found:
        typer.echo(f"\n{each.kind}: {' '.join(filter(None, (each.part, each.name)))}")
        if each.before is not None:
            typer.echo(f"- {json.dumps(each.before, ensure_ascii=False)}")
        if each.after is not None:
            typer.echo(f"+ {json.dumps(each.after, ensure_ascii=False)}")


@app.command("template")
def template() -> None:
    """Print a template for a new jurisdiction."""
    from geodata.assess import shipped_text

    typer.echo(shipped_text("template"), nl=False)


@app.command("facts")
def facts() -> None:
    """List the facts that rules may ask for."""
    from geodata.assess.vocabulary import FACTS, SUBJECTS

    table = Table(title=f"{len(FACTS)} facts", title_justify="left")
    for name in ("fact", "holds", "unit", "meaning"):
        table.add_column(name, overflow="fold")
    for name, fact in FACTS.items():
        table.add_row(name, fact.holds, fact.unit, fact.meaning)
    _print(table)
    for subject, meaning in SUBJECTS.items():
        typer.echo(f"{subject}: {meaning}")


@app.command("explain")
def explain(
    finding: Annotated[str, typer.Argument(help="Id of a stored finding.")],
    every: Annotated[bool, typer.Option("--every", help="Also the rules that gave no reason.")] = False,
    data: Data = None,
) -> None:
    """Say why a finding is assessed as it is: its reasons, and what was measured for each condition."""
    from service.usecases.rulebooks import explain_finding

    with opened(data) as services:
        found = explain_finding(services, finding)
    for line in lines_of(found, every=every):
        typer.echo(line)


def rules_table(book: Book) -> Table:
    """The rules of a rulebook."""
    rules = book.rules
    table = Table(title=f"{book.name}: {rules.title.en} {rules.title.zh}", title_justify="left")
    for name in ("rule", "reason", "about", "category", "basis", "severity", "follows", "excused by"):
        table.add_column(name, overflow="fold")
    for rule in rules.rules:
        basis = rules.articles[rule.basis].text if rule.basis in rules.articles else rule.basis
        excuses = ", ".join(rule.excused_by) or "nothing"
        table.add_row(
            rule.name,
            rule.code,
            rule.about,
            rule.category,
            basis,
            rule.severity,
            rule.consequence or "",
            excuses if rule.alleges else "alleges nothing",
        )
    return table


def lines_of(found: Explained, *, every: bool) -> list[str]:
    """An explanation for people."""
    told = found.assessment
    lines = [
        f"finding {found.finding_id}: {told.status}"
        + (f", {told.severity}" if told.severity else "")
        + (f", {told.consequence}" if told.consequence else ""),
        f"rulebook {found.book.name}, version {found.book.rules.version}; competent: {told.authority}",
    ]
    for trial in found.trials:
        if trial.reason is None and not every:
            continue
        said = "no reason: " + trial.why_not if trial.reason is None else trial.reason.certainty.replace("_", " ")
        basis = "" if trial.reason is None or not trial.reason.basis else f", {trial.reason.basis}"
        lines.append(f"\n{trial.rule.name} ({trial.rule.about}): {said}{basis}")
        if trial.reason is not None:
            lines += [f"  {trial.reason.message}", f"  {trial.reason.message_zh}"]
        lines += [f"  {grade.name.lower().replace('_', ' ')}: {what}" for what, grade in trial.held]
    return lines
