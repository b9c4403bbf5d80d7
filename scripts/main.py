"""`kancha`: the command line of Kancha."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from geodata.errors import KanchaError
from scripts import (
    alarms,
    audit,
    campaigns,
    cases,
    clocks,
    coverage,
    demo,
    documents,
    evaluate,
    evidence,
    exports,
    judge,
    keys,
    layers,
    leads,
    models,
    nightly,
    people,
    privacy,
    queue,
    rules,
    scan,
    serve,
    status,
    store,
    structures,
    survey,
    train,
    upload,
    worker,
)
from scripts.terminal import print_refusal, print_unforeseen
from service.version import code_version

app = typer.Typer(
    name="kancha",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Kancha 勘查: suspected new structures from two dates of imagery and the cadastre.",
)
app.command("scan")(scan.scan)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("status")(status.status)
app.command("nightly")(nightly.nightly)
app.command("worker")(worker.worker)
app.command("queue")(queue.queue)
app.command("judge")(judge.judge)
app.command("evaluate")(evaluate.evaluate)
app.command("train")(train.train)
app.command("survey")(survey.survey)
app.add_typer(layers.app, name="layers")
app.add_typer(leads.app, name="leads")
app.add_typer(exports.app, name="export")
app.add_typer(models.app, name="models")
app.add_typer(coverage.app, name="coverage")
app.add_typer(structures.app, name="structures")
app.add_typer(rules.app, name="rules")
app.add_typer(documents.app, name="documents")
app.add_typer(clocks.app, name="clocks")
app.add_typer(campaigns.app, name="campaigns")
app.command("upload")(upload.upload)
app.command("migrate")(store.migrate)
app.command("backup")(store.backup)
app.command("restore")(store.restore)
app.add_typer(store.app, name="store")
app.add_typer(people.app, name="people")
app.add_typer(keys.app, name="keys")
app.add_typer(privacy.app, name="privacy")
app.add_typer(audit.app, name="audit")
app.add_typer(cases.app, name="cases")
app.add_typer(evidence.app, name="evidence")
app.add_typer(alarms.app, name="alarms")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kancha {code_version()}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    """Entry point: a refusal is one paragraph and exit status 2, never a traceback."""
    try:
        app()
    except KanchaError as error:
        print_refusal(error)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        if interrupted(error):
            sys.exit(130)
        print_unforeseen(error)
        sys.exit(1)


def interrupted(error: BaseException) -> bool:
    """Whether an interrupt lies behind an error: compiled code turns it into a SystemError."""
    behind = error.__cause__ or error.__context__
    return isinstance(error, KeyboardInterrupt) or (behind is not None and interrupted(behind))


if __name__ == "__main__":
    main()
