"""What a night's scans say of the structures: new, gone (a demolition that imagery proves), built again.

A cleared site is watched: wherever a scan shows its place again, it is clear, or built upon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import shapely

from geodata.io.dates import BEIJING
from geodata.pairing.scene_mask import SceneMask
from service.services import Services
from service.store.queries import FeatureQuery
from service.store.records import JudgedRow, Scan, Scene
from service.usecases.structures import LEAST_USABLE

_PAGE = 1_000


@dataclass(frozen=True)
class Sites:
    """The structures that scans looked at.

    Args:
        new: Seen for the first time.
        gone: Seen gone for the first time.
        rebuilt: Standing where one was gone, for the first time.
        standing: Suspected ones whose place was shown and that still stand.
        clear: Places of structures that were gone before, shown and clear.
        hidden: Places of suspected or cleared structures that the later scene framed and did not show.
    """

    new: Sequence[dict[str, Any]]
    gone: Sequence[dict[str, Any]]
    rebuilt: Sequence[dict[str, Any]]
    standing: int
    clear: int
    hidden: int


def sites_of(services: Services, scan_ids: Sequence[str], judged: Sequence[JudgedRow]) -> Sites:
    """What scans say of the structures within them.

    Args:
        services: The service.
        scan_ids: The scans.
        judged: What officers said of findings.
    """
    confirmed = {one.row.fid for one in judged if one.verdict.verdict}
    rows: dict[str, dict[str, dict[str, Any]]] = {"new": {}, "gone": {}, "rebuilt": {}}
    built_on: set[str] = set()
    seen: dict[str, set[str]] = {"standing": set(), "clear": set(), "hidden": set()}
    for scan_id in scan_ids:
        scan = services.store.scans.get(scan_id)
        before, after = (services.store.scenes.get(one) for one in (scan.before_scene, scan.after_scene))
        look = _Look(services, scan, before, after)
        for feature in _within(services, before, after):
            kind = look.says_of(feature)
            if kind in rows:
                rows[kind][str(feature["id"])] = _row(feature, confirmed)
            if kind == "rebuilt":
                # its predecessor's place is shown, and not clear
                built_on.add(str(feature["properties"]["rebuilt_of"]))
            elif kind in seen:
                seen[kind].add(str(feature["id"]))
    hidden = seen["hidden"] - seen["standing"] - seen["clear"]
    new, gone, rebuilt = (_largest_first(rows[kind]) for kind in ("new", "gone", "rebuilt"))
    return Sites(new, gone, rebuilt, len(seen["standing"]), len(seen["clear"] - built_on), len(hidden))


def _largest_first(rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows.values(), key=lambda row: (-row["area_m2"], row["id"]))


def _within(services: Services, before: Scene, after: Scene) -> Iterator[dict[str, Any]]:
    """The structures in what two scenes share."""
    boxes = zip(before.bbox, after.bbox, strict=True)
    west, south, east, north = (pick(pair) for pick, pair in zip((max, max, min, min), boxes, strict=True))
    query = FeatureQuery(boxes=((west, south, east, north),), limit=_PAGE)
    while True:
        page = services.store.structures.features(query)
        yield from (orjson.loads(text) for text in page.items)
        if not page.after:
            return
        query = FeatureQuery(boxes=query.boxes, limit=_PAGE, after=page.after)


class _Look:
    """One scan's say.

    Args:
        services: The service.
        scan: The scan.
        before: Its earlier scene.
        after: Its later scene.
    """

    def __init__(self, services: Services, scan: Scan, before: Scene, after: Scene) -> None:
        self._before, self._after = before, after
        findings = services.store.scans.all_findings(FeatureQuery(within=scan.id))
        self._own = {str(orjson.loads(text)["id"]) for text in findings}
        masks = [scene.mask_sha256 for scene in (before, after)]
        self._masks = [None if one is None else SceneMask.read(services.blobs.path(one)) for one in masks]

    def says_of(self, feature: dict[str, Any]) -> str | None:
        """What it says of a structure; None: nothing."""
        told = feature["properties"]
        first, gone = _moment(told["first_seen"]), _moment(told["gone_on"])
        if told["state"] == "merged" or first is None:
            return None
        told_here = bool(self._own.intersection(told["finding_ids"]))
        if told_here and gone == self._after.acquired_at:
            return "gone"
        if told_here and first == self._after.acquired_at:
            return "rebuilt" if told["rebuilt_of"] else "new"
        return self._of_older(feature, first, gone)

    def _of_older(self, feature: dict[str, Any], first: datetime, gone: datetime | None) -> str | None:
        """Of one that was known before: whether its place was shown again, and what there was."""
        known = gone if gone is not None else first
        suspected = gone is None and feature["properties"]["status"] == "suspected"
        if known > self._before.acquired_at or not (suspected or gone is not None):
            return None
        shown = self._shows(shapely.geometry.shape(feature["geometry"]))
        if shown is None:
            return None
        return "hidden" if not shown else "standing" if suspected else "clear"

    def _shows(self, outline: shapely.Geometry) -> bool | None:
        """Whether both scenes show a place; None where one does not frame it."""
        for scene, mask in zip((self._before, self._after), self._masks, strict=True):
            if not shapely.geometry.shape(scene.footprint).covers(outline.representative_point()):
                return None
            share = 1.0 if mask is None else mask.usable_within(outline)
            if share is None or share < LEAST_USABLE:
                return False
        return True


def _row(feature: dict[str, Any], confirmed: set[str]) -> dict[str, Any]:
    told = feature["properties"]
    point = shapely.geometry.shape(feature["geometry"]).representative_point()
    return {
        "id": str(feature["id"]),
        "status": told["status"],
        "area_m2": round(float(told["area_m2"])),
        "place": f"{point.x:.6f}, {point.y:.6f}",
        "first_seen": _day(told["first_seen"]),
        "gone_on": _day(told["gone_on"]),
        "confirmed": bool(confirmed.intersection(told["finding_ids"])),
    }


def _day(text: str | None) -> str | None:
    """The day in Beijing."""
    moment = _moment(text)
    return None if moment is None else f"{moment.astimezone(BEIJING):%Y-%m-%d}"


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
