"""Stored layers for a scan: what lies near its scenes, and what a permit there needs from afar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import orjson

from geodata.assess.register import SCORES, Hint, Sought, hints_without_ground, resolve_permits
from geodata.types import SCAN_KINDS, LayerContent, LayerReport, Layers
from service.services import Services
from service.store.records import Box, LayerVersion, Scene
from service.usecases.layer_rows import to_frame
from service.usecases.layers import check_versions

MARGIN_M = 200.0
"""So far beyond the scenes features are loaded, m."""
_M_PER_DEGREE = 110_574.0
"""The shortest degree of latitude."""
_DECIDES_EVERYWHERE = ("kind", "urban_development_boundary")
"""A boundary that is on file anywhere makes what lies outside it a village."""


def near(pair: tuple[Scene, Scene], surfaces: Mapping[str, Scene]) -> Box:
    """The box within which a scan may find anything, with a margin of `MARGIN_M`.

    Args:
        pair: The two scenes that are compared.
        surfaces: Scene per role of a surface or terrain model.
    """
    boxes = [_common([scene.bbox for scene in pair])]
    models = [scene.bbox for role, scene in surfaces.items() if role.endswith("dsm")]
    boxes += [_common(models)] if models else []
    west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
    east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return around((west, south, east, north))


def around(box: Box) -> Box:
    """A box in CRS84 with a margin of `MARGIN_M`."""
    west, south, east, north = box
    lat = MARGIN_M / _M_PER_DEGREE
    lon = lat / max(0.01, math.cos(math.radians(min(89.0, max(abs(south), abs(north)) + lat))))
    return west - lon, south - lat, east + lon, north + lat


def _common(boxes: list[Box]) -> Box:
    """What boxes have in common; all of them together where they have nothing."""
    west, south = max(box[0] for box in boxes), max(box[1] for box in boxes)
    east, north = min(box[2] for box in boxes), min(box[3] for box in boxes)
    if west <= east and south <= north:
        return west, south, east, north
    west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
    return west, south, max(box[2] for box in boxes), max(box[3] for box in boxes)


def load_layers(services: Services, wanted: Mapping[str, str], box: Box) -> tuple[Layers, list[LayerReport]]:
    """The stored layers for a scan: the features near it, and what else decides something there.

    Permits without a place are all loaded, and the parcels that they name from wherever they lie, so that a permit is
    without ground only where the version of the parcels knows no parcel of its id.

    Args:
        services: The service.
        wanted: Version per kind.
        box: Where the scan may find anything; see `near`.

    Returns:
        The layers with the content that they stand for, and the reports of their import.
    """
    versions: dict[str, LayerVersion] = {
        kind: services.store.layers.get(wanted[kind]) for kind in SCAN_KINDS if kind in wanted
    }
    texts: dict[str, dict[str, str]] = {}
    for kind, version in versions.items():
        # of the others, what has no place says nothing of any place
        texts[kind] = _by_id(services.store.layers.rows(version.id, box, unplaced=kind == "permits"))
    if "zones" in versions:
        texts["zones"] |= _by_id(services.store.layers.rows_with(versions["zones"].id, *_DECIDES_EVERYWHERE))
    frames: dict[str, Any] = {}
    if "permits" in versions:
        frames["permits"] = to_frame(texts["permits"].values(), versions["permits"].columns)
        if "parcels" in versions:
            hints = hints_without_ground(frames["permits"])
            texts["parcels"] = parcels_of(services, versions["parcels"].id, hints) | texts["parcels"]
    for kind, version in versions.items():
        frames.setdefault(kind, to_frame(texts[kind].values(), version.columns))
    contents = {kind: LayerContent(version.content_sha256, version.id) for kind, version in versions.items()}
    # who works in some areas alone is not told how the rest was read
    reports = [_report(version.report) for version in versions.values() if version.report]
    return Layers(**frames, contents=contents), reports


def match_permits(services: Services, permits_id: str, parcels_id: str) -> dict[str, Any]:
    """How the permits of one version find their ground in a version of the parcels.

    Returns:
        `counts` per way, and `permits`: what each was found by and how well, those without ground first.

    Raises:
        NotFoundError: If one is not there.
        BadRequestBodyError: If one is of another kind.
    """
    check_versions(services, {"permits": permits_id, "parcels": parcels_id})
    stored = services.store.layers
    permits = to_frame(stored.rows(permits_id), stored.get(permits_id).columns)
    known = parcels_of(services, parcels_id, hints_without_ground(permits))
    found = resolve_permits(permits, to_frame(known.values(), stored.get(parcels_id).columns))
    assert found is not None  # there is a register
    rows = [
        {"permit_id": permit, "match": match, "score": score, "parcel_id": parcel, "note": note}
        for permit, match, score, parcel, note in zip(
            permits["permit_id"], found.match, found.score, found.parcel_ids, found.note, strict=True
        )
    ]
    counts = {name: found.match.count(name) for name in SCORES}
    rows.sort(key=lambda row: (float(row["score"]), str(row["permit_id"])))
    return {"permits_version": permits_id, "parcels_version": parcels_id, "counts": counts, "permits": rows}


def _by_id(texts: Iterable[str]) -> dict[str, str]:
    return {str(orjson.loads(text)["id"]): text for text in texts}


def parcels_of(services: Services, version_id: str, hints: Sequence[Hint]) -> dict[str, str]:
    """The parcels on which permits without a polygon stand, with every rival, wherever they lie."""
    stored = services.store.layers
    named = {hint.parcel_id for hint in hints if hint.parcel_id}
    found = _by_id(stored.named(version_id, sorted(named)))
    known = {orjson.loads(text)["properties"].get("parcel_id") for text in found.values()}
    open_ones = [hint for hint in hints if hint.parcel_id not in known]
    if any(hint.parcel_id or hint.address for hint in open_ones):
        # only what no number tells at once is worth going through the whole cadastre, a value at a time
        sought = Sought(open_ones)
        rows = stored.values(version_id, ("parcel_id", "address"))
        found |= _by_id(stored.named(version_id, [fid for fid, *told in rows if sought.matters(*told)]))
    points = [hint.point for hint in open_ones if hint.point is not None]
    return found | _by_id(stored.meeting(version_id, [(lon, lat, lon, lat) for lon, lat in points]))


def _report(stored: Mapping[str, Any]) -> LayerReport:
    # what the service adds, as the count of sealed values, is no part of how the file was read
    told = {one.name: stored[one.name] for one in fields(LayerReport) if one.name in stored}
    told["dropped"] = [(row[0], row[1]) for row in told["dropped"]]
    return LayerReport(**told)
