"""`kancha status`: what is not well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.opened import Data, opened

if TYPE_CHECKING:
    from service.settings import Settings
    from service.watching.conditions import Condition
    from service.watching.figures import Detectors

_BAD = 1


def status(
    detector: Annotated[bool, typer.Option("--detector", help="Show the detectors by month as well.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write it as JSON, too; `-` is standard output.")] = None,
    data: Data = None,
) -> None:
    """Tell what is not well, in English and Chinese; exit status 1 where something is critical.

    Looks from outside at the database, the disk, jobs that wait or crashed and who takes them, the nights and the
    detectors.
    """
    from service.settings import read_settings
    from service.watching.drift import conditions_of

    told, detectors = _look(read_settings(data=data), data)
    found = [*told, *(conditions_of(detectors.drifts) if detectors is not None else ())]
    if json is not None:
        _write(json, found, detectors)
    if json is None or str(json) != "-":
        _print(found)
        if detector and detectors is not None:
            from scripts.terminal import detectors_table, wide_console

            wide_console().print(detectors_table(detectors))
    if any(one.severity == "critical" for one in found):
        raise typer.Exit(_BAD)


def _look(settings: Settings, data: Path | None) -> tuple[list[Condition], Detectors | None]:
    from datetime import UTC, datetime

    from service.errors import StoreBusyError
    from service.usecases.watching import conditions, detectors
    from service.watching.conditions import store_unavailable

    now = datetime.now(UTC)
    try:
        with opened(data) as services:
            told = conditions(services, now)
            silent = any(one.code == store_unavailable().code for one in told)
            return told, None if silent else detectors(services, now)
    except StoreBusyError:
        # a store that cannot even be opened is what this command is there to tell
        return [store_unavailable()], None


def _print(found: list[Condition]) -> None:
    if not found:
        typer.echo("All is well. 一切正常。")
    for one in found:
        colour = typer.colors.RED if one.severity == "critical" else typer.colors.YELLOW
        typer.secho(f"{one.severity}: {one.title} {one.title_zh}", fg=colour)
        since = "" if one.since is None else f"since {one.since:%Y-%m-%d %H:%M} UTC. "
        typer.echo(f"  {since}{one.remedy}")


def _write(target: Path, found: list[Condition], detectors: Detectors | None) -> None:
    from dataclasses import asdict

    import orjson

    body: dict[str, Any] = {"conditions": [{**asdict(one), "measured": dict(one.measured)} for one in found]}
    if detectors is not None:
        body["detectors"] = asdict(detectors)
    content = orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if str(target) == "-":
        typer.echo(content.decode(), nl=False)
    else:
        target.write_bytes(content)
