"""A dismissal over real scans: the same roof seen again stays out of the queue until the verdict is another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.bootstrap import open_services
from service.settings import Settings
from service.usecases.judged_pairs import judged_pairs
from tests.integration.service_kit import Served, draw_scene, finished, kancha, post_pair, served


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(tmp_path_factory.mktemp("data")) as made:
        yield made


@pytest.fixture(scope="module")
def dates(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three dates: the roof is new at the second, and still there at the third."""
    folder = tmp_path_factory.mktemp("dates")
    return [
        draw_scene(folder / "a_20240412.tif", seed=1),
        draw_scene(folder / "b_20250412.tif", seed=2, built=True),
        draw_scene(folder / "c_20250512.tif", seed=3, built=True),
    ]


def scanned(service: Served, before: Path, after: Path) -> list[dict[str, Any]]:
    ended = finished(service.client, post_pair(service.client, before, after).json()["jobID"])
    assert ended["status"] == "successful", ended
    found: list[dict[str, Any]] = service.client.get(f"/scans/{ended['scan_id']}/findings").json()["features"]
    return sorted(found, key=lambda f: -f["properties"]["area_m2"])


def queue(service: Served) -> list[str]:
    return [row["id"] for row in service.client.get("/queue?capacity=50").json()["rows"]]


def test_a_dismissed_roof_is_not_asked_about_again(service: Served, dates: list[Path]) -> None:
    first = scanned(service, dates[0], dates[1])[0]
    told = first["properties"]
    assert 0 < told["priority"] <= 1 and told["judged"] is None and first["id"] in queue(service)
    done = kancha("judge", first["id"], "false", "--by", "王", "--reason", "tarpaulin", data=service.data)
    assert done.returncode == 0, done.stderr
    again = scanned(service, dates[0], dates[2])[0]
    assert again["id"] != first["id"] and again["properties"]["suppressed_by"] == first["id"]
    assert first["id"] not in queue(service) and again["id"] not in queue(service)
    body = {"verdict": True, "judged_by": "李"}
    assert service.client.post(f"/findings/{first['id']}/verdicts", json=body).status_code == 201
    assert service.client.get(f"/findings/{again['id']}").json()["properties"]["suppressed_by"] is None
    assert again["id"] in queue(service)
    services = open_services(Settings(data=service.data))
    pairs = judged_pairs(services)
    services.close()
    assert [pair.before.read_bytes() for pair in pairs] == [dates[0].read_bytes()]
    assert [(j.finding_id, j.right) for j in pairs[0].judged] == [(first["id"], True)]
