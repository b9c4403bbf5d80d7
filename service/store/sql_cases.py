"""Cases in tables: events only grow, one officer at a time; what lists need of a case is written in the same step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from service.auth.sight import EVERYTHING, Sight
from service.cases.chain import canonical, link_hash, plain, start_of
from service.cases.errors import CaseBehindError, CaseOpenError, SerialTakenError
from service.cases.events import CaseEvent, Path
from service.errors import NotFoundError
from service.store.case_base import CaseFile, CasePaper, CaseRow, Number, Party, Step, Timer
from service.store.case_schema import (
    case_documents,
    case_events,
    case_files,
    case_parties,
    case_timers,
    cases,
    serials,
)
from service.store.database import Database
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Box
from service.store.spaces import space_of
from service.store.sql_features import Source, extent_of, geometry_of, in_portions, page_of, stream_of
from service.store.sql_sight import disclosed
from service.store.structure_names import every_name

_BESIDE = ("seq", "fid", "west", "south", "east", "north")
_ROW = [c.name for c in cases.c if c.name not in _BESIDE]
_COLUMNS = {
    "id": cases.c.fid,
    "serial": cases.c.serial,
    "state": cases.c.state,
    "path": cases.c.path,
    "stage": cases.c.stage,
    "outcome": cases.c.outcome,
    "unit": cases.c.unit,
}
_PART = 200
_TIMER = ("case_id", "term", "started", "step", "at", "told")
_PAPER = [c.name for c in case_documents.c if c.name != "seq"]
_FILE = [c.name for c in case_files.c if c.name != "seq"]
_PARTY = [c.name for c in case_parties.c if c.name != "seq"]


class SqlCases:
    """Cases.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def peek(self, series: str, year: int) -> int:
        """The next number of a series."""
        with self._db.read() as connection:
            return _next(connection, series, year)

    def open(self, step: Step, number: Number) -> None:
        """Store a new case with its first events.

        Raises:
            SerialTakenError: If its number went to another meanwhile.
            CaseOpenError: If its structure has an open case under the same law.
        """
        row = step.row
        with self._db.write("cases") as connection:
            self._require_alone(connection, row)
            _draw(connection, number)
            connection.execute(sa.insert(cases).values(fid=row.id, **_values(row)))
            space_of(connection).enter(connection, cases, cases.c.fid == row.id)
            _write(connection, step)

    def _require_alone(self, connection: sa.Connection, row: CaseRow) -> None:
        if row.structure_id is None:
            return
        land = cases.c.path == Path.LAND
        wanted = sa.select(cases).where(
            cases.c.structure_id.in_(every_name(connection, row.structure_id)),
            cases.c.closed_at.is_(None),
            land if row.path == Path.LAND else ~land,
            *disclosed(cases.c.secrecy, self._sight),
        )
        for other in connection.execute(wanted.order_by(cases.c.seq.desc())):
            if self._shows(other):
                raise CaseOpenError(
                    f"The structure {row.structure_id} has the open case {other.serial}.",
                    remedy="Go on there; another structure needs its own id.",
                    case_id=other.fid,
                    serial=other.serial,
                )

    def tell(self, step: Step) -> None:
        """Store what follows, all of it or nothing.

        Raises:
            NotFoundError: Without the case.
            CaseBehindError: If the case went on meanwhile; it says with what.
            SerialTakenError: If the number of a document went to another.
        """
        row, mine = step.row, cases.c.fid == step.row.id
        with self._db.write("cases") as connection:
            self._require(connection, row.id)
            last = connection.execute(sa.select(cases.c.number).where(mine)).scalar_one()
            if last != step.expected:
                raise _behind(connection, step, last)
            for paper in step.papers:
                if paper.place is not None:
                    _draw(connection, Number(paper.series, paper.year, paper.place))
            seq = connection.execute(sa.select(cases.c.seq).where(mine)).scalar_one()
            space_of(connection).forget(connection, cases, [seq])
            connection.execute(sa.update(cases).where(mine).values(_values(row)))
            space_of(connection).enter(connection, cases, mine)
            _write(connection, step)

    def retime(self, row: CaseRow, timers: Sequence[Timer]) -> bool:
        """Put other moments of its terms in place of a case's; False where nothing differs, or it went on meanwhile."""
        mine, t = cases.c.fid == row.id, case_timers.c
        with self._db.write("cases") as connection:
            held = connection.execute(sa.select(cases.c.number, cases.c.geojson).where(mine)).one()
            waiting = connection.execute(sa.select(case_timers).where(t.case_id == row.id, t.done_at.is_(None)))
            same = {(one.term, one.started, one.step, one.at) for one in waiting}
            done = connection.execute(sa.select(case_timers).where(t.case_id == row.id, t.done_at.is_not(None)))
            told = {(one.term, one.started, one.step): one.at for one in done}
            wanted = {
                (one.term, one.started, one.step, one.at)
                for one in timers
                if one.at > told.get((one.term, one.started, one.step), datetime.min.replace(tzinfo=UTC))
            }
            if held.number != row.number or (held.geojson == row.geojson and same == wanted):
                return False
            connection.execute(sa.update(cases).where(mine).values(_values(row)))
            _set_timers(connection, row.id, timers)
        return True

    def get(self, case_id: str) -> CaseRow:
        """One case.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            return _row(self._require(connection, case_id))

    def events(self, case_id: str) -> Sequence[tuple[CaseEvent, str]]:
        """All events of a case with their seals.

        Raises:
            NotFoundError: Without the case.
        """
        with self._db.read() as connection:
            self._require(connection, case_id)
            return _events(connection, case_id)

    def naming(self, word: str) -> set[str]:
        """Ids of cases where some event may name an officer in charge by this id; it need not hold any more."""
        e = case_events.c
        wanted = sa.select(e.case_id).where(
            e.kind.in_(("handler_set", "corrected")), e.facts.contains(word, autoescape=True)
        )
        with self._db.read() as connection:
            return set(connection.execute(wanted).scalars())

    def every(self) -> Iterator[tuple[CaseRow, Sequence[CaseEvent]]]:
        """All cases with their events, in the order of their coming, one at a time."""
        wanted = sa.select(cases).where(*disclosed(cases.c.secrecy, self._sight)).order_by(cases.c.seq)
        with self._db.read() as connection:
            shown = [row for row in connection.execute(wanted) if self._shows(row)]
            for part in _parts(shown):
                told: dict[str, list[CaseEvent]] = {row.fid: [] for row in part}
                e = case_events.c
                events = sa.select(case_events).where(e.case_id.in_(list(told))).order_by(e.case_id, e.number)
                for row in connection.execute(events):
                    told[row.case_id].append(_event(row))
                for row in part:
                    yield _row(row), told[row.fid]

    def of_structure(self, structure_ids: Sequence[str]) -> Sequence[CaseRow]:
        """The cases about structures, in the order of their coming."""
        wanted = sa.select(cases).where(
            cases.c.structure_id.in_(structure_ids), *disclosed(cases.c.secrecy, self._sight)
        )
        with self._db.read() as connection:
            rows = connection.execute(wanted.order_by(cases.c.seq)).all()
        return [_row(row) for row in rows if self._shows(row)]

    def features(self, query: FeatureQuery) -> FeaturePage:
        """Cases as GeoJSON texts."""
        with self._db.read() as connection:
            return page_of(connection, self._source(query), query)

    def all_features(self, query: FeatureQuery) -> Iterator[str]:
        """All cases that a query wants, a portion at a time."""
        with self._db.read() as connection:
            yield from stream_of(connection, self._source(query), query)

    def feature(self, case_id: str) -> str:
        """One case as GeoJSON text.

        Raises:
            NotFoundError: Without it.
        """
        return self.get(case_id).geojson

    def extent(self) -> tuple[Box | None, tuple[str, str] | None]:
        """Box and time span of all cases."""
        return extent_of(self.all_features(FeatureQuery()), ("opened_at", "changed_at"))

    def due(self, now: datetime, limit: int = 100) -> Sequence[Timer]:
        """Moments that have come and were not told, the earliest first."""
        t = case_timers.c
        wanted = sa.select(*(t[name] for name in _TIMER)).where(t.done_at.is_(None), t.at <= now)
        with self._db.read() as connection:
            return [Timer(**row._mapping) for row in connection.execute(wanted.order_by(t.at, t.seq).limit(limit))]

    def done(self, timers: Sequence[Timer], at: datetime) -> Sequence[Timer]:
        """Note that moments were told; those that nobody else told before."""
        fresh = []
        with self._db.write("cases") as connection:
            for timer in timers:
                mine = sa.and_(*(case_timers.c[name] == getattr(timer, name) for name in _TIMER[:4]))
                waiting = sa.and_(mine, case_timers.c.done_at.is_(None), case_timers.c.at == timer.at)
                if connection.execute(sa.update(case_timers).where(waiting).values(done_at=at)).rowcount:
                    fresh.append(timer)
        return fresh

    def papers(self, case_id: str) -> Sequence[CasePaper]:
        """The documents of a case, in the order of their making."""
        return [CasePaper(**row) for row in self._of(case_id, case_documents, _PAPER)]

    def void(self, paper_id: str, at: datetime, why: str) -> None:
        """Declare a document void: its number stays used.

        Raises:
            NotFoundError: Without one that is not void already.
        """
        mine = sa.and_(case_documents.c.id == paper_id, case_documents.c.voided_at.is_(None))
        with self._db.write("cases") as connection:
            if not connection.execute(
                sa.update(case_documents).where(mine).values(voided_at=at, voided_why=why)
            ).rowcount:
                raise NotFoundError(
                    f"There is no document {paper_id[:80]!r} to declare void.", remedy="GET /cases/{id}"
                )

    def files(self, case_id: str) -> Sequence[CaseFile]:
        """The files of a case, in the order of their coming."""
        return [CaseFile(**row) for row in self._of(case_id, case_files, _FILE)]

    def looks(self) -> Iterator[CaseFile]:
        """Every file of every case that has perceptual hashes: what a picture is compared with, whoever asks."""
        columns = [case_files.c[name] for name in _FILE]
        with self._db.read() as connection:
            for row in connection.execute(in_portions(sa.select(*columns).order_by(case_files.c.seq))):
                if row.looks:
                    yield CaseFile(**row._mapping)

    def parties(self, case_id: str) -> Sequence[Party]:
        """The parties of a case."""
        return [Party(**row) for row in self._of(case_id, case_parties, _PARTY)]

    def all_parties(self) -> Iterator[Party]:
        """Every party of every case, for new seals."""
        columns = [case_parties.c[name] for name in _PARTY]
        with self._db.read() as connection:
            for row in connection.execute(in_portions(sa.select(*columns).order_by(case_parties.c.seq))):
                yield Party(**row._mapping)

    def keep_party(self, party: Party) -> None:
        """Put another seal in the place of a party's, or erase it; what is erased stays so."""
        mine = sa.and_(case_parties.c.id == party.id, case_parties.c.erased_at.is_(None))
        with self._db.write("cases") as connection:
            values = {"sealed": party.sealed, "erased_at": party.erased_at}
            connection.execute(sa.update(case_parties).where(mine).values(values))

    def _of(self, case_id: str, table: sa.Table, names: Sequence[str]) -> list[dict[str, Any]]:
        wanted = sa.select(*(table.c[name] for name in names)).where(table.c.case_id == case_id)
        with self._db.read() as connection:
            self._require(connection, case_id)
            return [dict(row._mapping) for row in connection.execute(wanted.order_by(table.c.seq))]

    def _require(self, connection: sa.Connection, case_id: str) -> sa.Row[Any]:
        wanted = sa.select(cases).where(cases.c.fid == case_id, *disclosed(cases.c.secrecy, self._sight))
        row = connection.execute(wanted).first()
        if row is None or not self._shows(row):
            raise NotFoundError(
                f"There is no case {case_id[:80]!r}.", remedy="GET /collections/cases/items lists them."
            )
        return row

    def _shows(self, row: sa.Row[Any]) -> bool:
        return self._sight.ground is None or self._sight.meets(geometry_of(row.geojson))

    def _source(self, query: FeatureQuery) -> Source:
        start, end = query.interval or (None, None)
        wheres = disclosed(cases.c.secrecy, self._sight)
        if start is not None:
            wheres.append(sa.or_(cases.c.closed_at.is_(None), cases.c.closed_at >= start))
        if end is not None:
            wheres.append(cases.c.opened_at <= end)
        return Source(cases, _COLUMNS, wheres, small=True, sight=self._sight)


