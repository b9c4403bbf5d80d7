"""Exports as durable runs: one per order, for whom they are made, killed in the middle, kept for a while."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from service.auth.caller import Caller
from service.settings import Auth, Jobs, Settings
from service.usecases.export_orders import KEPT_S, sweep
from service.usecases.people import PersonFacts, add_person
from tests.access import TestClient, client_of, make_key
from tests.integration.service_kit import (
    Served,
    draw_pair,
    environment,
    finished,
    polygon,
    post_pair,
    until,
    write_layer,
    write_parcels,
)

COUNTY = {"county": "130403", "county_name": "丛台区"}
ANALYST = ["analyst"]
PASSWORD = "correct horse battery"
SIGN_IN = {"name": "wang.wu", "password": PASSWORD}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service with a scan, parcels and two streets; only the west one has the first parcel."""
    folder = tmp_path_factory.mktemp("exports")
    settings = Settings(
        data=folder / "data",
        jobs=Jobs(workers=2, recovery_interval_s=1.0),
        auth=Auth(password_memory_kib=1024, password_passes=1),
    )
    with client_of(settings) as made:
        streets = [
            ({"area_id": name, "name": name}, polygon(0, at, 512, 256)) for name, at in (("west", 0), ("east", 256))
        ]
        for kind, path in (("areas", write_layer(folder / "areas.geojson", streets)),
                           ("parcels", write_parcels(folder / "parcels.geojson"))):  # fmt: skip
            send(made, kind, path)
        order = post_pair(made, *draw_pair(folder), detector="training-free", parcels_layer="newest")
        assert finished(made, order.json()["jobID"])["status"] == "successful"
        yield made


def send(client: Any, kind: str, path: Path, **fields: str) -> None:
    with path.open("rb") as file:
        answer = client.post(f"/layers/{kind}", files={"file": (path.name, file)}, data=fields)
    assert answer.status_code in (200, 201), answer.text


def key(client: Any, areas: list[str] | None = None, clearance: str = "internal", **more: Any) -> dict[str, str]:
    return make_key(client.app.state.services, more.get("roles", ANALYST), areas, clearance)


