"""Structures over HTTP and on the command line: three dates of one made place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings
from tests.access import client_of
from tests.integration.service_kit import draw_scene, finished, kancha, post_scene

DATES = ("2025-03-01", "2025-06-01", "2025-09-01")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[Any]:
    with client_of(settings) as made:
        yield made


@pytest.fixture(scope="module")
def scenes(client: Any, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A bare place, then a house, still there."""
    folder = tmp_path_factory.mktemp("scenes")
    ids = []
    for k, on in enumerate(DATES):
        path = draw_scene(folder / f"place_{on.replace('-', '')}.tif", built=k > 0, seed=k + 1)
        told = post_scene(client, path)
        assert told.status_code in (200, 201), told.text
        ids.append(told.json()["id"])
    return ids


def scanned(client: Any, before: str, after: str) -> dict[str, Any]:
    order = client.post(
        "/scans", json={"before_scene": before, "after_scene": after, "options": {"detector": "training-free"}}
    )
    assert order.status_code == 202, order.text
    job = finished(client, order.json()["jobID"])
    assert job["status"] == "successful", job
    found: dict[str, Any] = client.get(f"/scans/{job['scan_id']}/findings").json()
    return found


def test_a_building_is_one_structure_and_its_beginning_is_looked_for(
    client: Any, settings: Settings, scenes: list[str]
) -> None:
    late = scanned(client, scenes[0], scenes[2])
    tag = client.get(f"/scans/{late['features'][0]['properties']['scan_id']}/findings").headers["etag"]
    big = max(late["features"], key=lambda f: f["properties"]["area_m2"])
    sid = big["properties"]["structure_id"]
    told = client.get(f"/structures/{sid}").json()
    assert (told["seen"], told["usable_looks"]) == (1, 1)
    assert told["structure"]["properties"]["first_seen"].startswith("2025-08-31")
    listed = client.get("/collections/structures/items", params={"state": "standing"}).json()["features"]
    assert sid in [f["id"] for f in listed]
    assert client.get(f"/collections/structures/items/{sid}").json()["id"] == sid
    assert "structures" in [c["id"] for c in client.get("/collections").json()["collections"]]

    begun = client.get(f"/structures/{sid}/earliest").json()
    assert [s["scene_id"] for s in begun["scenes"]] == [scenes[1]]
    assert begun["pairs"] == [[scenes[0], scenes[1]], [scenes[1], scenes[2]]]
    assert [s["compared"] for s in begun["scenes"]] == [False] and begun["refused"] == []
    odd = client.post(f"/structures/{sid}/earliest", params={"scene": scenes[0]})
    assert odd.status_code == 404 and scenes[1] in odd.json()["remedy"]
    assert client.post(f"/structures/{sid}/earliest?scenes=1").status_code == 400
    ordered = client.post(f"/structures/{sid}/earliest", params={"scene": scenes[1]})
    assert ordered.status_code == 202
    for job in ordered.json()["jobs"]:
        assert finished(client, job["jobID"])["status"] == "successful"
    told = client.get(f"/structures/{sid}").json()
    assert told["structure"]["properties"]["first_seen"].startswith("2025-05-31")
    assert (told["seen"], told["usable_looks"], told["unknown_looks"]) == (2, 2, 0)
    begun = client.get(f"/structures/{sid}/earliest").json()
    assert begun["scenes"] == [] == begun["pairs"]
    assert client.post(f"/structures/{sid}/earliest").status_code == 404
    same = client.get("/collections/findings/items", params={"structure_id": sid}).json()["features"]
    assert len(same) == 2 and big["id"] in [f["id"] for f in same]
    assert client.get(f"/scans/{big['properties']['scan_id']}/findings").headers["etag"] != tag
    assert client.get("/structures/none").status_code == 404

    shown = kancha("structures", "show", sid, data=settings.data)
    assert "seen 2 of 2 usable looks" in shown.stdout and "2025-06-01" in shown.stdout, shown.stderr
    listing = kancha("structures", "list", "--state", "standing", data=settings.data)
    assert sid in listing.stdout
    early = kancha("structures", "earliest", sid, data=settings.data)
    assert "last absent 2025-03-01, first seen 2025-06-01" in early.stdout


def test_the_package_holds_structures(client: Any, scenes: list[str], tmp_path: Path) -> None:
    import pyogrio

    (tmp_path / "k.gpkg").write_bytes(client.get("/exports/kancha.gpkg").content)
    found = pyogrio.read_dataframe(tmp_path / "k.gpkg", layer="structures")
    listed = client.get("/collections/structures/items").json()["features"]
    assert sorted(found["id"]) == sorted(f["id"] for f in listed)
