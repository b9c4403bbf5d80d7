"""The service that a command works on, opened for its duration."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.services import Services

Data = Annotated[Path | None, typer.Option(help="Data folder [KANCHA_DATA or ./kancha-data].")]


@contextmanager
def opened(data: Path | None, *, runner: bool = False, changes: str = "") -> Iterator[Services]:
    """The service of a data folder.

    Args:
        data: The folder, None: as the settings say.
        runner: Whether it runs the jobs that it is asked for.
        changes: The command, where it changes what is stored and its use case does not record it: done, it stands in
            the record with what it was given.
    """
    # loaded on demand: commands that need no store are not slowed by it
    from service.bootstrap import open_services, open_with_runner
    from service.settings import read_settings

    settings = read_settings(data=data)
    services = open_with_runner(settings) if runner else open_services(settings)
    try:
        yield services
        if changes:
            _record(services, changes)
    finally:
        services.close()


def _record(services: Services, command: str) -> None:
    from datetime import UTC, datetime

    from service.auth.caller import Caller
    from service.auth.record import entry_by

    given = " ".join(sys.argv[1:])[:500]
    entry = entry_by(Caller.local(), datetime.now(UTC), "command", command, arguments=given)
    services.store.audit_log.append(entry)
