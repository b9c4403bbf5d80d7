"""Networks over pictures of any size and pixel size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from geodata.detect.cascade import NEVER, SQUARE_PX, Seen, fill_unseen, piece_scores, points_around, screened
from geodata.detect.models import SHIPPED, models_in
from geodata.detect.network import LIMIT, Network
from geodata.detect.segments import CELL_HALO_PX, CELL_PX, Pieces
from geodata.errors import ModelError
from geodata.grid import Window
from geodata.pairing.patches import LOOK
from tests.unit.detect.model_kit import write_network

U8 = npt.NDArray[np.uint8]
GSD_M = 0.5


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return Network(write_network(tmp_path_factory.mktemp("network") / "network.onnx"), "", GSD_M)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """A network that sees 31 pixels around each, and takes the mean of all off."""
    return Network(write_network(tmp_path_factory.mktemp("wide") / "network.onnx", side=63, relative=True), "", GSD_M)


def flat(value: int, height: int, width: int) -> U8:
    return np.full((3, height, width), value, np.uint8)


def textured(height: int, width: int, seed: int = 1) -> U8:
    return np.random.default_rng(seed).integers(0, 255, (3, height, width), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(64, 64), (37, 53), (1, 1), (33, 320)])
@pytest.mark.parametrize("gsd_m", [0.2, 0.5, 0.6, 1.3])
def test_the_answer_has_the_size_of_the_pictures(network: Network, shape: tuple[int, int], gsd_m: float) -> None:
    points = network.points(flat(80, *shape), flat(160, *shape), gsd_m)
    assert points.shape == (2, *shape) and points.dtype == np.int16
    # 80 grey values brighter: 0.1 x 80 - 4 and 0.1 x -80 - 4
    assert np.unique(points[0]).tolist() == [400] and np.unique(points[1]).tolist() == [-1200]


def test_a_bright_patch_is_found_where_it_is_at_any_pixel_size(network: Network) -> None:
    before, after = flat(80, 96, 128), flat(80, 96, 128)
    after[:, 32:64, 48:112] = 180
    for gsd_m in (0.25, 0.5, 1.0):
        found = network.points(before, after, gsd_m)[0] > 0
        rows, cols = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
        box = np.array([rows[0], rows[-1] + 1, cols[0], cols[-1] + 1])
        assert np.abs(box - [32, 64, 48, 112]).max() <= 3, gsd_m
        gone = network.points(after, before, gsd_m)[1] > 0
        assert np.array_equal(gone, found)


def test_pixels_of_nearly_the_networks_size_are_taken_as_they_are(network: Network) -> None:
    dates = textured(64, 64, 1), textured(64, 64, 2)
    own = network.points(*dates, GSD_M)
    assert np.array_equal(network.points(*dates, GSD_M * 1.2), own)
    assert not np.array_equal(network.points(*dates, GSD_M * 1.3), own)


def test_what_is_beyond_all_measure_is_cut_off(tmp_path: Path) -> None:
    steep = Network(write_network(tmp_path / "steep.onnx", slope=100.0), "", GSD_M)
    points = steep.points(flat(0, 32, 32), flat(255, 32, 32), GSD_M)
    assert points[0].min() == LIMIT and points[1].max() == -LIMIT


def test_a_network_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    five = Network(write_network(tmp_path / "five.onnx", bands=5), "", GSD_M)
    with pytest.raises(ModelError, match=r"five\.onnx is of .*not of six 8-bit bands"):
        five.points(flat(0, 32, 32), flat(0, 32, 32), GSD_M)
    with pytest.raises(ModelError, match="cannot be loaded"):
        Network(tmp_path / "none.onnx", "", GSD_M).points(flat(0, 32, 32), flat(0, 32, 32), GSD_M)


def test_four_views_know_no_left_and_right() -> None:
    """What is shipped, on pictures and on their mirror images: one view answers otherwise, four the same."""
    shipped = next(models_in(SHIPPED)).network
    before, after = (cv2.GaussianBlur(textured(96, 64, seed).transpose(1, 2, 0), (0, 0), 2) for seed in (1, 2))
    dates = [np.ascontiguousarray(date.transpose(2, 0, 1)) for date in (before, after)]
    turned = [np.ascontiguousarray(date[:, :, ::-1]) for date in dates]
    gaps, answers = {}, {}
    for views in (1, 2, 4):
        network = replace(shipped, views=views)
        answers[views], there = (network.points(*some, network.gsd_m).astype(int) for some in (dates, turned))
        gaps[views] = np.abs(answers[views] - there[:, :, ::-1]).max()
    assert gaps[4] <= 1 < gaps[1]
    # The second view, as a network of its own would see it: upside down and a fifth larger.
    size = round(64 * 1.2 / 32) * 32, round(96 * 1.2 / 32) * 32
    large = [np.stack([cv2.resize(band, size) for band in date])[:, ::-1] for date in dates]
    seen = replace(shipped, views=1).points(*large, shipped.gsd_m)[:, ::-1] / 100
    back = np.stack([cv2.resize(one.astype(np.float32), (64, 96)) for one in seen]) * 100
    inside = np.s_[:, 8:-8, 8:-8]
    assert np.abs((answers[1] + back) / 2 - answers[2])[inside].mean() < 10 < np.abs(answers[1] - answers[2]).mean()


@pytest.mark.parametrize("views", [0, 5])
def test_more_views_than_there_are_sides_are_refused(network: Network, views: int) -> None:
    with pytest.raises(ModelError, match=f"to look from {views} sides"):
        replace(network, views=views)


# --- a cell and its square ------------------------------------------------------------------------


def all_seen(dates: list[np.ndarray]) -> Seen:
    return dates[0], dates[1], np.ones(dates[0].shape[1:], bool)


def test_what_was_not_seen_is_the_mirror_image_of_what_was() -> None:
    dates = np.arange(12, dtype=np.uint8).reshape(1, 1, 2, 6).repeat(2, axis=0)
    seen = np.zeros((2, 6), bool)
    seen[:, 1:4] = True
    fill_unseen(dates, seen)
    assert dates[0, 0].tolist() == [[2, 1, 2, 3, 2, 1], [8, 7, 8, 9, 8, 7]]
    # Too far for its mirror image: the border itself.
    one = np.arange(5, dtype=np.uint8)[None, None, None].copy()
    fill_unseen(one, np.array([[False, False, False, True, True]]))
    assert one.ravel().tolist() == [3, 3, 4, 3, 4]


@pytest.mark.parametrize("value", [True, False])
def test_where_all_or_nothing_was_seen_there_is_no_mirror_image(value: bool) -> None:
    dates = np.stack([textured(20, 20, seed) for seed in (1, 2)])
    kept = dates.copy()
    fill_unseen(dates, np.full((20, 20), value))
    assert np.array_equal(dates, kept)


def test_a_cell_at_the_edge_is_judged_like_one_in_mirrored_ground(wide: Network) -> None:
    """Beyond the grid lies its mirror image: the same pixels amid such ground give the same."""
    small = Window(0, 0, 300, 280)
    dates = [textured(300, 280, seed) for seed in (1, 2)]
    corner = Window(0, 0, CELL_PX, CELL_PX)
    points, covered = points_around(wide, all_seen(dates), corner, small, GSD_M)
    reach = CELL_PX + CELL_HALO_PX
    assert covered == Window(0, 0, min(300, reach), min(280, reach))
    assert points.shape == (2, covered.height, covered.width)

    beyond = [(0, 0), (CELL_PX, 2 * CELL_PX - 300), (CELL_PX, 2 * CELL_PX - 280)]
    amid = [np.pad(date, beyond, mode="reflect") for date in dates]
    whole_grid = Window(0, 0, 3 * CELL_PX, 3 * CELL_PX)
    middle, around = points_around(wide, all_seen(amid), Window(CELL_PX, CELL_PX, CELL_PX, CELL_PX), whole_grid, GSD_M)
    assert around == Window(CELL_PX - CELL_HALO_PX, CELL_PX - CELL_HALO_PX, SQUARE_PX, SQUARE_PX)
    rows, cols = slice(CELL_HALO_PX, CELL_HALO_PX + covered.height), slice(CELL_HALO_PX, CELL_HALO_PX + covered.width)
    assert np.array_equal(middle[:, rows, cols], points)


def test_a_cell_is_the_same_however_much_of_the_grid_is_held(wide: Network) -> None:
    dates = [textured(4 * CELL_PX, 4 * CELL_PX, seed) for seed in (3, 4)]
    cell = Window(CELL_PX, 2 * CELL_PX, CELL_PX, CELL_PX)
    everything = Window(0, 0, 4 * CELL_PX, 4 * CELL_PX)
    points, covered = points_around(wide, all_seen(dates), cell, everything, GSD_M)
    held = Window(covered.row - 6, covered.col - 2, covered.height + 8, covered.width + 4)
    rows, cols = held.inside(everything)
    again, same = points_around(wide, all_seen([date[:, rows, cols] for date in dates]), cell, held, GSD_M)
    assert same == covered and np.array_equal(again, points)


def test_the_screen_answers_for_the_window_alone(network: Network) -> None:
    """Of a grown window only the window itself is looked at; the larger of both directions counts."""
    outer = Window(512, 512, 1536, 1536)
    window = Window(1024, 1024, 512, 512)
    looks = [flat(value, outer.height // LOOK, outer.width // LOOK) for value in (160, 80)]
    told = screened(network, all_seen(looks), window, outer, LOOK * GSD_M)
    rows, cols = (slice((a - b) // LOOK, (a - b + 512) // LOOK) for a, b in ((1024, 512), (1024, 512)))
    assert np.unique(told[rows, cols]).tolist() == [400]
    told[rows, cols] = NEVER
    assert np.unique(told).tolist() == [NEVER]


def test_a_piece_is_worth_the_mean_of_its_pixels_within_the_mask() -> None:
    labels = np.array([[0, 0, 1], [0, 1, -1]], np.int32)
    pieces = Pieces(labels, np.array([3, 2, 0], np.int32), np.zeros((3, 0), np.uint8))
    points = np.array([[100, 200, 50], [999, 70, 5]], np.int16)
    mask = np.array([[True, True, True], [False, True, True]])
    assert piece_scores(pieces, points, mask).tolist() == [150, 60, NEVER]
