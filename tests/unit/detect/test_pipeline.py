"""The whole detector on a small pair: nothing where nothing changed, a new roof where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import shapely

from geodata.crs import CRS84, parse_crs, transform_xy
from geodata.detect.candidates import confidence_of, geodesic_area_m2
from geodata.detect.outlines import measure
from geodata.detect.pipeline import MEASURED
from geodata.errors import EmptyRasterError, OptionError, ScanCancelledError
from geodata.io.rasters import inspect_raster
from geodata.scan import ScanResult, scan
from geodata.types import ScanOptions
from tests.unit.io_rasters.raster_kit import TRANSFORM, write

SIDE = 512
ROOF = (230, 250, 40, 60)
"""(row, column, height, width) of the new roof in pixels of 0.5 m: 600 m2."""


def fields(seed: int = 1) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(7)
    soft = cv2.GaussianBlur(rng.normal(0, 40, (SIDE, SIDE)).astype(np.float32), (0, 0), 6)
    fine = np.random.default_rng(seed).normal(0, 2, (3, SIDE, SIDE))
    picture = np.array([92, 108, 70])[:, None, None] + soft + fine
    for row, col in [(40, 60), (100, 380), (400, 90), (420, 400)]:
        build(picture, row, col, 36, 50)
    return np.clip(picture, 1, 255).astype(np.uint8)


def build(picture: npt.NDArray[Any], row: int, col: int, height: int, width: int) -> None:
    picture[:, row : row + height, col : col + width] = np.array([186, 178, 170])[:, None, None]
    picture[:, row + height : row + height + 7, col + 4 : col + width + 4] = 35


def roofed(seed: int = 2) -> npt.NDArray[np.uint8]:
    picture = fields(seed)
    build(picture, *ROOF)
    return picture


def outline(row: float, col: float, height: float, width: float) -> shapely.Polygon:
    pixels = [(col, row), (col + width, row), (col + width, row + height), (col, row + height)]
    x, y = zip(*(TRANSFORM @ pixel for pixel in pixels), strict=True)
    return shapely.Polygon(np.column_stack(transform_xy(parse_crs(4547), CRS84, x, y)))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> ScanResult:
    folder = tmp_path_factory.mktemp("roof")
    before = write(folder / "a_20240412.tif", fields())
    return scan(before, write(folder / "b_20250412.tif", roofed()))


def test_the_new_roof_is_found_where_it_stands(found: ScanResult) -> None:
    truth = outline(*ROOF)
    touching = found.findings[found.findings.intersects(truth)]
    assert len(touching) == 1
    (_, row), *_ = touching.iterrows()
    common = row.geometry.intersection(truth).area
    assert common / truth.area > 0.6 and common / row.geometry.area > 0.5
    assert row.geometry.centroid.distance(truth.centroid) < 4e-5  # 4 m
    assert row["change"] == "appeared" and row["status"] == "unassessed"
    assert row["area_m2"] == pytest.approx(geodesic_area_m2(row.geometry), abs=0.06)
    assert len(found.findings) == 1


def test_what_the_finding_stands_on(found: ScanResult) -> None:
    told = found.provenance
    assert told["grid"] == {"crs": "EPSG:4547", "gsd_m": 0.5, "shape": [SIDE, SIDE]}
    assert told["overlap_share"] == 1.0 and told["pixel_ratio"] == 1.0 and told["usable_share"] == 1.0
    assert told["area_km2"] == pytest.approx(0.0655, abs=1e-4)
    assert [i["role"] for i in told["inputs"]] == ["before", "after"]
    assert told["inputs"][0]["sha256"] != told["inputs"][1]["sha256"]
    collection = found.feature_collection()
    assert collection["features"][0]["properties"]["scan_id"] == told["scan_id"] == found.scan_id


def test_equal_pictures_have_no_finding(tmp_path: Path) -> None:
    before = write(tmp_path / "a_20240412.tif", roofed())
    after = tmp_path / "b_20250412.tif"
    after.write_bytes(before.read_bytes())
    assert inspect_raster(before).sha256 == inspect_raster(after).sha256
    result = scan(before, after)
    assert len(result.findings) == 0
    assert result.feature_collection()["features"] == []


def test_a_pair_the_other_way_round_has_no_new_roof(tmp_path: Path) -> None:
    before = write(tmp_path / "a_20240412.tif", roofed())
    result = scan(before, write(tmp_path / "b_20250412.tif", fields()))
    assert not result.findings.intersects(outline(*ROOF)).any()


def test_a_shifted_second_date_is_brought_back(tmp_path: Path) -> None:
    before = write(tmp_path / "a_20240412.tif", fields())
    # The file says that it lies 6 pixels further east than it does.
    after = write(tmp_path / "b_20250412.tif", np.roll(roofed(), 6, axis=2))
    result = scan(before, after)
    assert result.provenance["alignment"]["shift_px"] == pytest.approx([6, 0], abs=0.3)
    (row,) = [r for _, r in result.findings.iterrows() if r.geometry.intersects(outline(*ROOF))]
    assert row.geometry.centroid.distance(outline(*ROOF).centroid) < 4e-5


def test_a_roof_that_the_edge_cuts_says_so(tmp_path: Path, found: ScanResult) -> None:
    picture = fields(2)
    build(picture, 220, SIDE - 55, 40, 60)
    result = scan(write(tmp_path / "a_20240412.tif", fields()), write(tmp_path / "b_20250412.tif", picture))
    (row,) = [r for _, r in result.findings.iterrows() if r.geometry.intersects(outline(220, SIDE - 55, 40, 55))]
    assert "edge_of_image" in row["cues"]
    assert "edge_of_image" not in found.findings.iloc[0]["cues"]


def test_only_the_area_of_interest_is_reported(tmp_path: Path) -> None:
    before = write(tmp_path / "a_20240412.tif", fields())
    after = write(tmp_path / "b_20250412.tif", roofed())
    elsewhere = shapely.MultiPolygon([outline(0, 0, 200, 500)])
    # An area this small has no room for tie points.
    options = ScanOptions(accept=("alignment",))
    assert len(scan(before, after, aoi=elsewhere, options=options).findings) == 0
    here = shapely.MultiPolygon([outline(150, 150, 250, 250)])
    assert len(scan(before, after, aoi=here, options=options).findings) == 1


def test_thresholds_are_kept_to(tmp_path: Path) -> None:
    before = write(tmp_path / "a_20240412.tif", fields())
    after = write(tmp_path / "b_20250412.tif", roofed())
    assert len(scan(before, after, options=ScanOptions(min_area_m2=2000, accept=("alignment",))).findings) == 0
    assert len(scan(before, after, options=ScanOptions(min_confidence=1.0)).findings) == 0


def test_a_pair_without_a_common_valid_pixel(tmp_path: Path) -> None:
    left, right = fields(), fields()
    left[:, :, 200:] = 0
    right[:, :, :300] = 0
    before = write(tmp_path / "a_20240412.tif", left, nodata=0)
    with pytest.raises(EmptyRasterError, match="no pixel that is valid in both") as caught:
        scan(before, write(tmp_path / "b_20250412.tif", right, nodata=0))
    assert caught.value.measured == {"usable_share": 0.0}


def test_progress_rises_to_one_and_may_stop_the_scan(tmp_path: Path) -> None:
    before = write(tmp_path / "a_20240412.tif", fields())
    after = write(tmp_path / "b_20250412.tif", roofed())
    heard: list[float] = []
    scan(before, after, progress=lambda share, what: heard.append(share))
    assert heard == sorted(heard) and heard[0] == 0 and heard[-1] == 1

    def stop(share: float, what: str) -> None:
        if what == "detecting":
            raise ScanCancelledError("Stopped.")

    with pytest.raises(ScanCancelledError):
        scan(before, after, progress=stop)


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_area_m2": 0},
        {"min_area_m2": float("nan")},
        {"min_confidence": 1.1},
        {"gsd_m": 0.001},
        {"window_px": 64},
        {"workers": 0},
        {"detector": "oracle"},
    ],
)
def test_options_outside_their_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError) as caught:
        ScanOptions(**wrong)
    assert caught.value.remedy


def test_the_confidence_ranks() -> None:
    square = np.ones((20, 20), bool)
    strip = np.ones((4, 100), bool)
    means = dict.fromkeys(MEASURED, 0.0) | {"boundary": 1.0, "score": 100.0}
    middle = confidence_of(means, 200, measure(square), 100.0)
    # -4 + 0.5 * 1 + 0.35 * 2 = -2.8 for a square of 100 m2
    assert middle == pytest.approx(1 / (1 + np.exp(2.8)))
    assert confidence_of(means | {"score": 200.0}, 200, measure(square), 100.0) > middle
    assert confidence_of(means, 300, measure(square), 100.0) > middle
    assert confidence_of(means, 200, measure(square), 500.0) > middle
    assert confidence_of(means, 200, measure(strip), 100.0) < middle
