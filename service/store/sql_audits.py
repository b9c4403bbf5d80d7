"""Recall audits in tables: drawn cells never change, answers only grow, the latest of a cell counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from shapely.geometry import shape

from service.auth.sight import EVERYTHING, Sight
from service.errors import NotFoundError
from service.store.audit_records import Audit, AuditAnswer
from service.store.database import Database
from service.store.records import Page
from service.store.schema import audit_answers, audits

_AUDIT = [c.name for c in audits.c if c.name != "seq"]
_ANSWER = [c.name for c in audit_answers.c if c.name not in ("seq", "audit_id")]


class SqlAudits:
    """Recall audits.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def add(self, audit: Audit) -> bool:
        """Store an audit; False where it is there already."""
        with self._db.write("audits") as connection:
            if connection.execute(sa.select(audits.c.seq).where(audits.c.id == audit.id)).first() is not None:
                return False
            connection.execute(sa.insert(audits).values({name: getattr(audit, name) for name in _AUDIT}))
        return True

    def get(self, audit_id: str) -> Audit:
        """One audit.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            row = connection.execute(sa.select(audits).where(audits.c.id == audit_id)).first()
        if row is None:
            raise NotFoundError(f"There is no audit {audit_id[:80]!r}.", remedy="GET /coverage/audits lists them.")
        return self._seen(_audit(row))

    def page(self, limit: int, after_key: int = 0) -> Page[Audit]:
        """Audits, the latest first."""
        older = sa.true() if after_key == 0 else audits.c.seq < after_key
        with self._db.read() as connection:
            matched = connection.execute(sa.select(sa.func.count()).select_from(audits)).scalar_one()
            rows = connection.execute(
                sa.select(audits).where(older).order_by(audits.c.seq.desc()).limit(limit + 1)
            ).all()
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([self._seen(_audit(row)) for row in rows[:limit]], matched, following)

    def answer(self, audit_id: str, answer: AuditAnswer) -> None:
        """Store what was said of a cell.

        Raises:
            NotFoundError: Without the audit.
        """
        audit = self.get(audit_id)
        if self._sight.ground is not None and answer.cell not in audit.cells:
            raise NotFoundError(
                f"The audit has no cell {answer.cell[:80]!r}.", remedy=f"GET /coverage/audits/{audit_id}"
            )
        values = {name: getattr(answer, name) for name in _ANSWER}
        with self._db.write("audits") as connection:
            connection.execute(sa.insert(audit_answers).values(audit_id=audit_id, **values))

    def answers(self, audit_id: str) -> Sequence[AuditAnswer]:
        """The latest answer of each cell, in the order of the cells' first answers."""
        wanted = sa.select(audit_answers).where(audit_answers.c.audit_id == audit_id).order_by(audit_answers.c.seq)
        with self._db.read() as connection:
            latest = {row.cell: row for row in connection.execute(wanted)}
        seen = self.get(audit_id).cells if self._sight.ground is not None else latest
        answers = [AuditAnswer(**{name: getattr(row, name) for name in _ANSWER}) for row in latest.values()]
        return [answer for answer in answers if answer.cell in seen]

    def _seen(self, audit: Audit) -> Audit:
        """An audit with those of its cells that lie on the ground."""
        if self._sight.ground is None:
            return audit
        return replace(
            audit, cells={name: cell for name, cell in audit.cells.items() if self._sight.meets(shape(cell))}
        )


def _audit(row: sa.Row[Any]) -> Audit:
    return Audit(**{name: getattr(row, name) for name in _AUDIT})
