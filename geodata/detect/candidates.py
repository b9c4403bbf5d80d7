"""Candidates: merged components with an outline, an area with its error, a confidence and cues."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import shapely

from geodata.crs import CGCS2000_GEOD
from geodata.detect.detector import Detector
from geodata.detect.judging import MEASURED
from geodata.detect.models import Model
from geodata.detect.objects import Component
from geodata.detect.outlines import Shape, measure, on_the_ground
from geodata.grid import Grid
from geodata.odds import probability
from geodata.types import Change


@dataclass(frozen=True)
class Candidate:
    """A structure that seems to have appeared or gone.

    Args:
        change: Direction.
        polygon: Outline in CRS84.
        area_m2: Ellipsoidal area.
        area_error_m2: Its standard error.
        outline_error_m: Standard error of the outline's position.
        confidence: Calibrated probability that a structure really changed, 0 to 1.
        cues: What speaks against it.
        row: First row on the grid, for a stable order.
        col: First column on the grid.
        height_gain_m: How much higher it stands at the later date, None without surface models.
        storeys: What that makes in storeys, None where it is no gain.
        stage: How far it is built, as far as that can be told.
        flags: What calls for attention.
    """

    change: Change
    polygon: shapely.Polygon
    area_m2: float
    area_error_m2: float
    outline_error_m: float
    confidence: float
    cues: tuple[str, ...]
    row: int
    col: int
    height_gain_m: float | None = None
    storeys: int | None = None
    stage: str = "unknown"
    flags: tuple[str, ...] = ()


def geodesic_area_m2(polygon: shapely.Polygon) -> float:
    """Ellipsoidal area of a CRS84 polygon (TD/T 1055 annex D), m²."""
    return abs(float(CGCS2000_GEOD.geometry_area_perimeter(polygon)[0]))


OBJECT_ATTRIBUTES = (
    "score", "peak", "size", "elongation", "rectangularity", "solidity", "width", "edge", "edge_gain", "right_angles",
    "inner_edge", "spread", "green", "green_before", "saturation", "spread_before", "shadow_side", "structure_gain",
    "profile_gain", "darker", "coherence_before",
)  # fmt: skip
"""What the confidence of an object rests on, each scaled to 0 to 255."""


def attributes_of(means: dict[str, float], peak: int, shape: Shape) -> dict[str, int]:
    """The attributes of an object.

    Args:
        means: Mean of each measured quantity over the object.
        peak: Largest score of a piece, hundredths of a log-odds.
        shape: Its form.
    """
    values = {
        "score": means["score"] / 4 + 100,
        "peak": peak / 4 + 100,
        "size": 24 * math.log2(max(shape.area_px, 16.0) / 16),
        "elongation": 64 * math.log2(shape.length_px / max(1.0, shape.width_px)),
        "rectangularity": 255 * shape.rectangularity,
        "solidity": 255 * shape.solidity,
        "width": 4 * shape.width_px,
        **{name: means[name] for name in means if name in OBJECT_ATTRIBUTES and name != "score"},
        **{name: means[f"first_{name}"] for name in OBJECT_ATTRIBUTES if f"first_{name}" in means},
    }
    return {name: min(255, max(0, round(values[name]))) for name in OBJECT_ATTRIBUTES}


def confidence_of(attributes: dict[str, int], change: Change, detector: Detector) -> float:
    """Calibrated probability that an object is a structure that changed, 0 to 1.

    What is gone is looked for with the dates swapped, by the same model; demolition is so much rarer than what looks
    like it (ground that greened or was tidied up) that the odds are lowered by a fixed amount.
    """
    score = score_of(attributes, detector)
    return probability(score - (detector.operating.gone_penalty if change == "disappeared" else 0))


def score_of(attributes: dict[str, int], detector: Detector) -> int:
    """The training-free detector's score of an object, hundredths of a log-odds."""
    return int(detector.whole.of_rows(np.array([list(attributes.values())], np.uint8), tuple(attributes))[0])


def stage_of(means: dict[str, float], shape: Shape) -> str:
    """How far a structure is built, from its look alone; `unknown` unless the signs are plain.

    Bare warm ground without edges is earthworks; a plain right-angled slab without a shadow is a foundation; busy,
    bright and right-angled is under construction; an even roof with a new shadow at one side is finished.
    """
    right_angled, plain, busy = means["right_angles"] > 90, means["spread"] < 60, means["inner_edge"] > 60
    shadow = means["shadow_side"] > 50
    if means["warmth"] > 150 and means["inner_edge"] < 15 and not right_angled:
        return "earthworks"
    if right_angled and shape.rectangularity > 0.7:
        if plain and shadow:
            return "finished"
        if plain and means["luminance"] > 170 and means["shadow_side"] < 10:
            return "foundation"
        if busy and means["luminance"] > 120:
            return "under_construction"
    return "unknown"


