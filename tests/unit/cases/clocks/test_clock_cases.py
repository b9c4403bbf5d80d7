"""The table of terms worked out by hand (`cases.yaml`)."""

from __future__ import annotations

import pytest

from service.cases.clocks import clocks_of, load_book
from tests.unit.cases.clocks.case_kit import Case, cases, told

CASES = cases()
PLACES = ("shanghai", "beijing", "pingdingshan", "heze", "zhejiang")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_clocks_are_those_worked_out_by_hand(case: Case) -> None:
    clocks = case.clocks()
    for term, expected in case.expected.items():
        rows = [row for row in (*case.book.terms, *case.book.shelved) if row.id == term]
        assert rows, f"no such term: {term}"
        hours = rows[0].unit == "hours"
        assert [told(clock, hours=hours) for clock in clocks_of(clocks, term)] == expected


def test_there_are_enough_of_them_and_each_has_its_name() -> None:
    assert len(CASES) >= 130
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_row_of_the_book_has_a_case() -> None:
    book = load_book(PLACES)
    rows = {row.id for row in (*book.terms, *book.shelved)}
    tried = {term for case in CASES for term, expected in case.expected.items() if expected}
    assert rows - tried == set()
