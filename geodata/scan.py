"""The composition: two scenes and the layers in, findings out.

>>> from geodata.scan import scan                                   # doctest: +SKIP
>>> result = scan("before_20250412.tif", "after_20260918.tif")      # doctest: +SKIP
>>> result.findings[["change", "confidence", "area_m2", "status"]]  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.area import area_on
from geodata.assess import assess
from geodata.crs import CRS84, crs_label
from geodata.detect.background import background_factor, confidence_floor
from geodata.detect.candidates import (
    CANDIDATE_CONFIDENCE,
    CONFIRMED_CONFIDENCE,
    Candidate,
    make_candidate,
    measure_object,
    with_altered,
)
from geodata.detect.pipeline import DIRECTIONS, Detection, Operating, WindowPlan, detect
from geodata.errors import EmptyRasterError, OptionError
from geodata.io.rasters import RasterInfo, inspect_raster
from geodata.io.warp import GridReader, ShiftField
from geodata.pairing.admissible import Admissibility, judge_pair
from geodata.pairing.checks import PairFacts
from geodata.pairing.coregister import Alignment, align_blocks
from geodata.pairing.joint import PairUsable, look_at_pair
from geodata.pairing.patches import read_blocks
from geodata.pairing.plan import PairPlan, least_overlap, plan_pair, require_dates
from geodata.pairing.radiometry import normalise, sample_pair
from geodata.pairing.ties import Ties
from geodata.pairing.usable import usable_share
from geodata.scan_height import (
    SurfaceScan,
    height_candidates,
    joined,
    open_surfaces,
    pictures_on,
    wanted,
    with_heights,
)
from geodata.types import LAYER_KINDS, LayerReport, Layers, ProgressHook, ScanOptions, SurfaceFiles

SUSPECT, SUSPECT_GONE, PIECE = -150, -40, -205
"""Scores (hundredths of a log-odds) from which a pixel is looked at closely, and a piece belongs to an object."""

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
    before: Path | str | None = None,
    after: Path | str | None = None,
    *,
    surfaces: SurfaceFiles | None = None,
    layers: Layers | None = None,
    aoi: shapely.MultiPolygon | None = None,
    options: ScanOptions | None = None,
    progress: ProgressHook | None = None,
    layer_reports: Sequence[LayerReport] = (),
) -> ScanResult:
    """Compare two scenes and assess what changed: imagery, surface models, or both.

    Args:
        before: GeoTIFF of the first date; None: the surface models alone are compared.
        after: GeoTIFF of the second date.
        surfaces: Surface models of the two dates.
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
    if before is None and after is None and surfaces is not None:
        return _scan_surfaces(surfaces, _Request(layers, aoi, options, tell, layer_reports))
    if before is None or after is None:
        raise OptionError(
            "A scan compares two dates: a pair of images, a pair of surface models, or both.",
            remedy="Give BEFORE and AFTER, or --before-dsm and --after-dsm, or all four.",
        )
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(inspect_raster, Path(path), crs=crs)
            for path, crs in ((before, options.before_crs), (after, options.after_crs))
        ]
        first, second = (one.result() for one in both)
    dates = require_dates(first, second, options.before_date, options.after_date)
    least = least_overlap(options)
    pair = plan_pair(first, second, min_area_m2=options.min_area_m2, gsd_m=options.gsd_m, area=aoi, min_overlap=least)
    facts = PairFacts(first, second, dates, pair)
    judge_pair(facts, options).require()
    tell(0.02, "aligning")
    heights = None if surfaces is None else open_surfaces(surfaces, options, aoi)
    alignment, plan, usable = _prepare(first, second, pair, aoi, options)
    facts = replace(facts, alignment=alignment, effective_bits=usable.effective_bits, usable_share=usable.joint_share)
    gate = judge_pair(facts, options)
    gate.require()
    tell(0.1, "detecting")
    found = detect(plan, options.window_px, options.workers, lambda share: tell(0.1 + 0.8 * share, "detecting"))
    if found.seen_px == 0:
        raise EmptyRasterError(
            f"{first.name} and {second.name} have no pixel that is valid in both.",
            remedy="Check the nodata values and the overlap of the two scenes.",
            usable_share=0.0,
        )
    tell(0.9, "outlining")
    candidates, threshold = _candidates(found, plan, alignment, options, gate)
    if heights is not None:
        tell(0.9, "comparing heights")
        candidates = _with_surfaces(candidates, heights, (first, second), alignment, pair, options)
    provenance = _provenance(
        (first, second), dates, pair, alignment, found, options, aoi, layers, layer_reports, heights
    )
    provenance |= _admitted(provenance, gate, usable)
    provenance |= {"threshold": threshold, "looked_at_closely": round(found.fine_px / found.seen_px, 4)}
    tell(0.95, "assessing")
    findings = _findings(candidates, layers, provenance, dates)
    tell(1.0, "done")
    return ScanResult(findings, provenance)


