"""The embedded store: one SQLite file in the data folder, nothing else to install."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from service.store.migrate import upgrade
from service.store.quick import quick_sqlite
from service.store.sql_store import SqlStore

_BUSY_TIMEOUT_MS = 120_000
"""A million parcels are stored in one transaction, which takes half a minute: the others wait for it."""


class SqliteStore(SqlStore):
    """A store in one file.

    Args:
        path: The file; made where absent.
        migrate: Bring the tables up to date first.
    """

    def __init__(self, path: Path, *, migrate: bool = True) -> None:
        engine = sqlite_engine(path)
        if migrate:
            # two processes that start at once must not both make the tables
            with path.with_suffix(".migrate.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                upgrade(engine)
        super().__init__(engine, quick_sqlite(str(path)))
        if migrate:
            self.structures.catch_up()


def sqlite_engine(path: Path) -> sa.Engine:
    """Connections to a file, in the way of the store: one writer, readers beside it."""
    engine = sa.create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=32,
        # an error that reaches the log must not tell what was stored
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_MS / 1000},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # transactions are begun below, by SQLAlchemy's own event, and by nobody else
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={_BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine
