"""What a service that watches itself asks its store: counts, never what is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class JobCount:
    """Jobs of one kind in one state.

    Args:
        kind: What they do.
        state: Where they stand.
        count: How many.
        restarts: Starts beyond the first, of all of them together.
    """

    kind: str
    state: str
    count: int
    restarts: int


@dataclass(frozen=True)
class JobTimes:
    """How long finished jobs of one kind took, from their last start to their end.

    Args:
        kind: What they did.
        state: How they ended.
        within: How many took no longer than each of the bounds that were asked for.
        count: How many there are.
        total_s: All their times together, s.
    """

    kind: str
    state: str
    within: tuple[int, ...]
    count: int
    total_s: float


@dataclass(frozen=True)
class FailingChannel:
    """A channel by which nothing has arrived since something failed.

    Args:
        name: Its name.
        failures: Tries that failed since its last message arrived.
        since: When the first of those messages was put together.
    """

    name: str
    failures: int
    since: datetime


@dataclass(frozen=True)
class Nights:
    """Nightly runs.

    Args:
        finished: How many came to their end.
        unfinished: How many did not.
        first_started_at: When the first began; None: there never was one.
        last_finished_at: When the last ended; None: none did.
    """

    finished: int
    unfinished: int
    first_started_at: datetime | None
    last_finished_at: datetime | None


@dataclass(frozen=True)
class ScanCounts:
    """Scans that were stored after one that is known.

    Args:
        last_key: Key of the last of them; that of the known one where there is none.
        scans: How many.
        findings: Their findings by status.
    """

    last_key: int
    scans: int
    findings: dict[str, int]


@dataclass(frozen=True)
class ScanScores:
    """The confidences of one scan's findings, counted.

    Args:
        scan_id: The scan.
        detector: What judged: a model with its checksum, `training-free`, or `surfaces`.
        at: When it was stored.
        bins: Findings by confidence, in equal bins from 0 to 1; the last holds 1 itself.
    """

    scan_id: str
    detector: str
    at: datetime
    bins: tuple[int, ...]
