"""Vector tiles over HTTP: from the store and from the archive alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pyogrio
import pytest

from service.render.archives import archive_path
from service.render.schemes import SCHEMES
from service.settings import Settings
from service.usecases.vector_tiles import make_archive
from tests.access import client_of
from tests.integration.service_kit import finished, write_layer, write_parcels


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("tiles")
    with client_of(Settings(data=folder / "data")) as made:
        path = write_parcels(folder / "parcels.geojson")
        with path.open("rb") as file:
            assert made.post("/layers/parcels", files={"file": (path.name, file)}).status_code == 201
        yield made


def at(scheme: str, z: int) -> str:
    """The tile of the first parcel."""
    column, row = SCHEMES[scheme].tiles(np.array([114.0005]), np.array([36.5985]), z)
    return f"/collections/parcels/tiles/{scheme}/{z}/{int(column[0])}/{int(row[0])}.mvt"


@pytest.mark.parametrize("scheme", ["WebMercatorQuad", "CGCS2000Quad"])
def test_a_tile_holds_the_features_with_their_properties(client: Any, scheme: str) -> None:
    answer = client.get(at(scheme, 16))
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    layer = mapbox_vector_tile.decode(answer.content)["parcels"]
    told = {one["properties"]["id"]: one["properties"] for one in layer["features"]}
    assert told["宗地-1"]["land_use"] == "0103"
    again = client.get(at(scheme, 16), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_archive_holds_the_same_tiles(client: Any) -> None:
    services = client.app.state.services
    version = services.store.layers.newest("parcels")
    paths = [at("WebMercatorQuad", z) for z in range(10, 18)]
    before = [client.get(path) for path in paths]
    assert make_archive(services, version) >= 3
    assert archive_path(services.settings.data, version.id).exists()
    after = [client.get(path) for path in paths]
    assert [a.status_code for a in after] == [b.status_code for b in before]
    assert [a.content for a in after] == [b.content for b in before] and any(a.content for a in after)
    packed = client.get(paths[6], headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip" and packed.content == after[6].content
    plain = client.get(paths[6], headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.content == after[6].content


def test_a_large_layer_gets_its_archive_by_a_job(client: Any, tmp_path: Path) -> None:
    squares = [
        ({"building_id": f"b{k}"}, [[[x, y], [x + 1e-4, y], [x + 1e-4, y + 1e-4], [x, y + 1e-4], [x, y]]])
        for k, (x, y) in enumerate((114.0 + i * 2e-4, 36.5 + j * 2e-4) for i in range(50) for j in range(44))
    ]
    path = write_layer(tmp_path / "buildings.geojson", squares)
    with path.open("rb") as file:
        assert client.post("/layers/buildings", files={"file": (path.name, file)}).status_code == 201
    (job,) = [one for one in client.get("/jobs").json()["jobs"] if one["processID"] == "tiles"]
    assert finished(client, job["jobID"])["status"] == "successful"
    services = client.app.state.services
    assert archive_path(services.settings.data, services.store.layers.newest("buildings").id).exists()


def test_what_is_no_tile_is_refused_by_name(client: Any) -> None:
    for path, status in (
        ("/collections/parcels/tiles/Unknown/10/0/0.mvt", 404),
        ("/collections/parcels/tiles/WebMercatorQuad/10/1024/0.mvt", 404),
        ("/collections/parcels/tiles/CGCS2000Quad/0/0/0.mvt", 404),
        ("/collections/parcels/tiles/WebMercatorQuad/99/0/0.mvt", 400),
        ("/collections/parcels/tiles/WebMercatorQuad/10/-1/0.mvt", 400),
        ("/collections/nothing/tiles/WebMercatorQuad/10/0/0.mvt", 404),
        ("/collections/nothing/tiles/WebMercatorQuad/tilejson.json", 404),
    ):
        answer = client.get(path)
        assert answer.status_code == status and answer.json()["code"], path
    assert client.get("/collections/findings/tiles/WebMercatorQuad/3/1/1.mvt").status_code == 204


def test_tilejson_leads_to_the_tiles(client: Any, tmp_path: Path) -> None:
    told = client.get("/collections/parcels/tiles/WebMercatorQuad/tilejson.json").json()
    assert (told["tilejson"], told["minzoom"], told["vector_layers"][0]["id"]) == ("3.0.0", 10, "parcels")
    path = at("WebMercatorQuad", 16).removeprefix("/collections/parcels/tiles/WebMercatorQuad/").removesuffix(".mvt")
    z, x, y = path.split("/")
    answer = client.get(told["tiles"][0].format(z=z, x=x, y=y))
    (tmp_path / f"{y}.mvt").write_bytes(answer.content)
    # GDAL reads it too
    frame = pyogrio.read_dataframe(f"MVT:{tmp_path / f'{y}.mvt'}", layer="parcels")
    assert set(frame["id"]) == {"宗地-1", "宗地-2"}
