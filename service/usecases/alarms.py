"""Alarms as people see them: listed, acknowledged; what was sent; a channel tried."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import shapely

from geodata.errors import OptionError
from service.alarms.sending import Outgoing
from service.alarms.values import STATES, Alarm, Delivery
from service.alarms.wording import Words
from service.auth.roles import Permission
from service.errors import ChannelError, NotFoundError
from service.services import Services
from service.store.records import Page
from service.usecases.alarm_messages import base_of
from service.usecases.alarm_sending import post
from service.usecases.channels import get_channel, person_of
from service.usecases.sights import require_permission


@dataclass(frozen=True)
class Shown:
    """An alarm with its finding as it is now.

    Args:
        alarm: The alarm.
        told: The properties of the finding.
        place: Longitude and latitude.
    """

    alarm: Alarm
    told: Mapping[str, Any]
    place: tuple[float, float]


def list_alarms(
    services: Services, limit: int, after_key: int = 0, *, open_only: bool = False, everybody: bool = False
) -> Page[Shown]:
    """The caller's alarms, and those that were handed to them, the latest first.

    Args:
        services: The service as the caller sees it.
        limit: Alarms at most.
        after_key: Where the page begins.
        open_only: Only those that nobody acknowledged.
        everybody: Those of everybody, for administrators who work everywhere.

    Raises:
        ForbiddenError: If everybody's are asked for by somebody else.
    """
    if everybody:
        require_permission(services, Permission.PEOPLE, everywhere=True)
    mine = None if everybody else person_of(services.caller) or ""
    page = services.store.alarms.page(limit, after_key, person_id=mine, open_only=open_only)
    return Page([_shown(services, one) for one in page.items], page.matched, page.next_key)


def _shown(services: Services, alarm: Alarm) -> Shown:
    feature = orjson.loads(services.store.scans.finding(alarm.finding_id))
    point = shapely.geometry.shape(feature["geometry"]).representative_point()
    return Shown(alarm, feature["properties"], (round(point.x, 6), round(point.y, 6)))


def acknowledge(services: Services, alarm_id: str, now: datetime | None = None) -> Shown:
    """Say that one knows of a structure: it is handed to nobody any more. Said twice, the first time counts.

    Raises:
        NotFoundError: Without the alarm, or where it is another's.
    """
    alarm = services.store.alarms.get(alarm_id)
    mine = person_of(services.caller)
    handed = alarm.escalate_to == mine and alarm.escalated_at is not None
    yours = mine is not None and (alarm.person_id == mine or handed)
    if alarm.gathered_at is None or not (yours or services.caller.kind == "local"):
        raise NotFoundError(f"There is no alarm {alarm_id[:80]!r}.", remedy="GET /alarms lists yours.")
    services.store.alarms.acknowledge(alarm, mine or services.caller.id, now or datetime.now(UTC))
    return _shown(services, services.store.alarms.get(alarm_id))


def list_deliveries(
    services: Services, limit: int, after_key: int = 0, *, state: str | None = None, everybody: bool = False
) -> Page[Delivery]:
    """What was sent to the caller or by their channels, the latest first.

    Args:
        services: The service as the caller sees it.
        limit: Messages at most.
        after_key: Where the page begins.
        state: Only those that stand so.
        everybody: Those of everybody, for administrators who work everywhere.

    Raises:
        OptionError: If there is no such state.
        ForbiddenError: If everybody's are asked for by somebody else.
    """
    found = next((one for one in STATES if one == state), None)
    if state is not None and found is None:
        raise OptionError(f"There is no state {state[:40]!r}.", remedy=f"Known: {', '.join(STATES)}.")
    if everybody:
        require_permission(services, Permission.PEOPLE, everywhere=True)
    mine = None if everybody else person_of(services.caller) or ""
    return services.store.deliveries.page(limit, after_key, person_id=mine, state=found)


def try_channel(services: Services, channel_id: str) -> str:
    """Send a few words by a channel, now.

    Returns:
        The id of the message.

    Raises:
        NotFoundError: Without the channel, or where it is another's.
        ChannelError: If it was not taken.
    """
    channel = get_channel(services, channel_id, to_change=True)
    base, name = base_of(services.settings), uuid.uuid4().hex
    words = {
        "zh": Words("勘查：通道测试", f"通道“{channel.name}”可用。{base}"),
        "en": Words("Kancha: test of a channel", f"The channel {channel.name!r} works. {base}"),
    }
    data = {"title": words["en"].title, "title_zh": words["zh"].title, "channel": channel.id}
    message = Outgoing(name, "test", base, channel.id, datetime.now(UTC), words, data, base)
    outcome = post(services, channel, message)
    if not outcome.sent:
        raise ChannelError(str(outcome.error), remedy="Check the address; docs/alarms.md tells how it is written.")
    return name
