"""Bringing images in with a real browser: paused, gone on with after a reload, dropped on it, refused in words."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.page_kit import DESK, Watched, need_page, signed_in
from tests.integration.service_kit import Served, draw_scene, until, write_parcels

SLOW_BYTES_S, PORTION = 1_000_000, 8 * 1024 * 1024
"""What the line lets through, and what the page sends in one request (web/src/bring/protocol.ts)."""
DROPPED = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const told = new DataTransfer();
  told.items.add(new File([bytes], name, {type: "image/tiff"}));
  return told;
}"""
"""What a hand holds over the page."""
ORANGE = """canvas => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    count += data[at] > 240 && data[at + 1] > 140 && data[at + 1] < 180 && data[at + 2] < 40;
  }
  return count;
}"""
"""Pixels of the colour of what is not stored yet."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with nothing in it."""
    need_page()
    service = Served(tmp_path_factory.mktemp("office") / "data")
    yield service
    service.stop()


@pytest.fixture
def it(office: Served, tmp_path: Path) -> Iterator[Watched]:
    with signed_in(office, tmp_path / "profile", **DESK) as watched:
        watched.open("#/bring")
        yield watched


def drop(it: Watched, name: str, content: bytes) -> None:
    held = it.page.evaluate_handle(DROPPED, [name, base64.b64encode(content).decode()])
    it.page.dispatch_event(".bring-drop", "dragover", {"dataTransfer": held})
    it.page.wait_for_selector(".bring-drop.over")
    it.page.dispatch_event(".bring-drop", "drop", {"dataTransfer": held})
    it.page.wait_for_selector(".bring-drop:not(.over)")


def line_of(it: Watched, bytes_s: int) -> None:
    """The line of this browser lets so many bytes a second leave; -1: as many as there are."""
    session = it.page.context.new_cdp_session(it.page)
    session.send("Network.enable")
    told = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_s}
    session.send("Network.emulateNetworkConditions", told)


def row(it: Watched, name: str) -> Any:
    return it.page.locator(f"li:has-text('{name}')").last


def test_an_upload_is_paused_and_gone_on_with_after_a_reload(office: Served, it: Watched, tmp_path: Path) -> None:
    path = draw_scene(tmp_path / "town_20260412.tif", size=3072)
    size = path.stat().st_size
    assert size > 2 * PORTION
    line_of(it, SLOW_BYTES_S)
    it.page.locator(".bring-drop input[type=file]").set_input_files(str(path))
    it.page.click("main button:has-text('开始上传')")
    bar = it.page.locator("main progress")
    bar.wait_for()

    def sent() -> float:
        return float(bar.evaluate("one => one.value"))

    until(lambda: sent() > 1.1 * PORTION / size, 30)
    it.keep("upload-under-way")
    row(it, path.name).get_by_role("button", name="暂停").click()
    row(it, path.name).get_by_text("已暂停").wait_for()
    paused = sent()
    it.page.wait_for_timeout(700)
    assert sent() == paused < 0.95

    it.page.reload()
    row(it, path.name).get_by_text("待选择文件").wait_for()
    offsets: list[int] = []
    it.page.on("request", lambda r: offsets.append(int(r.headers["upload-offset"])) if r.method == "PATCH" else None)
    line_of(it, -1)
    it.page.locator(".bring-drop input[type=file]").set_input_files(str(path))
    row(it, path.name).get_by_text("已入库").wait_for(timeout=60_000)
    assert offsets[0] >= PORTION, "what had arrived is not sent again"
    (scene,) = office.client.get("/collections/scenes/items").json()["features"]
    assert office.client.get(f"/scenes/{scene['id']}/file").content == path.read_bytes()
    # the scene is listed without a reload
    it.page.locator("main").get_by_text(path.name).nth(1).wait_for()
    assert it.faults == []


def test_what_is_dropped_and_no_image_is_refused_in_chinese_with_the_way_out(office: Served, it: Watched) -> None:
    drop(it, "letter_20260412.tif", b"Dear bureau, this is no image at all. " * 40)
    it.page.click("main button:has-text('开始上传')")
    refused = it.page.locator(".trouble[role=alert]")
    refused.wait_for(timeout=30_000)
    told = refused.inner_text()
    assert "办法" in told and "GeoTIFF" in told, told
    assert office.client.get("/collections/scenes/items?limit=1").json()["numberMatched"] <= 1


def test_a_layer_is_seen_on_the_map_before_it_is_stored(office: Served, it: Watched, tmp_path: Path) -> None:
    it.open("#/bring?tab=layers")
    form = it.page.locator("main")
    form.locator("select").first.select_option(label="宗地")
    form.locator("input[type=file]").first.set_input_files(str(write_parcels(tmp_path / "宗地.geojson")))
    it.page.click("main button:has-text('查看内容（不入库）')")
    it.page.wait_for_selector(".outlinemap [data-drawn]")
    it.page.locator(".outlinemap").scroll_into_view_if_needed()
    it.keep("layer-preview")
    assert it.violations() == []
    # on a map that has nothing else of this colour
    shown = it.page.locator(".outlinemap canvas").last.evaluate(ORANGE)
    assert shown > 300, "pixels of the outlines"
    assert office.client.get("/layers").json()["numberMatched"] == 0
    assert it.faults == []
