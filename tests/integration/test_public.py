"""The public page and objections: nobody is named, what is said is sealed, a right objection overturns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from service.app import create_app
from service.settings import Settings
from service.store.case_base import Step
from tests.access import TestClient, client_of, make_key
from tests.integration.test_case_documents import BUREAU
from tests.integration.test_cases_http import opened, tell

SAID = {"text": "这是我家祖屋，不是新建。", "about": "", "name": "孙桂花", "contact": "13900001111"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    own = tmp_path_factory.mktemp("book") / "book.yaml"
    own.write_text("name: t\nchanges: [{term: objection_answer, source: 本局规定, length: 15}]\n", "utf-8")
    cases = BUREAU.model_copy(update={"public": "cases", "terms_file": own})
    with client_of(Settings(data=tmp_path_factory.mktemp("public"), cases=cases)) as found:
        yield found


@pytest.fixture
def anybody(client: TestClient) -> TestClient:
    """Somebody who has not signed in."""
    return TestClient(client.app, follow_redirects=False)


def test_nothing_is_public_until_the_bureau_says_so(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(data=tmp_path))) as client:
        for path in ("/public", "/public.json", "/public.atom"):
            assert client.get(path).status_code == 404
        assert client.post("/public/objections", json=SAID).status_code == 404


def test_the_page_tells_progress_and_nobodys_name_or_place(client: TestClient, anybody: TestClient) -> None:
    case = opened(client)
    client.post(f"/cases/{case['id']}/parties", json={"name": "赵德柱", "address": "柳林街道八号"})
    tell(
        client, case, "inspected", "2026-03-02T11:00", officers=["王", "李"], stage="under_construction", result="在建"
    )
    secret = opened(client)
    store = client.app.state.services.store  # type: ignore[attr-defined]
    row = store.cases.get(secret["id"])
    event = replace(store.cases.events(secret["id"])[0][0], number=2, kind="noted", facts={"text": "x"})
    store.cases.tell(Step(replace(row, number=2, secrecy="secret"), 1, [event]))
    told = anybody.get("/public.json").json()
    serials = [one["serial"] for one in told["cases"]]
    assert case["serial"] in serials and secret["serial"] not in serials and told["opened"] == len(serials)
    line = next(one for one in told["cases"] if one["serial"] == case["serial"])
    assert (line["category"], line["state"], line["place"]) == ("未取得规划许可进行建设", "已受理", "")
    page = anybody.get("/public")
    assert page.status_code == 200 and case["serial"] in page.text and "default-src 'self'" in str(page.headers)
    feed = ElementTree.fromstring(anybody.get("/public.atom").text)
    assert feed.tag == "{http://www.w3.org/2005/Atom}feed" and len(feed.findall("{*}entry")) == len(serials)
    for text in (page.text, anybody.get("/public.json").text, anybody.get("/public.atom").text):
        for word in ("赵德柱", "柳林", "114.5", "36.6", "王", case["id"]):
            assert word not in text, word
    assert anybody.get("/cases/ledger").status_code == 401


def test_an_objection_is_sealed_answered_by_another_and_overturns(client: TestClient, anybody: TestClient) -> None:
    services = client.app.state.services  # type: ignore[attr-defined]
    case = opened(client)
    made = anybody.post("/public/objections", json=SAID | {"about": f"案件 {case['serial']}，祖屋"})
    assert made.status_code == 201, made.text
    status = made.json()["links"][0]["href"].replace("http://testserver", "")
    stands = anybody.get(status)
    assert stands.json() | {"received_at": ""} == {
        "received_at": "", "placed": True, "answered_at": None, "upheld": None, "answer": None,
    }  # fmt: skip
    assert stands.headers["cache-control"] == "no-store"
    clocks = client.get(f"/cases/{case['id']}/clocks").json()["clocks"]
    assert [one["state"] for one in clocks if one["term"] == "objection_answer"] == ["running"]
    (one,) = [
        o for o in client.get("/objections", params={"open": "true"}).json()["objections"] if o["case_id"] == case["id"]
    ]
    assert client.get(f"/objections/{one['id']}").json()["text"] == SAID["text"]
    data = services.settings.data
    assert not [f for f in data.rglob("*") if f.is_file() and "孙桂花".encode() in f.read_bytes()]
    path = f"/objections/{one['id']}/answer"
    handler, other = make_key(services, ["officer"]), make_key(services, ["chief"])
    me = client.get("/session", headers=handler).json()["id"]
    tell(client, case, "handler_set", "2026-03-02T12:00", handlers=[me, "李"])
    answer = {"answer": "经核实为历史建筑。", "upheld": True}
    assert client.post(path, json=answer, headers=handler).status_code == 409
    assert client.post(path, json={"answer": "x"}, headers=other).status_code == 400
    done = client.post(path, json=answer, headers=other)
    assert done.status_code == 200 and done.json()["upheld"] is True
    assert client.post(path, json=answer, headers=other).status_code == 409
    assert anybody.get(status).json()["answer"] == answer["answer"]
    html = anybody.get(f"{status}?f=html")
    assert "异议成立" in html.text and "孙桂花" not in html.text
    clocks = client.get(f"/cases/{case['id']}/clocks").json()["clocks"]
    assert [one["state"] for one in clocks if one["term"] == "objection_answer"] == ["met"]


def test_an_objection_about_no_known_case_waits_until_it_is_brought_to_one(
    client: TestClient, anybody: TestClient
) -> None:
    form = anybody.post("/public/objections", data=SAID, headers={"Accept": "text/html"})
    assert form.status_code == 303 and re.search(r"/public/objections/\S+\?f=html$", form.headers["location"])
    waiting = [o for o in client.get("/objections").json()["objections"] if o["case_id"] is None]
    path, case = f"/objections/{waiting[0]['id']}", opened(client)
    assert client.post(f"{path}/answer", json={"answer": "好", "upheld": False}).status_code == 409
    placed = client.post(f"{path}/case", json={"case_id": case["id"]})
    assert placed.json()["case_id"] == case["id"]
    assert client.post(f"{path}/case", json={"case_id": case["id"]}).status_code == 409
    events = [one["event"] for one in client.get(f"/cases/{case['id']}/events").json()["events"]]
    assert events[-1] == "objection_received"


@pytest.mark.parametrize(
    "wrong", [{"text": ""}, {"text": "x" * 5001}, {"text": "x", "name": "n" * 201}, {"text": "x", "age": "3"}]
)
def test_what_is_no_objection_is_refused(anybody: TestClient, wrong: dict[str, Any]) -> None:
    assert anybody.post("/public/objections", json=wrong).status_code in (400, 422)
    assert anybody.get("/public/objections/none").status_code == 404
