"""A message at the moment it is sent: what its person may see then, in words, with pictures."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson
import shapely

from geodata.errors import KanchaError
from service.alarms.sending import Outgoing, longest_text
from service.alarms.values import Alarm, Channel, Delivery
from service.alarms.wording import Item, Words, words_of
from service.auth.caller import Clearance
from service.auth.roles import Permission
from service.errors import NotFoundError
from service.services import Services
from service.settings import Settings, own_address
from service.usecases.channels import config_of, line_of
from service.usecases.chips import finding_chip
from service.usecases.recipients import Recipients
from service.usecases.streets import Streets

_LOG = logging.getLogger(__name__)
_MOST_PICTURES = 6
_TYPES = {"alarm": "alarm", "digest": "digest", "escalation": "alarm.escalated"}


@dataclass(frozen=True)
class Withdrawn:
    """A message that must not be sent.

    Args:
        why: Why not.
    """

    why: str


def base_of(settings: Settings) -> str:
    """The address of this service in messages."""
    return (settings.alarms.base_url or own_address(settings)).rstrip("/")


def outgoing(services: Services, recipients: Recipients, delivery: Delivery, channel: Channel) -> Outgoing | Withdrawn:
    """A message ready to be sent, or why it must not be: nobody is told what they may not see now.

    Raises:
        SealError: If the address of the channel cannot be opened.
    """
    config = config_of(services.settings, channel)
    if delivery.payload is not None:
        return _standing(services, recipients, delivery, channel)
    seen = recipients.of(str(delivery.person_id))
    if seen is None:
        return _withdrawn(services, delivery, delivery.alarms, "The person has no access any more.")
    if channel.kind != "in_app" and not seen.caller.may(Permission.EXPORT):
        return _withdrawn(services, delivery, (), "The person may not take findings out of the application.")
    items = _items(services, seen, delivery, channel)
    told = {one.alarm_id for one in items}
    if len(told) < len(delivery.alarms):
        gone = [name for name in delivery.alarms if name not in told]
        _withdrawn(services, delivery, gone, "")
    if not items:
        return Withdrawn("The findings were dismissed, or the person may not see them.")
    if channel.chips and channel.kind != "in_app":
        items = _with_pictures(seen, items)
    return _message(services.settings, (delivery, channel), config, items)


def _withdrawn(services: Services, delivery: Delivery, gone: Sequence[str], why: str) -> Withdrawn:
    if delivery.purpose != "escalation" and gone:
        services.store.alarms.withdraw(list(gone), datetime.now(UTC))
    return Withdrawn(why)


def _items(services: Services, seen: Services, delivery: Delivery, channel: Channel) -> list[Item]:
    """The structures that are told, one each."""
    found: dict[str, tuple[Alarm, Mapping[str, Any], tuple[float, float]]] = {}
    for alarm in seen.store.alarms.some(delivery.alarms):
        feature = _feature(seen, alarm.finding_id)
        if feature is None or (delivery.purpose == "escalation" and alarm.acknowledged_at is not None):
            continue
        point = shapely.geometry.shape(feature["geometry"]).representative_point()
        found[alarm.id] = (alarm, feature["properties"], (round(point.x, 6), round(point.y, 6)))
    streets = Streets(seen, [place for _, _, place in found.values()])
    base, highest = base_of(services.settings), Clearance[services.settings.alarms.secrecy.upper()]
    items = []
    for alarm, told, place in found.values():
        fid = quote(alarm.finding_id, safe="")
        secret = Clearance[str(alarm.facts.get("secrecy", "internal")).upper()] > highest
        items.append(
            Item(
                alarm.id, alarm.finding_id, alarm.structure_id, alarm.step, alarm.grade, streets.at(place), place, told,
                link=f"{base}/collections/findings/items/{fid}?f=html", chip=f"{base}/findings/{fid}/chip.png",
                veiled=secret and channel.kind != "in_app",
            )
        )  # fmt: skip
    return items


def _feature(seen: Services, finding_id: str) -> dict[str, Any] | None:
    """A finding that is still one: shown to the person, not dismissed."""
    try:
        feature: dict[str, Any] = orjson.loads(seen.store.scans.finding(finding_id))
    except NotFoundError:
        return None
    told = feature["properties"]
    return None if told.get("judged") is False or told.get("suppressed_by") else feature


def _with_pictures(seen: Services, items: Sequence[Item]) -> list[Item]:
    told, left = [], _MOST_PICTURES
    for item in items:
        picture = None
        if left > 0 and not item.veiled:
            picture, left = _picture(seen, item.finding_id), left - 1
        told.append(replace(item, picture=picture))
    return told


def _picture(seen: Services, finding_id: str) -> bytes | None:
    try:
        return finding_chip(seen, finding_id)
    except KanchaError as error:
        _LOG.info("no picture of %s: %s", finding_id, error.code)
    except Exception:
        # a file that cannot be drawn holds up no alarm
        _LOG.exception("no picture of %s", finding_id)
    return None


def _message(
    settings: Settings, way: tuple[Delivery, Channel], config: Mapping[str, Any], items: Sequence[Item]
) -> Outgoing:
    delivery, channel = way
    base = base_of(settings)
    more = f"{base}/alarms"
    room = longest_text(channel.kind, config, line_of(settings))
    words = {name: words_of(items, delivery.purpose, more, name, room) for name in ("zh", "en")}
    pictures = [(one.finding_id, one.picture) for one in items if one.picture is not None]
    data: dict[str, Any] = {
        "purpose": delivery.purpose,
        "title": words["en"].title,
        "title_zh": words["zh"].title,
        "text": words["en"].text,
        "text_zh": words["zh"].text,
        "alarms": [_told(one) for one in items],
        "link": more,
    }
    return Outgoing(
        id=delivery.id,
        type=_TYPES[delivery.purpose],
        source=base,
        subject=items[0].alarm_id if len(items) == 1 else delivery.id,
        at=delivery.created_at,
        words=words,
        data=data,
        link=items[0].link if len(items) == 1 else more,
        attempt=delivery.attempts,
        repetition=delivery.repeated,
        pictures=[(_file_name(name), content) for name, content in pictures],
    )


def _told(item: Item) -> dict[str, Any]:
    told = item.as_dict()
    if item.picture is not None:
        told["chip_png"] = base64.b64encode(item.picture).decode("ascii")
    return told


def _file_name(finding_id: str) -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in finding_id)[:60]


def _standing(services: Services, recipients: Recipients, delivery: Delivery, channel: Channel) -> Outgoing | Withdrawn:
    """A message whose content stands: an event, a test, a condition of the system."""
    told = delivery.payload or {}
    check: Mapping[str, Callable[[], str | None]] = {
        "event": lambda: _no_event(recipients, channel, told),
        "system": lambda: _no_administrator(recipients, delivery),
        "case": lambda: _no_case(recipients, delivery, told),
    }
    why = check[delivery.purpose]() if delivery.purpose in check else None
    if why is not None:
        return Withdrawn(why)
    base = base_of(services.settings)
    words = {name: Words(**told["words"][name]) for name in ("zh", "en")}
    at = datetime.fromisoformat(told["at"]) if "at" in told else delivery.created_at
    return Outgoing(
        delivery.id, told["type"], base, told["subject"], at, words, told["data"], base,
        delivery.attempts, delivery.repeated,
    )  # fmt: skip


def _no_event(recipients: Recipients, channel: Channel, told: Mapping[str, Any]) -> str | None:
    seen = recipients.of_channel(channel)
    if seen is None:
        return "The owner of the subscription has no access any more."
    finding = told["data"].get("finding_id")
    try:
        if finding is not None:
            seen.store.scans.finding(finding)
    except NotFoundError:
        return "The owner of the subscription may not see the finding any more."
    return None


def _no_case(recipients: Recipients, delivery: Delivery, told: Mapping[str, Any]) -> str | None:
    seen = recipients.of(str(delivery.person_id))
    try:
        if seen is not None:
            seen.store.cases.get(str(told["subject"]))
            return None
    except NotFoundError:
        pass
    return "The person may not see the case any more."


def _no_administrator(recipients: Recipients, delivery: Delivery) -> str | None:
    seen = recipients.of(str(delivery.person_id))
    if seen is None or not seen.caller.may(Permission.PEOPLE):
        return "The person is no administrator any more."
    return None
