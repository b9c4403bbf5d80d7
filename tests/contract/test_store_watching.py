"""What every store must count, whatever it is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.store.base import Store
from service.store.intake_records import NightRun
from service.store.job_records import Setback, Wanted
from service.store.watching_records import JobCount, JobTimes, Nights, ScanCounts, ScanScores
from tests.contract.test_store_contract import NOW, finding, job, scan, scene

ERROR = {"code": "job-crashed", "title": "The job's process ended abnormally"}


def stored(store: Store, name: str, confidences: list[float], **values: object) -> None:
    store.jobs.submit(job(key=name))
    claimed = store.jobs.claim("r1")
    assert claimed is not None
    rows = [finding(f"{name}-{i}", confidence=one) for i, one in enumerate(confidences)]
    store.scans.complete(claimed[1], replace(scan(name), **values), rows)  # type: ignore[arg-type]


@pytest.fixture
def scanned(store: Store) -> Store:
    store.scenes.add(scene("a"))
    store.scenes.add(scene("b"))
    return store


def test_an_empty_store_counts_nothing(store: Store) -> None:
    told = store.watching
    assert (list(told.jobs()), list(told.job_times([1.0])), told.oldest_waiting()) == ([], [], None)
    assert told.failed("job-crashed", NOW) == (0, None)
    assert told.nights() == Nights(0, 0, None, None)
    assert told.scans_after(0) == ScanCounts(0, 0, {})
    assert list(told.scores(NOW, 10)) == []


def test_jobs_are_counted_by_kind_and_state(store: Store) -> None:
    old = NOW - timedelta(hours=3)
    for i, (kind, at) in enumerate([("scan", NOW), ("scan", old), ("intake", NOW), ("intake", NOW)]):
        store.jobs.submit(replace(job(key=str(i)), kind=kind, created_at=at))
    assert store.watching.oldest_waiting() == old
    intake = Wanted(("intake",))
    claimed = store.jobs.claim("r1", intake)
    assert claimed is not None
    assert store.jobs.set_back(claimed[1], Setback("crashed", "it crashed", ERROR, 3, 0.0))
    claimed = store.jobs.claim("r1", intake)
    assert claimed is not None and claimed[1].attempt == 2
    assert list(store.watching.jobs()) == [
        JobCount("intake", "accepted", 1, 0),
        JobCount("intake", "running", 1, 1),
        JobCount("scan", "accepted", 2, 0),
    ]


def test_a_pause_after_a_setback_is_no_waiting(store: Store) -> None:
    store.jobs.submit(job())
    claimed = store.jobs.claim("r1")
    assert claimed is not None
    assert store.jobs.set_back(claimed[1], Setback("crashed", "it crashed", ERROR, 3, 600.0))
    waiting = store.watching.oldest_waiting()
    assert waiting is not None and waiting > datetime.now(UTC) + timedelta(seconds=300)


def test_times_of_jobs_fall_into_the_bounds(store: Store) -> None:
    for i, seconds in enumerate([0.5, 60.0, 90.0]):
        end = NOW + timedelta(seconds=seconds)
        done = replace(job(key=str(i)), started_at=NOW, finished_at=end, state="failed")  # type: ignore[arg-type]
        store.jobs.submit(replace(done, state=type(job().state)("failed")))
    store.jobs.submit(job(key="waits"))
    found = store.watching.job_times([1.0, 70.0, 80.0, 100.0])
    assert [replace(one, total_s=round(one.total_s, 1)) for one in found] == [
        JobTimes("scan", "failed", (1, 2, 2, 3), 3, 150.5)
    ]


def test_crashes_are_told_apart_from_refusals(store: Store) -> None:
    failed = type(job().state)("failed")
    told = [("a", ERROR, 1), ("b", ERROR, 30), ("c", {"code": "no-overlap"}, 1), ("d", ERROR, 2)]
    for key, error, hours in told:
        at = NOW - timedelta(hours=hours)
        store.jobs.submit(replace(job(key=key), state=failed, error=error, finished_at=at))
    day = NOW - timedelta(days=1)
    assert store.watching.failed("job-crashed", day) == (2, NOW - timedelta(hours=2))
    assert store.watching.failed("other", day) == (0, None)


def test_nights(store: Store) -> None:
    first = store.intake.open_run(NightRun("one", "/in", NOW, None))
    assert store.watching.nights() == Nights(0, 1, NOW, None)
    store.intake.close_run(first.id, {})
    store.intake.open_run(NightRun("two", "/in", NOW + timedelta(days=1), None))
    told = store.watching.nights()
    assert (told.finished, told.unfinished, told.first_started_at) == (1, 1, NOW)
    assert told.last_finished_at is not None and told.last_finished_at > NOW


def test_new_scans_are_counted_alone(scanned: Store) -> None:
    stored(scanned, "one", [0.5], counts={"suspected": 2, "permitted": 1})
    first = scanned.watching.scans_after(0)
    assert (first.scans, first.findings) == (1, {"permitted": 1, "suspected": 2})
    assert scanned.watching.scans_after(first.last_key) == ScanCounts(first.last_key, 0, {})
    stored(scanned, "two", [], counts={"suspected": 5})
    second = scanned.watching.scans_after(first.last_key)
    assert (second.scans, second.findings) == (1, {"suspected": 5}) and second.last_key > first.last_key


def test_scores_fall_into_bins_by_scan_and_detector(scanned: Store) -> None:
    confidences = [0.0, 0.05, 0.1, 0.3, 0.55, 0.95, 1.0]
    stored(scanned, "one", confidences, options={"detector": "net+abc"}, provenance={"model": "net+abc"})
    stored(scanned, "flat", [], options={"detector": "training-free"}, provenance={"model": "surfaces/0.1"})
    stored(scanned, "bare", [0.25])
    stored(scanned, "old", [0.5], created_at=NOW - timedelta(days=2))
    assert list(scanned.watching.scores(NOW - timedelta(days=1), 10)) == [
        ScanScores("one", "net+abc", NOW, (2, 1, 0, 1, 0, 1, 0, 0, 0, 2)),
        ScanScores("flat", "surfaces", NOW, (0,) * 10),
        ScanScores("bare", "unknown", NOW, (0, 0, 1, 0, 0, 0, 0, 0, 0, 0)),
    ]
