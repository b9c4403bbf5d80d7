"""How right the findings are: at the top of the queue, by kind, sensor and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from geodata.io.dates import BEIJING
from geodata.shares import Rate, rate
from service.store.records import PURPOSES, JudgedRow, Purpose

TOP = (10, 20, 50, 100)
GROUPS = ("change", "stage", "sensor", "season", "month")
UNKNOWN = "unknown"
_SEASONS = ("winter", "spring", "summer", "autumn")


@dataclass(frozen=True)
class AtK:
    """Precision of the first k.

    Args:
        k: How many of the first were asked for.
        rate: What was judged of them: fewer than k where fewer are judged.
    """

    k: int
    rate: Rate


@dataclass(frozen=True)
class GroupRate:
    """Precision of a group.

    Args:
        name: Its name.
        purpose: Why its findings were looked at.
        rate: How many of them were right.
    """

    name: str
    purpose: Purpose
    rate: Rate


@dataclass(frozen=True)
class Precision:
    """How right the findings are, of what was judged.

    Args:
        overall: All that were looked at for a purpose, by purpose.
        at_k: The first k of those looked at to enforce, in the order of priority.
        groups: Per kind of group (`change`, `stage`, `sensor`, `season`, `month`) its groups by name.
        reasons: How often each reason stands for a dismissal.
    """

    overall: Mapping[Purpose, Rate]
    at_k: Sequence[AtK]
    groups: Mapping[str, Sequence[GroupRate]]
    reasons: Mapping[str, int]


def measure(judged: Sequence[JudgedRow], sensors: Mapping[str, str], capacity: int | None = None) -> Precision:
    """Count what was judged.

    What was drawn for learning was not chosen because it is likely right: it stands apart everywhere, and has no
    part in the precision of the first k.

    Args:
        judged: Judged findings with their latest verdict, the highest priority first.
        sensors: Sensor per scan; scans that are not in it have an unknown one.
        capacity: A further k: what officers can look at in a week.
    """
    first = [one.verdict.verdict for one in judged if one.verdict.purpose == "enforce"]
    tops = sorted({*TOP, *([] if capacity is None else [capacity])})
    return Precision(
        overall={purpose: _of_purpose(judged, purpose) for purpose in PURPOSES},
        at_k=[AtK(k, rate(first[:k])) for k in tops],
        groups={kind: _grouped(judged, kind, sensors) for kind in GROUPS},
        reasons=_reasons(judged),
    )


def season_of(moment: datetime) -> str:
    """Season of a day in Beijing: winter is December to February."""
    return _SEASONS[moment.astimezone(BEIJING).month % 12 // 3]


def _grouped(judged: Sequence[JudgedRow], kind: str, sensors: Mapping[str, str]) -> list[GroupRate]:
    groups: dict[str, list[JudgedRow]] = {}
    for one in judged:
        groups.setdefault(_name(one, kind, sensors), []).append(one)
    rates = [GroupRate(name, p, _of_purpose(groups[name], p)) for name in sorted(groups) for p in PURPOSES]
    return [one for one in rates if one.rate.judged]


def _name(one: JudgedRow, kind: str, sensors: Mapping[str, str]) -> str:
    row = one.row
    if kind == "sensor":
        return sensors.get(row.scan_id, UNKNOWN)
    if kind == "season":
        return season_of(row.after_at)
    if kind == "month":
        return f"{row.after_at.astimezone(BEIJING):%Y-%m}"
    return row.change if kind == "change" else row.stage


def _of_purpose(judged: Sequence[JudgedRow], purpose: Purpose) -> Rate:
    return rate(one.verdict.verdict for one in judged if one.verdict.purpose == purpose)


def _reasons(judged: Sequence[JudgedRow]) -> dict[str, int]:
    told = [one.verdict.reason for one in judged if one.verdict.reason is not None]
    return {reason: told.count(reason) for reason in sorted(set(told))}
