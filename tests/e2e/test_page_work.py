"""What officers do beside the long way of a case: places given on the map, leads joined and parted, audits, parties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.page_kit import DESK, PHONE, Drawn, Watched, add_officer, drawn_desk, link_of
from tests.e2e.page_story import Seat
from tests.integration.service_kit import until

STAGE = ".pickmap .stage canvas"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    with drawn_desk(tmp_path_factory.mktemp("work"), 2) as made:
        yield made


@pytest.fixture(scope="module")
def wang(drawn: Drawn) -> str:
    return add_officer(drawn.service, "wang", "王五", "officer", "analyst", "auditor")


@pytest.fixture(params=["desk"])
def it(drawn: Drawn, chrome: Any, wang: str, request: pytest.FixtureRequest) -> Iterator[Seat]:
    """Wang before the page; at a desk, unless the test says on a phone."""
    context = chrome.new_context(**(PHONE if request.param == "phone" else DESK))
    context.set_default_timeout(15_000)
    seat = Seat(context.new_page(), drawn.service.url)
    seat.enter(link_of(drawn.service, wang))
    yield seat
    assert seat.faults == []
    context.close()


def middle(drawn: Drawn) -> tuple[float, float]:
    """The middle of the newest scene: what a map shows in its middle at first."""
    (newest,) = drawn.service.client.get("/collections/scenes/items?limit=1&sortby=-acquired_at").json()["features"]
    box = newest["bbox"]
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def lead(it: Watched) -> str:
    """The lead that the page went to."""
    it.page.wait_for_url(re.compile("#/lead/"))
    it.page.wait_for_selector(".work-head")
    return it.page.url.rsplit("/", 1)[1]


def of_lead(drawn: Drawn, name: str) -> dict[str, Any]:
    told: dict[str, Any] = drawn.service.client.get(f"/leads/{name}").json()
    return told


def test_what_is_seen_on_the_map_is_recorded_there(drawn: Drawn, it: Seat) -> None:
    lon, lat = middle(drawn)
    it.go(f"#/look?lon={lon:.6f}&lat={lat:.6f}&z=18")
    it.page.wait_for_selector(".look-map canvas")
    it.page.locator(".look-map .stage").first.click(position={"x": 300, "y": 250})
    shown = it.page.locator(".look-place code").first.inner_text()
    it.press("在此登记线索")
    it.dialog.wait_for()
    it.page.wait_for_selector(STAGE)
    assert it.dialog.locator("input[name=lon]").input_value() == shown.split(",")[0].strip()
    it.keep("report-desk-zh")
    assert it.violations() == []
    it.fill({"内容": "影像上可见新建板房"})
    it.submit()
    (told,) = of_lead(drawn, lead(it))["reports"]
    at = told["geometry"]["coordinates"]
    assert [f"{one:.6f}" for one in at] == [one.strip() for one in shown.split(",")]
    assert "record" not in it.page.url


@pytest.mark.parametrize("it", ["phone"], indirect=True)
def test_a_report_without_a_place_gets_one_on_the_map(drawn: Drawn, it: Seat) -> None:
    it.go("#/leads")
    it.press("登记线索")
    it.fill({"内容": "村东头有人盖房", "来源": "12345热线"})
    it.submit()
    it.page.wait_for_selector(".toast:has-text('等待定位')")
    it.go("#/leads?show=unplaced")
    it.press("确定位置")
    it.dialog.get_by_role("button", name="在地图上选位置").click()
    it.page.wait_for_selector(STAGE)
    box = it.page.locator(".pickmap .stage").bounding_box()
    it.page.locator(".pickmap .stage").click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    until(lambda: it.dialog.locator("input[name=lon]").input_value(), 5)
    pressed = [float(it.dialog.locator(f"input[name={name}]").input_value()) for name in ("lon", "lat")]
    assert pressed == pytest.approx(middle(drawn), abs=2e-5), "where the finger was"
    it.dialog.get_by_role("button", name="取地图中心").click()
    pressed = [float(it.dialog.locator(f"input[name={name}]").input_value()) for name in ("lon", "lat")]
    assert pressed == pytest.approx(middle(drawn), abs=2e-6), "the same without a finger"
    assert it.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1
    it.keep("report-place-phone-zh")
    assert it.violations() == []
    it.fill({"理由": "电话核实在村东头"})
    it.submit()
    (told,) = of_lead(drawn, lead(it))["reports"]
    assert told["geometry"]["coordinates"] == pytest.approx(pressed, abs=1e-6)


def test_leads_of_one_building_are_joined_from_the_nearest_on_and_parted_again(drawn: Drawn, it: Seat) -> None:
    lon, lat = drawn.corners[0][0] + 0.002, drawn.corners[0][1]
    names = []
    for metres, text in ((0, "东门违建"), (60, "路口违建"), (140, "河边违建")):
        body = {"source": "patrol", "lon": lon, "lat": lat + metres / 111_320, "text": text}
        names.append(drawn.service.client.post("/reports", json=body).json()["report"]["lead_id"])
    assert len(set(names)) == 3
    it.go(f"#/lead/{names[0]}")
    it.press("合并")
    boxes = it.dialog.locator("fieldset label")
    boxes.first.wait_for()
    told = [one.strip() for one in boxes.all_inner_texts()]
    assert told[0].startswith("60 m") and told[0].endswith(names[1].removeprefix("lead-")), told
    assert [int(one.split(" m")[0]) for one in told] == sorted(int(one.split(" m")[0]) for one in told)
    it.dialog.locator("button[type=submit]").click()
    it.page.wait_for_selector("dialog textarea:invalid")  # why is needed
    it.fill({"理由": "同一处建筑"})
    it.dialog.locator("button[type=submit]").click()
    it.shows("请至少选一条", "dialog")
    boxes.first.locator("input").check()
    it.keep("lead-merge-desk-zh")
    assert it.violations() == []
    it.submit()
    until(lambda: len(of_lead(drawn, names[0])["reports"]) == 2, 5)
    it.shows("上报 (2)")
    it.press("拆分")
    it.dialog.locator("label", has_text="路口违建").locator("input").check()
    it.fill({"理由": "实地看是两处"})
    it.submit()
    it.page.wait_for_url(lambda url: not url.endswith(names[0]))
    other = lead(it)
    assert other != names[0]
    assert [one["text"] for one in of_lead(drawn, other)["reports"]] == ["路口违建"]
    assert [one["text"] for one in of_lead(drawn, names[0])["reports"]] == ["东门违建"]


def test_an_audit_is_answered_by_whoever_has_signed_in(drawn: Drawn, it: Seat) -> None:
    it.go("#/coverage?show=audits")
    it.fill({"单元数": "3", "随机种子": "5"}, it.page.locator("main"))
    it.press("抽取")
    it.press("逐个核看")
    it.shows("1 / 3")
    it.page.wait_for_selector(".pairmap [data-drawn]")
    it.keep("audits-desk-zh")
    assert it.violations() == []
    it.press("没有漏检")
    it.shows("2 / 3")
    it.press("有漏检")
    it.shows("3 / 3")
    it.shows("已核看 2")
    it.page.locator("main summary").first.click()
    rows = it.page.locator("main tbody tr")
    assert rows.count() == 3
    rows.filter(has_text="未核看").get_by_role("button").first.click()
    it.shows("全部已核看")
    # whoever was wrong says it again: the latest counts
    wrong = rows.filter(has=it.page.locator(".mark.bad"))
    wrong.get_by_role("button").first.click()
    wrong.wait_for(state="detached")
    (audit,) = drawn.service.client.get("/coverage/audits").json()["audits"]
    assert {one["judged_by"] for one in audit["answers"]} == {"王五"}
    assert audit["miss_rate"]["judged"] == 3 and audit["miss_rate"]["missed"] == 0


def test_what_did_not_happen_is_taken_back_and_a_party_is_seen_only_for_a_purpose(
    drawn: Drawn, it: Seat, wang: str
) -> None:
    facts = {"lead_ids": ["l1"], "path": "fast", "stage": "under_construction", "categories": ["no_permit"]}
    lon, lat = drawn.corners[1]
    client = drawn.service.client
    made = client.post("/cases", json={"facts": facts, "geometry": {"type": "Point", "coordinates": [lon, lat]}}).json()
    it.go(f"#/case/{made['id']}?tab=parties")
    told = {"姓名或名称": "张三丰", "证件号码": "130402199001011234", "电话": "13911112222"}
    it.fill(told, it.page.locator("main form"))
    it.press("登记")
    it.page.wait_for_selector(".toast:has-text('当事人已登记')")
    it.page.wait_for_selector("main .list .facts")
    assert "张三丰" not in it.page.locator("main .list").inner_text() and "13911112222" not in it.page.content()
    it.press("明文查看")
    it.fill({"查看用途": "送达告知书"})
    it.dialog.locator("button[type=submit]").click()
    it.shows("张三丰", "dialog")
    assert it.violations() == []
    it.page.keyboard.press("Escape")
    looks = [one for one in client.get("/audit-log?limit=50").json()["entries"] if "送达告知书" in str(one)]
    assert looks, "the look is in the record, with what it was for"

    it.go(f"#/case/{made['id']}?tab=events")
    it.fill({"备注": "现场已张贴告知"}, it.page.locator("main form").first)
    it.page.locator("main form button[type=submit]").first.click()
    it.shows("现场已张贴告知")
    row = it.page.locator("main ol li", has_text="现场已张贴告知").first
    row.get_by_role("button", name="更正").click()
    it.dialog.get_by_text("该事项并未发生").click()
    it.fill({"更正理由": "张贴的是另一处"})
    it.keep("case-void-desk-zh")
    it.submit()
    events = client.get(f"/cases/{made['id']}/events").json()["events"]
    assert events[-1]["event"] == "corrected" and events[-1]["facts"]["void"] is True
    assert events[-1]["by"] == wang
