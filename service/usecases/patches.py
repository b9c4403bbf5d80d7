"""Patches that others hand down, held against the findings: what both saw, what only one of them did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely

from geodata.crs import CGCS2000_GEOD
from service.services import Services
from service.usecases.exports import Selection, findings_of

SAME_SHARE = 0.1
"""Share of the smaller of two outlines that must be common for both to mean one place: patches are drawn wide."""


@dataclass(frozen=True)
class Held:
    """A patch and the findings that lie on it.

    Args:
        patch_id: The patch.
        geojson: The patch as finished GeoJSON.
        finding_ids: Findings on it, the most common ground first.
    """

    patch_id: str
    geojson: str
    finding_ids: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """Patches beside findings.

    Args:
        version_id: The version of the patches.
        patches: Every patch with its findings.
        without_patch: Suspected findings that no patch tells, within the box of all patches.
    """

    version_id: str
    patches: tuple[Held, ...]
    without_patch: tuple[str, ...]

    @property
    def found(self) -> int:
        """Patches with a finding."""
        return sum(bool(one.finding_ids) for one in self.patches)


def compare(services: Services, version_id: str) -> Compared:
    """Hold the patches of a version against all findings that were not dismissed.

    Raises:
        NotFoundError: Without the version.
    """
    services.store.layers.get(version_id)
    texts = list(services.store.layers.rows(version_id))
    features = [orjson.loads(text) for text in texts]
    outlines = np.array([shapely.geometry.shape(f["geometry"]) for f in features], dtype=object)
    rows = list(findings_of(services, Selection(dismissed=False)))
    shapes = np.array([shapely.make_valid(row["geometry"]) for row in rows], dtype=object)
    held: dict[int, list[tuple[float, str]]] = {}
    told: set[int] = set()
    if len(rows) and len(features):
        at, patch = shapely.STRtree(outlines).query(shapes, predicate="intersects")
        common = shapely.area(shapely.intersection(shapes[at], outlines[patch]))
        share = common / np.minimum(shapely.area(shapes[at]), shapely.area(outlines[patch]))
        for row, number, size, part in zip(at.tolist(), patch.tolist(), common.tolist(), share.tolist(), strict=True):
            if part >= SAME_SHARE:
                held.setdefault(number, []).append((-size, str(rows[row]["id"])))
                told.add(row)
    named = tuple(
        Held(str(f["id"]), text, tuple(fid for _, fid in sorted(held.get(k, []))))
        for k, (f, text) in enumerate(zip(features, texts, strict=True))
    )
    return Compared(version_id, named, tuple(_untold(rows, outlines, told)))


def _untold(rows: list[dict[str, Any]], outlines: Any, told: set[int]) -> Iterator[str]:
    if not len(outlines):
        return
    frame = shapely.box(*shapely.total_bounds(outlines))
    for k, row in enumerate(rows):
        if k not in told and row["status"] == "suspected" and row["geometry"].intersects(frame):
            yield str(row["id"])


def as_collection(found: Compared) -> dict[str, Any]:
    """The patches as a GeoJSON FeatureCollection: each with `finding_ids`, and the areas as stated and as measured."""
    features = []
    for one in found.patches:
        feature = orjson.loads(one.geojson)
        outline = shapely.geometry.shape(feature["geometry"])
        measured = abs(float(CGCS2000_GEOD.geometry_area_perimeter(outline)[0]))
        feature["properties"] |= {"finding_ids": list(one.finding_ids), "measured_m2": round(measured, 1)}
        features.append(feature)
    return {
        "type": "FeatureCollection",
        "version": found.version_id,
        "patches": len(found.patches),
        "with_findings": found.found,
        "findings_without_patch": list(found.without_patch),
        "features": features,
    }
