"""The record of what was done, in a table that only grows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from service.auth.record import Break, Entry, Head, Sealed, first_break, seal
from service.store.database import Database, wait_for
from service.store.records import Page
from service.store.schema import audit_head, audit_log

_ENTRY = ("at", "actor_id", "actor_name", "actor_kind", "action", "target", "address")
_AT_ONCE = 5_000
_LENGTHS = {c.name: c.type.length for c in audit_log.c if isinstance(c.type, sa.String) and c.type.length}


class SqlAuditLog:
    """The record.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def append(self, entry: Entry) -> Sealed:
        """Put an entry behind the last."""
        with self._db.write("audit_log") as connection:
            return append(connection, entry)

    def page(
        self, limit: int, after_key: int = 0, *, action: str | None = None, actor: str | None = None
    ) -> Page[Sealed]:
        """Entries, the latest first; of an action, or of a person or key, if wanted."""
        wheres: list[sa.ColumnElement[bool]] = [sa.true()]
        if action is not None:
            wheres.append(audit_log.c.action == action)
        if actor is not None:
            wheres.append(audit_log.c.actor_id == actor)
        older = sa.true() if after_key == 0 else audit_log.c.number < after_key
        count = sa.select(sa.func.count()).select_from(audit_log).where(*wheres)
        wanted = sa.select(audit_log).where(*wheres, older).order_by(audit_log.c.number.desc()).limit(limit + 1)
        with self._db.read() as connection:
            matched = connection.execute(count).scalar_one()
            rows = connection.execute(wanted).all()
        following = rows[limit - 1].number if len(rows) > limit else None
        return Page([_sealed(row) for row in rows[:limit]], matched, following)

    def about(self, text: str) -> Sequence[Sealed]:
        """Entries whose target holds a text, the first first."""
        wanted = sa.select(audit_log).where(audit_log.c.target.contains(text, autoescape=True))
        with self._db.read() as connection:
            return [_sealed(row) for row in connection.execute(wanted.order_by(audit_log.c.number))]

    def head(self) -> Head:
        """Where the record ends."""
        with self._db.read() as connection:
            return _head(connection)

    def verify(self) -> tuple[int, Break | None]:
        """How many entries hold, and the first that does not."""
        with self._db.read() as connection:
            return first_break(_chain(connection), _head(connection))


def append(connection: sa.Connection, entry: Entry) -> Sealed:
    """Put an entry behind the last, within a transaction of the caller: both are stored or neither."""
    wait_for(connection, "audit_log")
    head = _head(connection)
    link = seal(head.hash, head.count + 1, _fitting(entry))
    values = {name: getattr(link.entry, name) for name in _ENTRY}
    connection.execute(
        sa.insert(audit_log).values(
            number=link.number, details=link.entry.details_text, previous=link.previous, hash=link.hash, **values
        )
    )
    told = {"count": link.number, "hash": link.hash}
    if head.count == 0:
        connection.execute(sa.delete(audit_head))
        connection.execute(sa.insert(audit_head).values(name="head", **told))
    else:
        connection.execute(sa.update(audit_head).values(**told))
    return link


def _fitting(entry: Entry) -> Entry:
    """The entry with texts that the columns hold: some databases refuse longer ones."""
    told: dict[str, Any] = {name: getattr(entry, name) for name in _ENTRY}
    short: dict[str, Any] = {
        name: _clean(value)[: _LENGTHS.get(name)] if isinstance(value, str) else value for name, value in told.items()
    }
    return Entry(**short, details=json.loads(_clean(entry.details_text)))


def _clean(text: str) -> str:
    """The text without what no database holds."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _head(connection: sa.Connection) -> Head:
    row = connection.execute(sa.select(audit_head)).first()
    return Head() if row is None else Head(row._mapping["count"], row.hash)


def _chain(connection: sa.Connection) -> Iterator[Sealed]:
    after = -(2**62)
    while True:
        wanted = sa.select(audit_log).where(audit_log.c.number > after).order_by(audit_log.c.number).limit(_AT_ONCE)
        rows = connection.execute(wanted).all()
        yield from map(_sealed, rows)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].number


def _sealed(row: sa.Row[Any]) -> Sealed:
    try:
        details = json.loads(row.details)
    except ValueError:
        details = row.details  # it was changed to something unreadable, and is shown as it is
    entry = Entry(**{name: getattr(row, name) for name in _ENTRY}, details=details)
    return Sealed(row.number, entry, row.previous, row.hash)
