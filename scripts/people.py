"""`kancha people`: who may sign in, and what they may do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.opened import Data, opened

if TYPE_CHECKING:
    from service.auth.people import Person
    from service.services import Services
    from service.usecases.people import PersonFacts

app = typer.Typer(no_args_is_help=True, help="People: who may sign in, and what they may do.")
Name = Annotated[str, typer.Argument(help="What they sign in with.")]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role", help="reader, analyst, officer, legal_reviewer, chief, auditor, administrator, monitor; repeatable."
    ),
]
Areas = Annotated[
    list[str] | None, typer.Option("--area", help="Id of an area that they work in; repeatable. `*`: everywhere.")
]
Secrecy = Annotated[str | None, typer.Option(help="Highest grade they may see: public, internal or secret.")]
Shown = Annotated[str | None, typer.Option(help="How they are called.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command("add")
def add(
    name: Name,
    role: Roles = None,
    area: Areas = None,
    clearance: Secrecy = None,
    display_name: Shown = None,
    password_stdin: FromInput = False,
    data: Data = None,
) -> None:
    """Add a person and print a link by which they set their password.

    Without --area they see nothing that lies in an area; give `*` for everywhere.
    """
    from service.auth.caller import Caller
    from service.usecases import people as usecase

    password = _read_password() if password_stdin else None
    with opened(data) as services:
        facts = _facts(display_name, role, area or [], clearance)
        person = usecase.add_person(services, Caller.local(), name, facts, password)
        typer.echo(f"added: {_line(person)}")
        if password is None:
            _tell_link(services, usecase.password_link(services, Caller.local(), person.id))


@app.command("list")
def list_(data: Data = None) -> None:
    """Show everybody and their rights."""
    from scripts.terminal import people_table, wide_console
    from service.usecases import people as usecase

    with opened(data) as services:
        found = usecase.list_people(services, 10_000)
    wide_console().print(people_table(found.items))


@app.command("change")
def change(
    name: Name,
    role: Roles = None,
    area: Areas = None,
    clearance: Secrecy = None,
    display_name: Shown = None,
    activate: Annotated[bool, typer.Option("--activate", help="Let somebody in again who was deactivated.")] = False,
    data: Data = None,
) -> None:
    """Change a person's roles, areas, secrecy or shown name; what is not named stays."""
    from service.auth.caller import Caller
    from service.usecases import people as usecase

    with opened(data) as services:
        person = usecase.person_named(services, name)
        facts = _facts(display_name, role, area, clearance, True if activate else None)
        typer.echo(f"changed: {_line(usecase.change_person(services, Caller.local(), person.id, facts))}")


@app.command("deactivate")
def deactivate(name: Name, data: Data = None) -> None:
    """Let a person in no more: their sessions end at once, and the keys that they made."""
    from service.auth.caller import Caller
    from service.usecases import people as usecase

    with opened(data) as services:
        person = usecase.person_named(services, name)
        facts = usecase.PersonFacts(active=False)
        typer.echo(f"deactivated: {_line(usecase.change_person(services, Caller.local(), person.id, facts))}")


@app.command("password")
def password(name: Name, password_stdin: FromInput = False, data: Data = None) -> None:
    """Print a link by which a person sets another password, or set it from standard input."""
    from service.auth.caller import Caller
    from service.usecases import people as usecase

    with opened(data) as services:
        person = usecase.person_named(services, name)
        if password_stdin:
            usecase.set_password(services, Caller.local(), person.id, _read_password())
            typer.echo(f"password set: {person.name}")
        else:
            _tell_link(services, usecase.password_link(services, Caller.local(), person.id))


def _facts(
    display_name: str | None,
    roles: list[str] | None,
    areas: list[str] | None,
    clearance: str | None,
    active: bool | None = None,
) -> PersonFacts:
    from service.usecases.people import PersonFacts

    return PersonFacts(display_name, roles, areas, clearance, active)


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _tell_link(services: Services, secret: str) -> None:
    from service.settings import own_address

    hours = services.settings.auth.link_s / 3600
    typer.echo(f"{own_address(services.settings)}/first/{secret}")
    typer.echo(f"The link sets a password, works once and runs out in {hours:g} h. It is shown only now.", err=True)


def _line(person: Person) -> str:
    areas = "everywhere" if person.grant.areas is None else ", ".join(sorted(person.grant.areas)) or "no area"
    roles = ", ".join(sorted(person.grant.roles))
    return f"{person.name} ({person.display_name}): {roles}; {areas}; {person.grant.clearance.word}"
