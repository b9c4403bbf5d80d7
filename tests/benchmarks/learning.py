"""The starter model: on real pairs beside the training-free detector, how honest it is, what its cascade saves."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from nochange import nochange
from pairs import DATES, FRANCE, TEXAS, real_pairs
from rich.console import Console
from rich.table import Table
from speed import drawn_part, make_pair, measure_speed

from geodata.detect.calibration import expected_error, reliability
from geodata.detect.detector import shipped
from geodata.detect.models import SHIPPED, find_model
from geodata.errors import ModelError
from geodata.evaluate import Evaluation
from geodata.scan_images import Judge

STARTER = "starter-2"
KM2_PX = 4e6
"""Pixels of a square kilometre at half a metre."""


def starter_judge(console: Console) -> Judge | None:
    """The starter model as a judge; None, with a word, where it is not shipped."""
    try:
        return Judge(shipped(), find_model(STARTER, SHIPPED))
    except ModelError as error:
        console.print(f"[yellow]skipped: {error}[/yellow]")
        return None


def starter(console: Console, workers: int) -> dict[str, Any] | None:
    """Texas and France by the starter, which saw neither, with the reliability of its confidences."""
    judge = starter_judge(console)
    if judge is None:
        return None
    told: dict[str, Any] = {"model": judge.identity}
    options = replace(DATES, workers=workers, detector=judge.name)
    for pairs, accept in ((TEXAS, ()), (FRANCE, ()), (replace(FRANCE, title="France, accepted"), ("alignment",))):
        got = real_pairs(pairs, console, replace(options, accept=accept), judge)
        if got is not None:
            told[pairs.title] = got[1] | {"calibration": calibration(got[0], console)}
    return told


def calibration(total: Evaluation, console: Console) -> dict[str, Any]:
    """Reliability of the confidences over all objects that were reported, and the expected error."""
    confidence = np.array([alarm.confidence for alarm in total.alarms])
    real = np.array([not alarm.false for alarm in total.alarms], bool)
    rows = reliability(confidence, real) if confidence.size else []
    table = Table("confidence", "objects", "mean confidence", "really changed", title=f"reliability, {total.name}")
    for row in rows:
        bounds = f"{row.low:.1f} to {row.high:.1f}"
        table.add_row(bounds, str(row.objects), f"{row.confidence:.2f}", f"{row.share:.2f}")
    console.print(table)
    error = expected_error(rows)
    console.print(f"expected calibration error {error:.3f}")
    return {"expected_error": error, "rows": [vars(row) for row in rows]}


def quiet(console: Console, workers: int) -> dict[str, Any] | None:
    """No change, no finding, with the network."""
    judge = starter_judge(console)
    return None if judge is None else nochange(console, workers, judge)


def cascade(console: Console, workers: int) -> dict[str, Any] | None:
    """A district of 100 km2 of which about 1 % changed: the screen against the network everywhere."""
    judge = starter_judge(console)
    if judge is None:
        return None
    told: dict[str, Any] = {}
    table = Table(
        "district", "way", "s", "MPix/s", "looked at closely", "findings", "lost", "peak MiB", title="cascade"
    )
    with tempfile.TemporaryDirectory(prefix="kancha-bench-") as scratch:
        part = drawn_part(Path(scratch))
        for side in (8192, 20480):
            pair = make_pair(Path(scratch) / "pair", part, side, "deflate", 8)
            ways = {}
            for name, thorough in (("cascade", False), ("everywhere", True)):
                ways[name] = measure_speed(pair, side, workers, thorough=thorough, detector=STARTER)
            lost = len(unmatched(ways["everywhere"]["boxes"], ways["cascade"]["boxes"]))
            lost_share = lost / max(1, len(ways["everywhere"]["boxes"]))
            for name, got in ways.items():
                table.add_row(
                    f"{side} px", name, f"{got['scan_s']:.1f}", f"{got['mpix_per_s']:.1f}",
                    f"{got['looked_at_closely']:.1%}", str(got["findings"]),
                    f"{lost_share:.1%}" if name == "cascade" else "", f"{got['peak_mib']:,.0f}",
                )  # fmt: skip
            gain = ways["everywhere"]["scan_s"] / ways["cascade"]["scan_s"]
            km2 = side * side / KM2_PX
            hours = ways["cascade"]["scan_s"] / km2 * 1000 / 3600
            told[str(side)] = ways | {"gain": gain, "lost_share": lost_share, "hours_per_1000_km2": hours}
            console.print(f"{side} px: {gain:.1f} times as fast, {lost_share:.1%} of the findings lost")
            console.print(f"{side} px: 1,000 km2 at half a metre would take {hours:.2f} h")
            for file in pair:
                file.unlink()
    console.print(table)
    return json.loads(json.dumps(told))  # type: ignore[no-any-return]


def unmatched(wanted: list[list[float]], found: list[list[float]]) -> list[list[float]]:
    """Boxes (row, col, row stop, col stop) of which no other covers the middle."""
    have = np.array(found).reshape(-1, 4)
    out = []
    for box in wanted:
        row, col = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        inside = (have[:, 0] <= row) & (row <= have[:, 2]) & (have[:, 1] <= col) & (col <= have[:, 3])
        if not inside.any():
            out.append(box)
    return out
