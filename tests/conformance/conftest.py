"""A real service with a scan and layers in it, on either store, for clients that others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.service_kit import Served, draw_pair, finished, post_pair, served, write_layer, write_parcels

GRID = 12
"""Parcels on a side of the zones layer below."""


def write_zones(path: Path) -> Path:
    """144 squares, some with a number in Chinese."""
    from tests.integration.service_kit import polygon

    told = [
        (
            {
                "zone_id": f"区-{row}-{col}",
                "kind": ("road", "green", "water")[(row + col) % 3],
                "setback_m": float(row),
                "valid_from": f"20{20 + col % 5}-01-01",
                "name": None if row == col else f"{'东西'[row % 2]}路{col}",
            },
            polygon(row * 40, col * 40, 39, 39),
        )
        for row in range(GRID)
        for col in range(GRID)
    ]
    return write_layer(path, told)


@pytest.fixture(scope="module", params=["postgis", "sqlite"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service process with parcels, zones and one scan."""
    folder = tmp_path_factory.mktemp("conformance")
    more = {}
    if request.param == "postgis":
        more["KANCHA_STORE"] = request.getfixturevalue("postgis").new_database()
    with served(folder / "data", **more) as running:
        for kind, path in (
            ("parcels", write_parcels(folder / "parcels.geojson")),
            ("zones", write_zones(folder / "zones.geojson")),
        ):
            with path.open("rb") as file:
                answer = running.client.post(f"/layers/{kind}", files={"file": (path.name, file)})
            assert answer.status_code == 201, answer.text
        order = post_pair(running.client, *draw_pair(folder / "pair"))
        assert finished(running.client, order.json()["jobID"])["status"] == "successful"
        yield running
