"""Campaigns over a real store: what merges, splits, is rebuilt or dismissed counts once; cases decide first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely

from service.bootstrap import open_services
from service.cases.errors import CaseFactError
from service.services import Services
from service.settings import Settings
from service.usecases.campaigns import Beginning, CampaignView, begin, view_campaign
from service.usecases.cases import Opening, Telling, open_case, tell
from tests.access import client_of
from tests.contract.test_store_structures import SIZE, house, scanned
from tests.contract.test_store_verdicts import verdict


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = open_services(Settings(data=tmp_path / "data"))
    yield made
    made.close()


def figure(view: CampaignView, name: str, village: str = "") -> float | None:
    return next(one.value for one in view.figures[village] if one.name == name)


def again(services: Services, view: CampaignView) -> CampaignView:
    return view_campaign(services, view.campaign.id)


def test_structures_that_merge_are_gone_when_what_they_became_is_gone(services: Services) -> None:
    store = services.store
    near = 114.0 + 1.2 * SIZE
    scanned(store, "a", (1, 3), house("h"), house("k", near), house("far", 114.01))
    view = begin(services, Beginning("清零", date(2025, 4, 1)))
    assert figure(view, "baseline") == 3 and figure(view, "open") == 3
    # one roof over both, then all of it gone
    scanned(store, "b", (3, 6), house("whole", size=2.4 * SIZE, change="altered"))
    view = again(services, view)
    assert figure(view, "baseline") == 3 and figure(view, "open") == 3
    scanned(store, "c", (6, 9), house("whole", size=2.4 * SIZE, change="disappeared"))
    view = again(services, view)
    assert figure(view, "open") == 1 and figure(view, "demolished") == 2
    own = [item.area_m2 for item in view.campaign.items if item.geometry != view.campaign.items[-1].geometry]
    assert figure(view, "freed_m2") == pytest.approx(sum(own), rel=0.01), "their own outlines, not those of the whole"
    # built again: open from that day
    scanned(store, "d", (9, 11), house("new", size=2.4 * SIZE))
    view = again(services, view)
    assert figure(view, "rebuilt") == 2 and figure(view, "open") == 3
    assert [day.open for day in view.days] == [3, 1, 3, 3]


def test_what_officers_dismiss_ends_too(services: Services) -> None:
    scanned(services.store, "a", (1, 3), house("h"), house("k", 114.01))
    view = begin(services, Beginning("清零", date(2025, 4, 1)))
    services.store.verdicts.add(verdict("a-k"), timed=True)
    view = again(services, view)
    assert figure(view, "open") == 1 and figure(view, "demolished") == 0 and figure(view, "freed_m2") == 0


def survey(*names: str, standing: str = "suspected") -> dict[str, Any]:
    features = []
    for k, name in enumerate(names):
        shape = shapely.box(114.5 + 0.001 * k, 36.6, 114.5001 + 0.001 * k, 36.6001)
        told = {"building_id": name, "standing": standing, "village": "东村", "category": None, "area_m2": 99.0}
        features.append({"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": told})
    return {"type": "FeatureCollection", "features": features, "survey": {"as_of": "2025-04-01T00:00:00+08:00"}}


def test_cases_decide_by_place_where_a_survey_names_buildings(services: Services) -> None:
    told = survey("b1", "b2", "b3")
    view = begin(
        services, Beginning("清零", survey=told, targets=[{"village": "东村", "open_at_most": 1, "by": "2025-12-31"}])
    )
    assert view.campaign.as_of == date(2025, 4, 1) and view.campaign.source == "survey"
    opened = {"lead_ids": ["l"], "path": "slow", "stage": "finished", "categories": ["no_permit"]}
    at = datetime(2025, 5, 1, 2, 0, tzinfo=UTC)
    ids = [open_case(services, Opening(opened, told["features"][k]["geometry"], at)).row.id for k in (0, 1)]
    for case_id in ids:
        tell(
            services, case_id, Telling("demolition_done", {"by_whom": "self", "extent": "full"}, at + timedelta(days=1))
        )
    seen = {"proof": "field", "confidence": 1.0, "shown_on": "2025-05-10", "source": "照片"}
    tell(services, ids[0], Telling("proof_received", {**seen, "seen": "gone"}))
    tell(services, ids[1], Telling("proof_received", {**seen, "seen": "refilled"}))
    view = again(services, view)
    assert figure(view, "demolished", "东村") == 1 and figure(view, "open") == 2
    assert [(str(day.day), day.open) for day in view.days][:2] == [("2025-04-01", 3), ("2025-05-10", 2)]
    assert view.reached[0].state == "missed" and view.reached[0].open == 2
    # what was seen again on the place reopens it
    tell(services, ids[0], Telling("rebuilding_seen", {"source": "s", "seen_on": "2025-08-01"}))
    assert figure(again(services, view), "open") == 3 and figure(again(services, view), "rebuilt") == 1


def test_what_cannot_be_a_campaign_is_refused(services: Services) -> None:
    for told in (
        Beginning(" ", survey=survey("b")),
        Beginning("x", survey=survey("b", standing="conforming")),
        Beginning("x", survey=survey("b", "b")),
        Beginning("x", survey={"features": [{}]}),
        Beginning("x", survey=survey("b"), targets=[{"village": "西村", "by": "2025-12-31"}]),
        Beginning("x", survey=survey("b"), targets=[{"by": "soon"}]),
        Beginning("x", date(2025, 4, 1)),
    ):
        with pytest.raises(CaseFactError):
            begin(services, told)
    far = replace(Beginning("x", survey=survey("b")), area=shapely.box(0, 0, 1, 1))
    with pytest.raises(CaseFactError):
        begin(services, far)


def test_over_http_every_figure_carries_its_definition(tmp_path: Path) -> None:
    with client_of(Settings(data=tmp_path / "data")) as client:
        body = {"name": "清零", "survey": survey("b1", "b2"), "targets": [{"open_at_most": 0, "by": "2099-12-31"}]}
        answer = client.post("/campaigns", json=body)
        assert answer.status_code == 201, answer.text
        told = client.get(f"/campaigns/{answer.json()['id']}").json()
        assert {one["name"] for one in told["villages"][0]["figures"]} >= {"clear_rate", "demolition_rate", "freed_mu"}
        assert all(one["definition"] and one["definition_zh"] for one in told["villages"][0]["figures"])
        assert [one["village"] for one in told["villages"]] == ["", "东村"]
        assert told["targets"][0]["state"] == "running" and told["burn_down"][0]["open"] == 2
        assert client.get("/campaigns").json()["numberMatched"] == 1
        for wrong in ({"area": {"type": "Point"}}, {"as_of": "soon"}, {"targets": "all"}):
            assert client.post("/campaigns", json={"name": "x"} | wrong).status_code == 400
