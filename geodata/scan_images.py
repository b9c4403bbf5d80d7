"""The imagery of a scan: two dates brought together, the detector over them, objects that become candidates."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import shapely

from geodata.area import area_on
from geodata.crs import CRS84, transform_xy
from geodata.detect.background import Background, background_factor, confidence_floor
from geodata.detect.candidates import Candidate, make_candidate, measure_object, ordered, with_altered
from geodata.detect.detector import Detector
from geodata.detect.models import Model
from geodata.detect.pair import Detection
from geodata.detect.thresholds import Areas
from geodata.detect.windows import DIRECTIONS, WindowPlan
from geodata.errors import EmptyRasterError
from geodata.io.rasters import RasterInfo
from geodata.io.warp import GridReader
from geodata.pairing.admissible import Admissibility
from geodata.pairing.coregister import Alignment, align_blocks
from geodata.pairing.joint import PairUsable, look_at_pair
from geodata.pairing.patches import read_blocks
from geodata.pairing.plan import PairPlan
from geodata.pairing.radiometry import Radiometry, normalise, sample_pair
from geodata.types import TRAINING_FREE, ScanOptions

_UNKNOWN_RESIDUAL_PX = 2.0


@dataclass(frozen=True)
class Judge:
    """What decides in a scan of images.

    Args:
        detector: The training-free detector: it judges where there is no model, and is heard beside one.
        model: A learnt model, None: the detector alone.
    """

    detector: Detector
    model: Model | None = None

    @property
    def identity(self) -> str:
        """Name, version and checksum, as they stand in the provenance."""
        plain = f"{TRAINING_FREE}/{version('kancha')}+{self.detector.checksum}"
        return plain if self.model is None else f"{self.model.identity}, {plain}"

    @property
    def name(self) -> str:
        """What `ScanOptions.detector` calls it."""
        return TRAINING_FREE if self.model is None else self.model.identity

    @property
    def background(self) -> Background:
        """How many objects a square kilometre of unchanged ground gives above each confidence.

        Raises:
            OptionError: If nobody measured that of the model.
        """
        return self.detector.background if self.model is None else self.model.measured_background

    @property
    def candidate(self) -> float:
        """Confidence from which an object is reported."""
        return (self.model.points if self.model else self.detector.operating).candidate

    @property
    def confirmed(self) -> float:
        """Confidence from which its tier is `confirmed`."""
        return (self.model.points if self.model else self.detector.operating).confirmed


@dataclass(frozen=True)
class Prepared:
    """Everything about a pair of images that its windows share.

    Args:
        alignment: How the dates lie on each other.
        plan: What is done to a window.
        usable: What the dates show, by samples.
        area: Area of interest in CRS84, None: everything.
    """

    alignment: Alignment
    plan: WindowPlan
    usable: PairUsable
    area: shapely.MultiPolygon | None = None


def nothing_in_common(first: RasterInfo, second: RasterInfo) -> EmptyRasterError:
    """The refusal of a pair without a pixel that both dates hold."""
    return EmptyRasterError(
        f"{first.name} and {second.name} have no pixel that is valid in both.",
        remedy="Check the nodata values and the overlap of the two scenes.",
        usable_share=0.0,
    )


@dataclass(frozen=True)
class Readings:
    """What must be known of a whole pair before any of its windows is worked on: small, whatever the scenes' size.

    Args:
        first: First date.
        second: Second date.
        pair: The common grid.
        alignment: How the dates lie on each other.
        radiometry: Maps of both dates to the common scale.
        usable: What the dates show, by samples.
    """

    first: RasterInfo
    second: RasterInfo
    pair: PairPlan
    alignment: Alignment
    radiometry: tuple[Radiometry, Radiometry]
    usable: PairUsable

    def moved(self, first: Path, second: Path) -> Readings:
        """The same of the same files in other places."""
        return replace(self, first=replace(self.first, path=first), second=replace(self.second, path=second))

    def plan(self, area: shapely.MultiPolygon | None, judge: Judge, *, thorough: bool = False) -> WindowPlan:
        """What is done to a window of the pair.

        Args:
            area: Area of interest in CRS84, None: everything.
            judge: What judges.
            thorough: Look at every pixel in full resolution.
        """
        grid, field = self.pair.grid, self.alignment.field if self.alignment.reliable else None
        return WindowPlan(
            GridReader(self.first, self.pair.bands, grid),
            GridReader(self.second, self.pair.bands, grid, field),
            *self.radiometry,
            self.usable.statistics,
            area_on(grid, area),
            judge.detector,
            (self.first.acquisition.sun_azimuth_deg, self.second.acquisition.sun_azimuth_deg),
            thorough,
            judge.model,
        )


def read_pair(first: RasterInfo, second: RasterInfo, pair: PairPlan, workers: int) -> Readings:
    """Align, look and normalise.

    Args:
        first: First date.
        second: Second date.
        pair: The common grid.
        workers: Threads.

    Raises:
        EmptyRasterError: If no pixel is valid in both.
    """
    before = GridReader(first, pair.bands, pair.grid)
    after = GridReader(second, pair.bands, pair.grid)
    blocks = read_blocks(before, after, workers)
    with ThreadPoolExecutor(1) as beside:
        looked = beside.submit(look_at_pair, blocks, before, after)
        alignment = align_blocks(blocks, before)
        usable = looked.result()
    sample = sample_pair(blocks, alignment.field if alignment.reliable else None)
    if sample.x.size == 0:
        raise nothing_in_common(first, second)
    return Readings(first, second, pair, alignment, normalise(sample, pair.grid.shape), usable)


def prepare(
    first: RasterInfo,
    second: RasterInfo,
    pair: PairPlan,
    area: shapely.MultiPolygon | None,
    options: ScanOptions,
    judge: Judge,
) -> Prepared:
    """Align, look and normalise, and plan the windows.

    Args:
        first: First date.
        second: Second date.
        pair: The common grid.
        area: Area of interest in CRS84, None: everything.
        options: The user's choices.
        judge: What will judge.

    Raises:
        EmptyRasterError: If no pixel is valid in both.
    """
    return prepared_from(read_pair(first, second, pair, options.workers), area, options, judge)


def prepared_from(
    readings: Readings, area: shapely.MultiPolygon | None, options: ScanOptions, judge: Judge
) -> Prepared:
    """The pair as its windows need it; see `prepare`."""
    plan = readings.plan(area, judge, thorough=options.thorough)
    return Prepared(readings.alignment, plan, readings.usable, area)


def candidates_of(
    found: Detection, prepared: Prepared, options: ScanOptions, gate: Admissibility, areas: Areas
) -> tuple[list[Candidate], dict[str, float]]:
    """The structures that are reported, and the point at which they were cut off.

    Args:
        found: What the detector gave.
        prepared: The pair.
        options: The user's choices.
        gate: How far the pair is to be trusted.
        areas: Where another confidence is asked than elsewhere; they stand before the false alarms that are bearable.
    """
    alignment, grid = prepared.alignment, prepared.plan.grid
    judge = Judge(prepared.plan.detector, prepared.plan.model)
    residual = alignment.residual_p90_px if alignment.reliable else _UNKNOWN_RESIDUAL_PX
    pixel_m2 = float(np.prod(grid.pixel_size))
    measured = [
        measure_object(component, change, judge.detector, judge.model)
        for change in DIRECTIONS
        for component in found.components[change]
        if component.pixels * pixel_m2 >= 0.8 * options.min_area_m2
    ]
    floor, factor = max(judge.candidate, options.min_confidence), 1.0
    if options.false_alarms_per_km2 is not None:
        told = judge.background
        appeared = [m.confidence for m in measured if m.change == "appeared"]
        factor = background_factor(told, appeared, found.seen_px * pixel_m2 / 1e6)
        floor = max(confidence_floor(told, options.false_alarms_per_km2, factor), options.min_confidence)
    least = max(min([floor, *areas.candidate[~np.isnan(areas.candidate)]]), options.min_confidence)
    kept = []
    for one in measured:
        confidence = gate.lowered(one.confidence)
        if confidence >= least:
            candidate = replace(make_candidate(one, grid, residual), confidence=confidence)
            inside = prepared.area is None or candidate.polygon.intersects(prepared.area)
            if inside and candidate.area_m2 >= options.min_area_m2:
                kept.append(candidate)
    floors = areas.floor(np.array([c.polygon for c in kept], object), floor)
    kept = [c for c, own in zip(kept, floors, strict=True) if c.confidence >= own]
    return ordered(with_altered(kept)), {"confidence": round(floor, 4), "background": round(factor, 3)}


def where_seen(candidates: list[Candidate], plan: WindowPlan) -> list[Candidate]:
    """Outlines where the picture that shows the structure has them.

    The common grid is the first date's. A new structure is seen in the second date alone, and that picture's own
    coordinates are all that is known of its place; so its outline is moved by the shift between the dates there. On
    real pairs whose truth was drawn over the second date this alone is worth 0.014 of pixel F1.

    Args:
        candidates: Structures, outlined on the common grid.
        plan: The pair.
    """
    shift = plan.after.shift
    if shift is None:
        return candidates
    grid = plan.grid
    moved = []
    for one in candidates:
        if one.change == "disappeared":
            moved.append(one)
            continue
        local = shapely.transform(one.polygon, lambda c: np.column_stack(transform_xy(CRS84, grid.crs, *c.T)))
        col, row = ~grid.transform @ (local.centroid.x, local.centroid.y)
        dx, dy = (float(part[0, 0]) for part in shift.at(np.array([row]), np.array([col])))
        t = grid.transform
        by = np.array([t.a * dx + t.b * dy, t.d * dx + t.e * dy])
        back = shapely.transform(local, lambda c, by=by: np.column_stack(transform_xy(grid.crs, CRS84, *(c + by).T)))
        rounded = shapely.transform(back, lambda c: np.round(c, 8))
        moved.append(replace(one, polygon=rounded))
    return moved
