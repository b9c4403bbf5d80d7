"""What every store must keep of recall audits, whatever it is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from service.errors import NotFoundError
from service.store.audit_records import Audit, AuditAnswer
from service.store.base import Store
from tests.contract.test_store_contract import NOW

AUDIT = Audit("a", date(2026, 9, 18), 7, {"1_2": {"type": "Polygon", "coordinates": []}}, NOW)


def test_an_audit_is_stored_once_and_comes_back_as_it_was(store: Store) -> None:
    assert store.audits.add(AUDIT)
    assert not store.audits.add(replace(AUDIT, seed=8))
    assert store.audits.get("a") == AUDIT
    with pytest.raises(NotFoundError, match="no audit"):
        store.audits.get("b")
    store.audits.add(replace(AUDIT, id="b"))
    first = store.audits.page(1)
    assert ([a.id for a in first.items], first.matched) == (["b"], 2)
    assert [a.id for a in store.audits.page(1, first.next_key or 0).items] == ["a"]


def test_the_latest_answer_of_a_cell_counts(store: Store) -> None:
    store.audits.add(AUDIT)
    said = AuditAnswer("1_2", True, "王", None, NOW)
    with pytest.raises(NotFoundError):
        store.audits.answer("b", said)
    store.audits.answer("a", said)
    store.audits.answer("a", replace(said, cell="3_4", missed=False))
    again = replace(said, missed=False, note="围墙")
    store.audits.answer("a", again)
    assert store.audits.answers("a") == [again, replace(said, cell="3_4", missed=False)]
    assert store.audits.answers("b") == []
