"""A night over object storage and a catalogue: what each gave is compared, what is away is told and taken later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest

from service.arrivals.settings import Arrival
from tests.contract.s3_server import opened, s3_server
from tests.contract.stac_server import TOKEN, StacServer, stac_server
from tests.integration.night_kit import night, nights, pairs
from tests.integration.service_kit import draw_pair, draw_scene


@pytest.fixture
def catalogue() -> Iterator[StacServer]:
    with stac_server() as server:
        server.token = TOKEN
        yield server


def source_of(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(one) for one in report["sources"] if one["name"].startswith(name))


def test_what_sources_give_is_compared_and_what_is_away_is_taken_later(catalogue: StacServer, tmp_path: Path) -> None:
    before, after = draw_pair(tmp_path / "drawn")
    (tmp_path / "in").mkdir()
    properties = {"datetime": "2025-04-12T02:30:00Z", "platform": "GF-2", "view:off_nadir": 5.0}
    catalogue.add("after", after.read_bytes(), **properties)
    for number in range(5):
        path = draw_scene(tmp_path / f"far_{number}.tif", size=128, left=400_000.0 + 5000 * number, seed=number)
        catalogue.add(f"z{number}", path.read_bytes(), **properties)
    with s3_server("night") as endpoint:
        obstore.put(opened(endpoint, "night"), f"in/{before.name}", before)
        told = (
            {"folder": tmp_path / "in"},
            {"s3": "s3://night/in", "endpoint": endpoint, "access_key": "a", "secret_key": "b", "timeout_s": 5},
            {"stac": catalogue.url, "collections": ["vhr"], "token": TOKEN, "timeout_s": 2, "since_days": 36500},
        )
        sources = tuple(Arrival.model_validate(one) for one in told)
        with nights(tmp_path / "data", sources=sources) as services:
            catalogue.turns = {path: "503" for path in catalogue.files}
            first = night(services)
            assert [one["file"] for one in first["first"]] == [before.name]
            away = source_of(first, catalogue.url)
            assert away["files"] == 6 and away["error"]["code"] == "source-unavailable"
            assert not first["refused"], "no fault of the files"
            tried = [path for path, _ in catalogue.asked if path.startswith("/files/")]
            assert len(tried) == 3, "an outage, not six files"
            catalogue.turns = {"/files/z3.tif": "404"}
            second = night(services)
            assert pairs(second) == [(before.name, "after_visual.tif")]
            assert source_of(second, catalogue.url)["error"] is None
            assert [(one["code"], one["file"]) for one in second["refused"]] == [("arrival-refused", "vhr/z3/visual")]
            asked = len(catalogue.asked)
            third = night(services)
            assert not third["scanned"] and not third["refused"]
            assert not any(path.startswith("/files/") for path, _ in catalogue.asked[asked:]), "taken once"
            scene = next(one for one in services.store.scenes.page(20).items if one.file_name == "after_visual.tif")
            assert dict(scene.attributes)["source_item"].endswith("/collections/vhr/items/after")
    said = "".join(path.read_text("utf-8") for path in (tmp_path / "data" / "reports").glob("*.*"))
    logs = "".join(path.read_text("utf-8") for path in (tmp_path / "data" / "logs").glob("*.log"))
    assert said and TOKEN not in said + logs
