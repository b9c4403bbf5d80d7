"""One job in a process of its own, which dies with its parent and can be killed with all its children."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import orjson

from service.settings import Settings, settings_for_worker
from service.store.job_records import Claim

WORKER = "service.jobs.worker"
TRY_AGAIN = 75
"""Exit status of a worker that could not do its job for no fault of the job (`EX_TEMPFAIL` of sysexits)."""
CLUSTER_AWAY = 69
"""That of one whose cluster could not be reached (`EX_UNAVAILABLE`): no job can go on without, so none is given up."""
CLUSTER_CRASHED = 70
"""That of one whose windows ended workers of the cluster (`EX_SOFTWARE`)."""


class JobProcess:
    """A started job.

    The claim and the settings go in by the first line of standard input. The pipe then stays open: it closes
    when this process ends, however it ends, and the worker ends with it.

    Args:
        settings: The service's settings.
        claim: The right to work on the job.
        log: Where the worker's words go.
        worker: The module that does the job.
    """

    def __init__(self, settings: Settings, claim: Claim, log: Path, worker: str = WORKER) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as words:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-m", worker, claim.job_id],
                stdin=subprocess.PIPE,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )
        pipe = self._pipe()
        with contextlib.suppress(BrokenPipeError):
            pipe.write(_first_line(settings, claim))
            pipe.flush()

    def wait(self, seconds: float) -> int | None:
        """Wait for the end; the exit status, or None if it still runs."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End the worker and everything it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Let go of the pipe, and of what a worker that crashed may have left running."""
        if self._process.returncode:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(BrokenPipeError):
            self._pipe().close()

    def _pipe(self) -> IO[bytes]:
        pipe = self._process.stdin
        if pipe is None:
            raise RuntimeError("the worker has no standard input")
        return pipe


def _first_line(settings: Settings, claim: Claim) -> bytes:
    told = {
        "settings": settings_for_worker(settings),
        "claim": {"job_id": claim.job_id, "runner": claim.runner, "attempt": claim.attempt},
    }
    return orjson.dumps(told) + b"\n"


def read_first_line() -> tuple[Settings, Claim]:
    """What the parent told this worker; from then on its end is this process's end."""
    told: dict[str, Any] = orjson.loads(_read_line(0))
    threading.Thread(target=_die_with_parent, name="lifeline", daemon=True).start()
    return Settings.model_validate(told["settings"]), Claim(**told["claim"])


def _read_line(fd: int) -> bytes:
    # byte-wise blocks without a buffer, so that the lifeline below misses nothing
    line = bytearray()
    while not line.endswith(b"\n"):
        part = os.read(fd, 65_536)
        if not part:
            break
        line += part
    return bytes(line)


def _die_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


def limit_memory(max_bytes: int) -> None:
    """Bound the memory of this process and of those it starts, and leave no core files.

    Args:
        max_bytes: Private memory, bytes; 0: no bound.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if max_bytes:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        bound = max_bytes if hard == resource.RLIM_INFINITY else min(max_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
