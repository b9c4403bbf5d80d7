"""Verdicts in a table that only grows; the finding's row and its repeats follow in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from service.auth.sight import EVERYTHING, Sight
from service.errors import NotFoundError
from service.store.database import Database
from service.store.records import AwaitingRow, JudgedRow, Page, ReviewRow, Speaker, TwiceRow, Verdict
from service.store.schema import findings, verdicts
from service.store.sql_features import geometry_of
from service.store.sql_repeats import resettle, revised, suppression_of
from service.store.sql_second_looks import awaiting, twice
from service.store.sql_sight import disclosed_findings
from service.store.sql_structures import refollow

_PLAIN = [c.name for c in verdicts.c if c.name != "seq"]
_WORDS = ("verdict", "reason", "outline", "judged_by", "person_id", "note", "purpose")
_CHUNK = 5_000
_BY_PRIORITY = (findings.c.priority.desc(), findings.c.seq.desc())


class SqlVerdicts:
    """Verdicts.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def add(self, verdict: Verdict, *, timed: bool) -> tuple[Verdict, bool]:
        """Store a verdict and bring its finding and the repeats of it up to date in one step.

        Args:
            verdict: The verdict.
            timed: Whether the judge told the time; if not, the same words as the latest verdict are that verdict.

        Returns:
            The stored verdict, and whether it is new.

        Raises:
            NotFoundError: Without the finding.
        """
        with self._db.write("findings") as connection:
            self._require(connection, verdict.finding_id)
            told = _of(connection, verdict.finding_id)
            latest = told[-1] if told else None
            if verdict.purpose is None:
                verdict = replace(verdict, purpose="enforce" if latest is None else latest.purpose)
            known = _named(connection, verdict.finding_id, verdict.id)
            if known is None and latest is not None and not timed and _words(latest) == _words(verdict):
                known = latest
            if known is not None:
                return known, False
            if latest is not None and not timed:
                # what is said now counts, even where the clock of the one before was ahead
                verdict = replace(verdict, judged_at=max(verdict.judged_at, latest.judged_at))
            connection.execute(sa.insert(verdicts).values({name: getattr(verdict, name) for name in _PLAIN}))
            _follow(connection, latest, _of(connection, verdict.finding_id)[-1])
        return verdict, True

    def of(self, finding_id: str) -> Sequence[Verdict]:
        """The verdicts on a finding that stand, the one that counts last.

        Raises:
            NotFoundError: Without the finding.
        """
        with self._db.read() as connection:
            self._require(connection, finding_id)
            return _of(connection, finding_id)

    def one(self, finding_id: str, verdict_id: str) -> Verdict:
        """A verdict, whether it stands or not.

        Raises:
            NotFoundError: Without the finding, or without this verdict on it.
        """
        with self._db.read() as connection:
            self._require(connection, finding_id)
            return _one(connection, finding_id, verdict_id)

    def withdraw(self, finding_id: str, verdict_id: str, at: datetime) -> Verdict:
        """Take a verdict back and let its finding and the repeats of it say what stood before, in one step.

        Args:
            finding_id: The finding.
            verdict_id: The verdict.
            at: When; of one that is taken back already the first time stays.

        Raises:
            NotFoundError: Without the finding, or without this verdict on it.
        """
        with self._db.write("findings") as connection:
            self._require(connection, finding_id)
            found = _one(connection, finding_id, verdict_id)
            if found.withdrawn_at is not None:
                return found
            last = _of(connection, finding_id)[-1]
            connection.execute(sa.update(verdicts).where(verdicts.c.id == verdict_id).values(withdrawn_at=at))
            left = _of(connection, finding_id)
            if last.id == verdict_id:
                _follow(connection, last, left[-1] if left else None)
        return replace(found, withdrawn_at=at)

    def awaiting(self, who: Speaker | None, after_key: int, limit: int) -> Page[AwaitingRow]:
        """Findings that one person has judged and somebody has not looked at yet, those that wait longest first."""
        with self._db.read() as connection:
            return awaiting(connection, self._sight, who, after_key, limit)

    def twice(self, before_key: int | None, limit: int) -> Page[TwiceRow]:
        """Findings that more than one person has judged, the latest verdict first."""
        with self._db.read() as connection:
            found, following = twice(connection, self._sight, before_key, limit)
            told: dict[str, list[Verdict]] = {fid: [] for _, fid in found}
            wanted = sa.select(verdicts).where(verdicts.c.finding_id.in_(told), verdicts.c.withdrawn_at.is_(None))
            for row in connection.execute(wanted.order_by(verdicts.c.judged_at, verdicts.c.seq)):
                told[row.finding_id].append(_verdict(row))
        rows = [TwiceRow(key, fid, told[fid]) for key, fid in found]
        return Page(rows, len(rows), following)

    def open(self) -> Sequence[ReviewRow]:
        """Findings that are neither judged nor suppressed, the highest priority first."""
        wanted = sa.select(findings).where(
            findings.c.judged.is_(None), findings.c.suppressed_by.is_(None), *disclosed_findings(self._sight)
        )
        with self._db.read() as connection:
            rows = connection.execute(wanted.order_by(*_BY_PRIORITY))
            return [_review_row(row) for part in rows.partitions(_CHUNK) for row in part if self._is_shown(row)]

    def judged(self) -> Sequence[JudgedRow]:
        """Judged findings with their latest verdict, the highest priority first."""
        with self._db.read() as connection:
            stand = sa.select(verdicts).where(verdicts.c.withdrawn_at.is_(None))
            every = connection.execute(stand.order_by(verdicts.c.judged_at, verdicts.c.seq))
            latest = _latest(_verdict(row) for row in every)
            wanted = sa.select(findings).where(findings.c.judged.is_not(None), *disclosed_findings(self._sight))
            return [
                JudgedRow(_review_row(row), latest[row.fid], row.geojson)
                for row in connection.execute(wanted.order_by(*_BY_PRIORITY))
                if self._is_shown(row)
            ]

    def last_key(self) -> int:
        """Grows with every verdict. Stored findings change by verdicts, and by scans that show more of structures."""
        with self._db.read() as connection:
            return int(connection.execute(sa.select(sa.func.max(verdicts.c.seq))).scalar_one() or 0)

    def _is_shown(self, row: sa.Row[Any]) -> bool:
        return self._sight.ground is None or self._sight.meets(geometry_of(row.geojson))

    def _require(self, connection: sa.Connection, finding_id: str) -> None:
        """See that a finding is shown; `NotFoundError` if not."""
        if self._sight.whole:
            return
        wanted = sa.select(findings.c.geojson).where(findings.c.fid == finding_id, *disclosed_findings(self._sight))
        row = connection.execute(wanted).first()
        if row is None or not self._is_shown(row):
            raise _no_finding(finding_id)


