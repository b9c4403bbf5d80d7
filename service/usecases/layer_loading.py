"""Stored layers for a scan: what lies near its scenes, and what a permit there needs from afar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from geodata.types import LAYER_KINDS, LayerContent, LayerReport, Layers
from service.services import Services
from service.store.records import Box, LayerVersion, Scene
from service.usecases.layer_rows import to_frame

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
        kind: services.store.layers.get(wanted[kind]) for kind in LAYER_KINDS if kind in wanted
    }
    texts: dict[str, dict[str, str]] = {}
    for kind, version in versions.items():
        # of the others, what has no place says nothing of any place
        texts[kind] = _by_id(services.store.layers.rows(version.id, box, unplaced=kind == "permits"))
    if "zones" in versions:
        texts["zones"] |= _by_id(services.store.layers.rows_with(versions["zones"].id, *_DECIDES_EVERYWHERE))
    if "permits" in versions and "parcels" in versions:
        named = _parcels_of(texts["permits"].values())
        for fid, text in _by_id(services.store.layers.named(versions["parcels"].id, sorted(named))).items():
            if orjson.loads(text)["properties"].get("parcel_id") in named:
                texts["parcels"].setdefault(fid, text)
    frames: dict[str, Any] = {
        kind: to_frame(texts[kind].values(), version.columns) for kind, version in versions.items()
    }
    contents = {kind: LayerContent(version.content_sha256, version.id) for kind, version in versions.items()}
    return Layers(**frames, contents=contents), [_report(version.report) for version in versions.values()]


def _by_id(texts: Iterable[str]) -> dict[str, str]:
    return {str(orjson.loads(text)["id"]): text for text in texts}


def _parcels_of(permits: Iterable[str]) -> set[str]:
    """Ids of the parcels on which permits without a polygon stand."""
    features = [orjson.loads(text) for text in permits]
    named = [feature["properties"].get("parcel_id") for feature in features if feature["geometry"] is None]
    return {str(name) for name in named if name is not None}


def _report(stored: Mapping[str, Any]) -> LayerReport:
    told = dict(stored)
    told["dropped"] = [(row[0], row[1]) for row in told["dropped"]]
    return LayerReport(**told)
