"""Accepted rasters: what is told of them and what their pixels are."""

from __future__ import annotations

import gc
import pickle
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp

from geodata.crs import parse_crs
from geodata.errors import (
    BandsError,
    CRSError,
    CRSMismatchError,
    EmptyRasterError,
    MissingCRSError,
    RasterError,
    RasterFormatError,
)
from geodata.io.probes import band_names
from geodata.io.rasters import SceneReader, decimation_for, inspect_raster
from tests.unit.io_rasters.raster_kit import TRANSFORM, noise, write

C = ColorInterp


@pytest.mark.parametrize(
    ("colours", "said", "names"),
    [
        ([C.red, C.green, C.blue], [None] * 3, ["red", "green", "blue"]),
        ([C.undefined] * 3, [None] * 3, ["red", "green", "blue"]),
        ([C.undefined] * 4, [None] * 4, ["red", "green", "blue", "nir"]),
        ([C.gray], [None], ["grey"]),
        ([C.undefined] * 2, [None] * 2, ["grey", "band_2"]),
        ([C.gray, C.alpha], [None] * 2, ["grey", "alpha"]),
        ([C.red, C.green, C.blue, C.alpha], [None] * 4, ["red", "green", "blue", "alpha"]),
        ([C.red, C.green, C.blue, C.undefined], [None] * 4, ["red", "green", "blue", "nir"]),
        ([C.gray, C.undefined, C.undefined], ["NIR", "Red", "green"], ["nir", "red", "green"]),
        ([C.red, C.red], [None] * 2, ["red", "red_2"]),
    ],
)
def test_the_name_of_each_band(colours: list[Any], said: list[str | None], names: list[str]) -> None:
    assert band_names(len(colours), colours, said) == names


def test_what_is_told_of_a_scene(tmp_path: Path) -> None:
    path = write(tmp_path / "a_20250412.tif", noise(), photometric="RGB", nodata=0, overviews=[2, 4])
    info = inspect_raster(path)
    assert (info.bands, info.dtype, info.nodata, info.overviews) == (("red", "green", "blue"), "uint8", 0, (2, 4))
    assert info.grid.bounds == (500_000.0, 4_051_900.0, 500_150.0, 4_052_000.0)
    assert info.gsd_m == pytest.approx(0.5, abs=1e-6)
    assert info.acquired_at is not None and info.acquired_at.isoformat() == "2025-04-12T00:00:00+08:00"
    assert info.size_bytes == path.stat().st_size and len(info.sha256) == 64


def test_the_tag_is_believed_before_the_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a_20250412.tif", noise(), tags={"TIFFTAG_DATETIME": "2024:01:02 10:30:00"})
    moment = inspect_raster(path).acquired_at
    assert moment is not None and moment.isoformat() == "2024-01-02T10:30:00+08:00"


def test_eight_bands_are_read_and_nine_refused(tmp_path: Path) -> None:
    assert len(inspect_raster(write(tmp_path / "8.tif", noise((8, 64, 64)))).bands) == 8
    with pytest.raises(BandsError, match="9 bands; at most 8") as caught:
        inspect_raster(write(tmp_path / "9.tif", noise((9, 64, 64))))
    assert caught.value.measured == {"bands": 9}


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "uint32", "int32"])
def test_types_that_are_no_imagery(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(BandsError, match=dtype) as caught:
        inspect_raster(write(tmp_path / "a.tif", noise((1, 64, 64)).astype(dtype)))
    assert "uint16" in caught.value.remedy


def test_a_colour_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    profile: dict[str, Any] = {"driver": "GTiff", "width": 64, "height": 64, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, crs="EPSG:4547", transform=TRANSFORM, photometric="palette") as dataset:
        dataset.write(noise((1, 64, 64)))
        dataset.write_colormap(1, {k: (k, 255 - k, 0, 255) for k in range(256)})
    with pytest.raises(BandsError, match="colour table"):
        inspect_raster(path)


def test_no_system_with_and_without_a_way_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(), crs=None)
    with pytest.raises(MissingCRSError, match="--crs"):
        inspect_raster(path)
    assert inspect_raster(path, crs="EPSG:4547").grid.crs == parse_crs(4547)
    with pytest.raises(CRSMismatchError, match="EPSG:4490"):
        inspect_raster(path, crs="EPSG:4490")


