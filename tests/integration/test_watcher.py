"""The watcher: what it tells whom, and a detector that drifts from stored scans to the alarm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.bootstrap import open_services, open_with_runner
from service.services import Services
from service.settings import Limits, Settings, Watching
from service.usecases.watching import Looking, conditions, detectors
from service.watcher import Watcher
from service.watching.conditions import Condition
from tests.contract.test_store_contract import finding, job, scan, scene
from tests.contract.test_store_verdicts import verdict
from tests.integration.service_kit import ROOT, kancha, until

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def store_scans(services: Services, at: datetime, scans: int, confidences: Sequence[float], dismissed: int = 0) -> None:
    """Some scans of one moment, each with these findings; of the first so many were dismissed, the others confirmed."""
    store = services.store
    for _ in range(scans):
        name = f"s{store.watching.scans_after(0).scans}"
        store.jobs.submit(job(key=name))
        claimed = store.jobs.claim("r1")
        assert claimed is not None
        rows = [finding(f"{name}-{i}", 114.0 + i * 0.01, confidence=one) for i, one in enumerate(confidences)]
        made = replace(scan(name), options={"detector": "net+abc"}, counts={"suspected": len(rows)}, created_at=at)
        store.scans.complete(claimed[1], made, rows)
        if dismissed:
            for i, row in enumerate(rows):
                store.verdicts.add(verdict(row.fid, right=i >= dismissed, at=at), timed=True)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_services(Settings(data=tmp_path / "data"))
    opened.store.scenes.add(scene("a"))
    opened.store.scenes.add(scene("b"))
    yield opened
    opened.close()


def test_a_detector_that_drifts_is_told_with_figures_that_can_be_worked_out(services: Services) -> None:
    store_scans(services, NOW - timedelta(days=60), 3, [0.55] * 50 + [0.65] * 50)
    store_scans(services, NOW - timedelta(days=9), 2, [0.55] * 27 + [0.65] * 7)
    assert detectors(services, NOW).drifts[0].scores_moved is None, "two scans are too few"
    store_scans(services, NOW - timedelta(days=8), 1, [0.55] * 26 + [0.65] * 6)
    found = detectors(services, NOW)
    assert [(one.month, one.scans, one.findings) for one in found.months] == [("2026-09", 3, 300), ("2026-11", 3, 100)]
    assert found.months[1].bins == (0, 0, 0, 0, 0, 80, 20, 0, 0, 0)
    (one,) = found.drifts
    # p = 150.5 / 301 = 0.5; q = 80.5 / 101 and 20.5 / 101; 10.828 (1 / 300 + 1 / 100)
    assert (one.psi, one.chance, one.scores_moved) == (0.4063, 0.1444, True)


def test_dismissals_count_by_the_month_of_the_scan_and_for_enforcement_alone(services: Services) -> None:
    store_scans(services, NOW - timedelta(days=60), 1, [0.5] * 40, dismissed=8)
    store_scans(services, NOW - timedelta(days=9), 1, [0.5] * 40, dismissed=24)
    for i in range(5):
        services.store.verdicts.add(
            verdict(f"s0-{i}", right=False, at=NOW, purpose="learn", id=f"later-{i}"), timed=True
        )
    before, recent = detectors(services, NOW).months
    assert (before.dismissed.judged, before.dismissed.right) == (35, 3)
    assert (recent.dismissed.judged, recent.dismissed.right) == (40, 24)
    assert detectors(services, NOW).drifts[0].dismissals_rose is True


def test_the_command_tells_of_a_drift(services: Services) -> None:
    now = datetime.now(UTC)
    store_scans(services, now - timedelta(days=45), 4, [0.35] * 100)
    store_scans(services, now, 4, [0.95] * 50)
    told = kancha("status", "--detector", data=services.settings.data)
    assert told.returncode == 0, told.stderr
    assert "warning: The scores of the detector net have moved" in told.stdout and "漂移" in told.stdout
    assert "1 detectors at work" in told.stdout and f"{now:%Y}" in told.stdout


def test_jobs_become_conditions(services: Services) -> None:
    late = replace(job(key="late"), created_at=NOW - timedelta(hours=7))
    services.store.jobs.submit(late)
    failed = type(late.state)("failed")
    crash = {"code": "job-crashed", "title": ""}
    services.store.jobs.submit(replace(job(key="x"), state=failed, error=crash, finished_at=NOW - timedelta(hours=1)))
    told = {one.code: one for one in conditions(services, NOW)}
    # nobody is there who could start it
    assert set(told) == {"jobs-waiting", "jobs-crashed", "runner-stopped"}
    assert told["jobs-waiting"].measured["oldest_s"] == 7 * 3600
    assert told["jobs-crashed"].since == NOW - timedelta(hours=1)
    later = conditions(services, NOW + timedelta(hours=24))
    assert [one.code for one in later] == ["jobs-waiting", "runner-stopped"], "a crash is told for a day"


def test_scans_are_counted_once_however_often_one_looks(services: Services) -> None:
    looking = Looking(services)
    for scans in (1, 2):
        store_scans(services, NOW, 1, [0.5] * 3)
        for _ in range(3):
            counted = looking.figures(NOW).counted
            assert counted is not None and (counted.scans, counted.findings) == (scans, {"suspected": 3 * scans})


def test_listeners_hear_what_comes_and_what_goes_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[tuple[list[str], list[str]]] = []

    def listen(came: Sequence[Condition], went: Sequence[Condition]) -> None:
        heard.append(([one.code for one in came], [one.code for one in went]))

    settings = Settings(data=tmp_path, watching=Watching(every_s=0.05), limits=Limits(min_free_bytes=1))
    opened = open_with_runner(settings)
    watcher = Watcher(opened, [listen])
    try:
        until(lambda: watcher.figures, 10)
        assert heard == []
        # it needs the files of another data folder: the runner of this one leaves it
        late = replace(job(key="late"), created_at=datetime.now(UTC) - timedelta(days=1), place="elsewhere")
        opened.store.jobs.submit(late)
        until(lambda: heard, 10)
        since = first(watcher.figures).since
        before = watcher.figures
        until(lambda: watcher.figures is not before, 10)
        assert first(watcher.figures).since == since
        opened.store.jobs.dismiss(late.id)
        until(lambda: len(heard) > 1, 10)
        assert heard == [(["jobs-waiting"], []), ([], ["jobs-waiting"])]
    finally:
        watcher.close()
        opened.close()


def first(figures: Any) -> Condition:
    found: Condition = figures.conditions[0]
    return found


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import service.app; print('opentelemetry.sdk' in sys.modules)", "False"),
        (
            "sys.modules['opentelemetry.sdk.trace'] = None\n"
            "from service.watching.traces import open_traces\n"
            "from geodata.errors import OptionError\n"
            "assert open_traces('', 'x') is None\n"
            "try: open_traces('http://127.0.0.1:9', 'x')\n"
            "except OptionError as error: print(error.remedy)",
            "pip install 'kancha[otel]', or unset it.",
        ),
    ],
)
def test_traces_load_nothing_unless_they_are_wanted(code: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == said
