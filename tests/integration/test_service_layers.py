"""Layers over HTTP, from what four bureaus send: kinds, versions, differences, sources, previews, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.app import create_app
from service.settings import Settings
from tests.integration.conftest import TestClient
from tests.integration.service_kit import polygon, write_layer


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    """A service whose store is empty."""
    with TestClient(create_app(Settings(data=tmp_path / "data")), raise_server_exceptions=False) as made:
        yield made


def send(client: Any, kind: str, path: Path, **fields: str) -> Any:
    return client.post(f"/layers/{kind}", files={"file": (path.name, path.read_bytes())}, data=fields)


def test_administrative_areas_are_a_layer_and_a_collection(client: Any, tmp_path: Path) -> None:
    told = {"area_id": "130402", "name": "邯山区", "level": "district"}
    path = write_layer(tmp_path / "areas.geojson", [(told, polygon(0, 0, 9, 9))])
    answer = send(client, "areas", path)
    assert (answer.status_code, answer.json()["kind"]) == (201, "areas")
    found = client.get("/collections/areas/items", params={"level": "district"}).json()
    assert [f["properties"]["name"] for f in found["features"]] == ["邯山区"]
