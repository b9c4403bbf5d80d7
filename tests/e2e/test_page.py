"""The map page in a real browser beside the real service: every view, in both languages, at a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.page_kit import DESK, PHONE, demo_desk, signed_in
from tests.integration.service_kit import Served, finished, until

VIEWS = ("today", "look", "judge", "leads", "cases", "campaigns", "coverage", "bring", "run", "know")


def addresses(service: Served) -> dict[str, str]:
    """Every view, and one of each thing that has a view of its own, by what its pictures are called."""

    def first(collection: str, **query: str) -> dict[str, Any]:
        found = service.client.get(f"/collections/{collection}/items", params={"limit": 50, **query}).json()
        (one, *_) = found["features"]
        return dict(one)

    # the one whose next term runs has most to show
    case = first("cases", filter="due_at IS NOT NULL")
    lead, campaign = first("leads", state="open"), service.client.get("/campaigns").json()["campaigns"][0]
    structure = case["properties"]["structure_id"]
    return {
        **{name: f"#/{name}" for name in VIEWS},
        "board": "#/cases?view=board",
        "case": f"#/case/{case['id']}",
        "case-events": f"#/case/{case['id']}?tab=events",
        "lead": f"#/lead/{lead['id']}",
        "structure": f"#/know/{structure}",
        "campaign": f"#/campaigns/{campaign['id']}",
        "tasking": "#/coverage?show=tasks",
        "layers": "#/bring?tab=layers",
        "scans": "#/bring?tab=scans",
    }


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with demo_desk(tmp_path_factory.mktemp("desk")) as service:
        yield service


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_view_opens_without_fault_and_can_be_used_by_everybody(desk: Served, tmp_path: Path, size: str) -> None:
    how = DESK if size == "desk" else PHONE
    found: dict[str, list[str]] = {}
    with signed_in(desk, tmp_path / "profile", **how) as it:
        for name, address in addresses(desk).items():
            it.open(address)
            it.quiet(250)
            it.keep(f"{name}-{size}-zh")
            # what has a view of its own is the same at both sizes but for its width
            found[name] = it.violations() if size == "desk" or name in VIEWS else []
            wide = it.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found[name] += [f"wider than the screen by {wide} px"] if wide > 1 else []
            found[name] += [f"fault: {fault}" for fault in it.faults]
            it.faults.clear()
    assert {name: some for name, some in found.items() if some} == {}


def test_the_other_language_and_the_dark_are_complete(desk: Served, tmp_path: Path) -> None:
    found: dict[str, list[str]] = {}
    with signed_in(desk, tmp_path / "profile", **DESK) as it:
        it.page.click("header button:has-text('English')")
        it.page.click("header button[title='Light or dark']")
        assert it.page.evaluate("document.documentElement.lang") == "en"
        for name in VIEWS:
            it.open(f"#/{name}")
            it.quiet(250)
            it.keep(f"{name}-desk-en-dark")
            found[name] = it.violations() + it.faults
            it.faults.clear()
    assert {name: some for name, some in found.items() if some} == {}


def test_two_dates_are_looked_at_and_a_link_shows_what_its_sender_saw(desk: Served, tmp_path: Path) -> None:
    with signed_in(desk, tmp_path / "profile", **DESK) as it:
        it.open("#/look")
        it.page.wait_for_selector(".look-list button")
        it.page.click(".look-list button >> nth=0")
        it.page.wait_for_selector(".look-chip")
        it.settled()
        shown = it.page.url
        assert "finding=" in shown and "at=" in shown
        for mode in ("闪烁", "并排", "透明", "前期", "后期", "卷帘"):
            it.page.click(f".look-bar button:has-text('{mode}')")
            it.settled(300)
        edge = it.page.locator("[role=slider]")
        edge.focus()
        it.page.keyboard.press("ArrowRight")
        assert edge.get_attribute("aria-valuenow") == "52"
        assert it.page.locator(".map-scale").inner_text().strip().split()[1] in ("m", "km")
        it.open("#/today")
        it.page.goto(shown)
        it.page.wait_for_selector(".look-chip")
        it.page.wait_for_selector(".look-list button.chosen")
        assert it.faults == []


def test_a_structure_is_known_with_its_life_its_reasons_and_what_the_detector_saw(desk: Served, tmp_path: Path) -> None:
    with signed_in(desk, tmp_path / "profile", **DESK) as it:
        tiles: list[int] = []
        it.page.on("response", lambda answer: tiles.append(answer.status) if "/evidence/tiles/" in answer.url else None)
        it.open(addresses(desk)["structure"])
        for title in ("生长曲线", "影像时间线", "理由", "核查结论", "置信度的由来"):
            it.page.locator("main").get_by_text(title).first.wait_for()
        assert it.page.locator("main svg").count() > 0 and it.page.locator("main img[src*='chip.png']").count() > 0
        # how sure and how large, each with its error
        assert "±" in it.page.locator("main").inner_text() and "城乡规划法" in it.page.locator("main").inner_text()
        with it.page.expect_response("**/evidence/tiles/**"):
            it.page.locator("summary:has-text('证据图')").first.click()
        it.page.locator(".know-evidence canvas").first.wait_for()
        it.quiet()
        it.keep("structure-evidence")
        assert set(tiles) == {200} and it.faults == []


def test_what_happens_arrives_by_itself(desk: Served, tmp_path: Path) -> None:
    with signed_in(desk, tmp_path / "profile", **DESK) as it:
        it.open("#/today")
        it.page.wait_for_selector("header .live.on")
        before = it.page.locator(".today-chips li").count()
        items = desk.client.get("/collections/findings/items", params={"status": "suspected", "sortby": "-priority"})
        first = items.json()["features"][0]["id"]
        told = {"verdict": False, "reason": "shadow", "judged_by": "李"}
        assert desk.client.post(f"/findings/{first}/verdicts", json=told).status_code == 201
        until(lambda: it.page.locator(f".today-chips a[href*='{first}']").count() == 0, 15)
        assert before > 0 and it.faults == []


def test_the_stream_tells_of_jobs_and_goes_on_where_it_was(desk: Served) -> None:
    with desk.client.stream("GET", "/events/stream", timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        lines = answer.iter_lines()
        assert next(lines).startswith("retry:")
        order = desk.client.post("/exports", json={"kind": "ledger", "format": "xlsx"})
        assert order.status_code == 202, order.text
        finished(desk.client, order.json()["jobID"])
        told = next(line for line in lines if line == "event: job.changed")
        key = next(line for line in lines if line.startswith("id: "))[4:]
    assert told
    with desk.client.stream("GET", "/events/stream", headers={"Last-Event-ID": key}, timeout=20) as answer:
        lines = answer.iter_lines()
        # a line that broke hears how the jobs and the latest terms stand, and no event twice
        again = (line for line in lines if line.startswith("event:"))
        assert next(line for line in again if line != "event: case.term") == "event: job.changed"
    bad = desk.client.get("/events/stream", headers={"Last-Event-ID": "nonsense"})
    assert bad.status_code == 400
