"""Nothing that arrives keeps a night, or the nights after it, from the rest of the work."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rasterio

from service.bootstrap import open_services
from service.files import private_folder, take_copy
from service.jobs.base import Line
from service.scheduler import Scheduler
from service.services import Services
from service.settings import Arrival, Nightly, Settings
from service.store.intake_records import NightRun
from service.store.job_records import new_job
from service.usecases.night_plan import plan_night
from service.usecases.nightly import Seen, begin_at_once
from service.usecases.scenes import SceneFacts, add_scene
from tests.contract.stac_server import stac_server
from tests.integration.night_kit import arrive, night, nights, pairs
from tests.integration.service_kit import draw_pair, draw_scene


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return draw_pair(tmp_path_factory.mktemp("drawn"))


def store(services: Services, path: Path, **facts: Any) -> str:
    with private_folder(services.settings.data / "incoming") as folder:
        return add_scene(services, take_copy(path, folder), SceneFacts(**facts))[0].id


def test_a_scene_with_more_cells_than_may_be_weighed_is_told_and_the_others_are_compared(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    wide = draw_scene(tmp_path / "wide_20250415.tif", size=2048, gsd=120.0, left=300_000.0)
    with nights(tmp_path / "data", at_once=True) as services:
        store(services, wide)
        for path in pair:
            store(services, path)
        begin_at_once(services, Seen())
        assert services.store.jobs.page(9, kind="scan").matched == 1
        told = night(services)
        assert pairs(told) == [(pair[0].name, pair[1].name)]
        (refused,) = [one for one in told["refused"] if one["file"] == wide.name]
        assert "cells" in refused["message"] and refused["remedy"] and refused["before"] is None
        assert not night(services)["refused"], "it is told once"


def test_a_secret_scene_that_cannot_be_compared_with_one_that_is_not_keeps_no_report(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    coarse = draw_scene(tmp_path / "hush_20250301.tif", size=64, gsd=4.0)
    with nights(tmp_path / "data") as services:
        store(services, coarse, secrecy="secret")
        store(services, pair[1])
        told = night(services)
        assert told["withheld"] == 1 and "hush" not in str(told)
        assert [(one["file"], one["code"]) for one in told["refused"]] == [(pair[1].name, "withheld")]


def test_files_that_cannot_be_read_or_named_keep_nothing_up(pair: tuple[Path, Path], tmp_path: Path) -> None:
    folder = arrive(tmp_path / "in", *pair)
    # as old Windows machines name files, in GBK
    gbk = os.fsencode(folder) + b"/" + "正射".encode("gbk") + b"_20250301.tif"
    os.link(draw_scene(tmp_path / "far.tif", left=470_000.0), gbk)
    Path(os.fsdecode(gbk.replace(b"_20250301.tif", b".img"))).write_bytes(b"EHFA_HEADER_TAG" + bytes(99))
    (folder / "broken_20250301.tif").symlink_to("/proc/self/mem")  # reading it is an error of input
    with (folder / "holes_20250301.tif").open("wb") as file:
        file.truncate(2**40)
    for path in folder.iterdir():
        os.utime(path, ns=(10**18, 10**18), follow_symlinks=False)
    os.utime(folder / pair[0].name, (10_000_000_000, 10_000_000_000))
    (folder / f"{pair[0].name}.done").touch()
    with nights(tmp_path / "data") as services:
        assert len(plan_night(services, folder).files) == 6
        told = night(services, folder)
        assert pairs(told) == [(pair[0].name, pair[1].name)]
        assert [one["file"] for one in told["first"]].count("\\udcd5\\udcfd\\udcc9\\udce4_20250301.tif") == 1
        codes = {one["file"]: one["code"] for one in told["refused"]}
        assert codes["holes_20250301.tif"] == "payload-too-large"
        assert codes["\\udcd5\\udcfd\\udcc9\\udce4.img"] == "raster-format-refused"
        assert told["sources"][0]["error"]["code"] == "source-unavailable"
        assert not night(services, folder)["scanned"]


def test_a_folder_that_cannot_be_looked_at_keeps_no_other_source(pair: tuple[Path, Path], tmp_path: Path) -> None:
    sources = tuple(Arrival(folder=one) for one in (tmp_path / ("x" * 300), arrive(tmp_path / "in", *pair)))
    with nights(tmp_path / "data", sources=sources) as services:
        told = night(services)
        assert pairs(told) == [(pair[0].name, pair[1].name)]
        assert told["sources"][0]["error"]["remedy"]


def test_a_date_that_programs_write_for_none_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for number, (name, tag) in enumerate(
        [("a_20250301.tif", "0001:01:01 00:00:00"), ("b.tif", "0001:01:01 00:00:00"), ("c.tif", "9999:12:31 23:59:59")]
    ):
        path = draw_scene(tmp_path / name, size=128, seed=number, left=400_000.0 + 5000 * number)
        with rasterio.open(path, "r+") as dataset:
            dataset.update_tags(TIFFTAG_DATETIME=tag)
        arrive(folder, path)
    item = {"type": "Feature", "properties": {"datetime": "9999-12-31T23:59:59Z"}}
    (folder / "c.json").write_text(json.dumps(item))
    with nights(tmp_path / "data") as services:
        told = night(services, folder)
        assert [one["file"] for one in told["first"]] == ["a_20250301.tif"]
        assert [(one["file"], one["code"]) for one in told["refused"]] == [
            ("b.tif", "date-missing"),
            ("c.tif", "date-missing"),
        ]


def test_a_file_in_whose_place_another_lies_was_compared_and_is_not_again(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    with nights(tmp_path / "data") as services:
        for number, path in enumerate(pair):
            folder.mkdir(exist_ok=True)
            with rasterio.open(shutil.copyfile(path, folder / "latest.tif"), "r+") as dataset:
                dataset.update_tags(TIFFTAG_DATETIME=f"202{number}:04:12 00:00:00")
            (folder / "latest.tif.done").touch()
            told = night(services, folder)
        assert len(told["scanned"]) == 1 and not told["first"], "of the former one nothing is new"
        (folder / "latest.tif.done").unlink()
        (folder / "latest.tif").write_bytes(b"-")
        assert not night(services, folder)["scanned"]
        assert services.store.scenes.page(9).matched == 2


def test_files_that_are_never_given_stand_before_no_others(tmp_path: Path) -> None:
    with stac_server() as catalogue:
        for number in range(8):
            path = draw_scene(tmp_path / f"{number}.tif", size=128, seed=number, left=400_000.0 + 5000 * number)
            catalogue.add(f"n{number}", path.read_bytes())
        catalogue.turns = {f"/files/n{number}.tif": "403" for number in range(4)}
        there = {"stac": catalogue.url, "collections": ["vhr"], "timeout_s": 2, "since_days": 36500}
        with nights(tmp_path / "data", sources=(Arrival.model_validate(there),)) as services:
            told = [night(services) for _ in range(3)]
            assert sorted(one["file"] for one in told[1]["first"]) == [f"vhr/n{n}/visual" for n in range(4, 8)]
            assert not told[0]["waiting"] and told[2]["sources"][0]["error"]["code"] == "source-unavailable"
            catalogue.turns = {}
            assert len(night(services)["first"]) == 4


def test_a_night_that_cannot_begin_keeps_no_upload_from_its_comparison(
    pair: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nightly = Nightly(schedule="* * * * *", at_once=True, detector="training-free")
    services = open_services(Settings(data=tmp_path / "data", nightly=nightly))
    services = replace(services, runner=Line("here"))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    run = services.store.intake.open_run(NightRun("n1", "/elsewhere", yesterday, None, yesterday))
    services.store.jobs.submit(new_job("night", {"run": run.id, "folder": run.folder}, f"night:{run.id}"))
    for path in pair:
        store(services, path)
    scheduler = Scheduler(services)
    end = time.monotonic() + 20
    while not services.store.jobs.page(9, kind="scan").matched and time.monotonic() < end:
        time.sleep(0.2)
    time.sleep(2.5)
    scheduler.close()
    assert services.store.jobs.page(9, kind="scan").matched == 1
    assert caplog.text.count("is at work") == 1, "said once, not every second"
    services.store.close()


def test_a_file_that_a_setting_refused_is_taken_once_that_is_changed(tmp_path: Path) -> None:
    with stac_server() as catalogue, stac_server() as other:
        other.files["/files/a.tif"] = draw_scene(tmp_path / "a.tif", size=128).read_bytes()
        catalogue.add("a", other.files["/files/a.tif"])["assets"]["visual"]["href"] = (
            f"http://localhost:{other.server_port}/files/a.tif"
        )
        there = {"stac": catalogue.url, "collections": ["vhr"], "timeout_s": 2, "since_days": 36500}
        with nights(tmp_path / "data", sources=(Arrival.model_validate(there),)) as services:
            assert "hosts" in night(services)["refused"][0]["remedy"]
            assert not night(services)["refused"], "told once"
        named = Arrival.model_validate(there | {"hosts": [f"localhost:{other.server_port}"]})
        with nights(tmp_path / "data", sources=(named,)) as services:
            assert [one["file"] for one in night(services)["first"]] == ["vhr/a/visual"]
