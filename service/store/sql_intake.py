"""The memory of the nightly batch in tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa

from service.store.database import Database
from service.store.intake_records import IntakeEntry, NightRun
from service.store.schema import intake, night_runs

_RUN = ["id", "folder", "started_at", "finished_at"]
_ENTRY = [c.name for c in intake.c]


class SqlIntake:
    """Nightly runs and the files they saw.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def open_run(self, run: NightRun) -> NightRun:
        """Begin a run over a folder, or go on with the unfinished one."""
        with self._db.write("intake") as connection:
            unfinished = sa.select(night_runs).where(
                night_runs.c.folder == run.folder, night_runs.c.finished_at.is_(None)
            )
            row = connection.execute(unfinished.order_by(night_runs.c.seq).limit(1)).first()
            if row is not None:
                return NightRun(**{name: getattr(row, name) for name in _RUN})
            connection.execute(sa.insert(night_runs).values({name: getattr(run, name) for name in _RUN}))
        return run

    def close_run(self, run_id: str) -> None:
        """Mark a run finished."""
        with self._db.write("intake") as connection:
            connection.execute(
                sa.update(night_runs).where(night_runs.c.id == run_id).values(finished_at=datetime.now(UTC))
            )

    def entries(self, folder: str) -> Mapping[str, IntakeEntry]:
        """What is known of a folder's files, by name."""
        wanted = sa.select(intake).where(intake.c.folder == folder).order_by(intake.c.name)
        with self._db.read() as connection:
            rows = connection.execute(wanted).all()
        return {row.name: IntakeEntry(**{name: getattr(row, name) for name in _ENTRY}) for row in rows}

    def put(self, entry: IntakeEntry) -> None:
        """Keep what is known of a file."""
        values = {name: getattr(entry, name) for name in _ENTRY}
        key = sa.and_(intake.c.folder == entry.folder, intake.c.name == entry.name)
        with self._db.write("intake") as connection:
            if connection.execute(sa.update(intake).where(key).values(values)).rowcount == 0:
                connection.execute(sa.insert(intake).values(values))
