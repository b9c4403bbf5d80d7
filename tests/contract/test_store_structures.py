"""What every store must keep of structures, whatever it is made of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import NotFoundError
from service.store.base import Store
from service.store.queries import FeatureQuery
from service.store.records import FindingRow
from service.store.sqlite import SqliteStore
from tests.contract.test_store_contract import NOW, job, scan, scene, square
from tests.contract.test_store_verdicts import properties, verdict

SIZE = 0.0003
"""Side of a house, degrees: about 27 m by 33 m."""


def day(month: int) -> datetime:
    """The first of a month; months after the twelfth are of the next year."""
    return datetime(2025 + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC)


def house(fid: str, west: float = 114.0, size: float = SIZE, change: str = "appeared", **told: Any) -> dict[str, Any]:
    """A finding of a square house."""
    return {"fid": fid, "west": west, "size": size, "change": change, "told": told}


def scanned(store: Store, name: str, months: tuple[int, int], *houses: dict[str, Any]) -> None:
    """A finished scan of two months with these findings."""
    before, after = (f"m{month}" for month in months)
    for month, sid in zip(months, (before, after), strict=True):
        store.scenes.add(replace(scene(sid), acquired_at=day(month)))
    rows = []
    for one in houses:
        told = {"status": "suspected", "confidence": 0.9, "area_m2": 900.0, "flags": [], "structure_id": None}
        dates = {"before_acquired_at": day(months[0]).isoformat(), "after_acquired_at": day(months[1]).isoformat()}
        fid, west, size = f"{name}-{one['fid']}", one["west"], one["size"]
        text = square(fid, west, 36.0, size, change=one["change"], **(told | dates | one["told"]))
        box = (west, 36.0, west + size, 36.0 + size)
        rows.append(FindingRow(fid, box, text, "suspected", one["change"], 0.9, day(months[0]), day(months[1])))
    store.jobs.submit(job(f"j-{name}"))
    claimed = store.jobs.claim("r1")
    assert claimed is not None
    made = replace(scan(name), before_scene=before, after_scene=after)
    store.scans.complete(claimed[1], made, rows)


def structures(store: Store, **wanted: Any) -> list[dict[str, Any]]:
    return [json.loads(text) for text in store.structures.features(FeatureQuery(**wanted)).items]


def test_a_house_keeps_its_id_while_it_grows_and_until_it_is_gone(store: Store) -> None:
    scanned(store, "a", (1, 3), house("h"))
    (first,) = structures(store)
    assert first["properties"]["last_absent"] == day(1).isoformat()
    assert properties(store, "a-h")["structure_id"] == first["id"]
    scanned(store, "b", (1, 6), house("h", size=2 * SIZE))
    scanned(store, "c", (6, 9), house("h", size=2 * SIZE, change="disappeared"))
    (last,) = structures(store)
    told = last["properties"]
    assert last["id"] == first["id"] and told["state"] == "gone" and told["gone_on"] == day(9).isoformat()
    assert [round(g["area_m2"] / first["properties"]["area_m2"]) for g in told["growth"]] == [1, 4]
    assert told["finding_ids"] == ["a-h", "b-h", "c-h"]
    assert {properties(store, f)["structure_id"] for f in told["finding_ids"]} == {first["id"]}
    assert structures(store, interval=(day(10), None)) == [] != structures(store, interval=(day(8), None))
    assert structures(store, equals={"state": "gone"}) == [last] and structures(store, equals={"state": "merged"}) == []
    assert structures(store, boxes=((114.0, 36.0, 114.0001, 36.0001),)) == [last]
    assert structures(store, boxes=((114.1, 36.0, 114.2, 36.1),)) == []
    assert store.structures.extent()[1] == (day(3).isoformat(), day(6).isoformat())


def test_a_house_that_stands_again_is_rebuilt_and_says_so(store: Store) -> None:
    scanned(store, "a", (1, 3), house("h"))
    scanned(store, "b", (3, 6), house("h", change="disappeared"))
    scanned(store, "c", (6, 9), house("h"))
    old, new = structures(store)
    assert new["properties"]["rebuilt_of"] == old["id"] and new["properties"]["state"] == "standing"
    assert properties(store, "c-h")["flags"] == ["rebuilt"] and properties(store, "a-h")["flags"] == []
    assert properties(store, "c-h")["priority"] > 0


def test_a_dismissed_finding_is_no_sighting_and_its_id_stays_with_the_others(store: Store) -> None:
    scanned(store, "a", (1, 3), house("h"), house("k", 114.01))
    scanned(store, "b", (1, 6), house("h"))
    sid = properties(store, "b-h")["structure_id"]
    store.verdicts.add(verdict("a-k"), timed=True)
    assert [s["id"] for s in structures(store)] == [sid] and properties(store, "a-k")["structure_id"] is None
    store.verdicts.add(verdict("b-h", True, NOW), timed=True)
    store.verdicts.add(verdict("a-h"), timed=True)
    (left,) = structures(store)
    assert left["id"] == sid and left["properties"]["finding_ids"] == ["b-h"]
    store.verdicts.add(verdict("a-h", True, NOW.replace(year=NOW.year + 1)), timed=True)
    (again,) = structures(store)
    assert again["id"] == sid and again["properties"]["finding_ids"] == ["a-h", "b-h"]


def test_a_drawn_outline_counts_in_place_of_the_own_one(store: Store) -> None:
    scanned(store, "a", (1, 3), house("h"))
    drawn = json.loads(square("x", 114.0, 36.0, SIZE / 2))["geometry"]
    store.verdicts.add(verdict("a-h", True, outline=drawn), timed=True)
    (one,) = structures(store)
    assert shapely.geometry.shape(one["geometry"]).area == pytest.approx((SIZE / 2) ** 2)


def test_a_late_scan_that_shows_two_to_be_one_leads_the_other_id_to_it(store: Store) -> None:
    scanned(store, "a", (1, 3), house("h"))
    scanned(store, "b", (4, 6), house("h", 114.0 + 1.6 * SIZE))
    first, second = (s["id"] for s in structures(store))
    # an earlier look that saw both as one building, and one later that saw it again
    scanned(store, "c", (1, 2), house("h", size=2.6 * SIZE))
    left = structures(store)
    for sid in (first, second):
        assert json.loads(store.structures.feature(sid))["id"] in {s["id"] for s in left}
    with pytest.raises(NotFoundError, match="no structure"):
        store.structures.feature("none")


def test_the_same_pair_again_adds_nothing_and_looks_are_told(store: Store) -> None:
    scanned(store, "a", (1, 3), house("h"))
    scanned(store, "again", (1, 3), house("h"))
    (one,) = structures(store)
    assert one["properties"]["finding_ids"] == ["a-h", "again-h"] and len(one["properties"]["growth"]) == 1
    looks = store.structures.looks((114.0, 36.0, 114.0001, 36.0001))
    assert [(look.scan_id, look.before_at, look.after_at) for look in looks] == [
        ("a", day(1), day(3)),
        ("again", day(1), day(3)),
    ]


def test_findings_of_an_older_store_are_followed_when_it_is_opened(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "k.sqlite")
    scanned(store, "a", (1, 3), house("h"))
    (before,) = structures(store)
    store.close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'k.sqlite'}")
    with engine.begin() as connection:
        for line in (
            "DELETE FROM structures",
            "DELETE FROM structures_rtree",
            "DELETE FROM structure_ids",
            "UPDATE findings SET structure_id = NULL",
        ):
            connection.execute(sa.text(line))
    engine.dispose()
    again = SqliteStore(tmp_path / "k.sqlite")
    assert structures(again) == [before]
    again.close()


def test_an_id_that_went_to_another_finding_is_given_to_nothing_else(store: Store) -> None:
    scanned(store, "a", (1, 3), house("h", size=2 * SIZE))
    scanned(store, "b", (1, 6), house("h", size=1.9 * SIZE))
    sid = properties(store, "a-h")["structure_id"]
    store.verdicts.add(verdict("b-h", True), timed=True)
    store.verdicts.add(verdict("a-h", at=day(14)), timed=True)
    assert properties(store, "b-h")["structure_id"] == sid
    # the officer comes back: what the first scan showed is a house beside the other
    drawn = json.loads(square("x", 114.0 + 4 * SIZE, 36.0, SIZE))["geometry"]
    store.verdicts.add(verdict("a-h", True, at=day(15), outline=drawn), timed=True)
    both = {s["id"]: s["properties"]["finding_ids"] for s in structures(store)}
    assert both.pop(sid) == ["b-h"] and list(both.values()) == [["a-h"]]
    assert properties(store, "a-h")["structure_id"] in both
    scanned(store, "c", (6, 9), house("h", 114.0 + 4 * SIZE, SIZE, "disappeared"))
    assert {s["id"] for s in structures(store)} == {sid, *both}, "ids stay from then on"


# --- order ---------------------------------------------------------------------------------------

HISTORY: dict[str, tuple[tuple[int, int], list[dict[str, Any]]]] = {
    "s1": ((1, 3), [house("a"), house("b", 114.002)]),
    "s2": ((3, 6), [house("b", 114.002, change="disappeared"), house("c", 114.004)]),
    "s3": ((1, 6), [house("a", 114.00001), house("c", 114.00401)]),
    "s4": ((6, 9), [house("b", 114.002), house("c", 114.004, 2 * SIZE)]),
    "s5": ((1, 2), [house("a")]),
    "s6": ((9, 12), [house("a", change="disappeared")]),
}


def told_of(store: Store) -> list[Any]:
    """The structures without their ids, which depend on what came first."""
    found = structures(store, limit=1000)
    number = {s["id"]: tuple(s["properties"]["finding_ids"]) for s in found}
    plain = []
    for one in found:
        told = dict(one["properties"])
        for name in ("merged_into", "split_from", "rebuilt_of"):
            told[name] = number.get(told[name])
        plain.append([told, one["geometry"]])
    return sorted(plain, key=str)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds nothing, to be copied: making its tables takes the most time."""
    path = tmp_path_factory.mktemp("empty") / "k.sqlite"
    SqliteStore(path).close()
    return path


