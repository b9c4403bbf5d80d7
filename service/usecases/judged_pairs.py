"""Judged findings with their rasters, for training."""

from __future__ import annotations

from typing import cast

import orjson
import shapely

from geodata.types import Change, JudgedOutline, JudgedPair
from service.services import Services
from service.store.records import JudgedRow, Scan


def judged_pairs(services: Services) -> list[JudgedPair]:
    """What officers have judged, by scan: the two rasters and the outlines with the latest verdict of each.

    Args:
        services: The service.

    Returns:
        One pair for each scan with judged findings, by the id of the scan; within it by the id of the finding.

    Raises:
        NotFoundError: If a raster is no longer on disk.
    """
    by_scan: dict[str, list[JudgedRow]] = {}
    for one in sorted(services.store.verdicts.judged(), key=lambda one: one.row.fid):
        by_scan.setdefault(one.row.scan_id, []).append(one)
    return [_pair(services, services.store.scans.get(scan_id), by_scan[scan_id]) for scan_id in sorted(by_scan)]


def _pair(services: Services, scan: Scan, judged: list[JudgedRow]) -> JudgedPair:
    before, after = services.store.scenes.get(scan.before_scene), services.store.scenes.get(scan.after_scene)
    roles = {given.get("role") for given in scan.provenance.get("inputs") or []}
    return JudgedPair(
        scan_id=scan.id,
        before=services.blobs.path(before.sha256),
        after=services.blobs.path(after.sha256),
        before_crs=before.declared_crs,
        after_crs=after.declared_crs,
        before_at=before.acquired_at,
        after_at=after.acquired_at,
        # a scan of surface models alone stores them as its two scenes
        surfaces="before_dsm" in roles and "before" not in roles,
        judged=tuple(_outline(one) for one in judged),
    )


def _outline(one: JudgedRow) -> JudgedOutline:
    corrected = one.verdict.outline
    shape = orjson.loads(one.geojson)["geometry"] if corrected is None else corrected
    return JudgedOutline(
        finding_id=one.row.fid,
        outline=shapely.from_geojson(orjson.dumps(shape).decode()),
        change=cast("Change", one.row.change),
        right=one.verdict.verdict,
        reason=one.verdict.reason,
        corrected=corrected is not None,
    )
