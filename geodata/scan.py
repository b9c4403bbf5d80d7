"""The composition: two scenes and the layers in, findings out.

>>> from geodata.scan import scan                                   # doctest: +SKIP
>>> result = scan("before_20250412.tif", "after_20260918.tif")      # doctest: +SKIP
>>> result.findings[["change", "confidence", "area_m2", "status"]]  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.assess import Book, assess, shipped_book, watched_areas
from geodata.assess.priority import Lead, priority
from geodata.crs import CRS84
from geodata.detect.candidates import Candidate, ordered
from geodata.detect.crews import Crew, Resumed, Threads
from geodata.detect.detector import shipped
from geodata.detect.measured import Pictures
from geodata.detect.pair import detect
from geodata.detect.thresholds import Areas
from geodata.errors import OptionError
from geodata.io.rasters import RasterInfo, inspect_raster, require_unchanged
from geodata.pairing.admissible import judge_pair
from geodata.pairing.checks import PairFacts
from geodata.pairing.plan import least_overlap, plan_pair, require_dates
from geodata.provenance import Compared, Seen, admitted, provenance
from geodata.scan_height import (
    CONFIRMED,
    SurfaceScan,
    height_candidates,
    joined,
    open_surfaces,
    pictures_on,
    wanted,
    with_heights,
)
from geodata.scan_images import (
    Judge,
    Prepared,
    Readings,
    candidates_of,
    nothing_in_common,
    prepared_from,
    read_pair,
    where_seen,
)
from geodata.steps import Steps, once
from geodata.types import LayerReport, Layers, ProgressHook, ScanOptions, ScanRequest, SurfaceFiles


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
    judge: Judge | None = None,
    book: Book | None = None,
    steps: Steps | None = None,
    crew: Crew | None = None,
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
        judge: What judges the imagery, the one that `options.detector` names; None: the training-free detector that
            Kancha ships.
        book: The rulebook that `options.rules` names, None: the one that Kancha ships under that id.
        steps: Where what is done is kept, so that the same scan goes on where it was interrupted; None: nowhere.
        crew: Who works on the windows of the images, None: `options.workers` threads. Neither changes the result.

    Raises:
        OptionError: If the options name another detector than the judge, or another rulebook.
        RulebookError: If the rulebook does not hold on the day of the second date.
        KanchaError: Another of the named refusals of `geodata.errors`.
    """
    options = options or ScanOptions()
    ask = ScanRequest(layers or Layers(), aoi, options, layer_reports, _book_for(book, options))
    tell = progress or (lambda share, what: None)
    tell(0.0, "checking")
    if before is not None and after is not None:
        work = _Work(_fitting(judge, ask.options), steps, crew or Threads(options.workers))
        return _scan_images((Path(before), Path(after)), surfaces, ask, tell, work)
    if before is None and after is None and surfaces is not None:
        return _scan_surfaces(surfaces, ask, tell)
    raise OptionError(
        "A scan compares two dates: a pair of images, a pair of surface models, or both.",
        remedy="Give BEFORE and AFTER, or --before-dsm and --after-dsm, or all four.",
    )


@dataclass(frozen=True)
class _Work:
    """Who does the work on images, and what is kept of it."""

    judge: Judge
    steps: Steps | None
    crew: Crew

    @property
    def resumed(self) -> Crew:
        """The crew, after those whose groups are kept."""
        return self.crew if self.steps is None else Resumed(self.steps, self.crew)


READ = "read"
"""The step that brings two images together; whoever works on their windows elsewhere begins with it."""


def _fitting(judge: Judge | None, options: ScanOptions) -> Judge:
    """The judge that the options name, if it can do what they ask; told before the work."""
    given = judge or Judge(shipped())
    if given.name != options.detector:
        raise OptionError(
            f"The options name the detector {options.detector}, and {given.name} was given to judge.",
            remedy="Give the judge whose `name` the options hold.",
        )
    if options.false_alarms_per_km2 is not None:
        assert given.background
    return given


def _book_for(book: Book | None, options: ScanOptions) -> Book:
    """The rulebook that the options name."""
    given = book or shipped_book(options.rules.partition("+")[0])
    if options.rules not in (given.rules.id, given.name):
        raise OptionError(
            f"The options name the rulebook {options.rules}, and {given.name} was given.",
            remedy="Give the rulebook whose `name` the options hold.",
        )
    return given


