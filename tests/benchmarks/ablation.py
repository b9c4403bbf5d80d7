"""What each step adds: the real pairs with one part of the way switched off at a time.

A kind of evidence is switched off by letting it add the same to every pixel, piece and object, the mean of its amounts;
the models are not fitted again. What is printed is what the shipped detector draws from it, not what a detector that
was fitted without it would lack.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from rich.console import Console
from rich.table import Table

from geodata.crs import CRS84
from geodata.detect.candidates import Candidate
from geodata.detect.detector import MODEL_FILE, Detector, shipped
from geodata.detect.pair import detect
from geodata.detect.thresholds import Areas
from geodata.evaluate import Evaluation, evaluate_label, pool
from geodata.io.rasters import inspect_raster
from geodata.pairing.admissible import judge_pair
from geodata.pairing.checks import PairFacts
from geodata.pairing.plan import plan_pair
from geodata.pairing.radiometry import Radiometry
from geodata.scan_images import Prepared, candidates_of, prepare
from geodata.types import ScanOptions

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "levir_dev"
DATES = datetime(2010, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
OPTIONS = ScanOptions()

EVIDENCE = {
    "building index, dark and bright": ("profile_gain", "bright_gain", "dark_gain", "bright", "dark", "bright_before"),
    "long runs (roads)": ("run_bright_gain", "run_dark_gain", "run_bright", "run_dark"),
    "right angles and coherence": (
        "structure_gain", "right_angle_gain", "coherence", "coherence_before", "right_angles",
    ),
    "edges and texture": ("texture_gain", "texture", "texture_before", "edge", "edge_gain", "inner_edge", "spread"),
    "vegetation": ("green_loss", "green", "green_before", "green_around"),
    "brightness and colour": (
        "brighter", "darker", "contrast", "saturation", "warmth", "luminance", "luminance_before", "spread_before",
    ),
    "new shadow": ("shadow_side", "shadow_around", "dark"),
    "form": ("size", "elongation", "rectangularity", "compactness", "solidity", "width"),
}  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """One way to find.

    Args:
        prepared: What becomes of a prepared pair.
        detector: What becomes of the detector.
        options: The choices of the scan.
    """

    prepared: Callable[[Prepared], Prepared] = field(default=lambda pair: pair)
    detector: Callable[[Detector], Detector] = field(default=lambda detector: detector)
    options: ScanOptions = OPTIONS


def unaligned(pair: Prepared) -> Prepared:
    """The dates as their files place them."""
    return replace(pair, plan=replace(pair.plan, after=replace(pair.plan.after, shift=None)))


def as_they_are(pair: Prepared) -> Prepared:
    """Colours as the files hold them."""
    bands = len(pair.plan.before.bands)
    plain = Radiometry((1.0,) * bands, (0.0,) * bands)
    return replace(pair, plan=replace(pair.plan, before_radiometry=plain, after_radiometry=plain))


def unmasked(pair: Prepared) -> Prepared:
    """Every valid pixel counts as seen."""
    return replace(pair, plan=replace(pair.plan, statistics=None))


def without(names: tuple[str, ...], detector: Detector) -> Detector:
    """A detector that hears nothing of some attributes: each adds the mean of its amounts at its quantiles."""

    def deaf(model: dict[str, Any]) -> dict[str, Any]:
        terms = {
            name: {**term, "amounts": [float(np.mean(term["amounts"]))] * len(term["amounts"])}
            if name.removeprefix("first_") in names
            else term
            for name, term in model["terms"].items()
        }
        return {**model, "terms": terms}

    told = json.loads(MODEL_FILE.read_text(encoding="utf-8"))
    quiet = {part: deaf(told[part]) for part in ("screen", "piece", "object")}
    quiet["context"] = [deaf(model) for model in told["context"]]
    return replace(Detector.from_dict({**told, **quiet}), operating=detector.operating)


def at(points: dict[str, Any], detector: Detector) -> Detector:
    """A detector with other operating points."""
    return replace(detector, operating=replace(detector.operating, **points))


VARIANTS: dict[str, Variant] = {
    "as shipped": Variant(),
    "looked at everywhere (--thorough)": Variant(options=replace(OPTIONS, thorough=True)),
    "without alignment": Variant(unaligned),
    "without normalisation": Variant(as_they_are),
    "without masks": Variant(unmasked),
    "pieces by themselves, without their neighbours": Variant(detector=lambda d: replace(d, context=())),
    "aprons, shadows and bridges kept": Variant(
        detector=partial(at, {"apron": 10**6, "shadow": 10**6, "bridge": -(10**6)})
    ),
    "objects not judged (every one reported)": Variant(detector=partial(at, {"candidate": 0.0})),
    "threshold of 50 false alarms per km2 from the background": Variant(
        options=replace(OPTIONS, false_alarms_per_km2=50.0)
    ),
    **{f"without {kind}": Variant(detector=partial(without, names)) for kind, names in EVIDENCE.items()},
}


def measured(label: str, name: str) -> Evaluation:
    """One real pair, found in one way and held against its label."""
    variant = VARIANTS[label]
    first, second = (inspect_raster(DATA / date / name) for date in ("before", "after"))
    pair = plan_pair(first, second, min_area_m2=OPTIONS.min_area_m2)
    ready = prepare(first, second, pair, None, variant.options, variant.detector(shipped()))
    facts = PairFacts(
        first, second, DATES, pair, ready.alignment, ready.usable.effective_bits, ready.usable.joint_share
    )
    gate = judge_pair(facts, variant.options)
    ready = variant.prepared(ready)
    found = detect(ready.plan, OPTIONS.window_px)
    candidates, _ = candidates_of(found, ready, variant.options, gate, Areas.none())
    return evaluate_label(_frame(candidates), DATA / "label" / name, name=Path(name).stem)


def _frame(candidates: list[Candidate]) -> gpd.GeoDataFrame:
    columns = {
        "id": [str(k) for k in range(len(candidates))],
        "change": [c.change for c in candidates],
        "confidence": np.array([c.confidence for c in candidates], float),
    }
    return gpd.GeoDataFrame(columns, geometry=[c.polygon for c in candidates], crs=CRS84)


def ablation(console: Console, workers: int) -> dict[str, Any] | None:
    """The Texan pairs with each part switched off in turn."""
    names = sorted(p.name for p in (DATA / "label").glob("*.tif"))
    if not names:
        console.print(f"[yellow]skipped: {DATA} is not there[/yellow]")
        return None
    table = Table(
        "way", "F1", "P", "R", "objects found", "false per km2", "IoU >= 0.25 F1", title="what each step adds"
    )
    told = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as processes:
        for label in VARIANTS:
            total = pool(list(processes.map(partial(measured, label), names))).as_dict()
            pixel, found = total["pixel"], total["object"]["recall"]
            told[label] = {
                "f1": pixel["f1"], "precision": pixel["precision"], "recall": pixel["recall"], "found": found,
                "false_per_km2": total["false_per_km2"], "f1_iou_0.25": total["one_to_one_iou_0.25"]["f1"],
            }  # fmt: skip
            figures = (pixel["f1"], pixel["precision"], pixel["recall"], found)
            table.add_row(
                label, *(f"{v:.3f}" for v in figures), f"{total['false_per_km2']:.0f}",
                f"{total['one_to_one_iou_0.25']['f1']:.3f}",
            )  # fmt: skip
    console.print(table)
    return told