def test_a_declared_system_is_not_overruled(tmp_path: Path) -> None:
    assert inspect_raster(write(tmp_path / "a.tif", noise()), crs="EPSG:4490").grid.crs == parse_crs(4547)


def test_no_transform(tmp_path: Path) -> None:
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        path = write(tmp_path / "a.tif", noise(), transform=None)
    with pytest.raises(MissingCRSError, match="not georeferenced"):
        inspect_raster(path, crs="EPSG:4547")


@pytest.mark.parametrize("crs", ["EPSG:2343", "EPSG:2433"])
def test_an_old_datum(tmp_path: Path, crs: str) -> None:
    with pytest.raises(CRSError, match="CGCS2000"):
        inspect_raster(write(tmp_path / "a.tif", noise(), crs=crs))


def float_picture(fill: float) -> npt.NDArray[np.float32]:
    return np.full((1, 64, 64), fill, np.float32)


@pytest.mark.parametrize(
    ("values", "nodata"),
    [
        (np.zeros((3, 64, 64), np.uint8), None),
        (np.full((3, 64, 64), 7, np.uint8), 7),
        (np.full((1, 64, 64), 65535, np.uint16), 65535),
        (float_picture(np.nan), float("nan")),
        (float_picture(np.nan), None),
        (float_picture(np.inf), None),
        (float_picture(np.nan), -9999),
    ],
)
def test_nothing_but_nodata(tmp_path: Path, values: npt.NDArray[Any], nodata: float | None) -> None:
    with pytest.raises(EmptyRasterError, match="64 x 64 pixels, all of them nodata") as caught:
        inspect_raster(write(tmp_path / "a.tif", values, nodata=nodata))
    assert caught.value.measured == {"valid_share": 0.0}


def test_one_pixel_far_out_in_a_wide_strip_is_enough(tmp_path: Path) -> None:
    values = np.zeros((3, 16, 9000), np.uint8)
    values[2, 15, 8999] = 9
    path = write(tmp_path / "a.tif", values, tiled=None, blockxsize=None, blockysize=None)
    assert inspect_raster(path).grid.width == 9000


def whole(path: Path, factor: int = 1) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    info = inspect_raster(path)
    bands = tuple(name for name in info.bands if name != "alpha")
    reader = SceneReader(info, bands, factor)
    return reader.read(0, 0, *reader.level.shape)


