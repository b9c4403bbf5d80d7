"""The service looks at itself: what is not well, the figures behind it, whether the detector drifts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from geodata.errors import KanchaError
from service.errors import JobCrashedError, StoreBusyError
from service.jobs.states import JobState
from service.services import Services
from service.usecases.schedule import last_due, next_due
from service.usecases.uploads import folder_of
from service.watching import drift
from service.watching.conditions import (
    STORE,
    Condition,
    channel_failing,
    disk_space,
    jobs_crashed,
    jobs_waiting,
    night_overdue,
    runner_stopped,
    store_unavailable,
)
from service.watching.figures import JOB_BOUNDS_S, Counted, Detectors, Figures

_DAY = timedelta(days=1)
_DAYS_OF_A_MONTH = 31


def conditions(services: Services, now: datetime) -> list[Condition]:
    """What is not well just now, the detector apart: see `detectors`.

    Args:
        services: The service.
        now: The time.
    """
    told = urgent(services)
    if _is_silent(told):
        return told
    try:
        return [*told, *(one for ask in _OF_STORE for one in ask(services, now))]
    except StoreBusyError:
        return [*told, store_unavailable()]


def _is_silent(told: Iterable[Condition]) -> bool:
    return any(one.code == STORE for one in told)


def urgent(services: Services) -> list[Condition]:
    """What keeps the service from its work, or soon will: store, disk, runner. May take as long as the store hangs."""
    told = []
    try:
        services.store.ping()
    except KanchaError:
        told.append(store_unavailable())
    space = disk_space(free_bytes(services), services.settings.limits.min_free_bytes)
    told += [] if space is None else [space]
    if services.runner is not None and not services.runner.alive:
        told.append(runner_stopped())
    return told


def free_bytes(services: Services) -> int:
    """Free space; none where the disk cannot even be asked."""
    try:
        return services.blobs.free_bytes()
    except OSError:
        return 0


def _of_jobs(services: Services, now: datetime) -> Iterable[Condition]:
    store, limit = services.store.watching, services.settings.watching.waiting_s
    waiting = sum(one.count for one in store.jobs() if one.state == JobState.ACCEPTED)
    told = [
        jobs_waiting(waiting, store.oldest_waiting(), now, limit),
        jobs_crashed(*store.failed(JobCrashedError.code, now - _DAY)),
    ]
    return [one for one in told if one is not None]


def _of_runners(services: Services, now: datetime) -> Iterable[Condition]:
    """From outside: jobs wait, and no runner says that it lives."""
    del now  # how long a runner is silent is told by the clock of the store
    waiting = any(one.state == JobState.ACCEPTED for one in services.store.watching.jobs())
    return [runner_stopped()] if services.runner is None and waiting and _living(services) == 0 else []


def _living(services: Services) -> int:
    return sum(silent <= services.settings.jobs.lease_s for _, silent in services.store.runners.all())


def _of_nights(services: Services, now: datetime) -> Iterable[Condition]:
    """Expected where a night was ever begun; where a schedule lets more time pass between two, after that."""
    nights, hours = services.store.watching.nights(), services.settings.watching.night_hours
    last = nights.last_finished_at or nights.first_started_at
    if (schedule := services.settings.nightly.schedule) and last is not None:
        gap = next_due(schedule, last) - last_due(schedule, last)
        hours = max(hours, gap.total_seconds() / 3600 + _LATE_HOURS)
    found = night_overdue(last, now, hours)
    return [] if found is None else [found]


_LATE_HOURS = 2.0
"""So much later than the schedule says a night may end."""


def _of_channels(services: Services, now: datetime) -> Iterable[Condition]:
    del now
    failing = services.store.watching.failing_channels(_FAILURES)
    return [channel_failing(one.name, one.failures, one.since) for one in failing]


_FAILURES = 3
"""One failure or two are weather."""
_OF_STORE: tuple[Callable[[Services, datetime], Iterable[Condition]], ...] = (
    *(_of_jobs, _of_runners, _of_nights, _of_channels),
)
"""Whoever has more to tell adds a line."""


def _begun(services: Services) -> list[int]:
    """Bytes of each unfinished upload, synced or not; one that ends at this moment is left out."""
    uploads, found = folder_of(services), []
    for one in uploads.infos():
        with suppress(OSError):
            if not one.complete and not one.result:
                found.append(uploads.data(one.id).stat().st_size)
    return found


class Looking:
    """Takes the figures of a service. Scans never change, so that each is counted once.

    Args:
        services: The service.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._key, self._scans = 0, 0
        self._findings: dict[str, int] = {}

    def figures(self, now: datetime) -> Figures:
        """How the service is just now."""
        services, counted = self._services, None
        told = conditions(services, now)
        if not _is_silent(told):
            try:
                counted = self._counted()
            except StoreBusyError:
                told.append(store_unavailable())
        alive = None if services.runner is None else services.runner.alive
        begun = _begun(services)
        return Figures(now, told, free_bytes(services), alive, counted, len(begun), sum(begun))

    def _counted(self) -> Counted:
        store = self._services.store.watching
        new = store.scans_after(self._key)
        self._key, self._scans = new.last_key, self._scans + new.scans
        for status, count in new.findings.items():
            self._findings[status] = self._findings.get(status, 0) + count
        return Counted(
            jobs=store.jobs(),
            times=store.job_times(JOB_BOUNDS_S),
            oldest_waiting=store.oldest_waiting(),
            runners=_living(self._services),
            nights=store.nights(),
            scans=self._scans,
            findings=dict(self._findings),
        )


def detectors(services: Services, now: datetime) -> Detectors:
    """The detectors by month, of the months that a drift is told from, and whether they drift.

    Args:
        services: The service itself: of a part of the ground a drift would be another.
        now: The time.
    """
    since = now - timedelta(days=(drift.REFERENCE_MONTHS + 2) * _DAYS_OF_A_MONTH)
    scans = {one.scan_id: one for one in services.store.watching.scores(since, drift.BINS)}
    looks = [drift.Look(one.detector, one.at, one.bins) for one in scans.values()]
    words = [
        drift.Word(scan.detector, scan.at, not one.verdict.verdict)
        for one in services.store.verdicts.judged()
        # what was drawn for learning was not chosen because it is likely right
        if one.verdict.purpose == "enforce" and (scan := scans.get(one.row.scan_id)) is not None
    ]
    months = drift.months(looks, words)
    return Detectors(now, months, drift.drifts(months, now, services.settings.watching.drift_psi))
