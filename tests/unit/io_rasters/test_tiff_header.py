"""What is told of a TIFF without decoding it: hostile and broken files are refused by name."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio

from geodata.errors import (
    InputError,
    MissingFileError,
    NotARasterError,
    RasterBombError,
    RasterError,
    RasterFormatError,
    TruncatedRasterError,
)
from geodata.io.rasters import inspect_raster
from geodata.io.tiff import inspect_tiff
from tests.unit.io_rasters.raster_kit import TRANSFORM, noise, plain_entries, tiff_bytes, write


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("scene.tif", b"II*\0")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"<VRTDataset rasterXSize='1' rasterYSize='1'/>", "GDAL VRT"),
        (b"\xef\xbb\xbf\n <VRTDataset/>", "GDAL VRT"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "PNG"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "JPEG"),
        (b"\x00\x00\x00\x0cjP  " + bytes(40), "JPEG 2000"),
        (b"SQLite format 3\0" + bytes(40), "GeoPackage"),
        (b"\x1f\x8b" + bytes(40), "gzip"),
        (zipped(), "zip"),
        (b"<?xml version='1.0'?><a/>", "XML"),
    ],
)
def test_another_format_is_refused_by_name(tmp_path: Path, content: bytes, found: str) -> None:
    with pytest.raises(RasterFormatError, match=found) as caught:
        inspect_tiff(put(tmp_path / "scene.tif", content))
    assert caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"hello, this is no raster", b"II*", b"II\x2b", bytes(100)])
def test_what_is_no_image_at_all(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotARasterError) as caught:
        inspect_tiff(put(tmp_path / "scene.tif", content))
    assert caught.value.remedy


def test_real_pictures_of_other_drivers(tmp_path: Path) -> None:
    for driver, name, found in (("PNG", "a.png", "PNG"), ("JPEG", "a.jpg", "JPEG"), ("VRT", "a.vrt", "VRT")):
        if driver == "VRT":
            put(tmp_path / name, b"<VRTDataset rasterXSize='8' rasterYSize='8'></VRTDataset>")
        else:
            with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
                with rasterio.open(tmp_path / name, "w", driver=driver, width=8, height=8, count=3, dtype="uint8") as d:
                    d.write(noise((3, 8, 8)))
        with pytest.raises(RasterFormatError, match=found):
            inspect_raster(tmp_path / name)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.tif", tmp_path):
        with pytest.raises(MissingFileError) as caught:
            inspect_tiff(path)
        assert caught.value.remedy


@pytest.mark.parametrize("share", [0.001, 0.01, 0.25, 0.5, 0.9, 0.999])
def test_a_file_cut_anywhere_is_truncated(tmp_path: Path, share: float) -> None:
    whole = write(tmp_path / "whole.tif", noise(), compress="deflate").read_bytes()
    cut = put(tmp_path / "cut.tif", whole[: max(12, int(len(whole) * share))])
    with pytest.raises(TruncatedRasterError) as caught:
        inspect_raster(cut)
    measured = caught.value.measured
    assert measured["size_bytes"] == cut.stat().st_size < measured["needed_bytes"]  # type: ignore[operator]


def test_no_cut_of_a_small_file_passes_or_breaks(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.tif", noise((1, 64, 64))).read_bytes()
    for length in [*range(0, 600, 7), len(whole) // 2, len(whole) - 1]:
        with pytest.raises(RasterError):
            inspect_tiff(put(tmp_path / "cut.tif", whole[:length]))


def test_the_layout_of_a_real_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(), compress="deflate", interleave="pixel", overviews=[2, 4])
    first, *smaller = inspect_tiff(path)
    assert (first.width, first.height, first.samples, first.bits) == (300, 200, 3, 8)
    assert (first.block_width, first.block_height, first.planar_separate) == (64, 64, False)
    assert (first.decoded_bytes, first.block_bytes) == (300 * 200 * 3, 64 * 64 * 3)
    assert [(i.width, i.height) for i in smaller] == [(150, 100), (75, 50)]
    assert 0 < first.stored_bytes < path.stat().st_size


@pytest.mark.parametrize("bigtiff", ["YES", "NO"])
@pytest.mark.parametrize("endian", ["LITTLE", "BIG"])
def test_every_kind_of_header(tmp_path: Path, bigtiff: str, endian: str) -> None:
    path = write(tmp_path / "a.tif", noise(), BIGTIFF=bigtiff, ENDIANNESS=endian)
    assert (inspect_tiff(path)[0].width, inspect_raster(path).grid.shape) == (300, (200, 300))


def test_a_directory_that_points_at_itself_ends(tmp_path: Path) -> None:
    entries = plain_entries(4, 4)
    assert len(inspect_tiff(put(tmp_path / "a.tif", tiff_bytes(entries, following=8, size=300)))) == 1


def test_a_long_ring_of_directories_ends(tmp_path: Path) -> None:
    entries = plain_entries(4, 4)
    one = tiff_bytes(entries)[8:-4]
    start, step = 300, len(one) + 4
    ring = b"".join(one + struct.pack("<I", start + (k + 1) % 500 * step) for k in range(500))
    whole = tiff_bytes(entries, following=start, size=300) + ring
    assert 1 < len(inspect_tiff(put(tmp_path / "a.tif", whole))) <= 64


@pytest.mark.parametrize(
    "entries",
    [
        [(256, 4, 0, 0), (257, 4, 1, 4)],
        [(256, 4, 1, 4), (257, 4, 1, 4), (277, 3, 0, 0)],
        [(256, 4, 1, 0), (257, 4, 1, 4)],
        [(256, 12, 1, 4), (257, 4, 1, 4)],
        [(256, 99, 1, 4), (257, 4, 1, 4)],
        [(257, 4, 1, 4)],
        [*plain_entries(4, 4)[:5], (273, 4, 30_000_000, 200), (279, 4, 1, 16)],
        [*plain_entries(4, 4)[:5], (273, 4, 3_000, 200), (279, 4, 1, 16)],
    ],
)
def test_tags_that_make_no_sense_are_refused_by_name(tmp_path: Path, entries: list[tuple[int, ...]]) -> None:
    with pytest.raises(InputError):
        inspect_tiff(put(tmp_path / "a.tif", tiff_bytes(entries, size=300)))  # type: ignore[arg-type]


def test_too_many_tags_and_no_image(tmp_path: Path) -> None:
    with pytest.raises(NotARasterError, match="65535 tags"):
        inspect_tiff(put(tmp_path / "a.tif", b"II*\0\x08\0\0\0\xff\xff" + bytes(100)))
    with pytest.raises(NotARasterError, match="without any image"):
        inspect_tiff(put(tmp_path / "a.tif", b"II*\0" + bytes(100)))


def test_rubbish_behind_a_good_header_never_breaks(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.tif", noise((1, 64, 64))).read_bytes()
    start = struct.unpack("<I", whole[4:8])[0]
    rng = np.random.default_rng(3)
    refused = 0
    for _ in range(300):
        broken = bytearray(whole)
        for place in rng.integers(start, start + 180, 6):
            broken[place] = rng.integers(256)
        try:
            inspect_tiff(put(tmp_path / "a.tif", bytes(broken)))
        except InputError:
            refused += 1
    assert refused > 100


def test_a_huge_strip_is_a_bomb(tmp_path: Path) -> None:
    path = put(tmp_path / "a.tif", tiff_bytes(plain_entries(40_000, 40_000), size=300))
    with pytest.raises(RasterBombError, match="1,526 MiB") as caught:
        inspect_raster(path)
    assert caught.value.measured == {"block_bytes": 40_000**2}


def test_too_many_pixels_are_a_bomb(tmp_path: Path) -> None:
    path = put(tmp_path / "a.tif", tiff_bytes(plain_entries(300_000, 300_000, rows=1), size=300))
    with pytest.raises(RasterBombError) as caught:
        inspect_raster(path)
    assert caught.value.measured == {"pixels": 300_000**2}


def test_few_bytes_for_many_pixels_are_a_bomb(tmp_path: Path) -> None:
    path = put(tmp_path / "a.tif", tiff_bytes(plain_entries(40_000, 40_000, rows=1), size=300))
    with pytest.raises(RasterBombError, match="times") as caught:
        inspect_raster(path)
    assert caught.value.measured["expansion"] == 40_000**2 / 16


def test_a_large_sparse_scene_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tif"
    profile = {"driver": "GTiff", "width": 40_000, "height": 40_000, "count": 1, "dtype": "uint8", "nodata": 0}
    with rasterio.open(
        path, "w", **profile, crs="EPSG:4547", transform=TRANSFORM, tiled=True, SPARSE_OK=True, compress="deflate"
    ) as dataset:
        dataset.write(noise((1, 2048, 2048)), window=rasterio.windows.Window(0, 0, 2048, 2048))
    info = inspect_raster(path)
    assert info.grid.shape == (40_000, 40_000)
    assert path.stat().st_size < 16 * 1024**2
