"""The ledger in one sentence, in both languages: what was seen, and of the rest the most, since when and why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from geodata.coverage.ledger import Figures, Ledger
from geodata.coverage.looks import REASONS, Reason
from geodata.features import BEIJING

WORDS: dict[Reason, tuple[str, str]] = {
    "cloud": ("cloud", "云遮挡"),
    "haze": ("haze", "薄雾遮挡"),
    "shadow": ("deep shadow", "深阴影"),
    "saturated": ("glare", "影像过曝"),
    "nodata": ("no data in the image", "影像缺失数据"),
    "no_image": ("no image", "无影像"),
    "excluded": ("excluded (no-fly or secret)", "禁飞或涉密，不予采集"),
}
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
_MOST_NAMED = 3


@dataclass(frozen=True)
class Gap:
    """Ground that was not seen in time, by since when and why.

    Args:
        area_km2: How much.
        since: The latest look at any of it, None: never.
        reason: Why it was not seen since.
    """

    area_km2: float
    since: datetime | None
    reason: Reason


def gaps(ledger: Ledger) -> list[Gap]:
    """Ground that was not seen in time by the month since which and the reason, the most first."""
    found: dict[tuple[tuple[int, int] | None, int], tuple[float, datetime | None]] = {}
    area, blind = ledger.cells.area_m2, (ledger.reason >= 0) & (ledger.cells.share > 0)
    for k in np.unique(ledger.last[blind]).tolist():
        on = None if k < 0 else ledger.history.days[k].on
        month = None if on is None else (on.astimezone(BEIJING).year, on.astimezone(BEIJING).month)
        for reason in np.unique(ledger.reason[blind & (ledger.last == k)]).tolist():
            here = float(area[blind & (ledger.last == k) & (ledger.reason == reason)].sum()) / 1e6
            before, latest = found.get((month, reason), (0.0, None))
            # the days come latest first
            found[month, reason] = before + here, latest or on
    told = [Gap(size, since, REASONS[reason]) for (_, reason), (size, since) in found.items()]
    return sorted(told, key=lambda gap: -gap.area_km2)


def sentences(figures: Figures, missing: list[Gap], days: float | None) -> tuple[str, str]:
    """What was seen and what was not, in English and Chinese.

    Args:
        figures: The figures.
        missing: See `gaps`.
        days: How old a look may be, where that is one for all; None: as each place is due.
    """
    share = percent(figures.seen_share)
    span = ("in time", "在规定期限内") if days is None else (f"in the last {days:g} days", f"近 {days:g} 天内")
    english = [f"{share} % of {figures.area_km2:,.2f} km2 was seen {span[0]}"]
    chinese = [f"责任区 {figures.area_km2:,.2f} 平方公里，{span[1]}看清 {share} %"]
    for gap in missing[:_MOST_NAMED]:
        size = _size(gap.area_km2)
        why = WORDS[gap.reason]
        if gap.since is None:
            english.append(f"{size} km2 never: {why[0]}")
            chinese.append(f"{size} 平方公里从未看清：{why[1]}")
        else:
            on = gap.since.astimezone(BEIJING)
            english.append(f"{size} km2 not since {_MONTHS[on.month - 1]} {on.year}: {why[0]}")
            chinese.append(f"{size} 平方公里自 {on.year} 年 {on.month} 月以来未看清：{why[1]}")
    further = sum(gap.area_km2 for gap in missing[_MOST_NAMED:])
    if further:
        english.append(f"{_size(further)} km2 for other reasons")
        chinese.append(f"另有 {_size(further)} 平方公里属其他情形")
    return "; ".join(english) + ".", "；".join(chinese) + "。"


def percent(share: float) -> str:
    """A share in per cent; not all is never called all.

    >>> percent(0.99999), percent(1.0), percent(0.9874)
    ('99.9', '100', '98.7')
    """
    return "100" if share >= 1 - 1e-12 else f"{min(share * 100, 99.9):.1f}"


def _size(area_km2: float) -> str:
    return f"{area_km2:,.2f}" if area_km2 >= 0.01 else f"{max(area_km2, 1e-6):.6f}".rstrip("0").rstrip(".")
