"""The runner: takes stored jobs, gives each a process, and finds the jobs of runners that died."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from pathlib import Path

from geodata.errors import KanchaError
from service.errors import JobCrashedError, LostClaimError, StoreBusyError
from service.jobs.liveness import RunnerLock, bury, is_dead
from service.jobs.process import WORKER, JobProcess
from service.jobs.states import JobState
from service.settings import Settings
from service.store.base import JobStore
from service.store.records import Claim
from service.watching.context import running

_POLL_S = 0.5
_LOG = logging.getLogger(__name__)


class ProcessRunner:
    """Runs jobs in processes of their own.

    Args:
        settings: The service's settings.
        jobs: The stored jobs.
        recover: Whether to take over the jobs of any dead runner, at start and from time to time.
        worker: The module that does a job in its process.
    """

    def __init__(self, settings: Settings, jobs: JobStore, *, recover: bool, worker: str = WORKER) -> None:
        self._settings = settings
        self._worker = worker
        self._jobs = jobs
        self._folder: Path = settings.data / "runners"
        self._lock = RunnerLock(self._folder)
        self._stop = threading.Event()
        self._bell = threading.Condition()
        if recover:
            self._recover()
        self._threads = [
            threading.Thread(target=self._work, name=f"job-slot-{i}", daemon=True) for i in range(settings.jobs.workers)
        ]
        # a scan of hours must not keep an upload waiting
        self._threads.append(threading.Thread(target=self._work, args=("intake",), name="intake-slot", daemon=True))
        if recover:
            self._threads.append(threading.Thread(target=self._watch, name="job-recovery", daemon=True))
        for thread in self._threads:
            thread.start()

    @property
    def id(self) -> str:
        """Id that its jobs carry."""
        return self._lock.id

    @property
    def alive(self) -> bool:
        """Whether it still takes jobs."""
        return not self._stop.is_set() and all(thread.is_alive() for thread in self._threads)

    def wake(self) -> None:
        """Look for work now."""
        with self._bell:
            self._bell.notify_all()

    def adopt_from(self, runner: str) -> bool:
        """Take the jobs of another runner if that one is dead; whether it was."""
        if runner == self.id or not is_dead(self._folder, runner):
            return False
        limit = self._settings.jobs.max_attempts
        error = _crashed(limit, "the service was ended each time").as_dict()
        adopted, failed = self._jobs.adopt(runner, self.id, limit, error)
        bury(self._folder, runner)
        if adopted or failed:
            counts = len(adopted), len(failed)
            _LOG.warning("runner %s is gone: %d jobs taken over, %d given up", runner, *counts)
        self.wake()
        return True

    def close(self) -> None:
        """Stop; running jobs go back to accepted without counting the attempt."""
        self._stop.set()
        self.wake()
        for thread in self._threads:
            thread.join()
        self._lock.release()

    def _recover(self) -> None:
        for runner in self._jobs.foreign_runners(self.id):
            self.adopt_from(runner)

    def _watch(self) -> None:
        while not self._stop.wait(self._settings.jobs.recovery_interval_s):
            with contextlib.suppress(StoreBusyError):
                self._recover()

    def _work(self, kind: str | None = None) -> None:
        while not self._stop.is_set():
            try:
                claimed = self._jobs.claim(self.id, kind)
                if claimed is not None:
                    with running(claimed[1].job_id):
                        self._run(claimed[1])
                    continue
            except KanchaError as error:
                _LOG.error("job slot: %s", error)
            except Exception:
                # a slot that died would leave jobs waiting for ever
                _LOG.exception("job slot")
            with self._bell:
                self._bell.wait(_POLL_S)

    def _run(self, claim: Claim) -> None:
        log = self._settings.data / "logs" / f"{claim.job_id}.log"
        process = JobProcess(self._settings, claim, log, self._worker)
        try:
            self._attend(process, claim)
        finally:
            process.close()

    def _attend(self, process: JobProcess, claim: Claim) -> None:
        deadline = time.monotonic() + self._settings.jobs.timeout_s
        while (status := process.wait(_POLL_S)) is None:
            if self._stop.is_set():
                process.kill()
                self._jobs.give_back(claim, count_attempt=False)
                return
            if not self._still_mine(claim):
                process.kill()
                return
            if time.monotonic() > deadline:
                process.kill()
                self._fail(claim, _timed_out(self._settings.jobs.timeout_s))
                return
        if self._still_mine(claim):
            self._after_crash(claim, status)

    def _still_mine(self, claim: Claim) -> bool:
        try:
            job = self._jobs.get(claim.job_id)
        except StoreBusyError:
            return True
        return (job.state, job.runner, job.attempts) == (JobState.RUNNING, claim.runner, claim.attempt)

    def _after_crash(self, claim: Claim, status: int) -> None:
        limit = self._settings.jobs.max_attempts
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        _LOG.error("job %s: its process ended with %s", claim.job_id, how)
        if claim.attempt >= limit:
            self._fail(claim, _crashed(claim.attempt, f"last by {how}"))
        else:
            self._jobs.give_back(claim, count_attempt=True)

    def _fail(self, claim: Claim, error: KanchaError) -> None:
        with contextlib.suppress(LostClaimError):
            self._jobs.fail(claim, error.as_dict())


def _crashed(attempts: int, how: str) -> JobCrashedError:
    return JobCrashedError(
        f"The job's process ended abnormally {attempts} times, {how}.",
        remedy="See that the machine has enough memory and disk space, then order it again.",
        attempts=attempts,
    )


def _timed_out(seconds: float) -> JobCrashedError:
    return JobCrashedError(
        f"The job ran longer than {seconds:g} s and was ended.",
        remedy="Give a smaller area or raise KANCHA_JOBS__TIMEOUT_S.",
        seconds=seconds,
    )
