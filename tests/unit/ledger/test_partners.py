"""With which earlier scenes a new one is compared, on grids of four cells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from geodata.coverage.looks import HIDDEN, Look
from geodata.coverage.partners import Earlier, choose

NOW = datetime(2025, 6, 1, 2, tzinfo=UTC)
CELL_M2 = 1e6
"""A square kilometre, so that shares are km²."""
DUE = np.full((1, 4), 30.0)


def look(name: str, days: float, seen: list[float], col: int = 0, clouds: list[float] | None = None) -> Look:
    shown = np.array([seen], np.float32)
    hidden = {kind: np.zeros_like(shown) for kind in HIDDEN}
    if clouds is not None:
        hidden["cloud"] = np.array([clouds], np.float32)
    return Look(name, NOW - timedelta(days=days), shown, hidden, 0, col)


def earlier(name: str, days: float, seen: list[float], **more: float) -> Earlier:
    return Earlier(look(name, days, seen), float(sum(seen)) * CELL_M2, **more)


WHOLE = look("new", 0, [1, 1, 1, 1])


def partners(new: Look, *some: Earlier, least: float = 0.05) -> list[tuple[str, float]]:
    told = choose(new, some, DUE, CELL_M2, least)
    return [(one.scene, round(one.told_km2, 6)) for one in told.partners]


def test_of_two_that_show_the_same_the_later_is_the_partner() -> None:
    assert partners(WHOLE, earlier("old", 60, [1, 1, 1, 1]), earlier("last", 30, [1, 1, 1, 1])) == [("last", 4.0)]


def test_ground_that_a_cloud_hid_is_compared_with_the_date_before() -> None:
    told = partners(WHOLE, earlier("old", 60, [1, 1, 1, 1]), earlier("last", 30, [1, 1, 1, 0]))
    assert told == [("last", 3.0), ("old", 1.0)]


def test_a_sliver_of_the_last_strip_does_not_keep_the_whole_before_it_away() -> None:
    told = partners(WHOLE, earlier("strip", 10, [0.3, 0, 0, 0]), earlier("whole", 40, [1, 1, 1, 1]))
    assert told == [("whole", 4.0)], "all of it is told by one comparison"


def test_what_the_gate_warns_of_counts_against_a_scene() -> None:
    summer = earlier("summer", 40, [1, 1, 1, 1])
    winter = earlier("winter", 30, [1, 1, 1, 1], penalty=0.6)
    assert partners(WHOLE, summer, winter) == [("summer", 4.0)]


def test_less_than_the_least_share_of_the_smaller_is_no_partner() -> None:
    small = Earlier(look("drone", 10, [0.1, 0, 0, 0]), 0.1 * CELL_M2)
    large = Earlier(look("large", 10, [0.1, 0, 0, 0]), 100 * CELL_M2)
    assert partners(WHOLE, small) == [("drone", 0.1)], "a flight of a tenth of a cell lies in it whole"
    assert partners(WHOLE, large) == [], "a fortieth of both"


def test_what_nobody_shows_is_left_over_and_said() -> None:
    new = look("new", 0, [1, 1, 0.4, 0], clouds=[0, 0, 0.6, 1])
    told = choose(new, [earlier("old", 30, [1, 0, 1, 1])], DUE, CELL_M2)
    assert [one.scene for one in told.partners] == ["old"]
    assert told.partners[0].told_km2 == pytest.approx(1.4)
    assert (told.shown_km2, told.hidden_km2, told.alone_km2) == pytest.approx((2.4, 1.6, 1.0))


def test_more_is_owed_to_ground_that_waited_longer_and_whose_term_is_shorter() -> None:
    def debt(days: float, due: float) -> float:
        told = choose(WHOLE, [earlier("old", days, [1, 0, 0, 0])], np.full((1, 4), due), CELL_M2)
        return told.partners[0].debt_km2

    assert debt(30, 30) == pytest.approx(1.0), "one km² whose term has just passed"
    assert debt(60, 30) == pytest.approx(2.0)
    assert debt(60, 90) == pytest.approx(2 / 3)


def test_a_look_at_a_part_of_the_cells_is_put_in_its_place() -> None:
    part = Earlier(look("part", 30, [1, 0.5], col=2), 1.5 * CELL_M2)
    told = choose(WHOLE, [part], np.array([[30.0, 30.0, 30.0, 60.0]]), CELL_M2)
    assert told.partners[0].told_km2 == pytest.approx(1.5)
    assert told.partners[0].debt_km2 == pytest.approx(1.0 + 0.25)
    assert told.alone_km2 == pytest.approx(2.5)


def test_nothing_to_compare_with() -> None:
    told = choose(WHOLE, [], DUE, CELL_M2)
    assert told.partners == () and told.alone_km2 == pytest.approx(4.0)


def test_a_scene_has_few_partners() -> None:
    cells = [earlier(f"s{i}", 10 + i, [float(i == k) * 0.2 + 0.05 for k in range(4)]) for i in range(4)]
    more = [earlier(f"m{i}", 20 + i, [0.3] * 4) for i in range(6)]
    assert len(choose(WHOLE, [*cells, *more], DUE, CELL_M2, 0.001).partners) == 4
