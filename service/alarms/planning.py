"""Which alarms go into one message: one per structure, together where they would be a flood."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.alarms.timing import is_at_once
from service.alarms.values import Alarm, Channel, Delivery, Purpose, Rule

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Flood:
    """When messages are put together although each alone would go out at once.

    Args:
        apart: At-once alarms of one round that go out each by itself; more are one message.
        per_hour: At-once messages of a channel in an hour; beyond that they come together.
        gap: The time between those.
    """

    apart: int = 3
    per_hour: int = 12
    gap: timedelta = timedelta(minutes=10)

    def holds(self, sent: Sequence[datetime], now: datetime) -> bool:
        """Whether a channel has had so many that the next wait for the end of the gap."""
        lately = [one for one in sent if one > now - _HOUR]
        return len(lately) >= self.per_hour and max(lately) > now - self.gap


@dataclass(frozen=True)
class Planned:
    """What of the due alarms is put into messages now.

    Args:
        taken: Ids of the alarms that are.
        made: The messages.
    """

    taken: tuple[str, ...]
    made: tuple[Delivery, ...]


def plan(
    due: Sequence[Alarm],
    rules: Mapping[str, Rule],
    channels: Mapping[str, Channel],
    held: frozenset[str],
    moment: tuple[datetime, Flood],
) -> Planned:
    """Put due alarms into messages.

    Args:
        due: Alarms that may be told.
        rules: Rules by id; those that were taken away are missing, and what they raised goes nowhere.
        channels: Channels by id that can be used.
        held: Ids of channels that had so many messages that at-once alarms wait there.
        moment: Now, and what a flood is.
    """
    now, flood = moment
    taken: list[str] = []
    parts: dict[tuple[str, str, bool], list[Alarm]] = {}
    for alarm in due:
        rule = rules.get(alarm.rule_id)
        at_once = rule is not None and is_at_once(rule.timing, alarm.grade)
        mine = [name for name in (rule.channels if rule else ()) if name in channels]
        if at_once and mine and held.issuperset(mine):
            continue
        taken.append(alarm.id)
        for name in mine:
            parts.setdefault((alarm.person_id, name, at_once), []).append(alarm)
    made: list[Delivery] = []
    for (person, channel, at_once), some in sorted(parts.items()):
        for group in _groups(some, at_once, flood):
            purpose: Purpose = "alarm" if at_once else "digest"
            made.append(message(channel, person, purpose, group, now))
    return Planned(tuple(taken), tuple(made))


def _groups(some: Sequence[Alarm], at_once: bool, flood: Flood) -> list[list[Alarm]]:
    """One message per structure where they are few, else one for all."""
    by_structure: dict[str, list[Alarm]] = {}
    for alarm in some:
        by_structure.setdefault(alarm.structure_id, []).append(alarm)
    if at_once and len(by_structure) <= flood.apart:
        return list(by_structure.values())
    return [list(some)]


def message(channel: str, person: str, purpose: Purpose, some: Sequence[Alarm], now: datetime) -> Delivery:
    """A message about alarms that waits to be sent."""
    return Delivery(uuid.uuid4().hex, channel, person, purpose, now, now, alarms=tuple(one.id for one in some))