def _values(row: CaseRow) -> dict[str, Any]:
    west, south, east, north = row.box
    box = {"west": west, "south": south, "east": east, "north": north}
    return {name: getattr(row, name) for name in _ROW} | box


def _row(row: sa.Row[Any]) -> CaseRow:
    box = (row.west, row.south, row.east, row.north)
    return CaseRow(id=row.fid, box=box, **{name: getattr(row, name) for name in _ROW})


def _events(connection: sa.Connection, case_id: str, after: int = 0) -> list[tuple[CaseEvent, str]]:
    e = case_events.c
    wanted = sa.select(case_events).where(e.case_id == case_id, e.number > after).order_by(e.number)
    return [(_event(row), row.hash) for row in connection.execute(wanted)]


def _event(row: sa.Row[Any]) -> CaseEvent:
    return CaseEvent(
        case_id=row.case_id,
        number=row.number,
        kind=row.kind,
        at=row.at,
        recorded_at=row.recorded_at,
        by=row.by_id,
        facts=orjson.loads(row.facts),
        corrects=row.corrects,
    )


def _parts(rows: Sequence[sa.Row[Any]]) -> Iterator[Sequence[sa.Row[Any]]]:
    return (rows[k : k + _PART] for k in range(0, len(rows), _PART))


def _write(connection: sa.Connection, step: Step) -> None:
    """Write events, terms, papers and files of a step."""
    _append(connection, step)
    _set_timers(connection, step.row.id, step.timers)
    for table, names, told in (
        (case_documents, _PAPER, step.papers),
        (case_files, _FILE, step.files),
        (case_parties, _PARTY, step.parties),
    ):
        for one in told:
            connection.execute(sa.insert(table).values({name: getattr(one, name) for name in names}))