def test_sixteen_bits_come_back_as_they_are(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(1, 60_000, (3, 100, 130), dtype=np.uint16)
    got, mask = whole(write(tmp_path / "a.tif", values))
    assert got.dtype == np.uint16 and np.array_equal(got, values) and (mask == 255).all()


def test_floats_with_nan(tmp_path: Path) -> None:
    values = np.random.default_rng(1).random((2, 64, 64)).astype(np.float32)
    values[1, 3:5, 7] = np.nan
    values[0, 10, 10] = np.inf
    _, mask = whole(write(tmp_path / "a.tif", values, nodata=float("nan")))
    assert sorted(zip(*np.nonzero(mask == 0), strict=True)) == [(3, 7), (4, 7), (10, 10)]


def test_black_is_no_data_only_where_nothing_else_says_so(tmp_path: Path) -> None:
    values = noise((3, 64, 64))
    values[:, 5, 5] = 0
    values[0, 6, 6] = 0
    _, mask = whole(write(tmp_path / "a.tif", values))
    assert list(zip(*np.nonzero(mask == 0), strict=True)) == [(5, 5)]
    alpha = np.full((1, 64, 64), 255, np.uint8)
    alpha[0, 9, 9] = 0
    _, mask = whole(write(tmp_path / "b.tif", np.concatenate([values, alpha]), photometric="RGB", ALPHA="YES"))
    assert list(zip(*np.nonzero(mask == 0), strict=True)) == [(9, 9)]


def test_alpha_is_a_mask_and_no_band(tmp_path: Path) -> None:
    values = noise((4, 64, 64))
    values[3] = 255
    values[3, :, :16] = 0
    info = inspect_raster(write(tmp_path / "a.tif", values, photometric="RGB", ALPHA="YES"))
    assert info.bands == ("red", "green", "blue", "alpha")
    _, mask = SceneReader(info, ("red",)).read(0, 0, 64, 64)
    assert (mask[:, :16] == 0).all() and (mask[:, 16:] == 255).all()


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_decimated_values_are_block_means(tmp_path: Path, factor: int) -> None:
    values = noise((2, 64, 96))
    got, _ = whole(write(tmp_path / "a.tif", values), factor)
    blocks = values.reshape(2, 64 // factor, factor, 96 // factor, factor).mean(axis=(2, 4))
    assert np.abs(got - blocks).max() <= 0.5


def test_a_block_with_a_hole_is_no_data_and_the_edge_is_filled(tmp_path: Path) -> None:
    values = noise((1, 65, 67))
    values[0, 9, 9] = 0
    got, mask = whole(write(tmp_path / "a.tif", values, nodata=0), 4)
    assert got.shape == (1, 17, 17)
    assert list(zip(*np.nonzero(mask == 0), strict=True)) == [(2, 2)]
    assert got[0, 16, 0] == pytest.approx(values[0, 64, :4].mean(), abs=0.5)


def test_overviews_are_used_when_they_exist(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise((1, 128, 128)), overviews=[2, 4])
    with rasterio.open(path, "r+", overview_level=1) as level:
        told = level.read(1)
    got, _ = whole(path, 4)
    assert np.array_equal(got[0], told)
    bare, _ = whole(write(tmp_path / "b.tif", noise((1, 128, 128))), 4)
    assert np.abs(bare.astype(int) - got.astype(int)).max() <= 1
    further, _ = whole(path, 8)
    assert np.abs(further[0] - told.reshape(16, 2, 16, 2).mean(axis=(1, 3))).max() <= 0.5


@pytest.mark.parametrize(("gsd", "factor"), [(0.4, 1), (0.5, 1), (0.96, 2), (1.0, 2), (1.9, 2), (2.0, 4), (16.0, 32)])
def test_the_decimation_is_never_coarser_than_wanted(tmp_path: Path, gsd: float, factor: int) -> None:
    info = inspect_raster(write(tmp_path / "a.tif", noise((1, 64, 64))))
    assert decimation_for(info, gsd) == factor


@pytest.mark.parametrize("compress", ["deflate", "lzw", "zstd"])
def test_damaged_rows_are_named(tmp_path: Path, compress: str) -> None:
    path = write(tmp_path / "a.tif", noise((1, 256, 256)), compress=compress)
    content = bytearray(path.read_bytes())
    with rasterio.open(path) as dataset:
        tags = dataset.tags(ns="TIFF", bidx=1)
        offset = int(dataset.get_tag_item("BLOCK_OFFSET_2_3", "TIFF", bidx=1))
    assert tags is not None
    content[offset : offset + 400] = bytes(400)
    path.write_bytes(content)
    reader = SceneReader(inspect_raster(path), ("grey",))
    reader.read(0, 0, 64, 64)
    with pytest.raises(RasterError, match="a.tif is damaged: rows 192 to 256 cannot be decoded") as caught:
        reader.read(192, 128, 64, 64)
    assert caught.value.remedy


def test_a_file_that_names_its_first_block_wrongly_is_refused_in_the_other_process(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise((1, 64, 64)), compress="deflate")
    content = bytearray(path.read_bytes())
    with rasterio.open(path) as dataset:
        offset = int(dataset.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1))
    content[offset : offset + 600] = bytes(600)
    path.write_bytes(content)
    with pytest.raises(RasterError) as caught:
        inspect_raster(path)
    assert caught.value.code == "raster-unusable" and "a.tif" in caught.value.message


def test_side_files_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(), crs=None)
    (tmp_path / "a.tif.aux.xml").write_text("<PAMDataset><SRS>EPSG:4547</SRS></PAMDataset>")
    (tmp_path / "a.prj").write_text(parse_crs(4547).to_wkt())
    with pytest.raises(MissingCRSError):
        inspect_raster(path)


