"""What every store must keep, whatever it is made of."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.auth.caller import Clearance
from service.auth.sight import Sight
from service.errors import ConflictError, IllegalMoveError, LostClaimError, NotFoundError, UnstorableValueError
from service.jobs.states import JobState
from service.store.base import Store
from service.store.intake_records import IntakeEntry, NightRun
from service.store.job_records import Job, Wanted
from service.store.queries import FeatureQuery, Key
from service.store.records import Box, FeatureRow, FindingRow, LayerVersion, Scan, Scene, SceneFrame
from service.store.scene_query import SceneQuery
from tests.contract.conftest import Opener

NOW = datetime(2025, 4, 12, 2, 30, tzinfo=UTC)


def scene(name: str = "a", box: Box = (114.0, 36.0, 114.01, 36.01), at: datetime = NOW) -> Scene:
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return Scene(
        id=name,
        file_name=f"{name}.tif",
        sha256="0" * 64,
        size_bytes=10,
        acquired_at=at,
        declared_at=None,
        declared_crs=None,
        crs="EPSG:4547",
        crs_wkt="WKT",
        transform=(0.5, 0.0, 0.0, 0.0, -0.5, 0.0),
        nodata=None,
        overviews=(2, 4),
        width=5,
        height=6,
        bands=("red", "green", "blue"),
        dtype="uint8",
        gsd_m=0.5,
        footprint={"type": "Polygon", "coordinates": [ring]},
        bbox=box,
        attributes={"区": "一"},
        created_at=NOW,
    )


def job(key: str = "k", name: str | None = None) -> Job:
    return Job(
        id=name or uuid.uuid4().hex,
        kind="scan",
        state=JobState.ACCEPTED,
        progress=0,
        message="",
        request={"before_scene": "a", "after_scene": "b"},
        inputs_key=key,
        scan_id=None,
        error=None,
        runner="",
        attempts=0,
        created_at=NOW,
        updated_at=NOW,
        started_at=None,
        finished_at=None,
    )


def scan(name: str = "s") -> Scan:
    return Scan(
        id=name,
        inputs_key="k",
        before_scene="a",
        after_scene="b",
        layers={},
        options={},
        provenance={"x": 1.5},
        counts={"suspected": 1},
        bbox=(114.0, 36.0, 114.1, 36.1),
        created_at=NOW,
    )


def square(fid: str, west: float, south: float, size: float = 0.001, **properties: object) -> str:
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return json.dumps({"type": "Feature", "id": fid, "geometry": geometry, "properties": properties})


def finding(fid: str, west: float = 114.0, south: float = 36.0, confidence: float = 0.5) -> FindingRow:
    return FindingRow(
        fid=fid,
        bbox=(west, south, west + 0.001, south + 0.001),
        geojson=square(fid, west, south, status="suspected", confidence=confidence),
        status="suspected",
        change="appeared",
        confidence=confidence,
        before_at=NOW - timedelta(days=365),
        after_at=NOW,
    )


def with_scan(store: Store, rows: list[FindingRow], name: str = "s") -> None:
    store.scenes.add(scene("a"))
    store.scenes.add(scene("b"))
    store.jobs.submit(job(key=name))
    claimed = store.jobs.claim("r1")
    assert claimed is not None
    store.scans.complete(claimed[1], scan(name), rows)


# --- scenes --------------------------------------------------------------------------------------


def test_a_scene_is_stored_once_and_comes_back_as_it_was(store: Store) -> None:
    assert store.scenes.add(scene())
    assert not store.scenes.add(replace(scene(), file_name="other.tif"))
    assert store.scenes.get("a") == scene()


def test_a_missing_scene_is_named(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no scene zz"):
        store.scenes.get("zz")


def test_pages_of_scenes_hold_each_once(store: Store) -> None:
    for i in range(7):
        store.scenes.add(scene(f"s{i}"))
    seen: list[str] = []
    key: int | None = 0
    while key is not None:
        page = store.scenes.page(3, key)
        assert page.matched == 7
        seen += [s.id for s in page.items]
        key = page.next_key
    assert seen == [f"s{i}" for i in range(7)]


def test_a_search_of_scenes_goes_by_boxes_times_and_ids(store: Store) -> None:
    for i in range(6):
        box = (114.0 + i, 36.0, 114.5 + i, 36.5)
        store.scenes.add(replace(scene(f"s{i}", box, NOW + timedelta(days=i)), secrecy="secret"))

    def ids(query: SceneQuery) -> list[str]:
        return [found.id for found in store.scenes.search(query).items]

    assert ids(SceneQuery(9)) == ["s5", "s4", "s3", "s2", "s1", "s0"], "the latest stored first"
    assert ids(SceneQuery(9, boxes=[(114.5, 36.5, 115.0, 37.0), (119.2, 36.1, 119.3, 36.2)])) == ["s5", "s1", "s0"]
    days = [NOW + timedelta(days=day) for day in range(6)]
    assert ids(SceneQuery(9, interval=(days[1], days[3]))) == ["s3", "s2", "s1"], "both ends are included"
    assert ids(SceneQuery(9, interval=(None, days[0]))) == ["s0"]
    assert ids(SceneQuery(9, interval=(days[5], None))) == ["s5"]
    assert ids(SceneQuery(9, ids=["s2", "none"])) == ["s2"] and ids(SceneQuery(9, ids=[])) == []
    seen: list[str] = []
    key = None
    for _ in range(3):
        page = store.scenes.search(SceneQuery(2, key))
        assert page.matched == 6
        seen += [found.id for found in page.items]
        key = page.next_key
    assert seen == ["s5", "s4", "s3", "s2", "s1", "s0"] and key is None
    assert store.scenes.search(SceneQuery(1, ids=["s0"])).items[0].secrecy == "secret"


def test_scenes_that_meet_a_box_come_in_the_order_of_time(store: Store) -> None:
    store.scenes.add(scene("late", at=NOW + timedelta(days=9)))
    store.scenes.add(scene("early"))
    store.scenes.add(scene("far", box=(120.0, 30.0, 120.1, 30.1)))
    assert [s.id for s in store.scenes.meeting((114.005, 36.005, 115.0, 37.0))] == ["early", "late"]


# --- layers --------------------------------------------------------------------------------------


def version(name: str = "v", *, standing: bool = True, kind: str = "parcels") -> LayerVersion:
    return LayerVersion(
        id=name,
        kind=kind,
        file_name="p.geojson",
        sha256="1" * 64,
        content_sha256="2" * 64,
        read_as={"crs": None},
        valid_from=None,
        standing=standing,
        columns={"parcel_id": "str"},
        report={"rows": 2},
        features=2,
        bbox=None,
        created_at=NOW,
    )


def parcel(fid: str, west: float) -> FeatureRow:
    return FeatureRow(fid, (west, 36.0, west + 0.001, 36.001), square(fid, west, 36.0, parcel_id=fid))


def test_a_layer_version_never_changes(store: Store) -> None:
    assert store.layers.add(version(), [parcel("p1", 114.0)])
    assert not store.layers.add(version(), [parcel("p2", 114.0)])
    assert [json.loads(t)["id"] for t in store.layers.rows("v")] == ["p1"]
    assert store.layers.get("v") == version()


def test_only_standing_versions_are_the_newest(store: Store) -> None:
    store.layers.add(version("old"), [])
    store.layers.add(version("sent-with-a-scan", standing=False), [])
    newest = store.layers.newest("parcels")
    assert newest is not None and newest.id == "old"
    store.layers.add(version("sent-with-a-scan"), [])
    newest = store.layers.newest("parcels")
    assert newest is not None and newest.id == "sent-with-a-scan"
    assert store.layers.newest("zones") is None


def test_features_without_a_place_are_read_with_any_box(store: Store) -> None:
    lone = FeatureRow("lone", None, '{"type":"Feature","id":"lone","geometry":null,"properties":{}}')
    store.layers.add(version(), [parcel("near", 114.0), parcel("far", 120.0), lone])
    texts = store.layers.rows("v", (113.9, 35.9, 114.1, 36.1))
    assert [json.loads(t)["id"] for t in texts] == ["near", "lone"]


def test_layer_features_are_found_by_value_and_id(store: Store) -> None:
    store.layers.add(version(), [parcel("p1", 114.0), parcel('p"2', 115.0)])
    page = store.layers.features(FeatureQuery(within="v", equals={"parcel_id": 'p"2'}))
    assert page.matched == 1 and json.loads(page.items[0])["id"] == 'p"2'
    assert json.loads(store.layers.feature("v", "p1"))["id"] == "p1"
    with pytest.raises(NotFoundError):
        store.layers.feature("v", "p9")


# --- findings ------------------------------------------------------------------------------------


def test_findings_are_paged_by_key_without_loss(store: Store) -> None:
    with_scan(store, [finding(f"f{i}") for i in range(25)])
    seen: list[str] = []
    key: Key | None = ()
    while key is not None:
        page = store.scans.findings(FeatureQuery(within="s", limit=10, after=key))
        assert page.matched == 25
        seen += [json.loads(t)["id"] for t in page.items]
        key = page.after or None
    assert seen == [f"f{i}" for i in range(25)]


def test_the_geometry_decides_not_its_box(store: Store) -> None:
    triangle = json.dumps(
        {
            "type": "Feature",
            "id": "t",
            "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1], [0, 0]]]},
            "properties": {},
        }
    )
    row = replace(finding("t"), bbox=(0.0, 0.0, 1.0, 1.0), geojson=triangle)
    with_scan(store, [row, finding("in", 0.9, 0.9)])
    page = store.scans.findings(FeatureQuery(within="s", boxes=((0.8, 0.8, 0.95, 0.95),)))
    assert [json.loads(t)["id"] for t in page.items] == ["in"]
    assert page.matched == 1


def test_a_filtered_page_is_filled_past_what_misses_the_box(store: Store) -> None:
    # every second one has a box that meets the wanted box, and a geometry that does not
    rows = []
    for i in range(40):
        row = finding(f"f{i}", 114.0)
        if i % 2:
            away = square(f"f{i}", 150.0, 10.0)
            row = replace(row, bbox=(114.0, 10.0, 151.0, 37.0), geojson=away)
        rows.append(row)
    with_scan(store, rows)
    boxes = ((113.0, 35.0, 115.0, 37.0),)
    first = store.scans.findings(FeatureQuery(boxes=boxes, limit=15))
    assert first.after
    rest = store.scans.findings(FeatureQuery(boxes=boxes, limit=15, after=first.after))
    ids = [json.loads(t)["id"] for t in [*first.items, *rest.items]]
    assert (len(first.items), ids) == (15, [f"f{i}" for i in range(0, 40, 2)])
    assert first.matched == 20 and rest.after == ()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    squares=st.lists(st.tuples(st.floats(-179, 178), st.floats(-89, 88)), max_size=12),
    box=st.tuples(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90)),
)
def test_the_index_loses_nothing(
    opener: Opener, squares: list[tuple[float, float]], box: tuple[float, float, float, float]
) -> None:
    import shapely

    store = opener(f"s{uuid.uuid4().hex}")
    west, east = sorted((box[0], box[2]))
    south, north = sorted((box[1], box[3]))
    rows = []
    for i, (x, y) in enumerate(squares):
        text = square(f"f{i}", x, y)
        bounds = shapely.from_geojson(json.dumps(json.loads(text)["geometry"])).bounds
        rows.append(replace(finding(f"f{i}"), bbox=bounds, geojson=text))
    with_scan(store, rows)
    page = store.scans.findings(FeatureQuery(boxes=((west, south, east, north),)))
    area = shapely.box(west, south, east, north)
    want = [
        r.fid
        for r in rows
        if shapely.intersects(area, shapely.from_geojson(json.dumps(json.loads(r.geojson)["geometry"])))
    ]
    assert [json.loads(t)["id"] for t in page.items] == want
    assert page.matched == len(want)
    store.close()


def test_findings_are_filtered_by_column_confidence_and_time(store: Store) -> None:
    gone = replace(finding("gone"), change="disappeared", status="unassessed")
    with_scan(store, [finding("low", confidence=0.1), finding("high", confidence=0.9), gone])

    def ids(**wanted: object) -> list[str]:
        return [json.loads(t)["id"] for t in store.scans.findings(FeatureQuery(**wanted)).items]  # type: ignore[arg-type]

    assert ids(min_confidence=0.6) == ["high"]
    assert ids(equals={"change": "disappeared"}) == ["gone"]
    assert ids(equals={"status": "suspected", "scan_id": "s"}) == ["low", "high"]
    assert ids(interval=(NOW + timedelta(days=1), None)) == []
    assert len(ids(interval=(None, NOW - timedelta(days=30)))) == 3


def test_a_scan_and_its_findings_are_visible_only_together(store: Store) -> None:
    store.scenes.add(scene("a"))
    store.scenes.add(scene("b"))
    store.jobs.submit(job())
    claimed = store.jobs.claim("r1")
    assert claimed is not None
    twice = [finding("f"), finding("f")]
    with pytest.raises(Exception, match="(?i)unique"):
        store.scans.complete(claimed[1], scan(), twice)
    with pytest.raises(NotFoundError):
        store.scans.get("s")
    assert store.scans.findings(FeatureQuery()).matched == 0
    assert store.jobs.get(claimed[0].id).state is JobState.RUNNING


def test_who_lost_the_claim_stores_nothing(store: Store) -> None:
    store.scenes.add(scene("a"))
    store.scenes.add(scene("b"))
    store.jobs.submit(job())
    claimed = store.jobs.claim("r1")
    assert claimed is not None
    store.jobs.dismiss(claimed[0].id)
    with pytest.raises(LostClaimError):
        store.scans.complete(claimed[1], scan(), [finding("f")])
    assert store.scans.page(10).matched == 0
    assert store.scans.extent() == (None, None)


def test_the_same_scan_again_changes_nothing(store: Store) -> None:
    with_scan(store, [finding("f")])
    store.jobs.submit(job(key="another-way-to-the-same"))
    claimed = store.jobs.claim("r1")
    assert claimed is not None
    store.scans.complete(claimed[1], scan(), [finding("f")])
    assert store.scans.findings(FeatureQuery()).matched == 1
    assert store.jobs.get(claimed[0].id).scan_id == "s"


# --- jobs ----------------------------------------------------------------------------------------


def test_the_same_order_gives_the_same_job_while_it_lasts(store: Store) -> None:
    first, new = store.jobs.submit(job())
    again, second_new = store.jobs.submit(job())
    assert (new, second_new, again.id) == (True, False, first.id)
    store.jobs.dismiss(first.id)
    third, third_new = store.jobs.submit(job())
    assert third_new and third.id != first.id


def test_only_one_of_many_claims_a_job(store: Store) -> None:
    for i in range(6):
        store.jobs.submit(job(key=f"k{i}"))
    got: list[str] = []

    def take() -> None:
        while (claimed := store.jobs.claim("r1")) is not None:
            got.append(claimed[0].id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 6


def test_a_finished_job_stays_as_it_is(store: Store) -> None:
    made, _ = store.jobs.submit(job())
    claimed = store.jobs.claim("r1")
    assert claimed is not None
    store.jobs.fail(claimed[1], {"title": "no", "code": "no-overlap"})
    with pytest.raises(IllegalMoveError) as caught:
        store.jobs.dismiss(made.id)
    assert caught.value.measured == {"state": "failed", "wanted": "dismissed"}
    assert isinstance(caught.value, ConflictError)
    with pytest.raises(LostClaimError):
        store.jobs.fail(claimed[1], {})


def test_dismissing_twice_is_dismissing_once(store: Store) -> None:
    made, _ = store.jobs.submit(job())
    assert store.jobs.dismiss(made.id).state is JobState.DISMISSED
    assert store.jobs.dismiss(made.id).state is JobState.DISMISSED
    with pytest.raises(NotFoundError):
        store.jobs.dismiss("zz")


def test_jobs_are_listed_latest_first_and_by_state(store: Store) -> None:
    for i in range(5):
        store.jobs.submit(job(key=f"k{i}", name=f"j{i}"))
    store.jobs.dismiss("j2")
    page = store.jobs.page(3)
    assert [j.id for j in page.items] == ["j4", "j3", "j2"] and page.next_key is not None
    assert [j.id for j in store.jobs.page(3, page.next_key).items] == ["j1", "j0"]
    assert [j.id for j in store.jobs.page(9, state=JobState.DISMISSED).items] == ["j2"]


# --- the memory of the nightly batch -------------------------------------------------------------


def test_scenes_are_told_in_short(store: Store) -> None:
    store.scenes.add(replace(scene("b"), mask_sha256="1" * 64))
    store.scenes.add(replace(scene("a", at=NOW + timedelta(days=1)), attributes={"kind": "surface"}))
    store.scenes.add(replace(scene("s"), secrecy="secret"))
    box = (114.0, 36.0, 114.01, 36.01)
    told = [
        SceneFrame("b", NOW, box, "1" * 64, None),
        SceneFrame("a", NOW + timedelta(days=1), box, None, "surface"),
        SceneFrame("s", NOW, box, None, None),
    ]
    assert list(store.scenes.frames()) == told
    assert list(store.seen_by(Sight.of(None, Clearance.INTERNAL)).scenes.frames()) == told[:2]


def test_an_unfinished_night_goes_on(store: Store) -> None:
    first = store.intake.open_run(NightRun("n1", "/in", NOW, None))
    assert store.intake.open_run(NightRun("n2", "/in", NOW, None)) == first
    assert store.intake.open_run(NightRun("n3", "/other", NOW, None)).id == "n3"
    store.intake.close_run("n1", {"summary": "nothing"})
    assert store.intake.open_run(NightRun("n4", "/in", NOW, None)).id == "n4"
    ended = store.intake.run("n1")
    assert ended.finished_at is not None and ended.report == {"summary": "nothing"}
    store.intake.close_run("n1", {"summary": "another"})
    assert store.intake.run("n1") == ended, "a report is written once"
    page = store.intake.runs(2)
    assert [run.id for run in page.items] == ["n4", "n3"] and page.matched == 3
    assert [run.id for run in store.intake.runs(2, page.next_key or 0).items] == ["n1"]
    with pytest.raises(NotFoundError, match="no night"):
        store.intake.run("n9")


def test_of_a_moment_that_was_due_there_is_one_night(store: Store) -> None:
    due, later = NOW, NOW + timedelta(days=1)
    assert store.intake.last_scheduled() is None
    first = store.intake.open_run(NightRun("n1", "", NOW, None, due))
    assert store.intake.open_run(NightRun("n2", "", NOW, None, due)) == first
    store.intake.close_run("n1", {})
    assert store.intake.open_run(NightRun("n3", "", NOW, None, due)).id == "n1", "it has been, and is over"
    by_hand = store.intake.open_run(NightRun("n4", "", NOW, None))
    assert by_hand.id == "n4" and by_hand.due_at is None
    assert store.intake.open_run(NightRun("n5", "", NOW, None, due)).id == "n1"
    assert store.intake.open_run(NightRun("n6", "", NOW, None, later)) == replace(by_hand, due_at=later)
    last = store.intake.last_scheduled()
    assert last is not None and (last.id, last.due_at) == ("n4", later)


def test_scenes_that_no_night_has_heard_of(store: Store) -> None:
    for name in ("b", "a", "c"):
        store.scenes.add(scene(name))
    assert store.intake.unheard() == ["b", "a", "c"], "the first stored first"
    entry = IntakeEntry("/in", "a.tif", 5, 6, NOW, "taken", "n1", "a")
    store.intake.put(entry)
    store.intake.put(IntakeEntry("/other", "x.tif", 5, 6, NOW, "waiting"))
    assert store.intake.unheard() == ["b", "c"]
    assert store.intake.of_run("n1") == [entry] and store.intake.of_run("n2") == []
    assert store.intake.in_state("taken") == [entry] and store.intake.with_scene("a") == [entry]
    assert [e.name for e in store.intake.in_state("waiting")] == ["x.tif"]


def test_the_last_word_on_a_file_is_kept(store: Store) -> None:
    entry = IntakeEntry("/in", "a.tif", 5, 6, NOW, "waiting")
    store.intake.put(entry)
    store.intake.put(replace(entry, state="rejected", run_id="n1", outcome={"result": "refused"}))
    assert store.intake.entries("/in") == {
        "a.tif": replace(entry, state="rejected", run_id="n1", outcome={"result": "refused"})
    }
    assert store.intake.entries("/other") == {}


# --- one store, opened twice ----------------------------------------------------------------------


def test_a_store_opened_again_holds_what_was_stored(opener: Opener) -> None:
    one, two = opener("same"), opener("same")
    one.scenes.add(scene())
    assert two.scenes.get("a") == scene()
    two.ping()


def test_what_no_database_holds_is_refused_by_name(store: Store) -> None:
    with_scan(store, [finding("f")])
    with pytest.raises(UnstorableValueError):
        store.scans.findings(FeatureQuery(after=(2**70,)))
    store.layers.add(version("v"), [parcel("p", 114.0)])
    for text in ("a\x00b", "{", '"', "\\", "💥"):
        assert store.layers.features(FeatureQuery(within="v", equals={"land_use": text})).items == []
        assert store.layers.features(FeatureQuery(within="v", equals={text: "x"})).items == []


def test_a_job_without_a_scan_succeeds_with_a_word(store: Store) -> None:
    store.jobs.submit(job())
    claimed = store.jobs.claim("r1")
    assert claimed is not None
    store.jobs.succeed(claimed[1], "stored abc")
    ended = store.jobs.get(claimed[0].id)
    assert (ended.state, ended.progress, ended.message, ended.scan_id) == (JobState.SUCCESSFUL, 100, "stored abc", None)
    assert ended.finished_at is not None
    with pytest.raises(LostClaimError):
        store.jobs.succeed(claimed[1], "again")


def test_jobs_of_one_kind_are_taken_before_older_ones_of_another(store: Store) -> None:
    store.jobs.submit(job(key="scan"))
    store.jobs.submit(replace(job(key="intake"), kind="intake"))
    taken = store.jobs.claim("r1", Wanted(kinds=("intake",)))
    assert taken is not None and taken[0].kind == "intake"
    assert store.jobs.claim("r1", Wanted(kinds=("intake",))) is None
    assert store.jobs.claim("r1") is not None


def test_scenes_of_one_content(store: Store) -> None:
    store.scenes.add(scene("a"))
    store.scenes.add(replace(scene("b"), declared_crs="EPSG:4547"))
    store.scenes.add(replace(scene("c"), sha256="f" * 64))
    sha256 = store.scenes.get("a").sha256
    assert [s.id for s in store.scenes.with_content(sha256)] == ["a", "b"]
    assert store.scenes.with_content("e" * 64) == []
