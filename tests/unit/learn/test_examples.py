"""Examples of a trial: found, false and missed structures with their surroundings, the foremost first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geodata.detect.calibration import MEASURES
from geodata.detect.detector import shipped
from geodata.detect.objects import Component
from geodata.learn.cases import Case, Opened, Outline, cases_in, opened
from geodata.learn.examples import CHIP_PX, examples_in, foremost
from geodata.learn.trial import Side, beside, compared, summed, trial
from geodata.scan_images import Judge
from tests.unit.detect.district_kit import ROOF, fields, outline, roofed
from tests.unit.io_rasters.raster_kit import write

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "levir_dev"
TOLD = (0.0,) * len(MEASURES)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """512 x 512 px of 0.5 m with one new roof, and two more that a label claims."""
    folder = tmp_path_factory.mktemp("case")
    before, after = write(folder / "before.tif", fields(1)), write(folder / "after.tif", roofed(2))
    known = [outline(*ROOF), outline(100, 100, 30, 30), outline(300, 300, 20, 20)]
    outlines = tuple(Outline(shape, "appeared") for shape in known)
    return opened(Case("made", before, after, outlines=outlines), Judge(shipped()), 0.5)


def side_of(case: Opened, claims: dict[tuple[int, int, int, int], float]) -> Side:
    """Claimed boxes with their confidence beside the case's label of what appeared."""
    parts = {box: Component(box[0], box[1], np.ones(box[2:], bool), np.zeros(1, np.int64), 0, False) for box in claims}
    by_part = {id(part): claims[box] for box, part in parts.items()}
    label = case.labels(case.grid.full_window)[0]
    return beside("appeared", label, list(parts.values()), 0.25, lambda part: (TOLD, by_part[id(part)]))


CLAIMS = {ROOF: 0.8, (10, 400, 20, 20): 0.7, (60, 300, 20, 20): 0.95, (450, 20, 20, 20): 0.2}
"""The new roof, and three boxes where nothing changed."""


def test_each_kind_in_its_order(case: Opened) -> None:
    told = examples_in([side_of(case, CLAIMS)], case, 0.5, 6)
    assert [(e.kind, e.confidence) for e in told] == [
        ("found", 0.8), ("false", 0.95), ("false", 0.7), ("missed", None), ("missed", None),
    ]  # fmt: skip
    assert [e.area_m2 for e in told] == pytest.approx([600, 100, 100, 225, 100], rel=0.1)
    assert [e.kind for e in examples_in([side_of(case, CLAIMS)], case, 0.5, 1)] == ["found", "false", "missed"]


def test_what_is_below_the_floor_is_not_reported(case: Opened) -> None:
    told = examples_in([side_of(case, CLAIMS)], case, 0.9, 6)
    assert [e.kind for e in told] == ["false", "missed", "missed", "missed"]
    assert not told[1].claimed.any()


def test_a_chip_shows_the_object_in_its_middle(case: Opened) -> None:
    found = examples_in([side_of(case, CLAIMS)], case, 0.5, 1)[0]
    for picture in (found.before, found.after):
        assert picture.shape == (CHIP_PX, CHIP_PX, 3) and picture.dtype == np.uint8
    assert found.claimed.shape == found.truth.shape == (CHIP_PX, CHIP_PX)
    rows, cols = np.nonzero(found.claimed)
    assert (rows.mean(), cols.mean()) == pytest.approx((CHIP_PX / 2, CHIP_PX / 2), abs=1)
    inside = found.claimed == 1
    # The roof is bright and new: within its outline the dates differ, beside it they hardly do.
    gain = found.after.astype(int).mean(axis=2) - found.before.astype(int).mean(axis=2)
    assert gain[inside].mean() > 40 and abs(gain[:20].mean()) < 10


def test_a_chip_at_the_edge_lies_within_the_picture(case: Opened) -> None:
    edge = next(e for e in examples_in([side_of(case, CLAIMS)], case, 0.5, 6) if e.confidence == 0.7)
    assert edge.claimed.shape == (CHIP_PX, CHIP_PX)
    assert edge.claimed[10:30].any() and not edge.claimed[30:].any()


def test_a_row_of_houses_is_one_example(case: Opened) -> None:
    close = {(10, 300, 20, 20): 0.9, (10, 330, 20, 20): 0.8, (10, 380, 20, 20): 0.7}
    told = [e.confidence for e in examples_in([side_of(case, close)], case, 0.5, 6) if e.kind == "false"]
    assert told == [0.9, 0.7]


def test_the_foremost_of_many_cases(case: Opened) -> None:
    one = examples_in([side_of(case, CLAIMS)], case, 0.5, 6)
    other = [replace(e, confidence=None if e.confidence is None else e.confidence - 0.1) for e in one]
    told = foremost([*other, *one], 2)
    assert [e.kind for e in told] == ["found", "found", "false", "false", "missed", "missed"]
    assert [e.confidence for e in told[:4]] == pytest.approx([0.8, 0.7, 0.95, 0.85])
    assert told[4].area_m2 == told[5].area_m2 == max(e.area_m2 for e in one if e.kind == "missed")


@pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL} is not there")
def test_real_houses_are_shown() -> None:
    """The training-free detector on a real pair: the examples agree with the trial's own counts."""
    real = opened(cases_in(REAL)[0], Judge(shipped()), 0.55)
    sides = compared(None, real)
    told = summed(sides, real, "here")
    assert told == trial(None, real, "here")
    floor = shipped().operating.candidate
    examples = examples_in(sides, real, floor, 6)
    assert {"found", "false"} <= {e.kind for e in examples}
    for example in examples:
        if example.kind != "missed":
            assert example.confidence is not None and example.confidence >= floor and example.claimed.any()
        if example.kind != "false":
            assert (example.truth == 1).any()
