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

from geodata.coverage import REASONS, Cells, Ledger, Look, look_at
from geodata.coverage.audit import audit_cells, miss_rate
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
    got = look_at(codes, grid, over, "s", TODAY)
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
