"""Shifts and colours that were put in are found again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from geodata.io.rasters import inspect_raster
from geodata.io.warp import GridReader
from geodata.pairing.coregister import align, patch_windows
from geodata.pairing.radiometry import Radiometry, normalise, sample_pair
from tests.unit.io_rasters.raster_kit import write

SIDE = 700


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


@pytest.mark.parametrize(("shape", "count"), [((256, 256), 1), ((320, 256), 2), ((5000, 5000), 100), ((100, 900), 10)])
def test_patches_lie_inside_and_are_bounded(shape: tuple[int, int], count: int) -> None:
    windows = list(patch_windows(shape, 256, 10))
    assert len(windows) == count
    assert all(w.row >= 0 and w.row_stop <= shape[0] and w.col_stop <= shape[1] for w in windows)
    assert max(w.row_stop for w in windows) == shape[0] and max(w.col_stop for w in windows) == shape[1]


def test_gain_and_offset_are_recovered() -> None:
    first = np.random.default_rng(1).uniform(20, 220, (3, 50_000))
    gains, offsets = np.array([0.8, 0.5, 1.1]), np.array([10.0, 60.0, -15.0])
    second = first * gains[:, None] + offsets[:, None]
    one, two = normalise(first, second)
    for band in range(3):
        # a value and its image come to the same place on the common scale
        assert two.gain[band] * gains[band] == pytest.approx(one.gain[band], rel=1e-6)
        assert two.gain[band] * offsets[band] + two.offset[band] == pytest.approx(one.offset[band], abs=1e-6)
    shown = one.apply(first[:, None, :]), two.apply(second[:, None, :])
    assert np.abs(shown[0].astype(int) - shown[1]).max() <= 1


def test_a_few_per_cent_of_change_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    first = rng.uniform(20, 220, (3, 50_000))
    second = first * 0.9 + 5
    second[:, :1000] = 255
    one, two = normalise(first, second)
    assert two.gain[0] * 0.9 == pytest.approx(one.gain[0], rel=0.03)


def test_the_common_scale_is_stretched_to_a_fixed_contrast() -> None:
    values = np.tile(np.linspace(0, 10_000, 1001), (3, 1))
    one, _ = normalise(values, values)
    shown = one.apply(np.array([1000.0, 9000.0, 10_000.0]).repeat(3).reshape(3, 3).T[:, None, :])
    assert shown[0, 0].tolist() == [40, 200, 220]


def test_one_band_becomes_three_and_values_stay_in_range() -> None:
    out = Radiometry((2.0,), (-10.0,)).apply(np.array([[[0, 5, 100, 200]]], np.uint16))
    assert out.shape == (3, 1, 4) and out[2, 0].tolist() == [0, 0, 190, 255]


def test_flat_scenes_do_not_divide_by_zero() -> None:
    flat = np.full((3, 100), 80.0)
    one, two = normalise(flat, flat)
    assert np.isfinite([*one.gain, *one.offset, *two.gain, *two.offset]).all()


def test_the_sample_is_of_ground_that_both_see(tmp_path: Path) -> None:
    first = moved(town(), 0, 0)
    second = first.copy()
    first[:, :, :350] = 0
    second[:, 350:, :] = 0
    a, b = sample_pair(*readers(tmp_path, first, second))
    assert a.shape == b.shape and a.shape[1] > 1000
    assert np.array_equal(a, b) and (a > 0).all()
