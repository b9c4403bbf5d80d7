"""Cases over HTTP: opened, told by those who may, refused with the article, raced for, shown on the map."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openpyxl
import pytest

from service.app import create_app
from service.case_settings import Cases
from service.cases.documents import pdf_text
from service.settings import Settings
from tests.access import TestClient, client_of, make_key

POINT = {"type": "Point", "coordinates": [114.5, 36.6]}
OPENED = {"lead_ids": ["l1"], "path": "fast", "stage": "under_construction", "categories": ["no_permit"]}
SERVED = {"method": "in_person", "officers": ["王", "李"]}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(Settings(data=tmp_path_factory.mktemp("cases"), cases=Cases(jurisdictions=("shanghai",)))) as found:
        yield found


def opened(client: Any, **facts: Any) -> dict[str, Any]:
    body = {"facts": OPENED | facts, "geometry": POINT, "at": "2026-03-02T09:00:00+08:00"}
    answer = client.post("/cases", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(answer.json()["id"])
    told: dict[str, Any] = answer.json()
    return told


def tell(client: Any, case: dict[str, Any], event: str, at: str, **facts: Any) -> Any:
    body = {"event": event, "facts": facts, "at": f"{at}:00+08:00"}
    return client.post(f"/cases/{case['id']}/events", json=body)


def test_a_case_is_opened_told_and_read_again(client: TestClient) -> None:
    case = opened(client)
    assert (case["state"], case["state_zh"], case["number"], case["path"]) == ("open", "已受理", 1, "fast")
    answer = tell(client, case, "stop_order_served", "2026-03-02T15:00", **SERVED, served_on="2026-03-02")
    assert answer.status_code == 201 and answer.json()["regions"]["site"] == "stop_ordered"
    events = client.get(f"/cases/{case['id']}/events").json()["events"]
    assert [one["event"] for one in events] == ["opened", "stop_order_served"]
    assert events[1]["title_zh"] == "责令停止通知书送达" and len(events[1]["hash"]) == 64
    item = client.get(f"/collections/cases/items/{case['id']}").json()
    assert item["properties"]["site"] == "stop_ordered" and item["geometry"] == POINT
    listed = client.get("/collections/cases/items", params={"state": "open", "bbox": "114,36,115,37"}).json()
    assert case["id"] in [one["id"] for one in listed["features"]]


def test_a_refusal_names_the_article_the_way_out_and_the_history(client: TestClient) -> None:
    case = opened(client, stage="finished", path="slow")
    told = tell(client, case, "stop_order_served", "2026-03-02T15:00", **SERVED, served_on="2026-03-02")
    problem = told.json()
    assert told.status_code == 409 and problem["type"].endswith("case-move")
    assert "城规 64, 68" in problem["detail"] and "slow path" in str(problem)
    assert problem["measured"]["history"][0]["event"] == "opened"
    missing = tell(client, case, "inspected", "2026-03-02T15:00", officers=["王"])
    assert missing.status_code == 422
    assert {"stage is missing", "result is missing"} <= set(missing.json()["measured"]["wrong"])
    early = tell(client, case, "demolition_started", "2026-03-02T15:00", by_whom="forced")
    assert early.status_code == 422
    future = tell(client, case, "noted", "2099-01-01T00:00", text="x")
    assert future.status_code == 409 and future.json()["type"].endswith("case-time")
    assert "2099-01-01 00:00" in future.json()["measured"]["messages_zh"][0]
    assert client.post(f"/cases/{case['id']}/events", json={"event": "flown"}).status_code == 422
    assert client.get("/cases/none").status_code == 404


def test_moves_tell_what_may_follow_and_what_refuses_it(client: TestClient) -> None:
    case = opened(client)
    told = client.get(f"/cases/{case['id']}/moves").json()
    moves = {one["event"]: one for one in told["moves"]}
    assert told["number"] == 1 and moves["stop_order_served"]["refused"] == []
    assert moves["filed"]["refused"][0]["guard"] == "filing_granted" and "decided" not in moves
    method = next(one for one in moves["stop_order_served"]["facts"] if one["name"] == "method")
    assert method["form"] == "choice" and "public_notice" in method["choices"]


def test_clocks_show_their_arithmetic(client: TestClient) -> None:
    case = opened(client)
    clocks = {one["term"]: one for one in client.get(f"/cases/{case['id']}/clocks").json()["clocks"]}
    # 上海 7: on site within two hours where it is being built
    on_site = clocks["on_site_building"]
    assert on_site["due_at"] == "2026-03-02T03:00:00Z" and on_site["state"] == "overdue"
    assert "7" in on_site["source_zh"] and any("2" in step["zh"] for step in on_site["steps"])
    assert client.get(f"/cases/{case['id']}").json()["overdue"] == ["on_site_building"]


def test_officers_tell_lawyers_review_and_nobody_does_both(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(data=tmp_path))) as client:
        services = client.app.state.services  # type: ignore[attr-defined]
        keys = {
            role: make_key(services, [role]) for role in ("officer", "legal_reviewer", "chief", "reader", "analyst")
        }
        client.headers.update(keys["officer"])
        case = opened(client)
        path = f"/cases/{case['id']}/events"
        review = {"event": "legal_review_passed", "facts": {"opinion": "同意"}}
        refused = client.post(path, json=review)
        assert refused.status_code == 403 and refused.json()["type"].endswith("case-right")
        assert client.post(path, json=review, headers=keys["legal_reviewer"]).status_code == 409
        for role in ("reader", "analyst"):
            refused = client.post(path, json={"event": "noted", "facts": {"text": "x"}}, headers=keys[role])
            assert refused.status_code == 403
            assert client.post("/cases", json={}, headers=keys[role]).status_code == 403
            assert client.get(f"/cases/{case['id']}", headers=keys[role]).status_code == 200
        asked = client.post(path, json={"event": "approval_asked", "facts": {"flow": "filing"}})
        assert asked.status_code == 201
        granted = {"event": "approved", "facts": {"flow": "filing", "level": "chief"}}
        assert client.post(path, json=granted).status_code == 403
        assert client.post(path, json=granted, headers=keys["chief"]).status_code == 201


def test_two_officers_who_race_for_a_case_lose_nothing(client: TestClient) -> None:
    case = opened(client)
    path = f"/cases/{case['id']}/events"

    def note(k: int) -> int:
        body = {"event": "noted", "facts": {"text": f"n{k}"}, "expected": 1}
        return client.post(path, json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        codes = sorted(pool.map(note, range(8)))
    assert codes == [201, *[409] * 7]
    late = client.post(path, json={"event": "noted", "facts": {"text": "x"}, "expected": 1}).json()
    assert late["type"].endswith("case-behind") and late["measured"]["since"][0]["event"] == "noted"
    # who does not say what they know is told after the others
    with ThreadPoolExecutor(4) as pool:
        bodies = [{"event": "noted", "facts": {"text": f"m{k}"}} for k in range(8)]
        codes = list(pool.map(lambda body: client.post(path, json=body).status_code, bodies))
    events = client.get(path).json()["events"]
    assert codes == [201] * 8 and [one["number"] for one in events] == list(range(1, 11))


def test_cases_that_are_opened_at_once_have_numbers_without_gaps(client: TestClient) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: opened(client)["serial"], range(8)))
    numbers = sorted(int(serial.split("-")[1]) for serial in made)
    assert numbers == list(range(numbers[0], numbers[0] + 8))


def test_a_correction_is_a_further_event_and_shows_what_was_wrong(client: TestClient) -> None:
    case = opened(client)
    tell(client, case, "stop_order_served", "2026-03-02T15:00", **SERVED, served_on="2026-03-02")
    path = f"/cases/{case['id']}/events"
    fix = {"event": "corrected", "corrects": 2, "facts": {"reason": "一人在场", "facts": {"officers": ["王"]}}}
    fixed = client.post(path, json=fix)
    assert fixed.status_code == 201, fixed.text
    assert fixed.json()["number"] == 3 and fixed.json()["regions"]["site"] == "stop_ordered"
    (defect,) = fixed.json()["defects"]
    assert defect["number"] == 2 and defect["refused"][0]["articles"] == ["处罚法 42"]
    tell(client, case, "stop_obeyed", "2026-03-03T09:00", officers=["王", "李"])
    back = {"event": "corrected", "corrects": 2, "facts": {"reason": "误录", "void": True}}
    refused = client.post(path, json=back)
    assert refused.status_code == 409 and refused.json()["measured"]["rests"] == [4]
    for number in (4, 2):
        back = {"event": "corrected", "corrects": number, "facts": {"reason": "误录", "void": True}}
        assert client.post(path, json=back).status_code == 201
    assert client.get(f"/cases/{case['id']}").json()["regions"]["site"] == "untouched"
    assert client.post(path, json=back | {"corrects": 99}).status_code == 409


def test_a_case_of_another_street_is_not_there(client: TestClient) -> None:
    case = opened(client)
    elsewhere = make_key(client.app.state.services, ["officer"], areas=["nowhere"])  # type: ignore[attr-defined]
    for path in ("", "/events", "/moves", "/clocks"):
        assert client.get(f"/cases/{case['id']}{path}", headers=elsewhere).status_code == 404
    body = {"event": "noted", "facts": {"text": "x"}}
    assert client.post(f"/cases/{case['id']}/events", json=body, headers=elsewhere).status_code == 404
    refused = client.post("/cases", json={"facts": OPENED, "geometry": POINT}, headers=elsewhere)
    assert refused.status_code == 403, refused.text


def test_a_party_is_sealed_masked_read_with_a_purpose_and_erased(client: TestClient) -> None:
    case = opened(client)
    path = f"/cases/{case['id']}/parties"
    told = {
        "name": "赵德柱",
        "id_number": "110101199003071234",
        "phone": "13812345678",
        "address": "示范区柳林街道八号院",
    }
    made = client.post(path, json=told)
    assert made.status_code == 201, made.text
    (shown,) = made.json()["parties"]
    assert (shown["name"], shown["id_number"], shown["phone"]) == ("赵**", "1101************34", "138******78")
    assert client.get(f"/cases/{case['id']}").json()["regions"]["party"] == "known"
    events = client.get(f"/cases/{case['id']}/events").text
    assert "赵德柱" not in events + client.get(f"/collections/cases/items/{case['id']}").text
    assert client.get(f"{path}/personal").status_code == 400
    (clear,) = client.get(f"{path}/personal", params={"purpose": "制作决定书"}).json()["parties"]
    assert clear["name"] == "赵德柱"
    log = client.get("/audit-log").json()["entries"]
    assert any(one["action"] == "personal-read" and one["target"] == f"case/{case['id']}" for one in log)
    data = client.app.state.services.settings.data  # type: ignore[attr-defined]
    assert not [f for f in data.rglob("*") if f.is_file() and "赵德柱".encode() in f.read_bytes()]
    gone = client.delete(f"{path}/{shown['id']}/personal", params={"reason": "当事人申请"})
    assert gone.status_code == 204
    (erased,) = client.get(f"{path}/personal", params={"purpose": "制作决定书"}).json()["parties"]
    assert erased["name"] is None and erased["erased_at"]
    assert client.post(path, json={"name": ""}).status_code == 422


def photo(seed: int) -> bytes:
    """A textured picture without EXIF."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (12, 16, 3), dtype=np.uint8)
    ok, content = cv2.imencode(".jpg", cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC))
    assert ok
    return bytes(content.tobytes())


