"""Label raster truth, and evaluation from files and folders."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from rich.console import Console

from geodata.errors import BandsError, LayerError, MissingCRSError, MissingFileError, NotARasterError, RasterError
from geodata.evaluate import evaluate_files, evaluate_label

EAST, NORTH = 500_000.0, 4_000_000.0
METRES = "EPSG:4547"


def write_label(path: Path, values: np.ndarray, *, crs: str | None = METRES, nodata: float | None = None) -> Path:
    """A label of 1 m pixels whose upper left corner is (EAST, NORTH)."""
    bands = values if values.ndim == 3 else values[None]
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=bands.shape[2],
        height=bands.shape[1],
        count=bands.shape[0],
        dtype=bands.dtype,
        crs=crs,
        transform=Affine(1, 0, EAST, 0, -1, NORTH),
        nodata=nodata,
    ) as target:
        target.write(bands)
    return path


def on_pixels(row: int, col: int, height: int, width: int) -> shapely.Polygon:
    return shapely.box(EAST + col, NORTH - row - height, EAST + col + width, NORTH - row)


def frame(*shapes: shapely.Geometry, confidence: list[float] | None = None) -> gpd.GeoDataFrame:
    columns = {} if confidence is None else {"confidence": confidence}
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=METRES)


def label_of(path: Path, *blocks: tuple[int, int, int, int]) -> Path:
    values = np.zeros((100, 100), np.uint8)
    for row, col, height, width in blocks:
        values[row : row + height, col : col + width] = 1
    return write_label(path, values)


def test_one_found_one_missed_one_false(tmp_path: Path) -> None:
    label = label_of(tmp_path / "label.tif", (10, 10, 10, 10), (50, 50, 10, 10))
    e = evaluate_label(frame(on_pixels(10, 10, 10, 10), on_pixels(80, 80, 10, 10)), label)
    assert (e.found, len(e.truths), e.false_alarms, len(e.alarms)) == (1, 2, 1, 2)
    assert e.pixels.f1 == pytest.approx(0.5)
    assert e.pixels.hit_m2 == pytest.approx(100, rel=1e-3)
    assert e.area_km2 == pytest.approx(0.01, rel=1e-3)
    assert (e.matched_loose, e.matched_strict) == (1, 1)


def test_a_detection_over_two_truths(tmp_path: Path) -> None:
    label = label_of(tmp_path / "label.tif", (10, 10, 10, 10), (10, 22, 10, 10))
    e = evaluate_label(frame(on_pixels(10, 10, 10, 22)), label)
    assert (e.found, e.merges, e.matched_loose, e.matched_strict) == (2, 1, 1, 0)


def test_pixels_that_touch_at_a_corner_are_one_object(tmp_path: Path) -> None:
    label = label_of(tmp_path / "label.tif", (10, 10, 5, 5), (15, 15, 5, 5))
    e = evaluate_label(frame(), label)
    assert [round(t.area_m2) for t in e.truths] == [50]


@pytest.mark.parametrize(("columns", "found"), [(2, 0), (3, 1)])
def test_found_from_thirty_per_cent_on(tmp_path: Path, columns: int, found: int) -> None:
    label = label_of(tmp_path / "label.tif", (10, 10, 10, 10))
    assert evaluate_label(frame(on_pixels(10, 10, 10, columns)), label).found == found


def test_found_at_on_pixels(tmp_path: Path) -> None:
    label = label_of(tmp_path / "label.tif", (10, 10, 10, 10))
    parts = [on_pixels(10, 10, 10, 2), on_pixels(10, 15, 10, 2), on_pixels(10, 18, 10, 2)]
    assert evaluate_label(frame(*parts, confidence=[0.9, 0.4, 0.1]), label).truths[0].found_at == 0.4


def test_a_label_without_change_is_legal(tmp_path: Path) -> None:
    label = label_of(tmp_path / "label.tif")
    e = evaluate_label(frame(on_pixels(10, 10, 10, 10)), label)
    assert (len(e.truths), e.false_alarms) == (0, 1)
    assert e.false_per_km2 == pytest.approx(100, rel=1e-3)


def test_what_lies_outside_the_label_does_not_count(tmp_path: Path) -> None:
    label = label_of(tmp_path / "label.tif", (10, 90, 10, 10))
    found = frame(on_pixels(10, 90, 10, 30), on_pixels(300, 300, 10, 10))
    e = evaluate_label(found, label)
    assert (len(e.alarms), e.false_alarms, e.matched_strict) == (1, 0, 1)
    assert e.pixels.precision == 1


def test_unknown_pixels_do_not_count(tmp_path: Path) -> None:
    values = np.zeros((100, 100), np.uint8)
    values[:, 50:] = 255
    label = write_label(tmp_path / "label.tif", values, nodata=255)
    e = evaluate_label(frame(on_pixels(10, 60, 10, 10)), label)
    assert len(e.alarms) == 0
    assert e.area_km2 == pytest.approx(0.005, rel=1e-3)


def test_a_label_in_degrees_measures_the_same(tmp_path: Path) -> None:
    size = 1e-5
    values = np.zeros((80, 80), np.uint8)
    values[20:40, 20:40] = 1
    path = tmp_path / "label.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=80, height=80, count=1, dtype="uint8", crs="EPSG:4326",
        transform=Affine(size, 0, 114.0, 0, -size, 36.0),
    ) as target:  # fmt: skip
        target.write(values[None])
    outline = shapely.box(114 + 20 * size, 36 - 40 * size, 114 + 40 * size, 36 - 20 * size)
    e = evaluate_label(gpd.GeoDataFrame(geometry=[outline], crs="OGC:CRS84"), path)
    assert (e.object_f1, e.pixels.f1, e.matched_strict) == (1, 1, 1)
    assert e.truths[0].area_m2 == pytest.approx(e.alarms[0].area_m2, rel=1e-3)


def test_other_values_are_refused(tmp_path: Path) -> None:
    label = write_label(tmp_path / "label.tif", np.full((10, 10), 255, np.uint8))
    with pytest.raises(RasterError, match="255"):
        evaluate_label(frame(), label)


def test_several_bands_are_refused(tmp_path: Path) -> None:
    label = write_label(tmp_path / "label.tif", np.zeros((3, 10, 10), np.uint8))
    with pytest.raises(BandsError, match="3 bands"):
        evaluate_label(frame(), label)


def test_a_label_without_a_system_is_refused(tmp_path: Path) -> None:
    label = write_label(tmp_path / "label.tif", np.zeros((10, 10), np.uint8), crs=None)
    with pytest.raises(MissingCRSError):
        evaluate_label(frame(), label)


# --- files ---------------------------------------------------------------------------------------


def write_detections(path: Path, *shapes: shapely.Geometry, area_km2: float | None = 2.0) -> Path:
    features = json.loads(frame(*shapes).to_crs("OGC:CRS84").to_json())["features"] if shapes else []
    content = {"type": "FeatureCollection", "features": features, "provenance": {"area_km2": area_km2}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_files_of_polygons(tmp_path: Path) -> None:
    found = write_detections(tmp_path / "found.geojson", on_pixels(0, 0, 10, 10), on_pixels(50, 50, 10, 10))
    truth = tmp_path / "truth.gpkg"
    frame(on_pixels(0, 0, 10, 10)).to_file(truth, driver="GPKG")
    e = evaluate_files(found, truth)
    assert (e.found, e.false_alarms, e.false_per_km2, e.name) == (1, 1, 0.5, "truth")


def test_an_empty_collection_is_an_answer(tmp_path: Path) -> None:
    found = write_detections(tmp_path / "found.geojson")
    truth = write_detections(tmp_path / "truth.geojson", on_pixels(0, 0, 10, 10))
    assert evaluate_files(found, truth).object_recall == 0


def test_a_file_of_detections_against_a_label(tmp_path: Path) -> None:
    found = write_detections(tmp_path / "found.geojson", on_pixels(10, 10, 10, 10))
    e = evaluate_files(found, label_of(tmp_path / "label.tif", (10, 10, 10, 10)))
    assert e.object_f1 == 1


def test_folders_are_pooled_by_name(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    (tmp_path / "true").mkdir()
    write_detections(tmp_path / "found" / "a.geojson", on_pixels(10, 10, 10, 10))
    write_detections(tmp_path / "found" / "b.geojson")
    label_of(tmp_path / "true" / "a.tif", (10, 10, 10, 10))
    label_of(tmp_path / "true" / "b.tif", (10, 10, 10, 10))
    e = evaluate_files(tmp_path / "found", tmp_path / "true")
    assert ([p.name for p in e.parts], e.object_recall, e.object_precision) == (["a", "b"], 0.5, 1)


def test_a_lonely_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    (tmp_path / "true").mkdir()
    label_of(tmp_path / "true" / "a.tif")
    with pytest.raises(MissingFileError, match="a lacks its detections"):
        evaluate_files(tmp_path / "found", tmp_path / "true")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    found = write_detections(tmp_path / "found.geojson")
    with pytest.raises(MissingFileError, match=r"nowhere\.tif"):
        evaluate_files(found, tmp_path / "nowhere.tif")


@pytest.mark.parametrize(
    "content", ["", "not json", "[]", "{}", '{"features": [1]}', '{"features": [{"geometry": null}]}']
)
def test_what_is_no_collection_is_refused(tmp_path: Path, content: str) -> None:
    found = tmp_path / "found.geojson"
    found.write_text(content, encoding="utf-8")
    with pytest.raises(LayerError):
        evaluate_files(found, write_detections(tmp_path / "truth.geojson"))


def test_a_label_that_is_no_raster_is_refused(tmp_path: Path) -> None:
    label = tmp_path / "label.tif"
    label.write_text("no raster at all, only words that go on for a while", encoding="utf-8")
    with pytest.raises(NotARasterError):
        evaluate_files(write_detections(tmp_path / "found.geojson"), label)


def test_a_package_that_is_none_is_refused(tmp_path: Path) -> None:
    truth = tmp_path / "truth.gpkg"
    truth.write_bytes(b"nothing of the kind")
    with pytest.raises(LayerError, match="cannot be read"):
        evaluate_files(write_detections(tmp_path / "found.geojson"), truth)


def test_tables_and_plain_values_say_the_same(tmp_path: Path) -> None:
    label = label_of(tmp_path / "label.tif", (10, 10, 10, 10), (50, 50, 10, 10))
    found = write_detections(tmp_path / "found.geojson", on_pixels(10, 10, 10, 10))
    e = evaluate_files(found, label)
    values = json.loads(json.dumps(e.as_dict()))
    assert values["object"]["f1"] == pytest.approx(2 / 3)
    assert values["recall_by_area_m2"]["100-300"] == {"found": 1, "true": 2, "recall": 0.5}
    console = Console(record=True, width=140)
    console.print(e.table())
    text = console.export_text()
    assert "0.667" in text
    assert "1 of 2 found, 0 of 1 false" in text
