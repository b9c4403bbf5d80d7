"""Which older scenes can still tell of a structure's beginning, and which scans were looks at it at all."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyproj
import pytest
import shapely
from pyproj import Transformer

from service.errors import NotFoundError
from service.jobs.states import JobState
from service.services import Services
from service.store.job_records import Job
from service.store.records import FindingRow, Scan
from service.usecases.structures import earliest, get_structure
from tests.integration.review_kit import a_scene, opened

LEFT, TOP, SIDE = 500_000.0, 4_052_000.0, 400.0
TO_LONLAT = Transformer.from_crs("EPSG:4547", "OGC:CRS84", always_xy=True)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = opened(tmp_path)
    yield made
    made.close()


def day(month: int) -> datetime:
    return datetime(2025, month, 15, 3, tzinfo=UTC)


def square(x: float, y: float, side: float) -> shapely.Polygon:
    """A square by its corner in metres of the scenes, in longitude and latitude."""
    return shapely.transform(shapely.box(x, y, x + side, y + side), TO_LONLAT.transform, interleaved=False)


def seen_in(services: Services, month: int, gsd: float = 0.5) -> str:
    """A scene of the place, only talked about: no pixel of it is read."""
    frame = square(LEFT, TOP - SIDE, SIDE)
    made = replace(
        a_scene(f"m{month}", day(month)),
        crs_wkt=pyproj.CRS.from_epsg(4547).to_wkt(),
        transform=(gsd, 0.0, LEFT, 0.0, -gsd, TOP),
        width=round(SIDE / gsd),
        height=round(SIDE / gsd),
        gsd_m=gsd,
        footprint=json.loads(shapely.to_geojson(frame)),
        bbox=frame.bounds,
    )
    services.store.scenes.add(made)
    return made.id


def scanned(
    services: Services, before: int, after: int, change: str | None = None, area: str | None = None, name: str = ""
) -> None:
    """A finished comparison of two months that told one change of the house, or nothing."""
    name = f"s{before}-{after}{name}"
    rows: Sequence[FindingRow] = []
    if change is not None:
        rows = [house(name, change, day(before), day(after))]
    now = datetime.now(UTC)
    services.store.jobs.submit(
        Job(uuid.uuid4().hex, "scan", JobState.ACCEPTED, 0, "", {}, name, None, None, "kit", 0, now, now, None, None)
    )
    claimed = services.store.jobs.claim("kit")
    assert claimed is not None
    told = {"parameters": {"aoi": area}}
    scan = Scan(name, name, f"m{before}", f"m{after}", {}, {}, told, {}, None, now)
    services.store.scans.complete(claimed[1], scan, rows)


def house(name: str, change: str, before: datetime, after: datetime) -> FindingRow:
    outline = square(LEFT + 100, TOP - 200, 15)
    dates = {"before_acquired_at": before.isoformat(), "after_acquired_at": after.isoformat()}
    told: dict[str, Any] = {"scan_id": name, "change": change, "status": "suspected", "confidence": 0.9, "flags": []}
    feature = {
        "type": "Feature",
        "id": f"{name}-h",
        "geometry": json.loads(shapely.to_geojson(outline)),
        "properties": {**told, **dates, "area_m2": 225.0},
    }
    return FindingRow(f"{name}-h", outline.bounds, json.dumps(feature), "suspected", change, 0.9, before, after)


def the_structure(services: Services, name: str) -> str:
    return str(json.loads(services.store.scans.finding(f"{name}-h"))["properties"]["structure_id"])


def test_the_middle_comes_first_and_what_told_nothing_leaves_its_place(services: Services) -> None:
    for month in (1, 3, 5, 7, 9):
        seen_in(services, month)
    scanned(services, 1, 9, "appeared")
    sid = the_structure(services, "s1-9")
    found = earliest(services, sid)
    assert (found.last_absent, found.first_seen) == (day(1), day(9))
    assert [s.scene_id for s in found.scenes] == ["m3", "m5", "m7"] and not any(s.compared for s in found.scenes)
    assert list(found.pairs) == [("m1", "m5"), ("m5", "m9")]
    # one of the two told nothing: the other can still tell
    scanned(services, 1, 5)
    assert list(earliest(services, sid).pairs) == [("m5", "m9")]
    # neither did, for the structure was missed: the next scene, not the same for ever
    scanned(services, 5, 9)
    found = earliest(services, sid)
    assert {s.scene_id: s.compared for s in found.scenes} == {"m3": False, "m5": True, "m7": False}
    assert list(found.pairs) == [("m1", "m7"), ("m7", "m9")]
    assert list(earliest(services, sid, "m3").pairs) == [("m1", "m3"), ("m3", "m9")], "the one that is asked for"
    with pytest.raises(NotFoundError, match="m5") as refused:
        earliest(services, sid, "m5")
    assert "m3, m7" in refused.value.remedy
    # what tells something narrows the span from its side
    scanned(services, 7, 9, "appeared")
    found = earliest(services, sid)
    assert found.last_absent == day(7) and found.scenes == [] == found.pairs


def test_a_pair_that_is_not_admissible_is_told_and_another_taken(services: Services) -> None:
    for month, gsd in ((1, 0.5), (3, 0.5), (5, 8.0), (9, 0.5)):
        seen_in(services, month, gsd)
    scanned(services, 1, 9, "appeared")
    found = earliest(services, the_structure(services, "s1-9"))
    assert [s.scene_id for s in found.scenes] == ["m3", "m5"]
    assert list(found.pairs) == [("m1", "m3"), ("m3", "m9")], "the one in the middle cannot be compared"
    assert [(r.before_scene, r.after_scene) for r in found.refused] == [("m1", "m5"), ("m5", "m9")]
    assert all("16" in r.message and r.code == "pixel-size-ratio" for r in found.refused), found.refused


def test_never_seen_absent_the_oldest_scene_comes_first(services: Services) -> None:
    for month in (1, 3, 5, 7):
        seen_in(services, month)
    scanned(services, 5, 7, "disappeared")
    found = earliest(services, the_structure(services, "s5-7"))
    assert (found.last_absent, found.first_seen) == (None, day(5))
    assert list(found.pairs) == [("m1", "m5")]
    # it stood there already, or was missed: the next scene
    scanned(services, 1, 5)
    assert list(earliest(services, found.structure_id).pairs) == [("m3", "m5")]


def test_a_scan_that_was_narrowed_to_an_area_elsewhere_is_no_look(services: Services) -> None:
    for month in (1, 3, 9):
        seen_in(services, month)
    scanned(services, 1, 9, "appeared")
    sid = the_structure(services, "s1-9")
    elsewhere = shapely.MultiPolygon([square(LEFT + 300, TOP - 100, 50)]).wkt
    scanned(services, 1, 9, area=elsewhere, name="-elsewhere")
    scanned(services, 1, 3, area=elsewhere)
    assert [look.scan_id for look in get_structure(services, sid).looks] == ["s1-9"]
    assert list(earliest(services, sid).pairs) == [("m1", "m3"), ("m3", "m9")]
    around = shapely.MultiPolygon([square(LEFT + 90, TOP - 210, 50)]).wkt
    scanned(services, 1, 9, area=around, name="-around")
    assert [look.scan_id for look in get_structure(services, sid).looks] == ["s1-9", "s1-9-around"]


def test_a_look_without_a_mask_is_not_called_usable(services: Services) -> None:
    for month in (1, 3, 9):
        seen_in(services, month)
    scanned(services, 1, 9, "appeared")
    scanned(services, 3, 9)
    found = get_structure(services, the_structure(services, "s1-9"))
    assert [(look.usable, look.seen) for look in found.looks] == [(None, True), (None, False)]
    assert (found.seen, found.usable, found.unknown) == (1, 1, 1)
