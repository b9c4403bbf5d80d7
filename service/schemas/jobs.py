"""Jobs over HTTP, in the words of OGC API Processes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from service.jobs.states import JobState
from service.schemas.common import Answer, Link
from service.schemas.problem import ToldError


class JobOut(Answer):
    """A job."""

    jobID: str = Field(validation_alias="id", description="Id of the job.")  # noqa: N815 - OGC's name
    type: str = Field(default="process", description="Always `process`.")
    processID: str = Field(validation_alias="kind", description="What it does.")  # noqa: N815
    status: JobState = Field(validation_alias="state")
    progress: int = Field(description="Per cent done.")
    message: str
    request: dict[str, Any]
    scan_id: str | None = Field(description="The result, once successful.")
    result: dict[str, Any] | None = Field(description="What came of it where that is no scan: of an export its file.")
    error: ToldError | None = Field(description="The named error, once failed.")
    attempts: int = Field(description="How often it was started.")
    strikes: int = Field(description="Starts in a row that ended badly without a step done.")
    urgency: int = Field(description="Which of two that wait goes first: 0 an officer's, 5 usual, 9 the nightly batch.")
    area: str = Field(description="Administrative area that it counts for; empty: none.")
    not_before: datetime | None = Field(description="After a setback: it is not started before.")
    created: datetime = Field(validation_alias="created_at")
    started: datetime | None = Field(validation_alias="started_at")
    finished: datetime | None = Field(validation_alias="finished_at")
    updated: datetime = Field(validation_alias="updated_at")
    links: list[Link] = []


class JobEventOut(Answer):
    """Something that happened to a job."""

    at: datetime
    what: str = Field(
        description="accepted, started, given-back, crashed, lost, retried, failed, dismissed, successful."
    )
    attempt: int = Field(description="In which start.")
    detail: str


class JobHistory(Answer):
    """What happened to a job."""

    events: list[JobEventOut]
    steps: list[str] = Field(description="Steps that are done and kept for the next start.")
    links: list[Link]


class JobList(Answer):
    """A page of jobs."""

    jobs: list[JobOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    links: list[Link]
