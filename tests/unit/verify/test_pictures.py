"""The figures of a picture around an outline, on pictures that a reader can check by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geodata.verify.pictures import (
    around,
    likeness,
    looks_like,
    moved_colour,
    recoloured,
    shadow_beside,
    step_across,
)

SIZE = 60
HOUSE = shapely.box(20, 22, 40, 38)


def mask() -> np.ndarray:
    out = np.zeros((SIZE, SIZE), bool)
    out[22:38, 20:40] = True
    return out


def everywhere() -> np.ndarray:
    return np.ones((SIZE, SIZE), bool)


def test_a_step_of_100_is_found_along_all_four_sides() -> None:
    grey = np.where(mask(), 180, 80).astype(np.float32)
    assert step_across(grey, HOUSE, everywhere()) == pytest.approx(100, abs=1)
    assert step_across(np.full((SIZE, SIZE), 80, np.float32), HOUSE, everywhere()) == 0


def test_a_rough_edge_smears_out_and_a_moved_one_by_two_pixels_does_not() -> None:
    rng = np.random.default_rng(0)
    rough = np.full((SIZE, SIZE), 80, np.float32)
    for row in range(18, 42):
        left, right = 20 + rng.integers(-5, 6), 40 + rng.integers(-5, 6)
        rough[row, left:right] = 180
    level = shapely.box(20, 5, 40, 55)  # only its upright sides cross the edge
    straight = np.full((SIZE, SIZE), 80, np.float32)
    straight[:, 22:42] = 180
    assert step_across(straight, level, everywhere()) > 60
    assert step_across(rough, HOUSE, everywhere()) < 75


def test_sides_that_are_not_seen_do_not_count() -> None:
    grey = np.where(mask(), 180, 80).astype(np.float32)
    grey[:, :30] = 80
    seen = everywhere()
    seen[:, :30] = False
    assert step_across(grey, HOUSE, seen) == pytest.approx(100, abs=1)


def test_what_stands_throws_a_shadow_to_one_side() -> None:
    grey = np.full((SIZE, SIZE), 120, np.float32)
    assert shadow_beside(grey, mask()) == pytest.approx(0, abs=1)
    grey[22:38, 40:45] = 30
    assert shadow_beside(grey, mask()) > 50


def test_likeness_finds_a_shift_of_two_pixels() -> None:
    rng = np.random.default_rng(1)
    first = rng.uniform(0, 255, (SIZE, SIZE)).astype(np.float32)
    alike, at = likeness(first, np.roll(first, (2, -1), axis=(0, 1)), mask(), everywhere())
    assert alike > 0.95 and at == (-2, 1)
    other, _ = likeness(first, rng.uniform(0, 255, (SIZE, SIZE)).astype(np.float32), mask(), everywhere())
    assert abs(other) < 0.3


@pytest.mark.parametrize(
    ("colour", "looks"),
    [
        ((150, 130, 100), (False, True, False)),  # soil
        ((150, 80, 60), (False, False, True)),  # red tiles
        ((80, 120, 60), (True, False, False)),  # plants
        ((70, 120, 95), (True, False, True)),  # a dust net: bluer than plants
        ((60, 100, 160), (False, False, True)),  # a blue sheet
        ((120, 120, 120), (False, False, False)),  # concrete
    ],
)
def test_colours(colour: tuple[int, int, int], looks: tuple[bool, bool, bool]) -> None:
    picture = np.array(colour, np.float32).reshape(3, 1, 1)
    assert tuple(bool(one[0, 0]) for one in looks_like(picture)) == looks


def test_light_that_changed_everywhere_recolours_nothing() -> None:
    before = np.full((3, SIZE, SIZE), 100, np.uint8)
    brighter = np.full((3, SIZE, SIZE), 140, np.uint8)
    assert recoloured((before, brighter), mask(), around(mask())) == 0
    brighter[:, mask()] = 170
    assert recoloured((before, brighter), mask(), around(mask())) == pytest.approx(30)
    assert moved_colour(before, brighter).max() == 70
