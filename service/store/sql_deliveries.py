"""Messages on their way, in tables: put together once, taken by one sender at a time, kept with how they ended."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.alarms.values import Alarm, Channel, Delivery, DeliveryState, Outcome, SystemAlarm
from service.store.alarm_base import Again
from service.store.alarm_schema import alarms, channels, deliveries, delivery_items, system_alarms
from service.store.database import Database
from service.store.records import Page

_PLAIN = ("id", "channel_id", "person_id", "purpose", "state", "payload", "attempts", "repeated", "next_at",
          "last_error", "created_at", "sent_at", "claim")  # fmt: skip
_PART = 500
_MOST_ERROR = 500


class SqlDeliveries:
    """Messages and conditions of the system.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def gather(self, alarm_ids: Sequence[str], made: Sequence[Delivery], now: datetime) -> int:
        """Put alarms into messages in one step: each once, whoever else does so.

        Of alarms that stand in no message (their rule has no channel, or an earlier message told of the structure by
        the same channel) it is noted that they are told.

        Returns:
            How many messages there are more.
        """
        with self._db.write("alarms") as connection:
            free = _take(connection, alarm_ids, alarms.c.gathered_at)
            _mark(connection, free, gathered_at=now)
            count, waiting = _put_items(connection, made, free)
            _mark(connection, set(free) - waiting, told_at=now)
        return count

    def escalate(self, alarm_ids: Sequence[str], made: Sequence[Delivery], now: datetime) -> int:
        """Hand alarms to the next person in one step, each once; how many messages."""
        with self._db.write("alarms") as connection:
            free = _take(connection, alarm_ids, alarms.c.escalated_at)
            _mark(connection, free, escalated_at=now)
            return _put_items(connection, made, free)[0]

    def put(self, made: Sequence[Delivery]) -> int:
        """Store messages whose content stands; those that are there already stay; how many are new."""
        with self._db.write("alarms") as connection:
            return _put(connection, made)

    def publish(self, channel: Channel, cursors: Mapping[str, int], made: Sequence[Delivery]) -> bool:
        """Move a subscription on and store its messages in one step; False where another has done so."""
        mine = sa.and_(channels.c.id == channel.id, channels.c.active)
        with self._db.write("alarms") as connection:
            held = connection.execute(sa.select(channels.c.cursors).where(mine)).scalar_one_or_none()
            if held is None or dict(held) != dict(channel.cursors):
                return False
            connection.execute(sa.update(channels).where(mine).values(cursors={**held, **cursors}))
            _put(connection, made)
        return True

    def claim(self, now: datetime, lease_until: datetime, again: Again) -> Delivery | None:
        """Take the next message that is due, or whose sender has died; alarms before events; None without one."""
        table = deliveries
        ready = sa.or_(
            sa.and_(table.c.state == "waiting", table.c.next_at <= now),
            sa.and_(table.c.state == "sending", table.c.lease_until < now),
        )
        # one sender at a time speaks by a channel: the others would only wait for the same dead line
        spoken = sa.select(table.c.channel_id).where(table.c.state == "sending", table.c.lease_until >= now)
        dead = sa.select(channels.c.id).where(channels.c.busy_until > now)
        first = sa.case((table.c.purpose == "event", 1), else_=0)
        free = sa.and_(ready, table.c.channel_id.not_in(spoken), table.c.channel_id.not_in(dead))
        wanted = sa.select(table).where(free).order_by(first, table.c.seq).limit(1)
        with self._db.write("alarms") as connection:
            _give_up(connection, ready, again)
            row = connection.execute(wanted).first()
            if row is None:
                return None
            claim = uuid.uuid4().hex
            values = {
                "state": "sending",
                "claim": claim,
                "lease_until": lease_until,
                "attempts": row.attempts + 1,
                # whoever held it died with it: nobody knows whether it went out
                "repeated": row.repeated or row.state == "sending",
            }
            connection.execute(sa.update(table).where(table.c.seq == row.seq).values(values))
            taken = connection.execute(sa.select(table).where(table.c.seq == row.seq)).one()
            return _delivery(taken, _items(connection, [row.id]).get(row.id, ()))

    def finish(self, delivery: Delivery, outcome: Outcome, now: datetime, again: Again) -> None:
        """Note how a try ended, unless the message was taken away meanwhile; on a dead line the others wait too."""
        table = deliveries
        mine = sa.and_(table.c.id == delivery.id, table.c.claim == delivery.claim, table.c.state == "sending")
        error = None if outcome.error is None else outcome.error[:_MOST_ERROR]
        over = delivery.attempts >= again.most
        state = "sent" if outcome.sent else "failed" if over else "waiting"
        values: dict[str, Any] = {"state": state, "claim": None, "lease_until": None, "last_error": error}
        values |= {"sent_at": now} if outcome.sent else {"next_at": again.at}
        values["repeated"] = delivery.repeated or (outcome.unsure and not outcome.sent)
        with self._db.write("alarms") as connection:
            if connection.execute(sa.update(table).where(mine).values(values)).rowcount == 0:
                return
            line = sa.and_(channels.c.id == delivery.channel_id, channels.c.busy_until.is_not(None))
            if outcome.sent:
                _told(connection, delivery, now)
                connection.execute(sa.update(channels).where(line).values(busy_until=None))
            elif outcome.busy:
                line = channels.c.id == delivery.channel_id
                connection.execute(sa.update(channels).where(line).values(busy_until=again.at))

    def withdraw(self, delivery: Delivery, why: str) -> None:
        """Note that a message must not be sent."""
        mine = sa.and_(deliveries.c.id == delivery.id, deliveries.c.claim == delivery.claim)
        values = {"state": "withdrawn", "claim": None, "lease_until": None, "last_error": why[:_MOST_ERROR]}
        with self._db.write("alarms") as connection:
            connection.execute(sa.update(deliveries).where(mine).values(values))

    def sent_at_once(self, channel_id: str, since: datetime) -> Sequence[datetime]:
        """When messages of at-once alarms were put together for a channel."""
        table = deliveries
        wanted = sa.select(table.c.created_at).where(
            table.c.channel_id == channel_id, table.c.purpose == "alarm", table.c.created_at > since
        )
        with self._db.read() as connection:
            return sorted(connection.execute(wanted).scalars())

    def page(self, limit: int, after_key: int, *, person_id: str | None, state: DeliveryState | None) -> Page[Delivery]:
        """Messages, the latest first: those to somebody, or by a channel of theirs; or all."""
        table = deliveries
        wheres: list[sa.ColumnElement[bool]] = [sa.true()]
        if person_id is not None:
            own = sa.select(channels.c.id).where(channels.c.owner_id == person_id)
            wheres.append(sa.or_(table.c.person_id == person_id, table.c.channel_id.in_(own)))
        if state is not None:
            wheres.append(table.c.state == state)
        older = sa.true() if after_key == 0 else table.c.seq < after_key
        wanted = sa.select(table).where(older, *wheres).order_by(table.c.seq.desc()).limit(limit + 1)
        with self._db.read() as connection:
            count = sa.select(sa.func.count()).select_from(table).where(*wheres)
            matched = connection.execute(count).scalar_one()
            rows = connection.execute(wanted).all()
            items = _items(connection, [row.id for row in rows])
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([_delivery(row, items.get(row.id, ())) for row in rows[:limit]], matched, following)

    def raise_system(self, alarm: SystemAlarm, made: Sequence[Delivery]) -> bool:
        """Store a condition with the messages of it; False where it lasts already."""
        names = ("id", "code", "severity", "told", "raised_at", "ended_at")
        with self._db.write("alarms") as connection:
            if connection.execute(sa.select(system_alarms.c.id).where(_lasting(alarm.code))).first() is not None:
                return False
            connection.execute(sa.insert(system_alarms).values({name: getattr(alarm, name) for name in names}))
            _put(connection, made)
        return True

    def end_system(self, code: str, at: datetime, made: Sequence[Delivery]) -> bool:
        """Note that a condition is over, with the messages of it; False where it was not there."""
        with self._db.write("alarms") as connection:
            done = connection.execute(sa.update(system_alarms).where(_lasting(code)).values(ended_at=at))
            if done.rowcount == 0:
                return False
            _put(connection, made)
        return True

    def system(self, *, lasting: bool = False) -> Sequence[SystemAlarm]:
        """Conditions, the latest first."""
        table = system_alarms
        wanted = sa.select(table).where(table.c.ended_at.is_(None) if lasting else sa.true())
        with self._db.read() as connection:
            rows = connection.execute(wanted.order_by(table.c.seq.desc()).limit(1_000)).all()
        return [SystemAlarm(r.id, r.code, r.severity, dict(r.told), r.raised_at, r.ended_at) for r in rows]