@contextmanager
def copied(empty: Path) -> Iterator[Store]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "k.sqlite"
        path.write_bytes(empty.read_bytes())
        store = SqliteStore(path, migrate=False)
        try:
            yield store
        finally:
            store.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(list(HISTORY)))
def test_any_order_of_scans_gives_the_same_structures(empty: Path, order: list[str]) -> None:
    def stored(order: Sequence[str]) -> list[Any]:
        with copied(empty) as store:
            for key in order:
                scanned(store, key, HISTORY[key][0], *HISTORY[key][1])
            return told_of(store)

    in_order = stored(list(HISTORY))
    assert in_order == stored(order)
    assert len(in_order) == 4


VERDICTS: list[tuple[str, str, bool, int, dict[str, Any]]] = [
    ("s1", "s1-b", False, 14, {}),
    ("s1", "s1-b", True, 15, {}),
    ("s3", "s3-c", False, 14, {"reason": "tree"}),
    ("s4", "s4-c", True, 14, {"outline": json.loads(square("x", 114.004, 36.0, SIZE))["geometry"]}),
    ("s5", "s5-a", True, 14, {}),
    ("s2", "s2-b", False, 14, {"reason": "registration"}),
    ("s2", "s2-b", True, 13, {}),
]
"""(scan, finding, verdict, month, more): what officers say, some of it told late and of no account any more."""


