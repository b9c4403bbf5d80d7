"""The requirements of OGC API Features parts 1, 2 and 3, one row each: name of the requirement, what shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import pytest
import shapely
from openapi_spec_validator import validate

from tests.integration.service_kit import Served

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
ZONES = "/collections/zones/items"


def get(service: Served, path: str, **headers: str) -> Any:
    answer = service.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rels(body: Mapping[str, Any]) -> set[str]:
    return {link["rel"] for link in body["links"]}


def ids(body: Mapping[str, Any]) -> list[str]:
    return [feature["id"] for feature in body["features"]]


def refused(service: Served, path: str) -> None:
    answer = service.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
    assert answer.json()["remedy"]


# --- part 1, core --------------------------------------------------------------------------------


def root(service: Served) -> None:
    body = get(service, "/")
    assert {"self", "service-desc", "service-doc", "conformance", "data", "alternate"} <= rels(body)


def api_definition(service: Served) -> None:
    link = next(x for x in get(service, "/")["links"] if x["rel"] == "service-desc")
    answer = service.client.get(link["href"])
    assert answer.headers["content-type"] == link["type"] == "application/vnd.oai.openapi+json;version=3.0"
    validate(answer.json())


def conformance(service: Served) -> None:
    told = get(service, "/conformance")["conformsTo"]
    for name in ("core", "oas30", "html", "geojson"):
        assert f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" in told


def http(service: Served) -> None:
    for path in ("/", "/collections", ZONES):
        head, body = service.client.head(path), service.client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == body.headers["content-type"]
    assert service.client.delete(ZONES).status_code == 405


def query_param_unknown(service: Served) -> None:
    for path in ("/", "/conformance", "/collections", "/collections/zones", ZONES, f"{ZONES}/x"):
        refused(service, f"{path}?colour=red")


def query_param_invalid(service: Served) -> None:
    for told in ("limit=0", "limit=ten", "bbox=1,2,3", "bbox=a,b,c,d", "datetime=yesterday", "bbox=1,5,2,4"):
        refused(service, f"{ZONES}?{told}")


def crs84(service: Served) -> None:
    west, south, east, north = get(service, "/collections/zones")["extent"]["spatial"]["bbox"][0]
    assert 113 < west < east < 115 and 36 < south < north < 37


def collections(service: Served) -> None:
    body = get(service, "/collections")
    assert {"self", "alternate"} <= rels(body)
    for one in body["collections"]:
        assert {"items"} <= rels(one) and one["id"] and one["links"][0]["type"]
        assert {"self", "items", "alternate"} <= rels(get(service, f"/collections/{one['id']}"))


def items(service: Served) -> None:
    answer = service.client.get(ZONES)
    assert answer.headers["content-type"] == "application/geo+json"
    body = answer.json()
    assert body["type"] == "FeatureCollection" and len(body["features"]) == 100 == body["numberReturned"]
    assert {"self", "next", "alternate", "collection"} <= rels(body)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["timeStamp"])


def limit(service: Served) -> None:
    assert len(get(service, f"{ZONES}?limit=7")["features"]) == 7
    assert len(get(service, f"{ZONES}?limit=9999999")["features"]) == 144


def bbox(service: Served) -> None:
    first = shapely.geometry.shape(get(service, f"{ZONES}?limit=1")["features"][0]["geometry"])
    west, south, east, north = first.buffer(-1e-5).bounds
    assert ids(get(service, f"{ZONES}?bbox={west},{south},{east},{north}")) == ["区-0-0"]
    assert ids(get(service, f"{ZONES}?bbox={west},{south},0,{east},{north},9")) == ["区-0-0"]
    assert ids(get(service, f"{ZONES}?bbox=170,-10,-170,10")) == []


def datetimes(service: Served) -> None:
    path = "/collections/findings/items"
    assert len(get(service, path)["features"]) == 1
    assert len(get(service, f"{path}?datetime=2024-06-01T00:00:00Z/2025-01-01T00:00:00Z")["features"]) == 1
    assert len(get(service, f"{path}?datetime=../2020-01-01T00:00:00Z")["features"]) == 0


def filter_params(service: Served) -> None:
    found = get(service, f"{ZONES}?kind=road&setback_m=3")["features"]
    assert found and {(f["properties"]["kind"], f["properties"]["setback_m"]) for f in found} == {("road", 3.0)}


def next_pages(service: Served) -> None:
    seen: list[str] = []
    url: str | None = f"{ZONES}?limit=11&kind=green"
    while url:
        body = get(service, url)
        seen += ids(body)
        url = next((link["href"] for link in body["links"] if link["rel"] == "next"), None)
    assert len(seen) == len(set(seen)) == 48


def number_matched(service: Served) -> None:
    assert get(service, ZONES)["numberMatched"] == 144
    assert "numberMatched" not in get(service, f"{ZONES}?kind=green&limit=2")
    assert get(service, f"{ZONES}?kind=green&limit=2&count=true")["numberMatched"] == 48


def item(service: Served) -> None:
    body = get(service, f"{ZONES}/{quote('区-3-4')}")
    assert body["type"] == "Feature" and body["id"] == "区-3-4"
    assert {"self", "alternate", "collection"} <= rels(body)
    assert service.client.get(f"{ZONES}/nothing").status_code == 404
    assert service.client.get("/collections/nothing/items").status_code == 404


def html(service: Served) -> None:
    for path in ("/", "/conformance", "/collections", "/collections/zones", ZONES, f"{ZONES}/{quote('区-3-4')}"):
        asked, accepted = service.client.get(f"{path}?f=html"), service.client.get(path, headers={"Accept": BROWSER})
        for answer in (asked, accepted):
            assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"), answer.text
            # nothing on the page comes from elsewhere
            for address in re.findall(r'(?:href|src)="([^"]+)"', answer.text):
                assert address.startswith((str(service.client.base_url), "data:")), address


def cors(service: Served) -> None:
    answer = service.client.get(ZONES, headers={"Origin": "https://map.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    before = {"Origin": "https://map.example", "Access-Control-Request-Method": "GET"}
    assert service.client.options(ZONES, headers=before).status_code == 200


def caching(service: Served) -> None:
    for path in (ZONES, f"{ZONES}/{quote('区-3-4')}", "/collections/findings/items"):
        first = service.client.get(path)
        again = service.client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


def compression(service: Served) -> None:
    plain = service.client.get(ZONES, headers={"Accept-Encoding": "identity"})
    for name in ("gzip", "br"):
        answer = service.client.get(ZONES, headers={"Accept-Encoding": name})
        assert answer.headers["content-encoding"] == name and "Accept-Encoding" in answer.headers["vary"]
        assert answer.json()["features"] == plain.json()["features"]
        assert answer.num_bytes_downloaded < len(plain.content) / 4


# --- part 2, systems by reference ----------------------------------------------------------------


def crs_list(service: Served) -> None:
    one = get(service, "/collections/zones")
    assert one["storageCrs"] == CRS84 == one["crs"][0]
    assert {f"{EPSG}4490", f"{EPSG}3857", f"{EPSG}4547"} <= set(one["crs"])


def crs_parameter(service: Served) -> None:
    answer = service.client.get(ZONES, params={"crs": f"{EPSG}4490", "limit": 1})
    assert answer.headers["content-crs"] == f"<{EPSG}4490>"
    lat, lon = answer.json()["features"][0]["geometry"]["coordinates"][0][0]
    assert 36 < lat < 37 and 113 < lon < 115
    assert service.client.get(ZONES).headers["content-crs"] == f"<{CRS84}>"
    refused(service, f"{ZONES}?crs={EPSG}99999")
    refused(service, f"{ZONES}?crs=nonsense")


def crs_of_one(service: Served) -> None:
    answer = service.client.get(f"{ZONES}/{quote('区-0-0')}", params={"crs": f"{EPSG}4547"})
    north, east = answer.json()["geometry"]["coordinates"][0][0]
    assert (round(north), round(east)) == (4_052_000, 500_000)


def bbox_crs(service: Served) -> None:
    # the first square in metres: northing first
    told = {"bbox": "4051982,500001,4051999,500018", "bbox-crs": f"{EPSG}4547"}
    assert ids(service.client.get(ZONES, params=told).json()) == ["区-0-0"]
    refused(service, f"{ZONES}?bbox=1,2,3,4&bbox-crs={EPSG}1")


def display_transform(service: Served) -> None:
    stored = get(service, f"{ZONES}?limit=1")["features"][0]["geometry"]["coordinates"][0][0]
    answer = service.client.get(ZONES, params={"crs": "urn:kancha:def:crs:GCJ-02", "limit": 1})
    shown = answer.json()["features"][0]["geometry"]["coordinates"][0][0]
    assert answer.headers["content-crs"] == "<urn:kancha:def:crs:GCJ-02>"
    assert 0.003 < shown[0] - stored[0] < 0.01


# --- part 3, filtering ---------------------------------------------------------------------------


def queryables(service: Served) -> None:
    body = get(service, "/collections/zones/queryables")
    assert body["$schema"].startswith("https://json-schema.org/") and body["type"] == "object"
    assert body["properties"]["setback_m"]["type"] == "number"
    assert body["properties"]["geometry"]["x-ogc-role"] == "primary-geometry"
    assert service.client.get("/collections/zones/queryables").headers["content-type"] == "application/schema+json"


def filter_text(service: Served) -> None:
    for told, want in (
        ("kind = 'road'", 48),
        ("kind = 'road' AND setback_m BETWEEN 2 AND 4", 12),
        ("kind IN ('road', 'green') AND NOT (setback_m < 6)", 48),
        ("name IS NULL", 12),
        ("name LIKE '东路%'", 66),
        ("CASEI(kind) = CASEI('ROAD')", 48),
        ("valid_from > DATE('2023-06-01')", 24),
        ("setback_m * 2 = 22", 12),
        ("zone_id = '区-3-4' OR id = '区-3-5'", 2),
    ):
        body = get(service, f"{ZONES}?count=true&limit=1&filter={quote(told)}")
        assert body["numberMatched"] == want, told


def filter_json(service: Served) -> None:
    told = {"op": "and", "args": [{"op": "=", "args": [{"property": "kind"}, "road"]},
                                  {"op": ">=", "args": [{"property": "setback_m"}, 9]}]}  # fmt: skip
    answer = service.client.get(ZONES, params={"filter": json.dumps(told), "filter-lang": "cql2-json"})
    assert len(answer.json()["features"]) == 12


def filter_places(service: Served) -> None:
    first = get(service, f"{ZONES}?limit=1")["features"][0]
    outline = shapely.geometry.shape(first["geometry"])
    told = quote(f"S_INTERSECTS(geometry, {outline.buffer(-1e-6).wkt})")
    assert ids(get(service, f"{ZONES}?filter={told}")) == ["区-0-0"]
    square = shapely.box(4051979, 499999, 4052001, 500021).wkt
    metres = quote(f"S_WITHIN(geometry, {square})")
    assert ids(get(service, f"{ZONES}?filter={metres}&filter-crs={EPSG}4547")) == ["区-0-0"]


def filter_refused(service: Served) -> None:
    for told in ("kind =", "colour = 'red'", "nofunction(kind) = 1", "kind = 'a' AND", "((((", "valid_from > DATE('x')",
                 "(" * 200 + "kind = 'road'" + ")" * 200):  # fmt: skip
        refused(service, f"{ZONES}?filter={quote(told)}")
    refused(service, f"{ZONES}?filter=kind%20%3D%20%27road%27&filter-lang=sql")
    refused(service, f"{ZONES}?filter=%7B%22op%22%3A&filter-lang=cql2-json")


def filter_with_others(service: Served) -> None:
    """All conditions hold at once."""
    found = get(service, f"{ZONES}?filter={quote('setback_m = 3')}&kind=road&bbox=113,36,115,37")
    assert len(found["features"]) == 4


# --- beyond: order, selection, forms -------------------------------------------------------------


def sortby(service: Served) -> None:
    found = get(service, f"{ZONES}?sortby=-setback_m,kind,id&limit=144")["features"]
    told = [(-f["properties"]["setback_m"], f["properties"]["kind"], f["id"]) for f in found]
    assert told == sorted(told)
    assert get(service, "/collections/zones/sortables")["properties"].keys() >= {"id", "kind", "setback_m"}


def selection(service: Served) -> None:
    one = get(service, f"{ZONES}?properties=kind,name&skipGeometry=true&limit=1")["features"][0]
    assert (set(one["properties"]), one["geometry"]) == ({"kind", "name"}, None)
    refused(service, f"{ZONES}?properties=colour")


def forms(service: Served) -> None:
    import pyogrio

    where = quote("kind = 'water'")
    for form in ("geojson", "csv", "geojsonl", "fgb", "gpkg"):
        answer = service.client.get(f"/collections/zones/export?f={form}&filter={where}")
        assert answer.status_code == 200
        if form == "geojsonl":
            assert len([json.loads(line.lstrip("\x1e")) for line in answer.text.strip().split("\n")]) == 48
            continue
        path = service.data / f"export.{form}"
        path.write_bytes(answer.content)
        frame = pyogrio.read_dataframe(path)
        assert len(frame) == 48 and "东路4" in set(frame["name"])
        if form != "csv":
            assert frame.geometry.is_valid.all() and frame.crs.to_epsg() == 4326
    assert service.client.get(f"{ZONES}?f=csv&limit=3").text.count("\n") == 4
    assert 'rel="next"' in service.client.get(f"{ZONES}?f=csv&limit=3").headers["link"]
    metres = service.client.get(f"/collections/zones/export?f=gpkg&crs={EPSG}4547")
    (service.data / "metres.gpkg").write_bytes(metres.content)
    assert pyogrio.read_dataframe(service.data / "metres.gpkg").total_bounds[0] == pytest.approx(500_000, abs=0.01)


REQUIREMENTS: Mapping[str, Callable[[Served], None]] = {
    "features-1 /req/core/root-op, root-success": root,
    "features-1 /req/core/api-definition; /req/oas30/oas-definition": api_definition,
    "features-1 /req/core/conformance-op": conformance,
    "features-1 /req/core/http": http,
    "features-1 /req/core/query-param-unknown": query_param_unknown,
    "features-1 /req/core/query-param-invalid": query_param_invalid,
    "features-1 /req/core/crs84": crs84,
    "features-1 /req/core/fc-md-op, fc-md-links, sfc-md-op": collections,
    "features-1 /req/core/fc-op, fc-response, fc-links, fc-timeStamp": items,
    "features-1 /req/core/fc-limit-definition, fc-limit-response": limit,
    "features-1 /req/core/fc-bbox-definition, fc-bbox-response": bbox,
    "features-1 /req/core/fc-time-definition, fc-time-response": datetimes,
    "features-1 /rec/core/fc-filters": filter_params,
    "features-1 /rec/core/fc-next": next_pages,
    "features-1 /req/core/fc-numberMatched, fc-numberReturned": number_matched,
    "features-1 /req/core/f-op, f-success, f-links": item,
    "features-1 /req/html/definition, content; /rec/core/html": html,
    "features-1 /rec/core/cross-origin": cors,
    "features-1 /rec/core/etag": caching,
    "http compression": compression,
    "features-2 /req/crs/fc-md-crs-list, fc-md-storageCrs": crs_list,
    "features-2 /req/crs/fc-crs-definition, ogc-crs-header": crs_parameter,
    "features-2 /req/crs/fc-crs-valid-value of one feature": crs_of_one,
    "features-2 /req/crs/fc-bbox-crs-definition": bbox_crs,
    "features-2, display of Chinese web maps": display_transform,
    "features-3 /req/queryables/get-queryables-op": queryables,
    "features-3 /req/filter/filter-param; cql2 text": filter_text,
    "features-3 /req/filter/filter-lang-param; cql2 json": filter_json,
    "features-3 /req/filter/filter-crs-param; spatial functions": filter_places,
    "features-3 /req/filter/response 400": filter_refused,
    "features-3 /req/filter/mixing-expressions": filter_with_others,
    "records-1 sorting; features-5 sortables": sortby,
    "properties, skipGeometry": selection,
    "forms and exports": forms,
}


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_requirement(service: Served, requirement: str) -> None:
    REQUIREMENTS[requirement](service)