@dataclass(frozen=True)
class _Request:
    """What is asked of a scan, whatever is compared."""

    layers: Layers
    aoi: shapely.MultiPolygon | None
    options: ScanOptions
    tell: ProgressHook
    layer_reports: Sequence[LayerReport]


def _scan_surfaces(surfaces: SurfaceFiles, ask: _Request) -> ScanResult:
    """Compare two surface models without imagery."""
    options = ask.options
    heights = open_surfaces(surfaces, options, ask.aoi)
    dates = require_dates(heights.before, heights.after, options.before_date, options.after_date)
    ask.tell(0.1, "detecting")
    found = height_candidates(heights, options, progress=lambda share: ask.tell(0.1 + 0.8 * share, "detecting"))
    levels = heights.levels
    lying = Alignment(
        field=levels.field() or ShiftField(np.zeros((2, 2)), np.zeros((2, 2)), 1 << 20),
        global_px=levels.applied_px,
        points=levels.stable_px,
        residual_median_px=float("nan"),
        residual_p90_px=float("nan"),
        reliable=True,
        gsd_m=heights.pair.grid.pixel_size[0],
        ties=Ties.none(),
        used=np.zeros(0, bool),
    )
    provenance = _provenance(
        None,
        dates,
        heights.pair,
        lying,
        Detection({}, found.seen_px, found.wanted_px, found.seen_px),
        options,
        ask.aoi,
        ask.layers,
        ask.layer_reports,
        heights,
    )
    ask.tell(0.95, "assessing")
    findings = _findings(_ordered(found.candidates), ask.layers, provenance, dates)
    ask.tell(1.0, "done")
    return ScanResult(findings, provenance)


def _with_surfaces(
    candidates: list[Candidate],
    heights: SurfaceScan,
    images: tuple[RasterInfo, RasterInfo],
    alignment: Alignment,
    pair: PairPlan,
    options: ScanOptions,
) -> list[Candidate]:
    """The imagery's candidates with their heights, and what the surfaces alone show."""
    gsd_m = pair.grid.pixel_size[0]
    shift = alignment.global_px if alignment.reliable else (0.0, 0.0)
    pictures = pictures_on(heights, *images, (shift[0] * gsd_m, shift[1] * gsd_m))
    seen = wanted(with_heights(candidates, heights, pictures, options.workers), options)
    return _ordered(joined(seen, height_candidates(heights, options, pictures).candidates))


