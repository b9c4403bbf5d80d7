"""What the service knows itself becomes leads, once each; verdicts go over to findings, structures are followed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.cases.errors import CaseFactError, LeadStateError
from service.cases.leads.intake import Said
from service.cases.leads.triage import Proof
from service.files import Upload, sha256_of
from service.services import Services
from service.usecases.layer_facts import LayerFacts
from service.usecases.layers import add_layer
from service.usecases.lead_cases import CaseAsked, case_of_lead
from service.usecases.lead_sources import gather_leads, leads_of_findings, leads_of_patches, leads_of_scan
from service.usecases.leads import LeadJudgement, LeadView, judge_lead, view_lead
from service.usecases.morning_leads import leads_part
from service.usecases.privacy import rotate
from service.usecases.reports import read_reporter, take_report
from service.usecases.verdicts import Judgement, judge
from tests.integration.lead_kit import photo_file
from tests.integration.review_kit import AFTER, BEFORE, a_finding, a_scene, opened, store_scan
from tests.integration.service_kit import write_layer

LAWFUL = LeadJudgement(1, "approved_earlier", "有批文", [Proof("approval_file", "批2026-1")])
UNLAWFUL = LeadJudgement(2, "unlawful", "现场核实", [Proof("evidence", "笔录1")])


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    found = opened(tmp_path / "data")
    yield found
    found.close()


def middle(column: int) -> dict[str, Any]:
    """The middle of the finding of a column."""
    return {"type": "Point", "coordinates": [114.00105 + 0.0002 * column, 36.00105]}


def patrol(services: Services, column: int, number: str, **more: Any) -> LeadView:
    seen = more.pop("seen_at", AFTER)
    said = Said("patrol", number=number, geometry=middle(column), accuracy_m=5.0, seen_at=seen, text="盖房", **more)
    return view_lead(services, str(take_report(services, said).report.lead_id))


def lead_of(services: Services, finding: str) -> LeadView:
    found = services.store.leads.known([("scan", "", finding), ("rebuilding", "", finding)])
    return view_lead(services, str(services.store.leads.report(next(iter(found.values()))).lead_id))


def layer(services: Services, folder: Path, kind: str, features: list[Any], **facts: Any) -> str:
    folder.mkdir(exist_ok=True)
    path = write_layer(folder / f"{kind}.geojson", features)
    upload = Upload(path, sha256_of(path), path.stat().st_size)
    return add_layer(services, kind, upload, LayerFacts(**facts))[0].id


def square(column: int, grow: float = 0.0) -> list[list[list[float]]]:
    west, south, size = 114.001 + 0.0002 * column - grow, 36.001 - grow, 0.0001 + 2 * grow
    east, north = west + size, south + size
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def test_findings_become_leads_once_and_meet_what_patrols_told(services: Services) -> None:
    # something stood in the next column, and was taken down
    early = [BEFORE - timedelta(days=days) for days in (600, 400, 200)]
    store_scan(services, "s-1", [a_finding("old", 1, before=early[0], after=early[1], status="existing")])
    store_scan(services, "s0", [a_finding("down", 1, before=early[1], after=early[2], change="disappeared")])
    before = patrol(services, 0, "P-1")
    assert before.row.structure_id is None
    rows = [
        a_finding("f0", 0, stage="foundation", outline_error_m=0.5),
        a_finding("f1", 1),
        a_finding("gone", 2, change="disappeared"),
        a_finding("allowed", 3, status="permitted"),
    ]
    store_scan(services, "s1", rows)
    assert sorted(one.number for one in leads_of_scan(services, "s1")) == ["f0", "f1"]
    assert leads_of_scan(services, "s1") == leads_of_findings(services) == []
    joined = lead_of(services, "f0")
    assert joined.row.id == before.row.id and joined.row.structure_id is not None
    assert [one.source.value for one in joined.reports] == ["patrol", "scan"]
    told = json.loads(joined.row.geojson)
    assert told["geometry"]["type"] == "Polygon" and told["properties"]["stage"] == "foundation"
    assert joined.row.priority == pytest.approx(2 + joined.reports[1].facts["priority"])
    rebuilt = lead_of(services, "f1")
    assert rebuilt.reports[0].source == "rebuilding" and json.loads(rebuilt.row.geojson)["properties"]["rebuilt"]
    # a patrol beside the structure comes to it by the structure, also a year later
    assert patrol(services, 0, "P-2", seen_at=AFTER + timedelta(days=365)).row.id == before.row.id


def test_a_dismissed_or_secret_finding_is_no_open_lead(services: Services) -> None:
    store_scan(services, "s1", [a_finding("f0", 0), a_finding("f1", 1)], secrecy="secret")
    judge(services, Judgement("f0", False, "李", "shadow"))
    (one,) = leads_of_scan(services, "s1")
    assert one.number == "f1" and one.secrecy == "secret" and lead_of(services, "f1").row.secrecy == "secret"


def test_a_lead_of_dismissed_findings_leaves_the_queue_and_comes_back(services: Services) -> None:
    store_scan(services, "s1", [a_finding("f0", 0), a_finding("f1", 1)])
    leads_of_scan(services, "s1")
    lead, day = lead_of(services, "f0").row.id, timedelta(days=1)

    def waiting() -> tuple[int, str]:
        row = view_lead(services, lead).row
        return services.store.leads.counts(row.opened_at - day, row.opened_at + day).open, row.state

    assert waiting() == (2, "open")
    judge(services, Judgement("f0", False, "李", "shadow"))
    assert waiting() == (1, "dismissed") and view_lead(services, lead).row.verdict == 0
    judge(services, Judgement("f0", True, "李"))
    assert waiting() == (2, "open")
    judge(services, Judgement("f0", False, "李", "shadow"))
    # somebody who was there says that there is something
    report = patrol(services, 0, "P-1").row
    assert report.id == lead and waiting() == (2, "open")


def test_a_verdict_goes_over_to_the_findings_and_nothing_is_judged_twice(services: Services) -> None:
    store_scan(services, "s1", [a_finding("f0", 0), a_finding("f1", 1), a_finding("f2", 2)])
    leads_of_scan(services, "s1")
    lawful = judge_lead(services, lead_of(services, "f0").row.id, LAWFUL)
    assert lawful.row.verdict == 1
    (verdict,) = services.store.verdicts.of("f0")
    assert verdict.verdict and "合法" in str(verdict.note) and lawful.row.id in str(verdict.note)
    patrol(services, 1, "P-1")
    judge_lead(services, lead_of(services, "f1").row.id, UNLAWFUL)
    assert [one.verdict for one in services.store.verdicts.of("f1")] == [True]
    assert [row.fid for row in services.store.verdicts.open()] == ["f2"]
    # a later verdict corrects, of the finding too
    judge_lead(services, lead_of(services, "f1").row.id, LAWFUL)
    assert len(services.store.verdicts.of("f1")) == 2


def test_a_false_change_dismisses_its_findings_and_their_repeats(services: Services, tmp_path: Path) -> None:
    store_scan(services, "s1", [a_finding("f0", 0)])
    leads_of_scan(services, "s1")
    lead = patrol(services, 0, "P-1").row.id
    photo = photo_file(tmp_path / "现场.jpg")
    told = LeadJudgement(3, "false_change", "实地为阴影", dismissal="shadow")
    view = judge_lead(services, lead, told, [Upload(photo, sha256_of(photo), photo.stat().st_size)])
    (verdict,) = services.store.verdicts.of("f0")
    assert (verdict.verdict, verdict.reason) == (False, "shadow")
    # the dismissed finding is of no structure any more; what was judged together stays together
    assert view.row.structure_id is None and {one.number for one in view.reports} == {"f0", "P-1"}
    assert patrol(services, 0, "P-2", seen_at=AFTER + timedelta(days=2)).row.id == lead
    store_scan(services, "s2", [a_finding("f0-again", 0)])
    assert leads_of_scan(services, "s2") == []


def test_a_settled_lead_takes_a_finding_of_before_in_and_one_of_after_follows_it(services: Services) -> None:
    lead = patrol(services, 0, "P-1").row.id
    settled = judge_lead(services, lead, LAWFUL)
    store_scan(services, "s1", [a_finding("f0", 0)])
    leads_of_scan(services, "s1")
    assert lead_of(services, "f0").row.id == lead
    assert [one.verdict for one in services.store.verdicts.of("f0")] == [True]
    later = settled.events[-1].at + timedelta(seconds=60)
    services.store.scenes.add(a_scene("c", later))
    store_scan(services, "s2", [a_finding("f9", 0, before=AFTER, after=later, change="altered")])
    (new,) = leads_of_scan(services, "s2")
    follower = lead_of(services, "f9").row
    assert new.lead_id == follower.id != lead and follower.follows == lead and follower.state == "open"
    assert services.store.verdicts.of("f9") == []


def test_patches_of_other_bureaus_are_reports_with_their_number(services: Services, tmp_path: Path) -> None:
    store_scan(services, "s1", [a_finding("f0", 0)])
    leads_of_scan(services, "s1")
    patches = [
        ({"JCBH": "130403SJBG26210183", "TBLX": "类型一", "HSX": "2026-02-01", "BZ": "请核查"}, square(0, 2e-5)),
        ({"JCBH": "130403SJBG26210184", "TBLX": "类型二", "HSX": "不明"}, square(9)),
    ]
    version = layer(services, tmp_path / "p", "patches", patches, source="自然资源局")
    found = leads_of_patches(services)
    assert [one.number for one in found] == [told["JCBH"] for told, _ in patches]
    assert found[0].origin == "自然资源局" and found[0].seen_at == datetime(2026, 1, 31, 16, tzinfo=UTC)
    assert found[0].lead_id == lead_of(services, "f0").row.id and "请核查" in found[0].text
    assert leads_of_patches(services, version) == [] and gather_leads(services).patches == 0


def test_a_temporary_permit_that_ran_out_with_a_building_on_it_is_a_lead(services: Services, tmp_path: Path) -> None:
    store_scan(services, "s1", [a_finding("f0", 0), a_finding("f1", 1, status="permitted"), a_finding("f2", 2)])
    leads_of_scan(services, "s1")
    past, later = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (-2, 9))
    told = (("临-1", past, "temporary", 1), ("规-1", past, "planning", 0), ("临-2", later, "temporary", 2))
    permits = [
        ({"permit_id": name, "valid_from": "2024-01-01", "valid_to": end, "kind": kind}, square(column, 1e-5))
        for name, end, kind, column in told
    ]
    layer(services, tmp_path / "p", "permits", permits)
    assert gather_leads(services).expiries == 1 and gather_leads(services).expiries == 0
    (one,) = [one for one in services.store.leads.reports(10).items if one.source == "expiry"]
    assert one.facts["permit_id"] == "临-1" and "临-1" in one.text
    assert view_lead(services, str(one.lead_id)).row.structure_id == one.facts["structure_id"]


def test_the_open_case_of_a_structure_takes_further_leads_in(services: Services) -> None:
    store_scan(services, "s1", [a_finding("f0", 0, stage="finished")])
    leads_of_scan(services, "s1")
    lead = lead_of(services, "f0").row.id
    with pytest.raises(LeadStateError):
        case_of_lead(services, lead, CaseAsked({"path": "slow"}))
    settled = judge_lead(services, lead, UNLAWFUL)
    with pytest.raises(CaseFactError):
        case_of_lead(services, lead, CaseAsked({"path": "?"}))
    _, case, new = case_of_lead(services, lead, CaseAsked({"path": "slow"}))
    assert new and case.row.structure_id == settled.row.structure_id and case.row.stage == "finished"
    assert list(case.standing.categories) == ["no_permit"]
    later = settled.events[-1].at + timedelta(seconds=60)
    services.store.scenes.add(a_scene("c", later))
    store_scan(services, "s2", [a_finding("f9", 0, before=AFTER, after=later, change="altered")])
    leads_of_scan(services, "s2")
    second = judge_lead(services, lead_of(services, "f9").row.id, UNLAWFUL)
    assert second.row.id != lead
    view, same, new = case_of_lead(services, second.row.id, CaseAsked())
    assert not new and same.row.id == case.row.id == view.row.case_id
    assert same.events[-1].kind == "noted" and second.row.id in str(same.events[-1].facts["text"])
    with pytest.raises(LeadStateError):
        case_of_lead(services, lead, CaseAsked({"path": "slow"}))


def test_the_morning_report_tells_of_leads(services: Services) -> None:
    now = datetime.now(UTC)
    lead = patrol(services, 0, "P-1").row.id
    patrol(services, 5, "P-2")
    take_report(services, Said("hotline", text="有人盖房，地址不明"))
    judge_lead(services, lead, LAWFUL)
    told = leads_part(services, now - timedelta(hours=1), now + timedelta(days=2))
    assert told["new"] == [
        {"source": "patrol", "source_zh": "日常巡查", "count": 2, "reports": 2},
        {"source": "hotline", "source_zh": "12345热线", "count": 0, "reports": 1},
    ]
    assert (told["new_count"], told["open"], told["stale"], told["unplaced"]) == (2, 1, 1, 1) and told["median_h"] == 0
    assert leads_part(services, now + timedelta(hours=1), now)["median_h"] is None


def test_new_keys_open_what_was_sealed_before(services: Services) -> None:
    said = Said("hotline", number="W-1", text="盖房", reporter={"name": "王", "telephone": "13911112222"})
    report = take_report(services, said).report
    rotate(services)
    anew = services.store.leads.report(report.id)
    assert anew.reporter != report.reporter
    assert read_reporter(services, report.id, "回访核实").telephone == "13911112222"
