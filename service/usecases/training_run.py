"""What the process of a training does: it goes on from the checkpoint that the start before it left."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geodata.types import ProgressHook
from service.services import Services
from service.store.job_records import Claim
from service.usecases.scan_run import JobSteps, progress_hook
from service.usecases.training import from_request, train_model, work_folder

if TYPE_CHECKING:
    from geodata.learn.outcome import Outcome

_STEP_S = 60.0
"""A checkpoint is written more often than this: who has worked so long has got further."""
_LOOK_S = 1.0


def run_training_job(services: Services, claim: Claim) -> None:
    """Train, compare, and keep what is better.

    Args:
        services: The service of a worker.
        claim: The right to do it.

    Raises:
        KanchaError: The named refusal of the training.
        LostClaimError: If the job was taken away meanwhile.
    """
    job = services.store.jobs.get(claim.job_id)
    order = from_request(job.request)
    hook = progress_hook(services, claim)
    heard = _Heard(hook, JobSteps(services, claim, job.inputs_key))
    with _alone(work_folder(services, order.name), hook):
        outcome, report = train_model(services, order, heard)
    services.store.jobs.succeed(claim, f"{outcome.model.identity} is on the shelf", _told(outcome, report))


class _Heard:
    """Passes the progress on, with what was last measured on held-out places, and counts the setbacks anew."""

    def __init__(self, hook: ProgressHook, steps: JobSteps) -> None:
        self._hook, self._steps = hook, steps
        self._measured, self._kept_at = "", time.monotonic()

    def __call__(self, share: float, line: str) -> None:
        if "held out" in line:
            self._measured = line
            print(f"{share:5.0%} {line}", flush=True)  # into the log of the run
        self._hook(share, line if line == self._measured or not self._measured else f"{line}; {self._measured}")
        if time.monotonic() - self._kept_at >= _STEP_S:
            self._kept_at = time.monotonic()
            self._steps.keep("checkpoint", line.encode())


@contextmanager
def _alone(folder: Path, hook: ProgressHook) -> Iterator[None]:
    """Wait until nobody else trains in a folder: a start that was given up may take a moment to end."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                hook(0.0, "waiting for another training of that name")
                time.sleep(_LOOK_S)
        yield


def _told(outcome: Outcome, report: Path) -> dict[str, Any]:
    """What came of it, as plain values."""
    return {
        "model": outcome.model.name,
        "identity": outcome.model.identity,
        "report": str(report),
        "figures": outcome.figures.as_dict(),
        "in_use": outcome.champion.as_dict(),
        "difference": [round(float(value), 4) for value in outcome.difference],
        "places": dict(outcome.split),
        "left_out": [{"name": one.name, "why": one.why} for one in outcome.refused],
    }
