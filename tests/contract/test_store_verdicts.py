"""What every store must keep of verdicts, whatever it is made of."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from service.errors import NotFoundError
from service.store.base import Store
from service.store.migrate import configuration
from service.store.queries import FeatureQuery, Key, Sort
from service.store.records import FindingRow, Verdict
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
