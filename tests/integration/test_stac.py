"""The catalogue: items that pystac reads, searches that pystac-client makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pystac
import pytest
from pystac_client import Client

from tests.integration.service_kit import Served, post_scene, served
from tests.integration.tile_kit import NORTH, WEST, draw

SENT = (
    '{"view:sun_elevation": 41.5, "view:off_nadir": 12, "platform": "GF-2", "sensor": "PMS1", "license": "CC-BY-4.0"}'
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, list[dict[str, Any]]]]:
    folder = tmp_path_factory.mktemp("stac")
    path = draw(folder / "quarters.tif")
    with served(folder / "data") as running:
        scenes = [
            post_scene(
                running.client, path, acquired_at=f"2024-0{month}-01T03:00:00Z", attributes=SENT, secrecy="public"
            )
            for month in range(1, 6)
        ]
        assert [answer.status_code for answer in scenes] == [201] * 5, scenes[0].text
        yield running, [answer.json() for answer in scenes]


@pytest.fixture(scope="module")
def catalogue(service: tuple[Served, Any]) -> Client:
    return Client.open(f"http://127.0.0.1:{service[0].port}/stac", headers=service[0].key)


def test_items_tell_what_is_known(service: tuple[Served, Any], catalogue: Client) -> None:
    running, scenes = service
    (item,) = catalogue.search(ids=[scenes[0]["id"]]).items()
    assert isinstance(item, pystac.Item) and item.collection_id == "scenes"
    assert item.datetime is not None and item.datetime.isoformat() == "2024-01-01T03:00:00+00:00"
    told = item.properties
    assert (told["view:sun_elevation"], told["view:off_nadir"], told["platform"]) == (41.5, 12.0, "GF-2")
    assert (told["instruments"], told["license"], told["kancha:secrecy"]) == (["PMS1"], "CC-BY-4.0", "public")
    assert (told["proj:code"], told["proj:shape"]) == ("EPSG:4490", [1024, 1024])
    assert told["kancha:usable_share"] == scenes[0]["usable_share"]
    assert set(item.assets) == {"source", "cog", "mask", "thumbnail"}
    source = item.assets["source"].to_dict()
    assert source["file:checksum"] == "1220" + scenes[0]["sha256"]
    assert [band["name"] for band in source["bands"]] == ["red", "green", "blue"]
    for asset in item.assets.values():
        assert running.client.get(asset.href).status_code == 200


def test_searches(service: tuple[Served, Any], catalogue: Client) -> None:
    _, scenes = service
    ids = [scene["id"] for scene in scenes]

    def found(**how: Any) -> list[str]:
        return sorted(ids.index(item.id) for item in catalogue.search(**how).items())

    everything = [0, 1, 2, 3, 4]
    assert found() == everything
    assert found(limit=2) == everything, "three pages"
    assert found(limit=2, method="GET") == everything
    assert found(datetime="2024-02-01/2024-03-31") == [1, 2]
    assert found(datetime="2024-04-01T03:00:00Z") == [3]
    assert found(bbox=[WEST, NORTH - 0.1, WEST + 0.1, NORTH]) == everything
    assert found(bbox=[0, 0, 1, 1]) == []
    assert found(collections=["others"]) == []
    assert found(intersects={"type": "Point", "coordinates": [WEST + 0.1, NORTH - 0.1]}, limit=2) == everything
    assert found(intersects={"type": "Point", "coordinates": [WEST - 0.1, NORTH]}) == []


def test_the_collection_leads_to_its_items(catalogue: Client) -> None:
    (collection,) = catalogue.get_collections()
    assert collection.id == "scenes"
    assert len(list(collection.get_items())) == 5


@pytest.mark.parametrize(
    "query",
    [
        {"bbox": "1,2,3"},
        {"datetime": "yesterday"},
        {"limit": "0"},
        {"limit": "many"},
        {"intersects": "{"},
        {"intersects": '{"type": "Cube"}'},
        {"sortby": "datetime"},
        {"bbox": "0,0,1,1", "intersects": '{"type": "Point", "coordinates": [0, 0]}'},
    ],
)
def test_what_is_no_search_has_a_name(service: tuple[Served, Any], query: dict[str, str]) -> None:
    answer = service[0].client.get("/stac/search", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-query")


def test_files_are_read_in_parts(service: tuple[Served, Any], tmp_path: Path) -> None:
    running, scenes = service
    url = f"/scenes/{scenes[0]['id']}/file"
    content = draw(tmp_path / "same.tif").read_bytes()
    whole = running.client.get(url)
    assert whole.content == content, "the source is as it came"
    part = running.client.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert whole.headers["cache-control"].endswith("immutable")
    assert running.client.get(url, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert running.client.get("/scenes/none/cog").status_code == 404


def test_an_unknown_secrecy_is_refused(service: tuple[Served, Any], tmp_path: Path) -> None:
    answer = post_scene(service[0].client, draw(tmp_path / "s_20240101.tif", red=3), secrecy="top")
    assert (answer.status_code, answer.json()["code"]) == (400, "option-range")
