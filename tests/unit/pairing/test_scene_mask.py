"""The mask kept with a scene: bounded, written with its legend, and the samples of a pair."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio

from geodata.io.rasters import inspect_raster
from geodata.io.warp import GridReader
from geodata.pairing.joint import look_at_pair
from geodata.pairing.patches import read_blocks
from geodata.pairing.scene_mask import MAX_DECODED_PX, decoded_px, mask_factor, scene_mask
from geodata.pairing.usable import Code
from tests.unit.io_rasters.raster_kit import write
from tests.unit.pairing.test_usable import ground, patch


def test_a_mask_of_half_metre_pixels_has_metre_pixels(tmp_path: Path) -> None:
    picture = patch(ground(512), (2, 2, 1), slice(0, 128), slice(0, 512))
    info = inspect_raster(write(tmp_path / "scene.tif", picture))
    mask = scene_mask(info)
    assert mask is not None and mask.codes.shape == (256, 256) and mask.grid.pixel_size == (1.0, 1.0)
    assert mask.shares["nodata"] == pytest.approx(0.25, abs=0.01)
    assert mask.usable_share == pytest.approx(0.75, abs=0.02)
    mask.write(tmp_path / "mask.tif")
    with rasterio.open(tmp_path / "mask.tif") as dataset:
        assert np.array_equal(dataset.read(1), mask.codes)
        assert dataset.bounds == rasterio.open(tmp_path / "scene.tif").bounds
        assert [dataset.tags()[f"CODE_{code:d}"] for code in Code] == [code.name.lower() for code in Code]


def test_the_work_for_a_mask_is_bounded(tmp_path: Path) -> None:
    small = inspect_raster(write(tmp_path / "scene.tif", ground(512), overviews=[2, 4]))
    grid = replace(small.grid, shape=(60_000, 60_000))
    huge = replace(small, grid=grid, overviews=())
    assert mask_factor(huge) == 32 and decoded_px(huge, 32) > MAX_DECODED_PX
    assert scene_mask(huge) is None, "nothing was read"
    assert decoded_px(replace(huge, overviews=(2, 4, 8, 16, 32)), 32) == 1875**2


def test_a_scene_that_cannot_be_decoded_throughout_has_no_mask(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", ground(512), compress="deflate", blockxsize=256, blockysize=256)
    info = inspect_raster(path)
    with rasterio.open(path) as dataset:
        offset = int(dataset.get_tag_item("BLOCK_OFFSET_1_1", "TIFF", bidx=1))
    content = bytearray(path.read_bytes())
    content[offset : offset + 400] = bytes(400)
    path.write_bytes(bytes(content))
    assert scene_mask(info) is None


def test_the_joint_share_is_of_ground_that_both_show(tmp_path: Path) -> None:
    first = patch(ground(512), (2, 1, 2), slice(0, 512), slice(0, 128))
    second = patch(ground(512, seed=1), (1, 2, 2), slice(0, 512), slice(384, 512))
    readers = []
    for name, picture in (("one.tif", first), ("two.tif", second)):
        info = inspect_raster(write(tmp_path / name, picture))
        readers.append(GridReader(info, info.bands, info.grid))
    told = look_at_pair(read_blocks(*readers), *readers)
    assert told.joint_share == pytest.approx(0.5, abs=0.02)
    assert told.shares[0]["nodata"] == pytest.approx(0.25, abs=0.01)
    assert told == look_at_pair(read_blocks(*readers, threads=3), *readers)
    assert told.statistics[0].gsd_m == pytest.approx(1.0, abs=0.01)
