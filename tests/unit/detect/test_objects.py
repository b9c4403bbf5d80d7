"""Components cut by windows come together again, with their sums."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from geodata.crs import parse_crs
from geodata.detect.objects import Component, Measures, WindowObjects, find_components, merge_windows
from geodata.grid import Grid, Window
from tests.unit.io_rasters.raster_kit import TRANSFORM

Bool = npt.NDArray[np.bool_]


def in_windows(mask: Bool, size: int, order: int = 1) -> list[Component]:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 255, mask.shape, dtype=np.uint8)
    points = rng.integers(-300, 300, mask.shape).astype(np.int16)
    unseen = np.zeros(mask.shape, bool)
    unseen[:, 0] = True
    parts: list[WindowObjects] = []
    for window in Grid(parse_crs(4547), TRANSFORM, mask.shape).windows(size):
        at = window.slices
        # Each pixel is a piece of its own: score, value and one to count by.
        numbers = np.arange(mask[at].size, dtype=np.int32).reshape(mask[at].shape)
        table = np.column_stack([points[at].ravel(), values[at].ravel(), np.ones(mask[at].size)]).astype(np.int16)
        parts.append(find_components(mask[at], window, Measures(numbers, table), unseen[at]))
    return merge_windows(parts[::order], mask.shape)


def plain(component: Component) -> tuple[object, ...]:
    return (
        component.row,
        component.col,
        component.mask.tolist(),
        component.sums.tolist(),
        component.peak,
        component.borders_unseen,
    )


def test_a_square_cut_by_four_corners_is_one() -> None:
    mask = np.zeros((20, 20), bool)
    mask[7:13, 8:12] = True
    (one,) = in_windows(mask, 10)
    assert (one.row, one.col, one.pixels, one.mask.shape) == (7, 8, 24, (6, 4))
    assert one.sums[2] == 24 and not one.borders_unseen
    assert plain(one) == plain(in_windows(mask, 20)[0])


@pytest.mark.parametrize("pair", [((9, 9), (10, 10)), ((9, 10), (10, 9)), ((9, 4), (10, 5)), ((4, 10), (5, 9))])
def test_pixels_that_touch_by_a_corner_over_a_seam_are_one(pair: tuple[tuple[int, int], ...]) -> None:
    mask = np.zeros((20, 20), bool)
    for row, col in pair:
        mask[row, col] = True
    assert len(in_windows(mask, 10)) == 1


@pytest.mark.parametrize("pair", [((9, 9), (11, 10)), ((9, 9), (10, 11)), ((0, 9), (19, 10)), ((9, 0), (10, 19))])
def test_pixels_that_do_not_touch_stay_two(pair: tuple[tuple[int, int], ...]) -> None:
    mask = np.zeros((20, 20), bool)
    for row, col in pair:
        mask[row, col] = True
    assert len(in_windows(mask, 10)) == 2


def test_a_ring_through_many_windows_is_one() -> None:
    mask = np.zeros((60, 60), bool)
    mask[3:57, 3:57] = True
    mask[5:55, 5:55] = False
    (one,) = in_windows(mask, 7)
    assert one.pixels == mask.sum()


@pytest.mark.parametrize("size", [5, 8, 13, 31])
@pytest.mark.parametrize("order", [1, -1])
def test_any_windows_in_any_order_give_the_same_objects(size: int, order: int) -> None:
    mask = np.random.default_rng(2).random((61, 47)) < 0.35
    whole = [plain(c) for c in in_windows(mask, 100)]
    assert len(whole) > 20
    assert [plain(c) for c in in_windows(mask, size, order)] == whole


def test_what_an_object_knows_of_its_pixels() -> None:
    mask = np.zeros((8, 8), bool)
    mask[0, 0] = mask[4:6, 4:6] = True
    first, second = in_windows(mask, 8)
    assert first.borders_unseen and not second.borders_unseen
    rng = np.random.default_rng(1)
    values = rng.integers(0, 255, mask.shape, dtype=np.uint8)
    points = rng.integers(-300, 300, mask.shape).astype(np.int16)
    assert second.sums.tolist() == [points[4:6, 4:6].sum(dtype=int), values[4:6, 4:6].sum(dtype=int), 4]
    assert second.peak == points[4:6, 4:6].max()


def test_nothing_gives_nothing() -> None:
    assert in_windows(np.zeros((20, 20), bool), 7) == []


def test_pixels_of_a_piece_share_its_row_and_a_pixel_of_none_the_last() -> None:
    numbers = np.array([[-1, 0, 0], [1, 1, 1], [-1, -1, -1]], np.int32)
    mask = np.array([[True, True, True], [False, True, True], [False, False, False]])
    table = np.array([[-20, 7], [90, 5], [0, 0]], np.int16)  # two pieces and the empty row
    (one,) = find_components(mask, Window(256, 512, 3, 3), Measures(numbers, table), np.zeros((3, 3), bool)).components
    assert (one.row, one.col, one.pixels) == (256, 512, 5)
    assert one.sums.tolist() == [2 * -20 + 2 * 90, 2 * 7 + 2 * 5] and one.peak == 90
    alone = find_components(mask & (numbers == 0), Window(0, 0, 3, 3), Measures(numbers, table), mask).components[0]
    assert alone.sums.tolist() == [-40, 14] and alone.peak == -20 and alone.borders_unseen


def test_the_sides_of_a_window_name_the_components_that_reach_them() -> None:
    mask = np.zeros((4, 4), bool)
    mask[0, 0] = mask[0, 3] = mask[3, 3] = True
    measures = Measures(np.zeros((4, 4), np.int32), np.ones((1, 1), np.int16))
    found = find_components(mask, Window(0, 0, 4, 4), measures, mask)
    assert found.top.tolist() == [0, -1, -1, 1] and found.bottom.tolist() == [-1, -1, -1, 2]
    assert found.left.tolist() == [0, -1, -1, -1] and found.right.tolist() == [1, -1, -1, 2]


def test_windows_that_found_nothing_may_be_left_out() -> None:
    mask = np.zeros((30, 30), bool)
    mask[8:12, 8:12] = mask[25:28, 8:12] = True
    parts = []
    for window in Grid(parse_crs(4547), TRANSFORM, mask.shape).windows(10):
        at = window.slices
        if mask[at].any():
            measures = Measures(np.zeros(mask[at].shape, np.int32), np.ones((1, 1), np.int16))
            parts.append(find_components(mask[at], window, measures, ~mask[at]))
    assert [(c.row, c.pixels) for c in merge_windows(parts, mask.shape)] == [(8, 16), (25, 12)]
    assert merge_windows([], (30, 30)) == []
