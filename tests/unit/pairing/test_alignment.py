"""Shifts and colours that were put in are found again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from geodata.grid import Window
from geodata.io.rasters import inspect_raster
from geodata.io.warp import GridReader
from geodata.pairing.coregister import align
from geodata.pairing.field import fit, hold_out, refine, to_field
from geodata.pairing.invariant import chi_square_tail, orthogonal_line, unchanged_weights
from geodata.pairing.patches import block_cores, read_blocks
from geodata.pairing.radiometry import Parts, Radiometry, Sample, normalise, sample_pair
from geodata.pairing.ties import Correlations, SceneShift, Surfaces, Ties, correlation, gradient_picture, peaks
from tests.unit.io_rasters.raster_kit import write

SIDE = 700
ROW = Window(0, 0, 1, 50_000)


def town(seed: int = 1, margin: int = 40) -> npt.NDArray[np.float32]:
    """Roofs, roads and soft ground, larger than the scene by a margin on each side; one band."""
    rng = np.random.default_rng(seed)
    side = SIDE + 2 * margin
    picture = cv2.GaussianBlur(rng.normal(0, 60, (side, side)).astype(np.float32), (0, 0), 4) + 100
    for _ in range(260):
        row, col = rng.integers(0, side - 40, 2)
        height, width = rng.integers(8, 36, 2)
        picture[row : row + height, col : col + width] = rng.integers(40, 220)
    picture[:, ::97] = 60
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


def moved(picture: npt.NDArray[np.float32], dx: float, dy: float, margin: int = 40) -> npt.NDArray[np.uint8]:
    """The scene with its content moved right by `dx` and down by `dy` pixels."""
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    out = cv2.warpAffine(picture, matrix, picture.shape[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.clip(np.rint(out), 1, 255).astype(np.uint8)[None, margin:-margin, margin:-margin]


def readers(folder: Path, first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> tuple[GridReader, GridReader]:
    one = inspect_raster(write(folder / "one.tif", first))
    two = inspect_raster(write(folder / "two.tif", second))
    return GridReader(one, one.bands, one.grid), GridReader(two, two.bands, one.grid)


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (4, -3), (0.5, 0.25), (-2.7, 6.4), (-12, 17), (21.3, -8.6)])
def test_a_known_shift_is_recovered(tmp_path: Path, dx: float, dy: float) -> None:
    picture = town()
    before, after = readers(tmp_path, moved(picture, 0, 0), moved(picture, dx, dy))
    found = align(before, after)
    assert found.reliable and found.points >= 20
    rows = cols = np.arange(50.0, SIDE - 50, 40)
    field_x, field_y = found.field.at(rows, cols)
    assert np.median(np.hypot(field_x - dx, field_y - dy)) < 0.3
    assert found.global_px == pytest.approx((dx, dy), abs=0.3)
    assert found.residual_median_px < 0.3


def test_a_shift_that_varies_over_the_scene_is_followed(tmp_path: Path) -> None:
    picture = town()
    side = picture.shape[0]
    rows, cols = np.mgrid[0:side, 0:side].astype(np.float32)
    truth = 4 * (cols - 40) / SIDE - 2  # content moved right by -2 px on the left to 2 px on the right
    warped = cv2.remap(picture, cols - truth, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    second = np.clip(np.rint(warped), 1, 255).astype(np.uint8)[None, 40:-40, 40:-40]
    before, after = readers(tmp_path, moved(picture, 0, 0), second)
    found = align(before, after)
    at = np.arange(100.0, SIDE - 100, 50)
    field_x, field_y = found.field.at(at, at)
    assert np.median(np.hypot(field_x - (4 * at / SIDE - 2)[None, :], field_y)) < 0.4


def test_the_shift_survives_new_roofs_and_new_colours(tmp_path: Path) -> None:
    picture = town()
    second = moved(picture, 3.4, -1.8).astype(np.float32) * 0.7 + 30
    for row, col in [(50, 60), (300, 420), (520, 100)]:
        second[:, row : row + 50, col : col + 70] = 230
    before, after = readers(tmp_path, moved(picture, 0, 0), second.astype(np.uint8))
    found = align(before, after)
    field_x, field_y = found.field.at(np.arange(50.0, 650, 40), np.arange(50.0, 650, 40))
    assert np.median(np.hypot(field_x - 3.4, field_y + 1.8)) < 0.3


def test_two_places_that_have_nothing_in_common_are_not_aligned(tmp_path: Path) -> None:
    before, after = readers(tmp_path, moved(town(1), 0, 0), moved(town(2), 0, 0))
    found = align(before, after)
    assert not found.reliable and found.global_px == (0.0, 0.0)
    assert not found.field.dx.any() and not found.field.dy.any()


def test_a_flat_scene_is_not_aligned(tmp_path: Path) -> None:
    flat = np.full((1, SIDE, SIDE), 90, np.uint8)
    assert not align(*readers(tmp_path, flat, flat)).reliable


def test_a_small_scene_is_read_whole_and_a_large_one_in_a_bounded_number_of_blocks(tmp_path: Path) -> None:
    small, _ = readers(tmp_path, moved(town(), 0, 0), moved(town(), 0, 0))
    assert block_cores(small) == {(0, 0): small.grid.full_window}
    large = inspect_raster(write(tmp_path / "large.tif", np.ones((1, 2048, 2600), np.uint8)))
    cores = block_cores(GridReader(large, large.bands, large.grid))
    assert len(cores) == 4 * 5
    # each lies in the middle of one block of 512 pixels of the file, so that one block is decoded for it
    assert all((w.row + 128) % 512 == 256 and (w.col + 128) % 512 in (256, 128) for w in cores.values())


def test_the_result_does_not_depend_on_the_number_of_threads(tmp_path: Path) -> None:
    tile = np.tile(moved(town(), 0, 0), (1, 3, 3))[:, :2080, :2080]
    pair = readers(tmp_path, tile, np.roll(tile, (3, -5), axis=(1, 2)))
    one, four = align(*pair, threads=1), align(*pair, threads=4)
    assert one.points == four.points > 10
    assert np.array_equal(one.field.dx, four.field.dx) and np.array_equal(one.field.dy, four.field.dy)
    assert one.global_px == pytest.approx((-5, 3), abs=0.1)


def bump(dx: float, dy: float, reach: int = 16) -> npt.NDArray[np.float32]:
    """A correlation surface with one peak of ten standard deviations."""
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return (10 * np.exp(-((x - dx) ** 2 + (y - dy) ** 2) / (2 * 1.5**2))).astype(np.float32)


def test_the_top_of_a_gaussian_is_found_between_pixels() -> None:
    dx, dy, height = peaks(bump(3.3, -1.25)[None, None], np.zeros((1, 1, 2)), 8.0, np.inf)
    assert (dx[0, 0], dy[0, 0]) == pytest.approx((3.3, -1.25), abs=0.05)
    assert height[0, 0] == pytest.approx(9.7, abs=0.3)


def test_a_higher_peak_far_from_what_is_expected_loses_against_one_nearby() -> None:
    both = (bump(7, 0) * 1.2 + bump(0, 1))[None, None]
    assert peaks(both, np.zeros((1, 1, 2)), 8.0, np.inf)[0][0, 0] == pytest.approx(7, abs=0.1)
    assert peaks(both, np.zeros((1, 1, 2)), 8.0, 2.0)[1][0, 0] == pytest.approx(1, abs=0.1)


def test_one_place_knows_its_shift_and_an_empty_one_says_nothing() -> None:
    picture = town()
    one, two = (
        gradient_picture(moved(picture, *s)[:, 200:328, 200:328], np.ones((128, 128), bool)) for s in ((0, 0), (5, -2))
    )
    surface = correlation(one, two, 16)
    assert np.unravel_index(surface.argmax(), surface.shape) == (16 - 2, 16 + 5)
    assert not correlation(one, np.zeros_like(one), 16).any()


def lying_at(offset: int, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """A copy that begins `offset` bytes after a multiple of 64 in memory."""
    room = np.empty(values.nbytes + 128, np.uint8)
    start = -room.ctypes.data % 64 + offset
    there = room[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    there[...] = values
    return there


def test_where_an_array_lies_in_memory_changes_no_bit() -> None:
    values = moved(town(), 0, 0)
    pictures = [gradient_picture(lying_at(k, values), np.ones((SIDE, SIDE), bool)) for k in (0, 16, 48)]
    assert all(np.array_equal(p, pictures[0]) for p in pictures)
    part = np.ascontiguousarray(pictures[0][:128, :128])
    surfaces = [correlation(lying_at(k, part), lying_at(48 - k, part), 16) for k in (0, 16, 32)]
    assert all(np.array_equal(s, surfaces[0]) for s in surfaces)


def ties_of(dx: npt.NDArray[np.float64], dy: npt.NDArray[np.float64]) -> Ties:
    """Tie points 100 px apart, of equal confidence."""
    row, col = (v.ravel().astype(np.float64) for v in np.indices(dx.shape))
    return Ties(100 * col + 50, 100 * row + 50, dx.ravel(), dy.ravel(), np.full(dx.size, 8.0))


def test_points_that_disagree_with_the_plane_are_rejected() -> None:
    dx = np.full((8, 8), 2.0)
    dx[2, 3], dx[6, 6] = 9.0, -4.0
    model = fit(ties_of(dx, np.full((8, 8), -1.0)), 800.0, 100.0)
    assert set(np.flatnonzero(model.weight == 0)) == {2 * 8 + 3, 6 * 8 + 6}
    field = to_field(model, (800, 800), 100.0)
    assert field.dx == pytest.approx(2.0, abs=0.02) and field.dy == pytest.approx(-1.0, abs=0.02)
    assert field.spacing_px % 2 == 0


def test_a_point_that_says_nothing_has_no_weight() -> None:
    ties = ties_of(np.full((4, 4), 3.0), np.zeros((4, 4)))
    confidence = ties.confidence.copy()
    confidence[5] = 0.0
    dx = ties.dx.copy()
    dx[5] = 0.0
    model = fit(Ties(ties.x, ties.y, dx, ties.dy, confidence), 400.0, 100.0)
    assert model.weight[5] == 0
    assert model.at(ties.x[5:6], ties.y[5:6])[0] == pytest.approx((3, 0), abs=0.02)


def test_the_field_is_smoother_than_its_points() -> None:
    noise = np.random.default_rng(3).normal(0, 0.5, (2, 8, 8))
    model = fit(ties_of(*noise), 800.0, 100.0)
    field = to_field(model, (800, 800), 100.0)
    assert field.dx.std() < 0.75 * noise[0].std() and field.dy.std() < 0.75 * noise[1].std()


def test_smaller_places_add_what_the_first_field_leaves_and_weak_ones_hardly() -> None:
    first = fit(ties_of(np.full((8, 8), 2.0), np.zeros((8, 8))), 800.0, 100.0)
    for confidence, added in ((8.0, 0.5), (0.5, 0.05)):
        fine = ties_of(np.full((8, 8), 2.5), np.zeros((8, 8)))
        model = refine(first, Ties(fine.x, fine.y, fine.dx, fine.dy, np.full(64, confidence)), 100.0)
        assert model.at(fine.x[27:28], fine.y[27:28])[0] == pytest.approx((2 + added, 0), abs=0.04)


def correlations(dx: npt.NDArray[np.float64], dy: npt.NDArray[np.float64]) -> Correlations:
    """Places 100 px apart, each with one clear peak."""
    row, col = (v.astype(np.float64) for v in np.indices(dx.shape))
    values = np.stack([bump(a, b) for a, b in zip(dx.ravel(), dy.ravel(), strict=True)]).reshape(*dx.shape, 33, 33)
    surfaces = Surfaces(100 * col + 50, 100 * row + 50, values, np.zeros((*dx.shape, 2)), 100.0)
    return Correlations(surfaces, surfaces, SceneShift(2.0, 0.0, 10.0))


def test_the_residual_is_of_points_that_were_left_out() -> None:
    clean = hold_out(correlations(np.full((8, 8), 2.0), np.zeros((8, 8))), 800.0)
    assert clean.residual.size == 64 and clean.residual.max() < 0.05
    # 64 of 64 agree where 4 would by chance: 60 over the root of 64 x 1/16 x 15/16
    assert clean.agreement == pytest.approx(60 / np.sqrt(3.75))
    # a single place that lies elsewhere cannot be foretold by its neighbours, and is not left out of the residual
    dx = np.full((8, 8), 2.0)
    dx[3, 4] = 7.0
    apart = hold_out(correlations(dx, np.zeros((8, 8))), 800.0).residual
    assert apart.size == 64 and apart.max() == pytest.approx(5, abs=0.3)


def sample_of(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> Sample:
    """A sample on a line of pixels."""
    return Sample(first, second, np.arange(first.shape[1], dtype=np.float64), np.zeros(first.shape[1]))


def test_gain_and_offset_are_recovered() -> None:
    first = np.random.default_rng(1).uniform(20, 220, (3, 50_000))
    gains, offsets = np.array([0.8, 0.5, 1.1]), np.array([10.0, 60.0, -15.0])
    second = first * gains[:, None] + offsets[:, None]
    one, two = normalise(sample_of(first, second), (1, 50_000))
    for band in range(3):
        # a value and its image come to the same place on the common scale
        assert two.gain[band] * gains[band] == pytest.approx(one.gain[band], rel=1e-6)
        assert two.gain[band] * offsets[band] + two.offset[band] == pytest.approx(one.offset[band], abs=1e-6)
    shown = one.apply(first[:, None, :], ROW), two.apply(second[:, None, :], ROW)
    assert np.abs(shown[0].astype(int) - shown[1]).max() <= 1


def test_a_few_per_cent_of_change_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    first = rng.uniform(20, 220, (3, 50_000))
    second = first * 0.9 + 5
    second[:, :1000] = 255
    one, two = normalise(sample_of(first, second), (1, 50_000))
    assert two.gain[0] * 0.9 == pytest.approx(one.gain[0], rel=0.03)


def test_the_common_scale_is_stretched_to_a_fixed_contrast() -> None:
    values = np.tile(np.linspace(0, 10_000, 1001), (3, 1))
    one, _ = normalise(sample_of(values, values), (1, 1001))
    shown = one.apply(np.array([1000.0, 9000.0, 10_000.0]).repeat(3).reshape(3, 3).T[:, None, :], ROW)
    assert shown[0, 0].tolist() == [40, 200, 220]


def test_one_band_becomes_three_and_values_stay_in_range() -> None:
    out = Radiometry((2.0,), (-10.0,)).apply(np.array([[[0, 5, 100, 200]]], np.uint16), ROW)
    assert out.shape == (3, 1, 4) and out[2, 0].tolist() == [0, 0, 190, 255]


def test_flat_scenes_do_not_divide_by_zero() -> None:
    flat = np.full((3, 100), 80.0)
    one, two = normalise(sample_of(flat, flat), (1, 100))
    assert np.isfinite([*one.gain, *one.offset, *two.gain, *two.offset]).all()


def test_the_sample_is_of_ground_that_both_see(tmp_path: Path) -> None:
    first = moved(town(), 0, 0)
    second = first.copy()
    first[:, :, :350] = 0
    second[:, 350:, :] = 0
    found = sample_pair(read_blocks(*readers(tmp_path, first, second)), None)
    assert found.before.shape == found.after.shape and found.x.size > 1000
    assert np.array_equal(found.before, found.after) and (found.before > 0).all()
    assert found.x.min() >= 350 and found.y.max() < 350


def test_a_third_that_changed_does_not_move_the_line_of_the_rest() -> None:
    rng = np.random.default_rng(1)
    first = rng.uniform(20, 220, (3, 30_000))
    second = first * 0.8 + 12 + rng.normal(0, 3, first.shape)
    second[:, :7_000] = rng.uniform(150, 250, (3, 7_000))
    weight = unchanged_weights(first, second)
    assert weight is not None and weight[7_000:].mean() > 5 * weight[:7_000].mean()
    for band in range(3):
        assert orthogonal_line(first[band], second[band], weight) == pytest.approx((0.8, 12), rel=0.06)


@pytest.mark.parametrize(
    ("freedom", "at", "tail"), [(1, 3.841, 0.05), (2, 5.991, 0.05), (3, 7.815, 0.05), (4, 13.277, 0.01)]
)
def test_tails_of_the_chi_square_distribution_are_those_of_the_tables(freedom: int, at: float, tail: float) -> None:
    assert chi_square_tail(np.array([at, 0.0]), freedom) == pytest.approx([tail, 1.0], abs=2e-5)


def test_parts_of_a_mosaic_are_levelled() -> None:
    x, y = (v.ravel().astype(np.float64) for v in np.meshgrid(np.arange(0, 2048, 8), np.arange(0, 1024, 8)))
    first = np.random.default_rng(1).uniform(60, 180, (3, x.size))
    second = first + np.where(x < 1024, 0.0, 25.0)
    one, two = normalise(Sample(first, second, x, y), (1024, 2048))
    assert two.parts is not None
    for col, level in ((100, 0.0), (1900, 25.0)):
        here = Window(500, col, 1, 1)
        grey = np.full((3, 1, 1), 120.0)
        assert np.abs(one.apply(grey, here).astype(int) - two.apply(grey + level, here)).max() <= 5  # of 62
    assert normalise(Sample(first, first * 0.9 + 3, x, y), (1024, 2048))[1].parts is None


@pytest.mark.parametrize("factor", [1, 2])
def test_what_is_applied_does_not_depend_on_the_window(factor: int) -> None:
    parts = Parts(np.rint(np.random.default_rng(1).normal(0, 20, (3, 4, 5)) * 16) / 16, 100)
    map_ = Radiometry((1.1, 0.9, 1.0), (3.0, -7.5, 0.25), parts)
    values = np.random.default_rng(2).integers(0, 256, (3, 150, 180)).astype(np.uint8)
    whole = map_.apply(values, Window(0, 0, 150 * factor, 180 * factor), factor)
    part = map_.apply(values[:, 37:90, 51:170], Window(37 * factor, 51 * factor, 53 * factor, 119 * factor), factor)
    assert np.array_equal(part, whole[:, 37:90, 51:170])


def test_bytes_and_wider_numbers_come_to_the_same_level() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    map_ = Radiometry((1.37,), (-20.5,))
    window = Window(0, 0, 16, 16)
    assert np.array_equal(map_.apply(values, window), map_.apply(values.astype(np.uint16), window))
