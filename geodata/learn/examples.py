"""Structures that a model found, missed or wrongly claimed on a case, with their surroundings in both dates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geodata.detect.models import Model
from geodata.detect.windows import WindowPixels
from geodata.grid import Window
from geodata.learn.cases import Opened
from geodata.learn.outcome import KINDS, Example, Kind
from geodata.learn.trial import Side, compared, missed_by

U8 = npt.NDArray[np.uint8]

CHIP_PX = 96
APART_PX = 48
"""Two examples of a kind are at least so far apart along an axis: a row of equal houses is one lesson."""


@dataclass(frozen=True)
class _Pick:
    """What may become an example.

    Args:
        kind: Its kind.
        side: The direction of the case that it belongs to.
        box: Where it lies.
        pixels: Its size.
        confidence: What the model says of it; None for a missed one.
    """

    kind: Kind
    side: int
    box: Window
    pixels: int
    confidence: float | None = None

    @property
    def centre(self) -> tuple[int, int]:
        """Row and column of its middle."""
        return self.box.row + self.box.height // 2, self.box.col + self.box.width // 2


def examples_of(model: Model, case: Opened, most: int) -> list[Example]:
    """What a model found, missed and wrongly claimed on a case.

    Args:
        model: The model, at the confidence from which it reports.
        case: The case.
        most: At most so many of each kind.
    """
    return examples_in(compared(model, case), case, model.points.candidate, most)


def examples_in(sides: Sequence[Side], case: Opened, floor: float, most: int) -> list[Example]:
    """Examples of a trial: of each kind the most confident first, of the missed the largest.

    Args:
        sides: The case with what a model claims of it.
        case: The case.
        floor: Confidence from which a claim is reported.
        most: At most so many of each kind.
    """
    picks = [pick for number, side in enumerate(sides) for pick in _picks(side, number, floor)]
    claimed = [_claimed(side, floor) for side in sides]
    pixel_m2 = float(np.prod(case.grid.pixel_size))
    examples = []
    for kind in KINDS:
        ranked = sorted((p for p in picks if p.kind == kind), key=lambda p: (-(p.confidence or 0.0), -p.pixels))
        for pick in _apart(ranked)[:most]:
            window = _around(pick.centre, case.grid.shape)
            before, after = _pictures(case, window)
            masks = claimed[pick.side][window.slices], sides[pick.side].label[window.slices].copy()
            examples.append(Example(kind, before, after, *masks, pick.confidence, pick.pixels * pixel_m2))
    return examples


def foremost(examples: Iterable[Example], most: int) -> tuple[Example, ...]:
    """The first of each kind among the examples of many cases, in the order of `examples_in`.

    Args:
        examples: All.
        most: At most so many of each kind.
    """
    ranked = sorted(examples, key=lambda e: (-(e.confidence or 0.0), -e.area_m2))
    return tuple(e for kind in KINDS for e in [e for e in ranked if e.kind == kind][:most])


def _picks(side: Side, number: int, floor: float) -> list[_Pick]:
    reported = [(c, thing) for c, thing in side.claims if thing.confidence >= floor]
    picks = [
        _Pick(
            "found" if thing.real else "false", number, Window(c.row, c.col, *c.mask.shape), c.pixels, thing.confidence
        )
        for c, thing in reported
    ]
    missed = missed_by([thing for _, thing in reported], side.truths)
    return picks + [_Pick("missed", number, side.boxes[k], side.truths[k]) for k in missed]


def _apart(ranked: Sequence[_Pick]) -> list[_Pick]:
    """Those that lie apart from all that rank before them."""
    kept: list[_Pick] = []
    for pick in ranked:
        row, col = pick.centre
        if all(max(abs(row - k.centre[0]), abs(col - k.centre[1])) >= APART_PX for k in kept):
            kept.append(pick)
    return kept


def _claimed(side: Side, floor: float) -> U8:
    """The reported claims of a side, 0 or 1, shape of the grid."""
    claimed = np.zeros(side.label.shape, np.uint8)
    for component, thing in side.claims:
        if thing.confidence >= floor:
            rows, cols = component.mask.shape
            claimed[component.row : component.row + rows, component.col : component.col + cols] |= component.mask
    return claimed


def _around(centre: tuple[int, int], shape: tuple[int, int]) -> Window:
    """A chip about a pixel, moved inwards at the edge of the grid."""
    height, width = (min(CHIP_PX, n) for n in shape)
    row, col = (max(0, min(c - n // 2, whole - n)) for c, n, whole in zip(centre, (height, width), shape, strict=True))
    return Window(row, col, height, width)


def _pictures(case: Opened, window: Window) -> tuple[U8, U8]:
    """Both dates as the model sees them, shape (y, x, 3)."""
    pixels = WindowPixels(case.prepared.plan, window)
    pixels.fetch(window)
    before, after, _ = pixels.fine(window)
    first, second = (np.ascontiguousarray(date[:3].transpose(1, 2, 0)) for date in (before, after))
    return first, second
