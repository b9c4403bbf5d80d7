"""The scenario suite: every case of `cases.yaml`, and the table that readers see."""

from __future__ import annotations

from pathlib import Path

import pytest

from geodata.assess import assess
from tests.unit.assess.case_kit import NOON, Case, cases, page

DOCS = Path(__file__).resolve().parents[3] / "docs" / "cases.md"


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_case(case: Case) -> None:
    row = assess(case.structure, case.layers, as_of=NOON, book=case.book).iloc[0]
    told = [(reason["code"], reason["certainty"], reason["basis"]) for reason in row.reasons]
    assert (row.status, told) == case.expected
    for name in ("authority", "severity", "consequence"):
        if name in case.given:
            assert row[name] == case.given[name]
    if "area_m2" in case.given:
        assert row.reasons[-1]["area_m2"] == pytest.approx(case.given["area_m2"], abs=0.5)


def test_there_are_sixty_cases_and_every_rule_of_the_base_is_among_them() -> None:
    told = {code for case in cases() for code, _, _ in case.expected[1]}
    rules = {rule.code for rule in cases()[0].book.rules.rules}
    assert len(cases()) >= 60
    assert len({case.name for case in cases()}) == len(cases())
    assert rules == told


def test_the_table_of_the_documents_is_this_one() -> None:
    assert page() == DOCS.read_text(encoding="utf-8"), "write it again: python -m tests.unit.assess.case_kit"
