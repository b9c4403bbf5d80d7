"""A data folder with findings whose review can be checked by hand, without a scan of pixels."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from geodata.assess.priority import Lead, priority
from service.bootstrap import open_services
from service.jobs.states import JobState
from service.services import Services
from service.settings import Settings
from service.store.job_records import Job
from service.store.records import FindingRow, Scan, Scene

BEFORE = datetime(2025, 1, 10, 2, 30, tzinfo=UTC)
AFTER = datetime(2025, 4, 12, 2, 30, tzinfo=UTC)


def a_scene(name: str, at: datetime, **more: Any) -> Scene:
    """A stored scene of one small place, without a file unless `sha256` names one."""
    box = (114.0, 36.0, 114.1, 36.1)
    ring = [[114.0, 36.0], [114.1, 36.0], [114.1, 36.1], [114.0, 36.1], [114.0, 36.0]]
    values: dict[str, Any] = {
        "file_name": f"{name}.tif",
        "sha256": "0" * 64,
        "declared_at": None,
        "declared_crs": None,
        "attributes": {},
    }
    return Scene(
        id=name,
        size_bytes=10,
        acquired_at=at,
        crs="EPSG:4547",
        crs_wkt="WKT",
        transform=(0.5, 0.0, 0.0, 0.0, -0.5, 0.0),
        nodata=None,
        overviews=(),
        width=5,
        height=6,
        bands=("red", "green", "blue"),
        dtype="uint8",
        gsd_m=0.5,
        footprint={"type": "Polygon", "coordinates": [ring]},
        bbox=box,
        **({"created_at": at} | values | more),
    )


def a_finding(fid: str, column: int = 0, before: datetime = BEFORE, after: datetime = AFTER, **told: Any) -> FindingRow:
    """A square of about 10 m, the squares of other columns beside it."""
    west, south, size = 114.001 + 0.0002 * column, 36.001, 0.0001
    east, north = west + size, south + size
    properties: dict[str, Any] = {
        "id": fid,
        "change": "appeared",
        "confidence": 0.5,
        "area_m2": 100.0,
        "stage": "unknown",
        "cues": [],
        "flags": [],
        "status": "suspected",
        "reasons": [{"code": "no-permit", "message": "No permit is on file.", "category": "no_permit"}],
        "before_acquired_at": before.isoformat(),
        "after_acquired_at": after.isoformat(),
        "judged": None,
        "judged_reason": None,
        "suppressed_by": None,
        **told,
    }
    properties["priority"] = told.get("priority", priority(Lead.of(properties)))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    feature = {"type": "Feature", "id": fid, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    return FindingRow(
        fid=fid,
        bbox=(west, south, east, north),
        geojson=json.dumps(feature | {"properties": properties}),
        status=properties["status"],
        change=properties["change"],
        confidence=properties["confidence"],
        before_at=before,
        after_at=after,
        priority=properties["priority"],
    )


def store_scan(
    services: Services,
    name: str,
    rows: Sequence[FindingRow],
    provenance: Mapping[str, Any] | None = None,
    secrecy: str = "internal",
) -> None:
    """A finished scan with its findings; its scenes are `a` and `b` unless these are stored already."""
    services.store.scenes.add(a_scene("a", BEFORE))
    services.store.scenes.add(a_scene("b", AFTER))
    now = datetime.now(UTC)
    job = Job(
        id=uuid.uuid4().hex,
        kind="scan",
        state=JobState.ACCEPTED,
        progress=0,
        message="",
        request={},
        inputs_key=name,
        scan_id=None,
        error=None,
        runner="kit",
        attempts=0,
        created_at=now,
        updated_at=now,
        started_at=None,
        finished_at=None,
    )
    services.store.jobs.submit(job)
    claimed = services.store.jobs.claim("kit")
    assert claimed is not None
    scan = Scan(name, name, "a", "b", {}, {}, dict(provenance or {}), {}, None, now - timedelta(days=1), secrecy)
    services.store.scans.complete(claimed[1], scan, rows)


def opened(data: Path) -> Services:
    """The service of a data folder, to be closed by the test."""
    return open_services(Settings(data=data))
