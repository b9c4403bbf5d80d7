"""The main job over HTTP: two files in, findings out, the same as on the command line; and what survives a kill."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.service_kit import (
    Served,
    draw_pair,
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
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("inputs")
    before, after = draw_pair(folder)
    return {
        "before": before,
        "after": after,
        "parcels": write_parcels(folder / "parcels.geojson"),
        "permits": write_permits(folder / "permits.geojson"),
    }


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(tmp_path_factory.mktemp("data")) as made:
        yield made


@pytest.fixture(scope="module")
def scanned(service: Served, inputs: dict[str, Path]) -> dict[str, Any]:
    files = {name: (path.name, path.read_bytes()) for name, path in inputs.items()}
    answer = service.client.post("/scans", files=files)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert answer.headers["location"].endswith(f"/jobs/{told['jobID']}")
    assert told["status"] == "accepted" and told["type"] == "process"
    ended = finished(service.client, told["jobID"])
    assert ended["status"] == "successful", ended
    assert ended["progress"] == 100
    return ended


def test_the_same_findings_from_the_command_line_and_over_http(
    service: Served, scanned: dict[str, Any], inputs: dict[str, Path], tmp_path: Path
) -> None:
    over_http = service.client.get(f"/scans/{scanned['scan_id']}/findings?limit=1000").json()
    output = tmp_path / "findings.geojson"
    done = kancha(
        *("scan", inputs["before"], inputs["after"], "-o", output),
        *("--parcels", inputs["parcels"], "--permits", inputs["permits"]),
        data=tmp_path / "unused",
    )
    assert done.returncode == 0, done.stderr
    written = json.loads(output.read_text())
    assert written["features"], "the new roof is found"
    for feature in over_http["features"]:
        assert feature["properties"]["structure_id"], "a store knows the structure of a finding, a file does not"
        feature["properties"]["structure_id"] = None
    assert over_http["features"] == written["features"]
    stored = {kind: told["sha256"] for kind, told in over_http["provenance"]["layers"].items()}
    assert stored == written["provenance"]["layers"], "the same content, whether it was stored or not"
    assert {**over_http["provenance"], "layers": stored} == written["provenance"]
    assert not (tmp_path / "unused").exists(), "a scan needs no data folder"


def test_the_new_roof_is_suspected_with_its_reason(service: Served, scanned: dict[str, Any]) -> None:
    base = f"/scans/{scanned['scan_id']}"
    found = service.client.get(f"{base}/findings?status=suspected").json()
    assert found["numberMatched"] >= 1
    best = max(found["features"], key=lambda f: f["properties"]["confidence"])
    told = best["properties"]
    assert told["change"] == "appeared" and told["reasons"] and told["parcel_ids"] == ["宗地-2"]
    assert 450 < told["area_m2"] < 900
    assert service.client.get(f"/findings/{best['id']}").json()["properties"] == told
    assert service.client.get(f"/collections/findings/items/{best['id']}").json()["properties"] == told
    scan = service.client.get(base).json()
    assert sum(scan["counts"].values()) == service.client.get(f"{base}/findings").json()["numberMatched"]
    assert set(scan["layers"]) == {"parcels", "permits"}
    assert service.client.get("/scans").json()["scans"][0]["id"] == scan["id"]


def test_findings_are_filtered_and_tagged(service: Served, scanned: dict[str, Any]) -> None:
    base = f"/scans/{scanned['scan_id']}/findings"
    answer = service.client.get(base)
    assert answer.headers["content-type"] == "application/geo+json"
    same = service.client.get(base, headers={"if-none-match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert service.client.get(base).content == answer.content
    assert service.client.get(f"{base}?bbox=0,0,1,1").json()["numberMatched"] == 0
    assert service.client.get(f"{base}?min_confidence=1").json()["numberMatched"] == 0
    assert service.client.get(f"{base}?status=permitted").json()["features"] == []
    assert service.client.get(f"{base}?status=guilty").status_code == 400
    west, south, east, north = service.client.get(f"/scans/{scanned['scan_id']}").json()["bbox"]
    inside = service.client.get(f"{base}?bbox={west},{south},{east},{north}").json()
    assert inside["numberMatched"] == answer.json()["numberMatched"]
    items = service.client.get("/collections/findings/items?datetime=2024-06-01T00:00:00Z").json()
    assert items["numberMatched"] == answer.json()["numberMatched"]
    assert service.client.get("/collections/findings/items?datetime=2026-01-01/..").json()["numberMatched"] == 0


def test_the_same_input_scanned_twice_changes_nothing(
    service: Served, scanned: dict[str, Any], inputs: dict[str, Path]
) -> None:
    client = service.client
    before = [client.get(path).json()["numberMatched"] for path in ("/scans", "/jobs", "/scenes", "/layers")]
    scenes = [post_scene(client, inputs[name]).json()["id"] for name in ("before", "after")]
    versions = client.get(f"/scans/{scanned['scan_id']}").json()["layers"]
    order = {"before_scene": scenes[0], "after_scene": scenes[1]}
    layers = {f"{kind}_layer": version for kind, version in versions.items()}
    again = client.post("/scans", json={**order, **layers, "workers": 2, "window_px": 512})
    assert again.status_code == 202
    assert (again.json()["jobID"], again.json()["status"]) == (scanned["jobID"], "successful")
    after = [client.get(path).json()["numberMatched"] for path in ("/scans", "/jobs", "/scenes", "/layers")]
    assert before == after


def test_layers_sent_with_a_scan_do_not_become_the_newest(service: Served, scanned: dict[str, Any]) -> None:
    assert service.client.get("/layers").json()["numberMatched"] == 2
    assert service.client.get("/collections/parcels").status_code == 404


def test_an_area_of_interest_bounds_the_findings(service: Served, inputs: dict[str, Path]) -> None:
    from tests.integration.service_kit import polygon

    area = {"type": "Polygon", "coordinates": polygon(0, 0, 200, 200)}
    one, two = (post_scene(service.client, inputs[name]).json()["id"] for name in ("before", "after"))
    answer = service.client.post("/scans", json={"before_scene": one, "after_scene": two, "aoi": area})
    assert answer.status_code == 202, answer.text
    ended = finished(service.client, answer.json()["jobID"])
    assert ended["status"] == "successful", ended
    assert service.client.get(f"/scans/{ended['scan_id']}/findings").json()["numberMatched"] == 0


def test_a_refusal_found_late_is_told_by_the_job(service: Served, tmp_path: Path) -> None:
    before, after = draw_pair(tmp_path, size=256)
    # both catalogues overlap; the pixels of the later one are damaged and fail only when they are read
    content = bytearray(after.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = os.urandom(20_000)
    after.write_bytes(bytes(content))
    answer = post_pair(service.client, before, after)
    if answer.status_code == 202:
        ended = finished(service.client, answer.json()["jobID"])
        assert ended["status"] == "failed" and ended["scan_id"] is None
        assert set(ended["error"]) == {"code", "title", "title_zh", "message", "remedy", "measured"}
        assert ended["error"]["code"] != "internal-error", ended["error"]
    else:
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_stopped_job_leaves_nothing(service: Served, tmp_path: Path) -> None:
    before, after = draw_pair(tmp_path, size=768)
    told = post_pair(service.client, before, after).json()
    until(lambda: service.client.get(f"/jobs/{told['jobID']}").json()["status"] == "running", 30)
    stopped = service.client.delete(f"/jobs/{told['jobID']}")
    assert stopped.status_code == 200 and stopped.json()["status"] == "dismissed"
    assert service.client.delete(f"/jobs/{told['jobID']}").status_code == 200
    time.sleep(1.5)
    ended = service.client.get(f"/jobs/{told['jobID']}").json()
    assert (ended["status"], ended["scan_id"]) == ("dismissed", None)
    again = post_pair(service.client, before, after).json()
    assert again["jobID"] != told["jobID"], "what was stopped may be asked for again"
    assert finished(service.client, again["jobID"])["status"] == "successful"
    refused = service.client.delete(f"/jobs/{again['jobID']}")
    assert refused.status_code == 409 and refused.json()["code"] == "job-state"


@pytest.mark.parametrize(
    "moment",
    [pytest.param("accepted", marks=pytest.mark.soak), pytest.param("running", marks=pytest.mark.soak), "late"],
)
def test_a_killed_service_finishes_what_it_had_accepted(moment: str, tmp_path: Path) -> None:
    before, after = draw_pair(tmp_path / "in", size=768)
    data = tmp_path / "data"
    first = Served(data)
    job = post_pair(first.client, before, after).json()["jobID"]
    if moment != "accepted":
        until(lambda: first.client.get(f"/jobs/{job}").json()["status"] == "running", 30)
    if moment == "late":
        until(lambda: first.client.get(f"/jobs/{job}").json()["progress"] >= 10, 60, every=0.02)
    first.kill()
    with served(data) as second:
        seen: set[str] = set()

        def watch() -> Any:
            told = second.client.get(f"/jobs/{job}").json()
            seen.add(told["status"])
            found, scans, then = (
                second.client.get(path).json()["numberMatched"]
                for path in ("/collections/findings/items", "/scans", "/collections/findings/items")
            )
            assert scans > 0 or found == 0, "no finding is seen before its scan"
            assert then > 0 or scans == 0, "no scan is seen before its findings"
            return told if told["status"] in ("successful", "failed") else None

        ended = until(watch, 120)
        assert ended["status"] == "successful", ended
        events = [one["what"] for one in second.client.get(f"/jobs/{job}/history").json()["events"]]
        assert (events[0], events[-1]) == ("accepted", "successful")
        assert moment == "accepted" or "lost" in events
        # what a start said is kept once its process is gone
        until(lambda: "--- start" in second.client.get(f"/jobs/{job}/log").text, 10)
        assert second.client.get(f"/scans/{ended['scan_id']}/findings").json()["numberMatched"] >= 1
        assert seen <= {"accepted", "running", "successful"}


def test_a_stop_by_signal_is_clean(tmp_path: Path) -> None:
    before, after = draw_pair(tmp_path / "in", size=768)
    service = Served(tmp_path / "data")
    job = post_pair(service.client, before, after).json()["jobID"]
    until(lambda: service.client.get(f"/jobs/{job}").json()["status"] == "running", 30)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(30) in (0, -signal.SIGTERM)
    assert "Traceback" not in "".join(service.words)
    assert list((tmp_path / "data" / "runners").iterdir()) == []
    with served(tmp_path / "data") as second:
        ended = finished(second.client, job)
        assert (ended["status"], ended["attempts"]) == ("successful", 2)
        history = second.client.get(f"/jobs/{job}/history").json()
        assert [one["what"] for one in history["events"]] == [
            *("accepted", "started", "given-back", "started", "successful")
        ]
        assert history["steps"] == [], "a success leaves no step behind"
    service.stop()
