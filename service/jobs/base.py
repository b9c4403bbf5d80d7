"""What the use cases ask of a runner."""

from __future__ import annotations

from typing import Protocol


class JobRunner(Protocol):
    """Runs the jobs that carry its id."""

    @property
    def id(self) -> str:
        """Id that its jobs carry."""

    @property
    def alive(self) -> bool:
        """Whether it still takes jobs."""

    def wake(self) -> None:
        """Look for work now: a job was stored, stopped or adopted."""

    def adopt_from(self, runner: str) -> bool:
        """Take the jobs of another runner if that one is dead; whether it was."""

    def close(self) -> None:
        """Stop; running jobs go back to accepted without counting the attempt."""
