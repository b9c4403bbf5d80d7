"""The detector over windows: what it sees, where it looks closely, what comes out of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geodata.detect.crews import Threads
from geodata.detect.detector import Detector, shipped
from geodata.detect.judging import MEASURED
from geodata.detect.objects import Component
from geodata.detect.pair import Detection, detect
from geodata.detect.pipeline import suspect, window_side
from geodata.detect.windows import DIRECTIONS, WindowPlan
from geodata.errors import ScanCancelledError
from geodata.io.rasters import inspect_raster
from geodata.io.warp import GridReader
from geodata.pairing.radiometry import Radiometry
from tests.unit.detect.district_kit import ROOF, SIDE, fields, roofed
from tests.unit.io_rasters.raster_kit import TRANSFORM, write

RGB = ("red", "green", "blue")
AS_IT_IS = Radiometry((1.0,) * 3, (0.0,) * 3)
OPERATING = replace(shipped().operating, suspect=-120, suspect_gone=-120)


def judge(**points: int) -> Detector:
    """The shipped detector with the same point for both directions."""
    return replace(shipped(), operating=replace(OPERATING, **points))


def reader(path: Path, values: Any, **changed: Any) -> GridReader:
    info = inspect_raster(write(path, values, photometric="RGB", **changed))
    return GridReader(info, RGB, info.grid)


def planned(before: GridReader, after: GridReader, area: shapely.MultiPolygon | None = None) -> WindowPlan:
    return WindowPlan(before, after, AS_IT_IS, AS_IT_IS, None, area, judge())


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> WindowPlan:
    folder = tmp_path_factory.mktemp("windows")
    return planned(reader(folder / "a.tif", fields()), reader(folder / "b.tif", roofed()))


@pytest.fixture(scope="module")
def found(plan: WindowPlan) -> Detection:
    return detect(plan, 512)


def share_of_roof(component: Component) -> tuple[float, float]:
    """Share of the roof that an object covers, and share of the object that lies on the roof."""
    whole = np.zeros((SIDE, SIDE), bool)
    rows, cols = component.mask.shape
    whole[component.row : component.row + rows, component.col : component.col + cols] = component.mask
    row, col, height, width = ROOF
    common = whole[row : row + height, col : col + width].sum()
    return float(common / (height * width)), float(common / component.pixels)


def plain(found: Detection) -> list[tuple[object, ...]]:
    return [
        (change, c.row, c.col, c.mask.tolist(), c.sums.tolist(), c.peak, c.borders_unseen)
        for change in DIRECTIONS
        for c in found.components[change]
    ]


def test_the_new_roof_is_one_object_that_covers_it(found: Detection) -> None:
    (roof,) = (c for c in found.components["appeared"] if share_of_roof(c)[0] > 0)
    covered, inside = share_of_roof(roof)
    assert covered > 0.7 and inside > 0.7
    assert roof.sums.shape == (len(MEASURED),) and roof.sums[0] >= OPERATING.piece * roof.pixels
    assert not roof.borders_unseen


def test_only_what_is_suspected_is_looked_at_closely(found: Detection) -> None:
    assert found.seen_px == found.wanted_px == SIDE * SIDE
    roof_px = ROOF[2] * ROOF[3]
    assert roof_px / 2 < found.fine_px < 0.1 * found.seen_px


def test_nothing_is_found_where_nothing_changed(plan: WindowPlan, tmp_path: Path) -> None:
    same = detect(replace(plan, after=plan.before), 512)
    assert plain(same) == [] and same.fine_px == 0 and same.seen_px == SIDE * SIDE
    # Nor where the noise alone is another one.
    assert plain(detect(planned(plan.before, reader(tmp_path / "b.tif", fields(3))), 512)) == []


def test_what_is_gone_is_what_appeared_with_the_dates_swapped(plan: WindowPlan, found: Detection) -> None:
    swapped = detect(replace(plan, before=plan.after, after=plan.before), 512)
    for one, other in (DIRECTIONS, DIRECTIONS[::-1]):
        mirrored = Detection({DIRECTIONS[0]: swapped.components[one], DIRECTIONS[1]: []}, 0, 0, 0)
        assert plain(mirrored) == plain(Detection({DIRECTIONS[0]: found.components[other], DIRECTIONS[1]: []}, 0, 0, 0))
    assert any(share_of_roof(c)[0] > 0.7 for c in swapped.components["disappeared"])


@pytest.mark.parametrize(("window", "workers"), [(128, 1), (256, 2), (300, 1), (2048, 2)])
def test_windows_and_workers_do_not_change_what_is_found(
    plan: WindowPlan, found: Detection, window: int, workers: int
) -> None:
    again = detect(plan, window, Threads(workers))
    assert plain(again) == plain(found)
    assert (again.seen_px, again.wanted_px, again.fine_px) == (found.seen_px, found.wanted_px, found.fine_px)


def test_thorough_looks_at_every_pixel_and_finds_the_roof_too(plan: WindowPlan, found: Detection) -> None:
    thorough = detect(replace(plan, thorough=True), 512)
    assert thorough.fine_px == 2 * thorough.seen_px  # once a direction
    best = max(share_of_roof(c)[0] for c in thorough.components["appeared"])
    assert best >= 0.95 * max(share_of_roof(c)[0] for c in found.components["appeared"])
    assert len(thorough.components["appeared"]) >= len(found.components["appeared"])


def test_a_higher_point_suspects_less_and_the_highest_nothing(plan: WindowPlan, found: Detection) -> None:
    strict = detect(replace(plan, detector=judge(suspect=0, suspect_gone=0)), 512)
    assert strict.fine_px < found.fine_px
    blind = detect(replace(plan, detector=judge(suspect=32_000, suspect_gone=32_000)), 512)
    assert blind.fine_px == 0 and plain(blind) == [] and blind.seen_px == SIDE * SIDE
    picky = detect(replace(plan, detector=judge(piece=32_000)), 512)
    assert picky.fine_px == found.fine_px and plain(picky) == []


def box(row: int, col: int, height: int, width: int) -> shapely.MultiPolygon:
    (left, top), (right, bottom) = (TRANSFORM @ xy for xy in ((col, row), (col + width, row + height)))
    return shapely.MultiPolygon([shapely.box(left, bottom, right, top)])


def test_an_area_of_interest_is_all_that_is_seen(plan: WindowPlan) -> None:
    here = detect(replace(plan, area=box(200, 200, 100, 140)), 512)
    assert here.seen_px == here.wanted_px == 100 * 140
    assert any(share_of_roof(c)[0] > 0.7 for c in here.components["appeared"])
    elsewhere = detect(replace(plan, area=box(0, 0, 20, 40)), 512)  # over 200 px away, and more than the reach
    assert elsewhere.wanted_px == 20 * 40 and elsewhere.fine_px == 0


def test_what_the_border_of_the_area_cuts_is_found_whole(plan: WindowPlan, found: Detection) -> None:
    half = detect(replace(plan, area=box(200, 200, 100, 80)), 512)  # to column 280: half of the roof
    (roof,) = (c for c in half.components["appeared"] if share_of_roof(c)[0] > 0)
    assert share_of_roof(roof)[0] > 0.7 and not roof.borders_unseen
    assert half.seen_px == half.wanted_px == 100 * 80 and half.fine_px < found.fine_px
    assert plain(detect(replace(plan, area=box(200, 200, 100, 80)), 256, Threads(2))) == plain(half)


def test_the_sun_tells_on_which_side_a_shadow_counts(plan: WindowPlan) -> None:
    # The roof's shadow falls to the lower right: the sun stands in the north-west.
    def shadow(*azimuths: float | None) -> float:
        (roof,) = detect(replace(plan, sun_azimuth_deg=azimuths), 512).components["appeared"]
        return float(roof.sums[MEASURED.index("shadow_side")] / roof.pixels)

    assert shadow(None, 330.0) == shadow(None, None) == shadow(150.0, None) > 5
    assert shadow(330.0, 150.0) == 0


def test_what_one_date_does_not_hold_is_not_seen(plan: WindowPlan, tmp_path: Path) -> None:
    holed = roofed()
    holed[:, 100:110, 200:230] = 0
    holed[:, 301, 301] = 0  # one pixel: the first look's pixel of 2 by 2
    after = reader(tmp_path / "b.tif", holed, nodata=0)
    told = detect(planned(plan.before, after), 512)
    assert told.wanted_px == SIDE * SIDE and told.seen_px == SIDE * SIDE - 10 * 30 - 4


def test_a_pair_that_sees_nothing_has_no_object(tmp_path: Path) -> None:
    left, right = fields(), fields()
    left[:, :, 256:] = 0
    right[:, :, :256] = 0
    dates = reader(tmp_path / "a.tif", left, nodata=0), reader(tmp_path / "b.tif", right, nodata=0)
    told = detect(planned(*dates), 256)
    assert (told.seen_px, told.wanted_px, told.fine_px) == (0, SIDE * SIDE, 0) and plain(told) == []


def test_the_first_look_comes_from_the_overviews_of_a_file_that_has_them(plan: WindowPlan, tmp_path: Path) -> None:
    def stored_at(plan: WindowPlan) -> list[int]:
        assert plan.first_look is not None
        assert [look.grid.shape for look in plan.first_look] == [(SIDE // 2, SIDE // 2)] * 2
        return [look.scene.stored_factor for look in plan.first_look]

    before = reader(tmp_path / "a.tif", fields(), overviews=[2, 4])
    stored = planned(before, reader(tmp_path / "b.tif", roofed(), overviews=[2, 4]))
    assert (stored_at(plan), stored_at(planned(before, plan.after)), stored_at(stored)) == ([1, 1], [2, 1], [2, 2])
    told = detect(stored, 512)
    assert max(share_of_roof(c)[0] for c in told.components["appeared"]) > 0.7
    assert plain(detect(stored, 256, Threads(2))) == plain(told)


@pytest.mark.parametrize(("rows", "cols"), [(511, 387), (257, 300), (40, 61)])
def test_odd_sizes_are_the_same_in_any_window(tmp_path: Path, rows: int, cols: int) -> None:
    one, two = (np.ascontiguousarray(p[:, -rows:, 120 : 120 + cols]) for p in (fields(), roofed()))
    told = [
        detect(planned(reader(tmp_path / f"a{k}.tif", one, **k), reader(tmp_path / f"b{k}.tif", two, **k)), side)
        for k in ({}, {"overviews": [2, 4]})
        for side in (256, 1024)
    ]
    assert plain(told[0]) == plain(told[1]) and plain(told[2]) == plain(told[3])
    assert all(t.seen_px == t.wanted_px == rows * cols for t in told[:2])


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_counts_the_windows_and_may_stop(plan: WindowPlan, workers: int) -> None:
    heard: list[float] = []
    detect(plan, 256, Threads(workers), heard.append)
    assert heard == [0.25, 0.5, 0.75, 1.0]
    heard.clear()

    def stop(share: float) -> None:
        heard.append(share)
        raise ScanCancelledError("Stopped.")

    with pytest.raises(ScanCancelledError):
        detect(plan, 256, Threads(workers), stop)
    assert heard == [0.25]


def test_windows_are_whole_cells() -> None:
    assert [window_side(px) for px in (1, 256, 257, 333, 512, 2048)] == [256, 256, 512, 512, 512, 2048]


def test_specks_are_no_suspicion_and_the_rest_grows_by_five() -> None:
    mask = np.zeros((30, 30), bool)
    mask[3:5, 3:5] = True  # 2 by 2: a speck
    mask[14:17, 14:17] = True
    wanted = np.zeros((30, 30), bool)
    wanted[9:22, 9:22] = True
    assert np.array_equal(suspect(mask), wanted)
