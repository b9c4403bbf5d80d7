"""What the use cases ask of a store about alarms: rules, channels, alarms, deliveries, events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from service.alarms.values import (
    Alarm,
    Channel,
    Delivery,
    DeliveryState,
    Fresh,
    Outcome,
    Rule,
    SystemAlarm,
    Ticking,
)
from service.auth.record import Entry
from service.store.records import Page


@dataclass(frozen=True)
class Event:
    """Something that happened, as the store knows it.

    Args:
        type: `finding.appeared`, `finding.judged`, `alarm.raised`, `scan.completed` or `scene.stored`.
        key: Its place in the order of coming among those of its type.
        at: When.
        subject: Id of what it is about.
        told: What is told of it.
        geometry: GeoJSON geometry of what it is about.
        secrecy: That of its scan or scene.
    """

    type: str
    key: int
    at: datetime
    subject: str
    told: Mapping[str, Any]
    geometry: Mapping[str, Any] | None
    secrecy: str = "internal"


@dataclass(frozen=True)
class Again:
    """What is known of trying again.

    Args:
        at: When the message is tried next.
        most: Tries at most.
        before: Messages put together before this are given up.
    """

    at: datetime
    most: int
    before: datetime


class RuleStore(Protocol):
    """Rules and channels. Every change is recorded in the same step."""

    def add_rule(self, rule: Rule, entry: Entry) -> Rule:
        """Store a rule; it begins behind the findings that there are."""

    def rule(self, rule_id: str) -> Rule:
        """One rule; `NotFoundError` without it."""

    def rules(self, person_id: str | None = None, *, active: bool = False) -> Sequence[Rule]:
        """Rules in the order of their coming: of somebody, or all."""

    def change_rule(self, rule: Rule, entry: Entry) -> Rule:
        """Replace what a rule says; one that begins to look again begins behind the findings that there are."""

    def remove_rule(self, rule_id: str, entry: Entry) -> None:
        """Take a rule away; what it raised stays."""

    def add_channel(self, channel: Channel, entry: Entry) -> Channel:
        """Store a channel; a subscription begins behind the events that there are."""

    def channel(self, channel_id: str) -> Channel:
        """One channel; `NotFoundError` without it."""

    def channels(self, owner_id: str | None = None, *, active: bool = False) -> Sequence[Channel]:
        """Channels in the order of their coming: of somebody with the bureau's, or all."""

    def change_channel(self, channel: Channel, entry: Entry) -> Channel:
        """Replace what a channel is."""

    def remove_channel(self, channel_id: str, entry: Entry) -> None:
        """Take a channel away; what waits for it is not sent."""

    def reseal(self, channel_id: str, old: str, new: str) -> None:
        """Put another seal in the place of a channel's, unless it was changed meanwhile."""


class AlarmStore(Protocol):
    """Alarms."""

    def fresh(self, after_key: int, limit: int) -> tuple[Sequence[Fresh], int, bool]:
        """Findings behind a key that count and are shown, the key that was looked at last, and whether it was all."""

    def of_structures(self, rule_id: str, structure_ids: Iterable[str]) -> Sequence[Alarm]:
        """What a rule has raised about structures."""

    def advance(self, rule: Rule, cursor: int, raised: Sequence[Alarm]) -> bool:
        """Move the cursor of a rule and store what it raised in one step; False where another has done so."""

    def due(self, now: datetime) -> Sequence[Alarm]:
        """Alarms that may be told and are in no message yet."""

    def to_escalate(self, now: datetime) -> Sequence[Alarm]:
        """Alarms that nobody acknowledged in time and whose finding nobody judged."""

    def get(self, alarm_id: str) -> Alarm:
        """One alarm; `NotFoundError` without it."""

    def some(self, alarm_ids: Sequence[str]) -> Sequence[Alarm]:
        """Several alarms, in the order of their coming."""

    def page(self, limit: int, after_key: int, *, person_id: str | None, open_only: bool) -> Page[Alarm]:
        """Alarms that may be told, the latest first: those of somebody, or that were handed to them; or all."""

    def acknowledge(self, alarm: Alarm, by: str, at: datetime) -> None:
        """Note that somebody knows of a structure: all open alarms of it for the same person."""

    def withdraw(self, alarm_ids: Sequence[str], at: datetime) -> None:
        """Note that alarms must not be told."""

    def ticking(self, since: datetime, person_id: str | None) -> Sequence[Ticking]:
        """Of every finding that alarmed since a time: when it was uploaded, raised and told."""


class DeliveryStore(Protocol):
    """Messages on their way."""

    def gather(self, alarm_ids: Sequence[str], made: Sequence[Delivery], now: datetime) -> int:
        """Put alarms into messages in one step: each once, whoever else does so; how many messages."""

    def escalate(self, alarm_ids: Sequence[str], made: Sequence[Delivery], now: datetime) -> int:
        """Hand alarms to the next person in one step, each once; how many messages."""

    def put(self, made: Sequence[Delivery]) -> int:
        """Store messages whose content stands; those that are there already stay; how many are new."""

    def publish(self, channel: Channel, cursors: Mapping[str, int], made: Sequence[Delivery]) -> bool:
        """Move a subscription on and store its messages in one step; False where another has done so."""

    def claim(self, now: datetime, lease_until: datetime, again: Again) -> Delivery | None:
        """Take the next message that is due, or whose sender has died; None without one."""

    def finish(self, delivery: Delivery, outcome: Outcome, now: datetime, again: Again) -> None:
        """Note how a try ended, unless the message was taken away meanwhile."""

    def withdraw(self, delivery: Delivery, why: str) -> None:
        """Note that a message must not be sent."""

    def sent_at_once(self, channel_id: str, since: datetime) -> Sequence[datetime]:
        """When messages of at-once alarms were put together for a channel."""

    def page(self, limit: int, after_key: int, *, person_id: str | None, state: DeliveryState | None) -> Page[Delivery]:
        """Messages, the latest first."""

    def raise_system(self, alarm: SystemAlarm, made: Sequence[Delivery]) -> bool:
        """Store a condition with the messages of it; False where it lasts already."""

    def end_system(self, code: str, at: datetime, made: Sequence[Delivery]) -> bool:
        """Note that a condition is over, with the messages of it; False where it was not there."""

    def system(self, *, lasting: bool = False) -> Sequence[SystemAlarm]:
        """Conditions, the latest first."""


class EventStore(Protocol):
    """What happened, type by type in the order of coming."""

    def of_type(
        self, name: str, after_key: int | None, limit: int, *, falling: bool = False, person_id: str | None = None
    ) -> tuple[Sequence[Event], int | None]:
        """Events behind a key (None: from the beginning, or the end) and the key that was looked at last."""

    def newest(self) -> Mapping[str, int]:
        """Key of the last event of each type."""