def _ordered(candidates: list[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda c: (-c.confidence, c.change, c.row, c.col))


def _prepare(
    first: RasterInfo, second: RasterInfo, pair: PairPlan, aoi: shapely.MultiPolygon | None, options: ScanOptions
) -> tuple[Alignment, WindowPlan, PairUsable]:
    """Align, look and normalise: everything about the pair that its windows share."""
    threads = options.workers
    before = GridReader(first, pair.bands, pair.grid)
    unshifted = GridReader(second, pair.bands, pair.grid)
    blocks = read_blocks(before, unshifted, threads)
    alignment = align_blocks(blocks, before)
    after = replace(unshifted, shift=alignment.field if alignment.reliable else None)
    sample = sample_pair(blocks, after.shift)
    if sample.x.size == 0:
        raise EmptyRasterError(
            f"{first.name} and {second.name} have no pixel that is valid in both.",
            remedy="Check the nodata values and the overlap of the two scenes.",
            usable_share=0.0,
        )
    usable = look_at_pair(blocks, before, after)
    operating = Operating(SUSPECT, SUSPECT_GONE, PIECE, options.thorough)
    return (
        alignment,
        WindowPlan(
            before, after, *normalise(sample, pair.grid.shape), usable.statistics, area_on(pair.grid, aoi), operating
        ),
        usable,
    )


def _candidates(
    found: Detection, plan: WindowPlan, alignment: Alignment, options: ScanOptions, gate: Admissibility
) -> tuple[list[Candidate], dict[str, float]]:
    """The structures that are reported, and the point at which they were cut off."""
    residual = alignment.residual_p90_px if alignment.reliable else _UNKNOWN_RESIDUAL_PX
    pixel_m2 = float(np.prod(plan.grid.pixel_size))
    measured = [
        measure_object(component, change)
        for change in DIRECTIONS
        for component in found.components[change]
        if component.pixels * pixel_m2 >= 0.8 * options.min_area_m2
    ]
    floor, factor = max(CANDIDATE_CONFIDENCE, options.min_confidence), 1.0
    if options.false_alarms_per_km2 is not None:
        appeared = [m.confidence for m in measured if m.change == "appeared"]
        factor = background_factor(appeared, found.seen_px * pixel_m2 / 1e6)
        floor = max(confidence_floor(options.false_alarms_per_km2, factor), options.min_confidence)
    kept = []
    for one in measured:
        confidence = gate.lowered(one.confidence)
        if confidence >= floor:
            candidate = replace(make_candidate(one, plan.grid, residual), confidence=confidence)
            if candidate.area_m2 >= options.min_area_m2:
                kept.append(candidate)
    return _ordered(with_altered(kept)), {"confidence": round(floor, 4), "background": round(factor, 3)}


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
            "stage": c.stage,
            "height_gain_m": None if c.height_gain_m is None else round(c.height_gain_m, 2),
            "storeys": c.storeys,
            "cues": list(c.cues),
            "flags": list(c.flags),
            "tier": "confirmed" if c.confidence >= CONFIRMED_CONFIDENCE else "candidate",
            "before_acquired_at": dates[0].astimezone(UTC).isoformat(),
            "after_acquired_at": dates[1].astimezone(UTC).isoformat(),
            "geometry": c.polygon,
        }
        for c in candidates
    ]
    columns = [*_EMPTY_COLUMNS] if not rows else None
    frame = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=CRS84)
    for name in ("height_gain_m", "storeys"):
        # Whole numbers stay whole, and what is not known stays None beside what is.
        frame[name] = pd.Series([row[name] for row in rows], dtype=object, index=frame.index)
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
    "storeys",
    "cues",
    "flags",
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
    scenes: tuple[RasterInfo, RasterInfo] | None,
    dates: tuple[datetime, datetime],
    pair: PairPlan,
    alignment: Alignment,
    found: Detection,
    options: ScanOptions,
    aoi: shapely.MultiPolygon | None,
    layers: Layers,
    layer_reports: Sequence[LayerReport],
    heights: SurfaceScan | None = None,
) -> dict[str, Any]:
    given = [] if scenes is None else list(zip(("before", "after"), scenes, strict=True))
    inputs = [
        {
            "role": role,
            "name": info.name,
            "sha256": info.sha256,
            "acquired_at": dates[0 if role.startswith("before") else 1].astimezone(UTC).isoformat(),
            "crs": crs_label(info.grid.crs),
            "gsd_m": round(info.gsd_m, 4),
            "acquisition": info.acquisition.as_dict(),
        }
        for role, info in [*given, *(heights.inputs if heights else ())]
    ]
    parameters = {**options.result_parameters(), "aoi": None if aoi is None else aoi.wkt}
    identity = {
        "inputs": [{k: i[k] for k in ("role", "sha256", "acquired_at", "acquisition")} for i in inputs],
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
        "model": f"{'surfaces' if scenes is None else 'training-free'}/{version('kancha')}",
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
        "heights": None if heights is None else heights.as_dict(),
        "usable_share": round(found.seen_px / max(1, found.wanted_px), 4),
        "area_km2": round(found.seen_px * gsd_m * gsd_m / 1e6, 4),
    }


def _admitted(provenance: dict[str, Any], gate: Admissibility, usable: PairUsable) -> dict[str, Any]:
    """The gate's report, and with each input what its samples show (`usable_share` itself is of all pixels)."""
    images = [
        {**told, "usable_share": usable_share(shares), "shares": dict(shares)}
        for told, shares in zip(provenance["inputs"][:2], usable.shares, strict=True)
    ]
    return {"inputs": [*images, *provenance["inputs"][2:]], "admissibility": gate.as_dict()}


def _number(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None
