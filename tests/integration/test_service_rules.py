"""Rulebooks and explanations over HTTP and on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from geodata.assess import shipped_book
from service.settings import Settings
from tests.integration.service_kit import finished, kancha, post_pair, write_parcels, write_permits

STRICT = """
id: my-city
version: 1
jurisdiction: "130400"
title: {en: My city, zh: 本市}
extends: cn
articles: {local: {text: 某条例第7条, en: Local rules Art. 7}}
rests_on: {no_permit: local}
"""


@pytest.fixture(scope="module")
def scanned(client: Any, pair: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A scan with parcels and permits, and its one finding."""
    folder = tmp_path_factory.mktemp("layers")
    for kind, path in (
        ("parcels", write_parcels(folder / "parcels.geojson")),
        ("permits", write_permits(folder / "permits.geojson")),
    ):
        with path.open("rb") as file:
            assert client.post(f"/layers/{kind}", files={"file": (path.name, file)}).status_code == 201
    order = post_pair(client, *pair, detector="training-free", parcels_layer="newest", permits_layer="newest")
    assert order.status_code == 202, order.text
    job = finished(client, order.json()["jobID"])
    assert job["status"] == "successful", job
    scan: dict[str, Any] = client.get("/scans").json()["scans"][0]
    findings = client.get(f"/scans/{scan['id']}/findings").json()["features"]
    return {"scan": scan, "finding": max(findings, key=lambda f: f["properties"]["area_m2"])}


def test_rulebooks_are_listed_and_read(client: Any) -> None:
    listed = client.get("/rulebooks").json()["rulebooks"]
    assert [one["id"] for one in listed if one["in_use"]] == ["cn"]
    whole = client.get("/rulebooks/cn").json()
    assert whole["name"] == shipped_book("cn").name
    assert len(whole["content"]["rules"]) == listed[0]["rules"]
    assert client.get("/rulebooks/mars").status_code == 404


def test_a_scan_names_its_rulebook_for_ever(scanned: dict[str, Any]) -> None:
    name = shipped_book("cn").name
    assert scanned["scan"]["options"]["rules"] == name
    assert scanned["scan"]["provenance"]["rulebook"]["sha256"].startswith(name.partition("+")[2])


def test_a_finding_is_explained_as_it_was_assessed(client: Any, scanned: dict[str, Any]) -> None:
    finding = scanned["finding"]
    told = client.get(f"/findings/{finding['id']}/explanation")
    assert told.status_code == 200, told.text
    found = told.json()
    properties = finding["properties"]
    assert (found["status"], found["severity"]) == (properties["status"], properties["severity"])
    assert [t["reason"] for t in found["trials"] if t["reason"]] == properties["reasons"]
    (missing,) = [t for t in found["trials"] if t["rule"] == "no_permit"]
    assert missing["conditions"][0] == {"condition": "structure.register (yes) is true", "grade": "certain"}
    assert any(t["why_not"] == "a condition does not hold" for t in found["trials"])
    assert client.get("/findings/none/explanation").status_code == 404


def test_an_unknown_rulebook_is_refused_at_once(client: Any, pair: tuple[Path, Path]) -> None:
    refused = post_pair(client, *pair, detector="training-free", rules="mars")
    assert (refused.status_code, refused.json()["code"]) == (404, "not-found")


def test_the_command_line_adds_uses_and_explains(
    client: Any, settings: Settings, scanned: dict[str, Any], tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    book = tmp_path / "my-city.yaml"
    book.write_text(STRICT, encoding="utf-8")
    assert "sound: my-city+" in kancha("rules", "check", book, data=settings.data).stdout
    assert "added: my-city+" in kancha("rules", "add", book, data=settings.data).stdout
    assert "in use: my-city" in kancha("rules", "use", "my-city", data=settings.data).stdout
    told = kancha("rules", "explain", scanned["finding"]["id"], "--every", data=settings.data).stdout
    assert "城乡规划法第64条" in told and "no: " in told, "an old scan keeps its rulebook"
    order = post_pair(client, *pair, detector="training-free", parcels_layer="newest", permits_layer="newest")
    job = finished(client, order.json()["jobID"])
    assert job["status"] == "successful", job
    scan = client.get("/scans").json()["scans"][0]
    assert scan["options"]["rules"].startswith("my-city+")
    largest = max(
        client.get(f"/scans/{scan['id']}/findings").json()["features"], key=lambda f: f["properties"]["area_m2"]
    )
    assert "某条例第7条" in {reason["basis"] for reason in largest["properties"]["reasons"]}


def test_a_faulty_file_is_told_fault_by_fault(settings: Settings, tmp_path: Path) -> None:
    book = tmp_path / "faulty.yaml"
    book.write_text(STRICT + "without: [never]\ncolour: red\n", encoding="utf-8")
    refused = kancha("rules", "check", book, data=settings.data)
    assert refused.returncode == 2
    assert "fault: line 10: colour" in refused.stderr and "rulebook-unusable" in refused.stderr
    assert kancha("rules", "template", data=settings.data).stdout.startswith("# A template")
