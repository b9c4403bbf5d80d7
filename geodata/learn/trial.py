"""What a model is worth: its objects on held-out cases against what is known of them, by the detector's own way.

Nothing is simulated here: windows, cascade, components and measures are those of a scan, so that a calibration or a
threshold fitted on a trial holds in a scan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from geodata.detect.calibration import MEASURES
from geodata.detect.candidates import measure_object
from geodata.detect.crews import Threads
from geodata.detect.models import Model
from geodata.detect.objects import Component
from geodata.detect.pair import detect
from geodata.detect.windows import DIRECTIONS
from geodata.evaluate.measures import COVER_SHARE, LEAST_AREA_M2
from geodata.grid import Window
from geodata.learn.cases import Opened
from geodata.learn.figures import Figures
from geodata.learn.samples import UNKNOWN
from geodata.types import Change

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]

JUDGED_SHARE = 0.5
"""So much of an object must be known for it to count."""
WINDOW_PX = 2048


@dataclass(frozen=True)
class TrialObject:
    """One object that a model found.

    Args:
        told: `calibration.MEASURES`.
        confidence: What the model says of it.
        real: Whether enough of it lies on truth.
        pixels: Its known pixels.
        hit: Those of them on truth.
        covers: True objects with the pixels of each that it covers.
    """

    told: tuple[float, ...]
    confidence: float
    real: bool
    pixels: int
    hit: int
    covers: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Trial:
    """What a model gave on one case.

    Args:
        place: The place.
        objects: What it found and somebody judged.
        truths: Known pixels of each true object of at least `LEAST_AREA_M2`, by number.
        true_px: True pixels.
        area_km2: Known ground.
    """

    place: str
    objects: tuple[TrialObject, ...]
    truths: dict[int, int]
    true_px: int
    area_km2: float


@dataclass(frozen=True)
class Side:
    """One direction of a case: what is known of it, and what a model claims of it.

    Args:
        change: Direction.
        label: 0, 1 or `UNKNOWN`, shape (y, x) of the common grid.
        truths: Pixels of each true object of at least `LEAST_AREA_M2`, by number.
        boxes: Where each of these lies.
        claims: What the model found and somebody judged, with its pixels.
    """

    change: Change
    label: U8
    truths: dict[int, int]
    boxes: dict[int, Window]
    claims: tuple[tuple[Component, TrialObject], ...]


Told = Callable[[Component], tuple[tuple[float, ...], float]]
"""The `calibration.MEASURES` of a component and what the model says of it."""


def trial(model: Model | None, case: Opened, place: str, workers: int = 1) -> Trial:
    """Run a model over a case.

    Args:
        model: The model, None: the training-free detector.
        case: The pair; what judged it when it was opened does not matter.
        place: Its place.
        workers: Threads.
    """
    return summed(compared(model, case, workers), case, place)


def compared(model: Model | None, case: Opened, workers: int = 1) -> tuple[Side, ...]:
    """Run a model over a case and lay what it claims beside what is known, one direction after the other.

    Args:
        model: The model, None: the training-free detector.
        case: The pair.
        workers: Threads.
    """
    plan = replace(case.prepared.plan, model=model)
    found = detect(plan, WINDOW_PX, Threads(workers))
    pixel_m2 = float(np.prod(case.grid.pixel_size))
    sides = []
    for change, label in zip(DIRECTIONS, case.labels(case.grid.full_window), strict=True):
        if change == "disappeared" and not (label == 1).any():
            # Nobody told of any demolition: what is claimed of one is no measure.
            continue

        def told(component: Component, change: Change = change) -> tuple[tuple[float, ...], float]:
            measured = measure_object(component, change, plan.detector, model)
            return measured.told or (measured.confidence, 0.0, 0.0, 0.0, 0.0), measured.confidence

        sides.append(beside(change, label, found.components[change], pixel_m2, told))
    return tuple(sides)


def beside(change: Change, label: U8, components: Sequence[Component], pixel_m2: float, told: Told) -> Side:
    """Lay claims beside what is known of one direction.

    Args:
        change: Direction.
        label: What is known, 0, 1 or `UNKNOWN`, shape (y, x).
        components: What is claimed, on the same grid.
        pixel_m2: Ground of a pixel.
        told: What the model says of a component; asked only for those that count.
    """
    count, numbers, stats, _ = cv2.connectedComponentsWithStats((label == 1).astype(np.uint8))
    offset = 10**6 * DIRECTIONS.index(change)
    large = [k for k in range(1, count) if stats[k, cv2.CC_STAT_AREA] * pixel_m2 >= LEAST_AREA_M2]
    truths = {offset + k: int(stats[k, cv2.CC_STAT_AREA]) for k in large}
    boxes = {offset + k: Window(*(int(stats[k, n]) for n in _BOX)) for k in large}
    claims = []
    for component in components:
        if component.pixels * pixel_m2 < LEAST_AREA_M2:
            continue
        rows, cols = component.mask.shape
        under = slice(component.row, component.row + rows), slice(component.col, component.col + cols)
        known = component.mask & (label[under] != UNKNOWN)
        if known.sum() < JUDGED_SHARE * component.pixels:
            continue
        on = np.bincount(numbers[under][known], minlength=1)
        covers = tuple((offset + int(k), int(on[k])) for k in np.flatnonzero(on) if k and offset + int(k) in truths)
        hit, pixels = int(on[1:].sum()), int(known.sum())
        thing = TrialObject(*told(component), hit >= COVER_SHARE * pixels, pixels, hit, covers)
        claims.append((component, thing))
    return Side(change, label, truths, boxes, tuple(claims))


_BOX = (cv2.CC_STAT_TOP, cv2.CC_STAT_LEFT, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_WIDTH)


def summed(sides: Sequence[Side], case: Opened, place: str) -> Trial:
    """The sides of a case as a trial.

    Args:
        sides: Its directions, what appeared first.
        case: The case.
        place: Its place.
    """
    truths: dict[int, int] = {}
    for side in sides:
        truths |= side.truths
    objects = tuple(thing for side in sides for _, thing in side.claims)
    true_px = sum(int((side.label == 1).sum()) for side in sides)
    area_m2 = float((sides[0].label != UNKNOWN).sum()) * float(np.prod(case.grid.pixel_size))
    return Trial(place, objects, truths, true_px, area_m2 / 1e6)


def missed_by(reported: Sequence[TrialObject], truths: Mapping[int, int]) -> list[int]:
    """Numbers of the true objects of which what is reported covers too little.

    Args:
        reported: What a model reports.
        truths: Pixels of each true object, by number.
    """
    covered = dict.fromkeys(truths, 0)
    for thing in reported:
        for number, pixels in thing.covers:
            covered[number] += pixels
    return [number for number, size in truths.items() if covered[number] < COVER_SHARE * size]


def figures(trials: Sequence[Trial], confidence: Sequence[F64] | None, floor: float) -> Figures:
    """Pooled figures of the objects at and above a confidence.

    Args:
        trials: What a model gave.
        confidence: Confidence of the objects of each trial, None: the model's own.
        floor: Confidence from which an object counts.
    """
    claimed = hit = true = found = wanted = wrong = kept = 0
    area = 0.0
    for k, one in enumerate(trials):
        told = [o.confidence for o in one.objects] if confidence is None else confidence[k].tolist()
        reported = [thing for thing, value in zip(one.objects, told, strict=True) if value >= floor]
        kept, wrong = kept + len(reported), wrong + sum(not thing.real for thing in reported)
        claimed, hit = claimed + sum(o.pixels for o in reported), hit + sum(o.hit for o in reported)
        found += len(one.truths) - len(missed_by(reported, one.truths))
        wanted, true, area = wanted + len(one.truths), true + one.true_px, area + one.area_km2
    return Figures(
        2 * hit / max(1, claimed + true),
        found / max(1, wanted),
        (kept - wrong) / max(1, kept),
        wrong / max(area, 1e-9),
    )


def measures_of(trials: Sequence[Trial]) -> tuple[F64, BoolArray]:
    """`MEASURES` of all objects, shape (n, 5), and which are real."""
    told = [o.told for t in trials for o in t.objects]
    real = [o.real for t in trials for o in t.objects]
    return np.array(told, float).reshape(-1, len(MEASURES)), np.array(real, bool)


def best_floor(trials: Sequence[Trial], confidence: Sequence[F64]) -> tuple[float, Figures]:
    """The confidence with the best figures, and those."""
    floors = np.arange(0.02, 0.9, 0.02)
    each = [figures(trials, confidence, float(floor)) for floor in floors]
    best = int(np.argmax([f.value for f in each]))
    return round(float(floors[best]), 3), each[best]


def difference(
    challenger: Sequence[Trial], champion: Sequence[Trial], floors: tuple[float, float], resamples: int = 1000
) -> tuple[float, float, float]:
    """How much better a challenger is on the same places, with its 95 % interval by cluster bootstrap over places.

    Args:
        challenger: Its trials.
        champion: Those of the model in use, on the same cases in the same order.
        floors: Confidence from which each reports.
        resamples: Resamples of the places.

    Returns:
        Difference of `Figures.value`, its lower and its upper end.
    """
    places = sorted({t.place for t in challenger})

    def gap(chosen: Sequence[str]) -> float:
        rows = [k for place in chosen for k, t in enumerate(challenger) if t.place == place]
        values = [
            figures([trials[k] for k in rows], None, floor).value
            for trials, floor in zip((challenger, champion), floors, strict=True)
        ]
        return values[0] - values[1]

    rng = np.random.default_rng(0)
    drawn = [gap([places[k] for k in rng.integers(0, len(places), len(places))]) for _ in range(resamples)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return gap(places), float(low), float(high)
