"""`Evaluation`: what one or many pairs gave, as counts that can be added up, and the figures drawn from them.

The definitions, exactly:

* An object is true or an alarm from `LEAST_AREA_M2` up; smaller ones count in the pixels alone.
* Found: at least `COVER_SHARE` of a true object is covered by detections, whichever and however many.
* False: less than `COVER_SHARE` of an alarm lies on truth.
* Object precision = 1 - false / alarms, object recall = found / true, object F1 from these two.
* One-to-one: alarms and true objects matched so that as many as possible have an IoU of at least 0.25 (0.5).
* Pixel figures are of the change class, from areas summed over all pairs (pooled), never means of ratios.

A ratio without anything to count is None, never 0 or 1: no alarm has no precision. F1 is 0 as soon as either
side holds something that the other misses entirely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

LEAST_AREA_M2 = 20.0
COVER_SHARE = 0.3
IOU_LOOSE = 0.25
IOU_STRICT = 0.5
FROC_PER_KM2 = (1.0, 10.0, 50.0, 100.0)
RESAMPLES = 2000

AREA_CLASSES: tuple[tuple[str, float, float], ...] = (
    ("<25", 0.0, 25.0),
    ("25-50", 25.0, 50.0),
    ("50-100", 50.0, 100.0),
    ("100-300", 100.0, 300.0),
    (">300", 300.0, float("inf")),
)
"""Name, lower bound (inclusive) and upper bound (exclusive) in m²."""


@dataclass(frozen=True)
class PixelAreas:
    """Areas of the change class, m².

    Args:
        hit_m2: Detected and true.
        claimed_m2: Detected.
        true_m2: True.
    """

    hit_m2: float = 0.0
    claimed_m2: float = 0.0
    true_m2: float = 0.0

    def __add__(self, other: PixelAreas) -> PixelAreas:
        """The areas of both."""
        return PixelAreas(self.hit_m2 + other.hit_m2, self.claimed_m2 + other.claimed_m2, self.true_m2 + other.true_m2)

    @property
    def precision(self) -> float | None:
        """Share of the detected area that is true."""
        return ratio(self.hit_m2, self.claimed_m2)

    @property
    def recall(self) -> float | None:
        """Share of the true area that is detected."""
        return ratio(self.hit_m2, self.true_m2)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two (the Dice coefficient)."""
        return ratio(2 * self.hit_m2, self.claimed_m2 + self.true_m2)


@dataclass(frozen=True)
class TrueObject:
    """One true object.

    Args:
        area_m2: Its area.
        found_at: Confidence at which it is found: the detections of at least this confidence cover
            `COVER_SHARE` of it. None where all of them together do not.
    """

    area_m2: float
    found_at: float | None


@dataclass(frozen=True)
class Alarm:
    """One detection.

    Args:
        area_m2: Its area.
        confidence: Its confidence, 0 to 1.
        truth_share: Share of it that lies on truth.
    """

    area_m2: float
    confidence: float
    truth_share: float

    @property
    def false(self) -> bool:
        """Whether too little of it lies on truth."""
        return self.truth_share < COVER_SHARE


