"""Errors have one shape on every path."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from geodata import errors as science
from geodata.errors import KanchaError
from service import errors as service
from service import http_errors
from service.http_errors import status_of
from tests.access import TestClient
from tests.integration.service_kit import draw_scene, post_pair, post_scene

MEMBERS = {"type", "title", "title_zh", "status", "detail", "detail_zh", "code", "remedy", "remedy_zh", "measured"}
MEMBERS |= {"instance", "request_id"}


def check(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.status_code == status == body["status"], answer.text
    assert set(body) == MEMBERS
    assert body["type"] == f"urn:kancha:problem:{body['code']}"
    assert body["title"] and body["title_zh"] and body["detail"]
    assert isinstance(body["measured"], dict)
    if code is not None:
        assert body["code"] == code, answer.text
    return body


GETS = [
    ("/nowhere", 404, None),
    ("/scenes/zz", 404, "not-found"),
    ("/scenes/zz/preview.png", 404, "not-found"),
    ("/scenes/zz/preview.gif", 400, "bad-query"),
    ("/scans/zz", 404, "not-found"),
    ("/scans/zz/findings", 404, "not-found"),
    ("/findings/zz", 404, "not-found"),
    ("/jobs/zz", 404, "not-found"),
    ("/jobs?status=sleeping", 400, "bad-query"),
    ("/layers/clouds", 404, "not-found"),
    ("/layers/parcels/zz", 404, "not-found"),
    ("/collections/zz", 404, "not-found"),
    ("/collections/zz/items", 404, "not-found"),
    ("/collections/parcels/items", 404, "not-found"),
    ("/collections/findings/items/zz", 404, "not-found"),
    ("/collections/findings/items?colour=red", 400, "bad-query"),
    ("/collections/findings/items?bbox=1,2,3", 400, "bad-query"),
    ("/collections/findings/items?datetime=soon", 400, "bad-query"),
    ("/collections/findings/items?limit=0", 400, "bad-query"),
    ("/collections/findings/items?limit=ten", 400, "bad-query"),
    ("/collections/findings/items?min_confidence=2", 400, "bad-query"),
    ("/collections?f=pdf", 400, "bad-query"),
    ("/scenes?page=2", 400, "bad-query"),
    ("/static/nothing.js", 404, "not-found"),
    ("/static/map.py", 404, "not-found"),
]


@pytest.mark.parametrize(("path", "status", "code"), GETS)
def test_a_question_without_an_answer(client: Any, path: str, status: int, code: str | None) -> None:
    body = check(client.get(path), status, code)
    assert body["instance"] == path.split("?")[0]


@pytest.mark.parametrize("path", ["/scenes", "/scans", "/jobs/x", "/collections", "/", "/map", "/healthz"])
def test_a_method_that_is_not_there(client: Any, path: str) -> None:
    answer = client.patch(path)
    check(answer, 405, "method-not-allowed")
    assert answer.headers["allow"]


def test_an_unforeseen_error_has_the_same_shape_and_says_nothing_inner() -> None:
    app = FastAPI()
    http_errors.install(app)

    @app.get("/breaks")
    def breaks() -> None:
        raise RuntimeError("secret /inner/path")

    body = check(TestClient(app, raise_server_exceptions=False).get("/breaks"), 500, "internal-error")
    assert "secret" not in str(body)


def test_every_named_error_has_a_status() -> None:
    kinds: list[type[KanchaError]] = [KanchaError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {science.NoOverlapError, service.NotFoundError} <= set(kinds)
    for kind in kinds:
        assert 400 <= status_of(kind("x")) <= 599
        if issubclass(kind, science.InputError):
            assert status_of(kind("x")) < 500


# --- bodies --------------------------------------------------------------------------------------


def test_bodies_that_cannot_be_used(client: Any) -> None:
    check(client.post("/scenes"), 415, "media-type")
    check(client.post("/scenes", content=b"II*\0", headers={"content-type": "image/tiff"}), 415, "media-type")
    check(client.post("/scenes", json={"date": "2024-01-01"}), 400, "bad-body")
    check(client.post("/scans", content=b"{", headers={"content-type": "application/json"}), 400, "bad-body")
    check(client.post("/scans", json=[]), 400, "bad-body")
    check(client.post("/scans", json={"before_scene": "a"}), 400, "bad-body")
    check(client.post("/scans", json={"before_scene": 5, "after_scene": "b"}), 400, "bad-body")
    check(client.post("/scans", json={"before_scene": "a", "after_scene": "b"}), 404, "not-found")
    check(client.post("/scans", json={"before_scene": "a", "after_scene": "b", "min_area": 3}), 400, "bad-body")
    check(client.post("/layers/parcels", files={"crs": (None, "EPSG:4547")}), 400, "bad-body")


def test_multipart_bodies_that_are_broken(client: Any) -> None:
    kind = {"content-type": "multipart/form-data; boundary=b"}
    check(client.post("/scenes", content=b"", headers={"content-type": "multipart/form-data"}), 400, "bad-body")
    head = b'--b\r\nContent-Disposition: form-data; name="raster"; filename="a.tif"\r\n\r\n'
    check(client.post("/scenes", content=head + b"II*", headers=kind), 400, "bad-body")
    check(client.post("/scenes", content=b"rubbish", headers=kind), 400, "bad-body")
    twice = head + b"x\r\n" + head + b"y\r\n--b--\r\n"
    check(client.post("/scenes", content=twice, headers=kind), 400, "bad-body")
    nameless = b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"
    check(client.post("/scenes", content=nameless, headers=kind), 400, "bad-body")


def test_a_body_over_the_limit_is_refused_and_leaves_nothing(client: Any, settings: Any) -> None:
    big = b"\0" * (5 * 1024**2)
    body = check(client.post("/scenes", files={"raster": ("a.tif", big)}), 413, "payload-too-large")
    assert body["measured"] == {"max_bytes": 4 * 1024**2}

    def stream() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="raster"; filename="a.tif"\r\n\r\n'
        for _ in range(100):
            yield b"\0" * 65_536

    kind = {"content-type": "multipart/form-data; boundary=b"}
    check(client.post("/scenes", content=stream(), headers=kind), 413, "payload-too-large")
    long_text = {"raster": ("a.tif", b"x"), "attributes": (None, "x" * 100_000)}
    check(client.post("/scenes", files=long_text), 413, "payload-too-large")
    check(client.post("/scans", json={"aoi": "x" * 100_000}), 413, "payload-too-large")
    assert list((settings.data / "incoming").iterdir()) == []


# --- bad input (issue 3) -------------------------------------------------------------------------


def test_files_that_are_no_scene(client: Any, settings: Any, tmp_path: Path) -> None:
    good = draw_scene(tmp_path / "good_20240412.tif").read_bytes()
    cases: list[tuple[str, bytes, int, str]] = [
        ("text.tif", b"hello, this is no raster", 415, "not-a-raster"),
        ("empty.tif", b"", 415, "not-a-raster"),
        ("evil.vrt", b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>", 415, "raster-format-refused"),
        ("picture.tif", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, 415, "raster-format-refused"),
        ("cut_20240412.tif", good[: len(good) // 2], 422, "raster-truncated"),
    ]
    for name, content, status, code in cases:
        body = check(client.post("/scenes", files={"raster": (name, content)}), status, code)
        assert body["remedy"], name
    assert client.get("/scenes").json()["numberMatched"] == 0
    assert list((settings.data / "blobs").iterdir()) == []


def test_scenes_that_lack_something(client: Any, tmp_path: Path) -> None:
    check(post_scene(client, draw_scene(tmp_path / "undated.tif")), 422, "date-missing")
    bare = draw_scene(tmp_path / "bare_20240412.tif", crs=None)
    check(post_scene(client, bare), 422, "crs-missing")
    check(post_scene(client, bare, crs="EPSG:nonsense"), 422, "crs-unusable")
    degrees = draw_scene(tmp_path / "zone_20240412.tif", crs="EPSG:4490", left=38_500_000.0)
    check(post_scene(client, degrees), 422, "crs-mismatch")
    check(post_scene(client, bare, crs="EPSG:4547", date="yesterday"), 400, "option-range")
    check(post_scene(client, bare, crs="EPSG:4547", attributes="[1]"), 400, "bad-body")
    check(post_scene(client, bare, crs="EPSG:4547", colour="red"), 400, "bad-body")
    assert post_scene(client, bare, crs="EPSG:4547").status_code == 201


def test_pairs_that_cannot_be_compared(client: Any, pair: tuple[Path, Path], tmp_path: Path) -> None:
    before, after = pair
    check(post_pair(client, after, before), 422, "date-order")
    body = check(post_pair(client, before, after, after_date="2024-04-12"), 422, "date-order")
    assert body["measured"]["before"] == body["measured"]["after"]
    far = draw_scene(tmp_path / "far_20250412.tif", left=500_000.0 + 250.0)
    body = check(post_pair(client, before, far), 422, "no-overlap")
    assert 0 < body["measured"]["overlap_share"] < 0.05
    coarse = draw_scene(tmp_path / "coarse_20250412.tif", size=64, gsd=5.0)
    body = check(post_pair(client, before, coarse), 422, "pixel-size-ratio")
    assert body["measured"]["ratio"] == pytest.approx(10, rel=0.01)
    check(post_pair(client, before, after, min_area_m2="-1"), 400, "option-range")
    check(post_pair(client, before, after, min_area_m2="large"), 400, "option-range")
    check(post_pair(client, before, after, detector="oracle"), 400, "option-range")
    check(post_pair(client, before, after, aoi='{"type":"Point","coordinates":[1,2]}'), 422, "geometry-unusable")
    check(post_pair(client, before, after, aoi="nonsense"), 422, "layer-unusable")
    check(post_pair(client, before, after, parcels_layer="zz"), 404, "not-found")
    check(post_pair(client, before, after, parcels_layer="newest"), 404, "not-found")
    assert client.get("/jobs").json()["numberMatched"] == 0


def test_layers_that_cannot_be_read(client: Any, tmp_path: Path) -> None:
    def post(content: bytes, name: str = "a.geojson", **fields: str) -> Any:
        return client.post("/layers/parcels", files={"file": (name, content)}, data=fields)

    check(post(b"hello"), 422, "layer-unusable")
    check(post(b"{"), 422, "layer-unusable")
    check(post(b"PK\x03\x04" + b"\0" * 50, "a.zip"), 422, "layer-unusable")
    ring = [[114, 36], [114.1, 36], [114.1, 36.1], [114, 36]]
    told = {"type": "Feature", "properties": {"DKBM": "1"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    import json

    layer = json.dumps({"type": "FeatureCollection", "features": [told]}).encode()
    check(post(layer), 422, "layer-columns")
    check(post(layer, mapping='{"parcel_id": "NONE"}'), 422, "layer-columns")
    check(post(layer, mapping="[]"), 400, "bad-body")
    assert post(layer, mapping='{"parcel_id": "DKBM"}').status_code == 201
    check(client.post("/layers/clouds", files={"file": ("a.geojson", layer)}), 404, "not-found")


def test_the_shape_is_the_same_everywhere(client: Any) -> None:
    answers = [client.get(path) for path, _, _ in itertools.islice(GETS, 3)]
    assert len({frozenset(answer.json()) for answer in answers}) == 1
