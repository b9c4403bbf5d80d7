"""Clients that others wrote read the service: GDAL's driver, OWSLib."""

from __future__ import annotations

import warnings

import numpy as np
import pyogrio
import pytest
from owslib.ogcapi.features import Features

from tests.integration.service_kit import Served


@pytest.fixture
def oapif(service: Served, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address for GDAL; no proxy stands between."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("GDAL_HTTP_AUTH", "BEARER")
    monkeypatch.setenv("GDAL_HTTP_BEARER", service.key["Authorization"].removeprefix("Bearer "))
    return f"OAPIF:{service.client.base_url}"


def test_gdal_reads_every_collection(service: Served, oapif: str) -> None:
    told = [c["id"] for c in service.client.get("/collections").json()["collections"]]
    assert pyogrio.list_layers(oapif)[:, 0].tolist() == told
    for name in told:
        frame = pyogrio.read_dataframe(oapif, layer=name)
        first = service.client.get(f"/collections/{name}/items?count=true").json()
        assert len(frame) == first["numberMatched"] and frame.geometry.is_valid.all()


def test_gdal_follows_the_pages_and_filters_on_the_server(service: Served, oapif: str) -> None:
    every = pyogrio.read_dataframe(oapif, layer="zones", PAGE_SIZE=10)
    assert len(every) == 144 and every["zone_id"].is_unique
    roads = pyogrio.read_dataframe(oapif, layer="zones", where="kind = 'road' AND setback_m > 5")
    assert len(roads) == ((every["kind"] == "road") & (every["setback_m"] > 5)).sum() > 0
    box = tuple(every.geometry.iloc[:30].total_bounds)
    near = pyogrio.read_dataframe(oapif, layer="zones", bbox=box)
    import shapely

    assert set(near["zone_id"]) == set(every[every.intersects(shapely.box(*box))]["zone_id"])


@pytest.mark.parametrize("code", [4490, 3857, 4547])
def test_gdal_gets_other_systems_right_way_round(service: Served, oapif: str, code: int) -> None:
    stored = pyogrio.read_dataframe(oapif, layer="zones").set_index("zone_id").sort_index()
    moved = pyogrio.read_dataframe(oapif, layer="zones", CRS=f"EPSG:{code}").set_index("zone_id").sort_index()
    assert moved.crs.to_epsg() == code
    if code == 4490:
        assert np.allclose(stored.bounds, moved.bounds, atol=1e-8)
        return
    back = moved.to_crs(stored.crs)
    assert np.allclose(stored.bounds, back.bounds, atol=1e-7)


def test_owslib_reads_and_filters(service: Served) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = Features(f"{service.client.base_url}/", headers=service.key)
        assert {"findings", "zones"} <= set(client.feature_collections())
        assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text" in client.conformance()["conformsTo"]
        assert client.api()["openapi"].startswith("3.0")
        assert "kind" in client.collection_queryables("zones")["properties"]
        page = client.collection_items("zones", limit=7, filter="kind = 'green' AND name LIKE '东%'")
        assert len(page["features"]) == 7 and {f["properties"]["kind"] for f in page["features"]} == {"green"}
        one = client.collection_item("zones", page["features"][0]["id"])
        assert one["geometry"] == page["features"][0]["geometry"]
