"""What every store must keep of reports and leads, whatever it is made of."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely

from service.auth.caller import Caller, Clearance
from service.auth.record import entry_by
from service.auth.sight import Sight
from service.cases.errors import LeadBehindError
from service.cases.leads.values import Attachment, LeadRow, Report, SourceKind, Spot
from service.errors import ConflictError, NotFoundError
from service.store.base import Store
from service.store.lead_base import Placing, Telling
from service.store.queries import FeatureQuery, Sort
from tests.contract.test_store_structures import SIZE, house, scanned
from tests.contract.test_store_verdicts import verdict

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
M = 1 / 111_320
"""A metre of latitude, degrees."""


def point(north_m: float = 0.0, west: float = 114.0) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [west, 36.0 + north_m * M]}


def report(name: str, north_m: float | None = 0.0, source: str = "patrol", day: float = 0, **told: Any) -> Report:
    spot = (
        Spot()
        if north_m is None
        else Spot(point(north_m, told.pop("west", 114.0)), told.pop("accuracy_m", 10.0), "told")
    )
    plain = Report(
        id=name, source=SourceKind(source), origin="", number=f"N-{name}", seen_at=NOW + day * DAY,
        received_at=NOW + day * DAY, received_by="p1", spot=spot,
    )  # fmt: skip
    return replace(plain, **told)


def beside(spot: Spot, degrees: int) -> Spot:
    """The same place, so many degrees to the east."""
    west, south = (spot.geometry or {})["coordinates"]
    return replace(spot, geometry={"type": "Point", "coordinates": [west + degrees, south]})


def homes(store: Store, *names: str) -> list[str | None]:
    return [store.leads.report(name).lead_id for name in names]


def judged(store: Store, lead: str | None, at: datetime, verdict: int = 1, **told: Any) -> None:
    names = [one.id for one in store.leads.reports_of(str(lead))]
    facts = {"verdict": verdict, "ground": "approved_earlier", "reports": names}
    store.leads.tell(str(lead), Telling("judged", at, "p1", facts, **told))


def test_the_same_number_of_the_same_source_is_stored_once_and_says_so(store: Store) -> None:
    photo = Attachment("a" * 64, "现场.jpg", "JPEG", 10, {"width": 3})
    first = report("r1", text="有人盖房", attachments=(photo,), facts={"x": 1}, stage="foundation", reporter="sealed")
    (taken,) = store.leads.add([first])
    assert taken.new and replace(taken.report, lead_id=None) == first
    again = [report("r2", number="N-r1", text="other"), report("r3", number="N-r1", source="hotline")]
    known, other = store.leads.add(again)
    assert (known.report.id, known.new, other.new) == ("r1", False, True)
    assert store.leads.report("r1").text == "有人盖房"
    twice = store.leads.add([report("r4"), report("r5", number="N-r4")])
    assert [one.new for one in twice] == [True, False] and twice[1].report.id == "r4"
    found = store.leads.known([("patrol", "", "N-r1"), ("patrol", "", "none"), ("patrol", "other", "N-r1")])
    assert found == {("patrol", "", "N-r1"): "r1"}


def test_reports_of_one_place_are_one_lead_whatever_came_first(store: Store) -> None:
    store.leads.add([report("b", 12)])
    store.leads.add([report("c", 500), report("a", 0, source="hotline")])
    assert homes(store, "a")[0] == homes(store, "b")[0] != homes(store, "c")[0]
    lead = store.leads.get(str(homes(store, "a")[0]))
    told = json.loads(lead.geojson)["properties"]
    assert (told["reports"], told["sources"], told["independent_sources"]) == (2, ["patrol", "hotline"], 2)
    assert lead.priority == 2.0 and lead.state == "open"
    events = store.leads.events(lead.id)
    assert [(one.kind, one.facts["reports"]) for one in events] == [("opened", ["b"]), ("joined", ["a"])]
    assert [one.number for one in events] == [1, 2] == [1, lead.number]
    # what lies between joins two leads that stood alone
    store.leads.add([report("d", 40), report("e", 60)])
    assert len(set(homes(store, "d", "e"))) == 1
    assert len(store.leads.features(FeatureQuery()).items) == 3


def test_a_more_exact_report_may_make_two_leads_one_and_the_id_leads_on(store: Store) -> None:
    store.leads.add([report("west", 0, accuracy_m=20)])
    store.leads.add([report("east", 50, accuracy_m=20)])
    old = homes(store, "west", "east")
    assert len(set(old)) == 2
    store.leads.add([report("middle", 25, accuracy_m=6)])
    assert len(set(homes(store, "west", "east", "middle"))) == 1
    one = store.leads.get(str(old[1]))
    assert one.id == old[1 if one.id == old[1] else 0] and {old[0], old[1]} >= {one.id}
    assert store.leads.get(str(old[0])).id == one.id == store.leads.get(str(old[1])).id
    kinds = [event.kind for event in store.leads.events(one.id)]
    assert kinds.count("opened") == 2 and "merged" in kinds and "took_in" in kinds
    assert len(store.leads.features(FeatureQuery()).items) == 1


def test_one_by_one_or_all_at_once_the_leads_are_the_same(store: Store) -> None:
    dice = random.Random(7)
    told = [
        report(f"r{k:02d}", dice.randint(0, 250), day=dice.randint(0, 50), accuracy_m=dice.choice([2.0, 10.0, 40.0]))
        for k in range(16)
    ]
    places = []
    # the same reports in four places, each time sent otherwise
    for place, sizes in enumerate(([16], [1] * 16, [5, 1, 9, 1], [3] * 6)):
        sent = [
            replace(one, id=f"{place}-{one.id}", number=f"{place}-{one.id}", spot=beside(one.spot, place))
            for one in told
        ]
        dice.shuffle(sent)
        for size in sizes:
            store.leads.add(sent[:size])
            sent = sent[size:]
        found: dict[str | None, list[str]] = {}
        for one in told:
            found.setdefault(homes(store, f"{place}-{one.id}")[0], []).append(one.id)
        places.append(sorted(found.values()))
    assert 2 < len(places[0]) < 16 and places[1:] == places[:1] * 3


def test_a_settled_lead_takes_in_what_says_nothing_new_and_is_followed_by_what_does(store: Store) -> None:
    store.leads.add([report("r1", stage="foundation")])
    (lead,) = homes(store, "r1")
    judged(store, lead, NOW + DAY)
    store.leads.add([report("r2", day=2), report("r3", day=3, stage="under_construction"), report("r4", day=4)])
    same, new, later = homes(store, "r2", "r3", "r4")
    assert same == lead and new == later != lead
    row = store.leads.get(str(new))
    assert (row.follows, row.state, row.verdict) == (lead, "open", 0)
    assert store.leads.events(row.id)[0].facts["follows"] == lead
    settled = store.leads.get(str(lead))
    assert (settled.verdict, settled.state, settled.triaged_at) == (1, "judged", NOW + DAY)
    # a later verdict corrects; the first triage stays the first
    judged(store, lead, NOW + 6 * DAY, 2)
    assert store.leads.get(str(lead)).verdict == 2 and store.leads.get(str(lead)).triaged_at == NOW + DAY
    assert homes(store, "r2", "r3") == [lead, new]


def test_what_an_officer_splits_or_merges_stays_so(store: Store) -> None:
    store.leads.add([report("a", 0), report("b", 5), report("far", 5000)])
    (lead, _, far) = homes(store, "a", "b", "far")
    store.leads.tell(str(lead), Telling("split_ordered", NOW + DAY, "p1", {"reports": ["b"], "reason": "两处"}))
    kept, parted = homes(store, "a", "b")
    assert kept == lead != parted
    store.leads.add([report("c", 1, day=2)])
    assert homes(store, "c") == [lead] and homes(store, "b") == [parted]
    # a look at the parted one alone does not bring it back
    store.leads.tell(str(parted), Telling("noted", NOW + 3 * DAY, "p1", {"text": "x"}))
    assert homes(store, "a", "b") == [kept, parted]
    facts = {"reports": ["b", "far"], "reason": "同一处"}
    store.leads.tell(str(parted), Telling("merge_ordered", NOW + 4 * DAY, "p1", facts))
    assert len(set(homes(store, "b", "far"))) == 1 and homes(store, "a") == [lead]
    merged = store.leads.get(str(far))
    assert {one.id for one in store.leads.reports_of(merged.id)} == {"b", "far"}
    store.leads.add([report("near-far", 5003, day=5)])
    assert homes(store, "near-far") == [merged.id]


def test_of_two_who_judge_at_once_one_is_refused(store: Store) -> None:
    store.leads.add([report("a")])
    (lead,) = homes(store, "a")
    judged(store, lead, NOW, expected=1)
    with pytest.raises(LeadBehindError) as refused:
        judged(store, lead, NOW, 2, expected=1)
    assert refused.value.measured["last"] == 2 and store.leads.get(str(lead)).verdict == 1
    with pytest.raises(NotFoundError):
        store.leads.tell("none", Telling("noted", NOW, "p1"))


def test_many_who_report_at_once_lose_nothing(store: Store) -> None:
    def send(k: int) -> None:
        store.leads.add([report(f"r{k:02d}", (k % 3) * 400, number=f"N-{k % 12}")])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, range(24)))
    found = store.leads.reports(100).items
    assert sorted(one.number for one in found) == sorted(f"N-{k}" for k in range(12))
    leads = {one.lead_id for one in found}
    assert len(leads) == 3 and sum(len(store.leads.reports_of(str(lead))) for lead in leads) == 12
    for lead in leads:
        numbers = [event.number for event in store.leads.events(str(lead))]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_report_without_a_place_waits_and_is_placed_once(store: Store) -> None:
    store.leads.add([report("a"), report("lost", None, address="人民路12号")])
    assert homes(store, "lost") == [None]
    assert [one.id for one in store.leads.reports(10, unplaced=True).items] == ["lost"]
    placing = Placing("lost", Spot(point(3), 5.0, "hand"), "门牌在此", NOW + DAY, "p2")
    placed = store.leads.place(placing)
    assert placed.lead_id == homes(store, "a")[0] and placed.address == "人民路12号"
    assert store.leads.places("lost") == [placing] and store.leads.reports(10, unplaced=True).items == []
    with pytest.raises(ConflictError):
        store.leads.place(placing)
    with pytest.raises(NotFoundError):
        store.leads.place(replace(placing, report_id="none"))


def test_leads_are_found_by_state_source_verdict_and_place(store: Store) -> None:
    store.leads.add([report("a"), report("b", 5, source="hotline"), report("c", 0, source="drone", west=115.0)])
    one, other = homes(store, "a", "c")
    judged(store, one, NOW + DAY)

    def ids(**how: Any) -> list[str]:
        return [json.loads(text)["id"] for text in store.leads.features(FeatureQuery(**how)).items]

    assert ids(equals={"source": "hotline"}) == ids(equals={"source": "patrol"}) == [one]
    assert ids(equals={"verdict": "0"}) == ids(equals={"state": "open"}) == ids(equals={"source": "drone"}) == [other]
    assert ids(equals={"verdict": "x"}) == [] and ids(equals={"verdict": "1", "source": "drone"}) == []
    assert ids(boxes=((114.9, 35.9, 115.1, 36.1),)) == [other]
    assert ids(sort=(Sort("priority", True),)) == [one, other]
    assert ids(interval=(NOW + DAY, None)) == [] and ids(interval=(None, NOW)) == [one, other]
    box, span = store.leads.extent()
    assert box is not None and box[0] == 114.0 and span is not None
    page = store.leads.features(FeatureQuery(limit=1))
    assert page.matched == 2 and page.after


def test_leads_are_shown_to_those_who_work_there_and_may_see_them(store: Store) -> None:
    store.leads.add([report("a"), report("b", 0, west=115.0, secrecy="secret"), report("lost", None)])
    open_one, secret = homes(store, "a", "b")
    plain = store.seen_by(Sight.of(None, Clearance.INTERNAL))
    assert [one.id for one in plain.leads.reports(10).items] == ["lost", "a"]
    here = store.seen_by(Sight.of([shapely.box(114.5, 35.5, 115.5, 36.5)], Clearance.SECRET))
    assert [one.id for one in here.leads.reports(10).items] == ["b"] and here.leads.get(str(secret)).id == secret
    for eyes, lead, name in ((plain, secret, "b"), (here, open_one, "a"), (here, open_one, "lost")):
        for asked in (eyes.leads.get, eyes.leads.events, eyes.leads.reports_of, eyes.leads.feature):
            with pytest.raises(NotFoundError):
                asked(str(lead))
        with pytest.raises(NotFoundError):
            eyes.leads.report(name)
    # a secret word about a place hides the lead from nobody, and leaves no trace in what the others see of it
    known = plain.leads.get(str(open_one))

    def shown(row: LeadRow) -> object:
        told = json.loads(row.geojson)["properties"]
        return row.priority, row.box, {name: value for name, value in told.items() if name != "changed_at"}

    finding = {"finding_id": "f9", "priority": 0.9}
    store.leads.add([report("c", 3, "scan", secrecy="secret", accuracy_m=0.5, facts=finding)])
    assert homes(store, "c") == [open_one]
    assert shown(plain.leads.get(str(open_one))) == shown(known)
    assert [one.id for one in plain.leads.reports_of(str(open_one))] == ["a"]
    assert [one.id for one in store.leads.reports_of(str(open_one))] == ["a", "c"]
    assert plain.leads.report("a").id == "a" and plain.leads.counts(NOW - DAY, NOW).open == 1
    assert store.leads.counts(NOW - DAY, NOW).reports == {"patrol": 3, "scan": 1}


def test_the_morning_is_told_what_waits(store: Store) -> None:
    store.leads.add([report("a"), report("b", 5000, source="hotline"), report("lost", None)])
    lead = store.leads.get(str(homes(store, "a")[0]))
    judged(store, lead.id, lead.opened_at + timedelta(hours=3))
    told = store.leads.counts(lead.opened_at - DAY, lead.opened_at + DAY)
    assert told.new == {"patrol": 1, "hotline": 1} and (told.open, told.stale, told.unplaced) == (1, 1, 1)
    assert told.hours == [pytest.approx(3.0, abs=0.01)]
    assert store.leads.counts(lead.opened_at + DAY, lead.opened_at).stale == 0


def test_who_told_is_erased_and_sealed_anew(store: Store) -> None:
    store.leads.add([report("a", reporter="k1:x"), report("b", 5000, reporter="k1:y"), report("c", 900)])
    first = store.leads.sealed(0, 1)
    assert [row[1:] for row in first] == [("a", "k1:x")]
    assert [row[1:] for row in store.leads.sealed(first[0][0], 10)] == [("b", "k1:y")]
    entry = entry_by(Caller.local(), NOW, "personal-erased", "report/a", reason="本人要求")
    assert store.leads.erase_reporter("a", entry) and not store.leads.erase_reporter("a", entry)
    store.leads.reseal({row[0]: "k2:z" for row in [*first, *store.leads.sealed(first[0][0], 10)]})
    assert [store.leads.report(name).reporter for name in "abc"] == [None, "k2:z", None]
    assert store.leads.report("a").erased_at == NOW and store.audit_log.head().count == 1


def of_finding(store: Store, name: str) -> Report:
    """The report of a stored finding."""
    feature = json.loads(store.scans.finding(name))
    spot = Spot(feature["geometry"], 1.0, "told")
    seen = datetime.fromisoformat(feature["properties"]["after_acquired_at"])
    return report(name, None, "scan", number=name, spot=spot, seen_at=seen, facts={"finding_id": name})


def test_leads_follow_their_structures(store: Store) -> None:
    scanned(store, "a", (1, 3), house("h"), house("gone", 114.01, change="disappeared"))
    scanned(store, "b", (4, 6), house("h", 114.0 + 1.6 * SIZE))
    waiting = [json.loads(text)["id"] for text, _ in store.leads.unreported(None, 10)]
    assert waiting == ["a-h", "b-h"] == [json.loads(text)["id"] for text, _ in store.leads.unreported(None, 2)]
    assert [json.loads(text)["id"] for text, _ in store.leads.unreported("b", 10)] == ["b-h"]
    store.leads.add([of_finding(store, "a-h"), of_finding(store, "b-h")])
    assert store.leads.unreported(None, 10) == []
    # a patrol a year later, within the house
    inside = report("p", 10.0, west=114.0 + SIZE / 2, day=300)
    store.leads.add([inside])
    one, other, patrol = homes(store, "a-h", "b-h", "p")
    assert one == patrol != other
    first, second = (store.leads.get(str(lead)).structure_id for lead in (one, other))
    assert first is not None and second is not None and first != second
    # a scan that comes late shows that both are one building
    scanned(store, "c", (3, 4), house("h", size=2.6 * SIZE))
    boxes = store.leads.stale_boxes()
    assert boxes and store.leads.regroup(boxes) >= 1 and store.leads.stale_boxes() == []
    assert len(set(homes(store, "a-h", "b-h", "p"))) == 1
    (feature,) = (json.loads(text) for text in store.leads.features(FeatureQuery()).items)
    now = feature["properties"]["structure_id"]
    for sid in (first, second):
        assert json.loads(store.structures.feature(sid))["id"] == now
    assert {first, second} <= set(store.leads.names_of(now)) | {now}
    assert store.leads.regroup(boxes) == 0
    # a lead of a finding that was dismissed is of no structure
    store.leads.tell(str(homes(store, "p")[0]), Telling("noted", NOW, "p1", {"text": "x"}))
    for name in ("a-h", "b-h"):
        store.verdicts.add(verdict(name), timed=True)
    assert [json.loads(text)["id"] for text, _ in store.leads.unreported(None, 10)] == ["c-h"]
