"""Nights over real scenes: what they choose, watch and report."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from geodata.io.dates import BEIJING
from service.errors import NightlyRunningError
from service.files import private_folder, take_copy
from service.jobs.states import JobState
from service.services import Services
from service.store.job_records import Claim
from service.usecases.expiries import ending
from service.usecases.jobs import wait_for
from service.usecases.layer_facts import LayerFacts
from service.usecases.layers import add_layer
from service.usecases.night_plan import plan_night
from service.usecases.nightly import Seen, begin_at_once, begin_due, order_night
from service.usecases.scenes import SceneFacts, add_scene
from service.usecases.verdicts import Judgement, judge
from tests.integration.night_kit import arrive, ended, night, nights, pairs
from tests.integration.service_kit import draw_scene, polygon, until, write_layer, write_parcels

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One place at six dates: the roof stands in the second and third, is gone, and stands again at the end."""
    folder = tmp_path_factory.mktemp("drawn")
    for i, (day, built) in enumerate(
        [("20250401", False), ("20250501", True), ("20250601", True), ("20250701", False), ("20250801", True)]
    ):
        draw_scene(folder / f"east_{day}.tif", seed=i, built=built)
    draw_scene(folder / "west_20250501.tif", seed=9, left=490_000.0)
    return folder


def store(services: Services, path: Path, **facts: Any) -> str:
    with private_folder(services.settings.data / "incoming") as folder:
        return add_scene(services, take_copy(path, folder), SceneFacts(**facts))[0].id


def store_layer(services: Services, kind: str, path: Path) -> None:
    with private_folder(services.settings.data / "incoming") as folder:
        add_layer(services, kind, take_copy(path, folder), LayerFacts())  # type: ignore[arg-type]


def test_a_structure_from_its_discovery_to_its_return(drawn: Path, tmp_path: Path) -> None:
    """Found, still standing, gone as an image proves, the site clear, built again: each night says so."""
    folder = tmp_path / "in"
    with nights(tmp_path / "data", detector="current") as services:
        store_layer(services, "parcels", write_parcels(tmp_path / "parcels.geojson"))
        arrive(folder, drawn / "east_20250401.tif")
        told = night(services, folder)
        assert [one["file"] for one in told["first"]] == ["east_20250401.tif"] and not told["scanned"]

        arrive(folder, drawn / "east_20250501.tif")
        told = night(services, folder)
        assert pairs(told) == [("east_20250401.tif", "east_20250501.tif")]
        assert told["balance"]["standing"] == 0
        assert told["queue"]["open"] >= 1 and told["queue"]["rows"][0]["status"] == "suspected"
        # the detector takes the drawn shadow for a second one, which comes and goes with the roof
        new = told["balance"]["new"][0]
        count = told["balance"]["new_count"]
        assert new["area_m2"] > 600 and 1 <= count <= 2
        finding = max(told["scanned"][0]["findings"], key=lambda one: one["area_m2"])["id"]
        judge(services, Judgement(finding, True, "Li"))

        arrive(folder, drawn / "east_20250601.tif")
        told = night(services, folder)
        assert pairs(told) == [("east_20250501.tif", "east_20250601.tif")]
        assert told["balance"]["standing"] == count and told["balance"]["new_count"] == 0
        assert told["balance"]["confirmed"] == 1, "what officers said since the night before"

        arrive(folder, drawn / "east_20250701.tif")
        told = night(services, folder)
        assert told["balance"]["gone_count"] == count and told["balance"]["demolished_count"] == 1
        assert told["balance"]["gone"][0]["id"] == new["id"] and told["balance"]["gone"][0]["confirmed"] is True
        assert told["balance"]["confirmed"] == 0, "it was told yesterday"

        arrive(folder, drawn / "east_20250801.tif")
        told = night(services, folder)
        assert told["balance"]["clear"] == 0, "the cleared site is built upon"
        assert told["balance"]["rebuilt_count"] == count and told["balance"]["new_count"] == 0
        assert services.store.intake.runs(9).matched == 5


