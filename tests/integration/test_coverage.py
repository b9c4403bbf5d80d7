"""The ledger of a drawn district: every cell has an answer, the figures add up, and people can ask it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from geodata.crs import CGCS2000_GEOD
from geodata.demo import DemoFiles, draw_district
from geodata.io.dates import BEIJING, parse_date
from service.settings import Settings
from tests.access import client_of
from tests.integration.service_kit import kancha, post_scene

DAY = "2026-09-20"
"""Two days after the later date of the district."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[Any]:
    with client_of(settings) as made:
        yield made


@pytest.fixture(scope="module")
def district(client: Any, tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    """A district with its areas, parcels and zones, a no-fly zone, both dates, the later one with a hole of nodata."""
    folder = tmp_path_factory.mktemp("district")
    files = draw_district(folder, seed=7, size_px=1024)
    with rasterio.open(files.after, "r+") as dataset:
        dataset.nodata = 0
        picture = dataset.read()
        picture[:, 600:1000, 100:500] = 0
        dataset.write(picture)
        dataset.build_overviews([2, 4, 8])
    zones = gpd.read_file(files.zones)
    whole = gpd.read_file(files.areas).to_crs(zones.crs).iloc[[0]]
    west, south, east, north = whole.total_bounds
    forbidden = gpd.GeoDataFrame(
        {"zone_id": ["N"], "kind": ["no_fly"]},
        geometry=gpd.GeoSeries.from_wkt([f"POLYGON(({east - 120} {north - 120}, {east} {north - 120}, {east} {north}, "
                                        f"{east - 120} {north}, {east - 120} {north - 120}))"]),
        crs=zones.crs,
    )  # fmt: skip
    both = folder / "zones_with_no_fly.gpkg"
    gpd.pd.concat([zones, forbidden]).to_file(both)
    for kind, path in (("areas", files.areas), ("parcels", files.parcels), ("zones", both)):
        with path.open("rb") as file:
            told = client.post(f"/layers/{kind}", files={"file": (path.name, file)})
            assert told.status_code == 201, told.text
    for path in (files.before, files.after):
        assert post_scene(client, path).status_code == 201
    return files


def cells(client: Any, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    path: str | None = "/collections/coverage/items"
    params: dict[str, Any] | None = {"limit": 150, **query}
    while path is not None:
        page = client.get(path, params=params).json()
        found += page["features"]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
        params = None
    return found


def test_every_cell_has_an_answer_and_the_figures_add_up(client: Any, settings: Settings, district: DemoFiles) -> None:
    whole = gpd.read_file(district.areas).to_crs("OGC:CRS84").geometry.iloc[0]
    km2 = abs(CGCS2000_GEOD.geometry_area_perimeter(whole)[0]) / 1e6
    told = client.get("/coverage", params={"as_of": DAY}).json()
    figures = told["all"]
    assert figures["area_km2"] == pytest.approx(km2, rel=1e-5)
    assert figures["seen_km2"] + sum(figures["blind_km2"].values()) == pytest.approx(figures["area_km2"], rel=1e-9)
    assert "nodata" in figures["blind_km2"] and 0.5 < figures["seen_share"] < 0.95
    assert figures["blind_km2"]["nodata"] == pytest.approx(0.04, abs=0.012), "200 m by 200 m, in whole cells"
    assert told["whence"] == "areas" and "截至2026-09-20" in told["sentence_zh"]
    assert {one["name"] for one in told["areas"]} >= {"示范区"} and len(told["areas"]) > 1
    for one in told["areas"]:
        own = one["figures"]
        assert own["seen_km2"] + sum(own["blind_km2"].values()) == pytest.approx(own["area_km2"], rel=1e-9)


def test_the_cells_are_features_that_say_the_same(client: Any, district: DemoFiles) -> None:
    every = cells(client)
    assert len({one["id"] for one in every}) == len(every) > 100
    figures = client.get("/coverage").json()["all"]
    assert sum(one["properties"]["area_m2"] for one in every) / 1e6 == pytest.approx(figures["area_km2"], rel=1e-3)
    for one in every:
        said = one["properties"]
        assert said["seen"] == (said["reason"] is None)
        assert (said["last_seen"] is None) == (said["age_days"] is None) == (said["scenes"] == [])
        assert not said["seen"] or said["age_days"] <= said["due_days"]
    assert {one["properties"]["due_days"] for one in every} == {30.0, 90.0}
    some = cells(client, reason="excluded")
    assert some and {one["properties"]["reason"] for one in some} == {"excluded"}
    one = every[5]
    assert client.get(f"/collections/coverage/items/{one['id']}").json()["properties"] == one["properties"]
    assert client.get("/collections/coverage/items/0_0").status_code == 404
    lon, lat = (np.array(one["geometry"]["coordinates"][0])[:4].mean(axis=0)).tolist()
    at = client.get("/coverage/at", params={"lon": lon, "lat": lat}).json()
    assert (at["reason"], at["scenes"]) == (one["properties"]["reason"], one["properties"]["scenes"])
    assert [look["on"][:4] for look in at["looks"]] == ["2026", "2025"], "every scene that framed it, the latest first"
    for look in at["looks"]:
        assert (
            look["seen"] + sum(look["hidden"].values()) == pytest.approx(1, abs=0.02)
            or one["properties"]["area_m2"] < 2500
        )
    assert client.get("/coverage/at", params={"lon": 0, "lat": 0}).status_code == 404


def test_cells_grow_old_and_what_is_due_first_is_told_first(client: Any, district: DemoFiles) -> None:
    late = (parse_date(DAY) + timedelta(days=40)).astimezone(BEIJING).date().isoformat()
    then = client.get("/coverage", params={"as_of": late}).json()["all"]
    now = client.get("/coverage", params={"as_of": DAY}).json()["all"]
    assert 0 < then["seen_share"] < now["seen_share"], "30 days are over, 90 are not"
    assert then["blind_km2"]["excluded"] == pytest.approx(0.0144, abs=0.009), "seen once, and not to be looked at again"
    assert then["blind_km2"]["no_image"] > 0 and then["area_km2"] == now["area_km2"]
    tasks = client.get("/coverage/tasking", params={"as_of": late, "within_days": 0}).json()["features"]
    assert {task["properties"]["urgency"] for task in tasks} == {"overdue"} and len(tasks) >= 1
    days = [task["properties"]["overdue_days"] for task in tasks if task["properties"]["never_m2"] == 0]
    assert days == sorted(days, reverse=True)
    blind = sum(km2 for reason, km2 in then["blind_km2"].items() if reason != "excluded")
    assert sum(task["properties"]["area_m2"] for task in tasks) / 1e6 == pytest.approx(blind, rel=1e-4)
    ahead = client.get("/coverage/tasking", params={"as_of": DAY, "within_days": 30}).json()["features"]
    assert {"overdue", "due_soon"} == {task["properties"]["urgency"] for task in ahead}
    before = client.get("/coverage", params={"as_of": "2025-01-01"}).json()["all"]
    assert before["seen_km2"] == 0 and before["never_km2"] == pytest.approx(before["area_km2"])


def test_blind_spots_are_a_layer(client: Any, district: DemoFiles) -> None:
    spots = client.get("/collections/blind_spots/items", params={"limit": 1000}).json()["features"]
    figures = client.get("/coverage").json()["all"]["blind_km2"]
    for reason, km2 in figures.items():
        mine = [s["properties"]["area_m2"] for s in spots if s["properties"]["reason"] == reason]
        assert sum(mine) / 1e6 == pytest.approx(km2, rel=1e-3, abs=1e-5)
    same = client.get(f"/collections/blind_spots/items/{spots[0]['id']}").json()
    assert same["geometry"] == spots[0]["geometry"]
    ids = [one["id"] for one in client.get("/collections").json()["collections"]]
    assert {"coverage", "blind_spots", "areas"} <= set(ids)


def test_parcels_know_whether_they_were_seen(client: Any, district: DemoFiles) -> None:
    found = client.get("/coverage/parcels", params={"limit": 10_000, "as_of": DAY}).json()
    states = {one["state"] for one in found["parcels"]}
    assert found["numberMatched"] == len(gpd.read_file(district.parcels)) == len(found["parcels"])
    assert {"seen", "overdue"} <= states <= {"seen", "overdue", "never", "excluded"}
    for one in found["parcels"]:
        assert (one["state"] == "seen") == (one["reason"] is None)


def test_a_recall_audit_is_drawn_answered_and_gives_a_rate(
    client: Any, settings: Settings, district: DemoFiles
) -> None:
    drawn = client.post("/coverage/audits", json={"count": 20, "seed": 3, "as_of": DAY})
    assert drawn.status_code == 201, drawn.text
    audit = drawn.json()
    assert client.post("/coverage/audits", json={"count": 20, "seed": 3, "as_of": DAY}).status_code == 200
    names = [feature["id"] for feature in audit["cells"]["features"]]
    assert len(names) == 20 and audit["miss_rate"]["share"] is None
    for feature in audit["cells"]["features"]:
        lon, lat = np.array(feature["geometry"]["coordinates"][0])[:4].mean(axis=0).tolist()
        at = client.get("/coverage/at", params={"lon": lon, "lat": lat, "as_of": DAY}).json()
        assert at["reason"] is None, "what nobody saw cannot be audited"
    path = f"/coverage/audits/{audit['id']}/answers"
    for k, name in enumerate(names):
        said = client.post(path, json={"cell": name, "missed": k < 2, "judged_by": "王"})
        assert said.status_code == 201, said.text
    client.post(path, json={"cell": names[1], "missed": False, "judged_by": "李", "note": "看错"})
    rate = client.get(f"/coverage/audits/{audit['id']}").json()["miss_rate"]
    assert (rate["judged"], rate["missed"], rate["share"]) == (20, 1, 0.05)
    assert rate["low"] == pytest.approx(0.0089, abs=1e-3) and rate["high"] == pytest.approx(0.2361, abs=1e-3)
    assert client.post(path, json={"cell": "0_0", "missed": True, "judged_by": "王"}).status_code == 400
    assert client.post(path, json={"cell": names[0], "missed": "x", "judged_by": "王"}).status_code == 400
    nobody = client.post(path, json={"cell": names[0], "missed": True})
    assert "stands for the verdict" in nobody.json()["detail"], "a key is no person"
    assert client.post("/coverage/audits", json={"count": 0}).status_code == 400
    assert [one["id"] for one in client.get("/coverage/audits").json()["audits"]] == [audit["id"]]
    shown = kancha("coverage", "audit", "show", audit["id"], data=settings.data)
    assert "20 of 20 cells answered, 1 with a structure" in shown.stdout, shown.stderr


def test_the_command_line_tells_the_same(client: Any, settings: Settings, district: DemoFiles, tmp_path: Path) -> None:
    shown = kancha("coverage", "show", "--as-of", DAY, data=settings.data)
    told = client.get("/coverage", params={"as_of": DAY}).json()
    assert told["sentence_zh"] in shown.stdout.replace("\n", ""), shown.stderr
    out = tmp_path / "tasks.geojson"
    listed = kancha("coverage", "tasking", "--as-of", DAY, "-o", out, data=settings.data)
    assert listed.returncode == 0, listed.stderr
    assert json.loads(out.read_text()) == client.get("/coverage/tasking", params={"as_of": DAY}).json()
    spots = kancha("coverage", "blind-spots", "--as-of", DAY, data=settings.data)
    assert "nodata" in spots.stdout
    parcels = kancha("coverage", "parcels", "--as-of", DAY, data=settings.data)
    assert "seen" in parcels.stdout
    cell = cells(client)[5]
    lon, lat = np.array(cell["geometry"]["coordinates"][0])[:4].mean(axis=0).tolist()
    place = kancha("coverage", "at", str(lon), str(lat), data=settings.data)
    assert "2 looks" in place.stdout and "after_20260918.tif" in place.stdout, place.stderr
    outside = kancha("coverage", "at", "0", "0", data=settings.data)
    assert outside.returncode == 2 and "outside the area" in outside.stderr


def test_without_an_area_it_says_what_to_do_and_with_scenes_alone_they_are_the_area(
    tmp_path: Path, district: DemoFiles
) -> None:
    none = kancha("coverage", "show", data=tmp_path / "empty")
    assert none.returncode == 2 and "kancha layers add areas" in none.stderr
    with client_of(Settings(data=tmp_path / "scenes")) as other:
        assert [c["id"] for c in other.get("/collections").json()["collections"]] == [
            "findings",
            "structures",
            "leads",
            "cases",
            "scenes",
        ]
        post_scene(other, district.before)
        told = other.get("/coverage", params={"as_of": "2025-04-20"}).json()
        assert told["whence"] == "scenes" and told["all"]["seen_share"] > 0.8
    small = kancha("coverage", "show", data=tmp_path / "scenes", KANCHA_COVERAGE__CELL_M="4")
    assert small.returncode == 2 and "KANCHA_COVERAGE__CELL_M" in small.stderr.replace("\n", "")


def test_a_scene_of_another_country_is_stored_and_breaks_nothing(district: DemoFiles, tmp_path: Path) -> None:
    from tests.integration.service_kit import draw_scene

    far = draw_scene(tmp_path / "far_20260918.tif", crs="EPSG:32614")
    for areas in (True, False):
        with client_of(Settings(data=tmp_path / f"areas-{areas}")) as other:
            if areas:
                with district.areas.open("rb") as file:
                    assert other.post("/layers/areas", files={"file": ("areas.gpkg", file)}).status_code == 201
            for path in (district.after, far):
                assert post_scene(other, path).status_code == 201
            assert other.get("/collections").status_code == 200
            told = other.get("/coverage", params={"as_of": DAY})
            assert told.status_code == (200 if areas else 400), told.text
