"""`kancha train` on the command line: from labelled pairs to a model that a scan can take, or a refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

from service.bootstrap import open_services
from service.settings import Settings
from service.store.job_records import Job
from tests.integration.service_kit import kancha, until
from tests.unit.detect.district_kit import ROOF, fields, roofed
from tests.unit.io_rasters.raster_kit import write

pytest.importorskip("torch", reason="torch is not installed (./tools/setup train)")
pytest.importorskip("onnx", reason="onnx is not installed")


def city(folder: Path, places: int) -> Path:
    """So many pairs, 5 km apart, each with one new roof and its label."""
    label = np.zeros((1, 512, 512), np.uint8)
    row, col, height, width = ROOF
    label[:, row : row + height, col : col + width] = 1
    for part in ("before", "after", "label"):
        (folder / part).mkdir(parents=True)
    for k in range(places):
        where: dict[str, Any] = {"transform": Affine(0.5, 0, 500_000 + 5000 * k, 0, -0.5, 4_052_000)}
        name = f"place{k}.tif"
        write(folder / "before" / name, fields(seed=10 + k), **where, tags={"TIFFTAG_DATETIME": "2024:04:12 10:00:00"})
        write(folder / "after" / name, roofed(seed=50 + k), **where, tags={"TIFFTAG_DATETIME": "2025:04:12 10:00:00"})
        write(folder / "label" / name, label, **where)
    return folder


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return city(tmp_path_factory.mktemp("train") / "city", 5)


def train(*arguments: Any, data: Path) -> Any:
    return kancha("train", *arguments, "--minutes", 0.15, data=data)


def test_a_model_is_trained_kept_used_and_named_by_a_scan(drawn: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = train(drawn, "--name", "north-1", "--keep-worse", data=data)
    assert done.returncode == 0, done.stderr
    assert "in use" in done.stdout and "difference" in done.stdout and "held out" in done.stderr
    report = (data / "training" / "north-1" / "report.html").read_text(encoding="utf-8")
    assert "north-1" in report and "starter-2" in report
    assert kancha("models", "use", "north-1", data=data).returncode == 0
    out = tmp_path / "found.geojson"
    pair = (drawn / "before" / "place0.tif", drawn / "after" / "place0.tif")
    scanned = kancha("scan", *pair, "-o", out, data=data)
    assert scanned.returncode == 0 and "north-1+" in out.read_text(encoding="utf-8")

    again = train(drawn, "--name", "north-1", data=data)
    assert again.returncode == 2 and "There is a model north-1 already" in again.stderr, "before any work"


@pytest.mark.soak
def test_a_worse_model_is_not_kept(drawn: Path, tmp_path: Path) -> None:
    """From scratch in nine seconds nothing beats the starter on a plain roof."""
    data = tmp_path / "data"
    done = train(drawn, "--name", "poor-1", "--from", "scratch", "--size", "small", data=data)
    assert done.returncode == 2 and "training-refused" in done.stderr and "not better" in done.stderr
    assert (data / "training" / "poor-1" / "report.html").is_file()
    assert not (data / "models" / "poor-1").exists()
    assert "poor-1" not in kancha("models", "list", data=data).stdout


def test_what_cannot_be_trained_is_refused_by_name(drawn: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    few = city(tmp_path / "few", 2)
    for arguments, code in [
        ((few,), "training-refused"),
        ((tmp_path / "nowhere",), "file-not-found"),
        ((drawn, "--from", "oracle"), "option-range"),
        ((drawn, "--name", "starter-2"), "model-unusable"),
    ]:
        done = train(*arguments, data=data)
        assert done.returncode == 2 and code in done.stderr and "Traceback" not in done.stderr, (arguments, done.stderr)


def jobs_of(data: Path) -> list[Job]:
    services = open_services(Settings(data=data))
    try:
        return list(services.store.jobs.page(10).items)
    finally:
        services.store.close()


def history_of(data: Path, name: str) -> list[dict[str, Any]]:
    path = data / "training" / name / "run" / "history.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return found


@pytest.mark.soak
def test_a_training_that_is_killed_goes_on_from_its_checkpoint(drawn: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    line = ("train", drawn, "--name", "north-2", "--keep-worse", "--minutes", 0.5)
    first = kancha(*line, data=data, wait=False)
    until(lambda: len(history_of(data, "north-2")) >= 2, 240)
    first.kill()
    first.communicate()
    before = history_of(data, "north-2")
    (job,) = jobs_of(data)
    assert (job.kind, job.state, job.attempts) == ("training", "running", 1) and "held out" in job.message
    again = kancha(*line, data=data, KANCHA_JOBS__RETRY_S="0.1")
    assert again.returncode == 0, again.stderr
    (job,) = jobs_of(data)
    assert (job.state, job.attempts) == ("successful", 2) and job.result is not None
    assert job.result["model"] == "north-2" and Path(str(job.result["report"])).is_file()
    whole = history_of(data, "north-2")
    assert whole[: len(before)] == before and len(whole) > len(before)
    assert "north-2" in kancha("models", "list", data=data).stdout


@pytest.mark.soak
def test_another_order_of_the_same_name_takes_the_place_of_one_that_waits(drawn: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = kancha("train", drawn, "--name", "north-3", "--keep-worse", "--minutes", 5, data=data, wait=False)
    until(lambda: history_of(data, "north-3"), 240)
    first.kill()
    first.communicate()
    again = kancha("train", drawn, "--name", "north-3", "--keep-worse", "--minutes", 0.2, data=data)
    assert again.returncode == 0, again.stderr
    assert [(job.state, job.request["minutes"]) for job in jobs_of(data)] == [("successful", 0.2), ("dismissed", 5)]
