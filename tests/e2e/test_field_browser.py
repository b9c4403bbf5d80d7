"""The field check in a real browser: filled in without a line, sent later, once, whatever is cut off in the middle."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from geodata.io.dates import BEIJING
from service.auth.caller import Caller
from service.bootstrap import open_services
from service.settings import Auth, Settings
from service.usecases.people import PersonFacts, add_person
from tests.browser import DESK, PHONE, browser, chromium
from tests.integration.service_kit import ROOT, Served, until
from tests.unit.cases.evidence.photo_kit import HOUSE, photo, scene

PASSWORD = "correct horse battery"
HERE = {"longitude": HOUSE[0] + 0.0005, "latitude": HOUSE[1] + 0.0004, "accuracy": 8}
QUICK = {
    "KANCHA_AUTH__PASSWORD_MEMORY_KIB": "64",
    "KANCHA_AUTH__PASSWORD_PASSES": "1",
    "KANCHA_CASES__JURISDICTIONS": '["shanghai"]',
}


@dataclass
class Bureau:
    """A service with two officers and two cases."""

    service: Served
    people: dict[str, str]
    cases: list[str] = field(default_factory=list)

    def events(self, case: int) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.service.client.get(f"/cases/{self.cases[case]}/events").json()["events"]
        return told

    def kinds(self, case: int) -> list[str]:
        return [one["event"] for one in self.events(case)]

    def tell(self, case: int, event: str, **facts: Any) -> None:
        body = {"event": event, "facts": facts}
        answer = self.service.client.post(f"/cases/{self.cases[case]}/events", json=body)
        assert answer.status_code == 201, answer.text

    def open(self, lon: float, lat: float) -> None:
        ring = [[lon, lat], [lon + 3e-4, lat], [lon + 3e-4, lat + 2e-4], [lon, lat + 2e-4], [lon, lat]]
        facts = {"lead_ids": ["l1"], "path": "fast", "stage": "under_construction", "categories": ["no_permit"]}
        body = {"facts": facts, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        answer = self.service.client.post("/cases", json=body)
        assert answer.status_code == 201, answer.text
        self.cases.append(answer.json()["id"])

    def again(self, **more: str) -> None:
        """Start the service where it was."""
        self.service = Served(self.service.data, port=self.service.port, key=self.service.key, **QUICK, **more)


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    chromium()
    data = tmp_path_factory.mktemp("field") / "data"
    services = open_services(Settings(data=data, auth=Auth(password_memory_kib=64, password_passes=1)))
    people = {}
    for name, shown in (("li.si", "李四"), ("wang.wu", "王五")):
        facts = PersonFacts(display_name=shown, roles=["officer"], areas=["*"], clearance="internal")
        people[name] = add_person(services, Caller.local(), name, facts, PASSWORD).id
    services.close()
    found = Bureau(Served(data, **QUICK), people)
    found.open(*HOUSE)
    found.open(HOUSE[0] + 0.1, HOUSE[1])
    found.tell(0, "handler_set", handlers=list(people.values()))
    yield found
    found.service.stop()


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    """Two photographs as a phone has just taken them."""
    now = datetime.now(BEIJING)
    taken = f"{now:%Y:%m:%d %H:%M:%S}"
    told = {"main": {306: taken}, "photo": {36867: taken, 36868: taken}, "gps": {7: None, 29: None}}
    return [photo(tmp_path / f"IMG_{k}.jpg", scene(40 + k), **told) for k in (1, 2)]


def sign_in(page: Any, url: str, name: str) -> None:
    page.goto(f"{url}/sign-in?next=/field")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/field")
    page.wait_for_selector(".card")


def begin(page: Any, url: str, case: str) -> None:
    page.goto(f"{url}/field#/case/{case}")
    page.click("#begin")
    page.wait_for_selector("#finish")


def fill(page: Any, result: str, bureau: Bureau) -> None:
    page.check(f"input[value='{bureau.people['wang.wu']}']")
    page.select_option("select[name=stage]", "under_construction")
    page.fill("textarea[name=result]", result)


def wait(page: Any, true: str, seconds: float = 15) -> None:
    """Wait until an expression is true; the policy of the page forbids Playwright's own way, which evaluates text."""
    from playwright.sync_api import Error

    def holds() -> bool:
        try:
            return bool(page.evaluate(true))
        except Error:
            # asked while the page goes to another
            return False

    until(holds, seconds, every=0.05)


def marks(page: Any) -> list[str]:
    """How each check of the list of what is to be sent stands."""
    found: list[str] = page.locator(".check > p > .mark").all_text_contents()
    return found


