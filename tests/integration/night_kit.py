"""Nights for tests: a service with a runner of its own, scenes that arrive, and what each night reported."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.bootstrap import open_with_runner
from service.jobs.states import JobState
from service.services import Services
from service.settings import Jobs, Nightly, Settings
from service.store.job_records import Job
from service.usecases.jobs import wait_for
from service.usecases.nightly import order_night


@contextmanager
def nights(data: Path, store: str = "", **nightly: Any) -> Iterator[Services]:
    """A service whose nights take files at once."""
    settings = Settings(
        data=data,
        store=store,
        nightly=Nightly(**{"stable_s": 0.0, "detector": "training-free", **nightly}),
        jobs=Jobs(recovery_interval_s=0.5),
    )
    services = open_with_runner(settings)
    try:
        yield services
    finally:
        services.close()


def arrive(folder: Path, *files: Path) -> Path:
    """Files that were written a while ago."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = shutil.copyfile(file, folder / file.name)
        os.utime(target, (time.time() - 3600, time.time() - 3600))
    return folder


def ended(services: Services, job: Job) -> dict[str, Any]:
    """The report of a night once it has ended."""
    (job,) = wait_for(services, [job.id])
    assert job.state is JobState.SUCCESSFUL, (job.error, services.store.jobs.logs(job.id))
    report = services.store.intake.run(str((job.result or {})["run"])).report
    assert report is not None
    return dict(report)


def night(services: Services, folder: Path | None = None) -> dict[str, Any]:
    """A night and its report."""
    return ended(services, order_night(services, folder)[0])


def pairs(report: dict[str, Any]) -> list[tuple[str, str]]:
    """What was compared."""
    return [(one["before"]["file"], one["after"]["file"]) for one in report["scanned"]]
