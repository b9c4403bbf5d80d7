"""Layers over HTTP, from what four bureaus send: kinds, versions, differences, sources, previews, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from shapely.geometry import mapping

from geodata.china import as_shown, to_gcj02, web_system
from service.settings import Settings
from tests.access import client_of
from tests.integration.service_kit import LEFT, TOP, kancha, polygon, write_layer


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    """A service whose store is empty."""
    with client_of(Settings(data=tmp_path / "data"), fails=False) as made:
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


@pytest.fixture
def two_quarters(client: Any, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parcels of two quarters: one stays, one moves by a metre, one changes its use, one goes, one comes."""
    old = [("stays", 0, "0103"), ("moves", 100, "0103"), ("changes", 200, "0103"), ("goes", 300, "0103")]
    new = [("stays", 0, "0103"), ("moves", 102, "0103"), ("changes", 200, "0702"), ("comes", 400, "0103")]
    told = []
    for quarter, rows in (("2026-06-30", old), ("2026-09-30", new)):
        features = [({"parcel_id": name, "land_use": use}, polygon(0, at, 80, 80)) for name, at, use in rows]
        path = write_layer(tmp_path / f"{quarter}.geojson", features)
        answer = send(client, "parcels", path, source="自然资源局", as_of=quarter, valid_from=quarter)
        assert answer.status_code == 201, answer.text
        told.append(answer.json())
    return told[0], told[1]


def test_a_version_names_its_source_its_day_and_its_content(client: Any, two_quarters: Any) -> None:
    old, new = two_quarters
    assert (new["source"], new["as_of"], new["valid_from"]) == ("自然资源局", "2026-09-30", "2026-09-29T16:00:00Z")
    assert new["valid_to"] is None and len(new["content_sha256"]) == 64
    assert old["content_sha256"] != new["content_sha256"]
    assert client.get(f"/layers/parcels/{new['id']}").json() == new


def test_two_versions_are_compared_by_id(client: Any, two_quarters: Any) -> None:
    old, new = two_quarters
    answer = client.get(f"/layers/parcels/{old['id']}/diff/{new['id']}")
    assert answer.headers["content-type"] == "application/geo+json"
    told = answer.json()
    assert told["counts"] == {"added": 1, "removed": 1, "moved": 1, "changed": 1}
    by_id = {feature["id"]: feature["properties"] for feature in told["features"]}
    assert {name: row["difference"] for name, row in by_id.items()} == {
        "moves": "moved",
        "changes": "changed",
        "goes": "removed",
        "comes": "added",
    }
    assert by_id["moves"]["difference_m2"] == pytest.approx(2 * 1 * 40, rel=0.01), "a metre of 40 m on both sides"
    assert by_id["changes"]["changes"] == [{"column": "land_use", "old": "0103", "new": "0702"}]
    same = client.get(
        f"/layers/parcels/{old['id']}/diff/{new['id']}", headers={"if-none-match": answer.headers["etag"]}
    )
    assert same.status_code == 304


def test_what_cannot_be_compared_or_told_is_refused(client: Any, two_quarters: Any, tmp_path: Path) -> None:
    old, new = two_quarters
    told = {"area_id": "1", "name": "区"}
    areas = send(client, "areas", write_layer(tmp_path / "a.geojson", [(told, polygon(0, 0, 9, 9))])).json()
    assert client.get(f"/layers/parcels/{old['id']}/diff/{areas['id']}").json()["code"] == "bad-body"
    assert client.get(f"/layers/zones/{old['id']}/diff/{new['id']}").json()["code"] == "not-found"
    assert client.get(f"/layers/parcels/{old['id']}/diff/none").json()["code"] == "not-found"
    backwards = send(client, "areas", tmp_path / "a.geojson", valid_from="2026-02-01", valid_to="2026-01-01")
    assert (backwards.status_code, backwards.json()["code"]) == (400, "option-range")