def _scan_images(
    paths: tuple[Path, Path],
    surfaces: SurfaceFiles | None,
    ask: ScanRequest,
    tell: ProgressHook,
    work: _Work,
) -> ScanResult:
    """Compare two images, with surface models where there are any."""
    options, judge = ask.options, work.judge
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(inspect_raster, path, crs=crs)
            for path, crs in zip(paths, (options.before_crs, options.after_crs), strict=True)
        ]
        first, second = (one.result() for one in both)
    dates = require_dates(first, second, options.before_date, options.after_date)
    ask.book.require_in_effect(dates[1])
    least = least_overlap(options)
    pair = plan_pair(
        first, second, min_area_m2=options.min_area_m2, gsd_m=options.gsd_m, area=ask.area, min_overlap=least
    )
    facts = PairFacts(first, second, dates, pair)
    judge_pair(facts, options).require()
    tell(0.02, "aligning")
    heights = None if surfaces is None else open_surfaces(surfaces, options, ask.area)
    readings = once(work.steps, READ, Readings, lambda: read_pair(first, second, pair, options.workers))
    prepared = prepared_from(readings.moved(first.path, second.path), ask.area, options, judge)
    alignment, usable = prepared.alignment, prepared.usable
    facts = replace(facts, alignment=alignment, effective_bits=usable.effective_bits, usable_share=usable.joint_share)
    gate = judge_pair(facts, options)
    gate.require()
    tell(0.1, "detecting")
    found = detect(prepared.plan, options.window_px, work.resumed, lambda at: tell(0.1 + 0.8 * at, "detecting"))
    if found.seen_px == 0:
        raise nothing_in_common(first, second)
    tell(0.9, "outlining")
    areas = watched_areas(ask.layers.zones, dates[1], ask.book.rules)
    candidates, threshold = candidates_of(found, prepared, options, gate, areas)
    if heights is not None:
        tell(0.9, "comparing heights")
        pictures = _pictures(heights, (first, second), prepared)
        told_higher = with_heights(candidates, heights, pictures, options.workers)
        seen = where_seen(wanted(told_higher, options, areas, judge.candidate), prepared.plan)
        candidates = ordered(joined(seen, height_candidates(heights, options, areas, pictures).candidates))
    else:
        candidates = where_seen(candidates, prepared.plan)
    inputs = [("before", first), ("after", second), *(heights.inputs if heights else ())]
    for _, info in inputs:
        require_unchanged(info)
    what = Compared(
        inputs=inputs,
        dates=dates,
        pair=pair,
        alignment=alignment,
        seen=Seen(found.seen_px, found.wanted_px),
        model=judge.identity,
        heights=None if heights is None else heights.as_dict(),
    )
    told = provenance(what, ask)
    told |= admitted(told, gate, usable)
    candidates, told["left_out"] = _large_enough(candidates, areas)
    told |= {"threshold": threshold, "looked_at_closely": round(found.fine_px / found.seen_px, 4)}
    tell(0.95, "assessing")
    findings = _findings(candidates, ask, told, dates, areas.strong(_outlines(candidates), judge.confirmed))
    tell(1.0, "done")
    return ScanResult(findings, told)


def _scan_surfaces(surfaces: SurfaceFiles, ask: ScanRequest, tell: ProgressHook) -> ScanResult:
    """Compare two surface models without imagery."""
    options = ask.options
    heights = open_surfaces(surfaces, options, ask.area)
    dates = require_dates(heights.before, heights.after, options.before_date, options.after_date)
    ask.book.require_in_effect(dates[1])
    tell(0.1, "detecting")
    areas = watched_areas(ask.layers.zones, dates[1], ask.book.rules)
    found = height_candidates(heights, options, areas, progress=lambda at: tell(0.1 + 0.8 * at, "detecting"))
    for _, info in heights.inputs:
        require_unchanged(info)
    what = Compared(
        inputs=heights.inputs,
        dates=dates,
        pair=heights.pair,
        alignment=heights.alignment,
        seen=Seen(found.seen_px, found.wanted_px),
        model=f"surfaces/{version('kancha')}",
        heights=heights.as_dict(),
    )
    told = provenance(what, ask)
    tell(0.95, "assessing")
    candidates, told["left_out"] = _large_enough(ordered(found.candidates), areas)
    findings = _findings(candidates, ask, told, dates, areas.strong(_outlines(candidates), CONFIRMED))
    tell(1.0, "done")
    return ScanResult(findings, told)


def _pictures(heights: SurfaceScan, images: tuple[RasterInfo, RasterInfo], prepared: Prepared) -> Pictures:
    """The imagery on the grid of the surface models, shifted as the dates lie."""
    alignment, gsd_m = prepared.alignment, prepared.plan.grid.pixel_size[0]
    shift = alignment.global_px if alignment.reliable else (0.0, 0.0)
    return pictures_on(heights, *images, (shift[0] * gsd_m, shift[1] * gsd_m))


def _outlines(candidates: list[Candidate]) -> npt.NDArray[np.object_]:
    return np.array([c.polygon for c in candidates], object)


def _large_enough(candidates: list[Candidate], areas: Areas) -> tuple[list[Candidate], dict[str, int]]:
    """The candidates without those that are smaller than their zone wants, and how many those were."""
    least = areas.least(_outlines(candidates))
    kept = [c for c, m2 in zip(candidates, least, strict=True) if c.area_m2 >= m2]
    return kept, {"below_zone_minimum": len(candidates) - len(kept)}


def _findings(
    candidates: list[Candidate],
    ask: ScanRequest,
    told: dict[str, Any],
    dates: tuple[datetime, datetime],
    strong: Sequence[float] | npt.NDArray[np.float64],
) -> gpd.GeoDataFrame:
    """The detection features of the contract, assessed."""
    scan_id = told["scan_id"]
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
            "tier": "confirmed" if c.confidence >= least else "candidate",
            "before_acquired_at": dates[0].astimezone(UTC).isoformat(),
            "after_acquired_at": dates[1].astimezone(UTC).isoformat(),
            "geometry": c.polygon,
        }
        for c, least in zip(candidates, strong, strict=True)
    ]
    columns = [*_EMPTY_COLUMNS] if not rows else None
    frame = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=CRS84)
    for name in ("height_gain_m", "storeys"):
        # Whole numbers stay whole, and what is not known stays None beside what is.
        frame[name] = pd.Series([row[name] for row in rows], dtype=object, index=frame.index)
    assessed = assess(frame, ask.layers, as_of=dates[1], book=ask.book)
    assessed["priority"] = [priority(Lead.of(row)) for row in assessed.to_dict("records")]
    for name in REVIEWED:
        assessed[name] = pd.Series(None, dtype=object, index=assessed.index)
    return assessed


REVIEWED = ("judged", "judged_reason", "suppressed_by")
"""What officers and a store say of a finding: null for a scan outside a store."""


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
