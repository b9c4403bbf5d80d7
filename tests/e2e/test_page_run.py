"""Administration in a real browser: rulebooks, models, people, keys and channels put right by somebody with a mouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.page_kit import DESK, PHONE, Watched, need_page, signed_in
from tests.integration.alarm_kit import receiving
from tests.integration.service_kit import Served, until
from tests.unit.detect.model_kit import make_model

TABS = ("people", "keys", "rules", "models", "nights", "alarms", "record", "health")
REFUSED = "the server responded with a status of 4"
"""What Chromium says of a refusal that the test asked for."""
BOOK = """\
id: my-city
version: 1
jurisdiction: "130400"
title: {en: My city, zh: 本市规则}
extends: cn
articles: {local: {text: 某条例第7条, en: Local rules Art. 7}}
rests_on: {no_permit: local}
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with nothing in it but a model of the bureau's own; it may send to this machine."""
    need_page()
    data = tmp_path_factory.mktemp("office") / "data"
    make_model(data / "models", name="ours-1", figures={"composed": {"object_f1": 0.71, "false_per_km2": 40.0}})
    service = Served(data, KANCHA_ALARMS__NETWORKS='["127.0.0.0/8"]')
    yield service
    service.stop()


@pytest.fixture
def it(office: Served, tmp_path: Path) -> Iterator[Watched]:
    """An administrator at a desk."""
    with signed_in(office, tmp_path / "profile", **DESK) as watched:
        watched.open("#/run?tab=health")
        watched.faults.clear()  # those of the view before it are for its own tests
        yield watched


def row(it: Watched, text: str) -> Any:
    return it.page.locator("tr", has_text=text)


def said(it: Watched, words: str) -> None:
    it.page.wait_for_selector(f".toast:has-text('{words}')")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_tab_opens_without_fault_in_both_languages(office: Served, tmp_path: Path, size: str) -> None:
    found: dict[str, list[str]] = {}
    with signed_in(office, tmp_path / "profile", **(DESK if size == "desk" else PHONE)) as it:
        it.open("#/run?tab=health")
        it.faults.clear()  # those of the view before it are for its own tests
        for tab in TABS:
            it.open(f"#/run?tab={tab}")
            for language in ("zh", "en"):
                it.settled(120)
                it.keep(f"run-{tab}-{size}-{language}")
                # on a phone the other language is the same page with longer words
                faults = (it.violations() if (size, language) != ("phone", "en") else []) + it.faults
                wide = it.page.evaluate("document.documentElement.scrollWidth - innerWidth")
                faults += [f"wider than the screen by {wide} px"] if wide > 1 else []
                found[f"{tab} {language}"] = faults
                it.faults.clear()
                it.page.click(f"header button:has-text('{'English' if language == 'zh' else '中文'}')")
    assert {name: some for name, some in found.items() if some} == {}


def test_a_rulebook_is_refused_with_the_way_out_then_put_in_with_its_differences(office: Served, it: Watched) -> None:
    it.open("#/run?tab=rules")
    it.page.click("button:has-text('导入规则库')")
    it.page.fill("dialog textarea", BOOK + "colour: red\n")
    it.page.click("button:has-text('检查并比较')")
    refusal = it.page.locator("dialog .trouble").inner_text()
    assert "规则库不可用" in refusal and "第 8 行：colour：没有这个字段" in refusal
    assert "办法: 请按所示行号改正" in refusal
    it.page.click("dialog button:has-text('第 8 行')")
    marked = "(box) => box.value.slice(box.selectionStart, box.selectionEnd)"
    assert it.page.locator("dialog textarea").evaluate(marked) == "colour: red"
    assert it.violations() == []
    assert "my-city" not in office.client.get("/rulebooks").text, "nothing of it is kept"

    it.page.fill("dialog textarea", BOOK)
    it.page.fill("dialog input[type=date]", "2026-03-01")
    it.page.click("button:has-text('检查并比较')")
    it.page.wait_for_selector("dialog .run-diff")
    shown = it.page.locator("dialog").inner_text()
    assert "2026-03-01" in shown and "某条例第7条" in shown and "cn+" in shown
    assert it.violations() == []
    it.page.check("dialog input[type=checkbox]")
    it.page.click("button:has-text('确认入库')")
    said(it, "规则库已入库并启用")
    assert "当前启用" in row(it, "my-city").first.inner_text()
    (kept,) = [one for one in office.client.get("/rulebooks").json()["rulebooks"] if one["id"] == "my-city"]
    assert (kept["since"], kept["in_use"]) == ("2026-03-01", True)

    row(it, "全国通用规则").first.locator("button:has-text('启用')").click()
    # another administrator is first by a moment
    assert office.client.put("/rulebooks/current", json={"id": "cn-zhejiang"}).status_code == 200
    it.page.click("button:has-text('确定')")
    it.page.wait_for_selector(".trouble:has-text('其他人员已先行更改')")
    assert "请查看更新后的列表" in it.page.locator(".trouble").inner_text()
    it.page.wait_for_selector("tr:has-text('浙江省') .mark:has-text('当前启用')")
    assert [fault for fault in it.faults if REFUSED not in fault] == []
    office.client.put("/rulebooks/current", json={"id": "cn"})


