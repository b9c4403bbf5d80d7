"""The composition: two scenes and the layers in, findings out.

>>> from geodata.scan import scan                                   # doctest: +SKIP
>>> result = scan("before_20250412.tif", "after_20260918.tif")      # doctest: +SKIP
>>> result.findings[["change", "confidence", "area_m2", "status"]]  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geodata.assess import assess
from geodata.crs import CRS84, crs_label, transform_xy
from geodata.detect.candidates import CANDIDATE_CONFIDENCE, CONFIRMED_CONFIDENCE, Candidate, make_candidate
from geodata.detect.pipeline import DIRECTIONS, Detection, WindowPlan, detect
from geodata.errors import EmptyRasterError
from geodata.io.rasters import RasterInfo, inspect_raster
from geodata.io.warp import GridReader
from geodata.pairing.coregister import Alignment, align_blocks
from geodata.pairing.patches import read_blocks
from geodata.pairing.plan import PairPlan, plan_pair, require_dates
from geodata.pairing.radiometry import normalise, sample_pair
from geodata.types import LAYER_KINDS, LayerReport, Layers, ProgressHook, ScanOptions

THRESHOLD = -80
"""Pixel score (hundredths of a log-odds) from which objects are cut."""

_UNKNOWN_RESIDUAL_PX = 2.0


@dataclass(frozen=True)
class ScanResult:
    """What a scan found.

    Args:
        findings: One row per finding, CRS84, columns as the detection feature of the contract.
        provenance: Inputs, parameters and measures from which the findings can be recomputed.
    """

    findings: gpd.GeoDataFrame
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def scan_id(self) -> str:
        """Identity of the scan: the same inputs and parameters give the same one."""
        return str(self.provenance["scan_id"])

    def feature_collection(self) -> dict[str, Any]:
        """The findings as a GeoJSON FeatureCollection (RFC 7946) with a `provenance` member."""
        features = []
        for row in self.findings.to_dict("records"):
            geometry = shapely.geometry.mapping(row.pop("geometry"))
            features.append({"type": "Feature", "id": row["id"], "geometry": geometry, "properties": row})
        return {"type": "FeatureCollection", "features": features, "provenance": self.provenance}


def scan(
    before: Path | str,
    after: Path | str,
    *,
    layers: Layers | None = None,
    aoi: shapely.MultiPolygon | None = None,
    options: ScanOptions | None = None,
    progress: ProgressHook | None = None,
    layer_reports: Sequence[LayerReport] = (),
) -> ScanResult:
    """Compare two scenes and assess what changed.

    Args:
        before: GeoTIFF of the first date.
        after: GeoTIFF of the second date.
        layers: What the findings are assessed against.
        aoi: Area of interest in CRS84; only findings that touch it are reported.
        options: The user's choices.
        progress: Hears of the work's progress and may stop it.
        layer_reports: Reports of the layers, kept in the provenance.

    Raises:
        KanchaError: One of the named refusals of `geodata.errors`.
    """
    options, layers = options or ScanOptions(), layers or Layers()
    tell = progress or (lambda share, what: None)
    tell(0.0, "checking")
    first = inspect_raster(Path(before), crs=options.before_crs)
    second = inspect_raster(Path(after), crs=options.after_crs)
    dates = require_dates(first, second, options.before_date, options.after_date)
    pair = plan_pair(first, second, min_area_m2=options.min_area_m2, gsd_m=options.gsd_m, area=aoi)
    tell(0.02, "aligning")
    plan, alignment = _prepare(first, second, pair, aoi, options.workers)
    tell(0.1, "detecting")
    window = -(-options.window_px // 64) * 64
    found = detect(plan, window, options.workers, lambda share: tell(0.1 + 0.8 * share, "detecting"))
    if found.seen_px == 0:
        raise EmptyRasterError(
            f"{first.name} and {second.name} have no pixel that is valid in both.",
            remedy="Check the nodata values and the overlap of the two scenes.",
            usable_share=0.0,
        )
    tell(0.9, "outlining")
    candidates = _candidates(found, plan, alignment, options)
    provenance = _provenance((first, second), dates, pair, alignment, found, options, aoi, layers, layer_reports)
    tell(0.95, "assessing")
    findings = _findings(candidates, layers, provenance, dates)
    tell(1.0, "done")
    return ScanResult(findings, provenance)


def _prepare(
    first: RasterInfo, second: RasterInfo, pair: PairPlan, aoi: shapely.MultiPolygon | None, threads: int = 1
) -> tuple[WindowPlan, Alignment]:
    """Align and normalise: everything about the pair that its windows share."""
    before = GridReader(first, pair.bands, pair.grid)
    raw_after = GridReader(second, pair.bands, pair.grid)
    blocks = read_blocks(before, raw_after, threads)
    alignment = align_blocks(blocks, before)
    after = GridReader(second, pair.bands, pair.grid, alignment.field if alignment.reliable else None)
    sample = sample_pair(blocks, after.shift)
    if sample.x.size == 0:
        raise EmptyRasterError(
            f"{first.name} and {second.name} have no pixel that is valid in both.",
            remedy="Check the nodata values and the overlap of the two scenes.",
            usable_share=0.0,
        )
    maps = normalise(sample, pair.grid.shape)
    area = None
    if aoi is not None:
        area = shapely.transform(aoi, lambda c: np.column_stack(transform_xy(CRS84, pair.grid.crs, *c.T)))
    return WindowPlan(before, after, *maps, area, THRESHOLD), alignment


def _candidates(found: Detection, plan: WindowPlan, alignment: Alignment, options: ScanOptions) -> list[Candidate]:
    residual = alignment.residual_p90_px if alignment.reliable else _UNKNOWN_RESIDUAL_PX
    smallest_px = 0.8 * options.min_area_m2 / float(np.prod(plan.grid.pixel_size))
    floor = max(CANDIDATE_CONFIDENCE, options.min_confidence)
    kept = []
    for change in DIRECTIONS:
        for component in found.components[change]:
            if component.pixels < smallest_px:
                continue
            candidate = make_candidate(component, change, plan.grid, residual)
            if candidate.area_m2 >= options.min_area_m2 and candidate.confidence >= floor:
                kept.append(candidate)
    return sorted(kept, key=lambda c: (-c.confidence, c.change, c.row, c.col))


def _findings(
    candidates: list[Candidate], layers: Layers, provenance: dict[str, Any], dates: tuple[datetime, datetime]
) -> gpd.GeoDataFrame:
    """The detection features of the contract, assessed."""
    scan_id = provenance["scan_id"]
    rows = [
        {
            "id": _finding_id(scan_id, c),
            "scan_id": scan_id,
            "structure_id": None,
            "change": c.change,
            "confidence": round(c.confidence, 4),
            "area_m2": round(c.area_m2, 1),
            "area_error_m2": round(c.area_error_m2, 1),
            "outline_error_m": round(c.outline_error_m, 2),
            "stage": "unknown",
            "height_gain_m": None,
            "cues": list(c.cues),
            "tier": "confirmed" if c.confidence >= CONFIRMED_CONFIDENCE else "candidate",
            "before_acquired_at": dates[0].astimezone(UTC).isoformat(),
            "after_acquired_at": dates[1].astimezone(UTC).isoformat(),
            "geometry": c.polygon,
        }
        for c in candidates
    ]
    columns = [*_EMPTY_COLUMNS] if not rows else None
    frame = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=CRS84)
    return assess(frame, layers, as_of=dates[1])


_EMPTY_COLUMNS = (
    "id",
    "scan_id",
    "structure_id",
    "change",
    "confidence",
    "area_m2",
    "area_error_m2",
    "outline_error_m",
    "stage",
    "height_gain_m",
    "cues",
    "tier",
    "before_acquired_at",
    "after_acquired_at",
    "geometry",
)


def _finding_id(scan_id: str, candidate: Candidate) -> str:
    text = f"{scan_id}|{candidate.change}|{candidate.polygon.wkt}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def layers_digest(layers: Layers) -> dict[str, str]:
    """Checksum of the content of each layer that is given, so that a scan names what it stood on."""
    digests: dict[str, str] = {}
    for kind in LAYER_KINDS:
        frame = getattr(layers, kind)
        if frame is not None:
            text = frame.to_json(default=str, drop_id=True).encode()
            digests[kind] = hashlib.sha256(text).hexdigest()
    return digests


def _provenance(
    scenes: tuple[RasterInfo, RasterInfo],
    dates: tuple[datetime, datetime],
    pair: PairPlan,
    alignment: Alignment,
    found: Detection,
    options: ScanOptions,
    aoi: shapely.MultiPolygon | None,
    layers: Layers,
    layer_reports: Sequence[LayerReport],
) -> dict[str, Any]:
    inputs = [
        {
            "role": role,
            "name": info.name,
            "sha256": info.sha256,
            "acquired_at": moment.astimezone(UTC).isoformat(),
            "crs": crs_label(info.grid.crs),
            "gsd_m": round(info.gsd_m, 4),
        }
        for role, info, moment in zip(("before", "after"), scenes, dates, strict=True)
    ]
    parameters = {**options.result_parameters(), "aoi": None if aoi is None else aoi.wkt}
    identity = {
        "inputs": [{k: i[k] for k in ("role", "sha256", "acquired_at")} for i in inputs],
        "parameters": parameters,
        "layers": layers_digest(layers),
        "code": version("kancha"),
    }
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()
    gsd_m = pair.grid.pixel_size[0]
    return {
        "scan_id": digest[:16],
        "inputs": inputs,
        "parameters": parameters,
        "parameters_sha256": hashlib.sha256(json.dumps(parameters, sort_keys=True, default=str).encode()).hexdigest(),
        "layers": identity["layers"],
        "layer_reports": [report.as_dict() for report in layer_reports],
        "model": f"training-free/{version('kancha')}",
        "code_version": version("kancha"),
        "grid": {"crs": crs_label(pair.grid.crs), "gsd_m": gsd_m, "shape": list(pair.grid.shape)},
        "overlap_share": round(pair.overlap_share, 4),
        "pixel_ratio": round(pair.pixel_ratio, 3),
        "alignment": {
            "reliable": alignment.reliable,
            "shift_px": [round(v, 2) for v in alignment.global_px],
            "tie_points": alignment.points,
            "residual_median_px": _number(alignment.residual_median_px),
            "residual_p90_px": _number(alignment.residual_p90_px),
            "residual_median_m": _number(alignment.residual_median_m),
            "residual_p90_m": _number(alignment.residual_p90_m),
            "ties": alignment.tie_rows(),
        },
        "usable_share": round(found.seen_px / max(1, found.wanted_px), 4),
        "area_km2": round(found.seen_px * gsd_m * gsd_m / 1e6, 4),
    }


def _number(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None
