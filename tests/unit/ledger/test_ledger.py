"""The ledger on cells that a reader can count: last seen when, by what, why not since; the figures add up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyproj
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geodata.coverage import REASONS, Cells, Ledger, Look, PackedLook, audit, frame_of, look_at
from geodata.coverage.audit import audit_cells, miss_rate
from geodata.coverage.cells import share_of_cells, squares
from geodata.coverage.due import due_days, excluded_share
from geodata.coverage.pieces import cell_at, cell_id
from geodata.coverage.tasking import tasks
from geodata.coverage.wording import gaps, sentences
from geodata.crs import CGCS2000_GEOD, CRS84, transform_xy
from geodata.errors import OptionError
from geodata.grid import Grid
from geodata.pairing.usable import Code

CRS = pyproj.CRS("EPSG:4547")
TODAY = datetime(2026, 6, 30, tzinfo=UTC)


def lonlat(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda c: np.column_stack(transform_xy(CRS, CRS84, *c.T)))


def cells(width: int = 3, height: int = 2) -> Cells:
    """Cells of 50 m that are all of the area."""
    grid = Grid(CRS, Affine(50, 0, 500_000, 0, -50, 4_200_000), (height, width))
    return Cells(grid, np.ones(grid.shape), 2500.0)


def look(days_ago: float, seen: list[list[float]], scene: str = "", **hidden: list[list[float]]) -> Look:
    told = {name: np.array(share, np.float32) for name, share in hidden.items()}
    zero = np.zeros(np.shape(seen), np.float32)
    every = {name: told.get(name, zero) for name in REASONS[:5]}
    on = TODAY - timedelta(days=days_ago)
    return Look(scene or f"{days_ago:g} days ago", on, np.array(seen, np.float32), every)  # type: ignore[arg-type]


def test_each_cell_knows_when_and_by_what_it_was_seen_and_why_not_since() -> None:
    ledger = Ledger(
        cells(),
        [
            look(100, [[1, 1, 0], [1, 0, 0]]),
            look(20, [[1, 0, 0], [0, 0, 0]], cloud=[[0, 1, 0.3], [0.2, 0, 0]], haze=[[0, 0, 0.6], [0.7, 0, 0]]),
            look(-3, [[1, 1, 1], [1, 1, 1]], scene="still to come"),
        ],
        TODAY,
        excluded=np.array([[0, 0, 0], [0, 0, 1.0]]),
    )
    seen, clouded, hazy = (ledger.of(0, col) for col in range(3))
    assert (seen.last_seen, seen.scenes, seen.age_days, seen.reason) == (
        TODAY - timedelta(days=20), ("20 days ago",), 20.0, None,
    )  # fmt: skip
    assert (clouded.scenes, clouded.age_days, clouded.reason) == (("100 days ago",), 100.0, "cloud")
    assert (hazy.last_seen, hazy.scenes, hazy.age_days, hazy.reason) == (None, (), None, "haze")
    assert [ledger.of(1, col).reason for col in range(3)] == ["haze", "no_image", "excluded"]
    told = ledger.figures()
    assert told.area_km2 == pytest.approx(6 * 0.0025) and told.seen_km2 == pytest.approx(0.0025)
    assert told.blind_km2 == {
        "cloud": pytest.approx(0.0025), "haze": pytest.approx(0.005), "no_image": pytest.approx(0.0025),
        "excluded": pytest.approx(0.0025),
    }  # fmt: skip
    assert told.never_km2 == pytest.approx(3 * 0.0025) and told.seen_share == pytest.approx(1 / 6)


def test_two_scenes_of_a_day_complete_each_other() -> None:
    halves = [look(2.1, [[0.5, 1, 0], [0, 0, 0]], "west"), look(1.9, [[0.5, 0, 0], [0, 0, 0]], "east")]
    ledger = Ledger(cells(), halves, TODAY)
    assert ledger.of(0, 0).scenes == ("west", "east") and ledger.of(0, 0).reason is None
    assert ledger.of(0, 1).scenes == ("west",)
    assert Ledger(cells(), halves[:1], TODAY).of(0, 0).reason == "no_image"


def test_some_ground_is_due_sooner() -> None:
    due = np.array([[7.0, 30, 30], [30, 30, 30]])
    ledger = Ledger(cells(), [look(10, [[1, 1, 1], [1, 1, 1]])], TODAY, due)
    assert ledger.of(0, 0).reason == "no_image" and ledger.of(0, 1).reason is None
    with pytest.raises(OptionError, match="allowed an age"):
        Ledger(cells(), [], TODAY, 0.0)


def test_what_is_hidden_in_the_newest_scene_and_was_seen_in_time_is_no_blind_spot() -> None:
    ledger = Ledger(cells(), [look(10, [[1] * 3] * 2), look(1, [[0] * 3] * 2, cloud=[[1] * 3] * 2)], TODAY)
    assert ledger.figures().seen_share == 1.0 and list(ledger.blind_spots()) == []


def test_blind_spots_are_pieces_of_one_reason_the_largest_first() -> None:
    ledger = Ledger(
        cells(),
        [look(90, [[1, 1, 1], [1, 1, 0]]), look(5, [[0, 1, 0], [0, 1, 0]], cloud=[[1, 0, 1], [1, 0, 1]])],
        TODAY,
    )
    first, second = ledger.blind_spots()
    assert (first.reason, first.area_m2, first.last_seen) == ("cloud", pytest.approx(5000), TODAY - timedelta(days=90))
    west = lonlat(shapely.box(500_000, 4_199_900, 500_050, 4_200_000))
    assert west.hausdorff_distance(first.outline) < 1e-7 or west.hausdorff_distance(second.outline) < 1e-7
    assert second.last_seen == TODAY - timedelta(days=90), "one of its cells was seen then"


def test_a_place_is_asked_by_its_longitude_and_latitude() -> None:
    ledger = Ledger(cells(), [look(5, [[0, 0, 1], [0, 0, 0]])], TODAY)
    lon, lat = (float(v[0]) for v in transform_xy(CRS, CRS84, [500_125.0], [4_199_975.0]))
    answer = ledger.at(lon, lat)
    assert answer is not None and answer.age_days == 5 and ledger.at(lon + 1, lat) is None


def test_cells_over_an_area_share_its_ground() -> None:
    area = shapely.MultiPolygon(
        [lonlat(shapely.Polygon([(500_010, 4_200_000), (500_420, 4_200_130), (500_100, 4_200_390)]))]
    )
    over = Cells.over(area)
    exact = abs(CGCS2000_GEOD.geometry_area_perimeter(area)[0])
    assert over.area_m2.sum() == pytest.approx(exact, rel=1e-9)
    assert ((over.share >= 0) & (over.share <= 1)).all() and (over.share == 1).any() and (over.share == 0).any()
    t = over.grid.transform
    assert t.c % 50 == 0 and t.f % 50 == 0 and over.cell_m2 == pytest.approx(2500, rel=2e-3)
    half = lonlat(shapely.box(500_000, 4_200_000, 500_200, 4_200_400))
    assert Ledger(over, [], TODAY).figures(over.share_in(half)).area_km2 < exact / 1e6


def test_a_scene_s_mask_becomes_shares_of_cells() -> None:
    """A mask of 10 m over the western one and a half cells: cloud in the north-western quarter of the first."""
    over = cells(3, 1)
    grid = Grid(CRS, Affine(10, 0, 500_000, 0, -10, 4_200_000), (5, 7))
    codes = np.full(grid.shape, Code.USABLE, np.uint8)
    codes[:2, :2], codes[4, 5] = Code.CLOUD, Code.SHADOW
    codes[2, 2] = Code.VEGETATION  # is seen
    got = look_at(codes, grid, over.grid, "s", TODAY)
    np.testing.assert_allclose(got.hidden["cloud"], [[4 / 25, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(got.hidden["shadow"], [[0, 0.04, 0]], atol=1e-6)
    np.testing.assert_allclose(got.seen, [[21 / 25, 9 / 25, 0]], atol=1e-6)
    np.testing.assert_allclose(got.framed, [[1, 0.4, 0]], atol=1e-6)


shares = arrays(np.float32, (2, 3), elements=st.sampled_from([0.0, 0.25, 0.5, 0.95, 1.0]))


@given(st.lists(st.tuples(st.integers(0, 80), shares, shares), max_size=5), shares, shares)
def test_the_figures_add_up_to_the_area(
    looks: list[tuple[int, np.ndarray, np.ndarray]], share: np.ndarray, excluded: np.ndarray
) -> None:
    grid = cells().grid
    over = Cells(grid, share.astype(float), 2500.0)
    made = [look(days, seen.tolist(), cloud=((1 - seen) * hid).tolist()) for days, seen, hid in looks]
    ledger = Ledger(over, made, TODAY, excluded=excluded.astype(float))
    told = ledger.figures()
    assert told.seen_km2 + sum(told.blind_km2.values()) == pytest.approx(told.area_km2)
    assert told.area_km2 == pytest.approx(float(share.sum()) * 0.0025)
    assert sum(spot.area_m2 for spot in ledger.blind_spots()) == pytest.approx(1e6 * sum(told.blind_km2.values()))
    # another look never makes anything less seen
    more = Ledger(over, [*made, look(0, [[1] * 3] * 2)], TODAY, excluded=excluded.astype(float))
    assert more.figures().seen_km2 >= told.seen_km2
    assert all(ledger.of(row, col).reason in (None, *REASONS) for row in range(2) for col in range(3))


# --- the audit -----------------------------------------------------------------------------------


def test_an_audit_draws_seen_cells_without_a_finding() -> None:
    ledger = Ledger(cells(), [look(5, [[1, 1, 1], [1, 0, 1]])], TODAY)
    finding = lonlat(shapely.box(500_090, 4_199_960, 500_110, 4_199_970))  # across the border of two cells
    drawn = audit_cells(ledger, np.array([finding], object), 10, seed=1)
    assert sorted((one.row, one.col) for one in drawn) == [(0, 0), (1, 0), (1, 2)]
    assert audit_cells(ledger, np.array([finding], object), 2, 1) == audit_cells(
        ledger, np.array([finding], object), 2, 1
    )
    for one in drawn:
        assert ledger.at(*one.outline.centroid.coords[0]) == ledger.of(one.row, one.col)
    told = miss_rate([True] * 2 + [False] * 98)
    assert told.precision == 0.02 and 0.005 < told.low < 0.006 and 0.069 < told.high < 0.071
    with pytest.raises(OptionError, match="nothing to audit"):
        audit_cells(Ledger(cells(), [], TODAY), np.empty(0, object), 5, 1)
    with pytest.raises(OptionError, match="0 cells"):
        audit_cells(ledger, np.empty(0, object), 0, 1)


def test_an_audit_is_fair() -> None:
    """Every cell is drawn as often as its ground asks: a quarter cell four times as seldom as a whole one."""
    over = Cells(cells().grid, np.array([[1, 1, 1], [1, 1, 0.25]]), 2500.0)
    ledger = Ledger(over, [look(5, [[1] * 3] * 2)], TODAY)
    hits = np.zeros((2, 3))
    for seed in range(2000):
        (one,) = audit_cells(ledger, np.empty(0, object), 1, seed)
        hits[one.row, one.col] += 1
    assert hits[1, 2] == pytest.approx(2000 * 0.25 / 5.25, rel=0.35)
    assert hits[0, 0] == pytest.approx(2000 / 5.25, rel=0.2)


# --- looks as they are kept ----------------------------------------------------------------------


def test_a_packed_look_says_the_same_over_any_cells_of_its_lattice() -> None:
    grid = Grid(CRS, Affine(10, 0, 500_013, 0, -10, 4_200_007), (30, 40))
    codes = np.full(grid.shape, Code.USABLE, np.uint8)
    codes[:12, 5:30] = Code.CLOUD
    frame = frame_of(grid, CRS, 50)
    packed = PackedLook.of(look_at(codes, grid, frame, "s", TODAY), frame)
    assert len(packed.data) < 400
    wide = Grid(CRS, Affine(50, 0, 499_800, 0, -50, 4_200_300), (20, 20))
    direct, kept = look_at(codes, grid, wide, "s", TODAY), packed.over(wide)
    assert kept is not None and (kept.scene, kept.on) == ("s", TODAY)
    whole = np.zeros(wide.shape)
    whole[kept.slices] = kept.seen
    np.testing.assert_allclose(whole, direct.seen, atol=2e-5)
    assert direct.seen.sum() == pytest.approx((30 * 40 - 12 * 25) * 100 / 2500, rel=1e-2)
    part = packed.over(Grid(CRS, Affine(50, 0, 500_100, 0, -50, 4_199_950), (2, 2)))
    assert part is not None
    np.testing.assert_allclose(part.hidden["cloud"], direct.hidden["cloud"][7:9, 6:8], atol=2e-5)
    assert packed.over(Grid(CRS, Affine(50, 0, 600_000, 0, -50, 4_200_300), (20, 20))) is None


def test_a_mask_of_large_pixels_hides_what_it_hides() -> None:
    grid = Grid(CRS, Affine(120, 0, 500_000, 0, -120, 4_200_000), (2, 2))
    codes = np.array([[Code.CLOUD, Code.USABLE], [Code.USABLE, Code.CLOUD]], np.uint8)
    got = look_at(codes, grid, frame_of(grid, CRS, 50), "s", TODAY)
    assert got.seen[0, 0] == 0 and got.seen[0, 4] > 0.7 and got.seen[4, 0] > 0.7 and got.hidden["cloud"][4, 4] > 0.6
    assert got.framed.sum() == pytest.approx(240 * 240 / 2500, rel=1e-3)
    assert got.hidden["cloud"].sum() == pytest.approx(120 * 240 / 2500, rel=0.1)


def test_what_two_frames_hide_together_is_not_seen_twice() -> None:
    half = look(3, [[0.5, 0, 0], [0, 0, 0]], "a", cloud=[[0.5, 0, 0], [0, 0, 0]])
    again = look(3, [[0.5, 0, 0], [0, 0, 0]], "b", cloud=[[0.5, 0, 0], [0, 0, 0]])
    assert Ledger(cells(), [half, again], TODAY).of(0, 0).reason == "cloud"


def test_a_cell_at_the_border_needs_only_its_part_of_the_area() -> None:
    over = Cells(cells().grid, np.array([[0.3, 1, 1], [1, 1, 1]]), 2500.0)
    ledger = Ledger(over, [look(3, [[0.29, 0.29, 0], [0, 0, 0]], cloud=[[0, 0, 0.7], [0, 0, 0]])], TODAY)
    assert [ledger.of(0, col).reason for col in range(3)] == [None, "no_image", "cloud"]
    none = Ledger(over, [look(3, [[0, 0, 0], [0, 0, 0]], cloud=[[0.3, 0, 0], [0, 0, 0]])], TODAY)
    assert none.of(0, 0).reason == "cloud"


class Unread:
    """A look that must not be read."""

    scene, on = "old", TODAY - timedelta(days=300)

    def over(self, cells: Grid) -> Look:
        raise AssertionError("read for nothing")


def test_no_more_looks_are_read_than_are_needed() -> None:
    new = look(2, [[1] * 3] * 2)
    assert Ledger(cells(), [Unread(), new], TODAY).figures().seen_share == 1.0


# --- when it is due, what to do ------------------------------------------------------------------


def test_the_ledger_of_yesterday_is_that_of_a_new_one() -> None:
    looks = [look(40, [[1, 1, 1], [0, 0, 1]]), look(29.5, [[1, 0, 0], [0, 0, 0]]), look(0.5, [[0, 1, 0], [0, 0, 0]])]
    now = Ledger(cells(), looks, TODAY)
    assert now.reason.tolist() == [[-1, -1, 5], [5, 5, 5]]
    for days in (0.2, 1, 20):
        day = TODAY - timedelta(days=days)
        then, made = now.on(day), Ledger(cells(), looks, day)
        assert (then.reason == made.reason).all() and (then.age_days == made.age_days).all(), days
        assert then.looks == made.looks


def test_the_shortest_of_the_days_holds() -> None:
    over = cells()
    west, both = (lonlat(shapely.box(500_000, 4_199_900, 500_000 + w, 4_200_000)) for w in (50, 100))
    got = due_days(over, 90.0, [(west, 120.0), (both, 30.0), (lonlat(shapely.box(0, 0, 10, 10)), 1.0)])
    assert got.tolist() == [[30, 30, 90]] * 2
    assert due_days(over, 90.0, [(west, 120.0)])[0].tolist()[0] == 120, "a zone may be due later than the rest"
    area = lonlat(shapely.box(500_000, 4_199_900, 500_150, 4_200_000))
    shut = excluded_share(over, area, [west, both])
    np.testing.assert_allclose(shut, [[1, 1, 0]] * 2, atol=1e-5)
    assert excluded_share(over, area, []).sum() == 0


def test_tasks_are_merged_and_the_most_urgent_come_first() -> None:
    due = np.array([[30.0, 30, 30], [30, 30, 12]])
    ledger = Ledger(
        cells(),
        [
            look(100, [[1, 0, 1], [1, 0, 0]]),
            look(10, [[0, 0, 0], [0, 0, 1]], cloud=[[1, 0, 0], [0, 0, 0]]),
        ],
        TODAY,
        due,
        excluded=np.array([[0, 1.0, 0], [0, 1.0, 0]]),
    )
    west, north_east, soon = tasks(ledger)
    assert (west.urgency, west.area_m2, west.overdue_days) == ("overdue", pytest.approx(5000), pytest.approx(70))
    assert west.reasons == {"cloud": pytest.approx(2500), "no_image": pytest.approx(2500)}
    assert west.until == TODAY - timedelta(days=70) and west.never_m2 == 0
    assert north_east.area_m2 == pytest.approx(2500)
    assert (soon.urgency, soon.until, soon.overdue_days) == ("due_soon", TODAY + timedelta(days=2), None)
    assert len(tasks(ledger, within_days=1)) == 2
    assert [t.never_m2 for t in tasks(Ledger(cells(), [], TODAY))] == [pytest.approx(15_000)]


def test_the_ledger_in_a_sentence() -> None:
    ledger = Ledger(
        cells(),
        [
            look(100, [[0, 0, 1], [0, 0, 0]]),
            look(3, [[1, 1, 0], [1, 1, 0]], cloud=[[0, 0, 1], [0, 0, 0]]),
        ],
        TODAY,
    )
    english, chinese = sentences(ledger.figures(), gaps(ledger), 30)
    assert english == (
        "66.7 % of 0.01 km2 was seen in the last 30 days; 0.0025 km2 never: no image; "
        "0.0025 km2 not since March 2026: cloud."
    )
    assert (
        chinese.startswith("责任区 0.01 平方公里，近 30 天内看清 66.7 %；")
        and "自 2026 年 3 月以来未看清：云遮挡" in chinese
    )
    assert "seen in time" in sentences(ledger.figures(), [], None)[0]


def test_cells_keep_their_names_and_too_many_are_refused() -> None:
    area = shapely.MultiPolygon([lonlat(shapely.box(500_010, 4_200_010, 500_090, 4_200_040))])
    more = shapely.MultiPolygon([lonlat(shapely.box(499_010, 4_200_010, 500_090, 4_201_040))])
    small, large = Cells.over(area, crs=CRS), Cells.over(more, crs=CRS)
    name = cell_id(small, 0, 1)
    assert name == "10001_84001" and cell_at(small, name) == (0, 1)
    at = cell_at(large, name)
    assert at is not None and audit.outline_of(large, *at).equals_exact(audit.outline_of(small, 0, 1), 1e-12)
    assert [cell_at(small, wrong) for wrong in ("", "10_x", "1_1", "10001_84000")] == [None] * 4
    with pytest.raises(OptionError, match="are the most") as refusal:
        Cells.over(shapely.MultiPolygon([shapely.box(110, 30, 114, 36)]))
    assert refusal.value.measured["cells"] > 16_000_000


def test_a_long_border_is_cut_as_exactly_as_a_short_one() -> None:
    """A ring of 3000 corners over 200 x 200 cells, block by block, has the area that it has."""
    turn = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    radius = 4600 + 200 * np.sin(40 * turn)
    ring = shapely.Polygon(np.column_stack([505_000 + radius * np.cos(turn), 4_205_000 + radius * np.sin(turn)]))
    grid = Grid(CRS, Affine(50, 0, 500_000, 0, -50, 4_210_000), (200, 200))
    share = share_of_cells(grid, ring)
    assert share.sum() * 2500 == pytest.approx(ring.area, rel=1e-9)
    for row, col in ((100, 100), (8, 100), (101, 7), (0, 0)):
        (cell,) = squares(grid, np.array([row]), np.array([col]))
        assert share[row, col] == pytest.approx(cell.intersection(ring).area / 2500, abs=1e-9)