def test_a_model_is_looked_at_beside_the_one_in_use_and_put_to_use(office: Served, it: Watched) -> None:
    it.open("#/run?tab=models")
    row(it, "ours-1").locator("button:has-text('查看')").click()
    beside = it.page.locator("dialog table").inner_text()
    assert "对象 F1" in beside and "0.710 较优" in beside and "starter-2" in beside
    assert "Brighter is new" in it.page.locator("dialog .run-card").inner_text()
    assert it.violations() == []
    it.page.keyboard.press("Escape")
    row(it, "ours-1").locator("button:has-text('启用')").click()
    it.page.click("button:has-text('确定')")
    said(it, "已启用")
    it.page.wait_for_selector("tr:has-text('ours-1') .mark.good")
    used = [one["name"] for one in office.client.get("/models").json()["models"] if one["in_use"]]
    assert used == ["ours-1"]
    row(it, "ours-1").locator("button:has-text('停用')").click()
    it.page.click("button:has-text('确定')")
    said(it, "已停用")
    it.page.wait_for_selector("tr:has-text('免训练检测') .mark.good")
    it.open("#/run?tab=record")
    it.page.wait_for_selector("tr:has-text('启用模型'):has-text('ours-1+')")
    it.page.wait_for_selector("tr:has-text('启用模型'):has-text('training-free')")
    assert it.faults == []


def test_a_person_is_added_and_given_a_role(office: Served, it: Watched) -> None:
    it.open("#/run?tab=people")
    it.page.click("button:has-text('添加人员')")
    fields = it.page.locator("dialog form input:not([type=checkbox]):not([type=radio])")
    fields.nth(0).fill("zhou.wu")
    fields.nth(1).fill("周五")
    it.page.click("dialog button[type=submit]")
    link = it.page.locator("dialog .run-secret").input_value()
    assert "/first/" in link
    it.page.click("dialog button:has-text('我已保存')")
    row(it, "zhou.wu").locator("button").first.click()
    it.page.locator("dialog label", has_text="负责人").locator("input").check()
    it.page.click("dialog button:has-text('保存')")

    def stored() -> dict[str, Any]:
        return next(one for one in office.client.get("/people").json()["people"] if one["name"] == "zhou.wu")

    until(lambda: sorted(stored()["roles"]) == ["chief", "officer"], 15)
    assert stored()["display_name"] == "周五"
    it.page.wait_for_selector("tr:has-text('zhou.wu'):has-text('负责人')")
    assert it.faults == []


def test_a_key_is_made_shown_once_and_withdrawn(office: Served, it: Watched) -> None:
    it.open("#/run?tab=keys")
    it.page.click("button:has-text('新建密钥')")
    it.page.locator("dialog form input").first.fill("热线系统")
    it.page.click("dialog button[type=submit]")
    secret = it.page.locator("dialog .run-secret").input_value()
    bearer = {"Authorization": f"Bearer {secret}"}
    assert office.client.get("/scenes", headers=bearer).status_code == 200
    it.page.click("dialog button:has-text('我已保存')")
    row(it, "热线系统").locator("button:has-text('吊销')").click()
    it.page.click("button:has-text('确定')")
    it.page.wait_for_selector("tr:has-text('热线系统') .mark:has-text('已吊销')")
    assert office.client.get("/scenes", headers=bearer).status_code == 401
    it.page.wait_for_selector("dialog", state="detached")
    assert secret not in it.page.content() and it.faults == []


def test_a_channel_is_tried_by_its_button(office: Served, it: Watched) -> None:
    with receiving() as receiver:
        it.open("#/run?tab=alarms")
        it.page.click("button:has-text('新建通道')")
        fields = it.page.locator("dialog input:not([type=checkbox])")
        fields.first.fill("指挥中心")
        it.page.locator("dialog select").first.select_option("webhook")
        it.page.locator("dialog input[placeholder='https://']").fill(receiver.url)
        it.page.locator("dialog .actions button, dialog p button.main").last.click()
        it.page.click("dialog button:has-text('我已保存')")
        row(it, "指挥中心").locator("button:has-text('测试')").click()
        said(it, "测试消息已提交")
        assert receiver.came.wait(10) and receiver.got[0].json["type"]
        assert it.faults == []
        # it answers with an error: that is told with the way out
        receiver.answers += [500, 500, 500]
        row(it, "指挥中心").locator("button:has-text('测试')").click()
        it.page.wait_for_selector(".trouble:has-text('消息发送失败')")
        told = it.page.locator(".trouble").inner_text()
        assert "返回 500" in told and "请核对地址" in told
