"""Leads over HTTP: told, merged, judged with proof, split, merged by hand, made a case; who told it stays sealed."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from service.settings import Auth, Settings
from tests.access import TestClient, client_of, make_key
from tests.integration.lead_kit import PHONE, WANG, judge, photo, sent, told
from tests.integration.service_kit import write_layer


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data=tmp_path_factory.mktemp("leads"), auth=Auth(rate_per_s=0, open_rate_per_s=0))
    with client_of(settings) as found:
        parcels = [({"parcel_id": f"G-{k}", "address": f"人民路{k}号"}, _square(116.0 + k * 0.001)) for k in (1, 2)]
        path = write_layer(settings.data / "parcels.geojson", parcels)
        with path.open("rb") as file:
            assert found.post("/layers/parcels", files={"file": (path.name, file)}).status_code == 201
        yield found


def _square(west: float, south: float = 36.0, size: float = 0.0002) -> list[list[list[float]]]:
    east, north = west + size, south + size
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def keyed(client: Any, *roles: str, **rights: Any) -> dict[str, str]:
    return make_key(client.app.state.services, roles, **rights)


def test_reports_of_one_place_are_one_lead_and_each_keeps_its_source(client: TestClient) -> None:
    first = sent(client, number="P-1", seen_at="2026-03-02T09:00:00+08:00")
    assert first["found_by"] == "told" and first["accuracy_m"] == 15.0 and first["source_zh"] == "日常巡查"
    second = sent(client, source="hotline", north_m=30, number="WO-1", seen_at="2026-03-03T09:00:00+08:00")
    assert second["lead_id"] == first["lead_id"] and second["accuracy_m"] == 50.0
    lead = client.get(f"/leads/{first['lead_id']}").json()
    assert [one["source"] for one in lead["reports"]] == ["patrol", "hotline"] and lead["priority"] == 2.0
    assert [one["event"] for one in lead["events"]] == ["opened", "joined"]
    feature = client.get(f"/collections/leads/items/{lead['id']}").json()
    assert feature["properties"]["sources"] == ["patrol", "hotline"] and "text" not in feature["properties"]
    for asked in ({"source": "hotline"}, {"state": "open"}, {"verdict": "0", "source": "patrol"}):
        listed = client.get("/collections/leads/items", params=asked).json()
        assert lead["id"] in [one["id"] for one in listed["features"]], asked
    cql = {"filter": "A_CONTAINS(sources, ('hotline')) AND independent_sources >= 2"}
    assert [one["id"] for one in client.get("/collections/leads/items", params=cql).json()["features"]] == [lead["id"]]


def test_the_same_number_sent_twice_is_kept_once_and_says_what_differs(client: TestClient) -> None:
    first = sent(client, north_m=1000, number="P-2", category="加建")
    again = client.post("/reports", json=told(north_m=1000, number="P-2", text="别的话", category="加建"))
    assert again.status_code == 200 and again.json()["new"] is False
    assert again.json()["differs"] == ["text"] and again.json()["report"]["id"] == first["id"]
    assert client.post("/reports", json=told(north_m=1000, number="P-2", origin="二中队")).status_code == 201

    def send(_: int) -> int:
        return int(client.post("/reports", json=told(north_m=2000, number="P-3")).status_code)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [200, 200, 200, 201]


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"source": "neighbour"}, "neighbour"),
        ({"source": "scan"}, "service itself"),
        ({"stage": "half"}, "half"),
        ({"lat": 136.6}, "longitude and latitude"),
        ({"accuracy_m": -1}, "accuracy"),
        ({"seen_at": "2099-01-01T00:00:00Z"}, "still to come"),
        ({"coordinates": "Xian80"}, "Xian80"),
        ({"geometry": {"type": "LineString", "coordinates": [[114, 36], [115, 36]]}}, "point or polygon"),
        ({"number": "9" * 121}, "120"),
        ({"secrecy": "dark"}, "dark"),
        ({"lon": None, "lat": None, "text": ""}, "neither a place"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(client: TestClient, more: dict[str, Any], word: str) -> None:
    answer = client.post("/reports", json={name: v for name, v in (told() | more).items() if v is not None})
    assert answer.status_code == 422 and answer.json()["type"].endswith("report-unusable")
    assert word in answer.json()["detail"] + answer.json()["remedy"]


def test_bodies_that_say_nothing_clear_are_refused(client: TestClient) -> None:
    for body in ({"source": "patrol", "lon": 114.0}, told(anonymous="perhaps"), told(colour="red"), told(lat="north")):
        assert client.post("/reports", json=body).status_code == 400
    assert client.post("/leads/none/verdict", json={"verdict": 1}).status_code == 422
    assert client.get("/leads/none").status_code == client.get("/reports/none").status_code == 404


def test_a_parcel_or_an_address_places_a_report_and_the_rest_waits(client: TestClient) -> None:
    found = sent(client, lon=None, lat=None, parcel_id="g-01")
    assert found["found_by"] == "parcel_number_normalised" and found["geometry"]["type"] == "Polygon"
    assert sent(client, lon=None, lat=None, address="河北省邯郸市邯山区人民路２號")["found_by"] == "address"
    lost = sent(client, lon=None, lat=None, address="不存在的路99号", number="lost")
    assert lost["lead_id"] is None and "no parcel" in lost["place_note"]
    vague = sent(client, accuracy_m=800, number="vague")
    assert vague["lead_id"] is None and "500" in vague["place_note"]
    waiting = client.get("/reports", params={"unplaced": True}).json()
    assert {lost["id"], vague["id"]} <= {one["id"] for one in waiting["reports"]}
    bad = client.post(f"/reports/{lost['id']}/place", json={"address": "仍然没有", "reason": "试一试"})
    assert bad.status_code == 422
    body = {"lon": found["geometry"]["coordinates"][0][0][0] + 0.0001, "lat": 36.0001, "reason": "门牌照片所示"}
    placed = client.post(f"/reports/{lost['id']}/place", json=body).json()["report"]
    assert placed["lead_id"] == found["lead_id"] and placed["found_by"] == "hand"
    assert client.get(f"/reports/{lost['id']}").json()["places"][0]["reason"] == "门牌照片所示"
    assert client.post(f"/reports/{lost['id']}/place", json=body).status_code == 409


def test_a_place_that_was_read_off_a_web_map_is_turned_back(client: TestClient) -> None:
    shown = sent(client, lon=114.506, lat=36.7005, coordinates="GCJ-02")["geometry"]["coordinates"]
    assert 300 < abs(shown[0] - 114.506) * 89_000 < 800 and abs(shown[1] - 36.7005) * 111_320 < 300
    assert sent(client, lon=shown[0], lat=shown[1])["lead_id"] == sent(client, lon=shown[0], lat=shown[1])["lead_id"]


def test_photographs_come_with_a_report_and_stay_as_they_came(client: TestClient) -> None:
    fields = {name: str(value) for name, value in told(north_m=5000).items()}
    answer = client.post("/reports", data=fields, files={"photo1": photo(3), "photo2": photo(9)})
    report = answer.json()["report"]
    assert answer.status_code == 201 and [one["name"] for one in report["photos"]] == ["现场.jpg"] * 2
    sha256 = report["photos"][0]["sha256"]
    kept = client.get(f"/reports/{report['id']}/photos/{sha256}")
    assert kept.content == photo(3)[1] and kept.headers["content-type"] == "image/jpeg"
    assert client.get(f"/reports/{report['id']}/photos/none").status_code == 404
    bad = client.post("/reports", data=fields, files={"photo1": ("x.jpg", b"no picture", "image/jpeg")})
    assert bad.status_code == 415


def test_who_told_it_is_sealed_read_with_a_purpose_and_erased(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    who = {"reporter_name": WANG, "reporter_telephone": PHONE}
    report = sent(client, north_m=6000, **who)
    secret = sent(client, north_m=7000, anonymous=True, text=f"我是 {WANG[1:]}，电话 {PHONE}", **who)
    assert report["reporter_kept"] and not secret["reporter_kept"] and PHONE not in secret["text"]
    seen = [
        client.get(path).text
        for path in (
            f"/reports/{report['id']}", f"/leads/{report['lead_id']}", "/reports", "/leads", "/collections/leads/items",
            "/collections/leads/items?f=csv", "/collections/leads/items?f=html",
        )
    ]  # fmt: skip
    data = client.app.state.services.settings.data  # type: ignore[attr-defined]
    with sqlite3.connect(data / "kancha.sqlite") as base:
        seen += ["".join(base.iterdump())]
    assert not any(word in text for text in [*seen, caplog.text] for word in (WANG, PHONE))
    assert client.get(f"/reports/{report['id']}/reporter").status_code == 400
    told_of = client.get(f"/reports/{report['id']}/reporter", params={"purpose": "回访核实情况"})
    assert told_of.json() == {"report_id": report["id"], "kept": True, "name": WANG, "telephone": PHONE}
    assert told_of.headers["cache-control"] == "no-store"
    log = client.get("/audit-log", params={"action": "personal-read"}).json()["entries"][0]
    assert log["target"] == f"report/{report['id']}" and log["details"]["purpose"] == "回访核实情况"
    assert PHONE not in json.dumps(log, ensure_ascii=False)
    gone = client.delete(f"/reports/{report['id']}/reporter", params={"reason": "本人申请删除"})
    assert gone.status_code == 204
    assert client.delete(f"/reports/{report['id']}/reporter", params={"reason": "本人申请删除"}).status_code == 404
    after = client.get(f"/reports/{report['id']}/reporter", params={"purpose": "回访核实情况"}).json()
    assert after["kept"] is False and after["name"] == "" and client.get(f"/reports/{report['id']}").status_code == 200


def test_a_verdict_needs_the_proof_of_its_ground(client: TestClient) -> None:
    lead = sent(client, north_m=8000)["lead_id"]
    refused = judge(client, lead, 1, "approved_earlier", "title")
    assert refused.status_code == 422 and refused.json()["type"].endswith("lead-proof")
    assert refused.json()["measured"]["needed"] == ["approval_file"]
    assert judge(client, lead, 1, "false_change").json()["type"].endswith("lead-verdict")
    assert (
        judge(client, lead, 0, "unlawful").status_code == judge(client, lead, 1, "approved_earlier").status_code == 422
    )
    # a photograph is shown, not numbered
    assert judge(client, lead, 3, "false_change", "site_photo").json()["type"].endswith("lead-proof")
    stranger = {"proofs": [{"kind": "site_photo", "sha256": "0" * 64}]}
    assert "no photograph" in judge(client, lead, 3, "false_change", **stranger).json()["detail"]
    done = judge(client, lead, 1, "approved_earlier", "approval_file", expected=1).json()
    assert (done["state"], done["verdict"], done["ground_zh"]) == ("judged", 1, "往年审批") and done["triaged_at"]
    late = judge(client, lead, 1, "approved_earlier", "approval_file", expected=1)
    assert late.status_code == 409 and late.json()["type"].endswith("lead-behind")
    fields = {"verdict": "2", "ground": "unlawful", "reason": "现场核实为违法"}
    done = client.post(f"/leads/{lead}/verdict", data=fields, files={"photo1": photo(20)}).json()
    assert [one["facts"]["verdict"] for one in done["events"] if one["event"] == "judged"] == [1, 2]
    assert done["verdict"] == 2 and done["events"][-1]["facts"]["proofs"][0]["kind"] == "site_photo"
    table = client.get("/leads/grounds").json()
    assert {one["ground"]: one["proofs"] for one in table["grounds"]}["facility_agriculture"] == ["filing_record"]


def test_an_officer_splits_and_merges_with_a_reason(client: TestClient) -> None:
    one, other = sent(client, north_m=9000), sent(client, north_m=9005)
    lead = one["lead_id"]
    assert client.post(f"/leads/{lead}/split", json={"reports": [], "reason": "两处建筑"}).status_code == 422
    assert client.post(f"/leads/{lead}/split", json={"reports": [other["id"]], "reason": ""}).status_code == 422
    parted = client.post(f"/leads/{lead}/split", json={"reports": [other["id"]], "reason": "两处建筑"}).json()
    assert parted["id"] != lead and [r["id"] for r in parted["reports"]] == [other["id"]]
    assert client.post(f"/leads/{lead}/merge", json={"leads": [lead], "reason": "同一处"}).status_code == 422
    merged = client.post(f"/leads/{lead}/merge", json={"leads": [parted["id"]], "reason": "同一处"}).json()
    assert len(merged["reports"]) == 2 and client.get(f"/leads/{parted['id']}").json()["id"] == merged["id"]
    kinds = [event["event"] for event in merged["events"]]
    assert {"split_ordered", "merge_ordered", "merged", "took_in"} <= set(kinds)
    assert client.post(f"/leads/{lead}/notes", json={"text": "周一复看"}).json()["events"][-1]["event"] == "noted"


def test_an_unlawful_lead_becomes_one_case(client: TestClient) -> None:
    lead = sent(client, source="hotline", north_m=10_000, stage="foundation")["lead_id"]
    facts = {"path": "fast", "categories": ["no_permit"]}
    early = client.post(f"/leads/{lead}/case", json={"facts": facts})
    assert early.status_code == 409 and early.json()["type"].endswith("lead-state")
    assert judge(client, lead, 2, "unlawful", "evidence").status_code == 201
    wrong = client.post(f"/leads/{lead}/case", json={"facts": {"path": "nowhere"}})
    assert wrong.status_code == 422 and client.get(f"/leads/{lead}").json()["case_id"] is None

    def ask(_: int) -> Any:
        return client.post(f"/leads/{lead}/case", json={"facts": facts})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    made = next(one.json() for one in answers if one.status_code == 201)
    opened = client.get(f"/cases/{made['case_id']}/events").json()["events"][0]["facts"]
    assert opened["lead_ids"] == [lead] and opened["stage"] == "under_construction" and opened["complaint"] is True
    row = client.get(f"/leads/{lead}").json()
    assert (row["state"], row["case_id"]) == ("case", made["case_id"])
    again = client.post(f"/leads/{lead}/case", json={"facts": facts})
    assert again.status_code == 409 and again.json()["measured"]["case_id"] == made["case_id"]


def test_the_queue_goes_by_priority_and_page_by_page(client: TestClient) -> None:
    sent(client, north_m=11_000)
    sent(client, source="hotline", north_m=11_010)
    first = client.get("/leads", params={"limit": 1}).json()
    assert first["numberReturned"] == 1 and first["numberMatched"] > 3
    listed, link = [], f"{client.base_url}/leads?limit=2"
    while link:
        page = client.get(link).json()
        listed += [one["properties"]["priority"] for one in page["features"]]
        link = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    assert listed == sorted(listed, reverse=True) and len(listed) == first["numberMatched"]
    judged = client.get("/leads", params={"verdict": 1}).json()["features"]
    assert all(one["properties"]["verdict"] == 1 for one in judged)
    assert client.get("/leads", params={"source": "neighbour"}).status_code == 400


def test_each_may_do_what_the_role_says(client: TestClient) -> None:
    report = sent(client, north_m=12_000)
    lead = report["lead_id"]
    hotline = keyed(client, "officer", clearance="internal")
    analyst, reader = keyed(client, "analyst"), keyed(client, "reader")
    assert client.post("/reports", json=told("hotline", 12_100), headers=hotline).status_code == 201
    assert client.post("/reports", json=told(north_m=12_200), headers=analyst).status_code == 201
    assert client.post("/reports", json=told(north_m=12_300), headers=reader).status_code == 403
    assert client.post("/reports", json=told(secrecy="secret"), headers=hotline).status_code == 403
    body = {
        "verdict": 1,
        "ground": "approved_earlier",
        "reason": "有批文",
        "proofs": [{"kind": "approval_file", "number": "1"}],
    }
    assert client.post(f"/leads/{lead}/verdict", json=body, headers=analyst).status_code == 403
    assert client.post(f"/leads/{lead}/verdict", json=body, headers=hotline).status_code == 201
    assert client.post(f"/leads/{lead}/case", json={"facts": {}}, headers=analyst).status_code == 403
    for path in (f"/leads/{lead}", f"/reports/{report['id']}"):
        assert client.get(path, headers=reader).status_code == 403
    assert client.get("/collections/leads/items", headers=reader).status_code == 200
    assert client.get(f"/reports/{report['id']}/reporter?purpose=test", headers=analyst).status_code == 403
    assert client.delete(f"/reports/{report['id']}/reporter?reason=test", headers=hotline).status_code == 403


def test_the_duty_desk_has_its_page(client: TestClient) -> None:
    page = client.get("/desk")
    assert page.status_code == 200 and "线索登记" in page.text and "/static/desk.js" in page.text
    assert client.get("/static/desk.js").status_code == 200
    assert client.get("/desk", headers=keyed(client, "reader")).status_code == 403


def test_leads_leave_as_files_without_words_of_reporters(client: TestClient, tmp_path: Path) -> None:
    sent(client, north_m=13_000, text="邻居张三在盖房")
    answer = client.get("/collections/leads/items", params={"f": "geojsonl"})
    assert answer.status_code == 200 and "张三" not in answer.text and '"independent_sources"' in answer.text