def with_altered(candidates: list[Candidate]) -> list[Candidate]:
    """One `altered` structure where something went and something came: the old one is no finding of its own."""
    gone = [c for c in candidates if c.change == "disappeared"]
    came = [c for c in candidates if c.change != "disappeared"]
    if not gone or not came:
        return candidates
    tree = shapely.STRtree([c.polygon for c in came])
    replaced: set[int] = set()
    kept = []
    for old in gone:
        near = [i for i in tree.query(old.polygon) if _covers_half(came[i].polygon, old.polygon)]
        replaced.update(int(i) for i in near)
        if not near:
            kept.append(old)
    return [replace(c, change="altered") if i in replaced else c for i, c in enumerate(came)] + kept


def _covers_half(new: shapely.Polygon, old: shapely.Polygon) -> bool:
    return bool(new.intersection(old).area >= 0.5 * min(new.area, old.area))


def ordered(candidates: list[Candidate]) -> list[Candidate]:
    """The most certain first, then from the upper left."""
    return sorted(candidates, key=lambda c: (-c.confidence, c.change, c.row, c.col))


def cues_of(means: dict[str, float], shape: Shape, component: Component, gsd_m: float, shift_m: float) -> list[str]:
    """What speaks against a candidate, in the words of a dismissal's reason."""
    area_m2 = shape.area_px * gsd_m**2
    found = {
        "edge_of_image": component.borders_unseen,
        "tree": means["green"] > 150,
        "shadow": means["dark"] > 128,
        "registration": shape.width_px * gsd_m < 2 * shift_m,
        "vehicle": area_m2 < 45 and shape.length_px > 2.2 * shape.width_px,
        "greenhouse": means["saturation"] < 25
        and shape.length_px * gsd_m > 40
        and shape.length_px > 3 * shape.width_px,
        "bare_soil": means["warmth"] > 150 and means["first_structure_gain"] < 25 and means["inner_edge"] < 15,
    }
    return [cue for cue, holds in found.items() if holds]


@dataclass(frozen=True)
class Measured:
    """A component with its form and confidence, before it has an outline on the ground.

    Args:
        component: The object's pixels and sums.
        change: Direction.
        means: Mean of each measured quantity over its pixels.
        shape: Its form.
        attributes: What the confidence rests on.
        confidence: Calibrated probability that a structure really changed, 0 to 1.
        told: `calibration.MEASURES`, where a network found it.
    """

    component: Component
    change: Change
    means: dict[str, float]
    shape: Shape
    attributes: dict[str, int]
    confidence: float
    told: tuple[float, ...] = ()


def measure_object(component: Component, change: Change, detector: Detector, model: Model | None = None) -> Measured:
    """Form and confidence of one component.

    Args:
        component: The object.
        change: Direction.
        detector: The training-free detector, which judges unless there is a model and is heard beside it.
        model: The model whose network found it.
    """
    shape = measure(component.mask)
    means = dict(zip(MEASURED, (component.sums / max(1, component.pixels)).tolist(), strict=True))
    attributes = attributes_of(means, component.peak, shape)
    if model is None:
        return Measured(component, change, means, shape, attributes, confidence_of(attributes, change, detector))
    plain = attributes_of(means | {"score": means["plain"]}, round(means["plain"]), shape)
    told = network_measures(means["score"] / 100, component.peak / 100, shape, score_of(plain, detector) / 100)
    return Measured(component, change, means, shape, attributes, model.calibration.probability(told), told)


def network_measures(logit: float, peak: float, shape: Shape, plain: float) -> tuple[float, ...]:
    """`calibration.MEASURES` of an object, log-odds in natural units."""
    return logit, peak, math.log2(max(shape.area_px, 16.0) / 16), shape.solidity, plain


def make_candidate(measured: Measured, grid: Grid, residual_px: float) -> Candidate:
    """Put one object on the ground.

    Args:
        measured: The object.
        grid: The common grid, metric.
        residual_px: Residual misregistration, p90, px.
    """
    component, shape, means = measured.component, measured.shape, measured.means
    gsd_m = float(np.sqrt(np.prod(grid.pixel_size)))
    polygon, perimeter_m = on_the_ground(shape, grid, component.row, component.col)
    # An outline is known to about a pixel, and the two dates to their residual shift of each other.
    outline_error_m = gsd_m * math.hypot(1.0, residual_px / 2)
    return Candidate(
        change=measured.change,
        polygon=polygon,
        area_m2=geodesic_area_m2(polygon),
        # Errors of opposite sides are half correlated: half the perimeter carries the outline's error.
        area_error_m2=0.5 * perimeter_m * outline_error_m,
        outline_error_m=outline_error_m,
        confidence=measured.confidence,
        cues=tuple(cues_of(means, shape, component, gsd_m, residual_px * gsd_m)),
        row=component.row,
        col=component.col,
        stage=stage_of(means, shape) if measured.change == "appeared" else "unknown",
    )