def _lasting(code: str) -> sa.ColumnElement[bool]:
    return sa.and_(system_alarms.c.code == code, system_alarms.c.ended_at.is_(None))


def _take(connection: sa.Connection, ids: Sequence[str], column: sa.Column[Any]) -> dict[str, Alarm]:
    """Those alarms of which something was not done yet."""
    names = [c.name for c in alarms.c if c.name != "seq"]
    found: dict[str, Alarm] = {}
    for k in range(0, len(ids), _PART):
        wanted = sa.select(alarms).where(alarms.c.id.in_(ids[k : k + _PART]), column.is_(None))
        for row in connection.execute(wanted):
            found[row.id] = Alarm(**{name: getattr(row, name) for name in names}, key=row.seq)
    return found


def _mark(connection: sa.Connection, ids: Mapping[str, Any] | set[str], **values: Any) -> None:
    listed = sorted(ids)
    for k in range(0, len(listed), _PART):
        connection.execute(sa.update(alarms).where(alarms.c.id.in_(listed[k : k + _PART])).values(values))


def _put(connection: sa.Connection, made: Sequence[Delivery]) -> int:
    known: set[str] = set()
    for k in range(0, len(made), _PART):
        ids = [one.id for one in made[k : k + _PART]]
        known |= set(connection.execute(sa.select(deliveries.c.id).where(deliveries.c.id.in_(ids))).scalars())
    new = [one for one in made if one.id not in known]
    if new:
        connection.execute(sa.insert(deliveries), [{name: getattr(one, name) for name in _PLAIN} for one in new])
    return len(new)


