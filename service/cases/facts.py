"""What an event tells is checked before anything is decided on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import shapely

from service.cases.errors import CaseFactError
from service.cases.events import KINDS, CaseEvent, Fact

LONGEST_TEXT = 10_000
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


def check_facts(kind: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an event, in plain values.

    Args:
        kind: Name of the event's kind.
        told: What was sent.

    Raises:
        CaseFactError: If there is no such kind, or a fact is missing, unknown or not what it must be; all are named.
    """
    if kind not in KINDS or kind == "corrected":
        raise CaseFactError(
            f"There is no event {kind[:60]!r} to tell.", remedy="GET /cases/{id}/moves lists what may follow."
        )
    wanted = {fact.name: fact for fact in KINDS[kind].facts}
    given = {name: value for name, value in told.items() if value is not None and value != ""}
    wrong = [f"{name[:60]} is not known" for name in given if name not in wanted]
    wrong += [f"{name} is missing" for name, fact in wanted.items() if fact.needed and name not in given]
    found = {}
    for name, value in given.items():
        if name in wanted:
            try:
                found[name] = _FORMS[wanted[name].form](value, wanted[name])
            except ValueError as error:
                wrong.append(f"{name} is {error}")
    if wrong:
        names = ", ".join(f"{fact.name}{'' if fact.needed else '?'} ({_form(fact)})" for fact in wanted.values())
        raise CaseFactError(
            f"The event {kind} ({KINDS[kind].title_zh}) cannot be recorded: {'; '.join(wrong)}.",
            remedy=f"It tells: {names or 'nothing'}.",
            wrong=wrong,
        )
    return found


def check_correction(event: CaseEvent, told: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a correction: `reason`, and `facts` (those that change) or `void` (the event did not happen).

    Args:
        event: The event that is corrected, as it stands.
        told: What was sent.

    Raises:
        CaseFactError: If it gives no reason, changes nothing, or what would stand is not what it must be.
    """
    reason, changed, void = told.get("reason"), told.get("facts") or {}, told.get("void", False)
    unknown = sorted(set(told) - {"reason", "facts", "void"})
    if unknown or not isinstance(reason, str) or not reason.strip() or not isinstance(changed, Mapping):
        raise CaseFactError(
            "A correction tells its reason, and the facts that change.", remedy="Send reason, and facts or void."
        )
    if void is True:
        return {"reason": reason.strip(), "void": True}
    whole = check_facts(event.kind, {**event.facts, **changed})
    return {"reason": reason.strip(), "facts": {name: whole.get(name) for name in changed}}


def _form(fact: Fact) -> str:
    return "one of " + ", ".join(fact.choices) if fact.choices else fact.form


def _text(value: Any, _: Fact) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT or "\x00" in value:
        raise ValueError(f"no text of 1 to {LONGEST_TEXT} letters")
    return value.strip()


def _day(value: Any, _: Fact) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise ValueError(f"no day (YYYY-MM-DD): {str(value)[:40]!r}") from error


def _moment(value: Any, _: Fact) -> str:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError(f"no time: {str(value)[:40]!r}") from error
    if moment.tzinfo is None:
        raise ValueError("a time without a zone (write 2025-04-12T10:30:00+08:00)")
    return moment.isoformat()


def _truth(value: Any, _: Fact) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def _number(value: Any, _: Fact) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise ValueError("no number from 0")
    return float(value)


def _count(value: Any, _: Fact) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10_000:
        raise ValueError("no whole number from 1 to 10000")
    return value


def _ids(value: Any, _: Fact) -> list[str]:
    listed = isinstance(value, list | tuple) and value and len(value) <= 1_000
    if not listed or not all(isinstance(one, str) and _NAME.fullmatch(one) for one in value):
        raise ValueError("no list of ids")
    return list(dict.fromkeys(one.strip() for one in value))


def _choice(value: Any, fact: Fact) -> str:
    if value not in fact.choices:
        raise ValueError(f"{str(value)[:40]!r}, not one of {', '.join(fact.choices)}")
    return str(value)


def _geometry(value: Any, _: Fact) -> dict[str, Any]:
    try:
        shape = shapely.geometry.shape(value)
        sound = shape.geom_type in ("Polygon", "MultiPolygon") and shape.is_valid and not shape.is_empty
        west, south, east, north = shape.bounds
    except (AttributeError, KeyError, TypeError, ValueError, shapely.GEOSException) as error:
        raise ValueError("no GeoJSON polygon") from error
    if not sound or west < -180 or south < -90 or east > 180 or north > 90:
        raise ValueError("no valid polygon in longitude and latitude")
    plain: dict[str, Any] = dict(shapely.geometry.mapping(shapely.force_2d(shape)))
    return plain


_FORMS: Mapping[str, Callable[[Any, Fact], Any]] = MappingProxyType(
    {
        "text": _text,
        "day": _day,
        "moment": _moment,
        "truth": _truth,
        "number": _number,
        "count": _count,
        "people": _ids,
        "ids": _ids,
        "choice": _choice,
        "geometry": _geometry,
    }
)
