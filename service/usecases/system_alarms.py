"""Conditions of the system that the administrators are told of: once as long as they last, then that it is over."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from service.alarms.values import Delivery, SystemAlarm
from service.auth.roles import Permission
from service.services import Services
from service.store.records import Page
from service.usecases.alarm_sending import own_channels
from service.usecases.listing import every
from service.watching.conditions import OF_A_MACHINE, Condition


def raise_system_alarm(services: Services, condition: Condition, now: datetime | None = None) -> bool:
    """Tell the administrators of a condition, unless they know already.

    Returns:
        Whether it is new.
    """
    at = now or datetime.now(UTC)
    told = _told(condition)
    if condition.code in OF_A_MACHINE and services.runner is not None:
        told["place"] = services.runner.place
    alarm = SystemAlarm(uuid.uuid4().hex, condition.code, condition.severity, told, at)
    if any(one.code == condition.code for one in services.store.deliveries.system(lasting=True)):
        return False
    return services.store.deliveries.raise_system(alarm, _messages(services, told, at, over=False))


def end_system_alarm(services: Services, code: str, now: datetime | None = None) -> bool:
    """Tell the administrators that a condition is over; False where they were not told of it."""
    at = now or datetime.now(UTC)
    lasting = next((one for one in services.store.deliveries.system(lasting=True) if one.code == code), None)
    if lasting is None:
        return False
    return services.store.deliveries.end_system(code, at, _messages(services, dict(lasting.told), at, over=True))


def tell_conditions(services: Services, conditions: Sequence[Condition], now: datetime | None = None) -> int:
    """Let the administrators know how things stand: of what is new, and of what is over.

    Args:
        services: The service itself.
        conditions: All that is not as it should be now.
        now: Now.

    Returns:
        How many of them are new or over.
    """
    codes = {one.code for one in conditions}
    lasting = [one for one in services.store.deliveries.system(lasting=True) if one.code not in codes]
    over = [one.code for one in lasting if _may_tell(services, one)]
    new = sum(raise_system_alarm(services, one, now) for one in conditions)
    return new + sum(end_system_alarm(services, code, now) for code in over)


def _may_tell(services: Services, alarm: SystemAlarm) -> bool:
    """Whether this process can know that a condition is over: of another machine's only when nobody lives there."""
    place = alarm.told.get("place")
    if place is None or services.runner is None or place == services.runner.place:
        return True
    lease = services.settings.jobs.lease_s
    living = {runner.place for runner, silent in services.store.runners.all() if silent <= lease}
    return place not in living


def list_system_alarms(services: Services, *, lasting: bool) -> Page[SystemAlarm]:
    """Conditions, the latest first: those that last, or the last thousand."""
    found = services.store.deliveries.system(lasting=lasting)
    return Page(found, len(found), None)


def _told(condition: Condition) -> dict[str, Any]:
    names = ("code", "severity", "title", "title_zh", "remedy")
    told = {name: getattr(condition, name) for name in names}
    told["since"] = None if condition.since is None else condition.since.isoformat()
    told["measured"] = orjson.loads(orjson.dumps(dict(condition.measured), default=str))
    return told


def _messages(services: Services, told: dict[str, Any], now: datetime, *, over: bool) -> list[Delivery]:
    figures = ", ".join(f"{name}: {value}" for name, value in told["measured"].items())
    zh, en = ("已恢复：", "Well again: ") if over else ("", "")
    words = {
        "zh": {
            "title": f"勘查系统：{zh}{told['title_zh']}",
            "text": figures if over else f"{figures}\n{told['remedy']}",
        },
        "en": {"title": f"Kancha: {en}{told['title']}", "text": figures if over else f"{figures}\n{told['remedy']}"},
    }
    data = {**told, "over": over, "at": now.isoformat()}
    payload = {"type": "system.condition", "subject": told["code"], "data": data, "words": words}
    administrators = [
        one for one in every(services.store.people.page) if one.active and Permission.PEOPLE in one.grant.permissions
    ]
    return [
        Delivery(uuid.uuid4().hex, channel.id, person.id, "system", now, now, payload)
        for person in administrators
        for channel in own_channels(services, person.id)
    ]
