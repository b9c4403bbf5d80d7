"""What every store must keep of verdicts, whatever it is made of."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from alembic import command

from service.auth.caller import Clearance
from service.auth.sight import Sight
from service.errors import NotFoundError
from service.store.base import Store
from service.store.migrate import configuration
from service.store.queries import FeatureQuery, Key, Sort
from service.store.records import FindingRow, Speaker, Verdict
from service.store.sqlite import SqliteStore
from tests.contract.test_store_contract import NOW, finding, square, with_scan

YEAR = timedelta(days=365)


def verdict(finding_id: str, right: bool = False, at: datetime = NOW, **more: Any) -> Verdict:
    told: dict[str, Any] = {
        "id": f"{finding_id}-{right}-{at.isoformat()}",
        "reason": None if right else "shadow",
        "outline": None,
        "judged_by": "王",
        "note": None,
        "purpose": None,
        "created_at": NOW,
    }
    return Verdict(finding_id=finding_id, verdict=right, judged_at=at, **(told | more))


def found(fid: str, west: float = 114.0, size: float = 0.001, **values: Any) -> FindingRow:
    """A square finding of 100 m2."""
    row = replace(finding(fid, west), **values)
    told = {"area_m2": 100.0, "flags": [], "stage": "unknown", "suppressed_by": None, "judged": None}
    text = square(fid, west, 36.0, size, status=row.status, confidence=row.confidence, **told)
    return replace(row, bbox=(west, 36.0, west + size, 36.0 + size), geojson=text)


def properties(store: Store, fid: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(store.scans.finding(fid))["properties"]
    return told


def in_queue(store: Store) -> list[str]:
    return [row.fid for row in store.verdicts.open()]


# --- verdicts ------------------------------------------------------------------------------------


def test_a_verdict_comes_back_as_it_was_and_the_finding_says_so(store: Store) -> None:
    with_scan(store, [found("f")])
    outline = json.loads(square("f", 114.0, 36.0))["geometry"]
    told = verdict("f", True, outline=outline, note="二层", purpose="learn")
    assert store.verdicts.last_key() == 0
    assert store.verdicts.add(told, timed=True) == (told, True)
    assert store.verdicts.of("f") == [told]
    assert properties(store, "f")["judged"] is True and properties(store, "f")["judged_reason"] is None
    assert [(j.row.fid, j.verdict, json.loads(j.geojson)["id"]) for j in store.verdicts.judged()] == [("f", told, "f")]
    assert in_queue(store) == [] and store.verdicts.last_key() == 1


def test_a_verdict_needs_its_finding(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no finding zz"):
        store.verdicts.add(verdict("zz"), timed=True)
    with pytest.raises(NotFoundError, match="no finding zz"):
        store.verdicts.of("zz")


def test_the_latest_verdict_counts_and_the_history_is_kept(store: Store) -> None:
    with_scan(store, [found("f")])
    store.verdicts.add(verdict("f", purpose="learn"), timed=True)
    store.verdicts.add(verdict("f", True, NOW + YEAR), timed=True)
    assert properties(store, "f")["judged"] is True and properties(store, "f")["judged_reason"] is None
    # one that was given earlier and arrives later is history
    store.verdicts.add(verdict("f", at=NOW + YEAR / 2), timed=True)
    assert properties(store, "f")["judged"] is True
    assert [v.verdict for v in store.verdicts.of("f")] == [False, False, True]
    assert {v.purpose for v in store.verdicts.of("f")} == {"learn"}, "why it was looked at does not change"
    assert store.verdicts.judged()[0].verdict.judged_at == NOW + YEAR


def test_the_same_verdict_again_changes_nothing(store: Store) -> None:
    with_scan(store, [found("f")])
    first, _ = store.verdicts.add(verdict("f"), timed=True)
    assert first.purpose == "enforce"
    assert store.verdicts.add(verdict("f"), timed=True) == (first, False)
    later = verdict("f", at=NOW + YEAR)
    assert store.verdicts.add(later, timed=False) == (first, False), "a client that sends again, without a time"
    assert store.verdicts.add(later, timed=True)[1], "told on another day"
    assert store.verdicts.add(verdict("f"), timed=True) == (first, False), "a late copy of an earlier one"
    assert store.verdicts.add(replace(later, id="x", reason="tree"), timed=False)[1]
    assert len(store.verdicts.of("f")) == 3 == store.verdicts.last_key()


def test_what_is_said_now_counts_though_a_clock_was_ahead(store: Store) -> None:
    with_scan(store, [found("f")])
    store.verdicts.add(verdict("f", at=NOW + timedelta(minutes=4)), timed=True)
    told, _ = store.verdicts.add(verdict("f", True), timed=False)
    assert told.judged_at == NOW + timedelta(minutes=4)
    assert properties(store, "f")["judged"] is True


def test_an_outline_that_crosses_itself_ends_no_scan(store: Store) -> None:
    with_scan(store, [found("a")])
    store.verdicts.add(verdict("a"), timed=True)
    row = found("bow", after_at=NOW + YEAR)
    feature = json.loads(row.geojson)
    ring = feature["geometry"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]
    with_scan(store, [replace(row, geojson=json.dumps(feature))], "again")
    assert properties(store, "bow")["suppressed_by"] == "a", "all of it is covered"


def test_many_officers_at_once_lose_no_verdict(store: Store) -> None:
    with_scan(store, [found("f")])

    def judge(i: int) -> None:
        store.verdicts.add(verdict("f", bool(i % 2), NOW + timedelta(days=i)), timed=True)

    threads = [threading.Thread(target=judge, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.verdicts.of("f")) == 8
    assert properties(store, "f")["judged"] is True


# --- order and queue -----------------------------------------------------------------------------


@pytest.mark.parametrize("falling", [False, True])
def test_pages_by_priority_hold_each_once(store: Store, falling: bool) -> None:
    sort = (Sort("priority", falling),)
    with_scan(store, [found(f"f{i}", priority=(i * 7 % 10) / 10) for i in range(25)])
    seen: list[str] = []
    key: Key | None = ()
    while key is not None:
        page = store.scans.findings(FeatureQuery(sort=sort, limit=4, after=key))
        assert page.matched == 25
        seen += [json.loads(t)["id"] for t in page.items]
        key = page.after or None
        # findings that come meanwhile do not move the page
        if len(seen) == 8:
            with_scan(store, [found("new", priority=0.0 if falling else 1.0)], "meanwhile")
            with_scan(store, [found("ahead", priority=1.0 if falling else 0.0)], "ahead")
            break
    while key is not None:
        page = store.scans.findings(FeatureQuery(sort=sort, limit=4, after=key))
        seen += [json.loads(t)["id"] for t in page.items]
        key = page.after or None
    rising = sorted(range(25), key=lambda i: (i * 7 % 10, i))
    want = [f"f{i}" for i in (rising[::-1] if falling else rising)]
    assert [fid for fid in seen if fid != "new"] == want


def test_pages_by_priority_keep_to_the_box(store: Store) -> None:
    rows = [found(f"f{i}", 114.0 + i, priority=i / 10) for i in range(6)]
    away = replace(rows[4], bbox=(113.0, 36.0, 120.0, 36.001))  # its box meets, its geometry does not
    with_scan(store, [*rows[:4], away, rows[5]])
    query = FeatureQuery(sort=(Sort("priority", falling=True),), boxes=((113.9, 35.9, 116.5, 36.1),), limit=2)
    first = store.scans.findings(query)
    assert first.matched == 3 and first.after
    rest = store.scans.findings(replace(query, after=first.after))
    assert [json.loads(t)["id"] for t in [*first.items, *rest.items]] == ["f2", "f1", "f0"]


def test_the_queue_holds_what_is_open_the_first_first(store: Store) -> None:
    with_scan(store, [found("low", 114.0, priority=0.1), found("high", 115.0, priority=0.9)])
    assert in_queue(store) == ["high", "low"]
    row = store.verdicts.open()[0]
    assert (row.area_m2, row.stage, row.scan_id, row.priority) == (100.0, "unknown", "s", 0.9)
    assert row.place == pytest.approx((115.0005, 36.0005))
    store.verdicts.add(verdict("high", True), timed=True)
    assert in_queue(store) == ["low"]


# --- repeats -------------------------------------------------------------------------------------


def test_a_dismissed_finding_does_not_come_back_by_another_scan(store: Store) -> None:
    with_scan(store, [found("a")])
    store.verdicts.add(verdict("a"), timed=True)
    # the same first date, a later second one
    with_scan(store, [found("b", after_at=NOW + YEAR), found("c", 115.0, after_at=NOW + YEAR)], "again")
    assert properties(store, "b")["suppressed_by"] == "a" and properties(store, "b")["judged"] is None
    assert properties(store, "c")["suppressed_by"] is None
    assert in_queue(store) == ["c"]
    assert store.scans.findings(FeatureQuery()).matched == 3, "stored and served, but not queued"


def test_a_place_that_changed_again_comes_back_with_a_flag(store: Store) -> None:
    with_scan(store, [found("a")])
    store.verdicts.add(verdict("a"), timed=True)
    with_scan(store, [found("b", before_at=NOW, after_at=NOW + YEAR)], "next")
    assert properties(store, "b")["flags"] == ["changed_since_dismissal"]
    with_scan(store, [found("surer", after_at=NOW + YEAR, confidence=0.7)], "surer")
    assert properties(store, "surer")["flags"] == ["changed_since_dismissal"]
    assert in_queue(store) == ["surer", "b"]


def test_a_dismissal_that_is_taken_back_frees_its_repeats(store: Store) -> None:
    with_scan(store, [found("a")])
    store.verdicts.add(verdict("a"), timed=True)
    with_scan(store, [found("b", after_at=NOW + YEAR)], "again")
    store.verdicts.add(verdict("a", True, NOW + YEAR), timed=True)
    assert properties(store, "b")["suppressed_by"] is None and in_queue(store) == ["b"]
    store.verdicts.add(verdict("a", False, NOW + 2 * YEAR), timed=True)
    assert properties(store, "b")["suppressed_by"] == "a" and in_queue(store) == []


def test_a_repeat_of_two_stays_out_while_one_is_dismissed(store: Store) -> None:
    with_scan(store, [found("a")])
    with_scan(store, [found("b", after_at=NOW + YEAR)], "again")
    assert in_queue(store) == ["b", "a"]
    store.verdicts.add(verdict("a"), timed=True)
    assert in_queue(store) == [], "stored before the dismissal, the same change"
    store.verdicts.add(verdict("b"), timed=True)
    assert properties(store, "b")["suppressed_by"] is None, "its own verdict counts now"
    with_scan(store, [found("c", after_at=NOW + YEAR)], "third")
    assert properties(store, "c")["suppressed_by"] == "b"
    store.verdicts.add(verdict("b", True, NOW + YEAR), timed=True)
    assert properties(store, "c")["suppressed_by"] == "a"
    store.verdicts.add(verdict("a", True, NOW + YEAR), timed=True)
    assert properties(store, "c")["suppressed_by"] is None and in_queue(store) == ["c"]


# --- taken back ----------------------------------------------------------------------------------


def test_a_verdict_that_is_taken_back_leaves_the_finding_as_it_was(store: Store) -> None:
    with_scan(store, [found("f")])
    before = properties(store, "f")
    told, _ = store.verdicts.add(verdict("f"), timed=False)
    assert properties(store, "f")["structure_id"] is None and in_queue(store) == []
    taken = store.verdicts.withdraw("f", told.id, NOW + YEAR)
    assert taken == replace(told, withdrawn_at=NOW + YEAR)
    assert properties(store, "f") == before | {"judged_reason": None} and in_queue(store) == ["f"]
    assert list(store.verdicts.of("f")) == [] == list(store.verdicts.judged())
    assert store.verdicts.one("f", told.id) == taken, "it is kept"
    assert store.verdicts.withdraw("f", told.id, NOW + 2 * YEAR) == taken, "twice is once"
    assert store.events.of_type("finding.judged", 0, 9)[0] == []
    # said again it is another one
    assert store.verdicts.add(verdict("f", id="anew"), timed=False)[1]
    assert [one.id for one in store.verdicts.of("f")] == ["anew"]


def test_what_was_said_before_counts_again(store: Store) -> None:
    with_scan(store, [found("f")])
    outline = json.loads(square("f", 114.0, 36.0))["geometry"]
    first, _ = store.verdicts.add(verdict("f", True, outline=outline), timed=True)
    slip, _ = store.verdicts.add(verdict("f", at=NOW + YEAR), timed=True)
    assert properties(store, "f")["judged"] is False
    store.verdicts.withdraw("f", slip.id, NOW + YEAR)
    assert properties(store, "f")["judged"] is True and properties(store, "f")["judged_reason"] is None
    assert store.verdicts.judged()[0].verdict == first
    # one that does not count may go too, and changes nothing
    again, _ = store.verdicts.add(verdict("f", True, NOW + 2 * YEAR), timed=True)
    store.verdicts.withdraw("f", first.id, NOW + YEAR)
    assert list(store.verdicts.of("f")) == [again] and properties(store, "f")["judged"] is True
    # a late copy of what was taken back stays taken back
    assert store.verdicts.add(slip, timed=True) == (replace(slip, withdrawn_at=NOW + YEAR), False)
    for fid, name in (("f", "zz"), ("zz", first.id)):
        with pytest.raises(NotFoundError, match="no verdict zz" if fid == "f" else "no finding zz|no verdict"):
            store.verdicts.withdraw(fid, name, NOW)


def test_a_dismissal_that_is_withdrawn_frees_its_repeats(store: Store) -> None:
    with_scan(store, [found("a")])
    dismissed, _ = store.verdicts.add(verdict("a"), timed=True)
    with_scan(store, [found("b")], "again")
    assert properties(store, "b")["suppressed_by"] == "a"
    own, _ = store.verdicts.add(verdict("b", True), timed=True)
    assert properties(store, "b")["suppressed_by"] is None
    store.verdicts.withdraw("b", own.id, NOW)
    assert properties(store, "b")["suppressed_by"] == "a", "a repeat as before"
    store.verdicts.withdraw("a", dismissed.id, NOW)
    assert properties(store, "b")["suppressed_by"] is None and set(in_queue(store)) == {"a", "b"}


# --- a second look -------------------------------------------------------------------------------


def by(person: str | None, name: str) -> dict[str, Any]:
    return {"person_id": person, "judged_by": name}


WANG, LI, ZHAO = Speaker("p-wang", "王"), Speaker("p-li", "李"), Speaker("p-zhao", "赵")


def told(store: Store, fid: str, who: Speaker | str, right: bool = False, **more: Any) -> Verdict:
    """A verdict given now, by a person or by a written name."""
    whose = by(None, who) if isinstance(who, str) else by(who.person_id, who.name)
    name = f"{fid}-{whose['judged_by']}-{whose['person_id']}-{right}-{len(store.verdicts.of(fid))}"
    return store.verdicts.add(verdict(fid, right, id=name, **whose, **more), timed=False)[0]


def waits(store: Store, who: Speaker | None) -> list[str]:
    page = store.verdicts.awaiting(who, 0, 50)
    ids = [json.loads(row.geojson)["id"] for row in page.items]
    assert page.matched == len(ids) and page.next_key is None
    return ids


def test_what_one_other_person_judged_waits_in_the_order_of_coming(store: Store) -> None:
    with_scan(store, [found(f"f{i}", 114.0 + 0.002 * i) for i in range(5)])
    for fid in ("f3", "f0", "f2"):
        told(store, fid, WANG)
    told(store, "f1", LI, True)
    told(store, "f3", WANG, True)
    assert waits(store, WANG) == ["f1"]
    assert waits(store, LI) == ["f3", "f0", "f2"], "another word of the first takes nobody's place"
    assert waits(store, ZHAO) == ["f3", "f0", "f2", "f1"] == waits(store, None)
    told(store, "f0", LI)
    assert waits(store, ZHAO) == ["f3", "f2", "f1"] == waits(store, None)
    assert waits(store, LI) == ["f3", "f2"]
    rows = [(row.before_scene, row.after_scene) for row in store.verdicts.awaiting(LI, 0, 9).items]
    assert rows == [("a", "b")] * 2


def test_the_pile_comes_in_pages(store: Store) -> None:
    with_scan(store, [found(f"f{i}", 114.0 + 0.002 * i) for i in range(5)])
    for i in range(5):
        told(store, f"f{i}", WANG)
    key, seen = 0, []
    for _ in range(3):
        page = store.verdicts.awaiting(LI, key, 2)
        assert page.matched == 5
        seen.append([json.loads(row.geojson)["id"] for row in page.items])
        key = page.next_key or 0
    assert seen == [["f0", "f1"], ["f2", "f3"], ["f4"]] and key == 0


def test_a_written_name_is_taken_for_the_person_who_is_called_so(store: Store) -> None:
    with_scan(store, [found(f"f{i}", 114.0 + 0.002 * i) for i in range(4)])
    told(store, "f0", "王")
    told(store, "f1", "王")
    told(store, "f1", WANG)
    told(store, "f2", "王")
    told(store, "f2", "李")
    told(store, "f3", WANG)
    assert waits(store, WANG) == []
    assert waits(store, LI) == ["f0", "f1", "f3"]
    # of the same name, and another person
    other = Speaker("p-other", "王")
    assert waits(store, other) == ["f3"]
    told(store, "f3", other)
    assert waits(store, LI) == ["f0", "f1"]
    assert [row.fid for row in store.verdicts.twice(None, 9).items] == ["f3", "f2"]


def test_what_was_taken_back_was_said_to_nobody_but_its_judge(store: Store) -> None:
    with_scan(store, [found("f"), found("g", 114.01)])
    first = told(store, "f", WANG)
    store.verdicts.withdraw("f", first.id, NOW)
    assert waits(store, LI) == []
    told(store, "f", WANG, True)
    second = told(store, "f", LI, True)
    store.verdicts.withdraw("f", second.id, NOW)
    assert waits(store, LI) == [], "they have been told what the first said"
    assert waits(store, ZHAO) == ["f"] and store.verdicts.twice(None, 9).items == []
    # who spoke first, and took it back before anybody else spoke, may look
    mine = told(store, "g", LI)
    store.verdicts.withdraw("g", mine.id, NOW)
    told(store, "g", WANG)
    assert waits(store, LI) == ["g"]


def test_looked_at_twice_comes_with_all_that_stands_the_latest_first(store: Store) -> None:
    with_scan(store, [found(f"f{i}", 114.0 + 0.002 * i) for i in range(3)])
    for fid in ("f0", "f1", "f2"):
        told(store, fid, WANG)
    one, two = told(store, "f2", LI, True), told(store, "f0", LI, reason="tree")
    page = store.verdicts.twice(None, 1)
    assert [(row.fid, row.told[-1]) for row in page.items] == [("f0", two)] and page.next_key is not None
    page = store.verdicts.twice(page.next_key, 1)
    assert [(row.fid, row.told[-1], len(row.told)) for row in page.items] == [("f2", one, 2)] and page.next_key is None


def test_second_looks_end_where_the_ground_and_the_clearance_end(store: Store) -> None:
    with_scan(store, [found(f"f{i}", 114.0 + 0.002 * i) for i in range(4)])
    for i in range(4):
        told(store, f"f{i}", WANG)
    told(store, "f1", LI)
    told(store, "f3", LI)
    west = store.seen_by(Sight.of([shapely.box(113.9, 35.9, 114.0035, 36.1)], Clearance.SECRET))
    assert waits(west, ZHAO) == ["f0"] and waits(store, ZHAO) == ["f0", "f2"]
    assert [row.fid for row in west.verdicts.twice(None, 9).items] == ["f1"]
    page = west.verdicts.twice(None, 1)
    assert page.items == [] and page.next_key is not None, "a page of what is hidden is followed by the next"
    assert [row.fid for row in west.verdicts.twice(page.next_key, 1).items] == ["f1"]


# --- an older store ------------------------------------------------------------------------------


def test_findings_of_an_older_store_get_their_priority(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "k.sqlite")
    told = {"area_m2": 1000.0, "stage": "under_construction", "change": "appeared", "status": "suspected"}
    dates = {"before_acquired_at": NOW.isoformat(), "after_acquired_at": NOW.isoformat(), "confidence": 0.5}
    row = replace(finding("f"), geojson=square("f", 114.0, 36.0, **told, **dates))
    with_scan(store, [row])
    store.close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'k.sqlite'}")
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    with engine.begin() as connection:
        text = connection.execute(sa.text("SELECT geojson FROM findings")).scalar_one()
        kept = json.loads(text)["properties"]
        assert kept == told | dates | {"structure_id": kept["structure_id"]}
    engine.dispose()
    again = SqliteStore(tmp_path / "k.sqlite")
    added = {"priority": 0.5, "judged": None, "judged_reason": None, "suppressed_by": None}
    assert properties(again, "f") == told | dates | added | {"structure_id": kept["structure_id"]}
    assert [(r.fid, r.priority) for r in again.verdicts.open()] == [("f", 0.5)]
    again.close()
