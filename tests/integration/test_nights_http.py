"""Nights over HTTP: begun, listed, reported; who may."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.settings import Nightly, Settings
from service.usecases.nightly import order_night
from tests.access import client_of, make_key
from tests.integration.night_kit import ended
from tests.integration.service_kit import draw_pair, finished, polygon, post_scene, write_layer


def settings_of(data: Path, **nightly: object) -> Settings:
    return Settings(data=data, nightly=Nightly(detector="training-free", **nightly))  # type: ignore[arg-type]


def test_a_night_begun_over_http_reports_what_was_uploaded(tmp_path: Path) -> None:
    before, after = draw_pair(tmp_path)
    with client_of(settings_of(tmp_path / "data", schedule="30 1 * * 1")) as client:
        for path in (before, after):
            assert post_scene(client, path).status_code == 201
        listed = client.get("/nights").json()
        assert listed["nights"] == [] and listed["schedule"] == "30 1 * * 1" and listed["next_due"] is not None
        assert client.get("/nights/latest").status_code == 404
        made = client.post("/nights")
        assert made.status_code == 201 and made.headers["location"].endswith(made.json()["jobID"])
        again = client.post("/nights")
        assert again.status_code == 200 and again.json()["jobID"] == made.json()["jobID"], "begun twice it is one"
        job = finished(client, made.json()["jobID"])
        assert job["status"] == "successful" and job["processID"] == "night", job
        (night,) = client.get("/nights").json()["nights"]
        assert night["summary"] == job["message"] and night["due_at"] is None and night["finished_at"]
        reports = {link["type"]: link["href"] for link in night["links"] if link["rel"] == "alternate"}
        told = client.get(reports["application/json"]).json()
        assert told["run"] == night["id"]
        assert [one["after"]["file"] for one in told["scanned"]] == ["after_20250412.tif"]
        page = client.get(reports["text/html"])
        assert page.headers["content-type"] == "text/html; charset=utf-8" and "after_20250412.tif" in page.text
        assert "sha256-" in page.headers["content-security-policy"]
        assert "勘查晨报" in client.get("/nights/latest/report?f=md").text
        assert client.get("/nights/latest/report?f=pdf").status_code == 400
        assert client.get(f"/nights/{night['id']}x").status_code == 404


def test_nights_are_for_those_who_work_everywhere(tmp_path: Path) -> None:
    street = write_layer(tmp_path / "areas.geojson", [({"area_id": "s1", "name": "街道"}, polygon(0, 0, 512, 512))])
    with client_of(settings_of(tmp_path / "data")) as client:
        with street.open("rb") as file:
            assert client.post("/layers/areas", files={"file": (street.name, file)}).status_code == 201
        services = client.app.state.services  # type: ignore[attr-defined]
        local = make_key(services, areas=["s1"])
        viewer = make_key(services, roles=["reader"])
        ended(services, order_night(services)[0])
        lowest = make_key(services, roles=["reader"], clearance="public")
        assert client.get("/nights", headers=viewer).json()["nights"][0]["summary"]
        assert client.get("/nights", headers=lowest).json()["nights"][0]["summary"] is None
        assert client.get("/nights/latest", headers=lowest).status_code == 403
        for method, path in (("GET", "/nights"), ("GET", "/nights/latest"), ("POST", "/nights")):
            told = client.request(method, path, headers=local)
            assert told.status_code == 403, (method, path)
        assert client.get("/nights", headers=viewer).status_code == 200
        assert client.post("/nights", headers=viewer).status_code == 403, "who only reads begins none"


@pytest.mark.parametrize("wrong", ["25 1 * *", "every night", "61 1 * * *", "0 0 30 2 *"])
def test_a_schedule_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="cron|no day"):
        Nightly(schedule=wrong)
