"""Surface models in, structures out: what is new, raised, lowered or gone, and what is none of these."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.warp import Resampling, reproject

from geodata.crs import CRS84, parse_crs, transform_xy
from geodata.detect.measured import Heights
from geodata.detect.structures import HeightRule, change_of, conceals, covered, height_confidence, storeys_of
from geodata.errors import BandsError, DateOrderError, KanchaError, NoOverlapError, OptionError
from geodata.grid import Grid
from geodata.scan import ScanResult, scan
from geodata.types import ScanOptions, SurfaceFiles
from tests.unit.detect.surface_kit import DATES, SIDE, block, compared, ground, model, smooth, town, tree
from tests.unit.io_rasters.raster_kit import TRANSFORM, write

HOUSE = (130, 140, 24, 32)
"""(row, column, height, width) in pixels of 0.5 m: 192 m2."""


def outline(row: float, col: float, height: float, width: float) -> shapely.Polygon:
    corners = [(col, row), (col + width, row), (col + width, row + height), (col, row + height)]
    x, y = zip(*(TRANSFORM @ corner for corner in corners), strict=True)
    return shapely.Polygon(np.column_stack(transform_xy(parse_crs(4547), CRS84, x, y)))


def only(result: ScanResult) -> pd.Series[Any]:
    assert len(result.findings) == 1, result.findings[["change", "area_m2", "height_gain_m", "confidence"]]
    return result.findings.iloc[0]


def test_a_new_house_is_found_with_its_height(tmp_path: Path) -> None:
    result = compared(tmp_path, town(1), block(town(2), *HOUSE, 6.3) + 0.7)
    row = only(result)
    assert row["change"] == "appeared" and row["height_gain_m"] == pytest.approx(6.3, abs=0.15)
    assert row["storeys"] == 2 and row["confidence"] > 0.8 and row["flags"] == [] and row["cues"] == []
    truth = outline(*HOUSE)
    assert row.geometry.intersection(truth).area > 0.85 * row.geometry.union(truth).area
    assert abs(row["area_m2"] - 192) < 2 * row["area_error_m2"]
    assert result.provenance["heights"]["offset_m"] == pytest.approx(0.7, abs=0.02)
    assert result.provenance["model"].startswith("surfaces/")
    assert [i["role"] for i in result.provenance["inputs"]] == ["before_dsm", "after_dsm"]


def test_equal_surfaces_have_no_finding(tmp_path: Path) -> None:
    assert len(compared(tmp_path, town(1), town(2)).findings) == 0


def test_a_house_that_was_pulled_down(tmp_path: Path) -> None:
    row = only(compared(tmp_path, block(town(1), *HOUSE, 6.3), town(2)))
    assert row["change"] == "disappeared" and row["height_gain_m"] == pytest.approx(-6.3, abs=0.15)
    assert row["storeys"] is None and row["status"] == "unassessed"
    assert row["reasons"][0]["code"] == "gone"


def test_a_storey_on_top_is_an_alteration(tmp_path: Path) -> None:
    row = only(compared(tmp_path, block(town(1), *HOUSE, 6.0), block(town(2), *HOUSE, 9.1)))
    assert row["change"] == "altered" and row["storeys"] == 1
    assert row["height_gain_m"] == pytest.approx(3.1, abs=0.15)


def test_a_storey_less_is_an_alteration_that_needs_no_permit(tmp_path: Path) -> None:
    row = only(compared(tmp_path, block(town(1), *HOUSE, 9.1), block(town(2), *HOUSE, 6.0)))
    assert row["change"] == "altered" and row["height_gain_m"] == pytest.approx(-3.1, abs=0.15)
    assert row["status"] == "unassessed" and [r["code"] for r in row["reasons"]] == ["lowered"]


@pytest.mark.parametrize("with_terrain", [False, True])
def test_a_filled_pit_is_no_structure(tmp_path: Path, with_terrain: bool) -> None:
    before = block(town(1), 100, 110, 60, 80, -5.0)
    assert len(compared(tmp_path, before, town(2), ground(3) if with_terrain else None).findings) == 0


def test_the_house_in_a_filled_pit_is_found_alone(tmp_path: Path) -> None:
    before = block(town(1), 90, 100, 90, 110, -4.0)
    row = only(compared(tmp_path, before, block(town(2), *HOUSE, 6.0)))
    assert row["height_gain_m"] == pytest.approx(10.0, abs=0.2)
    assert row["area_m2"] < 300


def test_a_tree_is_no_structure_and_does_not_hide_one(tmp_path: Path) -> None:
    assert len(compared(tmp_path, town(1), tree(town(2), 160, 160)).findings) == 0
    both = tree(block(town(2), *HOUSE, 6.3), 190, 160, 12)
    assert only(compared(tmp_path, town(1), both))["area_m2"] == pytest.approx(192, rel=0.35)


def test_a_hall_wider_than_the_opening_is_found(tmp_path: Path) -> None:
    row = only(compared(tmp_path, ground(1), block(ground(2), 60, 50, 190, 210, 8.0)))
    assert row["area_m2"] == pytest.approx(190 * 210 / 4, rel=0.03)
    assert row["height_gain_m"] == pytest.approx(8.0, abs=0.1)


def test_a_heap_says_that_it_is_earth(tmp_path: Path) -> None:
    rows, cols = np.mgrid[:SIDE, :SIDE]
    heap = np.clip(6 - np.hypot(rows - 160, cols - 160) / 10, 0, None)
    row = only(compared(tmp_path, town(1), town(2) + smooth(heap, 3)))
    assert row["stage"] == "earthworks" and row["cues"] == ["bare_soil"] and row["confidence"] < 0.8


def test_what_is_smaller_than_wanted_is_left_out(tmp_path: Path) -> None:
    before, after = town(1), block(town(2), *HOUSE, 3.0)
    assert len(compared(tmp_path, before, after, min_gain_m=4.0).findings) == 0
    assert len(compared(tmp_path, before, after, min_area_m2=400).findings) == 0
    assert len(compared(tmp_path, before, after, min_confidence=1.0).findings) == 0
    assert len(compared(tmp_path, before, after).findings) == 1


def test_missing_pixels_neither_split_nor_end_a_roof(tmp_path: Path) -> None:
    before, after = town(1), block(town(2), *HOUSE, 6.3)
    after[np.random.default_rng(4).random(after.shape) < 0.03] = np.nan
    before[140:142, 150:153] = np.nan
    row = only(compared(tmp_path, before, after))
    assert row["area_m2"] == pytest.approx(192, rel=0.12) and row["cues"] == []


def test_a_house_at_the_edge_of_what_is_known_says_so(tmp_path: Path) -> None:
    after = block(town(2), *HOUSE, 6.3)
    after[:, 160:] = np.nan
    assert only(compared(tmp_path, town(1), after))["cues"] == ["edge_of_image"]


def test_undeclared_nodata_is_no_depth(tmp_path: Path) -> None:
    before, after = town(1), block(town(2), *HOUSE, 6.3)
    before[40:60, 120:150] = np.nan
    files = [model(tmp_path / n, s, nodata=None) for n, s in (("before.tif", before), ("after.tif", after))]
    assert len(scan(surfaces=SurfaceFiles(*files), options=ScanOptions(**DATES)).findings) == 1


def test_the_window_and_the_workers_change_nothing(tmp_path: Path) -> None:
    before = block(town(1), 60, 140, 20, 30, 5.0)
    after = tree(block(town(2), *HOUSE, 6.3), 190, 160, 12)
    told = [
        compared(tmp_path, before, after, window_px=window, workers=workers).feature_collection()
        for window, workers in ((1024, 1), (128, 1), (150, 2))
    ]
    assert told[0]["features"] and told[0] == told[1] == told[2]


def test_another_system_and_pixel_size(tmp_path: Path) -> None:
    first = model(tmp_path / "before.tif", town(1))
    second = model(tmp_path / "native.tif", block(town(2), *HOUSE, 6.3))
    target = tmp_path / "after.tif"
    with rasterio.open(second) as source:
        step, shape = 0.6, (290, 290)
        left, bottom, right, top = rasterio.warp.transform_bounds(source.crs, 32650, *source.bounds)
        transform = rasterio.Affine(step, 0, left - 2, 0, -step, top + 2)
        values = np.full(shape, -9999, np.float32)
        reproject(
            source.read(1), values, src_transform=source.transform, src_crs=source.crs, src_nodata=-9999,
            dst_transform=transform, dst_crs="EPSG:32650", dst_nodata=-9999, resampling=Resampling.bilinear,
        )  # fmt: skip
    write(target, values[None], nodata=-9999.0, crs="EPSG:32650", transform=transform)
    result = scan(surfaces=SurfaceFiles(first, target), options=ScanOptions(**DATES))
    row = only(result)
    assert row["height_gain_m"] == pytest.approx(6.3, abs=0.2) and row.geometry.intersects(outline(*HOUSE))
    assert result.provenance["grid"]["gsd_m"] == pytest.approx(0.6, abs=1e-3)


def test_only_the_area_of_interest_is_reported(tmp_path: Path) -> None:
    files = model(tmp_path / "a.tif", town(1)), model(tmp_path / "b.tif", block(town(2), *HOUSE, 6.3))
    ask = {"surfaces": SurfaceFiles(*files), "options": ScanOptions(**DATES)}
    assert len(scan(aoi=shapely.MultiPolygon([outline(0, 0, 60, 300)]), **ask).findings) == 0
    assert len(scan(aoi=shapely.MultiPolygon([outline(90, 90, 140, 140)]), **ask).findings) == 1


def test_what_is_no_pair_of_surface_models(tmp_path: Path) -> None:
    surface, picture = model(tmp_path / "a.tif", town(1)), write(tmp_path / "p.tif", np.full((3, 64, 64), 90, np.uint8))
    options = ScanOptions(**DATES)
    wrong: list[tuple[type[KanchaError], SurfaceFiles]] = [
        (BandsError, SurfaceFiles(surface, picture)),
        (BandsError, SurfaceFiles(surface, surface, after_terrain=picture)),
        (
            NoOverlapError,
            SurfaceFiles(
                surface,
                model(tmp_path / "far.tif", town(1), transform=TRANSFORM @ rasterio.Affine.translation(5000, 0)),
            ),
        ),
    ]
    for error, files in wrong:
        with pytest.raises(error) as caught:
            scan(surfaces=files, options=options)
        assert caught.value.remedy
    with pytest.raises(OptionError, match="two dates"):
        scan(surface, None, options=options)
    with pytest.raises(OptionError, match="two dates"):
        scan()
    with pytest.raises(OptionError, match="min_gain_m"):
        ScanOptions(min_gain_m=0.1)
    back = ScanOptions(before_date=DATES["after_date"], after_date=DATES["before_date"])
    with pytest.raises(DateOrderError):
        scan(surfaces=SurfaceFiles(surface, surface), options=back)


def heights(**changed: Any) -> Heights:
    values = {"rise_m": 4.0, "top_m": 4.0, "base_m": 0.0, "seen_share": 1.0, "roof_share": 0.8, "standing_share": 0.0}
    return Heights(**{**values, "wall_share": 0.8, **changed})


def test_the_words_for_what_was_measured() -> None:
    assert change_of(heights(), "gain") == "appeared" and change_of(heights(), "loss") == "disappeared"
    assert change_of(heights(standing_share=0.5), "gain") == change_of(heights(standing_share=0.9), "loss") == "altered"
    assert [storeys_of(m) for m in (2.2, 3.4, 6.3, 9.1)] == [1, 1, 2, 3]
    assert covered(heights(green_share=0.9)) and not covered(heights(green_share=0.9, roof_share=0.4))
    assert conceals(heights(likeness=0.8)) and not conceals(heights(likeness=0.3, green_share=0.1))


def test_the_confidence_ranks() -> None:
    rule = HeightRule(Grid(parse_crs(4547), TRANSFORM, (10, 10)), 2.0, 0.5)
    middle = height_confidence(heights(), 50.0, rule)
    # -8.5 + 12 * 0.8 + 2 * 0.8 + ln 2 = 3.39
    assert middle == pytest.approx(1 / (1 + np.exp(-3.393)), abs=1e-3)
    assert height_confidence(heights(roof_share=0.5), 50.0, rule) < 0.5 < middle
    assert height_confidence(heights(wall_share=0.0), 50.0, rule) < middle
    assert height_confidence(heights(green_share=1.0, roof_share=0.6), 50.0, rule) < height_confidence(
        heights(roof_share=0.6), 50.0, rule
    )
    assert height_confidence(heights(rise_m=8.0), 50.0, rule) > middle < height_confidence(heights(), 500.0, rule)
