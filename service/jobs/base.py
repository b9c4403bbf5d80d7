"""What the use cases ask of a runner, and what a runner asks of a store."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Line:
    """The line as a job sees it that orders others: it stores them, and the runners find them within half a second.

    Args:
        place: Id of the data folder.
        id: It runs nothing itself.
        alive: The runner lives as long as the job does.
    """

    place: str
    id: str = ""
    alive: bool = True

    def wake(self) -> None:
        """Nothing: the runner of another process looks by itself."""

    def close(self) -> None:
        """Nothing: it holds nothing."""
