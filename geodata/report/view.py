"""What the page shows, as plain values: findings in reading order, the summary, the provenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import shapely

from geodata.china import M2_PER_MU
from geodata.report import words
from geodata.report.words import Text, term

_BEIJING = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class ReasonView:
    """One reason as shown."""

    message: Text
    basis: Text
    area: str
    certainty: Text
    certainty_key: str


@dataclass(frozen=True)
class FindingView:
    """One finding as shown.

    Args:
        number: Its number on the map and in the list.
        id: Its stable id.
        shape: Its outline, CRS84.
        status_key: Its status.
        change_key: What changed, "" where it is not told.
        suspicion: Whether it is listed first, as a suspicion.
        area_m2: Area with thousands separated.
        area_error_m2: Standard error of the area.
        area_mu: The area in 亩.
        confidence: Probability that a structure changed, 0 to 1.
        lonlat: A point within it, degrees.
    """

    number: int
    id: str
    shape: shapely.Geometry
    status_key: str
    status: Text
    change_key: str
    change: Text
    tier: Text
    stage: Text
    suspicion: bool
    area_m2: str
    area_error_m2: str
    area_mu: str
    confidence: float
    lonlat: str
    height_gain: str
    storeys: int | None
    parcels: tuple[str, ...]
    permits: tuple[tuple[str, Text | None], ...]
    authority: Text
    severity: Text
    consequence: Text
    cues: tuple[Text, ...]
    flags: tuple[Text, ...]
    reasons: tuple[ReasonView, ...]


def finding_views(rows: Iterable[Mapping[str, Any]], provenance: Mapping[str, Any]) -> list[FindingView]:
    """The findings in reading order: suspected first, then by confidence; numbered from 1.

    Args:
        rows: Properties and geometry of the findings.
        provenance: That of their scan; its rulebook tells the words of its own codes.
    """
    told = provenance.get("rulebook", {}).get("words", {})
    said = words.AUTHORITY | {code: Text(one["zh"], one["en"]) for code, one in told.items()}
    order = {status: i for i, status in enumerate(words.STATUS)}
    ranked = sorted(
        rows,
        key=lambda r: (order.get(_text(r.get("status")), len(order)), -_number(r.get("confidence"), 0.0)),
    )
    return [_view(number, row, said) for number, row in enumerate(ranked, start=1)]


def _view(number: int, row: Mapping[str, Any], said: dict[str, Text]) -> FindingView:
    area, gain = _number(row.get("area_m2"), 0.0), row.get("height_gain_m")
    point = shapely.get_coordinates(shapely.point_on_surface(row["geometry"]))[0]
    status, stage = _text(row.get("status")) or "unassessed", _text(row.get("stage")) or "unknown"
    return FindingView(
        number=number,
        id=_text(row.get("id")),
        shape=row["geometry"],
        status_key=status if status in words.STATUS else "unassessed",
        status=term(words.STATUS, status),
        change_key=_text(row.get("change")) or "",
        change=term(words.CHANGE, _text(row.get("change"))),
        tier=term(words.TIER, _text(row.get("tier"))),
        stage=term(words.STAGE, stage),
        suspicion=status == "suspected",
        area_m2=f"{area:,.1f}",
        area_error_m2=f"{_number(row.get('area_error_m2'), 0.0):,.1f}",
        area_mu=f"{area / M2_PER_MU:.2f}",
        confidence=_number(row.get("confidence"), 0.0),
        lonlat=_position(float(point[0]), float(point[1])),
        height_gain="" if _number(gain, None) is None else f"{_number(gain, 0.0):+.1f} m",
        storeys=int(storeys) if (storeys := _number(row.get("storeys"), None)) is not None else None,
        parcels=_texts(row.get("parcel_ids")),
        permits=_permits(row),
        authority=term(said, _text(row.get("authority"))),
        severity=term(words.SEVERITY, _text(row.get("severity"))),
        consequence=term(said, _text(row.get("consequence"))),
        cues=tuple(term(words.CUES, c) for c in _texts(row.get("cues"))),
        flags=tuple(term(words.FLAGS, f) for f in _texts(row.get("flags"))),
        reasons=tuple(_reason(r) for r in _items(row.get("reasons"))),
    )


def _permits(row: Mapping[str, Any]) -> tuple[tuple[str, Text | None], ...]:
    """Each permit, and how its ground was found where that is less than sure."""
    found = {str(told["permit_id"]): told for told in _items(row.get("permit_matches"))}
    return tuple((name, _found_by(found.get(name, {}))) for name in _texts(row.get("permit_ids")))


def _found_by(told: Mapping[str, Any]) -> Text | None:
    by = words.MATCH.get(_text(told.get("match")))
    score = f"{100 * _number(told.get('score'), 0.0):.0f} %"
    return None if by is None else Text(f"{by.zh}，{score}", f"{by.en}, {score}")


def _position(lon: float, lat: float) -> str:
    return f"{abs(lon):.6f}°{'E' if lon >= 0 else 'W'}, {abs(lat):.6f}°{'N' if lat >= 0 else 'S'}"


def _reason(reason: Mapping[str, Any]) -> ReasonView:
    area, certainty = _number(reason.get("area_m2"), None), _text(reason.get("certainty"))
    message = _text(reason.get("message"))
    return ReasonView(
        message=Text(_text(reason.get("message_zh")) or message, message),
        basis=words.basis_text(_text(reason.get("basis"))),
        area="" if area is None else f"{area:,.0f} m²",
        certainty=term(words.CERTAINTY, certainty),
        certainty_key=certainty,
    )


def status_counts(findings: Iterable[FindingView]) -> list[tuple[str, Text, int]]:
    """(key, words, number) of every status, also of those without findings."""
    keys = [f.status_key for f in findings]
    return [(key, text, keys.count(key)) for key, text in words.STATUS.items()]


def beijing(moment: str) -> str:
    """An ISO time as a Beijing day, with the time of day where there is one.

    >>> beijing("2026-09-17T16:00:00+00:00"), beijing("2026-09-18T03:10:00+00:00")
    ('2026-09-18', '2026-09-18 11:10')
    """
    local = datetime.fromisoformat(moment).astimezone(_BEIJING)
    return local.strftime("%Y-%m-%d" if (local.hour, local.minute) == (0, 0) else "%Y-%m-%d %H:%M")


def percent(share: float) -> str:
    """A share as a percentage; what is not all is never rounded up to all."""
    shown = f"{100 * share:.1f}"
    return "99.9" if shown == "100.0" and share < 1 else shown


@dataclass(frozen=True)
class CheckView:
    """One check of the pair as shown."""

    name: Text
    outcome: Text
    outcome_key: str
    measured: str
    limit: str
    message: Text


def check_views(provenance: Mapping[str, Any]) -> list[CheckView]:
    """The checks of the gate in its order; empty for a provenance without one."""
    return [_check(check) for check in provenance.get("admissibility", {}).get("checks", [])]


def _check(check: Mapping[str, Any]) -> CheckView:
    outcome = _text(check.get("outcome"))
    return CheckView(
        name=term(words.CHECK, _text(check.get("code"))),
        outcome=term(words.CHECK_OUTCOME, outcome),
        outcome_key=outcome,
        measured=_figure(check.get("measured"), _text(check.get("unit"))),
        limit=_figure(check.get("limit"), _text(check.get("unit"))),
        message=Text(_text(check.get("message_zh")), _text(check.get("message"))),
    )


def _figure(value: Any, unit: str) -> str:
    number = _number(value, None)
    if number is None:
        return "—"
    return f"{number:.3g}{unit}" if unit == "°" else f"{number:.3g} {unit}".strip()


def pixel_shares(told: Mapping[str, Any]) -> list[tuple[Text, str]]:
    """(words, per cent) of the kinds of pixels of one input that are there at all."""
    shares: Mapping[str, float] = told.get("shares") or {}
    return [(term(words.PIXELS, name), percent(share)) for name, share in shares.items() if share > 0]


def parameters(provenance: Mapping[str, Any]) -> list[tuple[Text, str]]:
    """The parameters of a scan as (words, value); those not chosen show a dash."""
    given = provenance.get("parameters", {})
    return [(term(words.PARAMETER, key), "—" if v in (None, []) else _plain(v)) for key, v in given.items()]


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _items(value: Any) -> list[Any]:
    """A list-like cell of a frame; a missing one is empty (a frame holds None or NaN for it)."""
    return list(value) if isinstance(value, list | tuple) else []


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(v) for v in _items(value))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any, default: Any) -> Any:
    """A number of a cell, `default` where it is missing or not a number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return default
    return number if number == number else default
