"""Pieces among their neighbours, on grids of a few pixels."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.detect.neighbours import BESIDE, aprons, beside, best_beside, borders_of, bridges, shadows
from geodata.detect.segments import ATTRIBUTES, Pieces

ROW = """
    0 0 1 1 2 . 3
    0 0 1 1 2 . 3
"""
"""Four pieces side by side; between the third and the fourth lies ground that is not suspected."""


def pieces(drawn: str, luminance: list[int] | None = None, dark: list[int] | None = None) -> Pieces:
    rows = [line.split() for line in drawn.split("\n") if line.strip()]
    labels = np.array([[-1 if cell == "." else int(cell) for cell in row] for row in rows], np.int32)
    count = int(labels.max()) + 1
    attributes = np.zeros((count, len(ATTRIBUTES)), np.uint8)
    attributes[:, ATTRIBUTES.index("luminance")] = luminance or [0] * count
    attributes[:, ATTRIBUTES.index("dark")] = dark or [0] * count
    return Pieces(labels, np.bincount(labels[labels >= 0], minlength=count), attributes)


def told(drawn: str, points: list[int], luminance: list[int] | None = None) -> dict[str, list[int]]:
    cut = pieces(drawn, luminance)
    found = beside(borders_of(cut, cut.labels >= 0), cut, np.array(points, np.int32))
    return dict(zip(BESIDE, found.T.tolist(), strict=True))


def test_who_lies_beside_whom_and_how_far() -> None:
    cut = pieces(ROW)
    borders = borders_of(cut, cut.labels >= 0)
    sides = list(zip(borders.own.tolist(), borders.other.tolist(), borders.length.tolist(), strict=True))
    assert sides == [(0, 1, 2), (1, 0, 2), (1, 2, 2), (2, 1, 2)]
    assert borders.open_sides.tolist() == [0, 0, 2, 2]


def test_what_the_first_look_does_not_suspect_is_open_ground() -> None:
    cut = pieces(ROW)
    marked = np.ones(cut.labels.shape, bool)
    marked[:, 2:4] = False  # every pixel is cut into pieces, but the second piece was not suspected
    borders = borders_of(cut, marked)
    assert borders.own.size == 0
    # Towards the second piece from both sides, towards the gap as before; the second has suspected ground beside it.
    assert borders.open_sides.tolist() == [2, 0, 4, 2]


def test_scores_are_seen_from_the_neighbours() -> None:
    seen = told(ROW, [0, 200, -400, 100])
    # Scores on the scale of an attribute: a quarter of them, plus 160.
    assert seen["own"] == [160, 210, 60, 185]
    assert seen["best_beside"] == [210, 160, 210, 0]
    # The third has two sides to 200 and two to open ground; the last has open ground alone.
    assert seen["mean_beside"] == [210, (160 + 60) // 2, 105, 0]
    assert seen["likely_beside"] == [255, 128, 128, 0]
    assert seen["open_edge"] == [0, 0, 128, 255]


def test_how_much_lighter_than_the_best_neighbour() -> None:
    assert told(ROW, [0, 200, -400, 100], [100, 140, 20, 9])["lighter_than_best"] == [108, 148, 68, 128]


def test_a_piece_alone_has_nobody_beside_it() -> None:
    seen = told("0 0\n0 0", [50])
    assert (seen["best_beside"], seen["mean_beside"], seen["open_edge"]) == ([0], [0], [0])


def test_no_piece_has_no_neighbour() -> None:
    cut = Pieces(np.full((3, 3), -1, np.int32), np.empty(0, np.int64), np.empty((0, len(ATTRIBUTES)), np.uint8))
    borders = borders_of(cut, np.zeros((3, 3), bool))
    none = np.empty(0, np.int32)
    assert beside(borders, cut, none).shape == (0, len(BESIDE))
    assert aprons(borders, none, 250).size == bridges(borders, none, none.astype(bool), -100).size == 0


@pytest.mark.parametrize(("drop", "apron"), [(249, [True, False, False, False]), (250, [False] * 4)])
def test_what_is_much_less_likely_than_its_best_neighbour_is_its_apron(drop: int, apron: list[bool]) -> None:
    cut = pieces(ROW)
    borders, points = borders_of(cut, cut.labels >= 0), np.array([-50, 200, 0, -900], np.int32)
    assert best_beside(borders, points)[:3].tolist() == [200, 0, 200]
    # The last one has no neighbour to be held against.
    assert aprons(borders, points, drop).tolist() == apron


@pytest.mark.parametrize(
    ("points", "luminance", "shadow"),
    [
        ([150, 40], [200, 10], [False, True]),
        ([150, 50], [200, 10], [False, False]),  # as likely as a roof itself, within 100
        ([-10, -300], [200, 10], [False, False]),  # nothing likely beside it
        ([150, 40], [49, 10], [False, False]),  # no lighter than it by 40
    ],
)
def test_a_dark_piece_beside_a_likely_light_one_is_its_shadow(
    points: list[int], luminance: list[int], shadow: list[bool]
) -> None:
    cut = pieces("0 0 1\n0 0 1", luminance, [0, 255])
    assert shadows(borders_of(cut, cut.labels >= 0), cut, np.array(points, np.int32), 100).tolist() == shadow


BETWEEN = """
    0 0 2 1 1
    0 0 2 1 1
    3 3 3 3 3
"""


def test_the_ground_between_two_structures_is_dropped() -> None:
    cut = pieces(BETWEEN)
    borders = borders_of(cut, cut.labels >= 0)
    accepted, points = np.ones(4, bool), np.array([100, 90, -150, -600], np.int32)
    accepted[3] = False
    # Both the piece between the two and the one below touch two structures.
    assert bridges(borders, points, accepted, -100).tolist() == [False, False, True, True]
    # As likely as a structure itself, it makes one of the two.
    points[2] = -100
    assert bridges(borders, points, accepted, -100).tolist() == [False] * 4


def test_what_touches_one_structure_twice_is_no_bridge() -> None:
    around = pieces("0 0 0\n0 1 0\n2 2 2")
    borders = borders_of(around, around.labels >= 0)
    points = np.array([100, -150, -150], np.int32)
    assert not bridges(borders, points, np.ones(3, bool), -100).any()
