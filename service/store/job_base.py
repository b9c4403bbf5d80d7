"""What is asked of a store about durable runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from service.jobs.states import JobState
from service.store.job_records import Claim, Job, JobEvent, Runner, Setback, Wanted
from service.store.records import Page


class JobStore(Protocol):
    """Jobs."""

    def submit(self, job: Job) -> tuple[Job, bool]:
        """Store a job, unless one with the same inputs is active or successful: then that one and False.

        One that waits and is asked for more urgently goes forward.
        """

    def get(self, job_id: str) -> Job:
        """One job; `NotFoundError` without it."""

    def page(self, limit: int, after_key: int = 0, state: JobState | None = None, kind: str | None = None) -> Page[Job]:
        """Jobs, the latest first."""

    def claim(self, runner: str, wanted: Wanted | None = None) -> tuple[Job, Claim] | None:
        """Start the waiting job whose turn it is; None without one.

        The more urgent goes first, of equals the older; one that has waited for too long goes before all.
        """

    def progress(self, claim: Claim, percent: int, message: str) -> None:
        """Note how far a running job is; `LostClaimError` once the claim is void."""

    def succeed(self, claim: Claim, message: str, result: Mapping[str, Any] | None = None) -> None:
        """End a running job well that has no scan for its result; `LostClaimError` once the claim is void."""

    def fail(self, claim: Claim, error: Mapping[str, Any]) -> None:
        """End a running job with a named error; `LostClaimError` once the claim is void."""

    def dismiss(self, job_id: str) -> Job:
        """Stop an active job; `IllegalMoveError` for a finished one."""

    def give_back(self, claim: Claim, detail: str) -> None:
        """Put a running job back into the line as if it had not been started; nothing once the claim is void."""

    def set_back(self, claim: Claim, setback: Setback) -> bool:
        """Put a running job whose start ended badly back into the line, to wait a while, or end it as failed.

        Nothing happens once the claim is void.

        Returns:
            Whether it is tried again.
        """

    def running(self, runner: str) -> Sequence[Claim]:
        """The claims that a runner holds."""

    def runners(self) -> Sequence[str]:
        """The runners that hold a claim."""

    def history(self, job_id: str) -> Sequence[JobEvent]:
        """What happened to a job, the first first; `NotFoundError` without it."""

    def keep_log(self, claim: Claim, content: str) -> None:
        """Keep what a start of a job said, whether or not the claim still holds."""

    def logs(self, job_id: str) -> Sequence[tuple[int, str]]:
        """What the starts of a job said, with their numbers; `NotFoundError` without it."""


class StepStore(Protocol):
    """Steps of jobs: what a start has done, the next one need not do again."""

    def kept(self, inputs_key: str, name: str) -> bytes | None:
        """What a step gave; None where it was not done."""

    def names(self, inputs_key: str) -> Sequence[str]:
        """The steps that are done."""

    def keep(self, claim: Claim, name: str, content: bytes) -> None:
        """Keep what a step gave, and count no earlier setback any more; `LostClaimError` once the claim is void."""

    def sweep(self, older_s: float) -> int:
        """Drop the steps of what was given up so long ago; how many."""


class RunnerStore(Protocol):
    """The processes that take jobs."""

    def enrol(self, runner: Runner) -> None:
        """Enter a runner; from now on it is known that it lives."""

    def beat(self, runner: str) -> bool:
        """Say that a runner lives; False if it was given up meanwhile."""

    def retire(self, runner: str) -> None:
        """Strike a runner out."""

    def all(self) -> Sequence[tuple[Runner, float]]:
        """Every runner with the seconds since it last said that it lives."""
