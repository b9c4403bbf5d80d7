"""Campaigns: hand-counted figures, a burn-down, targets, and nothing counted twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import shapely

from service.cases.campaigns import (
    DEMOLISHED,
    FALSE,
    PART,
    SETTLED,
    Campaign,
    Fate,
    Item,
    Target,
    burn_down,
    figures,
    of_village,
    reached,
    villages,
)

DAY0, TODAY = date(2026, 3, 1), date(2026, 6, 1)
# at 36.6° N a hundred-thousandth of a degree is 1.110 m to the north and 0.894 m to the east
UNIT = 1e-5


def square(east: float, north: float = 0, side: float = 10) -> dict[str, Any]:
    west, south = 114.5 + east * UNIT, 36.6 + north * UNIT
    return dict(shapely.geometry.mapping(shapely.box(west, south, west + side * UNIT, south + side * UNIT)))


def item(name: str, village: str = "东村", east: float = 0) -> Item:
    return Item(name, village, 99.2, square(east))


ITEMS = [item("a"), item("b", east=20), item("c", east=40), item("d", "西村", 60), item("e", "西村", 80)]
FATES = {
    "a": Fate(date(2026, 3, 10), DEMOLISHED, ordered=True),
    "b": Fate(date(2026, 4, 1), SETTLED),
    "c": Fate(date(2026, 4, 1), DEMOLISHED, ordered=True, rebuilt=date(2026, 5, 1)),
    "d": Fate(ordered=True),
}
CAMPAIGN = Campaign("k", "清零", DAY0, "structures", ITEMS, [])


def value(name: str, fates: dict[str, Fate], items: list[Item] = ITEMS) -> float | None:
    return next(one.value for one in figures(items, fates, TODAY) if one.name == name)


def test_figures_by_hand() -> None:
    # a gone, b settled, c gone and built again, d ordered down and standing, e untouched
    assert value("baseline", FATES) == 5 and value("open", FATES) == 3
    assert value("clear_rate", FATES) == pytest.approx(2 / 5)
    assert value("demolished", FATES) == 1 and value("rebuilt", FATES) == 1
    # a, c and d are ordered down; only a is gone today
    assert value("demolition_rate", FATES) == pytest.approx(1 / 3)
    # 10 units a side: 8.94 m by 11.10 m
    assert value("freed_m2", FATES) == pytest.approx(99.2, abs=0.5)
    assert value("freed_mu", FATES) == pytest.approx(0.15, abs=0.01)
    assert value("demolition_rate", {}) is None and value("clear_rate", {}, []) is None
    assert all(one.definition and one.definition_zh for one in figures(ITEMS, FATES, TODAY))


def test_the_burn_down_has_a_point_for_every_day_on_which_anything_changed() -> None:
    days = burn_down(ITEMS, FATES, DAY0, TODAY)
    assert [(f"{d.day:%m-%d}", d.open, d.demolished, d.otherwise) for d in days] == [
        ("03-01", 5, 0, 0), ("03-10", 4, 1, 0), ("04-01", 2, 2, 1), ("05-01", 3, 1, 1), ("06-01", 3, 1, 1),
    ]  # fmt: skip
    assert all(d.open + d.demolished + d.otherwise == 5 for d in days)


def test_ground_that_two_outlines_share_is_freed_once() -> None:
    overlapping = [item("a"), item("b", east=5)]
    fates = {name: Fate(date(2026, 4, 1), DEMOLISHED) for name in "ab"}
    assert value("freed_m2", fates, overlapping) == pytest.approx(1.5 * 99.2, abs=1)
    half = {"a": Fate(date(2026, 4, 1), PART, gone=square(0, side=5))}
    assert value("freed_m2", half, [item("a")]) == pytest.approx(99.2 / 4, abs=0.5)
    assert value("freed_m2", {"a": Fate(date(2026, 4, 1), FALSE)}, [item("a")]) == 0


def test_targets_by_village() -> None:
    targets = [
        Target("东村", 1, date(2026, 4, 15)),  # one open then: reached, though c was built again since
        Target("西村", 0, date(2026, 5, 1)),
        Target("", 0, date(2026, 6, 11)),
    ]
    told = reached(Campaign("k", "清零", DAY0, "s", ITEMS, targets), FATES, TODAY)
    assert [(one.state, one.open, one.a_day) for one in told] == [
        ("reached", 0, 0.0), ("missed", 2, 0.0), ("running", 3, 0.3),
    ]  # fmt: skip
    assert villages(CAMPAIGN) == ["东村", "西村"] and len(of_village(CAMPAIGN, "西村")) == 2
