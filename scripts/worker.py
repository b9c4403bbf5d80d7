"""`kancha worker`: runs jobs, or works on windows of a cluster, without HTTP."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.opened import Data

if TYPE_CHECKING:
    from service.settings import Settings


def worker(
    windows: Annotated[
        bool, typer.Option("--windows", help="Work on windows for the Dask scheduler that KANCHA_EXECUTOR names.")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, max=256, help="With --windows: groups of windows at once.")] = 1,
    check: Annotated[
        bool, typer.Option("--check", help="Only tell whether a process of this data folder takes jobs; else status 1.")
    ] = False,
    data: Data = None,
) -> None:
    """Take jobs from the line that all share, until it is stopped; what runs then goes back into the line."""
    # loaded on demand: the other commands need none of it
    from service.settings import read_settings
    from service.watching.logs import configure

    settings = read_settings(data=data)
    if check:
        raise typer.Exit(0 if _takes_jobs(settings) else 1)
    configure(settings.log.format, settings.log.level)
    if windows:
        from service.jobs.windows_worker import work_on_windows

        work_on_windows(settings, threads)
    else:
        _run_jobs(settings)


def _run_jobs(settings: Settings) -> None:
    import logging

    from service.bootstrap import open_with_runner
    from service.jobs.windows import require_shared

    log = logging.getLogger("kancha.worker")
    require_shared(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    services = open_with_runner(settings)
    try:
        told = {"data": str(settings.data), "executor": settings.executor, "slots": settings.jobs.workers}
        whose = "of all" if settings.storage.url else "of its data folder alone: files lie in no object storage"
        log.info("takes jobs %s", whose, extra={"told": told})
        while not stop.wait(1):
            if services.runner is not None and not services.runner.alive:
                # whoever watches over processes starts it anew
                log.critical("the runner has stopped")
                raise typer.Exit(1)
        log.info("stopping: running jobs go back into the line")
    finally:
        services.close()


def _takes_jobs(settings: Settings) -> bool:
    from service.bootstrap import open_for_worker

    told = settings.data / "place"
    if not told.is_file():
        return False
    services = open_for_worker(settings)
    try:
        place = told.read_text(encoding="ascii").strip()
        known = services.store.runners.all()
        return any(one.ground.endswith(f"/{place}") and silent < settings.jobs.lease_s for one, silent in known)
    finally:
        services.close()
