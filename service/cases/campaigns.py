"""Campaigns: a fixed baseline, targets by village, the burn-down to zero (清零), every figure with its definition.

The baseline is a list of structures that stood open on a day; it never changes, so that nothing is counted twice when
structures merge or split later: an item has ended when all that came of it has ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

import shapely
import yaml

from geodata.crs import CGCS2000_GEOD

MU_M2 = 10_000 / 15
"""1 亩."""
DEMOLISHED, PART, SETTLED, FALSE = "demolished", "partly_demolished", "settled", "false_change"
_WORDS = yaml.safe_load(files("service.cases").joinpath("campaigns.yaml").read_text("utf-8"))
WAYS: Mapping[str, tuple[str, str]] = {way: (told["en"], told["zh"]) for way, told in _WORDS["ways"].items()}
"""How an item ends: English and Chinese."""
ALL = ""
"""As a village: the whole campaign."""


@dataclass(frozen=True)
class Item:
    """A structure of the baseline.

    Args:
        id: Its id there.
        village: Where it lies; empty where nobody knows.
        area_m2: Its area.
        geometry: Its outline as GeoJSON in CRS84.
        findings: Ids of the findings that told it, where it came from tracking.
    """

    id: str
    village: str
    area_m2: float
    geometry: Mapping[str, Any]
    findings: Sequence[str] = ()


@dataclass(frozen=True)
class Target:
    """What is to be reached.

    Args:
        village: Where; empty: everywhere.
        open_at_most: So many items may still be open.
        by: On this day.
    """

    village: str
    open_at_most: int
    by: date


@dataclass(frozen=True)
class Campaign:
    """A campaign as it was begun.

    Args:
        id: Its id.
        name: What it is called.
        as_of: The day of its baseline.
        source: What the baseline was taken from.
        items: The baseline.
        targets: What is to be reached.
    """

    id: str
    name: str
    as_of: date
    source: str
    items: Sequence[Item]
    targets: Sequence[Target]


@dataclass(frozen=True)
class Fate:
    """What has become of an item.

    Args:
        ended: The day on which it ended; None: it is open.
        way: How, a key of `WAYS`; empty while it is open.
        ordered: Whether a decision orders it down, wholly or in part.
        rebuilt: Since when a structure stands there again; None: none does.
        gone: What of its outline is gone, as GeoJSON, where that is not all of it; None: the whole.
    """

    ended: date | None = None
    way: str = ""
    ordered: bool = False
    rebuilt: date | None = None
    gone: Mapping[str, Any] | None = None

    def open_on(self, day: date) -> bool:
        """Whether it is open at the end of a day: not ended yet, or built again."""
        return self.ended is None or day < self.ended or (self.rebuilt is not None and day >= self.rebuilt)


@dataclass(frozen=True)
class Figure:
    """A figure with what it means.

    Args:
        name: Its name.
        title: In English.
        title_zh: In Chinese.
        value: The figure; None where it has no denominator.
        unit: `items`, `share`, `m2` or `mu`.
        definition: How it is counted.
        definition_zh: The same in Chinese.
    """

    name: str
    title: str
    title_zh: str
    value: float | None
    unit: str
    definition: str
    definition_zh: str


@dataclass(frozen=True)
class Day:
    """A day of the burn-down.

    Args:
        day: The day.
        open: Items open at its end.
        demolished: Of those that ended up to then, demolished ones, wholly or in part.
        otherwise: Those that ended in another way.
    """

    day: date
    open: int
    demolished: int
    otherwise: int


@dataclass(frozen=True)
class Reached:
    """A target and how far it is.

    Args:
        target: The target.
        open: Open today, or on its day where that has passed.
        state: `reached`, `missed` or `running`.
        a_day: Items that must end a day, on average, until its day; 0 where it is reached or has passed.
    """

    target: Target
    open: int
    state: str
    a_day: float


def of_village(campaign: Campaign, village: str) -> list[Item]:
    """The items of a village; all of them for an empty one."""
    return [item for item in campaign.items if village in (ALL, item.village)]


def villages(campaign: Campaign) -> list[str]:
    """The villages of the baseline, by name."""
    return sorted({item.village for item in campaign.items})


def burn_down(items: Sequence[Item], fates: Mapping[str, Fate], begin: date, today: date) -> list[Day]:
    """What was open at the end of each day on which anything changed, with the first day and today."""
    days = {begin, today}
    for item in items:
        fate = fates.get(item.id, Fate())
        days |= {day for day in (fate.ended, fate.rebuilt) if day is not None and begin <= day <= today}
    return [_day(items, fates, day) for day in sorted(days)]


def _day(items: Sequence[Item], fates: Mapping[str, Fate], day: date) -> Day:
    told = [fates.get(item.id, Fate()) for item in items]
    done = [fate for fate in told if not fate.open_on(day)]
    demolished = sum(fate.way in (DEMOLISHED, PART) for fate in done)
    return Day(day, len(told) - len(done), demolished, len(done) - demolished)


def reached(campaign: Campaign, fates: Mapping[str, Fate], today: date) -> list[Reached]:
    """Each target and how far it is."""
    found = []
    for target in campaign.targets:
        items = of_village(campaign, target.village)
        left = sum(fates.get(item.id, Fate()).open_on(min(today, target.by)) for item in items)
        over = left - target.open_at_most
        state = "reached" if over <= 0 else "missed" if today > target.by else "running"
        days = max(1, (target.by - today) / timedelta(days=1))
        found.append(Reached(target, left, state, round(over / days, 2) if state == "running" else 0.0))
    return found


def figures(items: Sequence[Item], fates: Mapping[str, Fate], today: date) -> list[Figure]:
    """The figures of some items as of a day.

    Args:
        items: The items.
        fates: What has become of each.
        today: The day.
    """
    told = {item.id: fates.get(item.id, Fate()) for item in items}
    done = [item for item in items if not told[item.id].open_on(today)]
    demolished = [item for item in done if told[item.id].way in (DEMOLISHED, PART)]
    due = [item for item in items if told[item.id].ordered or item in demolished]
    freed = freed_m2((item, told[item.id]) for item in demolished)
    again = sum(fate.rebuilt is not None and today >= fate.rebuilt for fate in told.values())
    return [_figure(name, value) for name, value in (
        ("baseline", len(items)),
        ("open", len(items) - len(done)),
        ("clear_rate", len(done) / len(items) if items else None),
        ("demolished", len(demolished)),
        ("demolition_rate", len(demolished) / len(due) if due else None),
        ("rebuilt", again),
        ("freed_m2", round(freed, 1)),
        ("freed_mu", round(freed / MU_M2, 2)),
    )]  # fmt: skip


def freed_m2(demolished: Iterator[tuple[Item, Fate]]) -> float:
    """Ellipsoidal area of all that is gone; ground that two outlines share counts once."""
    shapes = [
        shapely.make_valid(shapely.geometry.shape(item.geometry if fate.gone is None else fate.gone))
        for item, fate in demolished
    ]
    whole = shapely.union_all(shapes)
    parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    return sum(abs(float(CGCS2000_GEOD.geometry_area_perimeter(part)[0])) for part in parts)


def _figure(name: str, value: float | None) -> Figure:
    return Figure(name=name, value=None if value is None else float(value), **_WORDS["figures"][name])
