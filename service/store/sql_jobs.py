"""Jobs in a table: every move is one guarded update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

import sqlalchemy as sa

from service.auth.sight import EVERYTHING, Sight
from service.errors import LostClaimError, NotFoundError
from service.jobs.states import ACTIVE, JobState, check_move, sources_of
from service.store.database import Database
from service.store.job_records import BLAMELESS, Claim, Job, JobEvent, Setback, Wanted
from service.store.job_schema import job_events, job_logs, job_steps
from service.store.records import Page
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
        """Store a job, unless one with the same inputs is active or successful: then that one and False.

        One that waits and is asked for more urgently goes forward.
        """
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
                if job.urgency < row.urgency and row.state in ACTIVE:
                    forward = sa.update(jobs).where(jobs.c.id == row.id)
                    connection.execute(forward.values(urgency=job.urgency, not_before=None))
                return _get(connection, row.id), False
            values = {name: getattr(job, name) for name in _PLAIN}
            connection.execute(sa.insert(jobs).values(**values, state=job.state.value))
            _note(connection, job.id, JobEvent(job.created_at, "accepted", 0, "", ""))
        return job, True

    def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            return self._shown(connection, _get(connection, job_id))

    def page(self, limit: int, after_key: int = 0, state: JobState | None = None, kind: str | None = None) -> Page[Job]:
        """Jobs, the latest first."""
        of_kind = sa.true() if kind is None else jobs.c.kind == kind
        in_state = sa.and_(*self._disclosed(), of_kind, sa.true() if state is None else jobs.c.state == state.value)
        older = sa.true() if after_key == 0 else jobs.c.seq < after_key
        with self._db.read() as connection:
            count = sa.select(sa.func.count()).select_from(jobs).where(in_state)
            matched = connection.execute(count).scalar_one()
            wanted = sa.select(jobs).where(in_state, older).order_by(jobs.c.seq.desc())
            rows = connection.execute(wanted.limit(limit + 1)).all()
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([_job(row) for row in rows[:limit]], matched, following)

    def claim(self, runner: str, wanted: Wanted | None = None) -> tuple[Job, Claim] | None:
        """Start the waiting job whose turn it is; None without one.

        The more urgent goes first, of equals the older; one that has waited for too long goes before all.
        """
        wanted = wanted or Wanted()
        with self._db.read() as connection:
            # to look costs no lock; most looks find nothing
            if connection.execute(_next(wanted, self._db.now(connection))).first() is None:
                return None
        with self._db.write("jobs") as connection:
            now = self._db.now(connection)
            job_id = connection.execute(_next(wanted, now)).scalar_one_or_none()
            if job_id is None:
                return None
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job_id)
                .values(
                    state=JobState.RUNNING.value,
                    runner=runner,
                    attempts=jobs.c.attempts + 1,
                    progress=0,
                    message="starting",
                    not_before=None,
                    started_at=now,
                    updated_at=now,
                )
            )
            job = _get(connection, job_id)
            _note(connection, job_id, JobEvent(now, "started", job.attempts, runner, ""))
        return job, Claim(job.id, runner, job.attempts)

    def progress(self, claim: Claim, percent: int, message: str) -> None:
        """Note how far a running job is.

        Raises:
            LostClaimError: Once the claim is void.
        """
        with self._db.write("jobs") as connection:
            _update(connection, claim, progress=percent, message=message)

    def succeed(self, claim: Claim, message: str, result: Mapping[str, Any] | None = None) -> None:
        """End a running job well that has no scan for its result.

        Raises:
            LostClaimError: Once the claim is void.
        """
        with self._db.write("jobs") as connection:
            finish(connection, claim, JobState.SUCCESSFUL, progress=100, message=message, result=result)

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
            _note(connection, job_id, JobEvent(now, "dismissed", job.attempts, job.runner, ""))
            return _get(connection, job_id)

    def give_back(self, claim: Claim, detail: str) -> None:
        """Put a running job back into the line as if it had not been started; nothing once the claim is void."""
        with self._db.write("jobs") as connection:
            now = self._db.now(connection)
            if _put_back(connection, claim, now, not_before=None, message="waiting for another start"):
                _note(connection, claim.job_id, JobEvent(now, "given-back", claim.attempt, claim.runner, detail))

    def set_back(self, claim: Claim, setback: Setback) -> bool:
        """Put a running job whose start ended badly back into the line, to wait a while, or end it as failed.

        Nothing happens once the claim is void.

        Returns:
            Whether it is tried again.
        """
        with self._db.write("jobs") as connection:
            now = self._db.now(connection)
            found = connection.execute(sa.select(jobs.c.strikes).where(*_held(claim))).first()
            if found is None:
                return False
            blameless = setback.what == BLAMELESS
            before = _blameless(connection, claim.job_id) if blameless else int(found.strikes)
            strikes = int(found.strikes) + (0 if blameless else 1)
            _note(connection, claim.job_id, JobEvent(now, setback.what, claim.attempt, claim.runner, setback.detail))
            if not blameless and strikes >= setback.most:
                values = {"message": str(setback.error.get("title", "")), "error": dict(setback.error)}
                finish(connection, claim, JobState.FAILED, strikes=strikes, **values)
                return False
            pause_s = setback.pause_s(before + 1)
            message = f"waiting {pause_s:.0f} s for another start: {setback.detail}"
            _put_back(
                connection, claim, now, not_before=now + timedelta(seconds=pause_s), strikes=strikes, message=message
            )
            return True

    def running(self, runner: str) -> Sequence[Claim]:
        """The claims that a runner holds."""
        held = sa.select(jobs.c.id, jobs.c.attempts).where(
            jobs.c.state == JobState.RUNNING.value, jobs.c.runner == runner
        )
        with self._db.read() as connection:
            return [Claim(row.id, runner, row.attempts) for row in connection.execute(held.order_by(jobs.c.seq))]

    def runners(self) -> Sequence[str]:
        """The runners that hold a claim."""
        wanted = sa.select(jobs.c.runner).where(jobs.c.state == JobState.RUNNING.value).distinct()
        with self._db.read() as connection:
            return list(connection.execute(wanted.order_by(jobs.c.runner)).scalars())

    def history(self, job_id: str) -> Sequence[JobEvent]:
        """What happened to a job, the first first; `NotFoundError` without it."""
        wanted = sa.select(job_events).where(job_events.c.job_id == job_id).order_by(job_events.c.seq)
        with self._db.read() as connection:
            self._shown(connection, _get(connection, job_id))
            rows = connection.execute(wanted).all()
        return [JobEvent(row.at, row.what, row.attempt, row.runner, row.detail) for row in rows]

    def keep_log(self, claim: Claim, content: str) -> None:
        """Keep what a start of a job said, whether or not the claim still holds."""
        key = sa.and_(job_logs.c.job_id == claim.job_id, job_logs.c.attempt == claim.attempt)
        with self._db.write("jobs") as connection:
            connection.execute(sa.delete(job_logs).where(key))
            connection.execute(sa.insert(job_logs).values(job_id=claim.job_id, attempt=claim.attempt, content=content))

    def logs(self, job_id: str) -> Sequence[tuple[int, str]]:
        """What the starts of a job said, with their numbers; `NotFoundError` without it."""
        wanted = sa.select(job_logs).where(job_logs.c.job_id == job_id).order_by(job_logs.c.attempt)
        with self._db.read() as connection:
            self._shown(connection, _get(connection, job_id))
            return [(row.attempt, row.content) for row in connection.execute(wanted)]

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
    now = datetime.now(UTC)
    _update(connection, claim, state=state.value, finished_at=now, **values)
    told = str(values.get("message", "")) if state is JobState.FAILED else ""
    _note(connection, claim.job_id, JobEvent(now, state.value, claim.attempt, claim.runner, told))
    if state is JobState.SUCCESSFUL:
        mine = sa.select(jobs.c.inputs_key).where(jobs.c.id == claim.job_id).scalar_subquery()
        connection.execute(sa.delete(job_steps).where(job_steps.c.inputs_key == mine))


def holds(connection: sa.Connection, claim: Claim) -> str:
    """The `inputs_key` of the job that a claim holds, within a transaction that writes jobs.

    Raises:
        LostClaimError: Once the claim is void.
    """
    found = connection.execute(sa.select(jobs.c.inputs_key).where(*_held(claim))).scalar_one_or_none()
    if found is None:
        raise _lost(claim)
    return str(found)


def _held(claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
    running = jobs.c.state == JobState.RUNNING.value
    return jobs.c.id == claim.job_id, running, jobs.c.runner == claim.runner, jobs.c.attempts == claim.attempt


def _update(connection: sa.Connection, claim: Claim, **values: Any) -> None:
    done = connection.execute(sa.update(jobs).where(*_held(claim)).values(updated_at=datetime.now(UTC), **values))
    if done.rowcount != 1:
        raise _lost(claim)


def _lost(claim: Claim) -> LostClaimError:
    return LostClaimError(f"Job {claim.job_id} was stopped or taken over.", attempt=claim.attempt)


def _put_back(connection: sa.Connection, claim: Claim, now: datetime, **values: Any) -> bool:
    waiting = {"state": JobState.ACCEPTED.value, "runner": "", "progress": 0, "updated_at": now}
    return connection.execute(sa.update(jobs).where(*_held(claim)).values(**waiting, **values)).rowcount == 1


def _next(wanted: Wanted, now: datetime) -> sa.Select[str]:
    """The id of the job whose turn it is."""
    others = jobs.alias("others")
    full = (
        sa.select(others.c.area)
        .where(others.c.state == JobState.RUNNING.value, others.c.area != "")
        .group_by(others.c.area)
        .having(sa.func.count() >= wanted.per_area)
    )
    patient = jobs.c.created_at >= now - timedelta(seconds=wanted.patience_s)
    return (
        sa.select(jobs.c.id)
        .where(
            jobs.c.state == JobState.ACCEPTED.value,
            sa.or_(jobs.c.not_before.is_(None), jobs.c.not_before <= now),
            jobs.c.place.in_(("", wanted.place)),
            sa.true() if wanted.kinds is None else jobs.c.kind.in_(wanted.kinds),
            jobs.c.kind.not_in(wanted.but) if wanted.but else sa.true(),
            jobs.c.area.not_in(full) if wanted.per_area else sa.true(),
        )
        .order_by(sa.case((patient, jobs.c.urgency), else_=-1), jobs.c.seq)
        .limit(1)
    )


def _blameless(connection: sa.Connection, job_id: str) -> int:
    """How many starts of a job came to nothing lately, one after the other, for no fault of its own."""
    lately = sa.select(job_events.c.what).where(job_events.c.job_id == job_id, job_events.c.what != "started")
    found = connection.execute(lately.order_by(job_events.c.seq.desc()).limit(_LATELY)).scalars()
    return sum(1 for _ in takewhile(lambda what: what == BLAMELESS, found))


_LATELY = 10
"""After so many the pause grows no longer."""


def _note(connection: sa.Connection, job_id: str, event: JobEvent) -> None:
    connection.execute(sa.insert(job_events).values(job_id=job_id, **event.__dict__))


def _get(connection: sa.Connection, job_id: str) -> Job:
    row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).first()
    if row is None:
        raise _no_job(job_id)
    return _job(row)


def _job(row: sa.Row[Any]) -> Job:
    return Job(**{name: getattr(row, name) for name in _PLAIN}, state=JobState(row.state))