def ordered(client: Any, who: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = client.post("/exports", json=body, headers=who)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["location"].endswith(f"/jobs/{told['jobID']}")
    return told


def made(client: Any, who: dict[str, str], **body: Any) -> dict[str, Any]:
    job_id = ordered(client, who, **body)["jobID"]

    def ended() -> Any:
        told = client.get(f"/jobs/{job_id}", headers=who).json()
        return told if told["status"] in ("successful", "failed") else None

    told: dict[str, Any] = until(ended, 60)
    return told


def content(client: Any, who: dict[str, str], job: dict[str, Any], **headers: str) -> Any:
    return client.get(f"/exports/{job['jobID']}/content", headers=who | headers)


def parcels_in(file: bytes, path: Path) -> set[str]:
    path.write_bytes(file)
    with sqlite3.connect(path) as connection:
        found = {str(row[0]) for row in connection.execute("SELECT parcel_id FROM parcels")}
    connection.close()
    return found


# --- the run -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "at_once"),
    [
        ({"kind": "ledger"}, "/exports/findings.xlsx"),
        ({"kind": "patches", "format": "db", **COUNTY}, "/exports/patches.db?county=130403&county_name=丛台区"),
        ({"kind": "package", "format": "gpkg"}, "/exports/kancha.gpkg"),
    ],
)
def test_an_order_gives_what_the_answer_at_once_gives(client: Any, body: dict[str, Any], at_once: str) -> None:
    who = key(client)
    job = made(client, who, **body)
    assert (job["status"], job["processID"], job["progress"]) == ("successful", "export", 100), job
    answer, plain = content(client, who, job), client.get(at_once, headers=who)
    assert answer.status_code == plain.status_code == 200
    told = job["result"]
    assert told["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert told["size_bytes"] == len(answer.content) and told["rows"] >= 1
    assert abs(len(answer.content) - len(plain.content)) <= 0.02 * len(plain.content)
    for name in ("content-type", "content-disposition"):
        assert answer.headers[name] == plain.headers[name]
    link = next(one for one in job["links"] if one["rel"].endswith("results"))
    assert link["href"].endswith(f"/exports/{job['jobID']}/content") and link["type"] == told["media_type"]
    history = [one["what"] for one in client.get(f"/jobs/{job['jobID']}/history", headers=who).json()["events"]]
    assert history == ["accepted", "started", "successful"]
    services = client.app.state.services
    assert not list((services.settings.data / "work").glob("export-*"))


def test_a_part_of_the_file_and_no_second_time(client: Any) -> None:
    who = key(client)
    job = made(client, who, kind="package")
    whole = content(client, who, job)
    part = content(client, who, job, Range="bytes=100-199")
    assert part.status_code == 206 and part.content == whole.content[100:200]
    # packed on the way, the bytes of a part would be others than those of the file
    assert "content-encoding" not in whole.headers and whole.headers["content-length"] == str(
        job["result"]["size_bytes"]
    )
    assert whole.headers["etag"] == f'"{job["result"]["sha256"]}"' and "private" in whole.headers["cache-control"]
    assert content(client, who, job, **{"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert content(client, who, job, Range="bytes=999999999-").status_code == 416


def test_the_same_order_of_an_unchanged_store_is_one_run(client: Any, tmp_path: Path) -> None:
    one, two = key(client), key(client)
    first = made(client, one, kind="patches", format="gpkg", **COUNTY)
    assert ordered(client, two, kind="patches", format="gpkg", **COUNTY)["jobID"] == first["jobID"]
    assert ordered(client, two, kind="patches", format="gpkg", **COUNTY, letters="AB")["jobID"] != first["jobID"]
    secret = key(client, clearance="secret")
    assert ordered(client, secret, kind="patches", format="gpkg", **COUNTY)["jobID"] != first["jobID"]
    zones = [({"zone_id": str(time.time_ns()), "kind": "green", "name": "绿地"}, polygon(20, 40, 60, 60))]
    send(client, "zones", write_layer(tmp_path / "zones.geojson", zones))
    again = made(client, one, kind="patches", format="gpkg", **COUNTY)
    assert again["jobID"] != first["jobID"], "something was stored in between"


def test_what_cannot_be_made_is_refused_at_once(client: Any) -> None:
    who = key(client)
    for body, status, code in (
        ({"kind": "everything"}, 422, "request-invalid"),
        ({"kind": "package", "scan": "x"}, 422, "request-invalid"),
        ({"kind": "ledger", "format": "zip"}, 422, "request-invalid"),
        ({"kind": "ledger", "status": "guilty"}, 400, "option-range"),
        ({"kind": "ledger", "scan": "none"}, 404, "not-found"),
        ({"kind": "patches", "format": "zip", **COUNTY, "county": "13"}, 400, "option-range"),
        ({"kind": "patches", "format": "zip", **COUNTY, "crs": "EPSG:1"}, 422, None),
    ):
        answer = client.post("/exports", json=body, headers=who)
        assert answer.status_code == status and code in (None, answer.json()["code"]), (body, answer.text)
    assert client.get("/exports/none/content", headers=who).status_code == 404
    scan = client.get("/jobs", headers=who).json()["jobs"][-1]
    assert scan["processID"] == "scan" and content(client, who, scan).status_code == 404
    assert client.delete(f"/exports/{scan['jobID']}", headers=who).status_code == 404


def test_a_file_that_was_kept_long_enough_goes_and_is_made_again(client: Any) -> None:
    who, services = key(client), client.app.state.services
    order = {"kind": "ledger", "language": "en", "dismissed": False}
    first = made(client, who, **order)
    left = services.settings.data / "work" / f"export-{first['jobID']}"
    left.mkdir()
    stored = services.blobs.passing().path(first["result"]["sha256"])
    sweep(services)
    assert content(client, who, first).status_code == 200 and not left.exists()
    os.utime(stored, (time.time() - KEPT_S - 60,) * 2)
    sweep(services)
    gone = content(client, who, first)
    assert gone.status_code == 404 and "again" in gone.json()["remedy"]
    second = made(client, who, **order)
    assert second["jobID"] != first["jobID"] and content(client, who, second).status_code == 200
    assert ordered(client, who, **order)["jobID"] == second["jobID"]


# --- for whom ------------------------------------------------------------------------------------


def test_an_export_holds_what_its_caller_sees_and_is_theirs(client: Any, tmp_path: Path) -> None:
    west, east, whole = key(client, ["west"]), key(client, ["east"]), key(client)
    jobs = {name: made(client, who, kind="package") for name, who in (("west", west), ("east", east), ("whole", whole))}
    assert len({job["jobID"] for job in jobs.values()}) == 3
    found = {
        name: parcels_in(content(client, who, jobs[name]).content, tmp_path / f"{name}.gpkg")
        for name, who in (("west", west), ("east", east), ("whole", whole))
    }
    assert found == {"west": {"宗地-1"}, "east": {"宗地-2"}, "whole": {"宗地-1", "宗地-2"}}
    for stranger in (east, key(client, ["west"])):
        for path in (f"/exports/{jobs['west']['jobID']}/content", f"/jobs/{jobs['west']['jobID']}"):
            assert client.get(path, headers=stranger).status_code == 404
        assert client.delete(f"/exports/{jobs['west']['jobID']}", headers=stranger).status_code == 404
        assert content(client, stranger, jobs["whole"]).status_code == 404
    assert content(client, whole, jobs["west"]).status_code == 200, "who works everywhere may see a part"
    assert client.delete(f"/exports/{jobs['west']['jobID']}", headers=whole).status_code == 403
    reader = key(client, roles=["reader"])
    assert client.post("/exports", json={"kind": "package"}, headers=reader).status_code == 403
    assert content(client, reader, jobs["whole"]).status_code == 403


def test_what_is_secret_is_neither_in_it_nor_known(client: Any, tmp_path: Path) -> None:
    zones = [({"zone_id": "SECRET-ZONE", "kind": "green", "name": "军事"}, polygon(20, 40, 60, 60))]
    send(client, "zones", write_layer(tmp_path / "zones.geojson", zones), secrecy="secret")
    cleared, plain = key(client, clearance="secret"), key(client)
    secret, open_to_all = made(client, cleared, kind="package"), made(client, plain, kind="package")
    assert b"SECRET-ZONE" in content(client, cleared, secret).content
    assert b"SECRET-ZONE" not in content(client, plain, open_to_all).content
    assert content(client, plain, secret).status_code == 404
    assert client.get(f"/jobs/{secret['jobID']}", headers=plain).status_code == 404
    assert content(client, cleared, open_to_all).status_code == 200


def test_rights_that_were_taken_away_take_the_file_along(client: Any) -> None:
    """A person whose areas change between the order and the download."""
    services, boss = client.app.state.services, make_key(client.app.state.services)
    facts = PersonFacts(None, ANALYST, areas=["west", "east"])
    person = add_person(services, Caller.local(), "wang.wu", facts, PASSWORD).id
    with browser_of(client) as browser:
        word = {"X-CSRF-Token": browser.post("/session", json=SIGN_IN).json()["csrf_token"]}
        job = made(browser, word, kind="package")
        assert content(browser, word, job).status_code == 200
        for change, status in (({"areas": ["west"]}, 403), ({"clearance": "public"}, 404), ({"active": False}, 401)):
            changed = client.patch(f"/people/{person}", json=change, headers=boss)
            assert changed.status_code == 200, changed.text
            browser.post("/session", json=SIGN_IN)
            assert content(browser, word, job).status_code == status, change


def browser_of(client: Any) -> TestClient:
    """Another browser of the same service, which is open already."""
    return _Browser(client.app, follow_redirects=False)


class _Browser(TestClient):
    def __enter__(self) -> _Browser:
        return self  # the service was started by the fixture and is ended by it

    def __exit__(self, *args: Any) -> None:
        self.close()


# --- set back ------------------------------------------------------------------------------------


def many_parcels(path: Path, count: int) -> Path:
    """So many small parcels, side by side."""
    side = int(np.ceil(np.sqrt(count)))
    west, south = 114.0, 36.0
    told = [
        {"type": "Feature", "properties": {"parcel_id": f"P{number}", "land_use": "0103"},
         "geometry": shapely.geometry.mapping(shapely.box(west + x * 2e-4, south + y * 2e-4,
                                                          west + (x + 0.9) * 2e-4, south + (y + 0.9) * 2e-4))}
        for number, (y, x) in ((n, divmod(n, side)) for n in range(count))
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": told}))
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with thirty thousand parcels."""
    folder = tmp_path_factory.mktemp("large")
    path = many_parcels(folder / "parcels.geojson", 30_000)
    line = [sys.executable, "-m", "scripts.main", "layers", "add", "parcels", str(path), "--accept-place"]
    subprocess.run(line, env=environment(folder / "data"), check=True, capture_output=True)
    return folder / "data"


def worker_of(job_id: str) -> int | None:
    """The process of a job."""
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = one.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"service.jobs.worker" in words and job_id.encode() in words:
            return int(one.parent.name)
    return None


def under_way(service: Served, job_id: str) -> bool:
    """Whether the file of a job is being written."""
    return any(one.stat().st_size for one in (service.data / "work" / f"export-{job_id}").glob("*") if one.is_file())


def test_an_export_that_is_killed_in_the_middle_is_made_by_the_next_start(large: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(large, data)
    service = Served(data, KANCHA_JOBS__RETRY_S="0.1")
    job_id = service.client.post("/exports", json={"kind": "package"}).json()["jobID"]
    worker = until(lambda: worker_of(job_id), 60, every=0.01)
    until(lambda: under_way(service, job_id), 60, every=0.001)
    # held fast in the middle, so that it cannot come to its end before it is killed
    os.kill(worker, signal.SIGSTOP)
    service.kill()
    os.killpg(worker, signal.SIGKILL)
    assert not list((data / "passing").glob("??/*"))
    again = Served(data, key=service.key, KANCHA_JOBS__RETRY_S="0.1", KANCHA_JOBS__RECOVERY_INTERVAL_S="0.5")
    try:
        job = finished(again.client, job_id)
        assert job["status"] == "successful" and job["attempts"] == 2, job
        events = again.client.get(f"/jobs/{job_id}/history").json()["events"]
        assert [one["what"] for one in events] == ["accepted", "started", "lost", "started", "successful"]
        file = again.client.get(f"/exports/{job_id}/content").content
        assert hashlib.sha256(file).hexdigest() == job["result"]["sha256"]
        assert len(parcels_in(file, tmp_path / "k.gpkg")) == 30_000
        assert not list((data / "work").glob("export-*"))
        assert again.client.post("/exports", json={"kind": "package"}).json()["jobID"] == job_id
    finally:
        again.stop()


def test_an_export_that_is_stopped_leaves_no_file(large: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(large, data)
    service = Served(data)
    try:
        job_id = service.client.post("/exports", json={"kind": "package"}).json()["jobID"]
        worker = until(lambda: worker_of(job_id), 60, every=0.01)
        until(lambda: under_way(service, job_id), 60, every=0.001)
        os.kill(worker, signal.SIGSTOP)
        early = service.client.get(f"/exports/{job_id}/content")
        assert early.status_code == 409 and early.json()["code"] == "conflict"
        assert service.client.delete(f"/exports/{job_id}").json()["status"] == "dismissed"
        assert service.client.get(f"/exports/{job_id}/content").status_code == 404
        until(lambda: worker_of(job_id) is None, 10)
        assert service.client.get(f"/jobs/{job_id}").json()["status"] == "dismissed"
        assert not list((data / "passing").glob("??/*"))
        assert service.client.post("/exports", json={"kind": "package"}).json()["jobID"] != job_id
    finally:
        service.stop()
