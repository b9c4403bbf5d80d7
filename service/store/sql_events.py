"""What happened, read from the tables where it stands: no second book is kept that could differ from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from service.auth.sight import EVERYTHING, Sight
from service.store.alarm_base import Event
from service.store.alarm_schema import alarms
from service.store.database import Database
from service.store.schema import findings, scans, scenes, verdicts
from service.store.sql_features import geometry_of
from service.store.sql_sight import disclosed, disclosed_findings, shown_scenes

_TABLES: Mapping[str, sa.Table] = {
    "finding.appeared": findings,
    "finding.judged": verdicts,
    "alarm.raised": alarms,
    "scan.completed": scans,
    "scene.stored": scenes,
}
_OF_FINDING = ("change", "status", "stage", "confidence", "area_m2", "priority", "flags", "reasons", "structure_id",
               "scan_id", "before_acquired_at", "after_acquired_at", "parcel_ids", "suppressed_by")  # fmt: skip
_MOST_READ = 5_000


class SqlEvents:
    """Events.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def of_type(
        self, name: str, after_key: int | None, limit: int, *, falling: bool = False, person_id: str | None = None
    ) -> tuple[Sequence[Event], int | None]:
        """Events behind a key and the key that was looked at last.

        Args:
            name: Type of the events.
            after_key: The key; None: from the beginning, or the end.
            limit: Events at most.
            falling: The latest first.
            person_id: Whose alarms; None: everybody's.
        """
        table = _TABLES[name]
        wanted, last, found = self._select(name, person_id), after_key, list[Event]()
        with self._db.read() as connection:
            hidden = self._unseen(connection, name)
            while len(found) < limit:
                part = wanted
                if last is not None:
                    part = wanted.where(table.c.seq < last if falling else table.c.seq > last)
                order = table.c.seq.desc() if falling else table.c.seq
                rows = connection.execute(part.order_by(order).limit(min(_MOST_READ, 4 * limit))).all()
                for row in rows:
                    if len(found) == limit:
                        break
                    last = row.seq
                    if not hidden(row):
                        found.append(_event(name, row))
                if len(rows) < min(_MOST_READ, 4 * limit):
                    break
        return found, last

    def newest(self) -> Mapping[str, int]:
        """Key of the last event of each type."""
        with self._db.read() as connection:
            return newest_keys(connection)

    def _select(self, name: str, person_id: str | None) -> sa.Select[Any]:
        table = _TABLES[name]
        if name == "scene.stored":
            return sa.select(scenes).where(*disclosed(scenes.c.secrecy, self._sight))
        if name == "scan.completed":
            return sa.select(scans).where(*disclosed(scans.c.secrecy, self._sight))
        columns: list[Any] = [table] if name == "finding.appeared" else [table, findings.c.geojson]
        wanted = sa.select(*columns, scans.c.secrecy.label("secrecy"), scans.c.created_at.label("scanned_at"))
        if name != "finding.appeared":
            wanted = wanted.join(findings, findings.c.fid == table.c.finding_id)
        wanted = wanted.join(scans, scans.c.id == findings.c.scan_id).where(*disclosed_findings(self._sight))
        if name == "finding.judged":
            wanted = wanted.where(verdicts.c.withdrawn_at.is_(None))
        if name == "alarm.raised":
            wanted = wanted.where(alarms.c.withdrawn_at.is_(None))
            if person_id is not None:
                wanted = wanted.where(alarms.c.person_id == person_id)
        return wanted

    def _unseen(self, connection: sa.Connection, name: str) -> Any:
        """Whether a row lies beyond the ground."""
        if self._sight.ground is None:
            return lambda row: False
        if name not in ("scene.stored", "scan.completed"):
            return lambda row: not self._sight.meets(geometry_of(row.geojson))
        shown = {row.id for row in connection.execute(shown_scenes(connection, self._sight))}
        if name == "scene.stored":
            return lambda row: row.id not in shown
        return lambda row: not shown.issuperset((row.before_scene, row.after_scene))


def newest_keys(connection: sa.Connection) -> dict[str, int]:
    """Key of the last event of each type."""
    return {
        name: int(connection.execute(sa.select(sa.func.max(table.c.seq))).scalar_one() or 0)
        for name, table in _TABLES.items()
    }


def _event(name: str, row: sa.Row[Any]) -> Event:
    if name == "scene.stored":
        told = {"scene_id": row.id, "acquired_at": row.acquired_at.isoformat(), "gsd_m": row.gsd_m}
        return Event(name, row.seq, row.created_at, row.id, told, dict(row.footprint), row.secrecy)
    if name == "scan.completed":
        # counts tell of all the ground of a scan, so they are left to GET /scans/{id}, which knows who asks
        told = {"scan_id": row.id, "before_scene": row.before_scene, "after_scene": row.after_scene}
        return Event(name, row.seq, row.created_at, row.id, told, None, row.secrecy)
    feature = orjson.loads(row.geojson)
    finding = {key: feature["properties"].get(key) for key in _OF_FINDING} | {"finding_id": feature["id"]}
    geometry = feature["geometry"]
    if name == "finding.appeared":
        return Event(name, row.seq, row.scanned_at, row.fid, finding, geometry, row.secrecy)
    if name == "finding.judged":
        said = {"verdict_id": row.id, "verdict": row.verdict, "reason": row.reason, "judged_at": row.judged_at}
        told = finding | {**said, "judged_at": row.judged_at.isoformat()}
        return Event(name, row.seq, row.created_at, row.finding_id, told, geometry, row.secrecy)
    raised = {"alarm_id": row.id, "structure_id": row.structure_id, "step": row.step, "grade": row.grade}
    raised |= {"person_id": row.person_id, "rule_id": row.rule_id, "due_at": row.due_at.isoformat()}
    return Event(name, row.seq, row.raised_at, row.finding_id, finding | raised, geometry, row.secrecy)
