"""Candidates: merged components with an outline, an area with its error, a confidence and cues."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely

from geodata.crs import CGCS2000_GEOD, CRS84, transform_xy
from geodata.detect.additive import load_model, probability
from geodata.detect.objects import Component
from geodata.detect.outlines import Shape, measure, to_map
from geodata.detect.pipeline import MEASURED
from geodata.grid import Grid
from geodata.types import Change

CANDIDATE_CONFIDENCE = 0.25
CONFIRMED_CONFIDENCE = 0.50
"""The two operating points: reported at all, and `confirmed`."""


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


def confidence_of(attributes: dict[str, int]) -> float:
    """Calibrated probability that an object is a structure that changed, 0 to 1."""
    row = np.array([list(attributes.values())], np.uint8)
    return probability(int(load_model("object").of_rows(row, tuple(attributes))[0]))


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


def make_candidate(component: Component, change: Change, grid: Grid, residual_px: float) -> Candidate:
    """Measure one component.

    Args:
        component: The object's pixels and sums.
        change: Direction.
        grid: The common grid, metric.
        residual_px: Residual misregistration, p90, px.
    """
    shape = measure(component.mask)
    means = dict(zip(MEASURED, component.sums / max(1, component.pixels), strict=True))
    gsd_m = float(np.sqrt(np.prod(grid.pixel_size)))
    local = to_map(shape.polygon, grid.transform, component.row, component.col)
    x, y = np.asarray(local.exterior.coords).T
    polygon = shapely.Polygon(np.round(np.column_stack(transform_xy(grid.crs, CRS84, x, y)), 8))
    area_m2 = geodesic_area_m2(polygon)
    # An outline is known to about a pixel, and the two dates to their residual shift of each other.
    outline_error_m = gsd_m * math.hypot(1.0, residual_px / 2)
    return Candidate(
        change=change,
        polygon=shapely.orient_polygons(polygon),
        area_m2=area_m2,
        # Errors of opposite sides are half correlated: half the perimeter carries the outline's error.
        area_error_m2=0.5 * local.length * outline_error_m,
        outline_error_m=outline_error_m,
        confidence=confidence_of(attributes_of(means, component.peak, shape)),
        cues=tuple(cues_of(means, shape, component, gsd_m, residual_px * gsd_m)),
        row=component.row,
        col=component.col,
    )
