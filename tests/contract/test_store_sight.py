"""What every store must keep from those who may not see it: ground beyond their areas, and secrets above their grade.

Two streets: the west one from 114.00 to 114.01, the east one from there to 114.02.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.auth.caller import Clearance
from service.auth.sight import EVERYTHING, Sight, highest
from service.errors import ForbiddenError, NotFoundError
from service.store.audit_records import Audit, AuditAnswer
from service.store.base import Store
from service.store.queries import FeatureQuery
from service.store.records import FeatureRow, FindingRow
from service.store.scene_query import SceneQuery
from tests.contract.test_store_contract import NOW, job, scan, scene, square, version

WEST, EAST = shapely.box(114.00, 36.0, 114.01, 36.01), shapely.box(114.01, 36.0, 114.02, 36.01)
STREETS = {"west": WEST, "east": EAST}
INTERNAL = Sight.of(None, Clearance.INTERNAL)


def street(name: str, clearance: Clearance = Clearance.SECRET, owner: str = "") -> Sight:
    return Sight.of([STREETS[name]], clearance, owner)


def footprint(shape: shapely.Geometry) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(shapely.to_geojson(shape))
    return told


def picture(name: str, shape: shapely.Geometry, secrecy: str = "internal") -> Any:
    return replace(scene(name, box=shape.bounds), footprint=footprint(shape), secrecy=secrecy)


def row(fid: str, west: float, size: float = 0.001) -> FindingRow:
    text = square(fid, west, 36.005, size, status="suspected", change="appeared", flags=[], structure_id=None,
                  area_m2=900.0, confidence=0.9, scan_id=fid.split("-")[0],
                  before_acquired_at=NOW.isoformat(), after_acquired_at=NOW.isoformat())  # fmt: skip
    box = (west, 36.005, west + size, 36.005 + size)
    return FindingRow(fid, box, text, "suspected", "appeared", 0.9, NOW, NOW)


@pytest.fixture
def filled(store: Store) -> Store:
    """Two streets with a scene over both, one over each, a secret one; a scan, and a secret one."""
    store.scenes.add(picture("both", shapely.union_all([WEST, EAST])))
    store.scenes.add(picture("w", WEST))
    store.scenes.add(picture("e", EAST))
    store.scenes.add(picture("hidden", shapely.union_all([WEST, EAST]), "secret"))
    for name, grade in (("s", "internal"), ("t", "secret")):
        store.jobs.submit(replace(job(f"j-{name}", name=f"j-{name}"), secrecy=grade, owner="mine"))
        claimed = store.jobs.claim("r1")
        assert claimed is not None
        pair = ("both", "both") if name == "s" else ("both", "hidden")
        made = replace(scan(name), before_scene=pair[0], after_scene=pair[1], secrecy=grade,
                       counts={"suspected": 3}, provenance={"scan_id": name, "area_km2": 2.0})  # fmt: skip
        rows = [row(f"{name}-w", 114.002), row(f"{name}-e", 114.012), row(f"{name}-across", 114.0095)]
        # the secret scan sees other houses
        rows = rows if name == "s" else [row(f"{name}-w", 114.005), row(f"{name}-e", 114.016)]
        store.scans.complete(claimed[1], made, rows)
    parcels = [FeatureRow(fid, (x, 36.0, x + 0.004, 36.004), square(fid, x, 36.0, 0.004))
               for fid, x in (("p1", 114.001), ("p2", 114.006), ("p3", 114.010), ("p4", 114.015))]  # fmt: skip
    parcels += [FeatureRow("p5", (114.008, 36.005, 114.012, 36.009), square("p5", 114.008, 36.005, 0.004)),
                FeatureRow("lost", None, '{"type":"Feature","id":"lost","geometry":null,"properties":{}}')]  # fmt: skip
    store.layers.add(replace(version("v"), features=len(parcels), report={"rows": 6}), parcels)
    areas = [*STREETS.items(), ("district", shapely.union_all([WEST, EAST]))]
    rows_of_areas = [FeatureRow(name, shape.bounds, json.dumps({"type": "Feature", "id": name, "properties": {},
                                "geometry": footprint(shape)}, separators=(",", ":")))
                     for name, shape in areas]  # fmt: skip
    store.layers.add(replace(version("areas", kind="areas"), features=3), rows_of_areas)
    store.layers.add(replace(version("zones", kind="zones"), secrecy="internal"), parcels[:1])
    store.layers.add(replace(version("secret-zones", kind="zones"), secrecy="secret"), parcels[1:2])
    cells = {name: footprint(shape.buffer(-0.001)) for name, shape in STREETS.items()}
    store.audits.add(Audit("a", date(2026, 1, 1), 1, cells, datetime.now(UTC)))
    for cell in cells:
        store.audits.answer("a", AuditAnswer(cell, False, "me", None, datetime.now(UTC)))
    return store


def ids(texts: Any) -> list[str]:
    return sorted(json.loads(text)["id"] for text in texts)


def test_a_street_sees_its_features_and_counts_no_others(filled: Store) -> None:
    seen = filled.seen_by(street("west"))
    page = seen.layers.features(FeatureQuery(within="v", limit=2, count=True))
    # p3 touches the border from the other side; p5 stands on both
    assert ids(seen.layers.all_features(FeatureQuery(within="v"))) == ["p1", "p2", "p5"]
    assert (len(page.items), page.matched) == (2, 3)
    told = seen.layers.newest("parcels")
    assert told is not None and (told.features, told.report) == (3, {}) and told.bbox is not None
    assert ids(seen.layers.rows("v")) == ["p1", "p2", "p5"] == ids(seen.layers.named("v", ["p1", "p2", "p3", "p5"]))
    assert ids(seen.layers.meeting("v", [(114.0, 36.0, 114.02, 36.01)])) == ["p1", "p2", "p5"]
    assert json.loads(seen.layers.feature("v", "p1"))["id"] == "p1"
    for beyond in ("p3", "p4", "lost"):
        with pytest.raises(NotFoundError):
            seen.layers.feature("v", beyond)
        assert seen.layers.newest_feature("parcels", beyond) is None
    with pytest.raises(ForbiddenError):
        list(seen.layers.values("v", ["id"]))


def test_only_areas_that_lie_within_are_told(filled: Store) -> None:
    assert ids(filled.seen_by(street("east")).layers.rows("areas")) == ["east"]
    both = filled.seen_by(Sight.of(STREETS.values(), Clearance.SECRET))
    assert ids(both.layers.rows("areas")) == ["district", "east", "west"]


def test_a_street_sees_its_findings_structures_and_queue(filled: Store) -> None:
    seen = filled.seen_by(street("west", Clearance.INTERNAL))
    assert ids(seen.scans.all_findings(FeatureQuery())) == ["s-across", "s-w"]
    assert seen.scans.findings(FeatureQuery(limit=1)).matched == 2
    assert len(seen.structures.features(FeatureQuery()).items) == 2
    assert sorted(one.fid for one in seen.verdicts.open()) == ["s-across", "s-w"]
    told = seen.scans.get("s")
    assert told.counts == {"suspected": 2} and told.bbox is not None and told.bbox[2] < 114.011
    assert "area_km2" not in told.provenance
    for beyond in ("s-e", "t-w"):
        with pytest.raises(NotFoundError):
            seen.scans.finding(beyond)
        with pytest.raises(NotFoundError):
            seen.verdicts.of(beyond)
    houses = {json.loads(text)["id"] for text in filled.structures.features(FeatureQuery()).items}
    mine = {json.loads(text)["id"] for text in seen.structures.features(FeatureQuery()).items}
    for sid in houses - mine:
        with pytest.raises(NotFoundError):
            seen.structures.feature(sid)
    assert all(json.loads(seen.structures.feature(sid))["id"] == sid for sid in mine)


def test_a_street_sees_scenes_that_show_it(filled: Store) -> None:
    seen = filled.seen_by(street("west", Clearance.INTERNAL))
    page = seen.scenes.page(1)
    assert (page.matched, [one.id for one in page.items]) == (2, ["both"])
    assert [one.id for one in seen.scenes.page(5, page.next_key or 0).items] == ["w"]
    assert {one.id for one in seen.scenes.search(SceneQuery(9)).items} == {"both", "w"}
    assert [one.id for one in seen.scenes.meeting((113.0, 35.0, 115.0, 37.0))] == ["both", "w"]
    for beyond in ("e", "hidden", "none"):
        with pytest.raises(NotFoundError):
            seen.scenes.get(beyond)
    assert [one.id for one in seen.audits.page(9).items] == ["a"]
    assert list(seen.audits.get("a").cells) == ["west"] == [one.cell for one in seen.audits.answers("a")]
    with pytest.raises(NotFoundError):
        seen.audits.answer("a", AuditAnswer("east", True, "me", None, NOW))


def test_secrets_are_kept_from_those_below(filled: Store) -> None:
    seen = filled.seen_by(INTERNAL)
    assert [one.id for one in seen.scenes.page(9).items] == ["both", "w", "e"]
    assert [one.id for one in seen.scans.page(9).items] == ["s"] and seen.scans.page(9).matched == 1
    assert ids(seen.scans.all_findings(FeatureQuery())) == ["s-across", "s-e", "s-w"]
    assert len(seen.structures.features(FeatureQuery()).items) == 3
    assert len(filled.structures.features(FeatureQuery()).items) == 5
    assert [one.id for one in seen.jobs.page(9).items] == ["j-s"]
    newest = seen.layers.newest("zones")
    assert newest is not None and newest.id == "zones"
    assert seen.layers.newest_feature("zones", "p1") is not None and seen.layers.newest_feature("zones", "p2") is None
    assert filled.layers.newest_feature("zones", "p2") is not None
    for ask in (lambda: seen.scans.get("t"), lambda: seen.jobs.get("j-t"), lambda: seen.layers.get("secret-zones"),
                lambda: seen.scans.finding("t-w"), lambda: seen.scenes.get("hidden")):  # fmt: skip
        with pytest.raises(NotFoundError):
            ask()
    for read in (lambda: seen.layers.features(FeatureQuery(within="secret-zones")),
                 lambda: list(seen.layers.all_features(FeatureQuery(within="secret-zones"))),
                 lambda: list(seen.layers.rows("secret-zones")), lambda: seen.layers.feature("secret-zones", "p2"),
                 lambda: list(seen.layers.named("secret-zones", ["p2"])),
                 lambda: list(seen.layers.values("secret-zones", [])),
                 lambda: list(seen.layers.differing("zones", "secret-zones"))):  # fmt: skip
        with pytest.raises(NotFoundError):
            read()
    assert [look.scan_id for look in seen.structures.looks((114.0, 36.0, 114.02, 36.01))] == ["s"]
    cleared = filled.seen_by(Sight.of(None, Clearance.SECRET))
    assert cleared.scans.page(9).matched == 2 and cleared.state("scenes") == filled.state("scenes")


def test_jobs_of_others_are_not_shown_to_a_street(filled: Store) -> None:
    assert [one.id for one in filled.seen_by(street("west", owner="mine")).jobs.page(9).items] == ["j-t", "j-s"]
    assert filled.seen_by(street("west", owner="other")).jobs.page(9).matched == 0
    with pytest.raises(NotFoundError):
        filled.seen_by(street("west", owner="other")).jobs.dismiss("j-s")


def test_who_works_in_no_area_sees_nothing(filled: Store) -> None:
    seen = filled.seen_by(Sight.of([], Clearance.SECRET))
    assert seen.scenes.page(9).matched == seen.scans.page(9).matched == 0
    assert ids(seen.scans.all_findings(FeatureQuery())) == ids(seen.layers.rows("v")) == []
    assert seen.layers.features(FeatureQuery(within="v", count=True)).matched == 0
    assert seen.verdicts.open() == seen.verdicts.judged() == []


def test_a_key_differs_wherever_something_else_is_shown() -> None:
    sights = [EVERYTHING, INTERNAL, street("west"), street("east"), street("west", Clearance.PUBLIC),
              street("west", owner="a"), Sight.of([], Clearance.SECRET)]  # fmt: skip
    assert len({sight.key for sight in sights}) == len(sights) and EVERYTHING.key == ""
    assert highest(["internal", "secret", "public"]) == "secret" and highest([]) == "public"


positions = st.floats(113.995, 114.025)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(positions, st.floats(0.0001, 0.02)), min_size=1, max_size=12, unique=True))
def test_a_page_tells_what_meets_the_ground_and_nothing_else(filled: Store, squares: list[tuple[float, float]]) -> None:
    sight = street("west")
    name = f"v{abs(hash(tuple(squares)))}"
    rows = [FeatureRow(f"f{k}", (x, 36.0, x + size, 36.0 + size), square(f"f{k}", x, 36.0, size))
            for k, (x, size) in enumerate(squares)]  # fmt: skip
    filled.layers.add(version(name), rows)
    wanted = sorted(f"f{k}" for k, (x, size) in enumerate(squares) if 114.0 - size < x - 1e-6 and x + 1e-6 < 114.01)
    sure = {f"f{k}" for k, (x, size) in enumerate(squares) if abs(x - 114.01) > 1e-5 and abs(x + size - 114.0) > 1e-5}
    seen = ids(filled.seen_by(sight).layers.features(FeatureQuery(within=name)).items)
    assert [fid for fid in seen if fid in sure] == [fid for fid in wanted if fid in sure]