def send(client: TestClient, case: dict[str, Any], content: bytes, name: str = "现场.jpg", **fields: str) -> Any:
    return client.post(f"/cases/{case['id']}/files", files={"file": (name, content)}, data=fields)


def test_a_photograph_is_kept_with_its_doubts_and_no_other_case_gets_it(client: TestClient) -> None:
    case, other = opened(client), opened(client)
    place = {"lon": "114.5005", "lat": "36.6", "accuracy_m": "8", "taken_at": "2026-03-02T09:30:00+08:00"}
    first = send(client, case, photo(1), key="phone-1-1", **place)
    assert first.status_code == 201, first.text
    told = first.json()
    assert told["media"] == "image/jpeg" and {one["code"] for one in told["doubts"]} >= {"no_exif", "late"}
    assert all(one["sentence_zh"] for one in told["doubts"])
    # a phone that did not hear the answer sends it again
    again = send(client, case, photo(1), key="phone-1-1", **place)
    assert again.status_code == 200 and again.json()["id"] == told["id"]
    stolen = send(client, other, photo(1))
    assert stolen.status_code == 409 and case["id"] in stolen.json()["detail"]
    assert stolen.json()["measured"]["message_zh"]
    near = cv2.imdecode(np.frombuffer(photo(1), np.uint8), cv2.IMREAD_COLOR)
    copy = send(client, other, bytes(cv2.imencode(".jpg", near, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes()))
    assert "near_copy" in {one["code"] for one in copy.json()["doubts"]}
    got = client.get(f"/cases/{case['id']}/files/{told['id']}")
    assert got.content == photo(1) and got.headers["x-content-type-options"] == "nosniff"
    events = client.get(f"/cases/{case['id']}/events").json()["events"]
    assert [one["facts"]["sha256"] for one in events if one["event"] == "evidence_added"] == [told["sha256"]]


def test_what_is_no_photograph_is_refused_and_other_files_are_kept_as_they_are(client: TestClient) -> None:
    case = opened(client)
    assert send(client, case, b"GIF89a" + b"\0" * 64).status_code in (415, 422)
    assert send(client, case, photo(3), proves="99").status_code == 422
    assert send(client, case, photo(3), lon="east", lat="1").status_code == 400
    assert send(client, case, photo(3), kind="film").status_code == 422
    kept = send(client, case, b"<script>alert(1)</script>", name="笔录.html", kind="paper")
    assert kept.status_code == 201
    got = client.get(f"/cases/{case['id']}/files/{kept.json()['id']}")
    assert got.headers["content-security-policy"] == "sandbox" and "attachment" in got.headers["content-disposition"]
    assert client.get(f"/cases/{case['id']}/files/none").status_code == 404


def test_the_ledger_tells_figures_with_definitions_and_files_open(client: TestClient) -> None:
    opened(client)
    told = client.get("/cases/ledger", params={"since": "2026-03-01"}).json()
    figures = {one["name"]: one for one in told["figures"]}
    assert told["cases"] > 0 and figures["stop_rate"]["definition_zh"] and figures["stop_rate"]["of"] > 0
    assert client.get("/cases/ledger", params={"since": "2099-01-01"}).json()["cases"] == 0
    book = openpyxl.load_workbook(io.BytesIO(client.get("/cases/ledger.xlsx").content))
    assert book.sheetnames == ["指标", "分组", "案件", "说明"]
    assert book["案件"].max_row == client.get("/cases/ledger").json()["cases"] + 1
    pdf = client.get("/cases/ledger.pdf", params={"language": "en"})
    assert pdf.content[:5] == b"%PDF-" and "Ledgerofcases" in "".join(pdf_text(pdf.content))
    fair = client.get("/cases/fairness").json()
    assert {row["dimension"] for row in fair["groups"]} == {"category", "village", "size", "path"}
    case = opened(client)
    alike = client.get(f"/cases/{case['id']}/comparable").json()
    assert alike["case"]["serial"] == case["serial"] and alike["alike"] == []
