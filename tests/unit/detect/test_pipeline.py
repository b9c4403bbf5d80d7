"""The whole detector on a small pair: nothing where nothing changed, a new roof where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geodata.detect.candidates import geodesic_area_m2
from geodata.detect.judging import clean
from geodata.errors import EmptyRasterError, OptionError, ScanCancelledError
from geodata.io.rasters import inspect_raster
from geodata.scan import ScanResult, scan
from geodata.types import ScanOptions
from tests.unit.detect.district_kit import ROOF, SIDE, build, fields, outline, roofed
from tests.unit.io_rasters.raster_kit import write


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
    place = {"transform": [0.5, 0.0, 500_000.0, 0.0, -0.5, 4_052_000.0]}
    assert told["grid"] == {"crs": "EPSG:4547", "gsd_m": 0.5, "shape": [SIDE, SIDE]} | place
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


def test_a_roof_that_is_gone_is_never_a_new_one(tmp_path: Path) -> None:
    before = write(tmp_path / "a_20240412.tif", roofed())
    result = scan(before, write(tmp_path / "b_20250412.tif", fields()))
    touching = result.findings[result.findings.intersects(outline(*ROOF))]
    assert touching["change"].tolist() == ["disappeared"]
    assert (result.findings["change"] == "disappeared").all()


def test_thorough_finds_what_the_first_look_leads_to(tmp_path: Path, found: ScanResult) -> None:
    before = write(tmp_path / "a_20240412.tif", fields())
    after = write(tmp_path / "b_20250412.tif", roofed())
    thorough = scan(before, after, options=ScanOptions(thorough=True))
    for outlined in found.findings.geometry:
        assert thorough.findings.intersects(outlined).any()
    assert thorough.provenance["parameters"]["thorough"] is True and thorough.scan_id != found.scan_id


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
    assert len(scan(before, after, aoi=elsewhere).findings) == 0
    here = shapely.MultiPolygon([outline(150, 150, 250, 250)])
    assert len(scan(before, after, aoi=here).findings) == 1
    # A small one changes nothing of the alignment, nor of a building that its border cuts.
    small = shapely.MultiPolygon([outline(210, 210, 90, 70)])
    told, whole = scan(before, after, aoi=small), scan(before, after)
    assert told.provenance["alignment"] == whole.provenance["alignment"]
    assert told.provenance["area_km2"] == pytest.approx(90 * 70 * 0.25e-6, rel=0.02)
    columns = ["confidence", "area_m2", "cues", "geometry"]
    assert told.findings[columns].values.tolist() == whole.findings[columns].values.tolist()


def test_thresholds_are_kept_to(tmp_path: Path) -> None:
    before = write(tmp_path / "a_20240412.tif", fields())
    after = write(tmp_path / "b_20250412.tif", roofed())
    assert len(scan(before, after, options=ScanOptions(min_area_m2=2000)).findings) == 0
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


def test_cleaning_fills_a_gap_and_drops_what_is_thin() -> None:
    mask = np.zeros((40, 40), bool)
    mask[5:15, 5:15] = True
    mask[9, 9] = False
    mask[25:29, 5:35] = True  # four pixels wide
    mask[30:35, 30:35] = False
    cleaned = clean(mask)
    wanted = np.zeros((40, 40), bool)
    wanted[5:15, 5:15] = True
    assert np.array_equal(cleaned, wanted)
