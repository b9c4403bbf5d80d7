"""What an officer takes into the field, the page that stays on the phone, and the page of a case for the desk."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from service.app import create_app
from service.auth.caller import Caller, caller
from service.settings import Auth, Cases, Settings
from service.usecases.keys import KeyFacts, create_key
from service.usecases.people import PersonFacts, add_person
from tests.access import TestClient, make_key
from tests.unit.cases.evidence.photo_kit import camera_exif, jpeg, scene

STATIC = Path(__file__).parents[2] / "service" / "static"
SCRIPTS = sorted(path.name for path in STATIC.glob("field*.js"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    auth = Auth(password_memory_kib=64, password_passes=1)
    settings = Settings(data=tmp_path_factory.mktemp("field"), auth=auth, cases=Cases(jurisdictions=("shanghai",)))
    with TestClient(create_app(settings), follow_redirects=False) as found:
        found.headers.update(make_key(found.app.state.services))  # type: ignore[attr-defined]
        yield found


@pytest.fixture(scope="module")
def officers(client: TestClient) -> dict[str, dict[str, str]]:
    """Two officers: their ids, and the header of a key of theirs."""
    services = client.app.state.services  # type: ignore[attr-defined]
    found = {}
    for name, shown in (("li.si", "李四"), ("wang.wu", "王五")):
        facts = PersonFacts(display_name=shown, roles=["officer"], areas=["*"], clearance="internal")
        person = add_person(services, Caller.local(), name, facts)
        key = create_key(services, caller("person", person.id, shown, person.grant), KeyFacts(name, ["officer"]))[1]
        found[name] = {"id": person.id, "Authorization": f"Bearer {key}"}
    return found


def opened(client: Any, lon: float = 114.5, at: str = "2026-03-02T09:00:00+08:00") -> str:
    facts = {"lead_ids": ["l1"], "path": "fast", "stage": "under_construction", "categories": ["no_permit"]}
    ring = [[lon, 36.6], [lon + 3e-4, 36.6], [lon + 3e-4, 36.6002], [lon, 36.6002], [lon, 36.6]]
    body = {"facts": facts, "geometry": {"type": "Polygon", "coordinates": [ring]}, "at": at}
    answer = client.post("/cases", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def tell(client: Any, case: str, event: str, **facts: Any) -> dict[str, Any]:
    answer = client.post(f"/cases/{case}/events", json={"event": event, "facts": facts})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_an_officer_takes_their_own_cases_first(client: TestClient, officers: dict[str, dict[str, str]]) -> None:
    li, wang = officers["li.si"], officers["wang.wu"]
    cases = [opened(client, 114.5 + k / 100) for k in range(4)]
    both = [li["id"], wang["id"]]
    tell(client, cases[1], "handler_set", handlers=both)
    tell(client, cases[2], "dispatched", unit="team", to="李四")
    # in charge once, and not any more
    tell(client, cases[3], "handler_set", handlers=both)
    correction = {"event": "corrected", "corrects": 2, "facts": {"reason": "误录", "facts": {"handlers": [wang["id"]]}}}
    assert client.post(f"/cases/{cases[3]}/events", json=correction).status_code == 201
    told = client.get("/field/cases", headers={"Authorization": li["Authorization"]}).json()
    own = [one["id"] for one in told["cases"] if one["mine"]]
    assert set(own) == {cases[1], cases[2]} and [one["id"] for one in told["cases"]][:2] == own
    assert {one["id"] for one in told["cases"]} >= set(cases) and told["left_out"] == 0
    first = next(one for one in told["cases"] if one["id"] == cases[1])
    assert first["number"] == 2 and first["may"] and first["point"] == pytest.approx([114.51015, 36.6001])
    # 上海 7: two hours to be on site, long over
    assert first["term"]["overdue"] and first["term"]["title_zh"] and first["state_zh"] == "已受理"
    facts = {one["name"]: one for one in told["form"]["facts"]}
    assert told["form"]["event"] == "inspected" and told["form"]["articles"] == ["处罚法 42"]
    assert facts["stage"]["choices"][0] == {
        "name": "under_construction",
        "title": "under construction",
        "title_zh": "在建",
    }
    assert {one["display_name"] for one in told["officers"]} == {"李四", "王五"}
    assert "张" not in str(told) and "party" not in str(told)


def test_who_reviews_sees_the_list_and_may_not_check(client: TestClient) -> None:
    opened(client)
    services = client.app.state.services  # type: ignore[attr-defined]
    told = client.get("/field/cases", headers=make_key(services, ["legal_reviewer"])).json()
    assert told["cases"] and not any(one["may"] for one in told["cases"])
    assert client.get("/field/cases", headers=make_key(services, ["reader"])).status_code == 403
    elsewhere = make_key(services, ["officer"], areas=["nowhere"])
    assert client.get("/field/cases", headers=elsewhere).json()["cases"] == []


def test_the_page_is_for_all_holds_nothing_and_runs_no_foreign_script(client: TestClient) -> None:
    nobody = TestClient(client.app, follow_redirects=False)
    page = nobody.get("/field", headers={"Accept": "text/html"})
    assert page.status_code == 200 and "http" not in page.text and "<script>" not in page.text
    policy = page.headers["content-security-policy"]
    assert "worker-src 'self'" in policy and "img-src 'self' data: blob:" in policy and "unsafe" not in policy
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert {nobody.get(f"/{part}").status_code for part in parts} == {200}
    worker = nobody.get("/field-worker.js")
    assert worker.headers["content-security-policy"] == "default-src 'self'"
    assert re.match(r'"use strict";\nconst VERSION = "[0-9a-f]{16}";\n', worker.text)
    # what the worker keeps is there, and is all that the page loads
    kept = set(re.findall(r'"(field[\w.-]+)"', worker.text)) - {"field-worker.js"}
    assert {nobody.get(f"/static/{name}").status_code for name in kept} == {200}
    assert {part.removeprefix("static/") for part in parts} | set(SCRIPTS) <= kept | {"field-worker.js"}
    manifest = nobody.get("/static/field.webmanifest")
    assert (
        manifest.headers["content-type"] == "application/manifest+json" and manifest.json()["display"] == "standalone"
    )
    for icon in manifest.json()["icons"]:
        picture = Image.open(io.BytesIO(nobody.get(f"/static/{icon['src']}").content))
        assert f"{picture.width}x{picture.height}" == icon["sizes"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_run_in_the_browsers_of_old_phones(name: str) -> None:
    """Chrome 80: what came later is not used."""
    text = (STATIC / name).read_text("utf-8")
    later = (
        r"replaceChildren|replaceAll\(|\.at\(|randomUUID|structuredClone|Object\.hasOwn|Promise\.any|\|\|=|\?\?=|&&="
    )
    assert re.findall(later, text) == []
    assert not re.search(r"[\w\])]\?\.[\w\[(]|\?\?|innerHTML|eval\(", text)
    style = (STATIC / "field.css").read_text("utf-8")
    assert not re.search(r"[^-]gap:|inset:|aspect-ratio|:is\(|:where\(", style)


def test_a_small_picture_is_upright_and_tells_nothing(client: TestClient) -> None:
    case = opened(client)
    turned = camera_exif(main={274: 6})
    content = jpeg(scene(7, 1200, 900), exif=turned)
    sent = client.post(f"/cases/{case}/files", files={"file": ("a.jpg", content)}).json()
    small = client.get(f"/cases/{case}/files/{sent['id']}/small.jpg")
    picture = Image.open(io.BytesIO(small.content))
    assert small.headers["content-type"] == "image/jpeg" and picture.size == (360, 480)
    assert not picture.getexif() and b"HUAWEI" not in small.content
    paper = client.post(f"/cases/{case}/files", files={"file": ("a.txt", b"x")}, data={"kind": "paper"}).json()
    assert client.get(f"/cases/{case}/files/{paper['id']}/small.jpg").status_code == 404


def test_a_photograph_that_is_sent_again_while_it_is_stored_is_stored_once(client: TestClient) -> None:
    case, content = opened(client), jpeg(scene(8))

    def send(_: int) -> Any:
        return client.post(f"/cases/{case}/files", files={"file": ("a.jpg", content)}, data={"key": "k1"})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    assert len({one.json()["id"] for one in answers}) == 1
    kinds = [one["event"] for one in client.get(f"/cases/{case}/events").json()["events"]]
    assert kinds == ["opened", "evidence_added"]


def test_the_page_of_a_case_tells_terms_history_files_and_refusals(
    client: TestClient, officers: dict[str, dict[str, str]]
) -> None:
    case = opened(client)
    both = [officers[name]["id"] for name in ("li.si", "wang.wu")]
    tell(client, case, "inspected", officers=both, stage="under_construction", result="<i>在建</i>", measured_m2=12.5)
    tell(client, case, "stop_order_served", officers=both, method="in_person", served_on="2026-03-02")
    fix = {"event": "corrected", "corrects": 3, "facts": {"reason": "一人在场", "facts": {"officers": both[:1]}}}
    assert client.post(f"/cases/{case}/events", json=fix).status_code == 201
    client.post(f"/cases/{case}/files", files={"file": ("b.jpg", jpeg(scene(9)))})
    page = client.get(f"/cases/{case}", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    text = page.text
    for words in (
        "责令停止通知书送达",
        "李四、王五",
        "程序瑕疵",
        "处罚法 42",
        "直接送达",
        "12.5",
        "small.jpg",
        "到达现场",
    ):
        assert words in text, words
    assert "&lt;i&gt;在建&lt;/i&gt;" in text and "<i>" not in text
    assert "立案审批未完成" in text
    assert client.get(f"/cases/{case}", params={"f": "html"}).text.count("<h1>") == 1
    assert client.get(f"/cases/{case}").json()["id"] == case
    assert client.get(f"/cases/{case}", params={"f": "csv"}).status_code == 400
    services = client.app.state.services  # type: ignore[attr-defined]
    reader = make_key(services, ["reader"]) | {"Accept": "text/html"}
    read = client.get(f"/cases/{case}", headers=reader).text
    # who takes no part in cases is told ids, and not what may follow
    assert "李四" not in read and both[0] in read and "可办事项" not in read
    nobody = TestClient(client.app, follow_redirects=False)
    assert nobody.get(f"/cases/{case}", headers={"Accept": "text/html"}).status_code == 303