def _no_finding(finding_id: str) -> NotFoundError:
    return NotFoundError(f"There is no finding {finding_id}.", remedy="GET /scans/{id}/findings lists them.")


def _of(connection: sa.Connection, finding_id: str) -> list[Verdict]:
    if connection.execute(sa.select(findings.c.seq).where(findings.c.fid == finding_id)).first() is None:
        raise _no_finding(finding_id)
    wanted = sa.select(verdicts).where(verdicts.c.finding_id == finding_id, verdicts.c.withdrawn_at.is_(None))
    return [_verdict(row) for row in connection.execute(wanted.order_by(verdicts.c.judged_at, verdicts.c.seq))]


def _named(connection: sa.Connection, finding_id: str, verdict_id: str) -> Verdict | None:
    wanted = sa.select(verdicts).where(verdicts.c.finding_id == finding_id, verdicts.c.id == verdict_id)
    row = connection.execute(wanted).first()
    return None if row is None else _verdict(row)


def _one(connection: sa.Connection, finding_id: str, verdict_id: str) -> Verdict:
    found = _named(connection, finding_id, verdict_id)
    if found is None:
        raise NotFoundError(
            f"There is no verdict {verdict_id} on the finding {finding_id}.",
            remedy=f"GET /findings/{finding_id}/verdicts lists them.",
        )
    return found


def _latest(told: Iterable[Verdict]) -> Mapping[str, Verdict]:
    return {verdict.finding_id: verdict for verdict in told}


def _words(verdict: Verdict) -> list[Any]:
    return [getattr(verdict, name) for name in _WORDS]


def _follow(connection: sa.Connection, last: Verdict | None, latest: Verdict | None) -> None:
    """Let a finding's row say what its latest verdict says; its repeats and the structures follow.

    Args:
        connection: A transaction that writes.
        last: What counted until now.
        latest: What counts; None: nothing any more, and the finding is open again, or a repeat as it was.
    """
    said = latest or last
    assert said is not None
    mine = findings.c.fid == said.finding_id
    columns = (findings.c.scan_id, findings.c.judged, findings.c.suppressed_by, findings.c.geojson)
    row = connection.execute(sa.select(*columns).where(mine)).one()
    judged, reason = (None, None) if latest is None else (latest.verdict, latest.reason)
    # who judges a repeat has looked at it himself: its own verdict counts, not that of the other
    suppressed = suppression_of(connection, said.finding_id) if latest is None else None
    text = revised(row.geojson, judged=judged, judged_reason=reason, suppressed_by=suppressed)
    values = {"judged": judged, "suppressed_by": suppressed, "geojson": text}
    connection.execute(sa.update(findings).where(mine).values(values))
    if row.judged is not judged:
        resettle(connection, said.finding_id, dismissed=judged is False)
    # a finding that counted as seen and is confirmed as it was drawn changes no structure
    counted, counts = row.judged is not False and row.suppressed_by is None, judged is not False and suppressed is None
    if counted is not counts or _drawn(last) != _drawn(latest):
        refollow(connection, row.scan_id)


def _drawn(verdict: Verdict | None) -> Any:
    """The outline that stands in place of the finding's own, None where its own is right."""
    return verdict.outline if verdict is not None and verdict.verdict else None


def _verdict(row: sa.Row[Any]) -> Verdict:
    return Verdict(**{name: getattr(row, name) for name in _PLAIN})


def _review_row(row: sa.Row[Any]) -> ReviewRow:
    told = orjson.loads(row.geojson)["properties"]
    reasons = told.get("reasons") or [{}]
    return ReviewRow(
        key=row.seq,
        fid=row.fid,
        scan_id=row.scan_id,
        status=row.status,
        change=row.change,
        stage=str(told.get("stage") or "unknown"),
        confidence=row.confidence,
        priority=row.priority,
        area_m2=float(told.get("area_m2") or 0.0),
        cues=tuple(told.get("cues") or ()),
        flags=tuple(told.get("flags") or ()),
        reason=str(reasons[0].get("message", reasons[0].get("code", ""))),
        place=((row.west + row.east) / 2, (row.south + row.north) / 2),
        after_at=row.after_at,
    )
