"""What heights make of an object: a candidate with its direction, gain, storeys, cues and confidence, or nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geodata.detect.candidates import Candidate, geodesic_area_m2
from geodata.detect.height import STANDING_CM
from geodata.detect.measured import Footprint, Heights
from geodata.detect.outlines import measure, on_the_ground
from geodata.grid import Grid
from geodata.odds import probability
from geodata.types import Change

STOREY_M = 3.0
ALTERED_SHARE = 0.5
"""Share of an object on something that stood there already from which it is an addition, not a new structure."""
GREEN_SHARE = 0.5
DOUBTFUL_ROOF_SHARE = 0.6
HEAP_WALL_SHARE = 0.2
COVERED_ROOF_SHARE = 0.7
LIKENESS = 0.75
"""Correlation of the two pictures from which a roof looks unchanged."""

_WALLS_UNKNOWN = 0.6
_INTERCEPT = -8.5
_WEIGHTS = {"roof": 12.0, "walls": 2.0, "gain": 1.0, "area": 0.3, "green": -2.0, "heap": -4.0}


@dataclass(frozen=True)
class HeightRule:
    """What an object is held against.

    Args:
        grid: The grid of the surface models, metric.
        least_gain_m: Height change that counts.
        outline_error_m: Standard error of an outline's position.
    """

    grid: Grid
    least_gain_m: float
    outline_error_m: float


def height_confidence(heights: Heights, area_m2: float, rule: HeightRule) -> float:
    """Probability that an object is a structure that changed, from six attributes in a logistic model.

    Set by hand on surface models with known changes: plane roofs, walls, a gain well over what counts and a fair
    size speak for it; sides without a step speak against it, and green does unless it is as plane as a net.
    """
    attributes = {
        "roof": heights.roof_share,
        "walls": _WALLS_UNKNOWN if heights.wall_share is None else heights.wall_share,
        "gain": math.log(max(abs(heights.rise_m), 0.1) / rule.least_gain_m),
        "area": math.log(max(area_m2, 1.0) / 50),
        "green": 0.0 if covered(heights) else heights.green_share or 0.0,
        "heap": float(is_heap(heights)),
    }
    logit = _INTERCEPT + sum(_WEIGHTS[name] * value for name, value in attributes.items())
    return probability(100 * logit)


def covered(heights: Heights) -> bool:
    """Green as vegetation and plane as a roof: netting or a tarpaulin over something that stands."""
    return (heights.green_share or 0.0) >= GREEN_SHARE and heights.roof_share >= COVERED_ROOF_SHARE


def is_heap(heights: Heights) -> bool:
    """Whether it has no walls: earth that was heaped up or dug away."""
    return heights.wall_share is not None and heights.wall_share < HEAP_WALL_SHARE


def conceals(heights: Heights) -> bool:
    """Whether the picture hides what the heights show: a roof that looks unchanged, or a cover."""
    return (heights.likeness or 0.0) >= LIKENESS or covered(heights)


def change_of(heights: Heights, direction: str) -> Change:
    """Which way a structure changed: on top of what stood there, or down to what still stands, it was altered."""
    if heights.standing_share >= ALTERED_SHARE:
        return "altered"
    return "appeared" if direction == "gain" else "disappeared"


def storeys_of(rise_m: float) -> int:
    """Storeys of about 3 m that a height makes, at least one."""
    return max(1, round(rise_m / STOREY_M))


def structure(
    footprint: Footprint, heights: Heights | None, borders_unseen: bool, rule: HeightRule
) -> Candidate | None:
    """The candidate of an object, None where it is none: too low over the ground, or no gain without its rim.

    Args:
        footprint: The object.
        heights: Its figures.
        borders_unseen: Whether it touches what was not seen.
        rule: What it is held against.
    """
    if heights is None or heights.top_m * 100 < STANDING_CM or heights.rise_m < rule.least_gain_m:
        return None
    polygon, perimeter_m = on_the_ground(measure(footprint.mask), rule.grid, footprint.row, footprint.col)
    area_m2 = geodesic_area_m2(polygon)
    gain = footprint.direction == "gain"
    change = change_of(heights, footprint.direction)
    earthworks = is_heap(heights)
    green = (heights.green_share or 0.0) >= GREEN_SHARE and not covered(heights)
    cues = {
        "edge_of_image": borders_unseen,
        "tree": green or heights.roof_share < DOUBTFUL_ROOF_SHARE,
        "tarpaulin": covered(heights),
        "bare_soil": earthworks,
    }
    return Candidate(
        change=change,
        polygon=polygon,
        area_m2=area_m2,
        area_error_m2=0.5 * perimeter_m * rule.outline_error_m,
        outline_error_m=rule.outline_error_m,
        confidence=height_confidence(heights, area_m2, rule),
        cues=tuple(cue for cue, holds in cues.items() if holds),
        row=footprint.row,
        col=footprint.col,
        height_gain_m=heights.rise_m if gain else -heights.rise_m,
        storeys=storeys_of(heights.rise_m) if gain else None,
        stage="earthworks" if earthworks and gain else "unknown",
        flags=("concealment",) if gain and conceals(heights) else (),
    )
