"""The page: views and pictures in, one HTML file out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from geodata.io.rasters import inspect_raster
from geodata.report import words
from geodata.report.files import write_whole
from geodata.report.pictures import Mark, Scenes, draw_chips, draw_map
from geodata.report.shifts import draw_shifts
from geodata.report.view import (
    FindingView,
    beijing,
    check_views,
    finding_views,
    parameters,
    percent,
    pixel_shares,
    status_counts,
)

if TYPE_CHECKING:
    from geodata.scan import ScanResult

MAX_CHIPS = 300
"""Findings shown with pictures; the others stand in the list alone."""


@dataclass(frozen=True)
class Illustrated:
    """A finding with its chips (data URIs)."""

    finding: FindingView
    before: str
    after: str


def write_report(result: ScanResult, before: Path, after: Path, path: Path) -> None:
    """Write the report of a scan: one HTML file that loads nothing, in Chinese with an English switch.

    It is written beside the target and then renamed, so that no half-written report is ever seen.

    Args:
        result: What the scan found.
        before: GeoTIFF of the first date.
        after: GeoTIFF of the second date.
        path: The HTML file to write.

    Raises:
        KanchaError: If a scene cannot be read any more.
        OSError: If the file cannot be written.
    """
    write_whole(Path(path), render(result, Path(before), Path(after)))


def render(result: ScanResult, before: Path, after: Path) -> str:
    """The report as HTML text; see `write_report`."""
    provenance = result.provenance
    findings = finding_views(result.findings.to_dict("records"), provenance)
    given = provenance.get("parameters", {})
    first = inspect_raster(before, crs=given.get("before_crs"))
    second = inspect_raster(after, crs=given.get("after_crs"))
    placed = {
        change: Scenes.around(first, second, provenance, change) for change in {"", *(f.change_key for f in findings)}
    }
    metric = placed[""].metric
    shown = [
        Illustrated(f, *draw_chips(placed[f.change_key], f.shape, f.status_key, metric)) for f in findings[:MAX_CHIPS]
    ]
    marks = [Mark(f.shape, f.status_key, f.number, placed[f.change_key].shift_m) for f in findings]
    environment = Environment(
        loader=PackageLoader("geodata.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["beijing"] = beijing
    environment.filters["percent"] = percent
    return environment.get_template("report.html").render(
        findings=findings,
        shown=shown,
        map_uri=draw_map(placed[""], marks),
        shifts=draw_shifts(provenance),
        counts=status_counts(findings),
        provenance=_complete(provenance),
        dated=[i for i in provenance.get("inputs", []) if i["role"] in _dated(provenance)],
        parameters=parameters(provenance),
        checks=check_views(provenance),
        gate=words.GATE.get(provenance.get("admissibility", {}).get("outcome", "")),
        pixels={told["role"]: pixel_shares(told) for told in provenance.get("inputs", [])},
        roles=words.ROLE,
        layer_words=words.LAYER,
        made_at=beijing(datetime.now(UTC).isoformat()),
    )


def _dated(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """The two inputs whose dates stand at the top: the images, else the surface models."""
    roles = {i["role"] for i in provenance.get("inputs", [])}
    return ("before", "after") if "before" in roles else ("before_dsm", "after_dsm")


def _complete(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance with every member the page speaks of; what is not known is None or empty."""
    unknown: dict[str, Any] = {
        "scan_id": "",
        "inputs": [],
        "parameters_sha256": "",
        "layer_reports": [],
        "layers": {},
        "model": "",
        "code_version": "",
        "usable_share": None,
        "overlap_share": None,
        "area_km2": None,
        "heights": None,
    }
    whole = {**unknown, **provenance}
    whole["alignment"] = {
        "reliable": False,
        "shift_px": [0.0, 0.0],
        "tie_points": 0,
        "residual_median_px": None,
        "residual_p90_px": None,
        "residual_median_m": None,
        "residual_p90_m": None,
        "ties": [],
        **provenance.get("alignment", {}),
    }
    whole["grid"] = {"crs": "", "gsd_m": None, "shape": [0, 0], **provenance.get("grid", {})}
    return whole
