"""One database: connections and transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, OperationalError, TimeoutError

from service.errors import StoreBusyError, UnstorableValueError
from service.store.quick import Quick
from service.store.schema import changes

Writers = Literal[
    "scenes",
    "layers",
    "jobs",
    "findings",
    "audits",
    "intake",
    "people",
    "seen",
    "audit_log",
    "runners",
    "alarms",
    "cases",
    "leads",
]
"""What a transaction writes. Those that write the same come one after the other: what one of them has looked up holds
until it ends, and the keys of rows grow in the order in which the rows become visible, which paging relies on."""


class Database:
    """Transactions over an engine.

    Args:
        engine: SQLAlchemy engine. One of SQLite begins its transactions with `BEGIN`, or as the option `begin` says.
        quick: Answers what is asked most.
        longest_s: A question that only reads is ended after so long, s, where the database can do that: nobody waits
            for it any more. None: never.
    """

    def __init__(self, engine: sa.Engine, quick: Quick, longest_s: float | None = None) -> None:
        self.engine = engine
        self.quick = quick
        self._limit = None if longest_s is None else sa.text(f"SET LOCAL statement_timeout = {int(longest_s * 1000)}")

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads: one consistent state."""
        with _named_errors(), reading(self.engine) as connection:
            if self._limit is not None:
                connection.execute(self._limit)
            yield connection

    @contextmanager
    def write(self, what: Writers) -> Iterator[sa.Connection]:
        """A transaction that writes: all of it is stored or none.

        Args:
            what: What it writes; others that write the same wait for it. On SQLite there is one writer at all.
        """
        with _named_errors(), self.engine.connect() as plain:
            # the write lock is taken at once: a lock asked for half way could be refused without waiting
            connection = plain.execution_options(begin="BEGIN IMMEDIATE")
            with connection.begin():
                wait_for(connection, what)
                yield connection
                if what in COUNTED:
                    connection.execute(_COUNT[connection.dialect.name], {"name": what})

    @staticmethod
    def now(connection: sa.Connection) -> datetime:
        """The time by the one clock that all who share the database have."""
        if connection.dialect.name == "postgresql":
            told: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
            return told
        return datetime.now(UTC)

    def state(self, *what: str) -> str:
        """A word that changes with every transaction that wrote one of these."""
        return str(sum(count for name, count in self.quick.rows("state") if name in what))


def wait_for(connection: sa.Connection, what: Writers) -> None:
    """Wait, within a transaction that writes, until no other one writes the same."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"name": f"kancha {what}"})


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction on an engine that only reads."""
    with engine.connect() as plain:
        connection = plain
        if plain.dialect.name == "postgresql":
            connection = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


COUNTED = ("scenes", "layers", "findings", "people", "cases", "leads")
"""What answers are made of that a client may keep, and rights: every transaction that writes them is counted."""
_COUNT = {
    name: insert(changes)
    .values(name=sa.bindparam("name"), count=1)
    .on_conflict_do_update(index_elements=["name"], set_={"count": changes.c.count + 1})
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except (OperationalError, TimeoutError) as error:
        raise StoreBusyError(
            f"The database did not answer: {getattr(error, 'orig', None) or error}.",
            remedy="Try again in a moment; see that the database runs, and that its disk can be written and has space.",
        ) from error
    except (DataError, OverflowError) as error:
        raise UnstorableValueError(
            f"A value cannot be looked up or stored: {getattr(error, 'orig', None) or error}.",
            remedy="Texts hold no zero character, whole numbers have at most 64 bits.",
        ) from error
