"""The nightly batch: twice, interrupted, beside the service, with bad files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from service.bootstrap import open_services
from service.settings import Settings
from service.store.queries import FeatureQuery
from tests.integration.service_kit import (
    draw_scene,
    finished,
    kancha,
    post_pair,
    post_scene,
    served,
    until,
    write_parcels,
    write_permits,
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three dates of one place and one of another."""
    folder = tmp_path_factory.mktemp("drawn")
    draw_scene(folder / "east_20240412.tif", seed=1)
    draw_scene(folder / "east_20240901.tif", seed=2)
    draw_scene(folder / "east_20250412.tif", seed=3, built=True)
    draw_scene(folder / "west_20250412.tif", seed=4, left=490_000.0)
    write_parcels(folder / "parcels.geojson")
    write_permits(folder / "permits.geojson")
    return folder


def put(drawn: Path, folder: Path, *names: str, age_s: float = 120.0) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        shutil.copyfile(drawn / name, folder / name)
        moment = time.time() - age_s
        os.utime(folder / name, (moment, moment))
    return folder


def report(data: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((data / "reports" / "latest.json").read_text())
    return told


def told_of(data: Path) -> dict[str, Any]:
    """What a report says, without when and under which number, and how full the disk is."""
    passing = ("run", "started_at", "written_at", "since", "folder", "health")
    return {k: v for k, v in report(data).items() if k not in passing}


def kept(data: Path) -> dict[str, Any]:
    """Everything a run left in the store, without times and job numbers."""
    services = open_services(Settings(data=data))
    try:
        scans = sorted(services.store.scans.page(100).items, key=lambda s: s.id)
        return {
            "scenes": sorted(s.id for s in services.store.scenes.page(100).items),
            "scans": [(s.id, s.before_scene, s.after_scene, dict(s.counts), dict(s.layers)) for s in scans],
            "findings": sorted(services.store.scans.findings(FeatureQuery(limit=10_000)).items),
        }
    finally:
        services.close()


@pytest.fixture(scope="module")
def with_layers(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds two layers; tests copy it."""
    data = tmp_path_factory.mktemp("layers") / "data"
    for kind in ("parcels", "permits"):
        done = kancha("layers", "add", kind, drawn / f"{kind}.geojson", data=data)
        assert done.returncode == 0 and "stored" in done.stdout, done.stderr
    return data


@pytest.fixture(scope="module")
def night(drawn: Path, with_layers: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data folder after one uninterrupted run, and its watched folder."""
    data = shutil.copytree(with_layers, tmp_path_factory.mktemp("night") / "data")
    folder = put(drawn, data.parent / "watched", *(p.name for p in drawn.glob("*.tif")))
    (folder / "broken_20250101.tif").write_bytes((drawn / "east_20240412.tif").read_bytes()[:9_000])
    (folder / "notes.tif").write_text("no raster")
    (folder / "mosaic.vrt").write_text("<VRTDataset/>")
    shutil.copyfile(drawn / "east_20240412.tif", folder / "undated.tif")
    shutil.copyfile(drawn / "east_20240412.tif", folder / "copy_east_20240412.tif")
    (folder / "readme.txt").write_text("left alone")
    for path in folder.iterdir():
        os.utime(path, (time.time() - 120, time.time() - 120))
    put(drawn, folder, age_s=0)
    shutil.copyfile(drawn / "east_20240412.tif", folder / "arriving_20250501.tif")
    done = kancha("nightly", folder, data=data)
    assert done.returncode == 0, done.stderr
    assert "2 scanned" in done.stdout, done.stdout
    return data, folder


def test_the_morning_report_tells_everything(night: tuple[Path, Path]) -> None:
    told = report(night[0])
    pairs = [(s["before"]["file"], s["after"]["file"]) for s in told["scanned"]]
    assert pairs == [("copy_east_20240412.tif", "east_20240901.tif"), ("east_20240901.tif", "east_20250412.tif")]
    assert told["scanned"][0]["counts"] == {}, "nothing changed between the first two"
    assert told["scanned"][1]["counts"]["suspected"] >= 1
    best = told["scanned"][1]["findings"][0]
    assert best["status"] == "suspected" and best["reasons"] and best["parcel_ids"] == ["宗地-2"]
    assert {f["file"] for f in told["first"]} == {"copy_east_20240412.tif", "west_20250412.tif"}
    assert {r["file"]: r["code"] for r in told["refused"]} == {
        "broken_20250101.tif": "raster-truncated",
        "mosaic.vrt": "raster-format-refused",
        "notes.tif": "not-a-raster",
        "undated.tif": "date-missing",
    }
    assert all(r["remedy"] and r["message"] for r in told["refused"])
    assert told["duplicates"] == [{"file": "east_20240412.tif", "of": "copy_east_20240412.tif"}]
    assert told["waiting"] == ["arriving_20250501.tif"]
    assert told["layers"] == {"parcels": "parcels.geojson", "permits": "permits.geojson"}


def test_the_report_is_for_people_too(night: tuple[Path, Path]) -> None:
    reports = night[0] / "reports"
    run = report(night[0])["run"]
    for kind in ("html", "json", "md"):
        assert (reports / f"{run}.{kind}").read_bytes() == (reports / f"latest.{kind}").read_bytes()
    page, text = (reports / "latest.html").read_text(), (reports / "latest.md").read_text()
    for word in ("east_20250412.tif", "raster-truncated", "宗地-2", "first-of-its-place"):
        assert word in page and word in text
    assert "http" not in page.replace("http-equiv", "")


def test_a_second_run_finds_nothing_new(night: tuple[Path, Path]) -> None:
    data, folder = night
    before = kept(data)
    first = report(data)["run"]
    done = kancha("nightly", folder, data=data)
    assert done.returncode == 0, done.stderr
    assert "0 scanned, 0 findings, 0 suspected, 0 refused, 1 not yet complete" in done.stdout
    assert kept(data) == before
    assert report(data)["run"] != first
    (folder / "arriving_20250501.tif.done").touch()
    done = kancha("nightly", folder, data=data)
    assert "1 scanned" in done.stdout, "a .done beside it takes it at once"
    assert report(data)["scanned"][0]["before"]["file"] == "east_20250412.tif"


@pytest.fixture(scope="module")
def whole(drawn: Path, with_layers: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What an uninterrupted run over three dates leaves, and its watched folder."""
    home = tmp_path_factory.mktemp("whole")
    data = shutil.copytree(with_layers, home / "data")
    names = ("east_20240412.tif", "east_20240901.tif", "east_20250412.tif")
    folder = put(drawn, home / "watched", *names)
    done = kancha("nightly", folder, data=data)
    assert done.returncode == 0, done.stderr
    return data, folder


MOMENTS = [
    pytest.param("taking", marks=pytest.mark.soak),
    pytest.param("ordered", marks=pytest.mark.soak),
    pytest.param("scanning"),
    pytest.param("reported", marks=pytest.mark.soak),
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupted_run_ends_like_an_uninterrupted_one(
    whole: tuple[Path, Path], with_layers: Path, tmp_path: Path, moment: str
) -> None:
    folder = whole[1]
    cut = shutil.copytree(with_layers, tmp_path / "cut")
    process = kancha("nightly", folder, data=cut, wait=False)
    watcher = open_services(Settings(data=cut))

    def reached() -> bool:
        scenes = watcher.store.scenes.page(9).matched
        jobs = watcher.store.jobs.page(9).items
        if moment == "taking":
            return scenes >= 1
        if moment == "ordered":
            return len(jobs) >= 1
        if moment == "scanning":
            return any(job.progress >= 10 for job in jobs)
        return watcher.store.scans.page(9).matched >= 1

    until(reached, 60, every=0.02)
    watcher.close()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()

    done = kancha("nightly", folder, data=cut)
    assert done.returncode == 0, done.stderr
    assert kept(cut) == kept(whole[0])
    assert told_of(cut) == told_of(whole[0])


def test_two_nights_do_not_meet(drawn: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    folder = put(drawn, tmp_path / "watched", "east_20240412.tif", "east_20250412.tif")
    first = kancha("nightly", folder, data=data, wait=False)
    until(lambda: any((data / "blobs").rglob("*/*")), 60)
    # the first stands still while the second sets itself up, so that it is at work for sure
    first.send_signal(signal.SIGSTOP)
    try:
        second = kancha("nightly", folder, data=data)
    finally:
        first.send_signal(signal.SIGCONT)
    assert second.returncode == 0
    assert "Another nightly run" in second.stderr
    assert first.wait(120) == 0
    assert "1 scanned" in first.stdout.read()
    first.stdout.close()


def test_the_night_runs_beside_the_service(drawn: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    folder = put(drawn, tmp_path / "watched", "east_20240901.tif", "east_20250412.tif")
    with served(data, KANCHA_JOBS__RECOVERY_INTERVAL_S="0.5") as service:
        post_scene(service.client, drawn / "east_20240412.tif")
        ordered = post_pair(service.client, drawn / "east_20240412.tif", drawn / "east_20250412.tif").json()
        done = kancha("nightly", folder, data=data)
        assert done.returncode == 0, done.stderr
        told = report(data)
        assert [s["before"]["file"] for s in told["scanned"]] == ["east_20240412.tif", "east_20240901.tif"]
        assert finished(service.client, ordered["jobID"])["status"] == "successful"
        jobs = service.client.get("/jobs").json()["jobs"]
        assert [job["attempts"] for job in jobs] == [1] * 4, "nobody took another's job"
        assert service.client.get("/scans").json()["numberMatched"] == 3


def test_a_missing_folder_is_a_refusal(tmp_path: Path) -> None:
    done = kancha("nightly", tmp_path / "nowhere", data=tmp_path / "data")
    assert done.returncode == 2
    assert "file-not-found" in done.stderr and "Traceback" not in done.stderr
