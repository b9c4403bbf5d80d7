"""Detections laid over the truth: polygons over polygons exactly, or over the pixels of a label raster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geodata.crs import CRS84, metric_crs_at, parse_crs, transform_xy
from geodata.errors import LayerError
from geodata.evaluate.label import Label, Painted, paint, read_label
from geodata.evaluate.matching import match_one_to_one
from geodata.evaluate.measures import (
    COVER_SHARE,
    IOU_LOOSE,
    IOU_STRICT,
    LEAST_AREA_M2,
    Alarm,
    Evaluation,
    PixelAreas,
    TrueObject,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Shapes = npt.NDArray[np.object_]

_SLACK = 1e-9
"""Share by which rounding may miss a limit: exactly 30 % is found."""


@dataclass(frozen=True)
class Overlaps:
    """What the overlay of detections and truth gave.

    Args:
        alarm_m2: Area of each detection.
        alarm_share: Share of each detection on truth.
        confidence: Confidence of each detection.
        truth_m2: Area of each true object.
        found_at: Confidence at which each true object is found, NaN where it is not.
        alarm: Index of the detection of each overlap.
        truth: Index of the true object of each overlap.
        of_alarm: Share of the detection in each overlap.
        of_truth: Share of the true object in each overlap.
    """

    alarm_m2: FloatArray
    alarm_share: FloatArray
    confidence: FloatArray
    truth_m2: FloatArray
    found_at: FloatArray
    alarm: IntArray
    truth: IntArray
    of_alarm: FloatArray
    of_truth: FloatArray

    @property
    def iou(self) -> FloatArray:
        """Intersection over union of each overlap, from its two shares."""
        return 1 / (1 / self.of_alarm + 1 / self.of_truth - 1)


def evaluate(
    detections: gpd.GeoDataFrame,
    truth: gpd.GeoDataFrame,
    *,
    area_km2: float | None = None,
    name: str = "",
) -> Evaluation:
    """Measure detections against true polygons, by exact areas in a local metric system.

    Every detection counts as change, whatever its `change` and `status`. Without a column `confidence` all
    have confidence 1.

    Args:
        detections: Polygons in any declared system.
        truth: True changes, polygons; each row is one object.
        area_km2: Ground that was searched, None where it is not known.
        name: Name of the result.

    Raises:
        LayerError: If a frame holds anything but polygons.
        MissingCRSError: If a frame that holds something declares no system.
    """
    claimed, true = _metric(detections, truth)
    confidence = _confidence(detections)
    alarm, where = shapely.STRtree(true).query(claimed, predicate="intersects")
    parts = shapely.intersection(claimed[alarm], true[where])
    shared = shapely.area(parts)
    kept = shared > 0
    alarm, where, parts, shared = alarm[kept], where[kept], parts[kept], shared[kept]
    alarm_m2, truth_m2 = shapely.area(claimed), shapely.area(true)
    overlaps = Overlaps(
        alarm_m2=alarm_m2,
        alarm_share=_shares(alarm, parts, alarm_m2),
        confidence=confidence,
        truth_m2=truth_m2,
        found_at=_found_at(where, parts, confidence[alarm], truth_m2),
        alarm=alarm,
        truth=where,
        of_alarm=shared / alarm_m2[alarm],
        of_truth=shared / truth_m2[where],
    )
    pixels = PixelAreas(_union_m2(parts), _union_m2(claimed), _union_m2(true))
    return _evaluation(overlaps, pixels, area_km2, name)


def evaluate_label(detections: gpd.GeoDataFrame, label: Path, *, name: str = "") -> Evaluation:
    """Measure detections against a label raster, on its own pixels.

    True objects are the 8-connected components of the pixels of value 1. Detections are painted on the
    label's grid (pixel centres within the outline); what lies outside the label, or where it says nothing,
    does not count.

    Args:
        detections: Polygons in any declared system.
        label: GeoTIFF of one band: 1 changed, 0 not, its nodata value unknown.
        name: Name of the result.

    Raises:
        MissingFileError, RasterError, CRSError: If the label cannot be read.
        LayerError: If the detections are no polygons.
    """
    read = read_label(label)
    shapes = _polygons(detections, "The detections")
    confidence = _confidence(detections)
    shapes = _placed(shapes, detections, read.grid.crs)
    painted = paint(shapes, confidence, read)
    inside = painted.pixels > 0
    alarm_m2 = _clipped_m2(shapes, read)
    overlaps = Overlaps(
        alarm_m2=alarm_m2[inside],
        alarm_share=painted.on_truth[inside] / painted.pixels[inside],
        confidence=confidence[inside],
        truth_m2=np.asarray(read.sizes * read.pixel_m2, np.float64),
        found_at=_found_at_pixels(painted, read),
        # Only detections with pixels have overlaps, so their new numbers follow from the old ones.
        alarm=(np.cumsum(inside) - 1)[painted.alarm],
        truth=painted.truth,
        of_alarm=painted.shared / painted.pixels[painted.alarm],
        of_truth=painted.shared / read.sizes[painted.truth],
    )
    both = read.pixel_m2 * int((painted.claimed & (read.components > 0)).sum())
    pixels = PixelAreas(both, read.pixel_m2 * int(painted.claimed.sum()), float(overlaps.truth_m2.sum()))
    return _evaluation(overlaps, pixels, read.area_km2, name or label.name)


def _evaluation(o: Overlaps, pixels: PixelAreas, area_km2: float | None, name: str) -> Evaluation:
    """Keep the objects that count and draw the figures from them."""
    limit = LEAST_AREA_M2 * (1 - _SLACK)
    alarms, truths = o.alarm_m2 >= limit, o.truth_m2 >= limit
    both = alarms[o.alarm] & truths[o.truth]
    alarm, truth, iou = o.alarm[both], o.truth[both], o.iou[both]
    least = COVER_SHARE * (1 - _SLACK)
    covering = alarm[o.of_truth[both] >= least]
    lying = truth[o.of_alarm[both] >= least]
    # A share that misses the limit by rounding alone has reached it.
    near = np.abs(o.alarm_share - COVER_SHARE) <= COVER_SHARE * _SLACK
    share = np.where(near, COVER_SHARE, o.alarm_share)
    return Evaluation(
        pixels=pixels,
        truths=tuple(
            TrueObject(float(a), None if np.isnan(c) else float(c))
            for a, c in zip(o.truth_m2[truths], o.found_at[truths], strict=True)
        ),
        alarms=tuple(
            Alarm(float(a), float(c), float(s))
            for a, c, s in zip(o.alarm_m2[alarms], o.confidence[alarms], share[alarms], strict=True)
        ),
        matched_loose=match_one_to_one(alarm, truth, iou, IOU_LOOSE),
        matched_strict=match_one_to_one(alarm, truth, iou, IOU_STRICT),
        merges=int((np.bincount(covering) > 1).sum()),
        splits=int((np.bincount(lying) > 1).sum()),
        area_km2=area_km2,
        name=name,
    )


def _found_at(where: IntArray, parts: Shapes, confidence: FloatArray, truth_m2: FloatArray) -> FloatArray:
    """Confidence at which detections cover `COVER_SHARE` of each true object, NaN where they never do."""
    result = np.full(truth_m2.size, np.nan)
    if where.size == 0:
        return result
    order = np.lexsort((-confidence, where))
    for rows in np.split(order, np.flatnonzero(np.diff(where[order])) + 1):
        index = where[rows[0]]
        need = COVER_SHARE * (1 - _SLACK) * truth_m2[index]
        covered: Any = shapely.Polygon()
        for row in rows:
            covered = shapely.union(covered, parts[row])
            if covered.area >= need:
                result[index] = confidence[row]
                break
    return result


def _found_at_pixels(painted: Painted, label: Label) -> FloatArray:
    """The same on pixels: the confidence of the pixel that completes the needed number."""
    result = np.full(label.sizes.size, np.nan)
    hit = painted.claimed & (label.components > 0)
    component, best = label.components[hit] - 1, painted.best[hit]
    order = np.lexsort((-best, component))
    component, best = component[order], best[order]
    starts = np.searchsorted(component, np.arange(label.sizes.size))
    counts = np.bincount(component, minlength=label.sizes.size)
    need = np.ceil(COVER_SHARE * (1 - _SLACK) * label.sizes).astype(np.intp)
    found = counts >= need
    result[found] = best[starts[found] + need[found] - 1]
    return result


def _clipped_m2(shapes: Shapes, label: Label) -> FloatArray:
    """Area of each detection within the label: of its outline, since pixel counts round small ones."""
    if shapes.size == 0:
        return np.zeros(0)
    metric = metric_crs_at(*label.grid.centre_lonlat)
    clipped = shapely.intersection(shapes, label.footprint)
    return np.asarray(shapely.area(_moved(clipped, label.grid.crs, metric)))


def _shares(index: IntArray, parts: Shapes, whole_m2: FloatArray) -> FloatArray:
    """Share of each shape that its overlaps cover together; overlapping truths count once."""
    covered = np.bincount(index, weights=shapely.area(parts), minlength=whole_m2.size)
    several = np.flatnonzero(np.bincount(index, minlength=whole_m2.size) > 1)
    for i in several:
        covered[i] = shapely.union_all(parts[index == i]).area
    return np.divide(covered, whole_m2, out=np.zeros_like(whole_m2), where=whole_m2 > 0)


def _union_m2(shapes: Shapes) -> float:
    return float(shapely.union_all(shapes).area) if shapes.size else 0.0


def _metric(detections: gpd.GeoDataFrame, truth: gpd.GeoDataFrame) -> tuple[Shapes, Shapes]:
    """Both sides in one local metric system."""
    claimed, true = _polygons(detections, "The detections"), _polygons(truth, "The truth")
    anchor, frame = (true, truth) if true.size else (claimed, detections)
    if anchor.size == 0:
        return claimed, true
    left, bottom, right, top = shapely.total_bounds(_placed(anchor, frame, CRS84))
    metric = metric_crs_at((left + right) / 2, (bottom + top) / 2)
    return _placed(claimed, detections, metric), _placed(true, truth, metric)


def _placed(shapes: Shapes, frame: gpd.GeoDataFrame, target: pyproj.CRS) -> Shapes:
    """Shapes of a frame in another system."""
    if shapes.size == 0:
        return shapes
    return _moved(shapes, parse_crs(frame.crs), target)


def _moved(shapes: Shapes, source: pyproj.CRS, target: pyproj.CRS) -> Shapes:
    """Shapes from one system to another; nothing of them where all are empty."""

    def move(points: FloatArray) -> FloatArray:
        return np.column_stack(transform_xy(source, target, *points.T)) if points.size else points

    return np.asarray(shapely.transform(shapes, move), dtype=object)


def _polygons(frame: gpd.GeoDataFrame, what: str) -> Shapes:
    """The polygons of a frame, repaired where needed.

    Raises:
        LayerError: If a geometry is missing, empty or no polygon.
    """
    shapes = np.asarray(frame.geometry.to_numpy() if len(frame) else [], dtype=object)
    polygonal = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    if not polygonal.all():
        row = int(np.flatnonzero(~polygonal)[0])
        raise LayerError(
            f"{what} must be polygons; {int((~polygonal).sum())} of {shapes.size} are not (first: {row}).",
            remedy="Leave out points, lines and empty geometries.",
            rows=int((~polygonal).sum()),
        )
    return np.asarray(shapely.make_valid(shapely.force_2d(shapes)), dtype=object)


def _confidence(frame: gpd.GeoDataFrame) -> FloatArray:
    """Confidence of each detection, 1 where none is given.

    Raises:
        LayerError: If a confidence is not a number.
    """
    if "confidence" not in frame.columns:
        return np.ones(len(frame))
    try:
        values = frame["confidence"].to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise LayerError(
            "The column confidence of the detections holds something that is not a number.",
            remedy="Give confidences from 0 to 1.",
        ) from error
    return np.asarray(np.nan_to_num(values, nan=1.0), np.float64)
