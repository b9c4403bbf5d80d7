"""What happened to cases, for those who look on: events in their order, terms as they are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.auth.sight import EVERYTHING, Sight
from service.store.case_base import CaseNews
from service.store.case_schema import case_events, case_timers, cases
from service.store.database import Database
from service.store.sql_features import geometry_of
from service.store.sql_sight import disclosed

_OF_CASE = (cases.c.fid, cases.c.serial, cases.c.state, cases.c.secrecy, cases.c.geojson)


class SqlCaseNews:
    """News of cases.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def last(self) -> int:
        """Key of the last event of any case."""
        with self._db.read() as connection:
            return int(connection.execute(sa.select(sa.func.max(case_events.c.seq))).scalar_one() or 0)

    def events(self, after_key: int, limit: int) -> tuple[Sequence[CaseNews], int]:
        """Events behind a key, and the key that was looked at last."""
        e = case_events.c
        wanted = sa.select(e.seq, e.number, e.kind, e.recorded_at, *_OF_CASE).join(cases, cases.c.fid == e.case_id)
        wanted = wanted.where(e.seq > after_key).order_by(e.seq).limit(limit)
        with self._db.read() as connection:
            rows = connection.execute(wanted).all()
        told = [
            CaseNews(row.fid, row.seq, row.recorded_at, _of(row) | {"event": row.kind, "number": row.number})
            for row in rows
            if self._shows(row)
        ]
        return told, rows[-1].seq if rows else after_key

    def terms(self, since: datetime) -> Sequence[CaseNews]:
        """Moments of terms that were told since a time."""
        t = case_timers.c
        wanted = sa.select(t.seq, t.term, t.step, t.done_at, *_OF_CASE).join(cases, cases.c.fid == t.case_id)
        wanted = wanted.where(t.done_at >= since, *disclosed(cases.c.secrecy, self._sight)).order_by(t.done_at, t.seq)
        with self._db.read() as connection:
            rows = connection.execute(wanted).all()
        return [
            CaseNews(row.fid, row.seq, row.done_at, _of(row) | {"term": row.term, "step": row.step})
            for row in rows
            if self._shows(row)
        ]

    def _shows(self, row: sa.Row[*tuple[Any, ...]]) -> bool:
        if row.secrecy in self._sight.hidden:
            return False
        return self._sight.ground is None or self._sight.meets(geometry_of(row.geojson))


def _of(row: sa.Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return {"serial": row.serial, "state": row.state}