def _put_items(connection: sa.Connection, made: Sequence[Delivery], free: Mapping[str, Alarm]) -> tuple[int, set[str]]:
    """Store messages with those of their alarms that are free and were not told by the same channel before.

    Returns:
        How many messages there are, and the alarms that wait for one.
    """
    count, waiting = 0, set[str]()
    for one in made:
        mine = [free[name] for name in one.alarms if name in free]
        items, known = [], _known(connection, one, mine)
        for alarm in mine:
            place = (alarm.structure_id, alarm.step)
            if place in known and known[place]:
                waiting.add(alarm.id)  # what is told of it by another message is on its way
            if place not in known:
                known[place] = True
                items.append(alarm)
                waiting.add(alarm.id)
        if not items:
            continue
        _put(connection, [one])
        told = [
            {
                "delivery_id": one.id,
                "alarm_id": alarm.id,
                "channel_id": one.channel_id,
                "person_id": one.person_id,
                "structure_id": alarm.structure_id,
                "step": alarm.step,
                "purpose": _kind(one),
            }
            for alarm in items
        ]
        connection.execute(sa.insert(delivery_items), told)
        count += 1
    return count, waiting


def _kind(delivery: Delivery) -> str:
    return "escalation" if delivery.purpose == "escalation" else "alarm"


def _known(connection: sa.Connection, one: Delivery, mine: Sequence[Alarm]) -> dict[tuple[str, str], bool]:
    """Structures and steps that messages by the channel tell of already, and whether these have not arrived yet."""
    items, found = delivery_items, dict[tuple[str, str], bool]()
    sids = sorted({alarm.structure_id for alarm in mine})
    for k in range(0, len(sids), _PART):
        wanted = (
            sa.select(items.c.structure_id, items.c.step, deliveries.c.state)
            .join(deliveries, deliveries.c.id == items.c.delivery_id)
            .where(
                items.c.channel_id == one.channel_id,
                items.c.person_id == one.person_id,
                items.c.purpose == _kind(one),
                items.c.structure_id.in_(sids[k : k + _PART]),
            )
        )
        for row in connection.execute(wanted):
            found[row.structure_id, row.step] = row.state != "sent"
    return found


def _told(connection: sa.Connection, delivery: Delivery, now: datetime) -> None:
    """Note of every alarm of the person about these structures and steps that it was told."""
    items = delivery_items
    places = connection.execute(
        sa.select(items.c.structure_id, items.c.step, items.c.person_id, items.c.purpose).where(
            items.c.delivery_id == delivery.id
        )
    ).all()
    for place in places:
        if place.purpose != "alarm":
            continue
        same = sa.and_(
            alarms.c.person_id == place.person_id,
            alarms.c.structure_id == place.structure_id,
            alarms.c.step == place.step,
            alarms.c.gathered_at.is_not(None),
            alarms.c.told_at.is_(None),
        )
        connection.execute(sa.update(alarms).where(same).values(told_at=now))


def _give_up(connection: sa.Connection, ready: sa.ColumnElement[bool], again: Again) -> None:
    """End what was tried often enough, or for long enough: it is shown as failed."""
    table = deliveries
    late = sa.and_(table.c.created_at < again.before, table.c.attempts > 0)
    over = sa.and_(ready, sa.or_(table.c.attempts >= again.most, late))
    why = sa.func.coalesce(table.c.last_error, "the sender died while it was at it")
    values = {"state": "failed", "claim": None, "lease_until": None, "last_error": why}
    connection.execute(sa.update(table).where(over).values(values))


def _items(connection: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    items, found = delivery_items, dict[str, tuple[str, ...]]()
    for k in range(0, len(ids), _PART):
        wanted = sa.select(items.c.delivery_id, items.c.alarm_id).where(items.c.delivery_id.in_(ids[k : k + _PART]))
        for row in connection.execute(wanted.order_by(items.c.seq)):
            found[row.delivery_id] = (*found.get(row.delivery_id, ()), row.alarm_id)
    return found


def _delivery(row: sa.Row[Any], items: tuple[str, ...]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in _PLAIN}, alarms=items, key=row.seq)
