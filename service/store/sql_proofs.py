"""Looks at the places of cases in a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from service.auth.sight import EVERYTHING, Sight
from service.errors import NotFoundError
from service.store.case_schema import case_looks
from service.store.database import Database
from service.store.proof_base import CaseLook
from service.store.sql_cases import SqlCases

_LOOK = [c.name for c in case_looks.c if c.name != "seq"]


class SqlProofs:
    """Looks at the places of cases.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight
        self._cases = SqlCases(database, sight)

    def put(self, look: CaseLook) -> bool:
        """Keep a look; False where this scene was looked at for this case already."""
        values = {name: getattr(look, name) for name in _LOOK}
        with self._db.write("cases") as connection:
            # the word of the dialect that skips a row which is there
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            added = (
                insert(case_looks)
                .values(values)
                .on_conflict_do_nothing(index_elements=["case_id", "scene_id", "kind"])
                .returning(case_looks.c.seq)
            )
            return connection.execute(added).first() is not None

    def settle(self, look: CaseLook) -> None:
        """Note that a look which was only kept has been told."""
        c = case_looks.c
        mine = (c.case_id == look.case_id, c.scene_id == look.scene_id, c.kind == look.kind)
        values = {"effect": look.effect, "event": look.event, "told": dict(look.told)}
        with self._db.write("cases") as connection:
            connection.execute(sa.update(case_looks).where(*mine).values(values))

    def known(self, case_id: str, scene_id: str, kind: str) -> bool:
        """Whether a scene was looked at for a case."""
        c = case_looks.c
        wanted = sa.select(c.seq).where(c.case_id == case_id, c.scene_id == scene_id, c.kind == kind)
        with self._db.read() as connection:
            return connection.execute(wanted).first() is not None

    def of_case(self, case_id: str) -> Sequence[CaseLook]:
        """The looks at a case, by the dates of what they showed.

        Raises:
            NotFoundError: Without the case.
        """
        self._cases.get(case_id)
        c = case_looks.c
        wanted = sa.select(case_looks).where(c.case_id == case_id).order_by(c.shown_at, c.seq)
        with self._db.read() as connection:
            return [_look(row) for row in connection.execute(wanted)]

    def since(self, moment: datetime) -> Sequence[CaseLook]:
        """The looks that were taken since a moment, those of cases that the caller sees."""
        c = case_looks.c
        wanted = sa.select(case_looks).where(c.looked_at >= moment).order_by(c.seq)
        with self._db.read() as connection:
            found = [_look(row) for row in connection.execute(wanted)]
        shown = {case_id: self._is_seen(case_id) for case_id in {one.case_id for one in found}}
        return [one for one in found if shown[one.case_id]]

    def _is_seen(self, case_id: str) -> bool:
        try:
            self._cases.get(case_id)
        except NotFoundError:
            return False
        return True


def _look(row: sa.Row[Any]) -> CaseLook:
    return CaseLook(**{name: getattr(row, name) for name in _LOOK})
