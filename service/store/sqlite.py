"""The embedded store: one SQLite file in the data folder, nothing else to install."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from service.errors import StoreBusyError
from service.store.database import Database
from service.store.migrate import upgrade
from service.store.sql_audits import SqlAudits
from service.store.sql_intake import SqlIntake
from service.store.sql_jobs import SqlJobs
from service.store.sql_layers import SqlLayers
from service.store.sql_scans import SqlScans
from service.store.sql_scenes import SqlScenes
from service.store.sql_structures import SqlStructures
from service.store.sql_verdicts import SqlVerdicts

_BUSY_TIMEOUT_MS = 120_000
"""A million parcels are stored in one transaction, which takes half a minute: the others wait for it."""


class SqliteStore:
    """A store in one file.

    Args:
        path: The file; made where absent.
        migrate: Bring the tables up to date first.
    """

    def __init__(self, path: Path, *, migrate: bool = True) -> None:
        self._engine = _engine(path)
        if migrate:
            _upgrade_alone(self._engine, path)
        database = Database(self._engine)
        self.scenes = SqlScenes(database)
        self.layers = SqlLayers(database)
        self.jobs = SqlJobs(database)
        self.scans = SqlScans(database)
        self.structures = SqlStructures(database)
        self.verdicts = SqlVerdicts(database)
        self.audits = SqlAudits(database)
        self.intake = SqlIntake(database)
        if migrate:
            self.structures.catch_up()

    def ping(self) -> None:
        """See that the store answers.

        Raises:
            StoreBusyError: If not.
        """
        try:
            with self._engine.connect() as connection:
                connection.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar_one()
        except SQLAlchemyError as error:
            raise StoreBusyError(f"The database does not answer: {error}.") from error

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=32,
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


def _upgrade_alone(engine: sa.Engine, path: Path) -> None:
    # two processes that start at once must not both make the tables
    with path.with_suffix(".migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        upgrade(engine)