@dataclass(frozen=True)
class Evaluation:
    """The measurement of one pair, or of many (see `pool`).

    Args:
        pixels: Areas of the change class.
        truths: True objects of at least `LEAST_AREA_M2`.
        alarms: Detections of at least `LEAST_AREA_M2`.
        matched_loose: One-to-one matches at IoU 0.25.
        matched_strict: One-to-one matches at IoU 0.5.
        merges: Alarms that cover `COVER_SHARE` of two or more true objects.
        splits: True objects on which two or more alarms lie with `COVER_SHARE` of themselves.
        area_km2: Ground that was searched, None where it is not known.
        name: What was measured.
        parts: The single pairs of a pooled evaluation.
    """

    pixels: PixelAreas
    truths: tuple[TrueObject, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    matched_loose: int = 0
    matched_strict: int = 0
    merges: int = 0
    splits: int = 0
    area_km2: float | None = None
    name: str = ""
    parts: tuple[Evaluation, ...] = field(default=(), repr=False)

    @property
    def found(self) -> int:
        """True objects that are found."""
        return sum(t.found_at is not None for t in self.truths)

    @property
    def false_alarms(self) -> int:
        """Alarms that are false."""
        return sum(a.false for a in self.alarms)

    @property
    def object_precision(self) -> float | None:
        """1 - false alarms / alarms."""
        return ratio(len(self.alarms) - self.false_alarms, len(self.alarms))

    @property
    def object_recall(self) -> float | None:
        """Found / true objects."""
        return ratio(self.found, len(self.truths))

    @property
    def object_f1(self) -> float | None:
        """Harmonic mean of object precision and object recall."""
        if not self.alarms and not self.truths:
            return None
        p, r = self.object_precision or 0.0, self.object_recall or 0.0
        return 2 * p * r / (p + r) if p + r > 0 else 0.0

    def one_to_one(self, matched: int) -> tuple[float | None, float | None, float | None]:
        """Precision, recall and F1 of a number of one-to-one matches."""
        alarms, truths = len(self.alarms), len(self.truths)
        return ratio(matched, alarms), ratio(matched, truths), ratio(2 * matched, alarms + truths)

    @property
    def false_per_km2(self) -> float | None:
        """False alarms per km² searched."""
        return None if not self.area_km2 else self.false_alarms / self.area_km2

    def recall_by_class(self) -> dict[str, tuple[int, int]]:
        """(found, true) by area class of the true object; the first class begins at `LEAST_AREA_M2`."""
        table = {}
        for name, low, high in AREA_CLASSES:
            here = [t for t in self.truths if low <= t.area_m2 < high]
            table[name] = (sum(t.found_at is not None for t in here), len(here))
        return table

    def froc(self, limits: Sequence[float] = FROC_PER_KM2) -> dict[float, float | None]:
        """Object recall at each limit of false alarms per km², by sweeping the confidence.

        The threshold is the lowest one whose false alarms stay within the limit; where even all of them do,
        it is the recall of all detections.
        """
        if not self.area_km2 or not self.truths:
            return dict.fromkeys(limits)
        false = np.sort([a.confidence for a in self.alarms if a.false])[::-1]
        found = np.array([t.found_at for t in self.truths if t.found_at is not None])
        return {
            limit: float((found > _floor(false, limit * self.area_km2)).sum() / len(self.truths)) for limit in limits
        }

    @cached_property
    def pixel_f1_interval(self) -> tuple[float, float] | None:
        """95 % percentile interval of the pooled pixel F1: `RESAMPLES` cluster resamples over the pairs.

        None for fewer than two pairs, which have no spread.
        """
        if len(self.parts) < 2:
            return None
        sums = np.array([[p.pixels.hit_m2, p.pixels.claimed_m2 + p.pixels.true_m2] for p in self.parts])
        drawn = np.random.default_rng(0).integers(0, len(sums), (RESAMPLES, len(sums)))
        hit, both = sums[drawn].sum(axis=1).T
        values = 2 * hit[both > 0] / both[both > 0]
        if values.size == 0:
            return None
        low, high = np.percentile(values, [2.5, 97.5])
        return float(low), float(high)

    def as_dict(self) -> dict[str, Any]:
        """Every figure as plain JSON values; the pairs of a pooled evaluation under `pairs`."""
        from geodata.evaluate.tables import as_dict

        return as_dict(self)

    def table(self) -> Any:
        """All figures as a `rich` table."""
        from geodata.evaluate.tables import summary_table

        return summary_table(self)

    def pairs_table(self) -> Any:
        """One row per pair, then the pooled row, as a `rich` table."""
        from geodata.evaluate.tables import pairs_table

        return pairs_table(self)


def pool(evaluations: Sequence[Evaluation], name: str = "pooled") -> Evaluation:
    """Add up pairs: every figure of the result is of the sums, not a mean of the pairs' figures.

    The searched area is known only where it is known of every pair.

    Args:
        evaluations: The pairs; may be empty.
        name: Name of the result.
    """
    areas = [e.area_km2 for e in evaluations]
    return Evaluation(
        pixels=sum((e.pixels for e in evaluations), PixelAreas()),
        truths=tuple(t for e in evaluations for t in e.truths),
        alarms=tuple(a for e in evaluations for a in e.alarms),
        matched_loose=sum(e.matched_loose for e in evaluations),
        matched_strict=sum(e.matched_strict for e in evaluations),
        merges=sum(e.merges for e in evaluations),
        splits=sum(e.splits for e in evaluations),
        area_km2=None if any(a is None for a in areas) else float(sum(a or 0.0 for a in areas)),
        name=name,
        parts=tuple(evaluations),
    )


def ratio(part: float, whole: float) -> float | None:
    """Part / whole, None where there is no whole."""
    return None if whole <= 0 else part / whole


def _floor(false_confidences: npt.NDArray[np.float64], allowed: float) -> float:
    """The confidence that a detection must exceed so that at most `allowed` false alarms remain.

    Args:
        false_confidences: Confidences of the false alarms, descending.
        allowed: False alarms allowed in the searched area.
    """
    keep = int(np.floor(allowed + 1e-9))
    return -np.inf if keep >= false_confidences.size else float(false_confidences[keep])
