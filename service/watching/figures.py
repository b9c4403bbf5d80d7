"""What a service knows of itself at a moment: taken in one go, told many times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from service.store.watching_records import JobCount, JobTimes, Nights
from service.watching.conditions import Condition
from service.watching.drift import Drift, Month

JOB_BOUNDS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 10_800.0, 21_600.0)
"""A layer takes seconds, a scan minutes to hours; the last is the limit of one start as it is shipped."""


@dataclass(frozen=True)
class Counted:
    """What the store counts.

    Args:
        jobs: Jobs by kind and state.
        times: How long finished jobs took, within `JOB_BOUNDS_S`.
        oldest_waiting: Since when the oldest accepted job could be started; None without one.
        runners: Runners of all machines that say they live.
        nights: The nightly runs.
        scans: How many scans are stored.
        findings: Their findings by status.
    """

    jobs: Sequence[JobCount]
    times: Sequence[JobTimes]
    oldest_waiting: datetime | None
    runners: int
    nights: Nights
    scans: int
    findings: Mapping[str, int]


@dataclass(frozen=True)
class Figures:
    """A look of a service at itself.

    Args:
        at: When.
        conditions: What is not well.
        free_bytes: Free space of the disk.
        runner_alive: Whether the runner takes jobs; None where there is none.
        counted: What the store counts; None where it did not answer.
        uploads_open: Unfinished uploads.
        uploads_bytes: Their bytes so far.
    """

    at: datetime
    conditions: Sequence[Condition]
    free_bytes: int
    runner_alive: bool | None
    counted: Counted | None
    uploads_open: int = 0
    uploads_bytes: int = 0


@dataclass(frozen=True)
class Detectors:
    """The detectors by month, and whether they drift.

    Args:
        at: When it was counted.
        months: Every detector by month.
        drifts: The latest month of each beside those before it.
    """

    at: datetime
    months: Sequence[Month] = field(default_factory=tuple)
    drifts: Sequence[Drift] = field(default_factory=tuple)
