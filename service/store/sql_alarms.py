"""Alarms in a table: raised once per rule, structure and step; shown to those who may see their findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.alarms.values import Alarm, Fresh, Rule, Ticking
from service.auth.sight import EVERYTHING, Sight
from service.errors import NotFoundError
from service.store.alarm_schema import alarms, rules
from service.store.database import Database
from service.store.records import Page
from service.store.schema import findings, scans
from service.store.sql_features import geometry_of
from service.store.sql_sight import disclosed_findings
from service.store.structure_names import names_of

_PLAIN = [c.name for c in alarms.c if c.name != "seq"]
_PART = 500


class SqlAlarms:
    """Alarms.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def fresh(self, after_key: int, limit: int) -> tuple[Sequence[Fresh], int, bool]:
        """Findings behind a key that count and are shown, the key that was looked at last, and whether it was all."""
        table = findings
        wanted = (
            sa.select(
                table.c.seq, table.c.fid, table.c.structure_id, table.c.geojson, scans.c.after_scene, table.c.judged,
                table.c.suppressed_by, scans.c.secrecy,
            )
            .join(scans, scans.c.id == table.c.scan_id)
            .where(table.c.seq > after_key, *disclosed_findings(self._sight))
            .order_by(table.c.seq)
            .limit(limit)
        )  # fmt: skip
        with self._db.read() as connection:
            rows = connection.execute(wanted).all()
            whole = len(rows) < limit
            last = connection.execute(sa.select(sa.func.max(table.c.seq))).scalar_one() if whole else rows[-1].seq
            count = [row for row in rows if row.judged is not False and row.suppressed_by is None and row.structure_id]
            shown = [row for row in count if self._shows(row.geojson)]
            known = names_of(connection, {row.structure_id for row in shown})
        told = [
            Fresh(row.seq, row.fid, known[row.structure_id], row.geojson, row.after_scene, row.secrecy) for row in shown
        ]
        return told, max(after_key, int(last or 0)), whole

    def of_structures(self, rule_id: str, structure_ids: Iterable[str]) -> Sequence[Alarm]:
        """What a rule has raised about structures."""
        found: list[Alarm] = []
        with self._db.read() as connection:
            for part in _parts(sorted(set(structure_ids))):
                mine = sa.and_(alarms.c.rule_id == rule_id, alarms.c.structure_id.in_(part))
                found += [_alarm(row) for row in connection.execute(sa.select(alarms).where(mine))]
        return sorted(found, key=lambda one: one.key)

    def advance(self, rule: Rule, cursor: int, raised: Sequence[Alarm]) -> bool:
        """Move the cursor of a rule and store what it raised in one step; False where another has done so."""
        same = sa.and_(rules.c.id == rule.id, rules.c.cursor == rule.cursor, rules.c.active)
        with self._db.write("alarms") as connection:
            if connection.execute(sa.update(rules).where(same).values(cursor=cursor)).rowcount == 0:
                return False
            if raised:
                connection.execute(sa.insert(alarms), [{name: getattr(one, name) for name in _PLAIN} for one in raised])
        return True

    def due(self, now: datetime) -> Sequence[Alarm]:
        """Alarms that may be told and are in no message yet."""
        wanted = sa.select(alarms).where(
            alarms.c.gathered_at.is_(None), alarms.c.due_at <= now, alarms.c.withdrawn_at.is_(None)
        )
        with self._db.read() as connection:
            return [_alarm(row) for row in connection.execute(wanted.order_by(alarms.c.seq))]

    def to_escalate(self, now: datetime) -> Sequence[Alarm]:
        """Alarms that nobody acknowledged in time and whose finding nobody judged."""
        wanted = (
            sa.select(alarms)
            .join(findings, findings.c.fid == alarms.c.finding_id)
            .where(
                alarms.c.escalate_to.is_not(None),
                alarms.c.escalate_at <= now,
                alarms.c.gathered_at.is_not(None),
                alarms.c.escalated_at.is_(None),
                alarms.c.acknowledged_at.is_(None),
                alarms.c.withdrawn_at.is_(None),
                findings.c.judged.is_(None),
                findings.c.suppressed_by.is_(None),
            )
        )
        with self._db.read() as connection:
            return [_alarm(row) for row in connection.execute(wanted.order_by(alarms.c.seq))]

    def get(self, alarm_id: str) -> Alarm:
        """One alarm.

        Raises:
            NotFoundError: Without it.
        """
        found = self.some([alarm_id])
        if not found:
            raise NotFoundError(f"There is no alarm {alarm_id[:80]!r}.", remedy="GET /alarms lists yours.")
        return found[0]

    def some(self, alarm_ids: Sequence[str]) -> Sequence[Alarm]:
        """Several alarms that are shown, in the order of their coming."""
        found: list[Alarm] = []
        with self._db.read() as connection:
            for part in _parts(alarm_ids):
                rows = connection.execute(self._joined().where(alarms.c.id.in_(part)))
                found += [_alarm(row) for row in rows if self._shows(row.geojson)]
        return sorted(found, key=lambda one: one.key)

    def page(self, limit: int, after_key: int, *, person_id: str | None, open_only: bool) -> Page[Alarm]:
        """Alarms that may be told, the latest first: those of somebody, or that were handed to them; or all."""
        wanted = self._joined().where(alarms.c.gathered_at.is_not(None), alarms.c.withdrawn_at.is_(None))
        if person_id is not None:
            handed = sa.and_(alarms.c.escalate_to == person_id, alarms.c.escalated_at.is_not(None))
            wanted = wanted.where(sa.or_(alarms.c.person_id == person_id, handed))
        if open_only:
            wanted = wanted.where(alarms.c.acknowledged_at.is_(None))
        with self._db.read() as connection:
            if self._sight.ground is None:
                count = sa.select(sa.func.count()).select_from(wanted.subquery())
                matched = connection.execute(count).scalar_one()
            else:
                matched = sum(1 for _ in self._seen(connection, wanted))
            older = sa.true() if after_key == 0 else alarms.c.seq < after_key
            rows = []
            for row in self._seen(connection, wanted.where(older).order_by(alarms.c.seq.desc())):
                rows.append(row)
                if len(rows) > limit:
                    break
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([_alarm(row) for row in rows[:limit]], matched, following)

    def acknowledge(self, alarm: Alarm, by: str, at: datetime) -> None:
        """Note that somebody knows of a structure: all open alarms of it for the same person."""
        same = sa.and_(
            alarms.c.person_id == alarm.person_id,
            alarms.c.structure_id == alarm.structure_id,
            alarms.c.gathered_at.is_not(None),
            alarms.c.acknowledged_at.is_(None),
        )
        with self._db.write("alarms") as connection:
            connection.execute(sa.update(alarms).where(same).values(acknowledged_at=at, acknowledged_by=by))

    def withdraw(self, alarm_ids: Sequence[str], at: datetime) -> None:
        """Note that alarms must not be told."""
        with self._db.write("alarms") as connection:
            for part in _parts(alarm_ids):
                mine = sa.and_(alarms.c.id.in_(part), alarms.c.withdrawn_at.is_(None))
                connection.execute(sa.update(alarms).where(mine).values(withdrawn_at=at))

    def ticking(self, since: datetime, person_id: str | None) -> Sequence[Ticking]:
        """Of every finding that alarmed since a time: when it was uploaded, raised and told."""
        f, table = sa.func, alarms
        wanted = (
            sa.select(
                table.c.finding_id,
                f.min(table.c.uploaded_at).label("uploaded_at"),
                f.min(table.c.raised_at).label("raised_at"),
                f.min(table.c.told_at).label("told_at"),
                f.min(table.c.grade).label("grade"),
            )
            .join(findings, findings.c.fid == table.c.finding_id)
            .where(table.c.raised_at >= since, table.c.withdrawn_at.is_(None), *disclosed_findings(self._sight))
            .group_by(table.c.finding_id)
        )
        if person_id is not None:
            wanted = wanted.where(table.c.person_id == person_id)
        with self._db.read() as connection:
            return [Ticking(*row) for row in connection.execute(wanted)]

    def _joined(self) -> sa.Select[Any]:
        wanted = sa.select(alarms, findings.c.geojson).join(findings, findings.c.fid == alarms.c.finding_id)
        return wanted.where(*disclosed_findings(self._sight))

    def _seen(self, connection: sa.Connection, wanted: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
        return (row for row in connection.execute(wanted) if self._shows(row.geojson))

    def _shows(self, geojson: str) -> bool:
        return self._sight.ground is None or self._sight.meets(geometry_of(geojson))


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[k : k + _PART] for k in range(0, len(values), _PART))


def _alarm(row: sa.Row[Any]) -> Alarm:
    return Alarm(**{name: getattr(row, name) for name in _PLAIN}, key=row.seq)
