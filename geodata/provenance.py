"""Where a result comes from: inputs, parameters, layers and measures from which it can be made again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from geodata.crs import crs_label
from geodata.io.rasters import RasterInfo
from geodata.io.warp import ShiftField
from geodata.pairing.admissible import Admissibility
from geodata.pairing.coregister import Alignment
from geodata.pairing.joint import PairUsable
from geodata.pairing.plan import PairPlan
from geodata.pairing.usable import usable_share
from geodata.types import SCAN_KINDS, Layers, ScanRequest


@dataclass(frozen=True)
class Seen:
    """How much of the ground a detector looked at.

    Args:
        seen_px: Pixels that both dates show.
        wanted_px: Pixels of the area of interest.
    """

    seen_px: int
    wanted_px: int


@dataclass(frozen=True)
class Compared:
    """What was compared, and how.

    Args:
        inputs: Every raster with its role: `before`, `after`, `before_dsm` and so on.
        dates: Acquisition times.
        pair: The common grid.
        alignment: How the dates were brought together.
        seen: How much of the ground was looked at.
        model: Name of what judged it, with its version and checksum.
        heights: Figures of the surface models, where there are any.
    """

    inputs: list[tuple[str, RasterInfo]]
    dates: tuple[datetime, datetime]
    pair: PairPlan
    alignment: Alignment
    seen: Seen
    model: str
    heights: dict[str, Any] | None = None


def layers_digest(layers: Layers) -> dict[str, str]:
    """Checksum of the content of each layer that is given, so that a scan names what it stood on."""
    digests: dict[str, str] = {}
    for kind in SCAN_KINDS:
        frame = getattr(layers, kind)
        if kind in layers.contents:
            digests[kind] = layers.contents[kind].sha256
        elif frame is not None:
            text = frame.to_json(default=str, drop_id=True).encode()
            digests[kind] = hashlib.sha256(text).hexdigest()
    return digests


def _layer_names(layers: Layers, digests: dict[str, str]) -> dict[str, Any]:
    """Each layer by the checksum of its content; one from a store by its version as well."""
    versions = {kind: content.version for kind, content in layers.contents.items()}
    return {
        kind: {"version": versions[kind], "sha256": digest} if versions.get(kind) else digest
        for kind, digest in digests.items()
    }


def provenance(what: Compared, ask: ScanRequest) -> dict[str, Any]:
    """The provenance of a scan.

    Args:
        what: What was compared.
        ask: What was asked for.

    Returns:
        Plain values; `scan_id` is the identity of the result: the same inputs, parameters, layers, code and model.
    """
    inputs = [
        {
            "role": role,
            "name": info.name,
            "sha256": info.sha256,
            "acquired_at": what.dates[0 if role.startswith("before") else 1].astimezone(UTC).isoformat(),
            "crs": crs_label(info.grid.crs),
            "gsd_m": round(info.gsd_m, 4),
            "acquisition": info.acquisition.as_dict(),
        }
        for role, info in what.inputs
    ]
    parameters = {**ask.options.result_parameters(), "aoi": None if ask.area is None else ask.area.wkt}
    digests = layers_digest(ask.layers)
    identity = {
        "inputs": [{k: i[k] for k in ("role", "sha256", "acquired_at", "acquisition")} for i in inputs],
        "parameters": parameters,
        "layers": digests,
        "rules": ask.book.checksum,
        "code": version("kancha"),
        "model": what.model,
    }
    gsd_m = what.pair.grid.pixel_size[0]
    return {
        "scan_id": _digest(identity)[:16],
        "inputs": inputs,
        "parameters": parameters,
        "parameters_sha256": _digest(parameters),
        "layers": _layer_names(ask.layers, digests),
        "rulebook": ask.book.as_dict(),
        "layer_reports": [report.as_dict() for report in ask.layer_reports],
        "model": what.model,
        "code_version": version("kancha"),
        "grid": {
            "crs": crs_label(what.pair.grid.crs),
            "gsd_m": gsd_m,
            "shape": list(what.pair.grid.shape),
            "transform": list(what.pair.grid.transform)[:6],
        },
        "overlap_share": round(what.pair.overlap_share, 4),
        "pixel_ratio": round(what.pair.pixel_ratio, 3),
        "alignment": _alignment(what.alignment),
        "heights": what.heights,
        "usable_share": round(what.seen.seen_px / max(1, what.seen.wanted_px), 4),
        "area_km2": round(what.seen.seen_px * gsd_m * gsd_m / 1e6, 4),
    }


def admitted(told: dict[str, Any], gate: Admissibility, usable: PairUsable) -> dict[str, Any]:
    """The gate's report, and with each input what its samples show (`usable_share` itself is of all pixels)."""
    images = [
        {**one, "usable_share": usable_share(shares), "shares": dict(shares)}
        for one, shares in zip(told["inputs"][:2], usable.shares, strict=True)
    ]
    return {"inputs": [*images, *told["inputs"][2:]], "admissibility": gate.as_dict()}


def _alignment(alignment: Alignment) -> dict[str, Any]:
    return {
        "reliable": alignment.reliable,
        "shift_px": [round(v, 2) for v in alignment.global_px],
        "tie_points": alignment.points,
        "residual_median_px": _number(alignment.residual_median_px),
        "residual_p90_px": _number(alignment.residual_p90_px),
        "residual_median_m": _number(alignment.residual_median_m),
        "residual_p90_m": _number(alignment.residual_p90_m),
        "ties": alignment.tie_rows(),
        "field": _field(alignment.field) if alignment.reliable else None,
    }


def _field(field: ShiftField) -> dict[str, Any]:
    """The shift field by a few nodes, px of the common grid; node (0, 0) lies on its upper left corner."""
    told = field.thinned()
    return {"spacing_px": told.spacing_px, "dx": told.dx.round(3).tolist(), "dy": told.dy.round(3).tolist()}


def _digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _number(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None
