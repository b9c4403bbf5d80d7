"""The moves of a job."""

from __future__ import annotations

import itertools

import pytest

from service.errors import IllegalMoveError
from service.jobs.states import ACTIVE, MOVES, JobState, check_move, may_move, sources_of

LEGAL = {
    ("accepted", "running"),
    ("accepted", "failed"),
    ("accepted", "dismissed"),
    ("running", "accepted"),
    ("running", "successful"),
    ("running", "failed"),
    ("running", "dismissed"),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(JobState, JobState)))
def test_the_table_is_the_whole_truth(old: JobState, new: JobState) -> None:
    legal = (old.value, new.value) in LEGAL
    assert may_move(old, new) is legal
    assert (old in sources_of(new)) is legal
    if not legal:
        with pytest.raises(IllegalMoveError, match=f"is {old.value} and cannot become {new.value}"):
            check_move("j", old, new)


def test_only_finished_jobs_have_no_way_on() -> None:
    assert {state for state in JobState if MOVES[state]} == ACTIVE
