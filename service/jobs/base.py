"""What the use cases ask of a runner, and what a runner asks of a store."""

from __future__ import annotations

from typing import Protocol

from service.store.job_base import JobStore, RunnerStore


class RunnerStores(Protocol):
    """The part of a store that a runner works with."""

    @property
    def jobs(self) -> JobStore:
        """The stored jobs."""

    @property
    def runners(self) -> RunnerStore:
        """The processes that take them."""


class JobRunner(Protocol):
    """Takes jobs from the line and sees to it that each comes to an end."""

    @property
    def id(self) -> str:
        """Id that the jobs carry that it runs."""

    @property
    def place(self) -> str:
        """Id of its data folder: a job that needs files from there names it."""

    @property
    def alive(self) -> bool:
        """Whether it still takes jobs."""

    def wake(self) -> None:
        """Look for work now: a job was stored or stopped."""

    def close(self) -> None:
        """Stop; running jobs go back into the line, what they have done is kept."""