def _append(connection: sa.Connection, step: Step) -> None:
    e = case_events.c
    last = sa.select(e.hash).where(e.case_id == step.row.id).order_by(e.number.desc()).limit(1)
    previous = connection.execute(last).scalar_one_or_none() or start_of(step.row.id)
    for event in step.events:
        seal = link_hash(previous, plain(event))
        values = {
            "case_id": event.case_id,
            "number": event.number,
            "kind": event.kind,
            "at": event.at,
            "recorded_at": event.recorded_at,
            "by_id": event.by,
            "facts": canonical(dict(event.facts)).decode(),
            "corrects": event.corrects,
            "previous": previous,
            "hash": seal,
        }
        connection.execute(sa.insert(case_events).values(values))
        previous = seal


def _set_timers(connection: sa.Connection, case_id: str, timers: Sequence[Timer]) -> None:
    """Let the waiting moments be those of the terms as they run now; what was told stays told, unless it moved."""
    t = case_timers.c
    mine = t.case_id == case_id
    told = {
        (row.term, row.started, row.step): row.at
        for row in connection.execute(sa.select(case_timers).where(mine, t.done_at.is_not(None)))
    }
    connection.execute(sa.delete(case_timers).where(mine, t.done_at.is_(None)))
    for timer in timers:
        key = (timer.term, timer.started, timer.step)
        values = {name: getattr(timer, name) for name in _TIMER}
        if key not in told:
            connection.execute(sa.insert(case_timers).values(values))
        elif timer.at > told[key]:
            # the term was paused or corrected after it was told: it is told again when it comes
            same = sa.and_(mine, t.term == timer.term, t.started == timer.started, t.step == timer.step)
            connection.execute(sa.update(case_timers).where(same).values(**values, done_at=None))


