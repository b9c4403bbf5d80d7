"""A scan by a model, from the command line, over HTTP and at night."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geodata.crs import CRS84
from geodata.demo import DemoFiles, draw_district
from geodata.detect.detector import shipped
from geodata.detect.models import Model, add_model
from geodata.errors import OptionError
from geodata.features import conform
from geodata.scan import scan
from geodata.scan_images import Judge
from geodata.types import Layers, ScanOptions
from service.settings import Settings
from service.usecases.models import use
from tests.integration.service_kit import draw_scene, finished, kancha, post_pair
from tests.integration.test_service_problems import check
from tests.unit.detect.model_kit import make_model, write_network


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return make_model(tmp_path_factory.mktemp("made"))


# --- the scan itself -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return draw_district(tmp_path_factory.mktemp("district"), size_px=1280)


_LOOKS = ["own screen", *(pytest.param(name, marks=pytest.mark.soak) for name in ("plain first look", "thorough"))]


@pytest.fixture(scope="module", params=_LOOKS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Judge, bool]:
    """A judge, and whether it looks everywhere; what its networks say of a pixel depends on all they see with it."""
    folder = tmp_path_factory.mktemp("judge")
    network = write_network(folder / "network.onnx", slope=0.05, side=31, relative=True)
    screen = request.param == "own screen" and write_network(folder / "screen.onnx", relative=True)
    points = {"pixel": 50, "screen": 1300, "candidate": 0.1, "confirmed": 0.9}
    made = make_model(folder / "made", screen=screen, network=network, points=points)
    return Judge(shipped(), made), request.param == "thorough"


def found(files: DemoFiles, judged: tuple[Judge, bool], window: int, workers: int) -> dict[str, Any]:
    judge, thorough = judged
    options = ScanOptions(window_px=window, workers=workers, detector=judge.name, thorough=thorough)
    return scan(files.before, files.after, options=options, judge=judge).feature_collection()


def test_neither_the_window_nor_the_workers_change_what_a_model_finds(
    district: DemoFiles, judged: tuple[Judge, bool]
) -> None:
    reference = found(district, judged, 2048, 1)
    assert len(reference["features"]) >= 5
    told = reference["provenance"]
    assert told["model"] == judged[0].identity and told["parameters"]["detector"] == judged[0].name
    # the drawn district gives the plain first look something to suspect in every cell
    screened = judged[0].model is not None and judged[0].model.screen is not None
    assert 0 < told["looked_at_closely"] < 1 if screened else told["looked_at_closely"] == 1
    for window, workers in [(256, 1), (512, 2), (1024, 1), (2048, 2)]:
        assert found(district, judged, window, workers) == reference, (window, workers)


def test_a_zone_has_points_of_its_own(district: DemoFiles) -> None:
    """In the western half every hint counts and none is strong; in the eastern only what is nearly sure."""
    judge = Judge(shipped())

    def scanned(zones: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
        layers = Layers() if zones is None else Layers(zones=conform(zones, "zones").frame)
        return scan(district.before, district.after, options=ScanOptions(workers=2), layers=layers).findings

    plain = scanned(None)
    west, south, east, north = plain.total_bounds
    middle, edge = (west + east) / 2, 0.01
    halves = [shapely.box(west - edge, south - edge, middle, north + edge)]
    halves.append(shapely.box(middle, south - edge, east + edge, north + edge))
    told = {"zone_id": ["W", "E"], "kind": ["green"] * 2, "min_confidence": [0.0, 0.95], "confirmed_from": [1.0, 0.95]}
    zoned = scanned(gpd.GeoDataFrame(told, geometry=halves, crs=CRS84))
    at_west, at_east = (zoned[zoned.representative_point().within(half)] for half in halves)
    before_west, before_east = (plain[plain.representative_point().within(half)] for half in halves)
    assert {*before_west.geometry.to_wkt()} < {*at_west.geometry.to_wkt()}
    assert at_west["confidence"].min() < judge.candidate
    assert set(at_west["tier"]) == {"candidate"}
    assert len(at_east) == (before_east["confidence"] >= 0.95).sum()
    assert set(at_east["tier"]) <= {"confirmed"}


def test_the_judge_must_be_the_one_that_the_options_name(pair: tuple[Path, Path], model: Model) -> None:
    judge = Judge(shipped(), model)
    for options, given in [
        (ScanOptions(), judge),
        (ScanOptions(detector=judge.name), None),
        (ScanOptions(detector="tiny-1+00000000"), judge),
    ]:
        with pytest.raises(OptionError, match="was given to judge"):
            scan(*pair, options=options, judge=given)
    bearable = ScanOptions(detector=judge.name, false_alarms_per_km2=20)
    with pytest.raises(OptionError, match="Nobody measured what unchanged ground gives the model tiny-1"):
        scan("none.tif", "none.tif", options=bearable, judge=judge)
    for word in ("current", "tiny-1", "oracle", "tiny-1+xyz", "./tiny-1+12345678", "training-free+12345678 "):
        with pytest.raises(OptionError, match="There is no detector"):
            ScanOptions(detector=word)


# --- the command line ----------------------------------------------------------------------------


def told_by(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["provenance"]
    return told


def test_the_commands_of_models(model: Model, tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = kancha("models", "list", data=data)
    assert done.returncode == 0 and "training-free" in done.stdout and not data.exists()
    for said in (f"added: {model.identity}", f"already there: {model.identity}"):
        done = kancha("models", "add", model.folder, data=data)
        assert done.returncode == 0 and done.stdout.strip() == said, done.stderr
    done = kancha("models", "use", "tiny-1", data=data)
    assert done.returncode == 0 and done.stdout.strip() == f"in use: {model.identity}"
    rows = [line for line in kancha("models", "list", data=data).stdout.splitlines() if "│" in line]
    tiny = next(row for row in rows if "tiny-1" in row)
    for word in ("yes", model.checksum, "0.5", "held out: F1 0.61, object F1 0.72", "drawn fields (CC0-1.0)"):
        assert word in tiny
    assert "yes" not in next(row for row in rows if "training-free" in row)
    card = kancha("models", "show", "tiny-1", data=data).stdout
    assert card.startswith(f"{model.identity}\nin use\n") and "Brighter is new" in card and "object_f1 0.72" in card
    assert "trained on: drawn fields (CC0-1.0; drawn by the test)" in card
    told = json.loads(kancha("models", "show", "tiny-1", "--json", data=data).stdout)
    assert (told["checksum"], told["in_use"], told["training"]["minutes"]) == (model.checksum, True, 1)
    done = kancha("models", "use", "training-free", data=data)
    assert done.returncode == 0 and done.stdout.strip() == "in use: training-free"


def test_what_cannot_be_done_with_models_is_refused_by_name(model: Model, tmp_path: Path) -> None:
    data, damaged = tmp_path / "data", shutil.copytree(model.folder, tmp_path / "damaged")
    with (damaged / "network.onnx").open("ab") as file:
        file.write(b"\0")
    assert kancha("models", "add", model.folder, data=data).returncode == 0
    other = make_model(tmp_path / "other", points={"candidate": 0.2, "confirmed": 0.3})
    for arguments, code in [
        (("add", tmp_path / "none"), "file-not-found"),
        (("add", damaged), "model-unusable"),
        (("add", other.folder), "model-unusable"),
        (("use", "oracle"), "option-range"),
        (("show", "oracle"), "not-found"),
    ]:
        done = kancha("models", *arguments, data=data)
        assert done.returncode == 2 and code in done.stderr and "Traceback" not in done.stderr, arguments
    assert kancha("models", "list", data=data).stdout.count("tiny-1") == 1


def test_a_scan_on_the_command_line(model: Model, pair: tuple[Path, Path], tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "findings.geojson"
    add_model(model.folder, data / "models")
    for detector, name in [
        (("--detector", "training-free"), "training-free"),
        (("--detector", "tiny-1"), model.identity),
        (("--detector", model.identity), model.identity),
        (("--detector", model.folder), model.identity),
    ]:
        done = kancha("scan", *pair, *detector, "-o", out, data=data)
        assert done.returncode == 0, done.stderr
        told = told_by(out)
        assert told["parameters"]["detector"] == name
        assert told["model"].startswith(f"{name}/" if name == "training-free" else f"{name}, training-free/")
    named = told_by(out)["scan_id"]
    assert kancha("models", "use", "tiny-1", data=data).returncode == 0
    done = kancha("scan", *pair, "-o", out, "--data", data, data=tmp_path / "unused")
    assert done.returncode == 0, done.stderr
    assert told_by(out)["parameters"]["detector"] == model.identity and told_by(out)["scan_id"] == named
    done = kancha("scan", *pair, "--detector", "./none", "-o", out, data=data)
    assert done.returncode == 2 and "file-not-found" in done.stderr


# --- HTTP ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(settings: Settings, model: Model) -> Model:
    return add_model(model.folder, settings.data / "models")


def test_models_over_http(client: Any, settings: Settings, stored: Model) -> None:
    use(settings, "training-free")
    models = client.get("/models").json()["models"]
    assert [m["in_use"] for m in models] == [m["name"] == "training-free" for m in models]
    tiny = next(m for m in models if m["name"] == "tiny-1")
    one = client.get(tiny["links"][0]["href"]).json()
    assert one["card"].startswith("# tiny") and {k: v for k, v in one.items() if k != "card"} == tiny
    assert one["checksum"] == stored.checksum and one["input"]["gsd_m"] == 0.5 and one["fault"] is None
    assert one["training"]["data"] == [{"name": "drawn fields", "licence": "CC0-1.0; drawn by the test"}]
    assert one["figures"]["held out"]["object_f1"] == 0.72
    assert client.get("/models/training-free").json()["in_use"] is True
    for path in ("/models/oracle", "/models/%2e%2e%2fmodels", "/models/current", "/models/tiny-1/network.onnx"):
        assert client.get(path).status_code == 404, path
    check(client.get("/models/oracle"), 404, "not-found")
    check(client.get("/models?limit=2"), 400, "bad-query")
    assert client.post("/models").status_code == 405


def test_a_scan_over_http_names_its_model(
    client: Any, settings: Settings, stored: Model, pair: tuple[Path, Path]
) -> None:
    use(settings, "training-free")
    plain = post_pair(client, *pair).json()["jobID"]
    named = post_pair(client, *pair, detector="tiny-1").json()["jobID"]
    assert post_pair(client, *pair, detector=stored.identity).json()["jobID"] == named != plain
    use(settings, "tiny-1")
    assert post_pair(client, *pair).json()["jobID"] == named, "current means it now"
    assert post_pair(client, *pair, detector="current").json()["jobID"] == named
    assert post_pair(client, *pair, detector="training-free").json()["jobID"] == plain
    use(settings, "training-free")
    scans = {}
    for job, detector in ((plain, "training-free"), (named, stored.identity)):
        done = finished(client, job)
        assert done["status"] == "successful", done
        link = next(one["href"] for one in done["links"] if one["rel"] == "related")
        scans[detector] = client.get(link).json()
        assert scans[detector]["options"]["detector"] == detector
        assert scans[detector]["provenance"]["parameters"]["detector"] == detector
    told = scans[stored.identity]
    assert told["provenance"]["model"].startswith(f"{stored.identity}, training-free/")
    assert told["id"] != scans["training-free"]["id"]
    findings = client.get(f"/scans/{told['id']}/findings").json()["features"]
    assert "confirmed" in [f["properties"]["tier"] for f in findings]


def test_detectors_that_are_refused_over_http(
    client: Any, settings: Settings, stored: Model, pair: tuple[Path, Path]
) -> None:
    before = client.get("/jobs").json()["numberMatched"]
    for detector in ("oracle", str(stored.folder), "../models/tiny-1", "./tiny-1", "tiny-1/"):
        body = check(post_pair(client, *pair, detector=detector), 400, "option-range")
        assert "tiny-1" in body["remedy"]
    check(post_pair(client, *pair, detector="tiny-1+00000000"), 422, "model-unusable")
    body = check(post_pair(client, *pair, detector="tiny-1", false_alarms_per_km2="20"), 400, "option-range")
    assert "unchanged ground" in body["detail"]
    assert client.get("/jobs").json()["numberMatched"] == before


# --- the night -----------------------------------------------------------------------------------


def test_the_nightly_batch_takes_the_model_of_its_setting(model: Model, tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "incoming"
    folder.mkdir()
    add_model(model.folder, data / "models")
    for name, built in (("a_20240412.tif", False), ("a_20250412.tif", True)):
        draw_scene(folder / name, built=built)
        os.utime(folder / name, (time.time() - 120,) * 2)
    done = kancha("nightly", folder, data=data, KANCHA_NIGHTLY__DETECTOR="oracle")
    assert done.returncode == 2 and re.search("option-range.*oracle", done.stderr), done.stderr
    assert not (data / "reports" / "latest.json").exists(), "nothing is taken"
    done = kancha("nightly", folder, data=data, KANCHA_NIGHTLY__DETECTOR="tiny-1")
    assert done.returncode == 0, done.stderr
    told = json.loads((data / "reports" / "latest.json").read_text())["scanned"]
    assert len(told) == 1
    shown = kancha("queue", "--capacity", "9", "--json", tmp_path / "queue.json", data=data)
    assert shown.returncode == 0, shown.stderr
    from service.bootstrap import open_services

    services = open_services(Settings(data=data))
    try:
        assert [s.options["detector"] for s in services.store.scans.page(9).items] == [model.identity]
    finally:
        services.close()