def test_the_command_line_shows_versions_and_writes_differences(tmp_path: Path) -> None:
    data, ids = tmp_path / "data", []
    for at in (0, 10):
        path = write_layer(tmp_path / f"{at}.geojson", [({"parcel_id": "p"}, polygon(0, at, 80, 80))])
        done = kancha("layers", "add", "parcels", path, "--source", "局", "--as-of", f"2026-01-{at + 1:02}", data=data)
        ids.append(done.stdout.split()[2].rstrip(","))
    listed = kancha("layers", "list", data=data).stdout
    assert "局" in listed and "2026-01-11" in listed and all(name in listed for name in ids)
    target = tmp_path / "diff.geojson"
    done = kancha("layers", "diff", *ids, "-o", target, data=data)
    assert done.stdout.startswith("0 added, 0 removed, 1 moved, 0 changed"), done.stderr
    printed = json.loads(kancha("layers", "diff", *ids, data=data).stdout)
    assert printed == json.loads(target.read_text()) and len(printed["features"]) == 1
    refused = kancha("layers", "diff", *ids, "-o", tmp_path / "no" / "d.geojson", data=data)
    assert refused.returncode == 2 and "file-not-found" in refused.stderr


def test_a_register_finds_its_parcels_and_tells_how(client: Any, tmp_path: Path) -> None:
    plots = [("G-001", "人民路12号"), ("G-002", "人民路14号"), ("H-7", "光明路3号"), ("H-07", "光明路5号")]
    features = [
        ({"parcel_id": name, "address": address}, polygon(0, i * 100, 90, 90))
        for i, (name, address) in enumerate(plots)
    ]
    parcels = send(client, "parcels", write_layer(tmp_path / "parcels.geojson", features)).json()
    register = tmp_path / "许可.csv"
    rows = ["permit_id,valid_from,parcel_id,address", "a,2024-01-01,G-001,", "b,2024-01-01,g2,", "c,2024-01-01,h007,"]
    rows += ["d,2024-01-01,,河北省邯郸市人民路十四號", "e,2024-01-01,,人民路99号"]
    register.write_bytes("\r\n".join(rows).encode("gbk"))
    answer = send(client, "permits", register)
    assert answer.status_code == 201, answer.text
    assert answer.json()["report"]["encoding"].startswith("GB18030") and answer.json()["bbox"] is None
    told = client.get(f"/layers/permits/{answer.json()['id']}/match/{parcels['id']}").json()
    assert [(row["permit_id"], row["match"], row["parcel_id"]) for row in told["permits"]] == [
        ("c", "none", None),
        ("e", "none", None),
        ("d", "address", "G-002"),
        ("b", "parcel_number_normalised", "G-002"),
        ("a", "parcel_number", "G-001"),
    ]
    assert told["permits"][0]["note"] == "the number h007 fits the parcels H-07, H-7 equally well"
    assert told["counts"]["none"] == 2
    shown = kancha("layers", "match", data=tmp_path / "data")
    assert shown.returncode == 0 and "equally well" in shown.stdout, shown.stderr
    assert client.get(f"/layers/permits/{parcels['id']}/match/{parcels['id']}").json()["code"] == "bad-body"


def test_what_was_declared_of_a_source_holds_for_its_next_delivery(client: Any, tmp_path: Path) -> None:
    def quarter(at: float, number: str = "DKBM") -> Path:
        told = {number: "p", "USE": "0103"}
        return write_layer(tmp_path / f"{at}.geojson", [(told, polygon(0, at, 80, 80))])

    names = '{"parcel_id": "DKBM", "land_use": "USE"}'
    first = send(client, "parcels", quarter(0), source="自然资源局", mapping=names).json()
    second = send(client, "parcels", quarter(100), source=" 自然资源局 ")
    assert second.status_code == 201, second.text
    assert second.json()["read_as"] == first["read_as"] and second.json()["source"] == "自然资源局"
    assert send(client, "parcels", quarter(100), source="另一局").json()["code"] == "layer-columns"
    (kept,) = client.get("/layers/parcels/sources").json()["sources"]
    assert (kept["name"], kept["versions"], kept["newest"]) == ("自然资源局", 2, second.json()["id"])
    assert kept["read_as"]["mapping"] == {"parcel_id": "DKBM", "land_use": "USE"}
    changed = send(client, "parcels", quarter(200, "ZDDM"), source="自然资源局").json()
    assert changed["code"] == "layer-columns" and "parcel_id=DKBM" in changed["remedy"]
    assert changed["measured"]["remembered"]["mapping"]["land_use"] == "USE"
    third = send(client, "parcels", quarter(200, "ZDDM"), source="自然资源局", mapping='{"parcel_id": "ZDDM"}').json()
    assert third["read_as"]["mapping"] == {"parcel_id": "ZDDM"}
    fresh = send(client, "parcels", quarter(300, "parcel_id"), source="自然资源局", fresh="true").json()
    assert fresh["read_as"]["mapping"] == {}
    assert client.get("/layers/zones/sources").json() == {"sources": []}
    assert client.get("/layers/trees/sources").json()["code"] == "not-found"
    assert send(client, "parcels", quarter(0), fresh="perhaps").json()["code"] == "bad-body"
    shown = kancha("layers", "sources", "parcels", data=tmp_path / "data")
    assert shown.returncode == 0 and "自然资源局" in shown.stdout, shown.stderr


