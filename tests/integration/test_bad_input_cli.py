"""Every case of bad input on the command line: exit 2, one named paragraph with figure and way out, no file left."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from service_kit import LEFT, ROOT, TOP, draw_scene

Case = Callable[[Path], list[str | Path]]


def scenes(folder: Path) -> tuple[Path, Path]:
    return draw_scene(folder / "a_20240412.tif"), draw_scene(folder / "b_20250412.tif", built=True)


def text(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def raster(folder: Path, name: str, array: np.ndarray, **profile: object) -> Path:
    settings = {
        "driver": "GTiff",
        "height": array.shape[1],
        "width": array.shape[2],
        "count": array.shape[0],
        "dtype": array.dtype,
        "crs": "EPSG:4547",
        "transform": Affine(0.5, 0, LEFT, 0, -0.5, TOP),
        **profile,
    }
    with rasterio.open(folder / name, "w", **settings) as dataset:
        dataset.write(array)
    return folder / name


def bomb(folder: Path) -> Path:
    """One strip of 60,000 x 60,000 pixels that a decoder would have to hold at once, in a few hundred bytes."""
    side, strip = 60_000, zlib.compress(b"\0" * 1000)
    tags = [(256, 4, side), (257, 4, side), (258, 3, 8), (259, 3, 8), (262, 3, 1), (273, 4, 8)]
    tags += [(277, 3, 1), (278, 4, side), (279, 4, len(strip))]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return text(folder, "bomb_20250412.tif", b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + directory)


def layer(folder: Path, shape: shapely.Geometry, crs: str = "EPSG:4547", **columns: object) -> Path:
    path = folder / "parcels.gpkg"
    gpd.GeoDataFrame({k: [v] for k, v in columns.items()}, geometry=[shape], crs=crs).to_file(path)
    return path


def truncated(folder: Path) -> list[str | Path]:
    before, after = scenes(folder)
    after.write_bytes(after.read_bytes()[: after.stat().st_size * 2 // 3])
    return [before, after]


def second(make: Callable[[Path], Path]) -> Case:
    return lambda folder: [scenes(folder)[0], make(folder)]


def with_parcels(make: Callable[[Path], Path]) -> Case:
    return lambda folder: [*scenes(folder), "--parcels", make(folder)]


SQUARE = shapely.box(LEFT, TOP - 250, LEFT + 250, TOP)
ZONED = shapely.transform(SQUARE, lambda c: c + [38_000_000, 0])
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
VRT = b"<VRTDataset rasterXSize='9' rasterYSize='9'><SRS>EPSG:4547</SRS></VRTDataset>"
BLACK = np.zeros((3, 64, 64), np.uint8)
MULTI = np.ones((2, 64, 64), np.uint8)

CASES: dict[str, tuple[Case, str, str]] = {
    "not a raster": (second(lambda f: text(f, "b_20250412.tif", b"hello")), "not-a-raster", "hello"),
    "empty file": (second(lambda f: text(f, "b_20250412.tif", b"")), "not-a-raster", "0 bytes"),
    "truncated": (truncated, "raster-truncated", "size_bytes="),
    "bomb": (second(bomb), "raster-too-large", "block_bytes=3600000000"),
    "virtual raster": (second(lambda f: text(f, "b_20250412.tif", VRT)), "raster-format-refused", "VRT"),
    "another driver": (second(lambda f: text(f, "b_20250412.tif", PNG)), "raster-format-refused", "PNG"),
    "no CRS": (second(lambda f: draw_scene(f / "c_20250412.tif", crs=None)), "crs-missing", "--crs EPSG:4547"),
    "no overlap": (second(lambda f: draw_scene(f / "c_20250412.tif", left=LEFT + 9000)), "no-overlap", "=0.0"),
    "small overlap": (second(lambda f: draw_scene(f / "c_20250412.tif", left=LEFT + 246)), "no-overlap", "=0.0"),
    "no common band": (
        lambda f: [scenes(f)[0], raster(f, "c_20250412.tif", MULTI + 40)],
        "bands-unusable",
        "grey",
    ),
    "dates equal": (lambda f: [*scenes(f), "--after-date", "2024-04-12"], "date-order", "equal"),
    "dates reversed": (lambda f: [*reversed(scenes(f))], "date-order", "reversed"),
    "no date": (second(lambda f: draw_scene(f / "undated.tif")), "date-missing", "--after-date"),
    "all nodata": (second(lambda f: raster(f, "c_20250412.tif", BLACK, nodata=0)), "raster-empty", "64 x 64"),
    "pixel size": (second(lambda f: draw_scene(f / "c_20250412.tif", size=64, gsd=5.0)), "pixel-size-ratio", "10.0:1"),
    "zone in degrees": (
        second(lambda f: draw_scene(f / "c_20250412.tif", crs="EPSG:4490", left=38_500_000.0)),
        "crs-mismatch",
        "EPSG:4526",
    ),
    "layer in a degree system": (
        with_parcels(lambda f: layer(f, ZONED, "EPSG:4490", parcel_id="1")),
        "crs-mismatch",
        "EPSG:4526",
    ),
    "empty polygons": (with_parcels(lambda f: layer(f, shapely.Polygon(), parcel_id="1")), "geometry-unusable", "1"),
    "layer without columns": (with_parcels(lambda f: layer(f, SQUARE, DKBM="1")), "layer-columns", "DKBM"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused(name: str, tmp_path: Path) -> None:
    make, code, figure = CASES[name]
    arguments = make(tmp_path)
    there = sorted(tmp_path.rglob("*"))
    command = [sys.executable, "-m", "scripts.main", "scan", *map(str, arguments)]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "findings.geojson"), "--report", str(tmp_path / "report.html")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert code in done.stderr
    assert figure in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert sorted(tmp_path.rglob("*")) == there, "a refused scan leaves no file"


def test_a_self_intersecting_polygon_is_repaired_and_told(tmp_path: Path) -> None:
    """A bow tie is repaired, not refused; the report of the layer in the provenance names it."""
    import json

    bow = shapely.Polygon([(LEFT, TOP), (LEFT + 250, TOP - 250), (LEFT + 250, TOP), (LEFT, TOP - 250)])
    target = tmp_path / "findings.geojson"
    command = [*scenes(tmp_path), "--parcels", layer(tmp_path, bow, parcel_id="bow-1"), "-o", target]
    done = subprocess.run(
        [sys.executable, "-m", "scripts.main", "scan", *map(str, command)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reports = json.loads(target.read_text(encoding="utf-8"))["provenance"]["layer_reports"]
    assert reports[0]["repaired"] == ["bow-1"]
