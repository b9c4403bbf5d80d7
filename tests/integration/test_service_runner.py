"""Durable runs: killed, stopped, crashed, found again. With a worker of the tests' own that does odd things."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.bootstrap import open_services
from service.jobs.runner import ProcessRunner
from service.jobs.states import JobState
from service.services import Services
from service.settings import Jobs, Settings
from service.store.records import Job
from tests.integration.service_kit import ROOT, environment, until

WORKER = "tests.integration.odd_worker"
NOW = datetime(2025, 4, 12, tzinfo=UTC)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    settings = Settings(data=tmp_path / "data", jobs=Jobs(workers=2, recovery_interval_s=0.5))
    made = open_services(settings)
    yield made
    made.store.close()


@contextmanager
def running(services: Services, *, recover: bool = True, **jobs: Any) -> Iterator[ProcessRunner]:
    settings = services.settings
    if jobs:
        settings = settings.model_copy(update={"jobs": settings.jobs.model_copy(update=jobs)})
    runner = ProcessRunner(settings, services.store.jobs, recover=recover, worker=WORKER)
    try:
        yield runner
    finally:
        runner.close()


def order(services: Services, runner: str, do: str) -> str:
    job = Job(
        id=uuid.uuid4().hex,
        kind="scan",
        state=JobState.ACCEPTED,
        progress=0,
        message="",
        request={"do": do},
        inputs_key=uuid.uuid4().hex,
        scan_id=None,
        error=None,
        runner=runner,
        attempts=0,
        created_at=NOW,
        updated_at=NOW,
        started_at=None,
        finished_at=None,
    )
    services.store.jobs.submit(job)
    return job.id


def pids(services: Services, job: str, attempt: int = 1) -> list[int]:
    note = services.settings.data / "notes" / f"{job}-{attempt}"
    text: str = until(lambda: note.exists() and note.read_text(), 30)
    return [int(pid) for pid in text.split()]


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def state(services: Services, job: str) -> JobState:
    return services.store.jobs.get(job).state


def test_a_job_runs_to_its_end_and_says_how_far_it_is(services: Services) -> None:
    with running(services) as runner:
        job = order(services, runner.id, "speak")
        until(lambda: state(services, job) is JobState.FAILED, 30)
        assert services.store.jobs.get(job).error == {"title": "came to its end", "code": "the-end"}
        assert runner.alive
    assert not runner.alive


def test_a_stopped_job_ends_with_all_its_children(services: Services) -> None:
    with running(services) as runner:
        job = order(services, runner.id, "sleep")
        until(lambda: services.store.jobs.get(job).progress == 40, 30)
        services.store.jobs.dismiss(job)
        for pid in pids(services, job):
            until(lambda pid=pid: gone(pid), 5)
        assert state(services, job) is JobState.DISMISSED


def test_a_job_that_crashes_is_tried_three_times(services: Services) -> None:
    with running(services) as runner:
        job = order(services, runner.id, "crash")
        until(lambda: state(services, job) is JobState.FAILED, 60)
        ended = services.store.jobs.get(job)
        assert ended.attempts == 3 and ended.error is not None
        assert ended.error["code"] == "job-crashed" and "signal 11" in ended.error["message"]
        for attempt in (1, 2, 3):
            assert all(gone(pid) for pid in pids(services, job, attempt)), "a crash leaves no child behind"


def test_a_job_that_crashes_once_comes_to_its_end(services: Services) -> None:
    with running(services) as runner:
        job = order(services, runner.id, "crash once")
        until(lambda: state(services, job) is JobState.FAILED, 60)
        ended = services.store.jobs.get(job)
        assert ended.attempts == 2 and ended.error is not None and ended.error["code"] == "the-end"


def test_a_job_that_takes_too_long_is_ended(services: Services) -> None:
    with running(services, timeout_s=2.5) as runner:
        job = order(services, runner.id, "sleep")
        until(lambda: state(services, job) is JobState.FAILED, 30)
        error = services.store.jobs.get(job).error
        assert error is not None and "longer than 2.5 s" in error["message"]
        assert all(gone(pid) for pid in pids(services, job))


def test_slots_bound_how_many_run_at_once(services: Services) -> None:
    with running(services) as runner:
        jobs = [order(services, runner.id, "sleep") for _ in range(3)]
        until(lambda: sum(state(services, j) is JobState.RUNNING for j in jobs) == 2, 30)
        assert state(services, jobs[2]) is JobState.ACCEPTED
        services.store.jobs.dismiss(jobs[0])
        until(lambda: state(services, jobs[2]) is JobState.RUNNING, 10)


def test_a_graceful_stop_gives_the_job_back_uncounted(services: Services) -> None:
    with running(services) as runner:
        job = order(services, runner.id, "sleep")
        processes = pids(services, job)
    given = services.store.jobs.get(job)
    assert (given.state, given.attempts) == (JobState.ACCEPTED, 0)
    assert all(gone(pid) for pid in processes)
    with running(services):
        until(lambda: state(services, job) is JobState.RUNNING, 10)


RUNNER = """
import sys, time
from pathlib import Path
from service.bootstrap import open_services
from service.jobs.runner import ProcessRunner
from service.settings import Settings
services = open_services(Settings(data=Path(sys.argv[1])))
runner = ProcessRunner(services.settings, services.store.jobs, recover=False, worker=sys.argv[2])
print(runner.id, flush=True)
time.sleep(300)
"""


@contextmanager
def another_process(services: Services) -> Iterator[tuple[subprocess.Popen[str], str]]:
    data = services.settings.data
    command = [sys.executable, "-c", RUNNER, str(data), WORKER]
    with subprocess.Popen(command, cwd=ROOT, env=environment(data), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_the_jobs_of_a_killed_process_are_found_and_its_workers_end(services: Services) -> None:
    with another_process(services) as (process, other):
        job = order(services, other, "sleep")
        waiting = [order(services, other, "sleep")]
        processes = pids(services, job)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for pid in processes:
            until(lambda pid=pid: gone(pid), 10)
        assert state(services, job) is JobState.RUNNING, "nobody has looked yet"
        with running(services) as runner:
            found = services.store.jobs.get(job)
            assert found.runner == runner.id
            until(lambda: services.store.jobs.get(job).attempts == 2, 30)
            assert services.store.jobs.get(waiting[0]).runner == runner.id


def test_a_living_process_keeps_its_jobs(services: Services) -> None:
    with another_process(services) as (process, other):
        job = order(services, other, "sleep")
        first = pids(services, job)
        with running(services) as runner:
            assert not runner.adopt_from(other)
            mine = order(services, runner.id, "speak")
            until(lambda: state(services, mine) is JobState.FAILED, 30)
            assert services.store.jobs.get(job).runner == other
            assert not any(gone(pid) for pid in first)
            # once it dies while this one lives, its job is taken over without a restart
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            until(lambda: services.store.jobs.get(job).runner == runner.id, 10)


def test_who_is_not_asked_to_recover_adopts_only_when_told(services: Services) -> None:
    with another_process(services) as (process, other):
        job = order(services, other, "sleep")
        pids(services, job)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with running(services, recover=False) as runner:
            assert services.store.jobs.get(job).runner == other
            assert until(lambda: runner.adopt_from(other), 10)
            until(lambda: services.store.jobs.get(job).attempts == 2, 30)