def preview(client: Any, kind: str, path: Path, **fields: str) -> Any:
    return client.post(f"/layers/{kind}/preview", files={"file": (path.name, path.read_bytes())}, data=fields)


def test_a_preview_tells_what_an_import_does_and_stores_nothing(client: Any, tmp_path: Path) -> None:
    bow = [[[114, 36], [114.001, 36.001], [114.001, 36], [114, 36.001], [114, 36]]]
    features = [
        ({"DKBM": "一", "DLBM": "0103"}, polygon(0, 0, 80, 80)),
        ({"DKBM": "二", "DLBM": "0702"}, bow),
        ({"DKBM": "二", "DLBM": "0103"}, polygon(0, 100, 80, 80)),
        ({"DKBM": None, "DLBM": "0103"}, polygon(0, 200, 80, 80)),
    ]
    path = write_layer(tmp_path / "p.geojson", features)
    answer = preview(client, "parcels", path)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["counts"] == {"rows": 4, "kept": 3, "repaired": 1, "dropped": 1, "duplicated": 1}
    assert told["report"]["dropped"] == [["row 4", "parcel_id is empty"]] and told["refused"] is None
    assert told["head"]["columns"][0] == {"name": "DKBM", "target": "parcel_id", "by": "guess"}
    assert told["head"]["rows"][0] == ["一", "0103"] and told["head"]["declared_crs"] == "EPSG:4326"
    drawn = [shapely.geometry.shape(one) for one in told["outlines"]]
    assert len(drawn) == 3 and tuple(shapely.total_bounds(drawn)) == pytest.approx(told["bbox"], abs=1e-9)
    assert client.get("/layers").json()["numberMatched"] == 0
    names = json.dumps(told["read_as"]["mapping"])
    assert send(client, "parcels", path).json()["code"] == "layer-columns", "guesses are never used unasked"
    stored = send(client, "parcels", path, source="局", mapping=names).json()
    assert stored["bbox"] == told["bbox"] and stored["report"]["kept"] == told["counts"]["kept"]
    later = preview(client, "parcels", path, source="局").json()
    assert later["remembered"]["mapping"] == json.loads(names)
    assert [column["by"] for column in later["head"]["columns"]] == ["told", "told"]


def test_a_preview_shows_what_an_import_would_refuse(client: Any, tmp_path: Path) -> None:
    told = preview(client, "areas", write_layer(tmp_path / "a.geojson", [({"DM": "1"}, polygon(0, 0, 9, 9))])).json()
    assert told["refused"]["code"] == "layer-columns" and told["counts"] is None
    assert told["head"]["rows"] == [["1"]]
    (tmp_path / "x.geojson").write_bytes(b"\x00\x01rubbish")
    assert preview(client, "areas", tmp_path / "x.geojson").json()["code"] == "layer-unusable"
    assert preview(client, "trees", tmp_path / "a.geojson").json()["code"] == "not-found"
    shown = kancha("layers", "preview", "areas", tmp_path / "a.geojson", data=tmp_path / "data")
    assert shown.returncode == 2 and "would be refused: layer-columns" in shown.stdout, shown.stderr
    good = write_layer(tmp_path / "b.geojson", [({"XZQDM": "130402", "XZQMC": "邯山区"}, polygon(0, 0, 9, 9))])
    shown = kancha("layers", "preview", "areas", good, data=tmp_path / "data")
    assert shown.returncode == 0 and "--map areas.name=XZQMC" in shown.stdout, shown.stderr
    assert "would be stored: 1 rows, 1 kept" in shown.stdout and "邯山区" in shown.stdout


