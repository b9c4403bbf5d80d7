"""The Web Map Tile Service, as GDAL and OWSLib read it from the running service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import rasterio
from affine import Affine
from owslib.wmts import WebMapTileService
from rasterio.warp import transform

from tests.integration.service_kit import Served, post_scene, served
from tests.integration.tile_kit import NORTH, WEST, draw, place


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("wmts")
    with served(folder / "data") as running:
        answer = post_scene(running.client, draw(folder / "quarters_20240101.tif"))
        assert answer.status_code == 201, answer.text
        yield running, answer.json()


@pytest.mark.parametrize(("scheme", "crs"), [("WebMercatorQuad", "EPSG:3857"), ("CGCS2000Quad", "EPSG:4490")])
def test_gdal_reads_the_colours(service: tuple[Served, dict[str, Any]], scheme: str, crs: str) -> None:
    running, scene = service
    url = f"http://127.0.0.1:{running.port}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"
    name = f"WMTS:{url},layer={scene['id']},tilematrixset={scheme}"
    # no cache is written and no proxy is asked
    with (
        rasterio.Env(
            GDAL_ENABLE_WMS_CACHE="NO",
            GDAL_HTTP_PROXY="",
            NO_PROXY="127.0.0.1",
            GDAL_HTTP_HEADERS=f"Authorization: {running.key['Authorization']}",
        ),
        rasterio.open(name) as seen,
    ):
        assert seen.crs.to_epsg() == int(crs.split(":")[1])
        for right, down, colour in ((0.06, 0.06, (200, 0, 0)), (0.19, 0.06, (0, 150, 0)), (0.06, 0.19, (0, 0, 100))):
            (x,), (y,) = transform("OGC:CRS84", crs, [WEST + right], [NORTH - down])
            row, col = seen.index(x, y)
            got = seen.read([1, 2, 3], window=rasterio.windows.Window(col, row, 1, 1))
            assert tuple(got.ravel().tolist()) == colour
        left, _, _, top = seen.bounds
        step = seen.transform.a
        (x,), (y,) = transform("OGC:CRS84", crs, [WEST], [NORTH])
        assert abs(left - x) <= 1.5 * step and abs(top - y) <= 1.5 * step
    assert isinstance(seen.transform, Affine)


def test_owslib_reads_the_capabilities(service: tuple[Served, dict[str, Any]]) -> None:
    running, scene = service
    text = running.client.get("/wmts", params={"SERVICE": "WMTS", "REQUEST": "GetCapabilities"}).content
    told = WebMapTileService(f"http://127.0.0.1:{running.port}/wmts", xml=text)
    layer = told.contents[scene["id"]]
    assert set(layer.tilematrixsetlinks) == {"WebMercatorQuad", "CGCS2000Quad"}
    assert layer.boundingBoxWGS84 == pytest.approx((WEST, NORTH - 0.25, WEST + 0.25, NORTH))
    assert "image/png" in layer.formats and len(layer.resourceURLs) == 3
    tianditu = told.tilematrixsets["CGCS2000Quad"].tilematrix["1"]
    assert (tianditu.matrixwidth, tianditu.matrixheight) == (2, 1)
    assert tianditu.scaledenominator == pytest.approx(2.795411320143589e8 * 1.0, rel=1e-6)


def test_a_tile_by_key_and_value_is_the_tile_by_its_address(service: tuple[Served, dict[str, Any]]) -> None:
    running, scene = service
    x, y, col, row = place("CGCS2000Quad", 13, WEST + 0.06, NORTH - 0.06)
    keys = {"service": "WMTS", "Request": "GetTile", "LAYER": scene["id"], "TileMatrixSet": "CGCS2000Quad"}
    answer = running.client.get("/wmts", params={**keys, "TILEMATRIX": 13, "TILECOL": x, "TILEROW": y})
    plain = running.client.get(f"/scenes/{scene['id']}/tiles/CGCS2000Quad/13/{x}/{y}.png")
    assert answer.content == plain.content and answer.headers["content-type"] == "image/png"
    pixels = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels[row, col, :3].tolist() == [0, 0, 200]


def test_a_malformed_request_has_a_name(service: tuple[Served, dict[str, Any]]) -> None:
    running, _ = service
    for query in ({"REQUEST": "GetFeatureInfo"}, {"REQUEST": "GetTile"}, {"REQUEST": "GetTile", "FORMAT": "image/x"}):
        answer = running.client.get("/wmts", params=query)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-query")


def test_nothing_is_left_behind(service: tuple[Served, dict[str, Any]]) -> None:
    assert not Path("gdalwmscache").exists()