def test_scenes_that_came_by_an_upload_are_compared_too(drawn: Path, tmp_path: Path) -> None:
    with nights(tmp_path / "data") as services:
        store(services, drawn / "east_20250401.tif")
        store(services, drawn / "east_20250501.tif")
        store(services, drawn / "west_20250501.tif", attributes={"kind": "surface"})
        told = night(services)
        assert pairs(told) == [("east_20250401.tif", "east_20250501.tif")]
        assert told["first"][0]["file"] == "east_20250401.tif", "by the name that it came with, not by its id"
        assert services.store.intake.unheard() == []
        again = night(services)
        assert pairs(again) == [] and not again["first"]


def test_a_scene_that_comes_late_is_compared_on_both_sides(drawn: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    with nights(tmp_path / "data") as services:
        arrive(folder, drawn / "east_20250401.tif", drawn / "east_20250701.tif")
        assert pairs(night(services, folder)) == [("east_20250401.tif", "east_20250701.tif")]
        arrive(folder, drawn / "east_20250601.tif")
        plan = plan_night(services, folder)
        planned = [(a.file_name, b.file_name) for _, some in plan.comparisons for a, b in some]
        told = night(services, folder)
        assert (
            planned
            == pairs(told)
            == [
                ("east_20250401.tif", "east_20250601.tif"),
                ("east_20250601.tif", "east_20250701.tif"),
            ]
        )
        assert [one["late"] for one in told["scanned"]] == [False, True]


@pytest.mark.soak
def test_what_a_night_may_not_have_waits_for_the_next(drawn: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    arrive(folder, *sorted(drawn.glob("east_2025*.tif"))[:4])
    with nights(tmp_path / "data", max_scans=1) as services:
        plan = plan_night(services, folder)
        assert plan.left == 2
        told = night(services, folder)
        assert pairs(told) == [("east_20250401.tif", "east_20250501.tif")], "a place is compared in the order of dates"
        assert [one["file"] for one in told["left"]] == ["east_20250601.tif", "east_20250701.tif"]
        told = night(services, folder)
        assert pairs(told) == [("east_20250501.tif", "east_20250601.tif")]
        assert pairs(night(services, folder)) == [("east_20250601.tif", "east_20250701.tif")]
        assert night(services, folder)["left"] == []


def test_a_dry_run_says_what_the_night_then_does_and_leaves_nothing(drawn: Path, tmp_path: Path) -> None:
    folder = arrive(tmp_path / "in", drawn / "east_20250401.tif", drawn / "east_20250501.tif")
    (folder / "notes.tif").write_text("no raster")
    (folder / "notes.tif.done").touch()
    with nights(tmp_path / "data", stable_s=60.0) as services:
        (folder / "new_20250601.tif").write_bytes((drawn / "east_20250601.tif").read_bytes())
        plan = plan_night(services, folder)
        assert {file.name: file.what for file in plan.files} == {
            "east_20250401.tif": "take",
            "east_20250501.tif": "take",
            "new_20250601.tif": "wait",
            "notes.tif": "refuse",
        }
        planned = {one.scene.file_name: [before.file_name for before, _ in pairs] for one, pairs in plan.comparisons}
        assert planned == {"east_20250401.tif": [], "east_20250501.tif": ["east_20250401.tif"]}
        assert services.store.scenes.page(9).matched == 0 and services.store.intake.runs(9).matched == 0
        assert services.store.intake.entries(str(folder)) == {} and services.store.jobs.page(9).matched == 0
        told = night(services, folder)
        assert pairs(told) == [("east_20250401.tif", "east_20250501.tif")]
        assert told["waiting"] == ["new_20250601.tif"] and told["refused"][0]["code"] == "not-a-raster"


@pytest.mark.soak
def test_of_two_scenes_of_one_day_none_is_compared_with_the_other(drawn: Path, tmp_path: Path) -> None:
    with nights(tmp_path / "data") as services:
        store(services, drawn / "east_20250401.tif")
        noon = datetime(2025, 5, 1, 12, tzinfo=BEIJING)
        store(services, drawn / "east_20250501.tif", acquired_at=noon)
        store(services, drawn / "east_20250601.tif", acquired_at=noon + timedelta(minutes=5))
        told = night(services)
        assert sorted(pairs(told)) == [
            ("east_20250401.tif", "east_20250501.tif"),
            ("east_20250401.tif", "east_20250601.tif"),
        ]


def test_a_report_tells_of_a_secret_scene_only_that_there_is_one(drawn: Path, tmp_path: Path) -> None:
    with nights(tmp_path / "data") as services:
        store(services, drawn / "east_20250401.tif")
        store(services, drawn / "east_20250501.tif", secrecy="secret")
        told = night(services)
        assert told["withheld"] == 1 and told["scanned"] == [] and told["balance"]["new_count"] == 0
        assert services.store.scans.page(9).matched == 1, "it was compared all the same"
        assert "20250501" not in (tmp_path / "data" / "reports" / "latest.html").read_text()


def test_a_permit_that_ran_out_is_told_with_what_stands_on_it(drawn: Path, tmp_path: Path) -> None:
    today = datetime.now(BEIJING).date()
    yesterday, soon = (today - DAY).isoformat(), (today + 9 * DAY).isoformat()
    papers = [
        ({"permit_id": "临-1", "valid_from": "2020-01-01", "valid_to": yesterday, "kind": "temporary"},
         polygon(290, 320, 64, 84)),
        ({"permit_id": "证-2", "valid_from": "2020-01-01", "valid_to": soon}, polygon(0, 0, 30, 30)),
        ({"permit_id": "证-3", "valid_from": "2020-01-01"}, polygon(0, 40, 30, 30)),
        ({"permit_id": "证-4", "valid_from": "2019-01-01", "valid_to": "2021-01-01"}, polygon(0, 80, 30, 30)),
    ]  # fmt: skip
    with nights(tmp_path / "data") as services:
        store_layer(services, "permits", write_layer(tmp_path / "permits.geojson", papers))
        arrive(tmp_path / "in", drawn / "east_20250401.tif", drawn / "east_20250501.tif")
        told = night(services, tmp_path / "in")
        (expired,) = told["papers"]["expired"]
        assert (expired["permit_id"], expired["last_day"], expired["kind"]) == ("临-1", yesterday, "temporary")
        assert expired["structures"] == [told["balance"]["new"][0]["id"]], "and not the shadow beside it"
        assert [one["permit_id"] for one in told["papers"]["soon"]] == ["证-2"]
        assert "临-1" in (tmp_path / "data" / "reports" / "latest.md").read_text()
        assert ending(services, date(2020, 12, 1), date(2020, 12, 31)) == []
        assert ending(services, date(2020, 12, 1), date(2021, 1, 1)) == [(date(2021, 1, 1), "证-4")]


def test_of_every_due_moment_there_is_one_night_and_a_missed_one_is_made_up_for(tmp_path: Path) -> None:
    set_at = datetime(2025, 6, 1, 0, tzinfo=UTC)  # 8 o'clock in Beijing
    first = datetime(2025, 6, 1, 17, 30, tzinfo=UTC)
    with nights(tmp_path / "data", schedule="30 1 * * *") as services:
        assert begin_due(services, set_at, set_at) is None, "the moment before the schedule was set is none of its"
        assert begin_due(services, set_at, first - timedelta(seconds=1)) is None
        job = begin_due(services, set_at, first)
        assert job is not None
        again = begin_due(services, set_at, first + timedelta(seconds=5))
        assert again is None
        told = ended(services, job)
        assert told["due_at"] == "2025-06-02T01:30+08:00" and told["scanned"] == []
        # the machine was off for three nights
        late = begin_due(services, set_at + 9 * DAY, first + 3 * DAY + timedelta(hours=7))
        assert late is not None
        assert ended(services, late)["due_at"] == "2025-06-05T01:30+08:00"
        assert begin_due(services, set_at, first + 3 * DAY + timedelta(hours=8)) is None
        assert services.store.intake.runs(9).matched == 2


def test_a_night_that_was_given_up_goes_on_after_a_while(drawn: Path, tmp_path: Path) -> None:
    # a moment that is due once a year: the night is tried again for it, and no other comes in between
    now, folder = datetime.now(UTC), arrive(tmp_path / "in", drawn / "east_20250401.tif", drawn / "east_20250501.tif")
    sources = ({"folder": str(folder)},)
    due = now.astimezone(BEIJING)
    schedule = f"{due:%M} {due:%H} {due.day} {due.month} *"
    with nights(tmp_path / "data", schedule=schedule, sources=sources) as services:
        job = begin_due(services, now - DAY, now)
        assert job is not None
        # as if its process had died three times without getting further
        until(lambda: services.store.jobs.get(job.id).state is JobState.RUNNING, 30, every=0.02)
        running = services.store.jobs.get(job.id)
        services.store.jobs.fail(Claim(job.id, running.runner, running.attempts), {"title": "crashed"})
        wait_for(services, [job.id])
        assert begin_due(services, now - DAY, now) is None, "not at once"
        later = now + timedelta(minutes=31)
        again = begin_due(services, now - DAY, later)
        assert again is not None and again.id != job.id and again.request == job.request
        assert pairs(ended(services, again)) == [("east_20250401.tif", "east_20250501.tif")]
        assert begin_due(services, now - DAY, later + timedelta(hours=1)) is None, "it has ended"


def test_two_that_look_at_the_same_moment_begin_one_night(tmp_path: Path) -> None:
    now = datetime(2025, 6, 1, 17, 30, tzinfo=UTC)
    with nights(tmp_path / "data", schedule="30 1 * * *") as one, nights(tmp_path / "data") as other:
        job = begin_due(one, now - DAY, now)
        order = order_night(other, due_at=now)
        assert job is not None and order[0].id == job.id and not order[1]
        ended(one, job)
        assert order_night(other, due_at=now)[0].id == job.id, "it is over, and no second one begins"


def test_a_night_over_other_places_is_not_begun_beside_one(drawn: Path, tmp_path: Path) -> None:
    one, other = arrive(tmp_path / "one", drawn / "east_20250401.tif"), tmp_path / "other"
    other.mkdir()
    with nights(tmp_path / "data") as services:
        job, _ = order_night(services, one)
        with pytest.raises(NightlyRunningError, match="is at work"):
            order_night(services, other)
        ended(services, job)
        assert night(services, other)["folder"] == str(other)


def test_a_night_that_is_stopped_goes_on_with_the_next(drawn: Path, tmp_path: Path) -> None:
    folder = arrive(tmp_path / "in", drawn / "east_20250401.tif", drawn / "east_20250501.tif")
    with nights(tmp_path / "data") as services:
        job, _ = order_night(services, folder)
        services.store.jobs.dismiss(job.id)
        wait_for(services, [job.id])
        again, new = order_night(services, folder)
        assert new and again.request["run"] == job.request["run"]
        assert pairs(ended(services, again)) == [("east_20250401.tif", "east_20250501.tif")]
        assert services.store.jobs.get(job.id).state is JobState.DISMISSED


def test_an_upload_is_compared_at_once_and_the_night_reports_it(drawn: Path, tmp_path: Path) -> None:
    with nights(tmp_path / "data", at_once=True) as services:
        seen = Seen()
        store(services, drawn / "east_20250401.tif")
        begin_at_once(services, seen)
        assert services.store.jobs.page(9).matched == 0, "nothing to compare it with"
        later = store(services, drawn / "east_20250501.tif")
        store(services, drawn / "west_20250501.tif", attributes={"kind": "surface"})
        begin_at_once(services, seen)
        (job,) = services.store.jobs.page(9).items
        assert job.request["after_scene"] == later and len(seen.scenes) == 3
        begin_at_once(services, seen)
        begin_at_once(services, Seen())
        assert services.store.jobs.page(9).matched == 1, "whoever looks again orders nothing again"
        told = night(services)
        assert pairs(told) == [("east_20250401.tif", "east_20250501.tif")]
        assert services.store.scans.page(9).matched == 1, "the night found it made"
    with nights(tmp_path / "data") as services:
        begin_at_once(services, Seen())
        assert services.store.jobs.page(9, kind="scan").matched == 1
