"""The short way answers what the long way answers, byte by byte."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from service.app import create_app
from service.fast_lane import FastLane
from service.settings import Limits, Settings
from tests.access import make_key
from tests.conformance.conftest import write_zones
from tests.integration.service_kit import draw_pair, finished, post_pair

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


@pytest.fixture(scope="module", params=["postgis", "sqlite"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """The same data behind an application with the short way and one without."""
    folder = tmp_path_factory.mktemp("lanes")
    url = request.getfixturevalue("postgis").new_database() if request.param == "postgis" else ""
    settings = Settings(data=folder / "data", store=url, limits=Limits(max_page_size=60))
    short, long = create_app(settings), create_app(settings)
    long.user_middleware = [one for one in long.user_middleware if one.cls is not FastLane]
    assert len(long.user_middleware) == len(short.user_middleware) - 1
    with TestClient(short) as one, TestClient(long) as two:
        # both are asked under one id, which the answers give back
        key = make_key(short.state.services) | {"X-Request-Id": "the-same-for-both"}
        one.headers.update(key)
        two.headers.update(key)
        path = write_zones(folder / "zones.geojson")
        with path.open("rb") as file:
            assert one.post("/layers/zones", files={"file": (path.name, file)}).status_code == 201
        order = post_pair(one, *draw_pair(folder / "pair"))
        assert finished(one, order.json()["jobID"])["status"] == "successful"
        yield one, two


FIRST = "114.0,36.59,114.0012,36.6"
PATHS = [
    "/collections/zones/items",
    "/collections/zones/items?limit=7",
    "/collections/zones/items?limit=7&cursor=20",
    "/collections/zones/items?limit=100000",
    f"/collections/zones/items?bbox={FIRST}",
    f"/collections/zones/items?bbox={FIRST}&limit=3&f=json",
    "/collections/zones/items?bbox=170,-10,-170,10",
    "/collections/zones/items?bbox=0,0,1,1",
    "/collections/findings/items",
    "/collections/findings/items?f=geojson",
    "/collections/structures/items?limit=1",
    "/collections/scenes/items",
    "/collections/coverage/items?limit=2",
    f"/collections/zones/items/{quote('区-3-4')}",
    f"/collections/zones/items/{quote('区-3-4')}?f=json",
]
REFUSED = [
    "/collections/zones/items?limit=0",
    "/collections/zones/items?limit=x",
    "/collections/zones/items?cursor=x",
    "/collections/zones/items?cursor=99999999999999999999",
    "/collections/zones/items?bbox=1,2,3",
    "/collections/zones/items?bbox=1,2,3,4&bbox=5,6,7,8",
    "/collections/zones/items/nothing",
    "/collections/zones/items/%00",
    "/collections/nothing/items",
    "/collections/nothing/items/a",
]


def plain(answer: Any) -> tuple[int, dict[str, str], Any]:
    """An answer without the moment at which it was given."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "content-length")}
    told = json.loads(answer.content) if answer.content else None
    if isinstance(told, dict):
        told.pop("timeStamp", None)
    # the order of members is part of it
    return answer.status_code, headers, json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize("path", [*PATHS, *REFUSED])
def test_both_ways_answer_the_same(both: tuple[Any, Any], path: str) -> None:
    short, long = (plain(client.get(path)) for client in both)
    assert short == long
    assert (short[0] == 200) is (path in PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_a_tag_of_the_one_way_is_known_to_the_other(both: tuple[Any, Any], path: str) -> None:
    short, long = both
    tags = [client.get(path).headers["etag"] for client in both]
    assert tags[0] == tags[1]
    for client in both:
        answer = client.get(path, headers={"If-None-Match": tags[0]})
        assert (answer.status_code, answer.content) == (304, b"")


def test_other_forms_go_the_long_way(both: tuple[Any, Any]) -> None:
    for accept in ("text/html", "text/csv", "application/geopackage+sqlite3"):
        kinds = {client.get(PATHS[0], headers={"Accept": accept}).headers["content-type"] for client in both}
        assert len(kinds) == 1 and "json" not in kinds.pop()
