"""What others do to cases is seen without a reload: in the list, on the first view, and in the case that is open."""

from __future__ import annotations

from typing import Any

from tests.e2e.page_kit import Watched
from tests.e2e.test_page_run import it, office  # noqa: F401 - fixtures
from tests.integration.service_kit import Served

CASE: dict[str, Any] = {
    "facts": {"lead_ids": ["l1"], "path": "fast", "stage": "under_construction", "categories": ["no_permit"]},
    "geometry": {"type": "Point", "coordinates": [114.5, 36.6]},
}


def test_a_case_of_another_officer_appears_and_goes_on(office: Served, it: Watched) -> None:  # noqa: F811
    it.open("#/cases")
    it.page.wait_for_selector("header .live.on")
    made = office.client.post("/cases", json=CASE).json()
    it.page.wait_for_selector(f"main :text('{made['serial']}')")
    it.open(f"#/case/{made['id']}")
    it.page.wait_for_selector("nav.tabs")
    told = {"event": "noted", "facts": {"text": "现场已张贴告知"}}
    assert office.client.post(f"/cases/{made['id']}/events", json=told).status_code == 201
    it.page.wait_for_selector(".toast:has-text('案件有新进展')")
    it.open(f"#/case/{made['id']}?tab=events")
    it.page.wait_for_selector("main :text('现场已张贴告知')")
    it.open("#/today")
    count = it.page.locator(".figure", has_text="在办").locator("b")
    before = int(count.inner_text())
    other = CASE | {"geometry": {"type": "Point", "coordinates": [114.6, 36.6]}}
    assert office.client.post("/cases", json=other).status_code == 201
    it.page.wait_for_selector(f".figure:has-text('在办') b:text-is('{before + 1}')")
    assert it.faults == []
