"""Jobs in a table: every move is one guarded update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from service.auth.sight import EVERYTHING, Sight
from service.errors import LostClaimError, NotFoundError
from service.jobs.states import ACTIVE, JobState, check_move, sources_of
from service.store.database import Database
from service.store.records import Claim, Job, Page
from service.store.schema import jobs
from service.store.sql_sight import disclosed, shown_scenes

_PLAIN = [c.name for c in jobs.c if c.name not in {"seq", "state"}]


class SqlJobs:
    """Jobs.

    Args:
        database: Where the table is.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def submit(self, job: Job) -> tuple[Job, bool]:
        """Store a job, unless one with the same inputs is active or successful: then that one and False."""
        lasting = [*ACTIVE, JobState.SUCCESSFUL]
        with self._db.write("jobs") as connection:
            same = (
                sa.select(jobs)
                .where(jobs.c.inputs_key == job.inputs_key, jobs.c.state.in_([s.value for s in lasting]))
                .order_by(jobs.c.seq.desc())
                .limit(1)
            )
            row = connection.execute(same).first()
            if row is not None:
                return _job(row), False
            values = {name: getattr(job, name) for name in _PLAIN}
            connection.execute(sa.insert(jobs).values(**values, state=job.state.value))
        return job, True

    def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            return self._shown(connection, _get(connection, job_id))

    def page(self, limit: int, after_key: int = 0, state: JobState | None = None) -> Page[Job]:
        """Jobs, the latest first."""
        in_state = sa.and_(*self._disclosed(), sa.true() if state is None else jobs.c.state == state.value)
        older = sa.true() if after_key == 0 else jobs.c.seq < after_key
        with self._db.read() as connection:
            count = sa.select(sa.func.count()).select_from(jobs).where(in_state)
            matched = connection.execute(count).scalar_one()
            wanted = sa.select(jobs).where(in_state, older).order_by(jobs.c.seq.desc())
            rows = connection.execute(wanted.limit(limit + 1)).all()
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([_job(row) for row in rows[:limit]], matched, following)

    def claim(self, runner: str, kind: str | None = None) -> tuple[Job, Claim] | None:
        """Start the oldest accepted job of a runner, of one kind or of any; None without one."""
        now = datetime.now(UTC)
        of_kind = sa.true() if kind is None else jobs.c.kind == kind
        with self._db.write("jobs") as connection:
            oldest = (
                sa.select(jobs.c.id)
                .where(jobs.c.state == JobState.ACCEPTED.value, jobs.c.runner == runner, of_kind)
                .order_by(jobs.c.seq)
                .limit(1)
            )
            job_id = connection.execute(oldest).scalar_one_or_none()
            if job_id is None:
                return None
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job_id)
                .values(
                    state=JobState.RUNNING.value,
                    attempts=jobs.c.attempts + 1,
                    progress=0,
                    message="starting",
                    started_at=now,
                    updated_at=now,
                )
            )
            job = _get(connection, job_id)
        return job, Claim(job.id, runner, job.attempts)

    def progress(self, claim: Claim, percent: int, message: str) -> None:
        """Note how far a running job is.

        Raises:
            LostClaimError: Once the claim is void.
        """
        with self._db.write("jobs") as connection:
            _update(connection, claim, progress=percent, message=message)

    def succeed(self, claim: Claim, message: str) -> None:
        """End a running job well that has no scan for its result.

        Raises:
            LostClaimError: Once the claim is void.
        """
        with self._db.write("jobs") as connection:
            finish(connection, claim, JobState.SUCCESSFUL, progress=100, message=message)

    def fail(self, claim: Claim, error: Mapping[str, Any]) -> None:
        """End a running job with a named error.

        Raises:
            LostClaimError: Once the claim is void.
        """
        with self._db.write("jobs") as connection:
            finish(connection, claim, JobState.FAILED, message=str(error.get("title", "")), error=dict(error))

    def dismiss(self, job_id: str) -> Job:
        """Stop an active job; one that is dismissed already stays so.

        Raises:
            NotFoundError: Without it.
            IllegalMoveError: If it has come to another end.
        """
        now = datetime.now(UTC)
        with self._db.write("jobs") as connection:
            job = self._shown(connection, _get(connection, job_id))
            if job.state is JobState.DISMISSED:
                return job
            check_move(job_id, job.state, JobState.DISMISSED)
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job_id)
                .values(
                    state=JobState.DISMISSED.value,
                    message="stopped on request",
                    updated_at=now,
                    finished_at=now,
                )
            )
            return _get(connection, job_id)

    def give_back(self, claim: Claim, *, count_attempt: bool) -> None:
        """Put a running job back to accepted; nothing happens once the claim is void."""
        attempts = claim.attempt if count_attempt else claim.attempt - 1
        try:
            with self._db.write("jobs") as connection:
                _update(
                    connection,
                    claim,
                    state=JobState.ACCEPTED.value,
                    attempts=attempts,
                    progress=0,
                    message="waiting for another start",
                )
        except LostClaimError:
            return

    def foreign_runners(self, runner: str) -> Sequence[str]:
        """The other runners that have active jobs."""
        wanted = (
            sa.select(jobs.c.runner)
            .where(jobs.c.state.in_([s.value for s in ACTIVE]), jobs.c.runner != runner)
            .distinct()
        )
        with self._db.read() as connection:
            return list(connection.execute(wanted).scalars())

    def adopt(
        self, dead: str, heir: str, max_attempts: int, error: Mapping[str, Any]
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Give the active jobs of a dead runner to another.

        Args:
            dead: Id of the runner that is gone.
            heir: Id of the runner that takes them.
            max_attempts: A running job that was started so often is failed instead.
            error: The named error for those.

        Returns:
            Ids that were adopted, ids that were failed.
        """
        now = datetime.now(UTC)
        adopted: list[str] = []
        failed: list[str] = []
        with self._db.write("jobs") as connection:
            mine = sa.select(jobs).where(jobs.c.runner == dead, jobs.c.state.in_([s.value for s in ACTIVE]))
            for job in [_job(row) for row in connection.execute(mine.order_by(jobs.c.seq))]:
                values: dict[str, Any] = {"runner": heir, "updated_at": now}
                if job.state is JobState.RUNNING and job.attempts >= max_attempts:
                    values |= {"state": JobState.FAILED.value, "error": dict(error), "finished_at": now}
                    values["message"] = str(error.get("title", ""))
                    failed.append(job.id)
                else:
                    values |= {"state": JobState.ACCEPTED.value, "progress": 0}
                    values["message"] = "waiting for another start"
                    adopted.append(job.id)
                connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(values))
        return adopted, failed

    def _disclosed(self) -> list[sa.ColumnElement[bool]]:
        """Jobs that are not too secret; of those who work in some areas alone, their own."""
        told = disclosed(jobs.c.secrecy, self._sight)
        if self._sight.ground is not None:
            told.append(jobs.c.owner == self._sight.owner)
        return told

    def _shown(self, connection: sa.Connection, job: Job) -> Job:
        foreign = self._sight.ground is not None and job.owner != self._sight.owner
        if job.secrecy in self._sight.hidden or (foreign and not self._is_known(connection, job)):
            raise _no_job(job.id)
        return job

    def _is_known(self, connection: sa.Connection, job: Job) -> bool:
        """Whether a job of somebody else compares scenes that are shown: who orders the same gets that job."""
        pair = [job.request.get("before_scene"), job.request.get("after_scene")]
        seen = {row.id for row in connection.execute(shown_scenes(connection, self._sight))}
        return job.kind == "scan" and seen.issuperset(pair)


def _no_job(job_id: str) -> NotFoundError:
    return NotFoundError(f"There is no job {job_id}.", remedy="GET /jobs lists them.")


def finish(connection: sa.Connection, claim: Claim, state: JobState, **values: Any) -> None:
    """Bring a running job to its end within a transaction of the caller.

    Raises:
        LostClaimError: Once the claim is void.
    """
    if JobState.RUNNING not in sources_of(state):
        raise ValueError(f"a running job cannot become {state}")
    _update(connection, claim, state=state.value, finished_at=datetime.now(UTC), **values)


def _update(connection: sa.Connection, claim: Claim, **values: Any) -> None:
    done = connection.execute(
        sa.update(jobs)
        .where(jobs.c.id == claim.job_id, jobs.c.state == JobState.RUNNING.value)
        .where(jobs.c.runner == claim.runner, jobs.c.attempts == claim.attempt)
        .values(updated_at=datetime.now(UTC), **values)
    )
    if done.rowcount != 1:
        raise LostClaimError(f"Job {claim.job_id} was stopped or taken over.", attempt=claim.attempt)


def _get(connection: sa.Connection, job_id: str) -> Job:
    row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).first()
    if row is None:
        raise _no_job(job_id)
    return _job(row)


def _job(row: sa.Row[Any]) -> Job:
    return Job(**{name: getattr(row, name) for name in _PLAIN}, state=JobState(row.state))
