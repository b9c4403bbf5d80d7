"""The table of verdicts, what stands in rows of files, and what a report may say."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.cases.leads.intake import Said, faults_of, report_id, spot_of, words_of
from service.cases.leads.standing import standing_of
from service.cases.leads.table import said_of
from service.cases.leads.triage import GROUNDS, Proof, finding_verdict
from service.cases.leads.triage import faults_of as verdict_faults
from service.cases.leads.values import LeadEvent

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
USUAL = Said("hotline")
PAGE = Path(__file__).parents[3] / "docs" / "leads.md"


@pytest.mark.parametrize("ground", GROUNDS.values(), ids=lambda one: one.name)
def test_each_ground_takes_its_own_proof_and_no_other(ground: Any) -> None:
    def needed(kind: str, **how: str) -> list[str]:
        wrong, missing = verdict_faults(ground.verdict, ground.name, [Proof(kind, **how)])
        assert wrong == []
        return missing

    for kind in ("approval_file", "title", "permit", "filing_record", "site_photo", "evidence"):
        shown = {"sha256": "a" * 64} if kind == "site_photo" else {"number": "1"}
        assert (needed(kind, **shown) == []) == (kind in ground.proofs)
    assert verdict_faults(ground.verdict, ground.name, []) == ([], list(ground.proofs))
    assert verdict_faults(ground.verdict % 3 + 1, ground.name, [])[0]
    assert verdict_faults(ground.verdict, ground.name, [Proof(ground.proofs[0])])[0]


def test_the_table_of_grounds_is_that_of_the_document() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (\d) \S+", PAGE.read_text(encoding="utf-8"), re.M)
    assert {(name, zh, int(code)) for name, zh, code in rows} == {
        (g.name, g.title_zh, g.verdict) for g in GROUNDS.values()
    }


def test_what_a_verdict_says_of_findings() -> None:
    assert finding_verdict(2, None) == finding_verdict(1, None) == (True, None)
    assert finding_verdict(3, "shadow") == (False, "shadow") and finding_verdict(3, None) == (False, "other")


def test_where_a_lead_stands_follows_from_its_events() -> None:
    def event(number: int, kind: str, **facts: Any) -> LeadEvent:
        return LeadEvent("l", number, kind, NOW + timedelta(hours=number), "p", facts)

    told = [
        event(1, "opened"),
        event(2, "judged", verdict=1, ground="title"),
        event(3, "judged", verdict=2, ground="unlawful"),
    ]
    stood = standing_of(told)
    assert (stood.verdict, stood.state, stood.triaged_at, stood.judged_at) == (2, "judged", told[1].at, told[2].at)
    assert standing_of([*told, event(4, "case_asked")]).asked_at == NOW + timedelta(hours=4)
    assert standing_of([*told, event(4, "case_asked"), event(5, "case_dropped")]).asked_at is None
    opened = standing_of([*told[::-1], event(4, "case_asked"), event(5, "case_opened", case_id="c1")])
    assert (opened.state, opened.case_id, opened.asked_at) == ("case", "c1", None)


@pytest.mark.parametrize(
    ("values", "name", "wanted"),
    [
        ({"number": 20260017.0}, "number", "20260017"),
        ({"source": "12345热线"}, "source", "hotline"),
        ({"source": "巡查"}, "source", "patrol"),
        ({"lon": "114.5", "lat": 36.6}, "geometry", {"type": "Point", "coordinates": [114.5, 36.6]}),
        ({"seen_at": "2026/3/2 9:05"}, "seen_at", datetime(2026, 3, 2, 1, 5, tzinfo=UTC)),
        ({"seen_at": "2026年3月2日"}, "seen_at", datetime(2026, 3, 1, 16, 0, tzinfo=UTC)),
        ({"seen_at": "2026-03-02T09:05:00Z"}, "seen_at", datetime(2026, 3, 2, 9, 5, tzinfo=UTC)),
        ({"stage": "在建"}, "stage", "under_construction"),
        ({"anonymous": "是"}, "anonymous", True),
        ({"anonymous": "否"}, "anonymous", False),
        ({"name": "王", "telephone": 13911112222.0}, "reporter", {"name": "王", "telephone": "13911112222"}),
    ],
)
def test_cells_are_read_as_clerks_write_them(values: dict[str, Any], name: str, wanted: Any) -> None:
    assert getattr(said_of(values, USUAL), name) == wanted


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"lon": 114.5}, "only one"),
        ({"lon": "东", "lat": 1}, "lon"),
        ({"seen_at": "昨天"}, "昨天"),
        ({"anonymous": "?"}, "是 or 否"),
    ],
)
def test_cells_that_nobody_can_read_are_named(values: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        said_of(values, USUAL)


def test_rows_without_a_number_are_known_by_their_words_and_not_by_who_told_them() -> None:
    one = said_of({"text": "盖房", "name": "王", "telephone": "1"}, USUAL)
    assert one.number == said_of({"text": "盖房", "name": "李"}, USUAL).number
    assert one.number != said_of({"text": "又盖房"}, USUAL).number
    assert report_id("hotline", "", "1") == report_id("hotline", "", "1") != report_id("patrol", "", "1")
    assert report_id("hotline", "", None) != report_id("hotline", "", None)


@pytest.mark.parametrize("number", ["13911112222", "139 1111 2222", "0310-1234567", "13040319800101123X"])
def test_an_anonymous_report_keeps_no_number_of_who_told_it(number: str) -> None:
    said = Said("hotline", text=f"请回{number}。许可证20260017号", anonymous=True)
    assert words_of(said) == "请回***。许可证20260017号"
    assert number in words_of(Said("hotline", text=said.text))


def test_everything_that_is_wrong_is_named_at_once() -> None:
    wrong = faults_of(Said("x", stage="y", secrecy="z", seen_at=NOW + timedelta(days=1), reporter={"id": "1"}), NOW)
    assert len(wrong) == 6
    assert spot_of(Said("patrol", geometry={"type": "Polygon", "coordinates": [[[0, 0]]]}))[1]
    assert spot_of(Said("patrol", geometry={"type": "Point", "coordinates": ["a"]}))[1]
    wide = spot_of(Said("patrol", geometry={"type": "Point", "coordinates": [114, 36]}, accuracy_m=501))
    assert wide[0].geometry is None and wide[1] == "" and "501" in wide[0].note
