"""`kancha audit`: the record of what was done."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from scripts.opened import Data, opened

app = typer.Typer(no_args_is_help=True, help="The record of what was done: who, what, when, from where.")


@app.command("verify")
def verify(data: Data = None) -> None:
    """See that no entry was changed, removed or put elsewhere; exit 1 and name the first bad one otherwise."""
    from service.usecases import audit_log as usecase

    with opened(data) as services:
        held, head, found = usecase.verify(services)
    if found is not None:
        typer.echo(f"The record does not hold: {found.fault} at entry {found.number}. {found.message}", err=True)
        typer.echo(f"{held} entries before it hold.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{held} entries hold. The last is sealed {head}")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="So many, the latest.")] = 50,
    action: Annotated[str | None, typer.Option(help="Only this action.")] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="One JSON object a line, with hashes.")] = False,
    data: Data = None,
) -> None:
    """Show what was done, the latest first."""
    from scripts.terminal import record_table, wide_console
    from service.usecases import audit_log as usecase

    with opened(data) as services:
        found = usecase.list_entries(services, limit, action=action)
    if not json_lines:
        wide_console().print(record_table(found.items))
        return
    for link in found.items:
        entry = link.entry
        told = {"number": link.number, "at": entry.at.isoformat(), "actor": entry.actor_id, "name": entry.actor_name}
        told |= {"kind": entry.actor_kind, "action": entry.action, "target": entry.target, "address": entry.address}
        told |= {"details": entry.details, "previous": link.previous, "hash": link.hash}
        typer.echo(json.dumps(told, ensure_ascii=False))
