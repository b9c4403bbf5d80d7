"""Objections in a table: about cases that are shown, or about none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from service.auth.sight import EVERYTHING, Sight
from service.errors import NotFoundError
from service.store.case_base import Objection
from service.store.case_schema import cases, objections
from service.store.database import Database
from service.store.records import Page
from service.store.sql_features import geometry_of
from service.store.sql_sight import disclosed

_PLAIN = [c.name for c in objections.c if c.name != "seq"]


class SqlObjections:
    """Objections.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def add(self, objection: Objection) -> None:
        """Store an objection."""
        with self._db.write("cases") as connection:
            connection.execute(sa.insert(objections).values({name: getattr(objection, name) for name in _PLAIN}))

    def get(self, objection_id: str) -> Objection:
        """One objection.

        Raises:
            NotFoundError: Without it, or where its case is not shown.
        """
        with self._db.read() as connection:
            found = next(self._shown(connection, objections.c.id == objection_id), None)
        if found is None:
            raise NotFoundError(f"There is no objection {objection_id[:80]!r}.", remedy="GET /objections lists them.")
        return _objection(found)

    def of_digest(self, digest: str) -> Objection | None:
        """The objection of a word; None without one."""
        with self._db.read() as connection:
            row = connection.execute(sa.select(objections).where(objections.c.digest == digest)).first()
        return None if row is None else _objection(row)

    def page(self, limit: int, after_key: int, *, open_only: bool) -> Page[Objection]:
        """Objections about cases that are shown, and about none; the latest first."""
        wheres = [objections.c.answered_at.is_(None)] if open_only else []
        with self._db.read() as connection:
            shown = list(self._shown(connection, *wheres))
        rows = [row for row in shown if after_key == 0 or row.seq < after_key]
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([_objection(row) for row in rows[:limit]], len(shown), following)

    def keep(self, objection: Objection) -> None:
        """Put an objection in the place of the stored one; one that is answered keeps its answer."""
        mine = objections.c.id == objection.id
        values = {name: getattr(objection, name) for name in _PLAIN if name not in ("id", "digest", "received_at")}
        with self._db.write("cases") as connection:
            connection.execute(sa.update(objections).where(mine).values(values))

    def _shown(self, connection: sa.Connection, *wheres: sa.ColumnElement[bool]) -> Iterator[sa.Row[Any]]:
        wanted = sa.select(objections, cases.c.geojson, cases.c.fid).join(
            cases, sa.and_(cases.c.fid == objections.c.case_id, *disclosed(cases.c.secrecy, self._sight)), isouter=True
        )
        for row in connection.execute(wanted.where(*wheres).order_by(objections.c.seq.desc())):
            if row.case_id is None or (row.fid is not None and self._shows(row.geojson)):
                yield row

    def _shows(self, geojson: str) -> bool:
        return self._sight.ground is None or self._sight.meets(geometry_of(geojson))


def _objection(row: sa.Row[Any]) -> Objection:
    return Objection(**{name: getattr(row, name) for name in _PLAIN}, key=row.seq)
