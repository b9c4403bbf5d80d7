"""The processes that take jobs, in a table, and the steps of jobs that are done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from service.store.database import Database
from service.store.job_records import Claim, Runner
from service.store.job_schema import job_steps, runners
from service.store.schema import jobs
from service.store.sql_jobs import holds

_COLUMNS = [c.name for c in runners.c]


class SqlRunners:
    """Runners.

    Args:
        database: Where the table is.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def enrol(self, runner: Runner) -> None:
        """Enter a runner; from now on it is known that it lives."""
        with self._db.write("runners") as connection:
            now = self._db.now(connection)
            connection.execute(sa.insert(runners).values(runner.__dict__ | {"started_at": now, "beat_at": now}))

    def beat(self, runner: str) -> bool:
        """Say that a runner lives; False if it was given up meanwhile."""
        with self._db.write("runners") as connection:
            said = sa.update(runners).where(runners.c.id == runner).values(beat_at=self._db.now(connection))
            return connection.execute(said).rowcount == 1

    def retire(self, runner: str) -> None:
        """Strike a runner out."""
        with self._db.write("runners") as connection:
            connection.execute(sa.delete(runners).where(runners.c.id == runner))

    def all(self) -> Sequence[tuple[Runner, float]]:
        """Every runner with the seconds since it last said that it lives."""
        with self._db.read() as connection:
            now = self._db.now(connection)
            rows = connection.execute(sa.select(runners).order_by(runners.c.started_at, runners.c.id)).all()
        known = [Runner(**{name: getattr(row, name) for name in _COLUMNS}) for row in rows]
        return [(runner, (now - runner.beat_at).total_seconds()) for runner in known]


class SqlSteps:
    """Steps of jobs: what a start has done, the next one need not do again.

    They belong to the inputs and not to the job: the same order, given again, goes on where the first one ended.

    Args:
        database: Where the table is.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def kept(self, inputs_key: str, name: str) -> bytes | None:
        """What a step gave; None where it was not done."""
        wanted = sa.select(job_steps.c.content).where(job_steps.c.inputs_key == inputs_key, job_steps.c.name == name)
        with self._db.read() as connection:
            return connection.execute(wanted).scalar_one_or_none()

    def names(self, inputs_key: str) -> Sequence[str]:
        """The steps that are done."""
        wanted = sa.select(job_steps.c.name).where(job_steps.c.inputs_key == inputs_key)
        with self._db.read() as connection:
            return list(connection.execute(wanted.order_by(job_steps.c.name)).scalars())

    def keep(self, claim: Claim, name: str, content: bytes) -> None:
        """Keep what a step gave, and count no earlier setback any more.

        Raises:
            LostClaimError: Once the claim is void.
        """
        with self._db.write("jobs") as connection:
            key = holds(connection, claim)
            same = sa.and_(job_steps.c.inputs_key == key, job_steps.c.name == name)
            connection.execute(sa.delete(job_steps).where(same))
            connection.execute(
                sa.insert(job_steps).values(
                    inputs_key=key, name=name, content=content, kept_at=self._db.now(connection)
                )
            )
            connection.execute(sa.update(jobs).where(jobs.c.id == claim.job_id).values(strikes=0))

    def sweep(self, older_s: float) -> int:
        """Drop the steps of what was given up so long ago; how many."""
        with self._db.write("jobs") as connection:
            before = self._db.now(connection) - timedelta(seconds=older_s)
            return connection.execute(sa.delete(job_steps).where(job_steps.c.kept_at < before)).rowcount
