"""The same imagery and layers give the same findings on either store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.service_kit import (
    draw_pair,
    draw_scene,
    finished,
    post_pair,
    served,
    write_parcels,
    write_permits,
)
from tests.postgres import Cluster


def found(data: Path, pair: tuple[Path, Path], layers: dict[str, Path], **more: str) -> list[Any]:
    """Findings and structures after two scans, a verdict between, as clients get them."""
    with served(data, **more) as service:
        client = service.client
        for kind, path in layers.items():
            with path.open("rb") as file:
                assert client.post(f"/layers/{kind}", files={"file": (path.name, file)}).status_code == 201
        order = {"parcels_layer": "newest", "permits_layer": "newest"}
        assert finished(client, post_pair(client, *pair, **order).json()["jobID"])["status"] == "successful"
        first = client.get("/collections/findings/items").json()["features"][0]["id"]
        told = {"verdict": "true", "judged_by": "王"}
        assert client.post(f"/findings/{first}/verdicts", json=told).status_code == 201
        third = draw_scene(data.parent / "later_20260412.tif", seed=3, built=False)
        assert finished(client, post_pair(client, pair[1], third).json()["jobID"])["status"] == "successful"
        lists = [client.get(f"/collections/{name}/items").json()["features"] for name in ("findings", "structures")]
        queue = client.get("/queue", params={"capacity": 10}).json()
        # the links name the port of each service
        rows = [{name: told for name, told in row.items() if name != "links"} for row in queue["rows"]]
        assert rows
        return [*lists, rows]


@pytest.mark.soak
def test_findings_are_equal_on_both_stores(tmp_path: Path, postgis: Cluster) -> None:
    pair = draw_pair(tmp_path / "pair")
    layers = {"parcels": write_parcels(tmp_path / "p.geojson"), "permits": write_permits(tmp_path / "q.geojson")}
    one = found(tmp_path / "sqlite", pair, layers)
    two = found(tmp_path / "postgis", pair, layers, KANCHA_STORE=postgis.new_database())
    assert len(one[0]) == 2 and {f["properties"]["change"] for f in one[0]} == {"appeared", "disappeared"}
    assert one == two
