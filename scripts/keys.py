"""`kancha keys`: keys of other systems."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.opened import Data, opened
from scripts.people import Areas, Roles, Secrecy

app = typer.Typer(no_args_is_help=True, help="Keys of other systems: QGIS, scripts, other bureaus.")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Roles = None,
    permission: Annotated[
        list[str] | None, typer.Option(help="Keep only this permission of the roles; repeatable.")
    ] = None,
    area: Areas = None,
    clearance: Secrecy = None,
    days: Annotated[float | None, typer.Option(help="Days until it ends; else it does not.")] = None,
    header: Annotated[bool, typer.Option("--header", help="Print the line that curl -H @FILE reads.")] = False,
    data: Data = None,
) -> None:
    """Make a key and print it, this once.

    The key alone goes to standard output, so that a script can take it: KEY=$(kancha keys create NAME). Systems send it
    as Authorization: Bearer KEY; those that know only names and passwords send it as the password.
    """
    from service.auth.caller import Caller
    from service.usecases.keys import KeyFacts, create_key

    with opened(data) as services:
        facts = KeyFacts(name, role or ["reader"], permission, area, clearance, days)
        key, secret = create_key(services, Caller.local(), facts)
    ends = "does not end" if key.expires_at is None else f"ends {key.expires_at:%Y-%m-%d %H:%M} UTC"
    rights = ", ".join(sorted(key.grant.permissions))
    typer.echo(f"key {key.id} ({key.name}) may {rights}; it {ends}. It is shown only now:", err=True)
    typer.echo(f"Authorization: Bearer {secret}" if header else secret)


@app.command("list")
def list_(data: Data = None) -> None:
    """Show the keys, without their secrets."""
    from scripts.terminal import keys_table, wide_console
    from service.usecases.keys import list_keys

    with opened(data) as services:
        found = list_keys(services, 10_000)
    wide_console().print(keys_table(found.items))


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as the list shows it.")], data: Data = None
) -> None:
    """End a key for ever, from the next request on."""
    from service.auth.caller import Caller
    from service.usecases.keys import revoke_key

    with opened(data) as services:
        key = revoke_key(services, Caller.local(), key_id)
    typer.echo(f"revoked: {key.id} ({key.name})")
