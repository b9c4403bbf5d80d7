"""What an officer takes into the field: the open cases, their own first, with what the form of the check asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import shapely

from service.auth.roles import Permission
from service.cases.clocks.clock import Clock, State
from service.cases.clocks.terms import Whose
from service.cases.events import CaseEvent, effective
from service.cases.workflow.regions import PROCEDURE, REGIONS
from service.cases.workflow.replay import stand
from service.cases.workflow.standing import Standing
from service.cases.workflow.table import RULES
from service.errors import NotFoundError
from service.services import Services
from service.store.case_base import CaseRow
from service.store.queries import FeatureQuery
from service.usecases.case_rules import CaseRules, rules_of
from service.usecases.cases import teller

CHECK = "inspected"
"""The event of a field check (现场勘验)."""
MOST_CASES = 200
"""What a phone is given at once; a choice, so that the list comes over a weak line."""
_DUTIES = (Whose.BUREAU, Whose.AUTHORITY)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class FieldCase:
    """A case as the officer's list shows it.

    Args:
        row: The case.
        state_zh: Where it stands, in Chinese.
        geometry: Its place, GeoJSON.
        point: A point within it, longitude and latitude.
        mine: Whether the caller is in charge, or it is dispatched to them.
        may: Whether the check may follow as far as the table goes.
        term: The duty that ends next, or one of the bureau that is over.
    """

    row: CaseRow
    state_zh: str
    geometry: Mapping[str, Any]
    point: tuple[float, float]
    mine: bool
    may: bool
    term: Clock | None


def field_cases(services: Services, most: int = MOST_CASES) -> tuple[Sequence[FieldCase], int]:
    """The open cases that the caller sees.

    Args:
        services: The service, as the caller sees it.
        most: How many are given.

    Returns:
        The cases, the caller's own first, then by what is due next; and how many are left out.
    """
    rules = rules_of(services)
    features = [orjson.loads(text) for text in services.store.cases.all_features(FeatureQuery())]
    waiting = [one for one in features if one["properties"]["closed_at"] is None]
    names = _names(services)
    own = _in_charge(services) | {one["id"] for one in waiting if one["properties"]["unit"] in names}
    waiting.sort(key=lambda one: (one["id"] not in own, _due(one), one["id"]))
    made = (_case(services, rules, one["id"], mine=one["id"] in own) for one in waiting[:most])
    return [one for one in made if one is not None], max(0, len(waiting) - most)


def _in_charge(services: Services) -> set[str]:
    """Cases whose officers in charge include the caller."""
    me = teller(services)
    found = set()
    for case_id in services.store.cases.naming(me):
        try:
            events = [event for event, _ in services.store.cases.events(case_id)]
        except NotFoundError:
            # in charge, but of what lies beyond the areas that they have now
            continue
        if me in _handlers(events):
            found.add(case_id)
    return found


def _handlers(events: Sequence[CaseEvent]) -> Sequence[str]:
    named = [event for event in effective(events) if event.kind == "handler_set"]
    return list(named[-1].facts["handlers"]) if named else []


def _names(services: Services) -> set[str]:
    """By what a dispatch may name the caller."""
    caller = services.caller
    names = {teller(services), caller.name}
    try:
        person = services.store.people.get(teller(services))
    except NotFoundError:
        return names
    return names | {person.name, person.display_name} - {""}


def _due(feature: Mapping[str, Any]) -> datetime:
    due = feature["properties"]["due_at"]
    return _LAST if due is None else datetime.fromisoformat(due)


def _case(services: Services, rules: CaseRules, case_id: str, *, mine: bool) -> FieldCase | None:
    """One case of the list; None where it went out of sight since it was listed."""
    try:
        row = services.store.cases.get(case_id)
        events = [event for event, _ in services.store.cases.events(case_id)]
    except NotFoundError:
        return None
    standing = stand(events, rules.options)
    feature = orjson.loads(row.geojson)
    point = shapely.geometry.shape(feature["geometry"]).representative_point()
    return FieldCase(
        row=row,
        state_zh=REGIONS[PROCEDURE][row.state][1],
        geometry=feature["geometry"],
        point=(round(point.x, 7), round(point.y, 7)),
        mine=mine,
        may=services.caller.may(Permission.JUDGE) and _fits(standing),
        term=_term(rules.clocks(events, datetime.now(UTC))),
    )


def _fits(standing: Standing) -> bool:
    ways = RULES[CHECK].ways
    return any(all(standing.regions[region] in states for region, states in way.at.items()) for way in ways)


def _term(clocks: Sequence[Clock]) -> Clock | None:
    """What presses most: a duty of ours that is over, the latest of them, else the one that ends next."""
    duties = [one for one in clocks if one.whose in _DUTIES]
    over = [one for one in duties if one.state is State.OVERDUE and one.whose is Whose.BUREAU]
    if over:
        return max(over, key=lambda one: one.due_at)
    return min((one for one in duties if one.state is State.RUNNING), key=lambda one: one.due_at, default=None)
