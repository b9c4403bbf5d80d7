"""Bad input through the command line and over HTTP: a named error with its figure and a way out, and nothing left.

What `test_service_problems.py` already sends over HTTP is not sent again.
"""

from __future__ import annotations

import io
import json
import re
import struct
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from tests.integration.service_kit import kancha
from tests.integration.test_service_problems import check

LEFT, TOP = 500_000.0, 4_052_000.0
PX = 128


def raster(path: Path, values: Any = None, *, left: float = LEFT, gsd: float = 0.5, **changed: Any) -> Path:
    """A small GeoTIFF; 64 m square unless told otherwise."""
    if values is None:
        values = np.random.default_rng(1).integers(1, 255, (3, PX, PX), dtype=np.uint8)
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "count": values.shape[0],
        "height": values.shape[1],
        "width": values.shape[2],
        "dtype": str(values.dtype),
        "crs": "EPSG:4547",
        "transform": Affine(gsd, 0, left, 0, -gsd, TOP),
        **changed,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(path, "w", **{k: v for k, v in profile.items() if v is not None}) as dataset:
            dataset.write(values)
    return path


def bomb() -> bytes:
    """A TIFF of 300 bytes that declares one strip of 40,000 x 40,000 pixels."""
    tags = [(256, 40_000), (257, 40_000), (258, 8), (259, 1), (262, 1), (273, 200), (277, 1), (278, 40_000), (279, 16)]
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return (b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + body + bytes(4)).ljust(300, b"\0")


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("scene.tif", bytes(100))
    return buffer.getvalue()


