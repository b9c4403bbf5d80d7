"""Routes that store and list, the OGC surface, the pages."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import rasterio

from tests.integration.service_kit import ROOT, draw_pair, draw_scene, post_scene, write_parcels, write_permits


def links(body: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in body["links"]}


# --- scenes --------------------------------------------------------------------------------------


def test_a_scene_is_stored_once(client: Any, settings: Any, pair: tuple[Path, Path]) -> None:
    first = post_scene(client, pair[0], attributes='{"sensor": "GF-2", "景号": 7}')
    again = post_scene(client, pair[0])
    assert (first.status_code, again.status_code) == (201, 200)
    told = first.json()
    assert told["id"] == again.json()["id"]
    assert told["acquired_at"] == "2024-04-11T16:00:00Z", "the name says a Beijing day"
    assert told["attributes"] == {"sensor": "GF-2", "景号": 7}
    assert (told["crs"], told["width"], told["bands"]) == ("EPSG:4547", 512, ["red", "green", "blue"])
    assert first.headers["location"].endswith(f"/scenes/{told['id']}")
    assert client.get(f"/scenes/{told['id']}").json() == told
    stored = [p for p in (settings.data / "blobs").rglob("*") if p.is_file()]
    assert len(stored) == 2 and pair[0].read_bytes() in [p.read_bytes() for p in stored], "the scene and its mask"
    assert list((settings.data / "incoming").iterdir()) == []


def test_another_date_is_another_scene_of_the_same_content(client: Any, pair: tuple[Path, Path]) -> None:
    one = post_scene(client, pair[0]).json()
    two = post_scene(client, pair[0], acquired_at="2024-06-01T10:30:00+08:00").json()
    assert one["id"] != two["id"] and one["sha256"] == two["sha256"]
    assert two["acquired_at"] == "2024-06-01T02:30:00Z"


def test_a_name_from_outside_is_never_a_path(client: Any, settings: Any, tmp_path: Path) -> None:
    path = draw_scene(tmp_path / "x_20230101.tif", seed=9)
    with path.open("rb") as file:
        answer = client.post("/scenes", files={"raster": ("../../../x_20230101;$(id).tif", file)})
    assert answer.status_code == 201
    assert answer.json()["file_name"] == "x_20230101__(id).tif"
    assert not list(settings.data.parent.glob("x_2023*"))


def test_scenes_never_change_and_say_so(client: Any, pair: tuple[Path, Path]) -> None:
    scene = post_scene(client, pair[0]).json()
    answer = client.get(f"/scenes/{scene['id']}")
    tag = answer.headers["etag"]
    assert tag.startswith('"')
    same = client.get(f"/scenes/{scene['id']}", headers={"if-none-match": f'W/"x", {tag}'})
    assert (same.status_code, same.content) == (304, b"")
    other = client.get(f"/scenes/{scene['id']}", headers={"if-none-match": '"x"'})
    assert other.status_code == 200


@pytest.mark.parametrize(("form", "kind"), [("png", "image/png"), ("jpg", "image/jpeg")])
def test_a_preview_is_of_the_wanted_box(client: Any, pair: tuple[Path, Path], form: str, kind: str) -> None:
    scene = post_scene(client, pair[1]).json()
    west, south, east, north = scene["bbox"]
    middle = f"{west + (east - west) / 4},{south + (north - south) / 4},{(west + east) / 2},{(south + north) / 2}"
    answer = client.get(f"/scenes/{scene['id']}/preview.{form}?bbox={middle}&width=128")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == kind and "immutable" in answer.headers["cache-control"]
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert max(picture.shape[:2]) == 128
    assert picture.shape[2] == (4 if form == "png" else 3)
    assert 60 < np.median(picture[..., 1]) < 130, "the ground, not black"
    tag = answer.headers["etag"]
    again = client.get(f"/scenes/{scene['id']}/preview.{form}?bbox={middle}&width=128", headers={"if-none-match": tag})
    assert again.status_code == 304


def test_a_preview_refuses_what_it_cannot_show(client: Any, pair: tuple[Path, Path]) -> None:
    base = f"/scenes/{post_scene(client, pair[0]).json()['id']}/preview.png"
    assert client.get(f"{base}?bbox=1,1,2,2").json()["code"] == "no-overlap"
    assert client.get(f"{base}?width=100000").json()["code"] == "option-range"
    assert client.get(f"{base}?width=0").json()["code"] == "bad-query"
    assert client.get(f"{base}?bbox=114,36,114,36").json()["code"] == "option-range"


def test_lists_are_paged_by_links(client: Any, tmp_path: Path) -> None:
    for i in range(3):
        assert post_scene(client, draw_scene(tmp_path / f"p_2022010{i + 1}.tif", size=64, seed=i)).status_code == 201
    seen: list[str] = []
    url = "/scenes?limit=2"
    while url:
        page = client.get(url).json()
        assert page["numberReturned"] == len(page["scenes"]) <= 2
        seen += [scene["id"] for scene in page["scenes"]]
        url = links(page).get("next", "")
    assert len(seen) == len(set(seen)) == page["numberMatched"] >= 3


# --- layers and collections ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def parcels(client: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = write_parcels(tmp_path_factory.mktemp("layers") / "parcels.geojson")
    answer = client.post("/layers/parcels", files={"file": ("宗地.geojson", path.read_bytes())})
    assert answer.status_code == 201, answer.text
    again = client.post("/layers/parcels", files={"file": ("宗地.geojson", path.read_bytes())})
    assert again.status_code == 200 and again.json()["id"] == answer.json()["id"]
    told: dict[str, Any] = answer.json()
    return told


def test_a_layer_is_stored_once_with_its_report(client: Any, parcels: dict[str, Any]) -> None:
    assert (parcels["kind"], parcels["features"], parcels["file_name"]) == ("parcels", 2, "宗地.geojson")
    assert parcels["report"]["rows"] == parcels["report"]["kept"] == 2
    assert client.get(f"/layers/parcels/{parcels['id']}").json() == parcels
    assert client.get(f"/layers/permits/{parcels['id']}").status_code == 404
    assert [v["id"] for v in client.get("/layers/parcels").json()["layers"]] == [parcels["id"]]
    assert client.get("/layers").json()["numberMatched"] == 1


def test_the_landing_page_leads_everywhere(client: Any) -> None:
    body = client.get("/").json()
    for link in body["links"]:
        answer = client.get(link["href"])
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0], link
    assert {"self", "service-desc", "service-doc", "conformance", "data"} <= set(links(body))
    classes = client.get("/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes


def test_collections_hold_what_is_stored(client: Any, parcels: dict[str, Any]) -> None:
    body = client.get("/collections").json()
    wanted = ["findings", "structures", "leads", "cases", "scenes", "parcels", "coverage", "blind_spots"]
    assert [c["id"] for c in body["collections"]] == wanted
    one = client.get("/collections/parcels").json()
    assert one["extent"]["spatial"]["bbox"] == [parcels["bbox"]]
    assert one["itemType"] == "feature" and one["crs"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    items = client.get(links(one)["items"])
    assert items.headers["content-type"] == "application/geo+json"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", items.json()["timeStamp"])


def test_items_are_paged_filtered_and_reached_one_by_one(client: Any, parcels: dict[str, Any]) -> None:
    first = client.get("/collections/parcels/items?limit=1").json()
    assert (first["numberMatched"], first["numberReturned"], first["type"]) == (2, 1, "FeatureCollection")
    second = client.get(links(first)["next"]).json()
    assert "next" not in links(second)
    ids = [first["features"][0]["id"], second["features"][0]["id"]]
    assert ids == ["宗地-1", "宗地-2"]
    one = client.get(f"/collections/parcels/items/{ids[1]}").json()
    assert one["properties"]["land_use"] == "0702" and client.get(links(one)["self"]).json() == one
    found = client.get("/collections/parcels/items", params={"parcel_id": "宗地-2"}).json()
    assert [f["id"] for f in found["features"]] == ["宗地-2"]
    assert client.get("/collections/parcels/items?status=suspected").status_code == 400
    west, south, _, north = parcels["bbox"]
    near = client.get(f"/collections/parcels/items?bbox={west},{south},{west + 1e-5},{north}").json()
    assert [f["id"] for f in near["features"]] == ["宗地-1"]
    assert client.get("/collections/parcels/items?bbox=170,-80,-170,-70").json()["numberMatched"] == 0
    assert client.get("/collections/parcels/items?limit=100000").json()["numberReturned"] == 2
    assert client.get("/collections/parcels/items?datetime=2025-01-01T00:00:00Z/..").json()["numberMatched"] == 2


def test_empty_findings_are_a_collection_too(client: Any) -> None:
    body = client.get("/collections/findings/items?status=suspected&change=appeared&min_confidence=0.5").json()
    assert (body["numberMatched"], body["features"]) == (0, [])
    assert "extent" not in client.get("/collections/findings").json()


def test_a_zipped_shapefile_in_gbk_is_a_layer(client: Any, tmp_path: Path) -> None:
    import zipfile

    import geopandas as gpd

    frame = gpd.read_file(write_permits(tmp_path / "permits.geojson"))
    frame = frame.rename(columns={"permit_id": "XKZH"})
    frame["valid_from"] = frame["valid_from"].astype(str).str[:10]
    frame.to_file(tmp_path / "许可.shp", encoding="GBK", engine="pyogrio")
    (tmp_path / "许可.cpg").unlink()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in tmp_path.glob("许可.*"):
            archive.write(part, part.name)
    answer = client.post(
        "/layers/permits",
        files={"file": ("许可.zip", packed.getvalue())},
        data={"mapping": json.dumps({"permit_id": "XKZH"}), "valid_from": "2024-01-01"},
    )
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["read_as"]["mapping"] == {"permit_id": "XKZH"}
    assert told["valid_from"] == "2023-12-31T16:00:00Z"
    item = client.get("/collections/permits/items").json()["features"][0]
    assert item["properties"]["permit_id"] == item["id"] == "证-1"


# --- pages and documents -------------------------------------------------------------------------


def test_pages_load_nothing_from_elsewhere(client: Any) -> None:
    for path in ("/map", "/api.html"):
        answer = client.get(path)
        assert answer.status_code == 200 and "text/html" in answer.headers["content-type"]
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        # what it names of the service by its whole address is the service's own
        told = answer.text.replace(str(client.base_url).rstrip("/"), "")
        assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", told)
        for name in re.findall(r"(?:src|href)=\"/?((?:static|web)/[^\"]+)\"", told):
            assert client.get(f"/{name}").status_code == 200, name
    policy = client.get("/map").headers["content-security-policy"]
    assert "script-src 'self'" in policy and "require-trusted-types-for 'script'" in policy
    assert client.get("/web/assets/none.js").status_code == 404


def test_the_docs_page_tells_every_route(client: Any) -> None:
    page = client.get("/api.html").text
    for path in client.get("/api").json()["paths"]:
        assert path in page


def test_the_api_document_is_whole(client: Any) -> None:
    answer = client.get("/api")
    assert answer.headers["content-type"].startswith("application/vnd.oai.openapi+json")
    document = answer.json()
    assert document["openapi"] == "3.0.3"
    assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
    text = json.dumps(document)
    for ref in set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', text)):
        assert ref in document["components"]["schemas"]
    assert "HTTPValidationError" not in text
    seen: set[str] = set()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert operation["summary"]
    wanted = ["/scenes", "/scans", "/jobs/{job_id}", "/layers/{kind}", "/collections/{collection_id}/items"]
    assert set(wanted) <= set(document["paths"])


def test_health(client: Any) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz")
    assert ready.status_code == 200 and set(ready.json()["checks"]) == {"store", "runner", "disk"}


def test_static_files_and_templates_lie_in_the_package() -> None:
    for name in ("static/desk.js", "static/pages.css", "templates/map.html", "templates/morning.md"):
        assert (ROOT / "service" / name).is_file()


def test_a_scene_keeps_the_mask_of_what_it_shows(client: Any, pair: tuple[Path, Path], tmp_path: Path) -> None:
    told = post_scene(client, pair[0]).json()
    assert 0.9 < told["usable_share"] <= 1.0 and sum(told["shares"].values()) == pytest.approx(1.0, abs=0.001)
    link = next(link["href"] for link in told["links"] if link["rel"] == "mask")
    answer = client.get(link)
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/tiff; application=geotiff"
    assert client.get(link, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    path = tmp_path / "mask.tif"
    path.write_bytes(answer.content)
    with rasterio.open(path) as dataset:
        codes = dataset.read(1)
        assert dataset.colormap(1)[3] == (255, 255, 255, 255) and dataset.tags()["CODE_3"] == "cloud"
        assert dataset.crs.to_epsg() == 4547 and max(dataset.shape) <= 2048
    assert (codes == 0).mean() == pytest.approx(told["shares"]["usable"], abs=0.001)


def test_angles_of_the_attributes_reach_the_gate(client: Any, tmp_path: Path) -> None:
    pair = draw_pair(tmp_path, left=510_000.0)
    before = post_scene(client, pair[0], attributes='{"view:sun_elevation": 62.0}').json()["id"]
    after = post_scene(client, pair[1], attributes='{"view:sun_elevation": 30.0}').json()["id"]
    order = {"before_scene": before, "after_scene": after, "strict": True}
    refused = client.post("/scans", json=order)
    assert refused.status_code == 422
    assert refused.json()["code"] == "pair-inadmissible" and refused.json()["measured"]["sun"] == 32.0
    assert client.post("/scans", json={**order, "accept": "sun,season"}).status_code == 202
    assert client.post("/scans", json={**order, "accept": ["sunshine"]}).json()["code"] == "option-range"


def test_how_much_of_a_box_shows_the_ground(client: Any, pair: tuple[Path, Path]) -> None:
    scene = post_scene(client, pair[0]).json()
    west, south, east, north = scene["bbox"]
    whole = client.get(f"/scenes/{scene['id']}/usable").json()["usable_share"]
    box = f"{west},{south},{(west + east) / 2},{north}"
    half = client.get(f"/scenes/{scene['id']}/usable", params={"bbox": box}).json()["usable_share"]
    assert 0.9 < whole <= 1.0 and 0.9 < half <= 1.0
    away = client.get(f"/scenes/{scene['id']}/usable", params={"bbox": "1,1,2,2"})
    assert away.status_code == 200 and away.json()["usable_share"] is None
    assert client.get(f"/scenes/{scene['id']}/usable", params={"bbox": "1,1"}).status_code == 400
