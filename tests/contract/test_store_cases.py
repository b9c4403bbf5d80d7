"""What every store must keep of cases, whatever it is made of."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import shapely

from service.auth.caller import Clearance
from service.auth.sight import Sight
from service.cases.chain import broken_at
from service.cases.errors import CaseBehindError, CaseOpenError, SerialTakenError
from service.cases.events import CaseEvent
from service.errors import ConflictError, NotFoundError
from service.store.base import Store
from service.store.case_base import CaseFile, CasePaper, CaseRow, Number, Party, Step, Timer
from service.store.queries import FeatureQuery

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def row(name: str, number: int = 1, west: float = 114.0, **told: Any) -> CaseRow:
    geometry = {"type": "Point", "coordinates": [west, 36.0]}
    feature = {"type": "Feature", "id": name, "geometry": geometry, "properties": {"state": told.get("state", "open")}}
    plain = CaseRow(
        id=name, serial=f"S-{name}", number=number, state="open", path="fast", stage="under_construction", outcome="",
        unit="", structure_id=f"s-{name}", opened_at=NOW, changed_at=NOW, closed_at=None, due_at=None,
        box=(west, 36.0, west, 36.0), geojson=json.dumps(feature, separators=(",", ":")),
    )  # fmt: skip
    return replace(plain, **told)


def event(name: str, number: int, kind: str = "noted", **facts: Any) -> CaseEvent:
    return CaseEvent(name, number, kind, NOW, NOW + timedelta(seconds=number), "p1", facts or {"text": "见现场。"})


def opened(store: Store, name: str, place: int = 1, **told: Any) -> None:
    store.cases.open(Step(row(name, **told), 0, [event(name, 1)]), Number("case", 2026, place))


def paper(name: str, place: int, case_id: str = "c1") -> CasePaper:
    return CasePaper(
        id=name, case_id=case_id, kind="stop_order", series="停", year=2026, place=place, serial=f"停2026-{place}",
        day=date(2026, 3, 2), template={"name": "built-in"}, files={"docx": "a" * 64}, created_at=NOW, created_by="p1",
    )  # fmt: skip


def test_a_case_is_what_its_events_say_and_each_seals_the_one_before(store: Store) -> None:
    opened(store, "c1")
    store.cases.tell(Step(row("c1", 3, state="filed"), 1, [event("c1", 2), event("c1", 3, "filed", basis=["城规 64"])]))
    told = store.cases.events("c1")
    assert [(e.number, e.kind, e.facts) for e, _ in told][2] == (3, "filed", {"basis": ["城规 64"]})
    assert told[1][0].at == NOW and broken_at("c1", told) is None
    assert store.cases.get("c1").state == "filed" and json.loads(store.cases.feature("c1"))["id"] == "c1"
    changed = [(replace(e, facts={"text": "x"}) if e.number == 2 else e, seal) for e, seal in told]
    assert broken_at("c1", changed) == 2 and broken_at("c1", [told[0], told[2]]) == 2


def test_of_two_officers_who_tell_at_once_one_is_refused_and_hears_what_happened(store: Store) -> None:
    opened(store, "c1")
    store.cases.tell(Step(row("c1", 2), 1, [event("c1", 2, text="first")]))
    with pytest.raises(CaseBehindError) as refused:
        store.cases.tell(Step(row("c1", 2, state="filed"), 1, [event("c1", 2, text="second")]))
    assert refused.value.measured["since"] == [{"number": 2, "event": "noted", "by": "p1"}]
    assert store.cases.get("c1").state == "open" and len(store.cases.events("c1")) == 2


def test_many_who_race_for_one_case_each_get_through_once(store: Store) -> None:
    opened(store, "c1")

    def tell(officer: int) -> int:
        tries = 0
        while True:
            known = store.cases.get("c1").number
            try:
                store.cases.tell(Step(row("c1", known + 1), known, [event("c1", known + 1, text=f"o{officer}")]))
                return tries
            except CaseBehindError:
                tries += 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(tell, range(18)))
    told = store.cases.events("c1")
    assert [e.number for e, _ in told] == list(range(1, 20)) and broken_at("c1", told) is None
    assert sorted(e.facts["text"] for e, _ in told[1:]) == sorted(f"o{k}" for k in range(18))


def test_serial_numbers_have_no_gap_and_none_is_drawn_twice(store: Store) -> None:
    for place, name in enumerate(("c1", "c2", "c3", "c4"), start=1):
        opened(store, name, place)

    def write(k: int) -> None:
        name = f"c{k % 4 + 1}"
        while True:
            known, place = store.cases.get(name).number, store.cases.peek("停", 2026)
            step = Step(row(name, known + 1), known, [event(name, known + 1)], papers=[paper(f"d{k}", place, name)])
            try:
                store.cases.tell(step)
                return
            except (CaseBehindError, SerialTakenError):
                continue

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(20)))
    drawn = [one.place for name in ("c1", "c2", "c3", "c4") for one in store.cases.papers(name)]
    assert sorted(p for p in drawn if p) == list(range(1, 21)) and store.cases.peek("停", 2026) == 21
    assert store.cases.peek("停", 2027) == 1


def test_a_number_is_not_lost_where_what_draws_it_is_refused(store: Store) -> None:
    opened(store, "c1")
    late = Step(row("c1", 2), 0, [event("c1", 2)], papers=[paper("d1", 1)])
    with pytest.raises(CaseBehindError):
        store.cases.tell(late)
    assert store.cases.peek("停", 2026) == 1 and store.cases.papers("c1") == []
    store.cases.tell(replace(late, expected=1))
    with pytest.raises(SerialTakenError) as taken:
        store.cases.tell(Step(row("c1", 3), 2, [event("c1", 3)], papers=[paper("d2", 1)]))
    assert taken.value.measured["next"] == 2 and len(store.cases.events("c1")) == 2
    store.cases.void("d1", NOW, "写错日期")
    (void,) = store.cases.papers("c1")
    assert (void.voided_why, void.place, store.cases.peek("停", 2026)) == ("写错日期", 1, 2)
    with pytest.raises(NotFoundError):
        store.cases.void("d1", NOW, "again")
    with pytest.raises(ConflictError):
        opened(store, "c2", 1)


def test_the_moments_of_terms_are_told_once_and_again_where_they_moved(store: Store) -> None:
    due = Timer("c1", "stop_order", 1, "due", NOW + timedelta(days=2), {"title": "责令停止"})
    late = replace(due, step="overdue", at=NOW + timedelta(days=3))
    store.cases.open(Step(row("c1"), 0, [event("c1", 1)], timers=[due, late]), Number("case", 2026, 1))
    assert store.cases.due(NOW + timedelta(days=1)) == []
    found = store.cases.due(NOW + timedelta(days=4))
    assert [one.step for one in found] == ["due", "overdue"] and found[0].told == {"title": "责令停止"}
    assert store.cases.done(found[:1], NOW + timedelta(days=4)) == found[:1]
    assert store.cases.done(found[:1], NOW + timedelta(days=4)) == []
    # the term was paused: what was told is told again when it comes, what runs no more is told no more
    moved = replace(due, at=NOW + timedelta(days=9))
    store.cases.tell(Step(row("c1", 2), 1, [event("c1", 2)], timers=[moved]))
    assert store.cases.due(NOW + timedelta(days=8)) == []
    assert [one.at for one in store.cases.due(NOW + timedelta(days=10))] == [moved.at]
    store.cases.done([moved], NOW + timedelta(days=10))
    store.cases.tell(Step(row("c1", 3), 2, [event("c1", 3)], timers=[moved]))
    assert store.cases.due(NOW + timedelta(days=11)) == []


def test_cases_are_found_as_features_and_shown_to_those_who_work_there(store: Store) -> None:
    opened(store, "c1", state="filed")
    opened(store, "c2", 2, west=115.0, secrecy="secret", structure_id="s2")
    assert [json.loads(t)["id"] for t in store.cases.features(FeatureQuery(equals={"state": "filed"})).items] == ["c1"]
    box = ((114.9, 35.9, 115.1, 36.1),)
    assert [json.loads(t)["id"] for t in store.cases.features(FeatureQuery(boxes=box)).items] == ["c2"]
    store.cases.tell(Step(row("c1", 2, west=115.0), 1, [event("c1", 2)]))
    assert len(store.cases.features(FeatureQuery(boxes=box)).items) == 2
    assert [one.id for one in store.cases.of_structure(["s-c1", "s9"])] == ["c1"]
    here = store.seen_by(Sight.of([shapely.box(114.5, 35.5, 115.5, 36.5)], Clearance.INTERNAL))
    assert [json.loads(t)["id"] for t in here.cases.features(FeatureQuery()).items] == ["c1"]
    for other in (here, store.seen_by(Sight.of([shapely.box(0, 0, 1, 1)], Clearance.SECRET))):
        for asked in (other.cases.get, other.cases.events, other.cases.files, other.cases.parties, other.cases.papers):
            with pytest.raises(NotFoundError):
                asked("c2")
    with pytest.raises(NotFoundError):
        here.cases.tell(Step(row("c2", 2), 1, [event("c2", 2)]))


def test_cases_that_name_an_officer_are_found_by_the_id_alone(store: Store) -> None:
    for place, (name, officer) in enumerate((("c1", "p_1"), ("c2", "pX1"), ("c3", "p_1")), 1):
        opened(store, name, place)
        kind = "noted" if name == "c3" else "handler_set"
        store.cases.tell(Step(row(name, 2), 1, [event(name, 2, kind, handlers=[officer, "p%"])]))
    # what means something to LIKE means itself
    assert store.cases.naming("p_1") == {"c1"} and store.cases.naming("p%") == {"c1", "c2"}
    assert store.cases.naming("nobody") == set()


def test_a_structure_has_one_open_case_under_one_law(store: Store) -> None:
    def open_one(k: int) -> str:
        while True:
            try:
                opened(store, f"c{k}", store.cases.peek("case", 2026), structure_id="s1", path=("fast", "slow")[k % 2])
                return f"c{k}"
            except SerialTakenError:
                continue
            except CaseOpenError as taken:
                return str(taken.measured["case_id"])

    with ThreadPoolExecutor(6) as pool:
        told = set(pool.map(open_one, range(12)))
    # twelve at once: one opened it, the others heard of it
    (first,) = told
    assert [one.id for one in store.cases.of_structure(["s1"])] == [first] and store.cases.peek("case", 2026) == 2
    opened(store, "land", 2, structure_id="s1", path="land")
    opened(store, "nobody-knows", 3, structure_id=None)
    opened(store, "nobody-knows-either", 4, structure_id=None)
    store.cases.tell(Step(row(first, 2, structure_id="s1", closed_at=NOW), 1, [event(first, 2)]))
    opened(store, "again", 5, structure_id="s1", secrecy="secret")
    # who may not see it is not told of it
    elsewhere = store.seen_by(Sight.of(None, Clearance.INTERNAL))
    opened(elsewhere, "unseen", 6, structure_id="s1")
    assert store.cases.peek("case", 2026) == 7


def test_files_and_parties_stay_with_their_case(store: Store) -> None:
    photo = CaseFile(
        "f1", "c1", "photo", "现场.jpg", "image/jpeg", "b" * 64, 10, {"phash": "ff"}, {"bearing_deg": 3.5},
        [{"code": "no_exif"}], None, NOW, "p1",
    )  # fmt: skip
    party = Party("y1", "c1", "sealed text", NOW, "p1")
    step = Step(row("c1"), 0, [event("c1", 1)], files=[photo], parties=[party])
    store.cases.open(step, Number("case", 2026, 1))
    assert store.cases.files("c1") == [photo] and list(store.cases.looks()) == [photo]
    assert store.cases.parties("c1") == [party]