def layer(path: Path, rings: list[Any], **columns: Any) -> Path:
    """A GeoJSON of polygons."""
    told = [
        {"type": "Feature", "properties": columns, "geometry": {"type": "Polygon", "coordinates": ring}}
        for ring in rings
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": told}))
    return path


SQUARE = [[[114.0, 36.6], [114.001, 36.6], [114.001, 36.601], [114.0, 36.6]]]
METRES = [[[38_500_000, 4_052_000], [38_500_060, 4_052_000], [38_500_060, 4_052_060], [38_500_000, 4_052_000]]]
FLAT = [[[114.0, 36.6], [114.001, 36.6], [114.002, 36.6], [114.0, 36.6]]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file that the cases name."""
    folder = tmp_path_factory.mktemp("files")
    good = raster(folder / "a_20240412.tif").read_bytes()
    (folder / "b_20250412.tif").write_bytes(good)
    (folder / "undated.tif").write_bytes(good)
    (folder / "cut_20250412.tif").write_bytes(good[: len(good) // 2])
    (folder / "text_20250412.tif").write_text("hello, this is no raster")
    (folder / "empty_20250412.tif").write_bytes(b"")
    (folder / "bomb_20250412.tif").write_bytes(bomb())
    (folder / "zip_20250412.tif").write_bytes(archive())
    (folder / "vrt_20250412.tif").write_text("<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>")
    (folder / "loop_20250412.tif").write_bytes(b"II*\0\x08\0\0\0\0\0\x08\0\0\0" + bytes(90))
    zeros = np.zeros((3, PX, PX), np.uint8)
    raster(folder / "png_20250412.tif", driver="PNG", crs=None, transform=None)
    raster(folder / "bare_20250412.tif", crs=None)
    raster(folder / "placeless_20250412.tif", transform=None)
    raster(folder / "zone_20250412.tif", crs="EPSG:4490", left=38_500_000.0)
    raster(folder / "nine_20250412.tif", np.ones((9, 64, 64), np.uint8))
    raster(folder / "complex_20250412.tif", np.ones((1, 64, 64), np.complex64))
    raster(folder / "black_20250412.tif", zeros, nodata=0)
    raster(folder / "frame_20250412.tif", zeros)
    raster(folder / "grey_20250412.tif", np.full((1, PX, PX), 90, np.uint8))
    raster(folder / "far_20250412.tif", left=LEFT + 9000)
    raster(folder / "edge_20250412.tif", left=LEFT + 0.97 * PX / 2)
    raster(folder / "coarse_20250412.tif", np.full((3, 13, 13), 90, np.uint8), gsd=5.0)
    raster(folder / "xian_20250412.tif", crs="EPSG:2383")
    for k in (1, 2):
        heights = np.random.default_rng(k).normal(100, 30, (1, PX, PX)).astype(np.float32)
        raster(folder / f"rough_{k}.tif", heights)
    (folder / "text.geojson").write_text("hello")
    layer(folder / "columns.geojson", [SQUARE], colour="red")
    layer(folder / "hollow.geojson", [[]], parcel_id="1")
    layer(folder / "flat.geojson", [FLAT], parcel_id="1")
    layer(folder / "metres.geojson", [METRES], parcel_id="1")
    layer(folder / "dates.geojson", [SQUARE], permit_id="1", valid_from="soon")
    layer(folder / "kinds.geojson", [SQUARE], zone_id="1", kind="moon")
    layer(folder / "far.geojson", [[[[100, 20], [100.1, 20], [100.1, 20.1], [100, 20]]]])
    frame = gpd.GeoDataFrame({"parcel_id": ["1"]}, geometry=[shapely.box(500_000, 4_051_000, 500_010, 4_051_010)])
    frame.set_crs(4547).to_file(folder / "bare.shp")
    (folder / "bare.prj").unlink()
    (folder / "part.dbf").write_bytes((folder / "bare.dbf").read_bytes())
    return folder


@dataclass(frozen=True)
class Case:
    name: str
    code: str
    says: str
    after: str = "b_20250412.tif"
    before: str = "a_20240412.tif"
    more: tuple[str, ...] = ()


def options(*more: str) -> dict[str, Any]:
    return {"more": more}


CASES = [
    # the file
    Case("no file", "file-not-found", "none.tif", after="none.tif"),
    Case("a folder", "file-not-found", "There is no file|is a folder", after="."),
    Case("not a raster", "not-a-raster", "begins=", after="text_20250412.tif"),
    Case("an empty file", "not-a-raster", "0 bytes", after="empty_20250412.tif"),
    Case("a picture", "raster-format-refused", "found=PNG", after="png_20250412.tif"),
    Case("a VRT", "raster-format-refused", "found=GDAL VRT", after="vrt_20250412.tif"),
    Case("a zip", "raster-format-refused", "found=a zip archive", before="zip_20250412.tif"),
    Case("a cut file", "raster-truncated", r"size_bytes=\d+, needed_bytes=\d+", after="cut_20250412.tif"),
    Case("a bomb", "raster-too-large", "block_bytes=1600000000", after="bomb_20250412.tif"),
    Case("a loop", "not-a-raster", "0 x 0 pixels", after="loop_20250412.tif"),
    # its place
    Case("no CRS", "crs-missing", "bare_20250412.tif declares no", after="bare_20250412.tif"),
    Case("a false --crs", "crs-mismatch", r"500000\.0", after="bare_20250412.tif", more=("--crs", "EPSG:4490")),
    Case("no transform", "crs-missing", "not georeferenced", after="placeless_20250412.tif"),
    Case("zone-coded metres", "crs-mismatch", "zone 38 is EPSG:4526.*left=38500000", after="zone_20250412.tif"),
    Case("an old datum", "crs-unusable", "datum=xian 1980", after="xian_20250412.tif"),
    # its pixels
    Case("nine bands", "bands-unusable", "bands=9", after="nine_20250412.tif"),
    Case("complex values", "bands-unusable", "complex64", after="complex_20250412.tif"),
    Case("all nodata", "raster-empty", r"valid_share=0\.0", after="black_20250412.tif"),
    Case("all black", "raster-empty", "128 x 128 pixels", after="frame_20250412.tif"),
    # the pair
    Case("no common bands", "bands-unusable", r"after=\['grey'\]", after="grey_20250412.tif"),
    Case("no overlap", "no-overlap", r"overlap_share=0\.0", after="far_20250412.tif"),
    Case("overlap of 3 %", "no-overlap", r"share 3\.0%.*at least 5%", after="edge_20250412.tif"),
    Case("pixels of 10:1", "pixel-size-ratio", r"10\.0:1", after="coarse_20250412.tif"),
    Case("equal dates", "date-order", "equal.*before=2024-04-12", **options("--after-date", "2024-04-12")),
    Case("reversed dates", "date-order", "reversed", before="b_20250412.tif", after="a_20240412.tif"),
    Case("no date", "date-missing", "--after-date", after="undated.tif"),
    # the layers
    Case("no layer", "file-not-found", "none.gpkg", **options("--parcels", "none.gpkg")),
    Case("no layer at all", "layer-unusable", "text.geojson", **options("--parcels", "text.geojson")),
    Case("a lone part", "layer-unusable", "part.shp", **options("--parcels", "part.dbf")),
    Case("no columns", "layer-columns", "parcel_id", **options("--parcels", "columns.geojson")),
    Case("empty polygons", "geometry-unusable", "rows=1", **options("--parcels", "hollow.geojson")),
    Case("collapsed polygons", "geometry-unusable", "rows=1", **options("--parcels", "flat.geojson")),
    Case("metres in degrees", "crs-mismatch", "zone 38 is EPSG:4526", **options("--parcels", "metres.geojson")),
    Case("no .prj", "crs-missing", "--crs", **options("--parcels", "bare.shp")),
    Case("no date in a permit", "layer-value", "soon", **options("--permits", "dates.geojson")),
    Case("an unknown zone", "layer-value", "moon", **options("--zones", "kinds.geojson")),
    Case("an area elsewhere", "no-overlap", r"overlap_share=0\.0", **options("--aoi", "far.geojson")),
    # the heights
    Case("one surface model", "option-range", "both dates", **options("--before-dsm", "rough_1.tif")),
    Case("a terrain model alone", "option-range", "both dates", **options("--dtm", "rough_1.tif")),
    Case(
        "a picture for heights",
        "bands-unusable",
        r"is a picture \(3 bands of uint8\)",
        **options("--before-dsm", "a_20240412.tif", "--after-dsm", "b_20250412.tif"),
    ),
    Case(
        "nothing stable",
        "surfaces-not-level",
        r"stable_px=\d+",
        **options("--before-dsm", "rough_1.tif", "--after-dsm", "rough_2.tif"),
    ),
    Case("too small a change", "option-range", "min_gain_m=0.0", **options("--min-gain", "0")),
    # the options
    Case("too small a structure", "option-range", "min_area_m2=0.0", **options("--min-area", "0")),
    Case("no such detector", "option-range", "oracle", **options("--detector", "oracle")),
    Case("no such date", "option-range", "yesterday", **options("--before-date", "yesterday")),
]


WAY_OUT = re.compile(
    "Accepted|Allowed|Check|Choose|Convert|Copy|Correct|Declare|Export|Expand|Give|Keep|Known|Name|Orthorectify|Re-write|Rename|"
    "The file is damaged; export|Transform|Use a pair|Write it|or leave the layer out"
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_command_line_refuses_by_name(case: Case, files: Path, tmp_path: Path) -> None:
    before = {path.name for path in files.iterdir()}
    given = [
        str(files / a) if (files / a).suffix in {".geojson", ".gpkg", ".shp", ".dbf", ".tif"} else a for a in case.more
    ]
    outputs = ("-o", tmp_path / "findings.geojson", "--report", tmp_path / "report.html")
    pair = files / case.before, files / case.after
    done = kancha("scan", *pair, *given, *outputs, data=tmp_path / "unused", COLUMNS="200", NO_COLOR="1")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert re.search(rf"(^|\s){re.escape(case.code)} ", done.stderr), done.stderr
    assert re.search(case.says, done.stderr.replace("\n", " ")), done.stderr
    assert WAY_OUT.search(done.stderr), done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
    assert {path.name for path in files.iterdir()} == before


SCENES = [
    ("bomb_20250412.tif", 413, "raster-too-large", {"block_bytes": 1_600_000_000}),
    ("zip_20250412.tif", 415, "raster-format-refused", {"found": "a zip archive"}),
    ("loop_20250412.tif", 415, "not-a-raster", {"width": 0, "height": 0}),
    ("placeless_20250412.tif", 422, "crs-missing", {}),
    ("xian_20250412.tif", 422, "crs-unusable", {"datum": "xian 1980"}),
    ("nine_20250412.tif", 422, "bands-unusable", {"bands": 9}),
    ("complex_20250412.tif", 422, "bands-unusable", {"found": ["complex64"]}),
    ("black_20250412.tif", 422, "raster-empty", {"valid_share": 0.0}),
    ("frame_20250412.tif", 422, "raster-empty", {"valid_share": 0.0}),
]


@pytest.mark.parametrize(("name", "status", "code", "measured"), SCENES)
def test_the_service_refuses_a_scene_by_the_same_name(
    client: Any, settings: Any, files: Path, name: str, status: int, code: str, measured: dict[str, Any]
) -> None:
    body = check(client.post("/scenes", files={"raster": (name, (files / name).read_bytes())}), status, code)
    assert body["measured"] == measured
    assert body["remedy"]
    assert client.get("/scenes").json()["numberMatched"] == 0
    assert list((settings.data / "blobs").iterdir()) == []


def test_the_service_refuses_a_pair_without_common_bands(client: Any, settings: Any, files: Path) -> None:
    names = {"before": "a_20240412.tif", "after": "grey_20250412.tif"}
    sent = {role: (name, (files / name).read_bytes()) for role, name in names.items()}
    body = check(client.post("/scans", files=sent), 422, "bands-unusable")
    assert body["measured"] == {"before": ["red", "green", "blue"], "after": ["grey"]} and body["remedy"]
    assert client.get("/jobs").json()["numberMatched"] == 0


LAYERS = [
    ("parcels", "hollow.geojson", "geometry-unusable"),
    ("parcels", "flat.geojson", "geometry-unusable"),
    ("parcels", "metres.geojson", "crs-mismatch"),
    ("permits", "dates.geojson", "layer-value"),
    ("zones", "kinds.geojson", "layer-value"),
]


@pytest.mark.parametrize(("kind", "name", "code"), LAYERS)
def test_the_service_refuses_a_layer_by_the_same_name(
    client: Any, files: Path, kind: str, name: str, code: str
) -> None:
    sent = {"file": (name, (files / name).read_bytes())}
    assert check(client.post(f"/layers/{kind}", files=sent), 422, code)["remedy"]


def test_a_folder_that_is_not_there_is_told_before_the_work(files: Path, tmp_path: Path) -> None:
    pair = files / "a_20240412.tif", files / "b_20250412.tif"
    done = kancha("scan", *pair, "-o", tmp_path / "none" / "findings.geojson", data=tmp_path / "unused")
    assert done.returncode == 2 and "file-not-found" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
