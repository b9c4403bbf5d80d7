"""Jobs: watched, listed, stopped."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from geodata.errors import KanchaError
from service.errors import BadQueryError, ConflictError, InternalError
from service.jobs.states import ACTIVE, JobState
from service.services import Services
from service.store.job_records import Job, JobEvent
from service.store.records import Page

_LOG = logging.getLogger(__name__)


_LOG_BYTES = 64 * 1024


def order(services: Services, job: Job) -> tuple[Job, bool]:
    """Store a job, and let a runner know.

    Where files lie in the data folder, only who has that folder may do it; where they lie in an object storage, all.

    Returns:
        The job, stored and committed, and whether it is new: the same inputs give the job that is under way or has
        succeeded already.

    Raises:
        InternalError: If this service runs no jobs.
    """
    if services.runner is None:
        raise InternalError("This service runs no jobs.")
    here = job.place or ("" if services.settings.storage.url else services.runner.place)
    stored, new = services.store.jobs.submit(replace(job, place=here))
    # the line carries the ids of the request and of the run: from here on the one leads to the other
    _LOG.info("job %s ordered" if new else "job %s was there already", stored.kind, extra={"run_id": stored.id})
    services.runner.wake()
    return stored, new


def get_job(services: Services, job_id: str) -> Job:
    """One job; `NotFoundError` without it."""
    return services.store.jobs.get(job_id)


def list_jobs(services: Services, limit: int, after_key: int, state: str | None) -> Page[Job]:
    """A page of jobs, the latest first.

    Raises:
        BadQueryError: If there is no such state.
    """
    if state is not None and state not in set(JobState):
        raise BadQueryError(f"There is no state {state!r}.", remedy=f"Known: {', '.join(JobState)}.")
    return services.store.jobs.page(limit, after_key, None if state is None else JobState(state))


def history_of(services: Services, job_id: str) -> tuple[Sequence[JobEvent], Sequence[str]]:
    """What happened to a job, and the steps that are done and kept; `NotFoundError` without it."""
    job = services.store.jobs.get(job_id)
    return services.store.jobs.history(job_id), services.store.steps.names(job.inputs_key)


def log_of(services: Services, job_id: str) -> str:
    """What the starts of a job said, one after the other; of one that runs here, so far. `NotFoundError` without it."""
    job = services.store.jobs.get(job_id)
    told = [f"--- start {attempt}\n{text}" for attempt, text in services.store.jobs.logs(job_id)]
    running = services.settings.data / "logs" / f"{job.id}.log"
    if job.state is JobState.RUNNING and running.exists():
        with running.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _LOG_BYTES))
            told.append(f"--- so far\n{file.read().decode('utf-8', 'replace')}")
    return "\n".join(told)


def dismiss_job(services: Services, job_id: str) -> Job:
    """Stop a job; its process is ended within a second.

    Raises:
        NotFoundError: Without it.
        IllegalMoveError: If it has come to another end.
    """
    job = services.store.jobs.dismiss(job_id)
    if services.runner is not None:
        services.runner.wake()
    return job


def wait_for(services: Services, job_ids: Sequence[str], every_s: float = 0.2) -> list[Job]:
    """The jobs once none of them is active any more."""
    while True:
        jobs = [services.store.jobs.get(job_id) for job_id in job_ids]
        if not any(job.state in ACTIVE for job in jobs):
            return jobs
        time.sleep(every_s)


def failure_of(job: Job) -> KanchaError:
    """The named error that a job ended with, as it was raised in its process."""
    told = dict(job.error or {"message": f"The job {job.id} was stopped on request."})
    measured = {str(name): value for name, value in dict(told.get("measured") or {}).items()}
    kinds = [KanchaError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    named = next((kind for kind in kinds if kind.code == told.get("code")), ConflictError)
    return named(str(told["message"]), remedy=str(told.get("remedy", "")), **measured)
