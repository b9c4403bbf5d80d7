"""What every store must keep of looks at the places of cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from service.auth.caller import Clearance
from service.auth.sight import Sight
from service.errors import NotFoundError
from service.store.base import Store
from service.store.proof_base import CaseLook
from tests.contract.test_store_cases import NOW, opened


def look(case_id: str, scene_id: str, days: int = 0, kind: str = "structure") -> CaseLook:
    at = NOW + timedelta(days=days)
    told = {"reasons_zh": ["屋顶已不存在"], "why": "standing", "gone_m2": 88.5}
    return CaseLook(case_id, scene_id, kind, "s0", at, at, "gone", 0.93, "kept", None, told)


def test_a_scene_is_looked_at_once_for_a_case(store: Store) -> None:
    opened(store, "c1")
    assert store.proofs.put(look("c1", "s2", 2)) and store.proofs.put(look("c1", "s1", 1))
    assert not store.proofs.put(replace(look("c1", "s2", 2), seen="covered"))
    assert store.proofs.put(look("c1", "s2", 2, "green"))
    assert [(one.scene_id, one.kind) for one in store.proofs.of_case("c1")] == [
        ("s1", "structure"), ("s2", "structure"), ("s2", "green"),
    ]  # fmt: skip
    assert store.proofs.of_case("c1")[1] == look("c1", "s2", 2)
    assert store.proofs.known("c1", "s1", "structure") and not store.proofs.known("c1", "s1", "green")


def test_a_look_that_was_only_kept_is_told_later(store: Store) -> None:
    opened(store, "c1")
    store.proofs.put(look("c1", "s1"))
    store.proofs.settle(replace(look("c1", "s1"), effect="proved", event=7, told={"why": ""}))
    (kept,) = store.proofs.of_case("c1")
    assert (kept.effect, kept.event, kept.seen, kept.told) == ("proved", 7, "gone", {"why": ""})


def test_whoever_sees_a_case_sees_the_looks_at_it(store: Store) -> None:
    opened(store, "c1")
    opened(store, "c2", 2, secrecy="secret")
    for name in ("c1", "c2"):
        store.proofs.put(look(name, "s1"))
    seen = store.seen_by(Sight.of(None, Clearance.INTERNAL))
    assert [one.case_id for one in store.proofs.since(NOW)] == ["c1", "c2"]
    assert [one.case_id for one in seen.proofs.since(NOW)] == ["c1"]
    assert not store.proofs.since(NOW + timedelta(seconds=1))
    with pytest.raises(NotFoundError):
        seen.proofs.of_case("c2")
