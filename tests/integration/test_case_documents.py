"""Documents of a case over HTTP: filled from it, numbered without gaps whoever races, sealed, void ones kept."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from docx import Document

from service.case_settings import Cases
from service.settings import Settings
from tests.access import TestClient, client_of
from tests.integration.test_cases_http import SERVED, opened, tell

BUREAU = Cases(
    bureau="示范市城市管理综合执法局", place="示", address="示范路1号", contact="钱某", phone="0310-0000000",
    review_body="示范市人民政府", court="示范市中心区人民法院", certificates={"王": "冀00000001", "李": "冀00000002"},
)  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(Settings(data=tmp_path_factory.mktemp("papers"), cases=BUREAU)) as found:
        yield found


def stopped(client: Any) -> dict[str, Any]:
    """A case that was inspected, with a party and two officers."""
    case = opened(client)
    client.post(f"/cases/{case['id']}/parties", json={"name": "赵德柱", "address": "柳林街道八号"})
    tell(client, case, "handler_set", "2026-03-02T09:30", handlers=["王", "李"])
    seen = {"officers": ["王", "李"], "stage": "under_construction", "result": "正在砌筑一层墙体", "measured_m2": 86.5}
    assert tell(client, case, "inspected", "2026-03-02T11:00", **seen).status_code == 201
    return case


def words(content: bytes) -> str:
    """All text of a Word file."""
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([p.text for p in document.paragraphs] + cells)


def test_a_stop_order_is_filled_from_the_case_numbered_and_sealed(client: TestClient) -> None:
    case = stopped(client)
    path = f"/cases/{case['id']}/documents"
    made = client.post(path, json={"kind": "stop_order", "day": "2026-03-02"})
    assert made.status_code == 201, made.text
    told = made.json()
    assert told["serial"].startswith("示执停字〔2026〕第") and told["title_zh"] == "责令停止违法行为通知书"
    got = client.get(f"{path}/{told['id']}")
    assert got.headers["cache-control"] == "no-store" and "utf-8''" in got.headers["content-disposition"]
    text = words(got.content)
    for word in (
        told["serial"],
        "赵德柱",
        "示范市城市管理综合执法局",
        "正在砌筑一层墙体",
        "第六十四条",
        "冀00000001",
        "2026年3月2日",
    ):
        assert word in text, word
    assert "{{" not in text and "}}" not in text
    events = client.get(f"/cases/{case['id']}/events").json()["events"]
    assert events[-1]["event"] == "document_made"
    assert (events[-1]["facts"]["serial"], events[-1]["facts"]["sha256"]) == (told["serial"], told["sha256"])
    served = {**SERVED, "served_on": "2026-03-02", "document_id": told["id"]}
    assert tell(client, case, "stop_order_served", "2026-03-02T15:00", **served).status_code == 201
    receipt = client.post(path, json={"kind": "delivery_receipt", "facts": {"delivery": {
        "recipient": "赵德柱", "place": "柳林街道八号", "method": "in_person",
        "documents": [{"title": "责令停止违法行为通知书", "serial": told["serial"]}]}}})  # fmt: skip
    assert receipt.status_code == 201, receipt.text
    assert receipt.json()["serial"] == ""
    data = client.app.state.services.settings.data  # type: ignore[attr-defined]
    assert not [f for f in data.rglob("*") if f.is_file() and b"word/document.xml" in f.read_bytes()]
    log = client.get("/audit-log").json()["entries"]
    assert [one for one in log if one["action"] == "document-read" and told["id"] in one["target"]]


def test_what_is_missing_is_told_in_one_go_and_no_number_is_used(client: TestClient) -> None:
    case = opened(client)
    path = f"/cases/{case['id']}/documents"
    store = client.app.state.services.store  # type: ignore[attr-defined]
    before = store.cases.peek("document stop_order", 2026)
    bare = client.post(path, json={"kind": "stop_order", "day": "2026-03-02"})
    assert bare.status_code == 422 and {"party", "officers"} <= set(bare.json()["measured"]["missing"])
    wrong = client.post(path, json={"kind": "stop_order", "facts": {"parties": "赵"}})
    assert wrong.status_code == 422 and "parties" in wrong.json()["detail"]
    assert client.post(path, json={"kind": "love_letter"}).status_code in (404, 422)
    assert client.post(path, json={"kind": "stop_order", "day": "gestern"}).status_code == 400
    assert store.cases.peek("document stop_order", 2026) == before
    assert client.get(path).json()["documents"] == []


def test_officers_who_race_for_a_number_leave_no_gap_and_no_double(client: TestClient) -> None:
    cases = [stopped(client) for _ in range(3)]

    def make(k: int) -> str:
        answer = client.post(f"/cases/{cases[k % 3]['id']}/documents", json={"kind": "stop_order", "day": "2027-01-04"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["serial"])

    with ThreadPoolExecutor(4) as pool:
        serials = list(pool.map(make, range(12)))
    assert sorted(int(one.split("第")[1].rstrip("号")) for one in serials) == list(range(1, 13))
    for case in cases:
        for paper in client.get(f"/cases/{case['id']}/documents").json()["documents"]:
            content = client.get(f"/cases/{case['id']}/documents/{paper['id']}").content
            assert paper["serial"] in words(content)


def test_a_void_document_keeps_its_number(client: TestClient) -> None:
    case = stopped(client)
    path = f"/cases/{case['id']}/documents"
    first = client.post(path, json={"kind": "stop_order", "day": "2028-01-04"}).json()
    gone = client.delete(f"{path}/{first['id']}", params={"reason": "写错地址"})
    assert gone.json()["voided_why"] == "写错地址"
    assert client.delete(f"{path}/{first['id']}", params={"reason": "再来"}).status_code == 404
    second = client.post(path, json={"kind": "stop_order", "day": "2028-01-04"}).json()
    assert second["serial"].endswith("第2号") and first["serial"].endswith("第1号")
    assert client.get(f"{path}/{first['id']}").status_code == 200
