"""Durable runs and those who do them, as a store keeps them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from service.jobs.states import JobState


class Urgency(IntEnum):
    """Which of two waiting jobs goes first: the smaller number."""

    OFFICER = 0
    """Somebody stands before the screen, or the first moment counts: an upload and its scan."""
    NORMAL = 5
    """Ordered, and looked at later."""
    NIGHT = 9
    """The nightly batch, and what may be done whenever there is nothing else to do."""


@dataclass(frozen=True)
class Job:
    """A durable run.

    Args:
        id: Its id.
        kind: What it does, see `service.jobs.kinds`.
        state: Where it stands.
        progress: Per cent done.
        message: What it does just now.
        request: What was asked, as plain values.
        inputs_key: Hash of everything that decides the result: the same inputs are one run.
        scan_id: Its result, once successful.
        error: The named error, once failed.
        runner: Id of the runner that does it; empty while it waits.
        attempts: How often it was started.
        created_at: When it was stored.
        updated_at: When it last changed.
        started_at: When it was last started.
        finished_at: When it came to its end.
        secrecy: That of what it works on.
        owner: Id of who asked for it; empty: the service itself.
        urgency: Which goes first, see `Urgency`.
        area: Administrative area that it counts for; empty: none.
        place: Data folder whose files it needs; empty: what is stored is enough.
        not_before: It is not started before.
        strikes: Starts in a row that ended badly without a step done.
        result: What came of it, where that is no scan.
    """

    id: str
    kind: str
    state: JobState
    progress: int
    message: str
    request: Mapping[str, Any]
    inputs_key: str
    scan_id: str | None
    error: Mapping[str, Any] | None
    runner: str
    attempts: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    secrecy: str = "internal"
    owner: str = ""
    urgency: int = Urgency.NORMAL
    area: str = ""
    place: str = ""
    not_before: datetime | None = None
    strikes: int = 0
    result: Mapping[str, Any] | None = None


def new_job(kind: str, request: Mapping[str, Any], inputs_key: str, **told: Any) -> Job:
    """A job that waits for its start.

    Args:
        kind: What it does.
        request: What is asked.
        inputs_key: The same for jobs that would do the same.
        told: Further fields of `Job`: `secrecy`, `owner`, `urgency`, `area`, `place`.
    """
    now = datetime.now(UTC)
    return Job(
        id=uuid.uuid4().hex,
        kind=kind,
        state=JobState.ACCEPTED,
        progress=0,
        message="waiting for a start",
        request=request,
        inputs_key=inputs_key,
        scan_id=None,
        error=None,
        runner="",
        attempts=0,
        created_at=now,
        updated_at=now,
        started_at=None,
        finished_at=None,
        **told,
    )


@dataclass(frozen=True)
class Claim:
    """The right to work on a job: void once the job is taken away, stopped or started anew."""

    job_id: str
    runner: str
    attempt: int


@dataclass(frozen=True)
class Wanted:
    """Which waiting jobs a runner takes.

    Args:
        kinds: Of these kinds; None: of any.
        place: The data folder it has; jobs that need another are left.
        per_area: Jobs of one administrative area that run at once; 0: no limit.
        patience_s: A job that has waited for so long goes before every other, s.
        but: Not of these kinds.
    """

    kinds: tuple[str, ...] | None = None
    place: str = ""
    per_area: int = 0
    patience_s: float = 6 * 3600.0
    but: tuple[str, ...] = ()


@dataclass(frozen=True)
class Runner:
    """A process that takes jobs.

    Args:
        id: Its id.
        host: Name of its machine.
        ground: The kernel and data folder it runs on: two of one ground see each other's locks.
        pid: Its process.
        slots: Jobs that it does at once.
        version: Of its code.
        started_at: When it began.
        beat_at: When it last said that it lives.
    """

    id: str
    host: str
    ground: str
    pid: int
    slots: int
    version: str
    started_at: datetime
    beat_at: datetime

    @property
    def place(self) -> str:
        """Id of its data folder."""
        return self.ground.rpartition("/")[2]


@dataclass(frozen=True)
class JobEvent:
    """Something that happened to a job.

    Args:
        at: When.
        what: `accepted`, `started`, `given-back`, `crashed`, `lost`, `retried`, `failed`, `dismissed`, `successful`.
        attempt: In which start.
        runner: Whose; empty: nobody's.
        detail: What else there is to say.
    """

    at: datetime
    what: str
    attempt: int
    runner: str
    detail: str


BLAMELESS = "retried"
"""A setback that is no fault of the job: what it needs was away. Such are not counted against it."""


@dataclass(frozen=True)
class Setback:
    """How a start of a job ended badly.

    Args:
        what: `crashed`, `lost` or `retried` (see `BLAMELESS`), as in `JobEvent`.
        detail: In words.
        error: The named error, should this have been the last start.
        most: So many setbacks in a row without a step done are the end.
        wait_s: Until the next start after the first of them, s; four times as long after each further one.
    """

    what: str
    detail: str
    error: Mapping[str, Any]
    most: int
    wait_s: float

    LONGEST_S = 600.0

    def pause_s(self, strikes: int) -> float:
        """How long the job waits after so many setbacks, s."""
        return float(min(self.wait_s * 4 ** min(strikes - 1, 20), self.LONGEST_S))
