"""The error that a job ended with, raised again where somebody waits for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geodata.errors import KanchaError, TrainingError
from service.errors import ConflictError, SourceUnavailableError
from service.jobs.kinds import time_limit_s
from service.jobs.states import JobState
from service.store.job_records import new_job
from service.usecases.jobs import failure_of


@pytest.mark.parametrize(
    "error", [TrainingError("Too few.", remedy="More.", places=2), SourceUnavailableError("Away.")]
)
def test_a_named_error_is_named_again(error: KanchaError) -> None:
    job = replace(new_job("training", {}, "key"), state=JobState.FAILED, error=error.as_dict())
    again = failure_of(job)
    assert type(again) is type(error) and again.as_dict() == error.as_dict()


def test_a_job_that_was_stopped_says_so() -> None:
    job = replace(new_job("training", {}, "key"), state=JobState.DISMISSED)
    assert isinstance(failure_of(job), ConflictError) and "stopped on request" in str(failure_of(job))
    unknown = replace(job, error={"code": "of-a-newer-release", "message": "Odd.", "measured": {"n": 1}})
    assert failure_of(unknown).message == "Odd." and failure_of(unknown).measured == {"n": 1}


def test_a_training_has_the_time_that_it_asked_for() -> None:
    assert time_limit_s("scan", {}, 60.0) == 60.0
    assert time_limit_s("training", {"minutes": 600}, 60.0) == 60.0 + 2 * 36_000
    assert time_limit_s("night", {}, 60.0) == float("inf")
