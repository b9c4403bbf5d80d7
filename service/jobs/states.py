"""The states of a job, in the words of OGC API Processes, and the moves between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from service.errors import IllegalMoveError


class JobState(StrEnum):
    """Where a job stands."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISMISSED = "dismissed"


ACTIVE = frozenset({JobState.ACCEPTED, JobState.RUNNING})
"""The states that a job leaves again."""

MOVES: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        JobState.ACCEPTED: frozenset({JobState.RUNNING, JobState.FAILED, JobState.DISMISSED}),
        # back to accepted: its runner died or was shut down, another start follows
        JobState.RUNNING: frozenset({JobState.ACCEPTED, JobState.SUCCESSFUL, JobState.FAILED, JobState.DISMISSED}),
        JobState.SUCCESSFUL: frozenset(),
        JobState.FAILED: frozenset(),
        JobState.DISMISSED: frozenset(),
    }
)


def may_move(old: JobState, new: JobState) -> bool:
    """Whether a job may go from one state to another."""
    return new in MOVES[old]


def check_move(job_id: str, old: JobState, new: JobState) -> None:
    """Refuse a move that the table does not hold.

    Raises:
        IllegalMoveError: With both states.
    """
    if not may_move(old, new):
        raise IllegalMoveError(
            f"Job {job_id} is {old.value} and cannot become {new.value}.",
            remedy="A finished job stays as it is; start a new one."
            if old not in ACTIVE
            else "Ask for its state first.",
            state=old.value,
            wanted=new.value,
        )


def sources_of(new: JobState) -> frozenset[JobState]:
    """The states from which a job may come to `new`."""
    return frozenset(old for old, targets in MOVES.items() if new in targets)
