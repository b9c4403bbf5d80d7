"""Surface models over HTTP: sent with imagery, alone, or stored before; and what is refused at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.service_kit import Served, draw_pair, finished, served
from tests.integration.test_service_problems import check
from tests.unit.detect.surface_kit import block, ground, model

NEW_ROOF = (300, 330, 44, 64)
"""As in the pictures of the kit."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("inputs")
    before, after = draw_pair(folder)
    raised = block(ground(2, 512), *NEW_ROOF, 6.2)
    return {
        "before": before,
        "after": after,
        "before_dsm": model(folder / "dsm_20240410.tif", ground(1, 512)),
        "after_dsm": model(folder / "surface_of_the_second_date.tif", raised),
        "after_dtm": model(folder / "dtm_20250412.tif", ground(3, 512)),
    }


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(tmp_path_factory.mktemp("data")) as made:
        yield made


def sent(inputs: dict[str, Path], *names: str) -> dict[str, tuple[str, bytes]]:
    return {name: (inputs[name].name, inputs[name].read_bytes()) for name in names}


def result(client: httpx.Client, answer: httpx.Response) -> tuple[dict[str, Any], dict[str, Any]]:
    """The scan of an accepted order and its findings."""
    assert answer.status_code == 202, answer.text
    ended = finished(client, answer.json()["jobID"])
    assert ended["status"] == "successful", ended
    (link,) = [link["href"] for link in ended["links"] if link["href"].endswith("/findings")]
    return client.get(link.removesuffix("/findings")).json(), client.get(link).json()


def test_models_sent_with_the_pictures(service: Served, inputs: dict[str, Path]) -> None:
    scan, told = result(service.client, service.client.post("/scans", files=sent(inputs, *inputs)))
    (feature,) = [f for f in told["features"] if f["properties"]["height_gain_m"]]
    assert feature["properties"]["height_gain_m"] == pytest.approx(6.2, abs=0.2)
    assert feature["properties"]["storeys"] == 2
    assert told["provenance"]["heights"]["ground"]["after"] == "terrain model"
    roles = {i["role"]: i["sha256"] for i in scan["provenance"]["inputs"]}
    assert list(roles) == ["before", "after", "before_dsm", "after_dsm", "after_dtm"]
    scenes = {s["sha256"]: s for s in service.client.get("/scenes").json()["scenes"]}
    # a model without a date of its own is of the date of its picture
    assert scenes[roles["after_dsm"]]["acquired_at"] == scenes[roles["after"]]["acquired_at"]
    assert scenes[roles["before_dsm"]]["acquired_at"] < scenes[roles["before"]]["acquired_at"]
    assert scenes[roles["before_dsm"]]["attributes"] == {"kind": "surface"}


def test_stored_models_alone(service: Served, inputs: dict[str, Path]) -> None:
    ids = {}
    for name, day in (("before_dsm", "2024-04-10"), ("after_dsm", "2025-04-12")):
        answer = service.client.post("/scenes", files={"raster": sent(inputs, name)[name]}, data={"date": day})
        assert answer.status_code in (200, 201), answer.text
        ids[f"{name}_scene"] = answer.json()["id"]
    scan, told = result(service.client, service.client.post("/scans", json={**ids, "min_gain_m": 4}))
    assert scan["before_scene"] == ids["before_dsm_scene"] and scan["options"]["min_gain_m"] == 4
    assert [i["role"] for i in scan["provenance"]["inputs"]] == ["before_dsm", "after_dsm"]
    assert [f["properties"]["change"] for f in told["features"]] == ["appeared"]
    low, nothing = result(service.client, service.client.post("/scans", json={**ids, "min_gain_m": 8}))
    assert nothing["features"] == [] and low["id"] != scan["id"]


@pytest.mark.parametrize(
    ("names", "status", "code"),
    [
        (("before", "after", "before_dsm"), 400, "option-range"),
        (("after", "before_dsm", "after_dsm"), 400, "bad-body"),
        (("before_dsm",), 400, "bad-body"),
    ],
)
def test_half_a_pair_is_refused(
    service: Served, inputs: dict[str, Path], names: tuple[str, ...], status: int, code: str
) -> None:
    assert check(service.client.post("/scans", files=sent(inputs, *names)), status, code)["remedy"]


def test_a_picture_is_no_surface_model(service: Served, inputs: dict[str, Path]) -> None:
    files = {**sent(inputs, "before", "after", "before_dsm"), "after_dsm": sent(inputs, "after")["after"]}
    assert check(service.client.post("/scans", files=files), 422, "bands-unusable")["measured"] == {"bands": 3}
