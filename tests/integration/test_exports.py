"""Exports over HTTP and on the command line: the ledger, patches, everything as a GeoPackage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pyogrio
import pytest

from geodata.exchange import read_patches
from service.settings import Settings
from tests.integration.service_kit import finished, kancha, post_pair, write_parcels, write_permits

COUNTY = {"county": "130403", "county_name": "丛台区"}


@pytest.fixture(scope="module")
def scan(client: Any, pair: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A scan with parcels and permits and its findings; the smallest is judged wrong."""
    folder = tmp_path_factory.mktemp("layers")
    for kind, path in (
        ("parcels", write_parcels(folder / "parcels.geojson")),
        ("permits", write_permits(folder / "permits.geojson")),
    ):
        with path.open("rb") as file:
            assert client.post(f"/layers/{kind}", files={"file": (path.name, file)}).status_code == 201
    order = post_pair(client, *pair, detector="training-free", parcels_layer="newest", permits_layer="newest")
    assert finished(client, order.json()["jobID"])["status"] == "successful"
    found: dict[str, Any] = client.get("/scans").json()["scans"][0]
    return {**found, "findings": client.get(f"/scans/{found['id']}/findings").json()["features"]}


def fetched(client: Any, tmp_path: Path, name: str, **query: Any) -> Path:
    told = client.get(f"/exports/{name}", params=query)
    assert told.status_code == 200, told.text
    assert f'filename="{name}"' in told.headers["content-disposition"]
    (tmp_path / name).write_bytes(told.content)
    return tmp_path / name


