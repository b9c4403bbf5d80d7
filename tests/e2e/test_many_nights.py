"""Thirty-six nights with all that goes wrong in a year end where scanning every scene in the order of its date ends."""

from __future__ import annotations

import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.bootstrap import open_services
from service.jobs.states import JobState
from service.settings import Settings
from service.store.queries import FeatureQuery
from service.usecases import coverage
from service.usecases.jobs import wait_for
from service.usecases.layer_facts import LayerFacts
from service.usecases.layer_files import add_layer_file
from service.usecases.layers import newest_versions
from service.usecases.listing import every
from service.usecases.nightly import order_night
from service.usecases.scans import ScanOrder, order_scan
from tests.integration.night_kit import arrive, ended, nights
from tests.integration.service_kit import draw_scene, kancha, until, write_parcels, write_permits
from tests.integration.test_nights import store

DETECTOR = "training-free"
SPOTS = [
    (20, 150, 44, 60),
    (20, 380, 40, 52),
    (200, 40, 48, 44),
    (300, 330, 44, 64),
    (420, 60, 40, 60),
    (420, 400, 44, 48),
]
"""Where something may be built: (row, column, height, width) in pixels, clear of what stands from the beginning."""
PLACES = {"east": 500_000.0, "west": 500_300.0}
FIRST = datetime(2025, 1, 1, 17, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """What happens on a day before its night, and how the night goes.

    Args:
        files: Files that arrive.
        how: `run`, `skipped`, `twice`, `killed`.
    """

    files: tuple[Path, ...]
    how: str


def year(folder: Path, count: int, seed: int) -> tuple[list[Event], list[Path]]:
    """The days, and the good scenes in the order of their dates."""
    rng = random.Random(seed)
    standing: dict[str, set[int]] = {place: set() for place in PLACES}
    days, scenes = [], []
    special = {count // 5: "skipped", count // 2: "twice", 3 * count // 4: "killed"}
    for number in range(count):
        files = []
        for place, left in PLACES.items():
            # gaps: not every place is seen on every day, and on some days none is
            if number and rng.random() < (0.45 if number not in special else 0.0):
                continue
            for spot in range(len(SPOTS)):
                if rng.random() < 0.12:
                    standing[place] ^= {spot}
            day = date(2024, 1, 1) + timedelta(days=10 * number)
            path = folder / f"{place}_{day:%Y%m%d}.tif"
            more = [SPOTS[spot] for spot in sorted(standing[place])]
            files.append(draw_scene(path, seed=rng.randrange(1 << 30), left=left, more=more))
        scenes += files
        if number == count // 3:
            poisoned = folder / "poisoned_20240301.tif"
            poisoned.write_bytes(scenes[0].read_bytes()[:9_000])
            files.append(poisoned)
        days.append(Event(tuple(files), special.get(number, "run")))
    return days, scenes


def live_through(data: Path, folder: Path, days: Sequence[Event], files: Path) -> list[dict[str, Any]]:
    """The nights, one after the other; what each reported."""
    with nights(data, detector=DETECTOR) as services:
        add_layer_file(services, "parcels", write_parcels(files / "parcels.geojson"), LayerFacts())
        add_layer_file(services, "permits", write_permits(files / "permits.geojson"), LayerFacts())
    reports = []
    for number, day in enumerate(days):
        arrive(folder, *day.files)
        if day.how == "skipped":
            continue
        if day.how == "killed":
            _kill_in_the_middle(data, folder)
        with nights(data, detector=DETECTOR) as services:
            job, _ = order_night(services, folder, FIRST + timedelta(days=number))
            reports.append(ended(services, job))
            if day.how == "twice":
                again, new = order_night(services, folder, FIRST + timedelta(days=number))
                assert again.id == job.id and not new, "of a moment there is one night"
                by_hand = order_night(services, folder)[0]
                assert not ended(services, by_hand)["scanned"], "and one by hand finds nothing to do"
    return reports


def _kill_in_the_middle(data: Path, folder: Path) -> None:
    words = {"KANCHA_NIGHTLY__STABLE_S": "0", "KANCHA_NIGHTLY__DETECTOR": DETECTOR}
    process = kancha("nightly", folder, data=data, wait=False, **words)
    watcher = open_services(Settings(data=data))
    try:
        until(lambda: watcher.store.jobs.page(1, state=JobState.RUNNING, kind="scan").matched, 120, every=0.02)
    finally:
        watcher.close()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def in_order(data: Path, scenes: Sequence[Path], files: Path) -> None:
    """Every scene stored and compared with the one before of its place, in the order of their dates."""
    with nights(data, detector=DETECTOR) as services:
        add_layer_file(services, "parcels", write_parcels(files / "parcels.geojson"), LayerFacts())
        add_layer_file(services, "permits", write_permits(files / "permits.geojson"), LayerFacts())
        before: dict[str, str] = {}
        for path in scenes:
            place, scene = path.name.partition("_")[0], store(services, path)
            if place in before:
                order = ScanOrder(before[place], scene, newest_versions(services), options={"detector": DETECTOR})
                (job,) = wait_for(services, [order_scan(services, order)[0].id])
                assert job.state is JobState.SUCCESSFUL, job.error
            before[place] = scene


def kept(data: Path) -> dict[str, Any]:
    """All that the store holds of what was found: to the last digit, the ids included."""
    services = open_services(Settings(data=data))
    try:
        whole = FeatureQuery(limit=10_000)
        scans = sorted(every(services.store.scans.page), key=lambda one: one.id)
        told = coverage.summary(services, date(2025, 6, 1))
        return {
            "scenes": sorted(one.id for one in services.store.scenes.frames()),
            "scans": [(s.id, s.before_scene, s.after_scene, dict(s.counts), dict(s.layers)) for s in scans],
            "findings": sorted(services.store.scans.findings(whole).items),
            "structures": sorted(services.store.structures.features(whole).items),
            "coverage": told,
        }
    finally:
        services.close()


def leftovers(data: Path) -> list[str]:
    """Files that belong to nothing any more."""
    return [str(path) for name in ("incoming", "work") for path in (data / name).iterdir()]


@pytest.mark.parametrize(
    "count",
    [pytest.param(4, id="a few", marks=pytest.mark.soak), pytest.param(36, id="a year", marks=pytest.mark.soak)],
)
def test_the_nights_end_where_scanning_all_in_order_ends(count: int, tmp_path: Path) -> None:
    days, scenes = year(_made(tmp_path / "drawn"), count, seed=count)
    assert sum(len(day.files) for day in days) == len(scenes) + 1, "and the poisoned one"
    assert {day.how for day in days} >= {"skipped", "twice", "killed"}
    reports = live_through(tmp_path / "nights", _made(tmp_path / "in"), days, tmp_path)
    in_order(tmp_path / "order", scenes, tmp_path)
    one, other = kept(tmp_path / "nights"), kept(tmp_path / "order")
    assert one["scans"] and one["findings"] and one["structures"]
    for what in other:
        assert one[what] == other[what], what
    assert [[r["code"] for r in report["refused"]] for report in reports if report["refused"]] == [["raster-truncated"]]
    assert leftovers(tmp_path / "nights") == []
    states = [orjson.loads(text)["properties"]["state"] for text in one["structures"]]
    print(f"{count} nights, {len(scenes)} scenes, {len(one['scans'])} scans, {len(one['findings'])} findings, "
          f"{len(states)} structures, {states.count('gone')} of them gone: equal to the last digit")  # fmt: skip


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