def test_a_cog_made_by_the_library(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise((3, 600, 600)), driver="COG", tiled=None, blockxsize=None, blockysize=None)
    got, mask = whole(path)
    assert got.shape == (3, 600, 600) and np.array_equal(got, noise((3, 600, 600))) and mask.all()


def test_a_name_that_is_no_tiff_does_not_matter_and_content_does(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise()).rename(tmp_path / "a.img")
    assert inspect_raster(path).bands[0] == "red"
    (tmp_path / "b.tif").write_bytes(b"EHFA_HEADER_TAG" + bytes(99))
    with pytest.raises(RasterFormatError, match="Erdas"):
        inspect_raster(tmp_path / "b.tif")


def test_a_file_stays_open_within_a_thread(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise((3, 64, 64)))
    reader = SceneReader(inspect_raster(path), ("red", "green", "blue"))
    files = reader.files
    here = [files.dataset(path, None) for _ in range(2)]
    with ThreadPoolExecutor(1) as pool:
        there = pool.submit(files.dataset, path, None).result()
    assert here[0] is here[1] and there is not here[0]
    whole = reader.read(0, 0, 64, 64)[0]
    # Who takes the file away does not stop a scan that is reading it.
    path.unlink()
    assert np.array_equal(reader.read(0, 0, 64, 64)[0], whole)


def test_a_reader_goes_to_another_process_without_its_open_files(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise((3, 64, 64)))
    reader = SceneReader(inspect_raster(path), ("red", "green", "blue"))
    whole = reader.read(0, 0, 64, 64)[0]
    copy = pickle.loads(pickle.dumps(reader))
    assert copy == reader and copy.files is not reader.files
    assert np.array_equal(copy.read(0, 0, 64, 64)[0], whole)


def test_files_close_with_the_last_reader(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise((3, 64, 64)))
    reader = SceneReader(inspect_raster(path), ("red", "green", "blue"))
    reader.read(0, 0, 64, 64)
    closed = weakref.ref(reader.files.dataset(path, None))
    del reader
    gc.collect()
    assert closed() is None


@pytest.mark.parametrize(
    ("transform", "said"),
    [
        (Affine(1e-160, 0, 500_000.0, 0, -0.5, 4_052_000.0), "m on the ground; 0.001 to 100000 m are read"),
        (Affine(0.5, 0, 500_000.0, 0, -1e-9, 4_052_000.0), "m on the ground; 0.001 to 100000 m are read"),
        (Affine(0.5, 0.5, 500_000.0, 0.5, 0.5, 4_052_000.0), "have no area"),
    ],
)
def test_pixels_of_no_sensor_are_refused_with_the_way_out(tmp_path: Path, transform: Affine, said: str) -> None:
    path = write(tmp_path / "a_20250412.tif", noise(), transform=transform)
    with pytest.raises(RasterError, match=said) as caught:
        inspect_raster(path)
    assert "gdal_edit.py" in caught.value.remedy and caught.value.measured


def test_a_mosaic_without_overviews_is_seen_from_afar_in_little_memory(tmp_path: Path) -> None:
    """81 million pixels, of which each row holds its own number: their means are read without holding them all."""
    side, factor = 9_000, 30
    rows = (np.arange(side) // factor % 251 + 1).astype(np.uint8)
    path = write(tmp_path / "a_20250412.tif", np.repeat(rows[None, :, None], side, axis=2))
    info = inspect_raster(path)
    tracemalloc.start()
    values, mask = SceneReader(info, info.bands[:1], factor).read(0, 0, side // factor, side // factor)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (values[0] == rows[::factor, None]).all() and mask.all() and mask.shape == (300, 300)
    assert peak < 150e6, f"{peak / 1e6:.0f} MB: of each pixel there are its value and its mask, and not of all at once"