def new_version(folder: Path) -> dict[str, str]:
    """The environment of the next version of the service, which calls one thing otherwise."""
    for name in ("service", "geodata", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    words = folder / "service/static/field-words.js"
    words.write_text(words.read_text("utf-8").replace('["案件", "Cases"]', '["案件二", "Cases"]'), "utf-8")
    return {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}


def test_a_check_without_a_line_arrives_once_whatever_breaks(
    bureau: Bureau, photographs: list[Path], tmp_path: Path
) -> None:
    url = bureau.service.url
    errors: list[str] = []
    how = {"locale": "zh-CN", "geolocation": HERE, "permissions": ["geolocation"], **PHONE}
    with browser(tmp_path / "profile", **how) as context:
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("page", lambda page: page.on("dialog", lambda dialog: dialog.accept()))
        page = context.new_page()
        sign_in(page, url, "li.si")
        wait(page, "navigator.serviceWorker.controller !== null")
        sense = "import('./static/field-sense.js')"
        looks = "[[0, 90, 0], [90, 90, 0], [0, 0, 0]].map((angles) => sense.headingOf(...angles))"
        # upright to the north, turned to the left by a quarter, flat with the camera to the ground
        assert page.evaluate(f"{sense}.then((sense) => {looks})") == [0, 270, None]
        way = page.evaluate(f"{sense}.then((sense) => sense.way([114, 36], [114, 37]))")
        assert round(way["metres"]) == 111195 and way["degrees"] == 0
        # of two cases one is theirs; the page tells the way to it
        assert page.locator(".card").count() == 1 and "南方" in page.locator(".away").inner_text()

        # --- filled in without a line; the page dies in the middle
        context.set_offline(True)
        begin(page, url, bureau.cases[0])
        fill(page, "二层在建，正在浇筑。", bureau)
        page.fill("input[name=measured_m2]", "132.5")
        page.locator("textarea").last.fill("当事人不在场。")
        for path in photographs:
            page.set_input_files("#camera", path)
        wait(page, "document.querySelectorAll('figcaption').length === 2")
        wait(page, "document.querySelector('.photos').textContent.split('定位误差 8 米').length === 3")
        page.close()
        page = context.new_page()
        page.goto(f"{url}/field#/outbox")
        page.click(".check a.button")
        page.wait_for_selector("figcaption >> nth=1")
        assert page.input_value("textarea[name=result]") == "二层在建，正在浇筑。"
        page.click("#finish")
        page.wait_for_selector(".mark.waiting")
        assert "离线" in page.inner_text("#line") and bureau.kinds(0) == ["opened", "handler_set"]

        # --- the service dies when the second photograph comes; the answers to a photograph and to the event are lost
        seen = {"files": 0, "events": 0}

        def files(route: Any) -> None:
            seen["files"] += 1
            if seen["files"] == 1:
                route.fetch()
                route.abort("connectionreset")
            elif seen["files"] == 3:
                bureau.service.kill()
                route.continue_()
            else:
                route.continue_()

        def events(route: Any) -> None:
            first = route.request.method == "POST" and seen["events"] == 0
            seen["events"] += route.request.method == "POST"
            if first:
                route.fetch()
                route.abort("connectionreset")
            else:
                route.continue_()

        context.route("**/cases/*/files", files)
        context.route("**/cases/*/events", events)
        context.set_offline(False)
        wait(page, "document.querySelector('.check li .mark.sent') !== null")
        until(lambda: (page.wait_for_timeout(50), bureau.service.process.poll() is not None)[1], 20)
        bureau.again(**new_version(tmp_path / "next"))
        page.click("#send")
        page.wait_for_selector(".check > p > .mark.sent", timeout=30_000)
        assert seen["files"] >= 4 and seen["events"] >= 2
        context.unroute_all()
        assert sorted(bureau.kinds(0)) == sorted(
            ["opened", "handler_set", "evidence_added", "evidence_added", "inspected", "noted"]
        )
        check = next(one for one in bureau.events(0) if one["event"] == "inspected")
        assert check["by"] == bureau.people["li.si"] and set(check["facts"]["officers"]) == set(bureau.people.values())
        assert check["facts"]["measured_m2"] == 132.5
        kept = bureau.service.client.get(f"/cases/{bureau.cases[0]}/files").json()["files"]
        assert [one["sha256"] for one in kept] == [hashlib.sha256(p.read_bytes()).hexdigest() for p in photographs]
        for one, path in zip(kept, photographs, strict=True):
            got = bureau.service.client.get(f"/cases/{bureau.cases[0]}/files/{one['id']}")
            assert got.content == path.read_bytes()
            assert one["facts"]["told"]["position"] == [HERE["longitude"], HERE["latitude"], HERE["accuracy"]]
            assert one["facts"]["photo"]["exif"]["model"] == "ALN-AL00" and one["facts"]["told"]["from_camera"]
        # the camera and the phone tell two places, which is doubted, and the officer is told
        assert [{doubt["code"] for doubt in one["doubts"]} for one in kept] == [{"position_told"}] * 2
        page.click("details summary")
        assert "米" in page.inner_text("details")

        # --- the case goes on while somebody fills in: what happened is shown, and the officer says whether it holds
        begin(page, url, bureau.cases[0])
        fill(page, "复查，仍在施工。", bureau)
        bureau.tell(0, "noted", text="当事人来访。")
        page.click("#finish")
        page.wait_for_selector(".check > p > .mark.conflict")
        assert "备注" in page.inner_text(".check .bad") and bureau.kinds(0).count("inspected") == 1
        page.click(".again")
        wait(page, "document.querySelectorAll('.check > p > .mark.sent').length === 2")
        assert bureau.kinds(0).count("inspected") == 2

        # --- what is refused is shown with the reason, and can be corrected
        begin(page, url, bureau.cases[1])
        fill(page, "无人。", bureau)
        page.fill("input[name=at]", f"{datetime.now() + timedelta(hours=3):%Y-%m-%dT%H:%M}")
        page.dispatch_event("input[name=at]", "change")
        page.click("#finish")
        page.wait_for_selector(".check > p > .mark.refused")
        assert "尚未到来" in page.inner_text(".check .bad")
        assert "事项时间不正确" in page.inner_text(".check .bad") and "inspected" not in bureau.kinds(1)
        page.click(".correct")
        page.fill("input[name=at]", f"{datetime.now():%Y-%m-%dT%H:%M}")
        page.dispatch_event("input[name=at]", "change")
        page.click("#finish")
        wait(page, "document.querySelectorAll('.check > p > .mark.sent').length === 3")
        assert bureau.kinds(1).count("inspected") == 1

        # --- the new version is taken when the officer says so, and what is not sent yet is still there
        begin(page, url, bureau.cases[1])
        page.fill("textarea[name=result]", "未填完")
        page.reload()
        page.click("#update")
        wait(page, "document.querySelector('#tabs').textContent.includes('案件二')")
        page.wait_for_selector("#finish")
        assert page.input_value("textarea[name=result]") == "未填完"

        # --- another officer on the same phone neither sees nor sends it
        page.click("#leave")
        page.wait_for_selector("#bars a")
        assert page.locator(".card").count() == 0
        sign_in(page, url, "wang.wu")
        page.goto(f"{url}/field#/outbox")
        wait(page, "document.querySelector('#bars').textContent.includes('另有他人未发内容 1 项')")
        assert marks(page) == []
        page.click("#leave")
        wait(page, "!document.querySelector('#leave')")
        sign_in(page, url, "li.si")
        page.goto(f"{url}/field#/outbox")
        page.wait_for_selector(".check")
        assert marks(page).count("未完成") == 1
    assert errors == []


def test_the_page_of_a_case_shows_its_photographs_and_loads_nothing_from_elsewhere(
    bureau: Bureau, tmp_path: Path, photographs: list[Path]
) -> None:
    case = bureau.cases[1]
    place = {"lon": str(HOUSE[0] + 0.1), "lat": str(HOUSE[1]), "note": "<b>东面</b>"}
    with photographs[0].open("rb") as file:
        files = {"file": ("东面.jpg", file)}
        sent = bureau.service.client.post(f"/cases/{case}/files", files=files, data=place)
    assert sent.status_code in (201, 409), sent.text
    asked: list[str] = []
    faults: list[str] = []
    with browser(tmp_path / "profile", locale="zh-CN", **DESK) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        sign_in(page, bureau.service.url, "wang.wu")
        faults.clear()
        page.goto(f"{bureau.service.url}/cases/{case}?f=html")
        assert "到达现场" in page.inner_text("main") and "现场勘验" in page.inner_text(".moves")
        widths = page.evaluate("Array.from(document.querySelectorAll('figure img'), (one) => one.naturalWidth)")
        assert widths == [480]
        assert "<b>东面</b>" in page.inner_text("figure")
    assert faults == []
    assert all(url.startswith((bureau.service.url, "data:", "blob:")) for url in asked)
