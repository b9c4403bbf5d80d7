"""Scans and findings in tables: visible only when whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson
import shapely
import sqlalchemy as sa

from service.auth.sight import EVERYTHING, Sight
from service.errors import NotFoundError
from service.jobs.states import JobState
from service.ogc.texts import geometries_of
from service.store.database import Database
from service.store.job_records import Claim
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Box, FindingRow, Page, Scan
from service.store.schema import findings, scans
from service.store.spaces import space_of
from service.store.sql_features import Source, extent_of, feature_values, insert_chunks, page_of, stream_of
from service.store.sql_jobs import finish
from service.store.sql_repeats import settled
from service.store.sql_sight import disclosed, disclosed_findings, shown_scenes
from service.store.sql_structures import refollow

_PLAIN = [c.name for c in scans.c if c.name not in {"seq", "bbox"}]
_OF_FINDING = ("status", "change", "confidence", "before_at", "after_at", "priority", "suppressed_by")
_COLUMNS = {
    "status": findings.c.status,
    "change": findings.c.change,
    "scan_id": findings.c.scan_id,
    "id": findings.c.fid,
    "confidence": findings.c.confidence,
    "priority": findings.c.priority,
}

_HARMLESS = (
    *("scan_id", "inputs", "parameters", "parameters_sha256", "layers"),
    *("rulebook", "model", "code_version", "grid", "alignment"),
)
"""Members of the provenance that tell of the pair and of how it was compared, and count nothing."""


class SqlScans:
    """Scans.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def complete(self, claim: Claim, scan: Scan, rows: Sequence[FindingRow]) -> None:
        """Store a scan, its findings and the success of its job in one step.

        Args:
            claim: The right to finish the job.
            scan: The result.
            rows: Its findings.

        Raises:
            LostClaimError: If the job was taken away meanwhile; then nothing is stored.
        """
        with self._db.write("findings") as connection:
            known = connection.execute(sa.select(scans.c.seq).where(scans.c.id == scan.id)).first()
            if known is None:
                self._insert(connection, scan, rows)
            finish(connection, claim, JobState.SUCCESSFUL, progress=100, message="done", scan_id=scan.id)

    def _insert(self, connection: sa.Connection, scan: Scan, rows: Sequence[FindingRow]) -> None:
        values = {name: getattr(scan, name) for name in _PLAIN}
        values["bbox"] = None if scan.bbox is None else list(scan.bbox)
        connection.execute(sa.insert(scans).values(values))
        insert_chunks(
            connection,
            findings,
            (
                {"scan_id": scan.id, **{name: getattr(row, name) for name in _OF_FINDING}, **feature_values(row)}
                for row in settled(connection, rows)
            ),
        )
        space_of(connection).enter(connection, findings, findings.c.scan_id == scan.id)
        refollow(connection, scan.id)

    def get(self, scan_id: str) -> Scan:
        """One scan.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            row = connection.execute(sa.select(scans).where(scans.c.id == scan_id, *self._shown(connection))).first()
        if row is None:
            raise NotFoundError(f"There is no scan {scan_id}.", remedy="GET /scans lists the finished ones.")
        return self._seen(_scan(row))

    def page(self, limit: int, after_key: int = 0) -> Page[Scan]:
        """Scans, the latest first."""
        older = sa.true() if after_key == 0 else scans.c.seq < after_key
        with self._db.read() as connection:
            shown = self._shown(connection)
            matched = connection.execute(sa.select(sa.func.count()).select_from(scans).where(*shown)).scalar_one()
            wanted = sa.select(scans).where(older, *shown).order_by(scans.c.seq.desc())
            rows = connection.execute(wanted.limit(limit + 1)).all()
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([self._seen(_scan(row)) for row in rows[:limit]], matched, following)

    def findings(self, query: FeatureQuery) -> FeaturePage:
        """Findings as GeoJSON texts."""
        with self._db.read() as connection:
            return page_of(connection, self._source(query), query)

    def all_findings(self, query: FeatureQuery) -> Iterator[str]:
        """All findings that a query wants, a portion at a time."""
        with self._db.read() as connection:
            yield from stream_of(connection, self._source(query), query)

    def finding(self, finding_id: str) -> str:
        """One finding as GeoJSON text.

        Raises:
            NotFoundError: Without it.
        """
        found = [str(row[0]) for row in self._db.quick.rows("finding", fid=finding_id)]
        if found and not self._sight.whole:
            found = list(self.findings(FeatureQuery(equals={"id": finding_id}, limit=1)).items)
        if not found:
            raise NotFoundError(f"There is no finding {finding_id}.", remedy="GET /scans/{id}/findings lists them.")
        return found[0]

    def extent(self) -> tuple[Box | None, tuple[str, str] | None]:
        """Box and time span of all findings."""
        if self._sight.ground is not None:
            return extent_of(self.all_findings(FeatureQuery()), ("before_acquired_at", "after_acquired_at"))
        f, c = sa.func, findings.c
        wanted = sa.select(
            f.min(c.west),
            f.min(c.south),
            f.max(c.east),
            f.max(c.north),
            f.min(c.before_at),
            f.max(c.after_at),
        ).where(*disclosed_findings(self._sight))
        with self._db.read() as connection:
            row = connection.execute(wanted).one()
        if row[0] is None:
            return None, None
        return (row[0], row[1], row[2], row[3]), (row[4].isoformat(), row[5].isoformat())

    def _shown(self, connection: sa.Connection) -> list[sa.ColumnElement[bool]]:
        """What a scan meets that is shown: both its scenes are."""
        told = disclosed(scans.c.secrecy, self._sight)
        if self._sight.ground is not None:
            seen = [row.id for row in connection.execute(shown_scenes(connection, self._sight))]
            told += [scans.c.before_scene.in_(seen), scans.c.after_scene.in_(seen)]
        return told

    def _seen(self, scan: Scan) -> Scan:
        """A scan whose counts and box tell of nothing beyond the ground."""
        if self._sight.ground is None:
            return scan
        texts = list(self.all_findings(FeatureQuery(within=scan.id)))
        counts = Counter(orjson.loads(text)["properties"]["status"] for text in texts)
        west, south, east, north = shapely.total_bounds(geometries_of(texts)).tolist() if texts else (0.0,) * 4
        told = {name: value for name, value in scan.provenance.items() if name in _HARMLESS}
        if "alignment" in told:
            told["alignment"] = {name: value for name, value in told["alignment"].items() if name != "ties"}
        bbox = (west, south, east, north) if texts else None
        return replace(scan, counts=dict(counts), bbox=bbox, provenance=told)

    def _source(self, query: FeatureQuery) -> Source:
        return Source(
            findings, _COLUMNS, [*_wheres(query), *disclosed_findings(self._sight)], small=True, sight=self._sight
        )


def _wheres(query: FeatureQuery) -> list[sa.ColumnElement[bool]]:
    wheres: list[sa.ColumnElement[bool]] = []
    if query.within is not None:
        wheres.append(findings.c.scan_id == query.within)
    if query.min_confidence is not None:
        wheres.append(findings.c.confidence >= query.min_confidence)
    start, end = query.interval or (None, None)
    if start is not None:
        wheres.append(findings.c.after_at >= start)
    if end is not None:
        wheres.append(findings.c.before_at <= end)
    return wheres


def _scan(row: sa.Row[Any]) -> Scan:
    values = {name: getattr(row, name) for name in _PLAIN}
    bbox = None if row.bbox is None else (row.bbox[0], row.bbox[1], row.bbox[2], row.bbox[3])
    return Scan(**values, bbox=bbox)
