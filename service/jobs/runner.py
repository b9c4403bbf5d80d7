"""The runner: takes stored jobs, gives each a process, and finds the jobs of runners that died."""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from pathlib import Path

from geodata.errors import KanchaError
from service.errors import JobCrashedError, LostClaimError, StoreBusyError
from service.jobs.base import RunnerStores
from service.jobs.kinds import NEVER_ELSEWHERE, OWN_SLOTS, time_limit_s
from service.jobs.liveness import RunnerLock, bury, is_dead, lock_is_free, myself, place_of
from service.jobs.process import CLUSTER_AWAY, CLUSTER_CRASHED, TRY_AGAIN, WORKER, JobProcess
from service.jobs.states import JobState
from service.settings import Settings
from service.store.job_records import BLAMELESS, Claim, Runner, Setback, Wanted
from service.version import code_version
from service.watching.context import RUN_ID

_POLL_S = 0.5
_BEATS = 4
_LOG_BYTES = 64 * 1024
_RETRIED = {TRY_AGAIN: "the store was away", CLUSTER_AWAY: "the cluster was away"}
_CRASHED = {CLUSTER_CRASHED: "its windows ended several workers of the cluster"}
_LOG = logging.getLogger(__name__)


class ProcessRunner:
    """Runs jobs in processes of their own.

    All runners that share a store take from one line. A slot of its own is kept for light work, so that a scan of
    hours keeps no upload waiting.

    Args:
        settings: The service's settings.
        store: The stored jobs, and who works on them.
        worker: The module that does a job in its process.
    """

    def __init__(self, settings: Settings, store: RunnerStores, *, worker: str = WORKER) -> None:
        self._settings = settings
        self._worker = worker
        self._store, self._jobs = store, store.jobs
        self._folder: Path = settings.data / "runners"
        self._lock = RunnerLock(self._folder)
        self._place = place_of(settings.data)
        self._me: Runner = myself(self._lock, self._place, settings.jobs.workers, code_version())
        self._stop = threading.Event()
        self._bell = threading.Condition()
        self._in_hand: dict[Claim, threading.Thread] = {}
        self._taking = threading.Lock()
        store.runners.enrol(self._me)
        self._recover()
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("job-line", self._dispatch), ("job-lookout", self._look_out))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def id(self) -> str:
        """Id that its jobs carry."""
        return self._lock.id

    @property
    def place(self) -> str:
        """Id of the data folder whose files its jobs may need."""
        return self._place

    @property
    def alive(self) -> bool:
        """Whether it still takes jobs."""
        return not self._stop.is_set() and all(thread.is_alive() for thread in self._threads)

    def wake(self) -> None:
        """Look for work now."""
        with self._bell:
            self._bell.notify_all()

    def close(self) -> None:
        """Stop; running jobs go back into the line, what they have done is kept."""
        self._stop.set()
        self.wake()
        for thread in [*self._threads, *self._in_hand.values()]:
            thread.join()
        with contextlib.suppress(StoreBusyError):
            self._store.runners.retire(self.id)
        self._lock.release()

    # --- taking work ---------------------------------------------------------------------------

    def _dispatch(self) -> None:
        while not self._stop.is_set():
            try:
                if self._has_room() and self._take_next():
                    continue
            except KanchaError as error:
                _LOG.error("job line: %s", error)
            except Exception:
                # a line that stood still would leave jobs waiting for ever
                _LOG.exception("job line")
            with self._bell:
                if not self._stop.is_set():
                    self._bell.wait(_POLL_S)

    def _take_next(self) -> bool:
        """Take a job into a free slot: of any kind, or where only a slot for some kinds is free, one of those."""
        names = [thread.name for thread in list(self._in_hand.values())]
        slots = {kinds[0]: kinds for kinds in OWN_SLOTS}
        own = {slot for slot in slots if any(name.startswith(f"{slot}-") for name in names)}
        if len(names) - len(own) < self._settings.jobs.workers and self._take(None):
            return True
        return any(self._take(slot) for slot in slots if slot not in own)

    def _has_room(self) -> bool:
        """Whether the disk can take what a job may write; else all wait."""
        return shutil.disk_usage(self._settings.data).free >= self._settings.limits.min_free_bytes

    def _take(self, slot: str | None) -> bool:
        limits = self._settings.jobs
        kinds = next((kinds for kinds in OWN_SLOTS if kinds[0] == slot), None)
        but = () if slot else NEVER_ELSEWHERE
        wanted = Wanted(kinds, self._place, limits.per_area, limits.patience_s, but)
        with self._taking:
            claimed = self._jobs.claim(self.id, wanted)
            if claimed is None:
                return False
            job, claim = claimed
            name = f"{slot or 'job'}-{claim.job_id[:8]}"
            limit_s = time_limit_s(job.kind, job.request, limits.timeout_s)
            thread = threading.Thread(target=self._run, args=(claim, limit_s), name=name, daemon=True)
            self._in_hand[claim] = thread
        thread.start()
        return True

    def _run(self, claim: Claim, limit_s: float) -> None:
        # the thread is of this job alone: what it logs names it
        RUN_ID.set(claim.job_id)
        try:
            log = self._settings.data / "logs" / f"{claim.job_id}.log"
            begin = log.stat().st_size if log.exists() else 0
            process = JobProcess(self._settings, claim, log, self._worker)
            try:
                self._attend(process, claim, limit_s)
            finally:
                process.close()
                self._keep_log(claim, log, begin)
        except KanchaError as error:
            # its claim stays as it is: the lookout finds that nobody works on it
            _LOG.error("job %s: %s", claim.job_id, error)
        except Exception:
            _LOG.exception("job %s", claim.job_id)
        finally:
            del self._in_hand[claim]
            self.wake()

    def _keep_log(self, claim: Claim, log: Path, begin: int) -> None:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(begin, size - _LOG_BYTES))
            said = file.read().decode("utf-8", "replace").replace("\0", "")
        if said:
            self._jobs.keep_log(claim, said)

    def _attend(self, process: JobProcess, claim: Claim, limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        while (status := process.wait(_POLL_S)) is None:
            if self._stop.is_set():
                process.kill()
                self._jobs.give_back(claim, "the runner was stopped")
                return
            if not self._still_mine(claim):
                process.kill()
                return
            if time.monotonic() > deadline:
                process.kill()
                self._fail(claim, _timed_out(limit_s))
                return
        if not self._still_mine(claim):
            return
        if status in _RETRIED:
            # without its database or its cluster no job goes on: to give this one up would help none of the others
            self._set_back(claim, BLAMELESS, _RETRIED[status])
            return
        ended = f"signal {-status}" if status < 0 else f"exit status {status}"
        how = _CRASHED.get(status, f"its process ended with {ended}")
        _LOG.error("job %s: %s", claim.job_id, how)
        self._set_back(claim, "crashed", how)

    def _still_mine(self, claim: Claim) -> bool:
        try:
            job = self._jobs.get(claim.job_id)
        except StoreBusyError:
            return True
        return (job.state, job.runner, job.attempts) == (JobState.RUNNING, claim.runner, claim.attempt)

    def _set_back(self, claim: Claim, what: str, how: str) -> bool:
        limits = self._settings.jobs
        error = _crashed(limits.max_attempts, how).as_dict()
        return self._jobs.set_back(claim, Setback(what, how, error, limits.max_attempts, limits.retry_s))

    def _fail(self, claim: Claim, error: KanchaError) -> None:
        with contextlib.suppress(LostClaimError):
            self._jobs.fail(claim, error.as_dict())

    # --- looking after others ------------------------------------------------------------------

    def _look_out(self) -> None:
        limits = self._settings.jobs
        every = min(limits.recovery_interval_s, limits.lease_s / _BEATS)
        while not self._stop.wait(every):
            try:
                if not self._store.runners.beat(self.id):
                    # given up by the others: what it held is theirs, and it begins anew
                    self._store.runners.enrol(self._me)
                self._forsaken()
                self._recover()
            except KanchaError as error:
                _LOG.error("job lookout: %s", error)
            except Exception:
                _LOG.exception("job lookout")

    def _forsaken(self) -> None:
        """Put back what is claimed here and worked on by nobody: the database was away when its process ended."""
        with self._taking:
            before = set(self._in_hand)
            forsaken = [claim for claim in self._jobs.running(self.id) if claim not in before]
        for claim in forsaken:
            self._set_back(claim, "crashed", "its process ended while the database was away")

    def _recover(self) -> None:
        """Put back what dead runners hold."""
        known = {runner.id: (runner, silent) for runner, silent in self._store.runners.all()}
        dead = [
            runner.id
            for runner, silent in known.values()
            if runner.id != self.id and is_dead(self._folder, self._me, runner, silent, self._settings.jobs.lease_s)
        ]
        dead += [r for r in self._jobs.runners() if r not in known and lock_is_free(self._folder, r)]
        for runner in dead:
            taken = [self._set_back(c, "lost", "the process that ran it is gone") for c in self._jobs.running(runner)]
            self._store.runners.retire(runner)
            bury(self._folder, runner)
            if taken:
                again = sum(taken)
                _LOG.warning("runner %s is gone: %d jobs put back, %d given up", runner, again, len(taken) - again)
        if dead:
            self.wake()


def _crashed(attempts: int, how: str) -> JobCrashedError:
    return JobCrashedError(
        f"The job was started {attempts} times without getting further; the last time {how}.",
        remedy="Read its log; see that the machine has enough memory and disk space, then order it again.",
        attempts=attempts,
    )


def _timed_out(seconds: float) -> JobCrashedError:
    return JobCrashedError(
        f"The job ran longer than {seconds:g} s and was ended.",
        remedy="Give a smaller area or raise KANCHA_JOBS__TIMEOUT_S.",
        seconds=seconds,
    )
