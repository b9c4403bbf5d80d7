"""From findings to alarms: each rule looks at what came behind its cursor, and moves it on with what it raises."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import shapely

from geodata.errors import KanchaError
from service.alarms.matching import Facts, grade_of, matches, step_of
from service.alarms.timing import due_at
from service.alarms.values import Alarm, Fresh, Rule
from service.services import Services
from service.usecases.alarm_clock import arrived_at
from service.usecases.recipients import Recipients, ground_of

_LOG = logging.getLogger(__name__)
_AT_ONCE = 1_000


def raise_alarms(services: Services, recipients: Recipients, now: datetime) -> int:
    """Let every rule look at the findings that it has not seen.

    Cursor and alarms move in one step, only from where the rule stood when it was read: of two that do this at once
    one is left with nothing to do, and whoever is killed has done a part wholly or not at all.

    Returns:
        How many alarms were raised.
    """
    newest = services.store.events.newest()["finding.appeared"]
    behind = [rule for rule in services.store.rules.rules(active=True) if rule.cursor < newest]
    count = 0
    for rule in behind:
        try:
            count += _look(services, recipients, rule, now)
        except KanchaError as error:
            # what one rule stumbles over keeps no other from being told
            _LOG.error("alarms of the rule %s: %s", rule.id, error)
    return count


def _look(services: Services, recipients: Recipients, rule: Rule, now: datetime) -> int:
    seen = recipients.of(rule.person_id)
    if seen is None:
        # who has no access any more is told nothing, nor later what came in the meantime
        services.store.alarms.advance(rule, services.store.events.newest()["finding.appeared"], [])
        return 0
    ground = ground_of(seen, rule.wanted.areas)
    count, whole = 0, False
    while not whole:
        fresh, last, whole = seen.store.alarms.fresh(rule.cursor, _AT_ONCE)
        if last == rule.cursor:
            break
        raised = _raised(services, rule, [one for one in fresh if _is_meant(rule, one, ground)], now)
        if not services.store.alarms.advance(rule, last, raised):
            break
        rule, count = replace(rule, cursor=last), count + len(raised)
    return count


def _is_meant(rule: Rule, one: Fresh, ground: shapely.Geometry | None) -> bool:
    feature = orjson.loads(one.geojson)
    return matches(rule.wanted, feature["properties"], shapely.geometry.shape(feature["geometry"]), ground)


def _raised(services: Services, rule: Rule, meant: Sequence[Fresh], now: datetime) -> list[Alarm]:
    names = [name for one in meant for name in one.structure_ids]
    before: dict[str, dict[str, Facts]] = {}
    for alarm in services.store.alarms.of_structures(rule.id, names):
        before.setdefault(alarm.structure_id, {})[alarm.step] = Facts.stored(alarm.facts)
    arrived: dict[str, datetime] = {}
    raised = []
    for one in meant:
        told: Mapping[str, Any] = orjson.loads(one.geojson)["properties"]
        facts = Facts.of(told)
        known = {step: old for name in one.structure_ids for step, old in before.get(name, {}).items()}
        step = step_of(facts, known)
        if step is None:
            continue
        if one.after_scene not in arrived:
            arrived[one.after_scene] = arrived_at(services.store.scenes.get(one.after_scene))
        before.setdefault(one.structure_ids[0], {})[step] = facts
        raised.append(_alarm(rule, one, step, (facts, told, arrived[one.after_scene], now)))
    return raised


def _alarm(rule: Rule, one: Fresh, step: str, known: tuple[Facts, Mapping[str, Any], datetime, datetime]) -> Alarm:
    facts, told, arrived, now = known
    grade = grade_of(told)
    due = due_at(rule.timing, grade, now)
    handed = rule.escalate_to is not None
    return Alarm(
        id=uuid.uuid4().hex,
        rule_id=rule.id,
        person_id=rule.person_id,
        structure_id=one.structure_ids[0],
        finding_id=one.finding_id,
        step=step,
        grade=grade,
        facts={**facts.as_dict(), "secrecy": one.secrecy},
        uploaded_at=arrived,
        raised_at=now,
        due_at=due,
        escalate_to=rule.escalate_to,
        escalate_at=due + timedelta(seconds=rule.escalate_after_s) if handed else None,
    )
