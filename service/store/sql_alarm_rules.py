"""Rules of alarms and channels in tables; every change is recorded in the same step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa

from service.alarms.values import Channel, Rule, Timing, Wanted
from service.auth.record import Entry
from service.errors import NotFoundError
from service.store.alarm_schema import channels, rules
from service.store.database import Database
from service.store.schema import findings
from service.store.sql_audit_log import append
from service.store.sql_events import newest_keys

_RULE = ("id", "name", "person_id", "escalate_to", "escalate_after_s", "created_at", "created_by", "cursor", "active")
_CHANNEL = ("id", "name", "owner_id", "kind", "hint", "sealed", "created_at", "chips", "active")


class SqlRules:
    """Rules and channels.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def add_rule(self, rule: Rule, entry: Entry) -> Rule:
        """Store a rule; it begins behind the findings that there are."""
        with self._db.write("alarms") as connection:
            rule = replace(rule, cursor=_last_finding(connection))
            connection.execute(sa.insert(rules).values(_rule_values(rule)))
            append(connection, entry)
        return rule

    def rule(self, rule_id: str) -> Rule:
        """One rule.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            return _rule(_one(connection, rules, rule_id))

    def rules(self, person_id: str | None = None, *, active: bool = False) -> Sequence[Rule]:
        """Rules in the order of their coming: of somebody, or all."""
        wanted = sa.select(rules).where(rules.c.removed_at.is_(None)).order_by(rules.c.seq)
        if person_id is not None:
            wanted = wanted.where(rules.c.person_id == person_id)
        if active:
            wanted = wanted.where(rules.c.active)
        with self._db.read() as connection:
            return [_rule(row) for row in connection.execute(wanted)]

    def change_rule(self, rule: Rule, entry: Entry) -> Rule:
        """Replace what a rule says; one that begins to look again begins behind the findings that there are.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.write("alarms") as connection:
            before = _rule(_one(connection, rules, rule.id))
            # where it looks is moved by the rounds alone, also by one that ran while somebody changed the rule
            again = rule.active and not before.active
            rule = replace(rule, cursor=_last_finding(connection) if again else before.cursor)
            connection.execute(sa.update(rules).where(rules.c.id == rule.id).values(_rule_values(rule)))
            append(connection, entry)
        return rule

    def remove_rule(self, rule_id: str, entry: Entry) -> None:
        """Take a rule away; what it raised stays.

        Raises:
            NotFoundError: Without it.
        """
        self._remove(rules, rule_id, entry)

    def add_channel(self, channel: Channel, entry: Entry) -> Channel:
        """Store a channel; a subscription begins behind the events that there are."""
        with self._db.write("alarms") as connection:
            channel = replace(channel, cursors=newest_keys(connection))
            connection.execute(sa.insert(channels).values(_channel_values(channel)))
            append(connection, entry)
        return channel

    def channel(self, channel_id: str) -> Channel:
        """One channel.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            return channel_of(_one(connection, channels, channel_id))

    def channels(self, owner_id: str | None = None, *, active: bool = False) -> Sequence[Channel]:
        """Channels in the order of their coming: of somebody with the bureau's, or all."""
        wanted = sa.select(channels).where(channels.c.removed_at.is_(None)).order_by(channels.c.seq)
        if owner_id is not None:
            wanted = wanted.where(sa.or_(channels.c.owner_id == owner_id, channels.c.owner_id.is_(None)))
        if active:
            wanted = wanted.where(channels.c.active)
        with self._db.read() as connection:
            return [channel_of(row) for row in connection.execute(wanted)]

    def change_channel(self, channel: Channel, entry: Entry) -> Channel:
        """Replace what a channel is; types of events that it had not before begin behind those that there are.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.write("alarms") as connection:
            before = channel_of(_one(connection, channels, channel.id))
            newest = newest_keys(connection)
            kept = before.events if before.active else ()
            cursors = newest | {name: before.cursors[name] for name in kept if name in before.cursors}
            channel = replace(channel, cursors=cursors)
            connection.execute(sa.update(channels).where(channels.c.id == channel.id).values(_channel_values(channel)))
            # what was changed may speak again: there is no use in waiting
            line = sa.update(channels).where(channels.c.id == channel.id)
            connection.execute(line.values(busy_until=None))
            append(connection, entry)
        return channel

    def remove_channel(self, channel_id: str, entry: Entry) -> None:
        """Take a channel away, its address with it; what waits for it is not sent.

        Raises:
            NotFoundError: Without it.
        """
        self._remove(channels, channel_id, entry, sealed=None)

    def reseal(self, channel_id: str, old: str, new: str) -> None:
        """Put another seal in the place of a channel's, unless it was changed meanwhile."""
        same = sa.and_(channels.c.id == channel_id, channels.c.sealed == old)
        with self._db.write("alarms") as connection:
            connection.execute(sa.update(channels).where(same).values(sealed=new))

    def _remove(self, table: sa.Table, wanted: str, entry: Entry, **values: Any) -> None:
        with self._db.write("alarms") as connection:
            _one(connection, table, wanted)
            told = {"removed_at": entry.at, "active": False, **values}
            connection.execute(sa.update(table).where(table.c.id == wanted).values(told))
            append(connection, entry)


def _one(connection: sa.Connection, table: sa.Table, wanted: str) -> sa.Row[Any]:
    row = connection.execute(sa.select(table).where(table.c.id == wanted, table.c.removed_at.is_(None))).first()
    if row is None:
        what = "rule" if table is rules else "channel"
        raise NotFoundError(f"There is no {what} {wanted[:80]!r}.", remedy=f"GET /alarms/{what}s lists them.")
    return row


def _last_finding(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.max(findings.c.seq))).scalar_one() or 0)


def _rule_values(rule: Rule) -> dict[str, Any]:
    told = {name: getattr(rule, name) for name in _RULE}
    return told | {"wanted": asdict(rule.wanted), "timing": asdict(rule.timing), "channels": list(rule.channels)}


def _rule(row: sa.Row[Any]) -> Rule:
    told = {name: getattr(row, name) for name in _RULE}
    wanted, timing = _tuples(row.wanted), _tuples(row.timing)
    return Rule(**told, wanted=Wanted(**wanted), timing=Timing(**timing), channels=tuple(row.channels))


def _tuples(told: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}


def _channel_values(channel: Channel) -> dict[str, Any]:
    told = {name: getattr(channel, name) for name in _CHANNEL}
    return told | {"events": list(channel.events), "cursors": dict(channel.cursors)}


def channel_of(row: sa.Row[Any]) -> Channel:
    """A channel of a row."""
    told = {name: getattr(row, name) for name in _CHANNEL}
    return Channel(**told, events=tuple(row.events), cursors=dict(row.cursors))
