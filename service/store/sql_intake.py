"""The memory of the nightly batch in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from service.errors import NotFoundError
from service.store.database import Database
from service.store.intake_records import IntakeEntry, NightRun
from service.store.records import Page
from service.store.schema import intake, night_runs, scenes

_RUN = ["id", "folder", "started_at", "finished_at", "due_at", "report"]
_ENTRY = [c.name for c in intake.c]


class SqlIntake:
    """Nightly runs and the files they saw.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def open_run(self, run: NightRun) -> NightRun:
        """Begin a run over a folder, or go on with the unfinished one; of a moment that was due there is one run."""
        with self._db.write("intake") as connection:
            row = None
            if run.due_at is not None:
                row = connection.execute(sa.select(night_runs).where(night_runs.c.due_at == run.due_at)).first()
            if row is None:
                unfinished = sa.and_(night_runs.c.folder == run.folder, night_runs.c.finished_at.is_(None))
                wanted = sa.select(night_runs).where(unfinished).order_by(night_runs.c.seq)
                row = connection.execute(wanted.limit(1)).first()
                if row is None:
                    connection.execute(sa.insert(night_runs).values({name: getattr(run, name) for name in _RUN}))
                    return run
                if run.due_at is not None:
                    # the run that goes on does the work of this moment too
                    own = night_runs.c.seq == row.seq
                    connection.execute(sa.update(night_runs).where(own).values(due_at=run.due_at))
                    row = connection.execute(sa.select(night_runs).where(own)).one()
        return _run(row)

    def close_run(self, run_id: str, report: Mapping[str, Any]) -> None:
        """Mark a run finished, with what it reported; nothing happens to one that is."""
        values = {"finished_at": datetime.now(UTC), "report": report}
        own = sa.and_(night_runs.c.id == run_id, night_runs.c.finished_at.is_(None))
        with self._db.write("intake") as connection:
            connection.execute(sa.update(night_runs).where(own).values(values))

    def run(self, run_id: str) -> NightRun:
        """One run.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            row = connection.execute(sa.select(night_runs).where(night_runs.c.id == run_id)).first()
        if row is None:
            raise NotFoundError(f"There is no night {run_id[:64]!r}.", remedy="GET /nights lists them.")
        return _run(row)

    def runs(self, limit: int, after_key: int = 0) -> Page[NightRun]:
        """Runs, the latest first."""
        older = sa.true() if after_key == 0 else night_runs.c.seq < after_key
        with self._db.read() as connection:
            matched = connection.execute(sa.select(sa.func.count()).select_from(night_runs)).scalar_one()
            wanted = sa.select(night_runs).where(older).order_by(night_runs.c.seq.desc())
            rows = connection.execute(wanted.limit(limit + 1)).all()
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([_run(row) for row in rows[:limit]], matched, following)

    def last_scheduled(self) -> NightRun | None:
        """The run of the latest moment of a schedule; None: there was none."""
        due = night_runs.c.due_at
        wanted = sa.select(night_runs).where(due.is_not(None)).order_by(due.desc()).limit(1)
        with self._db.read() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else _run(row)

    def entries(self, folder: str) -> Mapping[str, IntakeEntry]:
        """What is known of the files of a source, by name."""
        return {entry.name: entry for entry in self._entries(intake.c.folder == folder)}

    def of_run(self, run_id: str) -> Sequence[IntakeEntry]:
        """What a run took or refused."""
        return self._entries(intake.c.run_id == run_id)

    def in_state(self, state: str) -> Sequence[IntakeEntry]:
        """What is in a state, of all sources."""
        return self._entries(intake.c.state == state)

    def with_scene(self, scene_id: str) -> Sequence[IntakeEntry]:
        """The files that became a scene."""
        return self._entries(intake.c.scene_id == scene_id)

    def unheard(self) -> Sequence[str]:
        """Ids of the scenes that no run has heard of, the first stored first."""
        heard = sa.exists().where(intake.c.scene_id == scenes.c.id)
        with self._db.read() as connection:
            return list(connection.execute(sa.select(scenes.c.id).where(~heard).order_by(scenes.c.seq)).scalars())

    def put(self, entry: IntakeEntry) -> None:
        """Keep what is known of a file."""
        values = {name: getattr(entry, name) for name in _ENTRY}
        key = sa.and_(intake.c.folder == entry.folder, intake.c.name == entry.name)
        with self._db.write("intake") as connection:
            if connection.execute(sa.update(intake).where(key).values(values)).rowcount == 0:
                connection.execute(sa.insert(intake).values(values))

    def _entries(self, which: sa.ColumnElement[bool]) -> list[IntakeEntry]:
        wanted = sa.select(intake).where(which).order_by(intake.c.folder, intake.c.name)
        with self._db.read() as connection:
            rows = connection.execute(wanted).all()
        return [IntakeEntry(**{name: getattr(row, name) for name in _ENTRY}) for row in rows]


def _run(row: sa.Row[Any]) -> NightRun:
    return NightRun(**{name: getattr(row, name) for name in _RUN})