def test_of_a_large_file_some_features_are_drawn_and_long_outlines_with_fewer_corners(
    client: Any, tmp_path: Path
) -> None:
    many = [({"parcel_id": f"p{k}"}, polygon(k // 70 * 2, k % 70 * 2, 2, 2)) for k in range(4_100)]
    angles = np.linspace(0, 2 * np.pi, 3_000)
    coast = [[[114 + 0.001 * np.cos(a), 36 + 0.001 * np.sin(a)] for a in angles]]
    coast[0][-1] = coast[0][0]
    told = preview(
        client, "parcels", write_layer(tmp_path / "m.geojson", [*many, ({"parcel_id": "sea"}, coast)])
    ).json()
    assert told["counts"]["kept"] == 4_101 and len(told["outlines"]) == 1_367, "every third"
    alone = preview(client, "parcels", write_layer(tmp_path / "c.geojson", [({"parcel_id": "sea"}, coast)])).json()
    (drawn,) = [shapely.geometry.shape(one) for one in alone["outlines"]]
    assert shapely.get_num_coordinates(drawn) < 300
    assert drawn.symmetric_difference(shapely.Polygon(coast[0])).area < 0.002 * drawn.area


def town(folder: Path, shown: str | None = None) -> tuple[Path, Path]:
    """Parcels of 30 m side by side over 600 m, and a permit well inside each tenth, as a web map shows it."""
    corners = [(row * 60, col * 60) for row in range(20) for col in range(20)]
    plots = [({"parcel_id": f"p{i}"}, polygon(*at, 58, 58)) for i, at in enumerate(corners)]
    own = np.array([shapely.Polygon(polygon(r + 10, c + 10, 30, 30)[0]) for r, c in corners[::10]], dtype=object)
    moved = as_shown(own, web_system(shown))
    rows = [
        ({"permit_id": f"x{i}", "valid_from": "2024-01-01"}, mapping(s)["coordinates"]) for i, s in enumerate(moved)
    ]
    return write_layer(folder / "parcels.geojson", plots), write_layer(folder / f"permits_{shown}.geojson", rows)


@pytest.mark.parametrize("system", ["GCJ-02", "BD-09"])
def test_coordinates_of_a_web_map_are_refused_unless_declared(client: Any, tmp_path: Path, system: str) -> None:
    parcels, permits = town(tmp_path, system)
    assert send(client, "parcels", parcels).status_code == 201
    answer = send(client, "permits", permits)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "web-map-coordinates"), answer.text
    assert told["measured"]["suspected"] == system and told["measured"]["fit_otherwise"] > 0.95
    assert f"--crs {system}" in told["remedy"] and told["title_zh"]
    looked = preview(client, "permits", permits).json()
    assert looked["refused"]["code"] == "web-map-coordinates" and looked["counts"] is None
    assert len(looked["outlines"]) == 40, "where it would lie is seen, though it is refused"
    declared = send(client, "permits", permits, crs=system, source="局").json()
    assert declared["read_as"]["crs"] == system and "turned back" in declared["report"]["crs"]
    right = town(tmp_path)[1]
    bounds = send(client, "permits", right).json()["bbox"]
    assert declared["bbox"] == pytest.approx(bounds, abs=1e-8), "a millimetre"
    again = send(client, "permits", right, source="局").json()
    assert again["code"] == "web-map-coordinates" and again["measured"]["suspected"] == "as they are"
    assert again["measured"]["remembered"] == {"crs": system}
    accepted = send(client, "permits", permits, accept_place="true").json()
    assert accepted["read_as"]["place"] == "accepted" and accepted["id"] != declared["id"]


def test_points_of_a_register_are_held_against_the_parcels_that_it_names(client: Any, tmp_path: Path) -> None:
    assert send(client, "parcels", town(tmp_path)[0]).status_code == 201
    own = [shapely.Polygon(polygon(0, col * 60, 58, 58)[0]).centroid for col in range(20)]
    shown = [to_gcj02(at.x, at.y) for at in own]
    book = openpyxl.Workbook()
    book.active.append(["permit_id", "valid_from", "parcel_id", "经度", "纬度"])
    for i, (lon, lat) in enumerate(shown):
        book.active.append([f"x{i}", 45413, f"p{i}", float(lon), float(lat)])
    book.save(tmp_path / "许可.xlsx")
    refused = send(client, "permits", tmp_path / "许可.xlsx", crs="EPSG:4490").json()
    assert (refused["code"], refused["measured"]["compared"]) == ("web-map-coordinates", 20)
    assert send(client, "permits", tmp_path / "许可.xlsx", crs="GCJ-02").status_code == 201


def test_parcels_are_held_against_the_older_ones(client: Any, tmp_path: Path) -> None:
    parcels, _ = town(tmp_path)
    told = json.loads(parcels.read_text())
    for feature in told["features"]:
        ring = np.array(feature["geometry"]["coordinates"][0])
        feature["geometry"]["coordinates"] = [np.column_stack(to_gcj02(*ring.T)).tolist()]
    (tmp_path / "web.geojson").write_text(json.dumps(told))
    assert send(client, "parcels", parcels).status_code == 201
    assert send(client, "parcels", tmp_path / "web.geojson").json()["code"] == "web-map-coordinates"


def test_data_outside_the_administrative_areas_are_refused(client: Any, tmp_path: Path) -> None:
    district = {"area_id": "130402", "name": "邯山区"}
    areas = write_layer(tmp_path / "areas.geojson", [(district, polygon(-4000, -4000, 8000, 8000))])
    assert send(client, "areas", areas).status_code == 201
    inside = shapely.box(LEFT, TOP - 100, LEFT + 50, TOP)
    frame = gpd.GeoDataFrame({"zone_id": ["z"], "kind": ["green"]}, geometry=[inside], crs="EPSG:4547")
    frame.to_file(tmp_path / "zones.fgb", engine="pyogrio")
    frame.set_crs("EPSG:4548", allow_override=True).to_file(tmp_path / "belt.fgb", engine="pyogrio")
    assert send(client, "zones", tmp_path / "zones.fgb").status_code == 201
    answer = send(client, "zones", tmp_path / "belt.fgb")
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "outside-areas")
    assert 200_000 < told["measured"]["distance_m"] < 300_000
    assert "EPSG:4547 (3° belt of 114° E) would bring them inside" in told["detail"]
    done = kancha("layers", "add", "zones", tmp_path / "belt.fgb", data=tmp_path / "data")
    assert done.returncode == 2 and "outside-areas" in done.stderr
    done = kancha("layers", "add", "zones", tmp_path / "belt.fgb", "--accept-place", data=tmp_path / "data")
    assert done.returncode == 0 and "place accepted" in done.stdout, done.stderr
    elsewhere = write_layer(tmp_path / "b.geojson", [(district, [[[120, 30], [120.1, 30], [120.1, 30.1], [120, 30]]])])
    assert send(client, "areas", elsewhere).status_code == 201, "areas say themselves where they are"


def test_an_old_datum_is_stored_with_the_transformation_that_was_declared(client: Any, tmp_path: Path) -> None:
    shape = shapely.box(38_541_000, 4_050_000, 38_541_040, 4_050_040)
    frame = gpd.GeoDataFrame({"parcel_id": ["p"]}, geometry=[shape], crs="EPSG:2414")
    frame.to_file(tmp_path / "old.gpkg", engine="pyogrio")
    assert send(client, "parcels", tmp_path / "old.gpkg").json()["code"] == "crs-unusable"
    stored = send(client, "parcels", tmp_path / "old.gpkg", transformation="EPSG:15918", source="测绘院").json()
    assert stored["read_as"]["transformation"] == "EPSG:15918"
    assert stored["report"]["crs"] == "EPSG:2414, by EPSG:15918 (Beijing 1954 to WGS 84 (1)) (as given)"
    frame.translate(100).to_frame("geometry").assign(parcel_id="q").to_file(tmp_path / "next.gpkg", engine="pyogrio")
    later = send(client, "parcels", tmp_path / "next.gpkg", source="测绘院").json()
    assert later["read_as"]["transformation"] == "EPSG:15918", later
    wrong = send(client, "parcels", tmp_path / "old.gpkg", transformation="1,2").json()
    assert wrong["code"] == "transformation-unusable"