def _next(connection: sa.Connection, series: str, year: int) -> int:
    s = serials.c
    wanted = sa.select(s.last).where(s.series == series, s.year == year)
    return int(connection.execute(wanted).scalar_one_or_none() or 0) + 1


def _draw(connection: sa.Connection, number: Number) -> None:
    """Take the next number, which must be the wanted one: the transaction holds the lock of all who write cases."""
    found = _next(connection, number.series, number.year)
    if found != number.place:
        raise SerialTakenError(
            f"Number {number.place} of {number.series} {number.year} is taken; the next is {found}.",
            remedy="Try again: the next number is drawn.",
            next=found,
        )
    connection.execute(
        _SET[connection.dialect.name], {"series": number.series, "year": number.year, "last": number.place}
    )


_SET = {
    name: insert(serials)
    .values(series=sa.bindparam("series"), year=sa.bindparam("year"), last=sa.bindparam("last"))
    .on_conflict_do_update(index_elements=["series", "year"], set_={"last": sa.bindparam("last")})
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def _behind(connection: sa.Connection, step: Step, last: int) -> CaseBehindError:
    since = [event for event, _ in _events(connection, step.row.id, step.expected)]
    told = ", ".join(f"{event.number} {event.kind}" for event in since)
    return CaseBehindError(
        f"The case has gone on to event {last}; you knew it up to {step.expected}: {told}.",
        remedy="Look at what happened, and tell it again if it still holds.",
        expected=step.expected,
        last=last,
        since=[{"number": event.number, "event": event.kind, "by": event.by} for event in since],
    )
