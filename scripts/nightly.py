"""`kancha nightly`: the batch over a watched folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from scripts.opened import Data
from scripts.terminal import progress_bar
from service.errors import NightlyRunningError


def nightly(
    folder: Annotated[Path, typer.Argument(help="Watched folder.")],
    data: Data = None,
) -> None:
    """Take new imagery, scan it against the stored layers, write the morning report."""
    # loaded on demand: the other commands need none of it
    from service.auth.record import entry_by
    from service.bootstrap import open_with_runner
    from service.settings import read_settings
    from service.usecases.nightly import run_night

    services = open_with_runner(read_settings(data=data))
    try:
        with progress_bar("nightly") as progress:
            report = run_night(services, folder, progress)
        entry = entry_by(services.caller, datetime.now(UTC), "command", "nightly", run=report.run_id)
        services.store.audit_log.append(entry)
    except NightlyRunningError as error:
        # two cron lines that meet are no fault: the other one does the work
        typer.echo(f"{error.message} {error.remedy}", err=True)
        return
    finally:
        services.close()
    typer.echo(f"{report.summary}\nreport: {report.html}")
