"""Codes of pixels on pictures that a reader can draw: every class, what must stay seen, and no window's influence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from geodata.grid import Window
from geodata.io.rasters import inspect_raster
from geodata.io.warp import GridReader
from geodata.pairing.usable import (
    CELL_PX,
    HALO_PX,
    Code,
    SceneStatistics,
    classify,
    count,
    read_codes,
    sample_windows,
    scene_statistics,
    seen,
    shares,
    usable_share,
)
from tests.unit.io_rasters.raster_kit import write

RGB = ("red", "green", "blue")
CLEAR = SceneStatistics(RGB, 1.0, (1.0,) * 3, (0.0,) * 3, (253.0,) * 3, 0, 20, False, False, 8.0)
CLOUDY = replace(CLEAR, cloudy=True)
Picture = npt.NDArray[np.uint8]


def ground(side: int = 256, seed: int = 1) -> Picture:
    """Brown ground with roofs, trees and their shadows: something dark in every corner."""
    rng = np.random.default_rng(seed)
    picture = np.empty((side, side, 3), np.float32)
    picture[:] = (110, 96, 80)
    for _ in range(side * side // 300):
        row, col, size = *rng.integers(0, side - 8, 2), int(rng.integers(3, 9))
        picture[row : row + size, col : col + size] = rng.choice([(150, 140, 130), (30, 36, 30), (60, 80, 45)])
    picture += rng.normal(0, 3, picture.shape)
    return np.clip(np.moveaxis(picture, -1, 0), 1, 255).astype(np.uint8)


def codes(picture: Picture, statistics: SceneStatistics = CLEAR) -> npt.NDArray[np.uint8]:
    return classify(picture, np.ones(picture.shape[1:], bool), statistics)


def patch(picture: Picture, colour: tuple[int, int, int], rows: slice, cols: slice) -> Picture:
    out = picture.copy()
    out[:, rows, cols] = np.array(colour, np.uint8)[:, None, None]
    return out


def veil(picture: Picture, alpha: npt.NDArray[np.float32], light: float = 235) -> Picture:
    return np.clip(picture * (1 - alpha) + alpha * light, 0, 255).astype(np.uint8)


def dome(side: int, radius: float, soft: float) -> npt.NDArray[np.float32]:
    """1 in the middle, falling to 0 over `soft` px at `radius`."""
    rows, cols = np.mgrid[:side, :side].astype(np.float32) - side / 2
    return np.clip((radius - np.hypot(rows, cols)) / soft, 0, 1)


def test_plain_ground_is_seen() -> None:
    assert seen(codes(ground())).mean() > 0.995


def test_what_is_declared_invalid_is_nodata() -> None:
    valid = np.ones((256, 256), bool)
    valid[:40, :60] = False
    found = classify(ground(), valid, CLEAR)
    assert (found[:40, :60] == Code.NODATA).all()
    assert (found[60:, 80:] != Code.NODATA).all()


def test_a_black_wedge_that_jpeg_made_almost_black_is_nodata() -> None:
    picture = patch(ground(), (2, 1, 3), slice(100, 150), slice(80, 140))
    assert (codes(picture)[100:150, 80:140] == Code.NODATA).all()


def test_white_is_nodata_only_where_the_scene_is_known_to_be_filled_with_it() -> None:
    picture = patch(ground(), (255, 255, 255), slice(0, 256), slice(0, 64))
    assert (codes(picture, replace(CLEAR, white_fill=True))[:, :64] == Code.NODATA).all()
    assert not (codes(picture)[:, :64] == Code.NODATA).any()


@pytest.mark.parametrize("colour", [(255, 255, 255), (238, 238, 236), (200, 202, 205)])
@pytest.mark.parametrize("side", [12, 40, 100])
@pytest.mark.parametrize("statistics", [CLEAR, CLOUDY])
def test_a_new_white_hall_is_never_hidden(colour: tuple[int, int, int], side: int, statistics: SceneStatistics) -> None:
    low, high = 128 - side // 2, 128 + side // 2
    picture = patch(ground(), colour, slice(low, high), slice(low, high))
    # Only in a cloudy scene may the middle of a hall lose what lies further than 32 m from every edge.
    least = 0.99 if side < 100 or not statistics.cloudy else 0.85
    assert seen(codes(picture, statistics))[low:high, low:high].mean() > least


def test_a_dark_roof_does_not_become_shadow() -> None:
    picture = patch(ground(), (38, 38, 40), slice(100, 130), slice(100, 140))
    assert (codes(picture)[100:130, 100:140] == Code.USABLE).all()


def test_bright_bare_soil_is_seen() -> None:
    rng = np.random.default_rng(3)
    picture = patch(ground(), (230, 212, 180), slice(60, 200), slice(60, 200))
    picture[:, 60:200, 60:200] -= rng.integers(0, 14, (140, 140), dtype=np.uint8)
    assert seen(codes(picture)).mean() > 0.99


def test_a_cloud_that_fades_is_found_and_its_ground_beside_is_not() -> None:
    alpha = dome(256, 90, 35)
    light = 225 + 20 * np.sin(np.arange(256) / 30)[None, :].astype(np.float32)
    found = codes(veil(ground(), alpha, light), CLOUDY)
    hidden = np.isin(found, (Code.CLOUD, Code.HAZE, Code.SATURATED))
    assert hidden[alpha > 0.85].mean() > 0.9
    assert hidden[alpha == 0].mean() < 0.02


def test_a_thick_veil_is_haze_and_a_thin_one_is_seen() -> None:
    alpha = 0.66 * dome(256, 110, 60)
    thick = codes(veil(ground(), alpha, 215), CLOUDY)
    assert (thick[alpha > 0.64] == Code.HAZE).mean() > 0.8
    thin = codes(veil(ground(), alpha / 2, 215), CLOUDY)
    assert seen(thin).mean() > 0.99


def test_glare_is_saturated_where_it_is_clipped() -> None:
    light = 600 * np.exp(-((1 - dome(256, 120, 120)) ** 2) * 3)
    picture = np.clip(ground() + light, 0, 255).astype(np.uint8)
    clipped = (picture.min(axis=0) == 255) & (dome(256, 60, 1) > 0)
    assert (codes(picture, CLOUDY)[clipped] == Code.SATURATED).mean() > 0.9


def test_deep_shadow_is_dark_flat_and_not_red() -> None:
    picture = patch(ground(), (12, 13, 16), slice(100, 112), slice(90, 130))
    assert (codes(picture)[101:111, 91:129] == Code.SHADOW).all()
    reddish = patch(ground(), (19, 12, 11), slice(100, 112), slice(90, 130))
    assert (codes(reddish)[100:112, 90:130] == Code.USABLE).all()


def test_water_by_colour_and_by_near_infrared() -> None:
    pond = (slice(80, 180), slice(80, 180))
    picture = patch(ground(), (20, 44, 48), *pond)
    assert (codes(picture)[pond] == Code.WATER).mean() > 0.9
    asphalt = patch(ground(), (60, 60, 60), *pond)
    assert (codes(asphalt)[pond] == Code.USABLE).mean() > 0.95
    with_nir = SceneStatistics((*RGB, "nir"), 1.0, (1.0,) * 4, (0.0,) * 4, (253.0,) * 4, 0, 20, False, False, 8.0)
    nir = np.full((1, 256, 256), 120, np.uint8)
    nir[0][pond] = 12
    brown_water = np.concatenate([patch(ground(), (70, 74, 60), *pond), nir])
    assert (codes(brown_water, with_nir)[pond] == Code.WATER).mean() > 0.9


def test_vegetation_by_excess_green_and_by_ndvi() -> None:
    field = (slice(80, 180), slice(80, 180))
    assert (codes(patch(ground(), (90, 120, 80), *field))[field] == Code.VEGETATION).all()
    with_nir = SceneStatistics((*RGB, "nir"), 1.0, (1.0,) * 4, (0.0,) * 4, (253.0,) * 4, 0, 20, False, False, 8.0)
    green_roof = np.concatenate([patch(ground(), (90, 130, 80), *field), np.full((1, 256, 256), 95, np.uint8)])
    assert (codes(green_roof, with_nir)[field] == Code.USABLE).all()
    dry_crop = np.concatenate([patch(ground(), (90, 88, 80), *field), np.full((1, 256, 256), 180, np.uint8)])
    assert (codes(dry_crop, with_nir)[field] == Code.VEGETATION).all()


def test_one_band_is_classified_as_grey() -> None:
    grey = replace(CLEAR, bands=("grey",), gain=(1.0,), offset=(0.0,), clip=(253.0,))
    found = classify(ground()[:1], np.ones((256, 256), bool), grey)
    assert seen(found).mean() > 0.98 and not np.isin(found, (Code.WATER, Code.VEGETATION)).any()


def test_shares_add_up() -> None:
    told = shares(count(np.array([[0, 0, 1, 3], [5, 6, 7, 0]], np.uint8)))
    assert told["usable"] == 0.375 and told["cloud"] == 0.125
    assert sum(told.values()) == pytest.approx(1.0)
    assert usable_share(told) == 0.625  # water and vegetation are seen


# --- files ---------------------------------------------------------------------------------------


def reader(path: Path, picture: npt.NDArray[np.generic], **more: object) -> GridReader:
    info = inspect_raster(write(path, picture, **more))
    return GridReader(info, info.bands, info.grid)


@pytest.mark.parametrize(
    ("shape", "patches"), [((1, 1), 1), ((200, 300), 2), ((512, 512), 4), ((700, 1024), 12), ((4096, 4096), 16)]
)
def test_patches_are_bounded_lie_inside_and_within_blocks(shape: tuple[int, int], patches: int) -> None:
    windows = sample_windows(shape)
    assert len(windows) == patches
    for window in windows:
        assert window.row_stop <= shape[0] and window.col_stop <= shape[1]
        assert window.row % CELL_PX == 0 and window.row // 256 == (window.row_stop - 1) // 256
        assert window.col % CELL_PX == 0 and window.col // 256 == (window.col_stop - 1) // 256
    assert max(w.row_stop for w in windows) > shape[0] - 256


def test_a_clear_scene_is_not_called_cloudy_and_a_cloudy_one_is(tmp_path: Path) -> None:
    clear = scene_statistics(reader(tmp_path / "clear.tif", ground(512)))
    assert not clear.cloudy and not clear.white_fill and clear.dark_floor < 40
    cloud = scene_statistics(reader(tmp_path / "cloud.tif", veil(ground(512), dome(512, 170, 60))))
    assert cloud.cloudy


def test_a_white_corner_tells_of_white_fill(tmp_path: Path) -> None:
    framed = patch(ground(512), (255, 255, 255), slice(0, 90), slice(0, 512))
    told = scene_statistics(reader(tmp_path / "framed.tif", framed))
    assert told.white_fill


def test_sixteen_bits_are_brought_to_the_display_scale(tmp_path: Path) -> None:
    deep = (ground(512).astype(np.uint16) * 7 + 300).astype(np.uint16)
    deep[:, 200:240, 200:260] = 2047  # clipped at eleven bits
    told = scene_statistics(reader(tmp_path / "deep.tif", deep))
    assert all(1 / 12 < gain < 1 for gain in told.gain) and told.clip == (2047.0,) * 3
    assert told.effective_bits > 6
    plain = classify(deep, np.ones((512, 512), bool), told)
    assert seen(plain).mean() > 0.98


def test_statistics_and_codes_depend_on_no_window_and_no_thread(tmp_path: Path) -> None:
    alpha = dome(512, 170, 60)
    scene = reader(tmp_path / "scene.tif", veil(patch(ground(512), (3, 2, 1), slice(0, 60), slice(300, 400)), alpha))
    told = scene_statistics(scene, 1)
    assert told == scene_statistics(scene, 3)
    whole = read_codes(scene, scene.grid.full_window, told)
    assert len(np.unique(whole)) >= 5
    for size in (64, 136, 200):
        parts = np.zeros_like(whole)
        for window in scene.grid.windows(size):
            rows, cols = window.slices
            parts[rows, cols] = read_codes(scene, window, told)
        assert np.array_equal(parts, whole), size


def test_the_halo_is_enough_for_whatever_lies_beyond_it() -> None:
    """Everything outside halo and core is replaced: the core keeps its codes."""
    rng = np.random.default_rng(5)
    first = veil(ground(384), dome(384, 150, 70))
    second = rng.integers(0, 256, first.shape, dtype=np.uint8)
    core = Window(128, 160, 64, 64)
    outer = core.grown(HALO_PX, (384, 384))
    second[:, outer.row : outer.row_stop, outer.col : outer.col_stop] = first[
        :, outer.row : outer.row_stop, outer.col : outer.col_stop
    ]
    rows, cols = core.slices
    assert core.row % CELL_PX == 0
    assert np.array_equal(codes(first, CLOUDY)[rows, cols], codes(second, CLOUDY)[rows, cols])


@pytest.mark.parametrize("flat", [0, 128, 255])
def test_a_flat_scene_does_no_harm(tmp_path: Path, flat: int) -> None:
    picture = np.full((3, 256, 256), flat, np.uint8)
    picture[:, 0, 0] = 1
    scene = reader(tmp_path / "flat.tif", picture)
    found = read_codes(scene, scene.grid.full_window, scene_statistics(scene))
    assert found.shape == (256, 256)


def test_real_roofs_of_the_later_date_stay_seen() -> None:
    folder = Path(__file__).resolve().parents[4] / "shared" / "data" / "levir_dev"
    if not folder.is_dir():
        pytest.skip("the real pairs are not here")
    import rasterio

    hidden = roofs = 0
    for path in sorted((folder / "after").glob("*.tif"))[::6]:
        info = inspect_raster(path)
        scene = GridReader(info, RGB, info.grid.coarsened(2))
        found = read_codes(scene, scene.grid.full_window, scene_statistics(scene))
        with rasterio.open(folder / "label" / path.name) as dataset:
            label = cv2.resize(dataset.read(1), found.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        roofs += int(label.sum())
        hidden += int((label & ~seen(found)).sum())
    assert roofs > 10_000 and hidden <= 0.01 * roofs
