"""Every route for every role, in and beyond its area: made from the OpenAPI document, so that a new route counts too.

Two streets lie side by side, each with its own imagery, scan and parcels. What belongs to the east one carries EASTGATE
in its name, or an id that is known to be of it; nobody of the west one ever gets a byte of either.
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from service.app import create_app
from service.auth.roles import RIGHTS, Permission, Role
from service.errors import InternalError
from service.render.schemes import SCHEMES
from service.rights import NEEDS, OPEN, SIGNED_IN, WHOLE, check_routes
from service.settings import Auth, Settings
from service.store.audit_records import Audit, AuditAnswer
from tests.access import EVERY_ROLE, TestClient, make_key
from tests.integration.service_kit import (
    LEFT,
    draw_pair,
    draw_scene,
    finished,
    polygon,
    post_scene,
    until,
    write_layer,
)

SIDES = {"westgate": 0, "eastgate": 512}
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@dataclass
class District:
    """A service with two streets in it."""

    client: Any
    ids: dict[str, dict[str, str]]
    """Ids of what lies in each street, by the name of the parameter."""
    both: dict[str, str]
    """Ids of what lies in no street."""
    markers: dict[str, list[str]] = field(default_factory=dict)
    """Texts that only what lies in a street has."""

    def key(self, role: str, areas: list[str] | None, clearance: str = "internal") -> dict[str, str]:
        return make_key(self.client.app.state.services, [role], areas, clearance)


def _layer(folder: Path, kind: str) -> Path:
    told: dict[str, dict[str, Any]] = {
        "parcels": {"parcel_id": "P-{}", "land_use": "0702", "权利人": "张{}", "village": "V-{}"},
        "permits": {"permit_id": "Q-{}", "valid_from": "2020-01-01", "kind": "village"},
        "zones": {"zone_id": "Z-{}", "kind": "green", "name": "N-{}"},
        "buildings": {"building_id": "B-{}"},
    }
    shapes = [
        ({name: str(text).format(side.upper()) for name, text in told[kind].items()}, polygon(20, at + 40, 60, 400))
        for side, at in SIDES.items()
    ]
    return write_layer(folder / f"{kind}.geojson", shapes)


def _lead(client: Any, side: str) -> dict[str, str]:
    """Ids of a report in a street, and of its lead."""
    lon, lat = polygon(20, SIDES[side] + 20, 1, 1)[0][0]
    told = {"source": "patrol", "lon": lon, "lat": lat, "text": side.upper(), "number": side.upper()}
    report = client.post("/reports", json=told).json()["report"]
    return {"report_id": report["id"], "lead_id": report["lead_id"]}


def _send(client: Any, kind: str, path: Path, **fields: str) -> str:
    with path.open("rb") as file:
        answer = client.post(f"/layers/{kind}", files={"file": (path.name, file)}, data=fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    folder = tmp_path_factory.mktemp("rights")
    settings = Settings(data=folder / "data", auth=Auth(rate_per_s=0, open_rate_per_s=0))
    with TestClient(create_app(settings), follow_redirects=False) as whole, TestClient(whole.app) as client:
        services = whole.app.state.services  # type: ignore[attr-defined]
        client.app.state.services = services  # type: ignore[attr-defined]
        whole.headers.update(make_key(services, EVERY_ROLE))
        streets = [({"area_id": f"street-{side.upper()}", "name": side}, polygon(0, at, 512, 512))
                   for side, at in SIDES.items()]  # fmt: skip
        version = {"areas": _send(whole, "areas", write_layer(folder / "areas.geojson", streets))}
        for kind in ("parcels", "permits", "zones", "buildings"):
            version[kind] = _send(whole, kind, _layer(folder, kind))
        ids: dict[str, dict[str, str]] = {}
        markers: dict[str, list[str]] = {}
        for side, at in SIDES.items():
            made = []
            for year, built in ((2024, False), (2025, True)):
                path = draw_scene(
                    folder / f"{side.upper()}_{year}0412.tif", left=LEFT + at * 0.5, seed=year, built=built
                )
                made.append(post_scene(whole, path).json()["id"])
            order = {"before_scene": made[0], "after_scene": made[1], "detector": "training-free"}
            job = finished(whole, whole.post("/scans", json=order).json()["jobID"])
            assert job["status"] == "successful", job
            findings = whole.get(f"/scans/{job['scan_id']}/findings").json()["features"]
            assert findings
            built_ids = {one["properties"]["structure_id"] for one in findings}
            facts = {"lead_ids": [f"L-{side.upper()}"], "path": "slow", "stage": "finished", "categories": ["x"]}
            facts |= {"structure_id": findings[0]["properties"]["structure_id"]}
            case = whole.post("/cases", json={"facts": facts, "geometry": findings[0]["geometry"]}).json()["id"]
            ids[side] = {
                "scene_id": made[0],
                "scan_id": job["scan_id"],
                "finding_id": findings[0]["id"],
                "structure_id": findings[0]["properties"]["structure_id"],
                "fid": f"P-{side.upper()}",
                "job_id": job["jobID"],
                "case_id": case,
                **_lead(whole, side),
            }
            markers[side] = [
                side.upper(),
                job["scan_id"],
                job["jobID"],
                case,
                *made,
                *built_ids,
                *(ids[side][name] for name in ("report_id", "lead_id")),
                *(f["id"] for f in findings),
            ]
        cells = {f"cell-{side.upper()}": {"type": "Polygon", "coordinates": polygon(100, at + 100, 100, 100)}
                 for side, at in SIDES.items()}  # fmt: skip
        services.store.audits.add(Audit("audit", date(2026, 1, 1), 1, cells, datetime.now(UTC)))
        for cell in cells:
            services.store.audits.answer("audit", AuditAnswer(cell, False, "me", None, datetime.now(UTC)))
        person = whole.post("/people", json={"name": "some.body", "roles": ["reader"], "areas": []}).json()["id"]
        both = {
            "audit_id": "audit", "person_id": person, "key_id": "none", "upload_id": "none", "name": "none",
            "other": "none",
            "version_id": version["parcels"], "other_id": version["parcels"], "parcels_id": version["parcels"],
            "kind": "parcels", "collection_id": "parcels", "form": "png", "side": "after",
            "scheme": "WebMercatorQuad", "alarm_id": "none", "rule_id": "none", "channel_id": "none",
            "night_id": "none", "file_id": "none", "party_id": "none", "document_id": "none",
            "objection_id": "none", "token": "none", "sha256": "none", "campaign_id": "none",
            "verdict_id": "none",
        }  # fmt: skip
        yield District(client, ids, both, markers)


def operations() -> list[tuple[str, str, str]]:
    """(method, path, name of the route) of the whole API, pages that people open included."""
    settings = Settings(data=Path("nowhere"))
    app = create_app(settings)
    document = app.openapi()
    told = [
        (method, path, str(told["operationId"]))
        for path, methods in document["paths"].items()
        for method, told in methods.items()
        if method in METHODS
    ]
    pages = {"map": "map", "desk": "desk", "api": "api", "openapi.json": "openapi", "api.html": "api_page"}
    hidden = [("get", f"/{page}", f"get_{name}") for page, name in pages.items()]
    return [*told, *hidden]


OPERATIONS = operations()


def tile_of(side: str, path: str) -> dict[str, str]:
    """A tile in the middle of a street, that lies in it wholly."""
    scheme = SCHEMES["WebMercatorQuad"]
    ring = polygon(200, SIDES[side] + 200, 1, 1)[0][0]
    x, y = scheme.tiles(np.array([ring[0]]), np.array([ring[1]]), 20)
    return {"z": "20", "x": str(int(x[0])), "y": str(int(y[0]))}


BODIES: dict[str, dict[str, Any]] = {
    "/verdicts": {"verdict": True, "judged_by": "me"},
    "/cases/{case_id}/events": {"event": "noted", "facts": {"text": "x"}},
    "/reports/{report_id}/place": {"lon": 114.0, "lat": 36.0, "reason": "a test"},
    "/leads/{lead_id}/verdict": {"verdict": 1, "ground": "other_lawful", "reason": "a test",
                                 "proofs": [{"kind": "title", "number": "1"}]},
    "/leads/{lead_id}/split": {"reports": ["none"], "reason": "a test"},
    "/leads/{lead_id}/merge": {"leads": ["none"], "reason": "a test"},
    "/leads/{lead_id}/notes": {"text": "a test"},
    "/leads/{lead_id}/case": {"facts": {}},
    "/cases/{case_id}/files": {},
    "/cases/{case_id}/parties": {"name": "a test", "kind": "person"},
    "/cases/{case_id}/documents": {"kind": "stop_order"},
}  # fmt: skip
"""What is sent to routes that would ask for a body before they look whether the thing is there."""


def ask(district: District, operation: tuple[str, str, str], side: str, key: dict[str, str]) -> Any:
    """Send a request about something in a street."""
    method, path, _ = operation
    values = {**district.both, **tile_of(side, path), **district.ids[side]}
    if path.startswith("/stac/collections/"):
        values["collection_id"] = "scenes"
    if path.startswith("/exports/patches"):
        values["form"] = "gpkg"
    names = re.findall(r"\{(\w+)\}", path)
    missing = [name for name in names if name not in values]
    assert not missing, f"the test knows no value for {missing} of {path}: give one that lies in each street"
    address = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)
    headers = dict(key)
    if path.startswith("/uploads"):
        headers["Tus-Resumable"] = "1.0.0"
    params: dict[str, str] = {}
    if path.endswith(("/personal", "/reporter")) or (method == "delete" and path.endswith("/documents/{document_id}")):
        params = {"purpose": "a test"} if method == "get" else {"reason": "a test"}
    if path == "/coverage/at":
        lon, lat = polygon(120, SIDES[side] + 120, 1, 1)[0][0]
        params = {"lon": str(lon), "lat": str(lat)}
    if path.endswith("/export"):
        params = {"f": "geojson"}
    body = next((one for end, one in BODIES.items() if path.endswith(end)), None) if method == "post" else None
    if body is not None and "lon" in body:
        lon, lat = polygon(20, SIDES[side] + 20, 1, 1)[0][0]
        body = body | {"lon": lon, "lat": lat}
    return district.client.request(method.upper(), address, headers=headers, params=params, json=body)


def text_of(answer: Any) -> str:
    """All that an answer says, that of archives too."""
    content = answer.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"\n".join(archive.read(name) for name in archive.namelist())
    return str(answer.headers) + content.decode("utf-8", "replace")


def permitted(role: str, name: str, *, everywhere: bool) -> bool:
    """What the tables say."""
    need = NEEDS[name]
    if need in (OPEN, SIGNED_IN):
        return True
    return isinstance(need, Permission) and need in RIGHTS[Role(role)] and (everywhere or name not in WHOLE)


def test_every_route_stands_in_the_table() -> None:
    names = {name for _, _, name in OPERATIONS}
    assert names <= NEEDS.keys() and names >= WHOLE
    with pytest.raises(InternalError, match="get_new_thing"):
        check_routes(["get_items", "get_new_thing"])


def test_nobody_gets_anything_but_health(district: District) -> None:
    for operation in OPERATIONS:
        method, path, name = operation
        answer = ask(district, operation, "westgate", {})
        if NEEDS[name] is OPEN:
            assert answer.status_code != 401 or name == "post_session", path
        else:
            assert answer.status_code == 401, (method, path, answer.status_code)
        assert not [one for side in SIDES for one in district.markers[side] if one in text_of(answer)
                    and one not in path and one not in str(answer.url)], path  # fmt: skip


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_a_role_may_what_the_table_says_and_sees_its_street_alone(district: District, role: str) -> None:
    street, everywhere = district.key(role, ["street-WESTGATE"]), district.key(role, None)
    located = set(district.ids["westgate"])
    for operation in OPERATIONS:
        method, path, name = operation
        if name in ("delete_personal", "delete_reporter"):
            continue  # done last: it would take away what the others look for
        inside = ask(district, operation, "westgate", street)
        beyond = ask(district, operation, "eastgate", street)
        if permitted(role, name, everywhere=False):
            # who of those that take part in cases may tell which event stands in the table of moves
            told_by_another = name.startswith("post_case_") and "urn:kancha:problem:case-right" in inside.text
            assert told_by_another or inside.status_code not in (401, 403), (role, method, path, inside.text[:300])
            if {part for part in re.findall(r"\{(\w+)\}", path)} & located:
                assert beyond.status_code in (404, 405), (role, method, path, beyond.status_code, beyond.text[:300])
        else:
            assert inside.status_code == beyond.status_code == 403, (role, method, path, inside.status_code)
        for answer in (inside, beyond):
            told = text_of(answer).replace(str(answer.url), "").replace(answer.request.url.path, "")
            asked = district.ids["eastgate"].values() if answer is beyond else ()
            shown = [
                one for one in district.markers["eastgate"] if one in told and one not in asked and one != "EASTGATE"
            ]
            assert not shown, (role, method, path, shown)
            assert answer is beyond or "EASTGATE" not in told, (
                role,
                method,
                path,
                told[max(0, told.find("EASTGATE") - 80) :][:160],
            )
        if name in ("post_scene", "post_layer", "post_layer_preview", "post_upload", "patch_upload"):
            continue
        whole = ask(district, operation, "eastgate", everywhere)
        refused = whole.status_code in (401, 403) and "urn:kancha:problem:case-right" not in whole.text
        assert refused is not permitted(role, name, everywhere=True), (role, method, path)


def test_erasing_is_for_administrators_who_work_everywhere(district: District) -> None:
    operation = next(one for one in OPERATIONS if one[2] == "delete_personal")
    for role in EVERY_ROLE:
        assert ask(district, operation, "westgate", district.key(role, ["street-WESTGATE"])).status_code == 403
    for role in EVERY_ROLE:
        whole = ask(district, operation, "eastgate", district.key(role, None))
        assert whole.status_code == (204 if role == "administrator" else 403), (role, whole.text)


# --- what shows a part ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def across(district: District, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A scene over both streets."""
    path = draw_scene(tmp_path_factory.mktemp("across") / "across_20250601.tif", size=1024)
    whole = make_key(district.client.app.state.services)
    with path.open("rb") as file:
        answer = district.client.post("/scenes", files={"raster": (path.name, file)}, headers=whole)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def picture(answer: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    assert answer.status_code == 200, answer.text
    found = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(found, np.uint8)


def test_tiles_and_previews_end_where_the_street_ends(district: District, across: str) -> None:
    scheme = SCHEMES["WebMercatorQuad"]
    lon, lat = polygon(200, 512, 1, 1)[0][0]
    for z in (19, 20, 21):
        x, y = scheme.tiles(np.array([lon]), np.array([lat]), z)
        column, row, border = int(x[0]), int(y[0]), float(x[0] % 1) * 256
        if 60 < border < 200:
            break
    assert 60 < border < 200
    tile = f"/scenes/{across}/tiles/WebMercatorQuad/{z}/{column}/{row}"
    street, everywhere = district.key("reader", ["street-WESTGATE"]), district.key("reader", None)
    whole = picture(district.client.get(f"{tile}.png", headers=everywhere))
    assert whole.shape[2] == 3 or (whole[..., 3] > 0).all()
    part = picture(district.client.get(f"{tile}.png", headers=street))
    inside, beyond = part[:, : int(border) - 2], part[:, int(border) + 3 :]
    assert (beyond[..., 3] == 0).all() and (beyond[..., :3] == 0).all()
    assert (inside[..., 3] > 0).all()
    np.testing.assert_array_equal(inside[..., :3], whole[:, : int(border) - 2, :3])
    jpeg = picture(district.client.get(f"{tile}.jpg", headers=street))
    assert (jpeg[:, int(border) + 12 :] > 250).all()
    mask = picture(district.client.get(f"/scenes/{across}/mask/tiles/WebMercatorQuad/{z}/{column}/{row}.png",
                                       headers=street))  # fmt: skip
    assert (mask[:, int(border) + 3 :, 3] == 0).all()
    shown = picture(district.client.get(f"/scenes/{across}/preview.png", headers=street))
    # the street is the upper left quarter of the scene
    down, half = shown.shape[0] // 2, shown.shape[1] // 2
    assert (shown[:, half + 4 :, 3] == 0).all() and (shown[down + 4 :, :, 3] == 0).all()
    assert (shown[20 : down - 4, 20 : half - 4, 3] > 0).all()


def test_a_file_that_reaches_beyond_is_refused(district: District, across: str) -> None:
    street = district.key("analyst", ["street-WESTGATE"])
    for part in ("file", "cog", "mask"):
        answer = district.client.get(f"/scenes/{across}/{part}", headers=street)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden") and "tiles" in answer.json()["remedy"]
    assert (
        district.client.get(f"/scenes/{district.ids['westgate']['scene_id']}/file", headers=street).status_code == 200
    )


def test_counts_are_those_of_the_street(district: District) -> None:
    street, everywhere = district.key("analyst", ["street-WESTGATE"]), district.key("analyst", None)

    def told(path: str, key: dict[str, str]) -> Any:
        return district.client.get(path, headers=key).json()

    for name in ("parcels", "permits", "zones", "buildings", "areas"):
        path = f"/collections/{name}/items?count=true"
        assert (told(path, street)["numberMatched"], told(path, everywhere)["numberMatched"]) == (1, 2), name
        assert told(f"/layers/{name}", street)["layers"][0]["features"] == 1
    for path in ("/scans", "/collections/findings/items?count=true"):
        assert told(path, street)["numberMatched"] < told(path, everywhere)["numberMatched"]
    box = told("/collections/parcels", street)["extent"]["spatial"]["bbox"][0]
    assert box[2] < polygon(0, 512, 1, 1)[0][0][0] + 1e-6
    own = told("/coverage?as_of=2025-07-01", street)
    assert [one["id"] for one in own["areas"]] == ["street-WESTGATE"]
    whole = told("/coverage?as_of=2025-07-01", everywhere)
    assert own["all"]["area_km2"] == pytest.approx(whole["all"]["area_km2"] / 2, rel=0.01)
    assert own["all"] == own["areas"][0]["figures"]


def test_vector_tiles_hold_the_street_alone(district: District) -> None:
    scheme = SCHEMES["WebMercatorQuad"]
    lon, lat = polygon(50, 512, 1, 1)[0][0]
    x, y = scheme.tiles(np.array([lon]), np.array([lat]), 14)
    path = f"/collections/parcels/tiles/WebMercatorQuad/14/{int(x[0])}/{int(y[0])}.mvt"
    street = district.client.get(path, headers=district.key("reader", ["street-WESTGATE"]))
    whole = district.client.get(path, headers=district.key("reader", None))
    assert b"P-WESTGATE" in street.content and b"P-EASTGATE" not in street.content
    assert b"P-WESTGATE" in whole.content and b"P-EASTGATE" in whole.content
    assert street.headers["etag"] != whole.headers["etag"]


def test_a_tag_of_one_caller_is_none_of_another(district: District) -> None:
    for path in ("/collections/parcels/items", "/collections/findings/items", "/collections/parcels/items/P-WESTGATE",
                 f"/scenes/{district.ids['westgate']['scene_id']}"):  # fmt: skip
        whole = district.client.get(path, headers=district.key("reader", None)).headers["etag"]
        street = {**district.key("reader", ["street-WESTGATE"]), "If-None-Match": whole}
        assert district.client.get(path, headers=street).status_code == 200, path


# --- secrecy -------------------------------------------------------------------------------------


def test_what_is_secret_is_seen_by_those_who_are_cleared(district: District, tmp_path: Path) -> None:
    client, services = district.client, district.client.app.state.services
    cleared, below = make_key(services, EVERY_ROLE, None, "secret"), make_key(services, EVERY_ROLE, None, "internal")
    made = []
    for year, built in ((2022, False), (2023, True)):
        path = draw_scene(tmp_path / f"hush_{year}0412.tif", seed=year, built=built)
        with path.open("rb") as file:
            send = {"files": {"raster": (path.name, file)}, "data": {"secrecy": "secret"}}
            refused = client.post("/scenes", headers=below, **send)
            assert (refused.status_code, refused.json()["measured"]["clearance"]) == (403, "internal")
            file.seek(0)
            answer = client.post("/scenes", headers=cleared, **send)
            assert answer.json()["secrecy"] == "secret"
            made.append(answer.json()["id"])
    order = {"before_scene": made[0], "after_scene": made[1], "detector": "training-free"}
    assert client.post("/scans", json=order, headers=below).status_code == 404
    job = client.post("/scans", json=order, headers=cleared).json()["jobID"]
    assert client.get(f"/jobs/{job}", headers=below).status_code == 404
    client.headers.update(cleared)
    try:
        done = finished(client, job)
    finally:
        del client.headers["authorization"]
    scan = client.get(f"/scans/{done['scan_id']}", headers=cleared).json()
    assert scan["secrecy"] == "secret"
    finding = client.get(f"/scans/{scan['id']}/findings", headers=cleared).json()["features"][0]["id"]
    for path in (f"/scenes/{made[0]}", f"/scenes/{made[0]}/file", f"/scans/{scan['id']}", f"/findings/{finding}",
                 f"/collections/findings/items/{finding}", f"/collections/scenes/items/{made[0]}",
                 f"/stac/collections/scenes/items/{made[0]}", f"/jobs/{job}"):  # fmt: skip
        assert client.get(path, headers=cleared).status_code == 200, path
        assert client.get(path, headers=below).status_code == 404, path
    for path in ("/scenes", "/scans", "/jobs", "/collections/findings/items", "/collections/scenes/items",
                 "/stac/search", "/queue", "/collections/structures/items", "/wmts"):  # fmt: skip
        told = client.get(path, headers=below).text
        assert not [one for one in (*made, scan["id"], finding, job, "hush") if one in told], path


def test_a_secret_layer_leaves_the_one_before_it_to_the_others(district: District, tmp_path: Path) -> None:
    client, services = district.client, district.client.app.state.services
    cleared, below = make_key(services, EVERY_ROLE, None, "secret"), make_key(services, EVERY_ROLE, None, "internal")
    path = write_layer(tmp_path / "secret.geojson", [({"zone_id": "Z-HUSH", "kind": "secret"}, polygon(0, 0, 99, 99))])
    with path.open("rb") as file:
        sent = {"files": {"file": (path.name, file)}, "data": {"secrecy": "secret"}}
        assert client.post("/layers/zones", headers=below, **sent).status_code == 403
        file.seek(0)
        made = client.post("/layers/zones", headers=cleared, **sent).json()
    assert made["secrecy"] == "secret"
    assert "Z-HUSH" in client.get("/collections/zones/items", headers=cleared).text
    shown = client.get("/collections/zones/items", headers=below)
    assert "Z-HUSH" not in shown.text and "Z-WESTGATE" in shown.text
    assert client.get("/collections/zones/items/Z-HUSH", headers=below).status_code == 404
    assert client.get("/collections/zones/items/Z-WESTGATE", headers=below).status_code == 200
    assert client.get(f"/layers/zones/{made['id']}", headers=below).status_code == 404
    assert "Z-HUSH" not in json.dumps(client.get("/layers", headers=below).json())


# --- what a review found -------------------------------------------------------------------------


def test_boxes_and_times_are_those_of_the_street(district: District) -> None:
    border = polygon(0, 512, 1, 1)[0][0][0]
    # the footprint of a scene is told whole: scenes are left out here
    for name in ("findings", "structures", "parcels", "coverage"):
        path = f"/collections/{name}"
        told = district.client.get(path, headers=district.key("reader", ["street-WESTGATE"], "secret")).json()
        assert told["extent"]["spatial"]["bbox"][0][2] < border + 1e-3, name
        nothing = district.client.get(path, headers=district.key("reader", [])).json()
        assert "extent" not in nothing, nothing


def test_what_moved_out_of_the_street_is_gone_and_not_told_whither(district: District, tmp_path: Path) -> None:
    client, services = district.client, district.client.app.state.services
    whole = make_key(services, EVERY_ROLE)
    versions = []
    for side, at in SIDES.items():
        told = {"parcel_id": "P-MOVE", "land_use": side, "village": f"V-{side.upper()}"}
        path = write_layer(tmp_path / f"{side}.geojson", [(told, polygon(300, at + 100, 50, 50))])
        with path.open("rb") as file:
            sent = {"files": {"file": (path.name, file)}, "data": {"accept_place": "true"}}
            versions.append(client.post("/layers/parcels", headers=whole, **sent).json()["id"])
    path = f"/layers/parcels/{versions[0]}/diff/{versions[1]}"
    assert [one["properties"]["difference"] for one in client.get(path, headers=whole).json()["features"]] == ["moved"]
    told = client.get(path, headers=district.key("analyst", ["street-WESTGATE"]))
    assert [one["properties"]["difference"] for one in told.json()["features"]] == ["removed"]
    assert "EASTGATE" not in told.text
    # the layer before stands again for the tests that follow
    with _layer(tmp_path, "parcels").open("rb") as file:
        assert client.post("/layers/parcels", files={"file": ("again.geojson", file)}, data={"source": "again"},
                           headers=whole).status_code == 201  # fmt: skip


def test_coverage_tells_of_the_street_even_where_its_outline_is_odd(district: District) -> None:
    client = district.client
    own = client.get("/coverage", headers=district.key("reader", ["street-WESTGATE"])).json()
    whole = client.get("/coverage", headers=district.key("reader", None)).json()
    nobody = client.get("/coverage", headers=district.key("reader", []))
    assert nobody.status_code == 404
    assert own["all"]["area_km2"] < 0.51 * whole["all"]["area_km2"]


def test_an_upload_beyond_the_street_is_refused_whichever_way_it_comes(district: District, tmp_path: Path) -> None:
    client = district.client
    key = district.key("analyst", ["street-WESTGATE"])
    path = draw_scene(tmp_path / "beyond_20210412.tif", left=LEFT + 256, seed=5)
    with path.open("rb") as file:
        answer = client.post("/scenes", files={"raster": (path.name, file)}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    content = path.read_bytes()
    name = base64.b64encode(path.name.encode()).decode()
    made = client.post("/uploads", content=content, headers={
        **key, "Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": f"filename {name}",
        "Content-Type": "application/offset+octet-stream"})  # fmt: skip
    assert made.status_code == 201, made.text
    upload = made.headers["location"].rsplit("/", 1)[1]

    def over() -> Any:
        told = client.get(f"/uploads/{upload}", headers=key).json()
        return told if told["state"] in ("stored", "failed", "refused") else None

    told = until(over, 60)
    assert told["problem"]["code"] == "forbidden" and told["scene_id"] is None


def test_files_of_a_scan_take_the_rights_to_store_them(district: District, tmp_path: Path) -> None:
    client = district.client
    chief = district.key("chief", None)
    before, after = draw_pair(tmp_path / "pair", size=256)
    with before.open("rb") as one, after.open("rb") as two:
        files = {"before": (before.name, one), "after": (after.name, two)}
        answer = client.post("/scans", files=files, headers=chief)
    assert (answer.status_code, answer.json()["measured"]["permission"]) == (403, "upload")
    ids = district.ids["westgate"]
    layer = _layer(tmp_path, "parcels")
    with layer.open("rb") as file:
        sent = {"before_scene": ids["scene_id"], "after_scene": ids["scene_id"]}
        answer = client.post("/scans", files={"parcels": (layer.name, file)}, data=sent, headers=chief)
    assert (answer.status_code, answer.json()["measured"]["permission"]) == (403, "layers")


@pytest.mark.parametrize("z", range(10))
def test_a_tile_from_afar_takes_no_memory(district: District, z: int) -> None:
    """The scene is a speck there: no block as large as the world is filled for it."""
    scheme = SCHEMES["WebMercatorQuad"]
    lon, lat = polygon(100, 100, 1, 1)[0][0]
    x, y = scheme.tiles(np.array([lon]), np.array([lat]), z)
    scene = district.ids["westgate"]["scene_id"]
    path = f"/scenes/{scene}/tiles/WebMercatorQuad/{z}/{int(x[0])}/{int(y[0])}.png"
    assert district.client.get(path, headers=district.key("reader", None)).status_code == 200


def test_a_grade_is_not_lost_in_silence(district: District, tmp_path: Path) -> None:
    key = make_key(district.client.app.state.services, EVERY_ROLE)
    path = draw_scene(tmp_path / "grade_20200412.tif", seed=9)
    answers = []
    for grade in ("internal", "secret"):
        with path.open("rb") as file:
            sent = {"files": {"raster": (path.name, file)}, "data": {"secrecy": grade}}
            answers.append(district.client.post("/scenes", headers=key, **sent))
    assert answers[0].status_code == 201
    assert answers[1].status_code == 400 and answers[1].json()["measured"]["secrecy"] == "internal"
