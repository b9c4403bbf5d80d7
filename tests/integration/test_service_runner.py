"""Durable runs: killed, stopped, crashed, found again. With a worker of the tests' own that does odd things."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.bootstrap import open_services
from service.jobs.liveness import place_of
from service.jobs.runner import ProcessRunner
from service.jobs.states import JobState
from service.services import Services
from service.settings import Jobs, Limits, Settings
from service.store.job_records import Runner, Wanted, new_job
from tests.integration.service_kit import ROOT, environment, until

WORKER = "tests.integration.odd_worker"
NOW = datetime(2025, 4, 12, tzinfo=UTC)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    settings = Settings(data=tmp_path / "data", jobs=Jobs(workers=2, recovery_interval_s=0.5, retry_s=0.1))
    made = open_services(settings)
    yield made
    made.store.close()


@contextmanager
def running(services: Services, **jobs: Any) -> Iterator[ProcessRunner]:
    settings = services.settings
    if jobs:
        settings = settings.model_copy(update={"jobs": settings.jobs.model_copy(update=jobs)})
    runner = ProcessRunner(settings, services.store, worker=WORKER)
    try:
        yield runner
    finally:
        runner.close()


def order(services: Services, do: str) -> str:
    job = new_job("scan", {"do": do}, uuid.uuid4().hex)
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
        job = order(services, "speak")
        until(lambda: state(services, job) is JobState.FAILED, 30)
        assert services.store.jobs.get(job).error == {"title": "came to its end", "code": "the-end"}
        assert runner.alive
    assert not runner.alive


def test_a_stopped_job_ends_with_all_its_children(services: Services) -> None:
    with running(services):
        job = order(services, "sleep")
        until(lambda: services.store.jobs.get(job).progress == 40, 30)
        services.store.jobs.dismiss(job)
        for pid in pids(services, job):
            until(lambda pid=pid: gone(pid), 5)
        assert state(services, job) is JobState.DISMISSED


def test_a_job_that_crashes_is_tried_three_times(services: Services) -> None:
    with running(services):
        job = order(services, "crash")
        until(lambda: state(services, job) is JobState.FAILED, 60)
        ended = services.store.jobs.get(job)
        assert ended.attempts == 3 and ended.error is not None
        assert ended.error["code"] == "job-crashed" and "signal 11" in ended.error["message"]
        for attempt in (1, 2, 3):
            assert all(gone(pid) for pid in pids(services, job, attempt)), "a crash leaves no child behind"


def test_a_job_that_crashes_once_comes_to_its_end(services: Services) -> None:
    with running(services):
        job = order(services, "crash once")
        until(lambda: state(services, job) is JobState.FAILED, 60)
        ended = services.store.jobs.get(job)
        assert ended.attempts == 2 and ended.error is not None and ended.error["code"] == "the-end"


def test_a_job_that_takes_too_long_is_ended(services: Services) -> None:
    with running(services, timeout_s=8.0):
        job = order(services, "sleep")
        until(lambda: state(services, job) is JobState.FAILED, 30)
        error = services.store.jobs.get(job).error
        assert error is not None and "longer than 8 s" in error["message"]
        assert all(gone(pid) for pid in pids(services, job))


def test_slots_bound_how_many_run_at_once(services: Services) -> None:
    with running(services):
        jobs = [order(services, "sleep") for _ in range(3)]
        until(lambda: sum(state(services, j) is JobState.RUNNING for j in jobs) == 2, 30)
        assert state(services, jobs[2]) is JobState.ACCEPTED
        services.store.jobs.dismiss(jobs[0])
        until(lambda: state(services, jobs[2]) is JobState.RUNNING, 10)


def test_a_graceful_stop_gives_the_job_back_uncounted(services: Services) -> None:
    with running(services):
        job = order(services, "sleep")
        processes = pids(services, job)
    given = services.store.jobs.get(job)
    assert (given.state, given.strikes) == (JobState.ACCEPTED, 0)
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
runner = ProcessRunner(services.settings, services.store, worker=sys.argv[2])
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


def events(services: Services, job: str) -> list[str]:
    return [event.what for event in services.store.jobs.history(job)]


def test_the_jobs_of_a_killed_process_are_found_and_its_workers_end(services: Services) -> None:
    with another_process(services) as (process, other):
        job = order(services, "sleep")
        processes = pids(services, job)
        waiting = order(services, "sleep")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for pid in processes:
            until(lambda pid=pid: gone(pid), 10)
        assert state(services, job) is JobState.RUNNING, "nobody has looked yet"
        with running(services) as runner:
            until(lambda: services.store.jobs.get(job).attempts == 2, 30)
            assert services.store.jobs.get(job).runner == runner.id
            assert events(services, job) == ["accepted", "started", "lost", "started"]
            until(lambda: services.store.jobs.get(waiting).runner == runner.id, 10)
            assert [one.id for one, _ in services.store.runners.all()] == [runner.id]
            assert not (services.settings.data / "runners" / f"{other}.lock").exists()


def test_a_living_process_keeps_its_jobs(services: Services) -> None:
    with another_process(services) as (process, other):
        job = order(services, "sleep")
        first = pids(services, job)
        with running(services) as runner:
            mine = order(services, "speak")
            until(lambda: state(services, mine) is JobState.FAILED, 30)
            time.sleep(1.5)
            assert services.store.jobs.get(job).runner == other
            assert not any(gone(pid) for pid in first)
            # once it dies while this one lives, its job is taken over without a restart
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            until(lambda: services.store.jobs.get(job).runner == runner.id, 10)


def test_a_runner_elsewhere_counts_as_dead_once_it_is_silent_for_the_lease(services: Services) -> None:
    elsewhere = Runner(uuid.uuid4().hex, "far", "another-kernel/folder", 1, 1, "1", NOW, NOW)
    services.store.runners.enrol(elsewhere)
    job = order(services, "speak")
    assert services.store.jobs.claim(elsewhere.id) is not None
    with running(services, lease_s=3.0):
        time.sleep(1.5)
        assert services.store.jobs.get(job).runner == elsewhere.id, "it may be alive: its lease holds"
        until(lambda: state(services, job) is JobState.FAILED, 30)
        assert events(services, job) == ["accepted", "started", "lost", "started", "failed"]


def test_a_runner_that_was_given_up_by_mistake_comes_back(services: Services) -> None:
    with running(services) as runner:
        services.store.runners.retire(runner.id)
        until(lambda: [one.id for one, _ in services.store.runners.all()] == [runner.id], 10)
        job = order(services, "speak")
        until(lambda: state(services, job) is JobState.FAILED, 30)


def test_a_claim_that_nobody_works_on_is_put_back(services: Services) -> None:
    """As after a database that was away when a worker ended."""
    with running(services) as runner:
        job = new_job("scan", {"do": "speak"}, "k", place="elsewhere")
        services.store.jobs.submit(job)
        assert services.store.jobs.claim(runner.id, Wanted(place="elsewhere")) is not None
        until(lambda: state(services, job.id) is JobState.ACCEPTED, 10)
        assert events(services, job.id) == ["accepted", "started", "crashed"]


def test_a_job_whose_store_was_away_is_tried_again(services: Services) -> None:
    with running(services):
        job = order(services, "store away")
        until(lambda: state(services, job) is JobState.FAILED, 60)
    assert events(services, job) == ["accepted", "started", "retried", "started", "failed"]


def test_a_job_is_not_given_up_while_its_cluster_is_away(services: Services) -> None:
    with running(services, retry_s=0.001):
        job = order(services, "cluster away")
        until(lambda: state(services, job) is JobState.FAILED, 60)
    assert events(services, job).count("retried") == 5, "two more than the most starts"
    ended = services.store.jobs.get(job)
    assert ended.error is not None and ended.error["code"] == "the-end"


def test_all_wait_while_the_disk_is_full(services: Services) -> None:
    full = Limits(min_free_bytes=10**18)
    tight = replace(services, settings=services.settings.model_copy(update={"limits": full}))
    with running(tight):
        job = order(services, "speak")
        time.sleep(1.5)
        assert state(services, job) is JobState.ACCEPTED
    with running(services):
        until(lambda: state(services, job) is JobState.FAILED, 30)


def test_what_a_start_said_is_kept(services: Services) -> None:
    with running(services):
        job = order(services, "crash once")
        until(lambda: state(services, job) is JobState.FAILED, 60)
        until(lambda: len(services.store.jobs.logs(job)) == 2, 10)
    assert [(attempt, text.split()[0]) for attempt, text in services.store.jobs.logs(job)] == [
        (1, "start"),
        (2, "start"),
    ]
    assert "start 1" in services.store.jobs.logs(job)[0][1] and "start 1" not in services.store.jobs.logs(job)[1][1]


def test_a_data_folder_has_one_id_however_many_ask(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(place_of(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and len(found[0]) == 32
    assert [path.name for path in tmp_path.iterdir()] == ["place"]
