"""`kancha documents`: the kinds of statutory documents, a bureau's own templates, samples."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(no_args_is_help=True, help="Statutory documents: kinds, templates, samples.")

KindOption = Annotated[str, typer.Option("--kind", help="Kind of document, see `kancha documents kinds`.")]


def _print(table: Table) -> None:
    # a pipe or a log has no width of its own
    (Console() if sys.stdout.isatty() else Console(width=200)).print(table)


@app.command("kinds")
def kinds() -> None:
    """List the kinds of documents: title, word of the serial, articles, first day, approval."""
    # loaded on demand: the other commands need none of it
    from service.cases.documents import KINDS

    table = Table(title=f"{len(KINDS)} kinds of documents", title_justify="left")
    for name in ("kind", "title", "word", "rests on", "from", "approval", "receipt"):
        table.add_column(name, overflow="fold")
    for kind in KINDS.values():
        articles = "、".join(f"{one.law.title_zh}{one.number}" for one in kind.basis)
        table.add_row(
            kind.name,
            f"{kind.title_zh} {kind.title}",
            kind.word or "",
            articles,
            str(kind.since or "ever"),
            kind.flow or "",
            "yes" if kind.receipt else "",
        )
    _print(table)


@app.command("placeholders")
def placeholders() -> None:
    """List the words that a template may use."""
    from service.cases.documents.placeholders import PLACEHOLDERS

    table = Table(title=f"{len(PLACEHOLDERS)} placeholders", title_justify="left")
    for name in ("placeholder", "form", "fields", "meaning"):
        table.add_column(name, overflow="fold")
    for one in PLACEHOLDERS.values():
        table.add_row(one.name, one.form, " ".join(one.fields), f"{one.meaning_zh} {one.meaning}")
    _print(table)


@app.command("check")
def check(file: Annotated[Path, typer.Argument(help="Word file of a template.")], kind: KindOption) -> None:
    """See that a bureau's own template can be used; every fault is told."""
    from service.cases.documents import check_template, kind_named
    from service.cases.documents.errors import TemplateError

    try:
        content = check_template(file, kind_named(kind))
    except TemplateError as error:
        for fault in error.measured.get("faults", ()):  # type: ignore[attr-defined]
            typer.echo(f"fault: {fault}", err=True)
        raise
    typer.echo(f"sound: {file.name} for {kind_named(kind).title_zh} ({kind}), {len(content):,} bytes")


@app.command("template")
def template(
    kind: Annotated[str, typer.Argument(help="Kind of document.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Word file to write.")],
) -> None:
    """Write the template that Kancha ships, to begin one's own with."""
    from service.cases.documents import built_in

    output.write_bytes(built_in(kind).content)
    typer.echo(f"written: {output}")


@app.command("sample")
def sample(
    kind: Annotated[str, typer.Argument(help="Kind of document.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write: .docx, or .pdf by LibreOffice.")],
    templates: Annotated[
        Path | None, typer.Option("--templates", help="Folder of the bureau's own templates, KIND@YYYY-MM-DD.docx.")
    ] = None,
) -> None:
    """Make a document of a made-up case, to see what it looks like."""
    from service.cases.documents import TemplateShelf, context_of, fill, to_pdf
    from service.cases.documents.sample import sample_facts

    facts = sample_facts(kind)
    assert facts.made_on is not None  # every sample has a day
    shelf = TemplateShelf() if templates is None else TemplateShelf.of_folder(templates)
    version = shelf.for_day(kind, facts.made_on)
    made = fill(version, context_of(facts))
    output.write_bytes(to_pdf(made) if output.suffix.lower() == ".pdf" else made)
    typer.echo(f"written: {output}, template {version.version}")
