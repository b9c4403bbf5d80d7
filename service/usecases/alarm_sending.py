"""One round of alarms: raise, gather, escalate, publish, send. Nobody leads: any number of replicas may do it at once.

Each step is a function of what is stored and moves it on in one transaction, guarded by where it was found. What a
killed process had begun is found by the next round, its own or another's.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from geodata.errors import KanchaError
from service.alarms.planning import Flood, message, plan
from service.alarms.sending import Outgoing, send_apprise, send_webhook
from service.alarms.values import Alarm, Channel, Delivery, Outcome
from service.auth.caller import Clearance
from service.errors import NotFoundError
from service.services import Services
from service.settings import Alarms
from service.store.alarm_base import Again, Event
from service.usecases.alarm_messages import Withdrawn, outgoing
from service.usecases.alarm_raising import raise_alarms
from service.usecases.channels import config_of, line_of
from service.usecases.recipients import Recipients

_LOG = logging.getLogger(__name__)
_EVENTS_AT_ONCE = 500
_NAMESPACE = uuid.UUID("5d0d4c1e-6f3c-4c0b-9b0e-6f1f0e3f9d11")
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Round:
    """What a round did.

    Args:
        raised: Alarms that were raised.
        gathered: Messages that were put together of them.
        escalated: Messages to the next person.
        published: Events that were taken up for other systems.
        sent: Messages that were delivered.
        failed: Tries that failed.
    """

    raised: int = 0
    gathered: int = 0
    escalated: int = 0
    published: int = 0
    sent: int = 0
    failed: int = 0


def send_round(services: Services, clock: Clock = lambda: datetime.now(UTC)) -> Round:
    """Do what is to be done now.

    Args:
        services: The service itself.
        clock: Tells the time.
    """
    recipients = Recipients(services)
    raised = raise_alarms(services, recipients, clock())
    gathered = _gather(services, clock())
    escalated = _escalate(services, clock())
    published = _publish(services, recipients, clock())
    sent, failed = _send(services, recipients, clock)
    return Round(raised, gathered, escalated, published, sent, failed)


def _gather(services: Services, now: datetime) -> int:
    due = services.store.alarms.due(now)
    if not due:
        return 0
    settings = services.settings.alarms
    flood = Flood(settings.apart, settings.per_hour)
    rules = {rule.id: rule for rule in services.store.rules.rules()}
    channels = {one.id: one for one in services.store.rules.channels(active=True) if not one.events}
    used = {name for alarm in due if alarm.rule_id in rules for name in rules[alarm.rule_id].channels}
    held = frozenset(
        name
        for name in used & channels.keys()
        if flood.holds(services.store.deliveries.sent_at_once(name, now - timedelta(hours=1)), now)
    )
    planned = plan(due, rules, channels, held, (now, flood))
    return services.store.deliveries.gather(planned.taken, planned.made, now) if planned.taken else 0


def _escalate(services: Services, now: datetime) -> int:
    late = services.store.alarms.to_escalate(now)
    by_person: dict[str, list[Alarm]] = {}
    for alarm in late:
        by_person.setdefault(str(alarm.escalate_to), []).append(alarm)
    made = [
        message(channel.id, person, "escalation", some, now)
        for person, some in sorted(by_person.items())
        for channel in own_channels(services, person)
    ]
    return services.store.deliveries.escalate([one.id for one in late], made, now) if late else 0


def own_channels(services: Services, person_id: str) -> list[Channel]:
    """The channels by which somebody gets what no rule of theirs names."""
    found = services.store.rules.channels(person_id, active=True)
    return [one for one in found if one.owner_id == person_id and not one.events]


# --- other systems -------------------------------------------------------------------------------


def _publish(services: Services, recipients: Recipients, now: datetime) -> int:
    subscribed = [one for one in services.store.rules.channels(active=True) if one.events]
    newest = services.store.events.newest() if subscribed else {}
    behind = [one for one in subscribed if any(one.cursors.get(name, 0) < newest[name] for name in one.events)]
    return sum(_publish_to(services, recipients, channel, (newest, now)) for channel in behind)


def _publish_to(
    services: Services, recipients: Recipients, channel: Channel, moment: tuple[Mapping[str, int], datetime]
) -> int:
    """Take up the events that a subscription has not seen, a portion a round."""
    newest, now = moment
    seen = recipients.of_channel(channel)
    if seen is None:
        # who has no access any more gets nothing, nor later what came in the meantime
        services.store.deliveries.publish(channel, {name: newest[name] for name in channel.events}, [])
        return 0
    highest = Clearance[services.settings.alarms.secrecy.upper()]
    made, cursors = [], {}
    for name in channel.events:
        after = channel.cursors.get(name, 0)
        found, last = seen.store.events.of_type(name, after, _EVENTS_AT_ONCE, person_id=channel.owner_id)
        cursors[name] = max(after, last or 0)
        if len(found) < _EVENTS_AT_ONCE:
            cursors[name] = max(cursors[name], newest[name])
        made += [_event(channel, one, now) for one in found if Clearance[one.secrecy.upper()] <= highest]
    return len(made) if services.store.deliveries.publish(channel, cursors, made) else 0


def _event(channel: Channel, event: Event, now: datetime) -> Delivery:
    # the id follows from what happened: put together twice, it is the same message
    name = uuid.uuid5(_NAMESPACE, f"{channel.id}|{event.type}|{event.key}").hex
    data = {**event.told, "geometry": event.geometry}
    words = {"title": event.type, "text": event.subject}
    payload: dict[str, Any] = {"type": event.type, "subject": event.subject, "at": event.at.isoformat(), "data": data}
    payload["words"] = {"zh": words, "en": words}
    return Delivery(name, channel.id, channel.owner_id, "event", now, now, payload)


# --- sending -------------------------------------------------------------------------------------


def again_of(settings: Alarms, attempts: int, now: datetime) -> Again:
    """When a message is tried next that was tried so often, and when it is given up."""
    wait = min(settings.max_retry_s, settings.retry_s * 2.0 ** min(30, max(0, attempts - 1)))
    return Again(now + timedelta(seconds=wait), settings.max_attempts, now - timedelta(hours=settings.give_up_h))


def _send(services: Services, recipients: Recipients, clock: Clock) -> tuple[int, int]:
    """Send all that is due: several channels at once, by each one message after the other."""
    first = _claim(services, clock())
    if first is None:
        return 0, 0
    count = services.settings.alarms.senders
    with ThreadPoolExecutor(count, thread_name_prefix="alarms") as pool:
        work: list[Delivery | None] = [first, *([None] * (count - 1))]
        done = list(pool.map(lambda begun: _work(services, recipients, clock, begun), work))
    return sum(sent for sent, _ in done), sum(failed for _, failed in done)


def _work(services: Services, recipients: Recipients, clock: Clock, begun: Delivery | None) -> tuple[int, int]:
    sent = failed = 0
    delivery = begun or _claim(services, clock())
    while delivery is not None:
        outcome = _try(services, recipients, delivery)
        if outcome is not None:
            now = clock()
            services.store.deliveries.finish(
                delivery, outcome, now, again_of(services.settings.alarms, delivery.attempts, now)
            )
            sent, failed = sent + outcome.sent, failed + (not outcome.sent)
        delivery = _claim(services, clock())
    return sent, failed


def _claim(services: Services, now: datetime) -> Delivery | None:
    settings = services.settings.alarms
    return services.store.deliveries.claim(now, now + timedelta(seconds=settings.lease_s), again_of(settings, 1, now))


def _try(services: Services, recipients: Recipients, delivery: Delivery) -> Outcome | None:
    """Try to send a message; None where it was withdrawn."""
    try:
        channel = services.store.rules.channel(delivery.channel_id)
        if not channel.active and delivery.purpose != "test":
            raise NotFoundError("The channel is switched off.")
        told = outgoing(services, recipients, delivery, channel)
        if isinstance(told, Withdrawn):
            services.store.deliveries.withdraw(delivery, told.why)
            return None
        return post(services, channel, told)
    except NotFoundError as error:
        services.store.deliveries.withdraw(delivery, error.message)
        return None
    except KanchaError as error:
        return Outcome(False, f"{error.code}: {error.message}")
    except Exception as error:
        # its text may hold an address, which is a secret; the log of the place is enough to find it
        _LOG.error("sending %s: %s", delivery.id, type(error).__name__)
        return Outcome(False, f"unforeseen: {type(error).__name__}", unsure=True)


def post(services: Services, channel: Channel, told: Outgoing) -> Outcome:
    """Send a message by a channel, now.

    Raises:
        SealError: If the address of the channel cannot be opened.
    """
    if channel.kind == "in_app":
        return Outcome(True)
    config, line = config_of(services.settings, channel), line_of(services.settings)
    return send_webhook(config, told, line) if channel.kind == "webhook" else send_apprise(config, told, line)
