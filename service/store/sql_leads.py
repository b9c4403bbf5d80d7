"""Reports and leads in tables: reports stay as they came, events only grow, leads follow from both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import shapely
import sqlalchemy as sa

from service.auth.record import Entry
from service.auth.sight import EVERYTHING, Sight
from service.cases.errors import LeadBehindError
from service.cases.leads.values import LeadEvent, LeadRow, Report, SourceKind, Spot
from service.errors import ConflictError, NotFoundError
from service.store.database import Database
from service.store.lead_base import LeadCounts, Placing, Taken, Telling
from service.store.lead_schema import lead_events, leads, report_places, reports
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Box, Page
from service.store.schema import findings, scans, structures
from service.store.spaces import space_of
from service.store.sql_audit_log import append
from service.store.sql_features import Source, extent_of, geometry_of, page_of, stream_of
from service.store.sql_lead_groups import regroup
from service.store.sql_reports import event_of, lead_of, parts, report_of, report_values, reports_where, spot_values
from service.store.sql_sight import disclosed, disclosed_findings
from service.store.structure_names import every_name

_COLUMNS = {
    "id": leads.c.fid,
    "state": leads.c.state,
    "verdict": leads.c.verdict,
    "priority": leads.c.priority,
}
_LIVE = leads.c.leads_to.is_(None)
_Key = tuple[str, str, str]


class SqlLeads:
    """Reports and leads.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    # --- reports --------------------------------------------------------------------------------

    def add(self, some: Sequence[Report]) -> Sequence[Taken]:
        """Store reports and merge them into leads, all of it or nothing."""
        with self._db.write("leads") as connection:
            known = _known(connection, [_key(one) for one in some])
            fresh = [one for one in {_key(one): one for one in reversed(some)}.values() if _key(one) not in known]
            fresh.reverse()
            if fresh:
                connection.execute(sa.insert(reports), [report_values(one) for one in fresh])
            for part in parts([one.id for one in fresh]):
                space_of(connection).enter(connection, reports, reports.c.fid.in_(part))
            placed = [one for one in fresh if one.spot.geometry is not None]
            if placed:
                connection.execute(sa.insert(report_places), [_placing_values(_first_placing(one)) for one in placed])
            regroup(connection, [one.id for one in placed], (), datetime.now(UTC))
            known |= {_key(one): one.id for one in fresh}
            ids = [known[_key(one)] for one in some]
            stored = {
                one.id: one for part in parts(sorted(set(ids))) for one in reports_where(connection, _fid_in(part))
            }
        new = {one.id for one in fresh}
        return [Taken(stored[fid], fid == one.id and fid in new) for fid, one in zip(ids, some, strict=True)]

    def known(self, keys: Iterable[_Key]) -> Mapping[_Key, str]:
        """Ids of the stored reports of some sources, origins and numbers."""
        with self._db.read() as connection:
            return _known(connection, list(keys))

    def report(self, report_id: str) -> Report:
        """One report.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            found = reports_where(connection, reports.c.fid == report_id)
        if not found or not self._shows(found[0]):
            raise NotFoundError(f"There is no report {report_id[:80]!r}.", remedy="GET /reports lists them.")
        return found[0]

    def reports(self, limit: int, after_key: int = 0, *, unplaced: bool = False) -> Page[Report]:
        """Reports, the latest first; those alone that wait for a place, if wanted."""
        wheres = disclosed(reports.c.secrecy, self._sight)
        wheres += [reports.c.place.is_(None)] if unplaced else []
        older = [reports.c.seq < after_key] if after_key else []
        wanted = sa.select(reports).where(*wheres, *older).order_by(reports.c.seq.desc())
        shown: list[sa.Row[Any]] = []
        with self._db.read() as connection:
            if self._sight.ground is None:
                count = sa.select(sa.func.count()).select_from(reports).where(*wheres)
                matched = connection.execute(count).scalar_one()
                shown = list(connection.execute(wanted.limit(limit + 1)))
            else:
                every = connection.execute(sa.select(reports).where(*wheres))
                matched = sum(1 for row in every if self._shows(report_of(row)))
                for row in connection.execute(wanted):
                    shown += [row] if self._shows(report_of(row)) else []
                    if len(shown) > limit:
                        break
        following = shown[limit - 1].seq if len(shown) > limit else None
        return Page([report_of(row) for row in shown[:limit]], matched, following)

    def reports_of(self, lead_id: str) -> Sequence[Report]:
        """The reports of a lead that are shown, by when they were seen.

        Raises:
            NotFoundError: Without the lead.
        """
        with self._db.read() as connection:
            own = self._require(connection, lead_id)
            mine = sa.and_(reports.c.lead_id == own.id, *disclosed(reports.c.secrecy, self._sight))
            return reports_where(connection, mine)

    def places(self, report_id: str) -> Sequence[Placing]:
        """How the place of a report came to be known, the first first."""
        self.report(report_id)
        wanted = sa.select(report_places).where(report_places.c.report_id == report_id).order_by(report_places.c.seq)
        with self._db.read() as connection:
            return [
                Placing(
                    row.report_id,
                    Spot(orjson.loads(row.place), row.accuracy_m, row.found_by),
                    row.reason,
                    row.at,
                    row.by_id,
                )
                for row in connection.execute(wanted)
            ]

    def place(self, placing: Placing) -> Report:
        """Say where a report without a place lies.

        Raises:
            NotFoundError: Without it.
            ConflictError: If it has a place.
        """
        self.report(placing.report_id)
        mine = sa.and_(reports.c.fid == placing.report_id, reports.c.place.is_(None))
        with self._db.write("leads") as connection:
            if not connection.execute(sa.update(reports).where(mine).values(spot_values(placing.spot))).rowcount:
                raise ConflictError(
                    f"The report {placing.report_id} has a place already.",
                    remedy="Split it from its lead where it belongs elsewhere.",
                )
            space_of(connection).enter(connection, reports, reports.c.fid == placing.report_id)
            connection.execute(sa.insert(report_places).values(_placing_values(placing)))
            regroup(connection, [placing.report_id], (), placing.at)
            return reports_where(connection, reports.c.fid == placing.report_id)[0]

    # --- leads ----------------------------------------------------------------------------------

    def regroup(self, boxes: Sequence[Box]) -> int:
        """Bring the leads near some boxes up to date, as after a scan; how many changed."""
        with self._db.write("leads") as connection:
            return regroup(connection, (), boxes, datetime.now(UTC))

    def stale_boxes(self) -> Sequence[Box]:
        """Boxes of the leads whose structure is none any more, or goes by another id."""
        live = sa.select(structures.c.fid)
        named = sa.select(leads).where(_LIVE, leads.c.structure_id.is_not(None), leads.c.structure_id.not_in(live))
        with self._db.read() as connection:
            return [lead_of(row).box for row in connection.execute(named)]

    def get(self, lead_id: str) -> LeadRow:
        """One lead, also by an id that leads to it.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            return self._require(connection, lead_id)

    def events(self, lead_id: str) -> Sequence[LeadEvent]:
        """All that happened to a lead and to those that became part of it, in the order of time.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            own = self._require(connection, lead_id)
            family, ahead = [own.id], [own.id]
            while ahead:
                led = sa.select(leads.c.fid).where(leads.c.leads_to.in_(ahead))
                ahead = [name for name in connection.execute(led).scalars() if name not in family]
                family += ahead
            wanted = sa.select(lead_events).where(lead_events.c.lead_id.in_(family))
            return [event_of(row) for row in connection.execute(wanted.order_by(lead_events.c.at, lead_events.c.seq))]

    def tell(self, lead_id: str, telling: Telling) -> LeadRow:
        """Let something happen to a lead, and bring it and those near it up to date in the same step.

        Raises:
            NotFoundError: Without it.
            LeadBehindError: If it went on meanwhile.
        """
        with self._db.write("leads") as connection:
            own = self._require(connection, lead_id)
            if telling.expected is not None and telling.expected != own.number:
                raise LeadBehindError(
                    f"The lead has gone on to event {own.number}; you knew it up to {telling.expected}.",
                    remedy="Look at what happened, and say it again if it still holds.",
                    expected=telling.expected,
                    last=own.number,
                )
            values = {"number": own.number + 1, "kind": telling.kind, "at": telling.at, "by_id": telling.by}
            connection.execute(sa.insert(lead_events).values(lead_id=own.id, facts=dict(telling.facts), **values))
            mine = sa.update(leads).where(leads.c.fid == own.id)
            connection.execute(mine.values(number=own.number + 1, changed_at=telling.at))
            concerned = [*connection.execute(sa.select(reports.c.fid).where(reports.c.lead_id == own.id)).scalars()]
            concerned += [str(fid) for fid in telling.facts.get("reports", ())]
            regroup(connection, sorted(set(concerned)), (), telling.at)
            return self._require(connection, own.id)

    def names_of(self, structure_id: str) -> Sequence[str]:
        """All ids of the structure that an id means today."""
        with self._db.read() as connection:
            return every_name(connection, structure_id)

    def unreported(self, scan_id: str | None, limit: int) -> Sequence[tuple[str, str]]:
        """Suspected findings (of a scan, or all) that are no report: finished feature and grade of secrecy."""
        own = sa.and_(reports.c.source.in_((SourceKind.SCAN.value, SourceKind.REBUILDING.value)),
                      reports.c.origin == "", reports.c.number == findings.c.fid)  # fmt: skip
        wanted = (
            sa.select(findings.c.geojson, scans.c.secrecy)
            .join(scans, scans.c.id == findings.c.scan_id)
            .where(
                findings.c.status == "suspected",
                findings.c.change != "disappeared",
                findings.c.suppressed_by.is_(None),
                findings.c.judged.is_not(sa.false()),
                *([] if scan_id is None else [findings.c.scan_id == scan_id]),
                *disclosed_findings(self._sight),
                ~sa.exists().where(own),
            )
            .order_by(findings.c.seq)
            .limit(limit)
        )
        with self._db.read() as connection:
            return [(str(row.geojson), str(row.secrecy)) for row in connection.execute(wanted)]

    def features(self, query: FeatureQuery) -> FeaturePage:
        """Leads as GeoJSON texts; `source` is any of theirs."""
        with self._db.read() as connection:
            return page_of(connection, *self._source(query))

    def all_features(self, query: FeatureQuery) -> Iterator[str]:
        """All leads that a query wants, a portion at a time."""
        with self._db.read() as connection:
            yield from stream_of(connection, *self._source(query))

    def feature(self, lead_id: str) -> str:
        """One lead as GeoJSON text, also by an id that leads to it.

        Raises:
            NotFoundError: Without it.
        """
        return self.get(lead_id).geojson

    def extent(self) -> tuple[Box | None, tuple[str, str] | None]:
        """Box and time span of all leads."""
        return extent_of(self.all_features(FeatureQuery()), ("first_seen", "last_seen"))

    def counts(self, since: datetime, stale: datetime) -> LeadCounts:
        """What the morning report tells."""
        source = sa.select(reports.c.source).where(reports.c.fid == leads.c.founder).scalar_subquery()
        wanted = sa.select(leads.c.opened_at, leads.c.triaged_at, leads.c.state, leads.c.geojson,
                           source.label("source")).where(
            _LIVE,
            sa.or_(leads.c.opened_at >= since, leads.c.triaged_at >= since, leads.c.state == "open"),
            *disclosed(leads.c.secrecy, self._sight),
        )  # fmt: skip
        came = sa.select(reports.c.source, sa.func.count()).where(
            reports.c.received_at >= since, *disclosed(reports.c.secrecy, self._sight)
        )
        lost = sa.select(sa.func.count()).select_from(reports).where(
            reports.c.place.is_(None), *disclosed(reports.c.secrecy, self._sight)
        )  # fmt: skip
        with self._db.read() as connection:
            rows = [row for row in connection.execute(wanted) if self._meets(row.geojson)]
            told = {str(name): int(count) for name, count in connection.execute(came.group_by(reports.c.source))}
            unplaced = connection.execute(lost).scalar_one()
        waiting = [row for row in rows if row.state == "open"]
        judged = [row for row in rows if row.triaged_at is not None and row.triaged_at >= since]
        return LeadCounts(
            new=dict(Counter(str(row.source) for row in rows if row.opened_at >= since)),
            reports=told,
            open=len(waiting),
            stale=sum(row.opened_at < stale for row in waiting),
            unplaced=unplaced,
            hours=[(row.triaged_at - row.opened_at).total_seconds() / 3600 for row in judged],
        )

    # --- who told -------------------------------------------------------------------------------

    def erase_reporter(self, report_id: str, entry: Entry) -> bool:
        """Erase who told a report, recorded in the same step; False where nothing was kept of them."""
        self.report(report_id)
        mine = sa.and_(reports.c.fid == report_id, reports.c.reporter.is_not(None))
        with self._db.write("leads") as connection:
            gone = sa.update(reports).where(mine).values(reporter=None, erased_at=entry.at)
            if not connection.execute(gone).rowcount:
                return False
            append(connection, entry)
        return True

    def sealed(self, after_key: int, limit: int) -> Sequence[tuple[int, str, str]]:
        """Key, id and sealed reporter of the reports behind a key that have one."""
        wanted = sa.select(reports.c.seq, reports.c.fid, reports.c.reporter)
        wanted = wanted.where(reports.c.seq > after_key, reports.c.reporter.is_not(None)).order_by(reports.c.seq)
        with self._db.read() as connection:
            return [(row.seq, row.fid, row.reporter) for row in connection.execute(wanted.limit(limit))]

    def reseal(self, values: Mapping[int, str]) -> None:
        """Put other seals in the place of some, by their key; what was erased meanwhile stays so."""
        mine = sa.and_(reports.c.seq == sa.bindparam("at"), reports.c.reporter.is_not(None))
        with self._db.write("leads") as connection:
            wanted = sa.update(reports).where(mine).values(reporter=sa.bindparam("to"))
            connection.execute(wanted, [{"at": key, "to": text} for key, text in values.items()])

    # --- sight ----------------------------------------------------------------------------------

    def _require(self, connection: sa.Connection, lead_id: str) -> LeadRow:
        wanted, passed = lead_id, set[str]()
        while wanted not in passed:
            passed.add(wanted)
            row = connection.execute(sa.select(leads).where(leads.c.fid == wanted)).first()
            if row is not None and row.leads_to is None:
                if row.secrecy not in self._sight.hidden and self._meets(row.geojson):
                    return lead_of(row)
                break
            wanted = wanted if row is None else row.leads_to
        raise NotFoundError(f"There is no lead {lead_id[:80]!r}.", remedy="GET /collections/leads/items lists them.")

    def _meets(self, geojson: str) -> bool:
        return self._sight.ground is None or self._sight.meets(geometry_of(geojson))

    def _shows(self, report: Report) -> bool:
        place = None if report.spot.geometry is None else shapely.geometry.shape(dict(report.spot.geometry))
        return self._sight.shows(report.secrecy, place)

    def _source(self, query: FeatureQuery) -> tuple[Source, FeatureQuery]:
        start, end = query.interval or (None, None)
        wheres = [_LIVE, *disclosed(leads.c.secrecy, self._sight)]
        if start is not None:
            wheres.append(leads.c.last_seen >= start)
        if end is not None:
            wheres.append(leads.c.first_seen <= end)
        equals = dict(query.equals)
        if "source" in equals:
            told = sa.and_(reports.c.lead_id == leads.c.fid, reports.c.source == equals.pop("source"))
            wheres.append(sa.exists().where(told))
        if not equals.get("verdict", "0").isdigit():
            wheres.append(sa.false())
        elif "verdict" in equals:
            wheres.append(leads.c.verdict == int(equals.pop("verdict")[:4]))
        source = Source(leads, _COLUMNS, wheres, small=True, sight=self._sight)
        return source, replace(query, equals=equals)


def _key(one: Report) -> _Key:
    return one.source.value, one.origin, one.number


def _fid_in(part: Sequence[str]) -> sa.ColumnElement[bool]:
    return reports.c.fid.in_(part)


def _known(connection: sa.Connection, keys: Sequence[_Key]) -> dict[_Key, str]:
    wanted = set(keys)
    found: dict[_Key, str] = {}
    for part in parts(sorted({number for _, _, number in wanted})):
        rows = sa.select(reports.c.source, reports.c.origin, reports.c.number, reports.c.fid)
        for row in connection.execute(rows.where(reports.c.number.in_(part))):
            found |= {(row.source, row.origin, row.number): row.fid}
    return {key: fid for key, fid in found.items() if key in wanted}


def _first_placing(one: Report) -> Placing:
    return Placing(one.id, one.spot, "", one.received_at, one.received_by)


def _placing_values(placing: Placing) -> dict[str, Any]:
    return {
        "report_id": placing.report_id,
        "place": orjson.dumps(dict(placing.spot.geometry or {})).decode(),
        "accuracy_m": placing.spot.accuracy_m,
        "found_by": placing.spot.found_by,
        "reason": placing.reason,
        "at": placing.at,
        "by_id": placing.by,
    }