def said_of(told: dict[str, Any]) -> tuple[str, ...]:
    """What verdicts and structures say of a finding; `changed_since_dismissal` tells what was known when it came."""
    return str("rebuilt" in told["flags"]), str(told.get("judged")), str(told.get("suppressed_by"))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.permutations([*HISTORY, 1, 1, 2, 3]))
def test_any_order_of_scans_and_verdicts_gives_the_same_structures(empty: Path, events: list[Any]) -> None:
    """Verdicts come whenever they come, each after its scan; the day on which they were given decides."""

    def stored(events: Sequence[Any]) -> Any:
        with copied(empty) as store:
            waiting, there = list(VERDICTS), set()
            # a name is a scan, a number says how many of the waiting verdicts come
            for event in [*events, len(waiting)]:
                if isinstance(event, str):
                    scanned(store, event, HISTORY[event][0], *HISTORY[event][1])
                    there.add(event)
                    continue
                for one in [v for v in waiting if v[0] in there][:event]:
                    waiting.remove(one)
                    store.verdicts.add(verdict(one[1], one[2], day(one[3]), **one[4]), timed=True)
            every = store.scans.findings(FeatureQuery(limit=99)).items
            findings = [json.loads(text) for text in every]
            return told_of(store), sorted((f["id"], *said_of(f["properties"])) for f in findings)

    assert stored(events) == stored(list(HISTORY))