def test_the_ledger_has_every_finding(client: Any, settings: Settings, scan: dict[str, Any], tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(fetched(client, tmp_path, "findings.xlsx"))["线索台账"]
    head = [cell.value for cell in sheet[1]]
    rows = [dict(zip(head, [c.value for c in row], strict=True)) for row in sheet.iter_rows(min_row=2)]
    assert {row["线索编号"]: row["面积（m²）"] for row in rows} == {
        f["id"]: f["properties"]["area_m2"] for f in scan["findings"]
    }
    assert list((settings.data / "exports").iterdir()) == [], "made for the answer alone"
    none = openpyxl.load_workbook(fetched(client, tmp_path, "findings.xlsx", status="existing", language="en"))
    assert none["Findings"].max_row == 1
    assert client.get("/exports/findings.xlsx", params={"status": "guilty"}).json()["code"] == "option-range"
    assert client.get("/exports/findings.xlsx", params={"scan": "none"}).status_code == 404


@pytest.mark.parametrize("form", ["zip", "gpkg", "db"])
def test_patches_lead_back_to_their_findings(client: Any, scan: dict[str, Any], tmp_path: Path, form: str) -> None:
    path = fetched(client, tmp_path, f"patches.{form}", **COUNTY, crs="EPSG:4526", scan=scan["id"])
    patches = read_patches(path)
    suspected = [f for f in scan["findings"] if f["properties"]["status"] == "suspected"]
    assert suspected and patches["FINDING_ID"].tolist() == [f["id"] for f in suspected]
    assert patches["JCMJ"].tolist() == pytest.approx([f["properties"]["area_m2"] for f in suspected])
    assert patches["JCBH"].str.startswith("130403SJBG").all()


def test_patches_need_a_county(client: Any, scan: dict[str, Any]) -> None:
    wrong = client.get("/exports/patches.zip", params={"county": "13", "county_name": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "option-range")
    assert client.get("/exports/patches.dwg", params=COUNTY).status_code in (400, 404)


def test_everything_comes_as_one_package_and_its_layers_go_in_again(
    client: Any, settings: Settings, scan: dict[str, Any], tmp_path: Path
) -> None:
    path = fetched(client, tmp_path, "kancha.gpkg")
    findings = pyogrio.read_dataframe(path, layer="findings")
    assert sorted(findings["id"]) == sorted(f["id"] for f in scan["findings"])
    assert len(pyogrio.read_dataframe(path, layer="scenes")) == 2
    assert pyogrio.read_dataframe(path, layer="scans", read_geometry=False)["id"].tolist() == [scan["id"]]
    first = client.get("/collections/parcels/items").json()["features"]
    with path.open("rb") as file:
        again = client.post("/layers/parcels", files={"file": (path.name, file)})
    assert again.status_code in (200, 201), again.text
    second = client.get("/collections/parcels/items").json()["features"]
    assert [(f["id"], f["geometry"], f["properties"]) for f in first] == [
        (f["id"], f["geometry"], f["properties"]) for f in second
    ]


def test_the_command_line_writes_the_same(
    client: Any, settings: Settings, scan: dict[str, Any], tmp_path: Path
) -> None:
    for line in (
        ["ledger", tmp_path / "l.xlsx"],
        ["patches", tmp_path / "p.db", "--county", "130403", "--county-name", "丛台区"],
        ["package", tmp_path / "k.gpkg"],
    ):
        done = kancha("export", *line, data=settings.data)
        assert done.returncode == 0 and str(tmp_path) in done.stdout, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["k.gpkg", "l.xlsx", "p.db"]
    refused = kancha("export", "package", tmp_path / "k.zip", data=settings.data)
    assert refused.returncode == 2 and ".gpkg" in refused.stderr


@pytest.mark.parametrize("form", ["zip", "gpkg", "db"])
def test_patches_come_in_as_a_layer_and_are_held_against_the_findings(
    client: Any, settings: Settings, scan: dict[str, Any], tmp_path: Path, form: str
) -> None:
    path = fetched(client, tmp_path, f"patches.{form}", **COUNTY, crs="EPSG:4526", status="suspected,unassessed")
    with path.open("rb") as file:
        stored = client.post("/layers/patches", files={"file": (path.name, file)}, data={"source": "省厅"})
    assert stored.status_code == 201, stored.text
    told = client.get(f"/layers/patches/{stored.json()['id']}/findings").json()
    wanted = {f["id"] for f in scan["findings"] if f["properties"]["status"] in ("suspected", "unassessed")}
    assert {f["properties"]["finding_ids"][0] for f in told["features"]} == wanted
    assert told["with_findings"] == told["patches"] == len(wanted) and told["findings_without_patch"] == []
    for feature in told["features"]:
        said = feature["properties"]
        assert said["JCMJ"] == pytest.approx(said["measured_m2"], rel=1e-3) and said["FINDING_ID"] in wanted
    listed = client.get("/collections/patches/items").json()["features"]
    assert {f["properties"]["JCBH"] for f in listed} == {f["id"] for f in listed}
    shown = kancha("layers", "compare-patches", "newest", data=settings.data)
    assert f"{len(wanted)} of {len(wanted)} patches with findings, 0 suspected" in shown.stdout, shown.stderr


def test_a_patch_without_a_finding_and_a_finding_without_a_patch_are_told(
    client: Any, scan: dict[str, Any], tmp_path: Path
) -> None:
    import geopandas as gpd
    import shapely

    big = max(scan["findings"], key=lambda f: f["properties"]["area_m2"])
    x, y = shapely.geometry.shape(big["geometry"]).centroid.coords[0]
    shapes = [
        shapely.box(x - 0.01, y - 0.01, x - 0.0098, y - 0.0098),
        shapely.box(x + 0.01, y + 0.01, x + 0.0102, y + 0.0102),
    ]
    frame = gpd.GeoDataFrame({"JCBH": ["a", "b"], "ODD": ["x", "y"]}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(tmp_path / "p.gpkg")
    with (tmp_path / "p.gpkg").open("rb") as file:
        stored = client.post("/layers/patches", files={"file": ("p.gpkg", file)}).json()
    told = client.get("/layers/patches/newest/findings").json()
    assert (told["version"], told["patches"], told["with_findings"]) == (stored["id"], 2, 0)
    assert big["id"] in told["findings_without_patch"] and told["features"][0]["properties"]["ODD"] == "x"
    assert client.get("/layers/patches/none/findings").status_code == 404


def test_a_package_without_a_system_says_the_way_out(settings: Settings, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "130403丛台区.db") as connection:
        connection.execute("CREATE TABLE JCTB (JCBH TEXT PRIMARY KEY, TBFW TEXT)")
        outline = "POLYGON((114.5 36.6, 114.501 36.6, 114.501 36.601, 114.5 36.6))"
        connection.execute("INSERT INTO JCTB VALUES ('130403SJBG26210183', ?)", (outline,))
    line = ["layers", "add", "patches", tmp_path / "130403丛台区.db"]
    refused = kancha(*line, data=tmp_path / "data")
    assert refused.returncode == 2 and "--crs" in refused.stderr
    assert kancha(*line, "--crs", "EPSG:4490", data=tmp_path / "data").returncode == 0
