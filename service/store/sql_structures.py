"""Structures in tables: followed anew whenever a scan or a verdict changes what was seen of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import shapely
import sqlalchemy as sa

from geodata.assess.priority import Lead, priority
from service.auth.sight import EVERYTHING, Sight
from service.errors import NotFoundError
from service.store.database import Database
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Box, StructureLook
from service.store.schema import findings, scans, scenes, structure_ids, structures, verdicts
from service.store.spaces import space_of
from service.store.sql_features import Source, extent_of, geometry_of, insert_chunks, page_of, stream_of
from service.store.sql_repeats import revised
from service.store.sql_sight import disclosed, disclosed_structures, shown_scenes
from service.structures import REBUILT, Seen, Structure, structures_of

_COLUMNS = {"state": structures.c.state, "status": structures.c.status, "id": structures.c.fid}
_COUNTS = sa.and_(findings.c.judged.is_not(sa.false()), findings.c.suppressed_by.is_(None))
"""Findings that count as seen: neither judged wrong nor repeating one that was."""


class SqlStructures:
    """Structures.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def features(self, query: FeatureQuery) -> FeaturePage:
        """Structures as GeoJSON texts."""
        with self._db.read() as connection:
            return page_of(connection, self._source(query), query)

    def all_features(self, query: FeatureQuery) -> Iterator[str]:
        """All structures that a query wants, a portion at a time."""
        with self._db.read() as connection:
            yield from stream_of(connection, self._source(query), query)

    def feature(self, structure_id: str) -> str:
        """One structure as GeoJSON text; an id that is none any more gives the one that it leads to.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            wanted, passed = structure_id, set[str]()
            while wanted not in passed:
                passed.add(wanted)
                text = connection.execute(
                    sa.select(structures.c.geojson).where(structures.c.fid == wanted)
                ).scalar_one_or_none()
                if text is not None and (self._sight.whole or self._is_shown(connection, wanted)):
                    return str(text)
                leads = sa.select(structure_ids.c.leads_to).where(structure_ids.c.id == wanted)
                wanted = connection.execute(leads).scalar_one_or_none() or wanted
        raise NotFoundError(
            f"There is no structure {structure_id[:80]!r}.", remedy="GET /collections/structures/items lists them."
        )

    def looks(self, box: Box) -> Sequence[StructureLook]:
        """The scans of which both scenes meet a box, in the order of their coming."""
        with self._db.read() as connection:
            area = scans.c.provenance[("parameters", "aoi")].as_string().label("area")
            wanted = _grounds(connection).add_columns(area).where(*disclosed(scans.c.secrecy, self._sight))
            rows = connection.execute(wanted.order_by(scans.c.seq)).all()
            shown = {row.id for row in connection.execute(shown_scenes(connection, self._sight))}
        here = shapely.box(*box)
        return [
            StructureLook(row.id, row.before_scene, row.after_scene, row.before_at, row.after_at, row.area)
            for row in rows
            if shown.issuperset((row.before_scene, row.after_scene)) and shapely.box(*_ground(row)).intersects(here)
        ]

    def extent(self) -> tuple[Box | None, tuple[str, str] | None]:
        """Box and time span of all structures."""
        if self._sight.ground is not None:
            return extent_of(self.all_features(FeatureQuery()), ("first_seen", "last_seen"))
        f, c = sa.func, structures.c
        wanted = sa.select(
            f.min(c.west), f.min(c.south), f.max(c.east), f.max(c.north), f.min(c.first_seen), f.max(c.last_seen)
        ).where(*disclosed_structures(self._sight))
        with self._db.read() as connection:
            row = connection.execute(wanted).one()
        if row[0] is None:
            return None, None
        return (row[0], row[1], row[2], row[3]), (row[4].isoformat(), row[5].isoformat())

    def catch_up(self) -> int:
        """Follow the findings that belong to no structure yet, as those of an earlier release; how many scans."""
        wanted = sa.select(findings.c.scan_id).where(findings.c.structure_id.is_(None), _COUNTS).distinct()
        with self._db.read() as connection:
            behind = list(connection.execute(wanted).scalars())
        done: set[str] = set()
        for scan_id in behind:
            if scan_id not in done:
                with self._db.write("findings") as connection:
                    done |= refollow(connection, scan_id)
        return len(behind)

    def _is_shown(self, connection: sa.Connection, structure_id: str) -> bool:
        query = FeatureQuery(equals={"id": structure_id}, limit=1)
        return bool(page_of(connection, self._source(query), query).items)

    def _source(self, query: FeatureQuery) -> Source:
        return Source(
            structures, _COLUMNS, [*_wheres(query), *disclosed_structures(self._sight)], small=True, sight=self._sight
        )


def _wheres(query: FeatureQuery) -> list[sa.ColumnElement[bool]]:
    wheres: list[sa.ColumnElement[bool]] = []
    start, end = query.interval or (None, None)
    if start is not None:
        wheres.append(sa.or_(structures.c.gone_on.is_(None), structures.c.gone_on >= start))
    if end is not None:
        wheres.append(structures.c.first_seen <= end)
    return wheres


def refollow(connection: sa.Connection, scan_id: str) -> set[str]:
    """Follow the structures of all scans that touch one another and a scan; the scans are told.

    All of them, not only those near what is new: what a structure is depends on its neighbours (the common shift of a
    date, which of two outlines is the same), so only the whole is a function of what was seen, whatever came first.
    4,500 findings take 0.8 s, 60,000 take 10 s.

    Args:
        connection: A transaction that writes.
        scan_id: A stored scan, with its findings.
    """
    touching = _touching(connection, scan_id)
    rows = connection.execute(
        sa.select(
            findings.c.seq, findings.c.fid, findings.c.scan_id, findings.c.change, findings.c.before_at,
            findings.c.after_at, findings.c.geojson, findings.c.judged, findings.c.suppressed_by,
            findings.c.structure_id, findings.c.priority,
        ).where(findings.c.scan_id.in_(touching)).order_by(findings.c.seq)
    ).all()  # fmt: skip
    counted = [row for row in rows if row.judged is not False and row.suppressed_by is None]
    drawn = _drawn(connection, touching)
    seen = [_seen(row, drawn.get(row.fid)) for row in counted]
    stored = connection.execute(
        sa.select(structures.c.seq, structures.c.fid, structures.c.founder, structures.c.geojson)
        .join(findings, findings.c.fid == structures.c.founder)
        .where(findings.c.scan_id.in_(touching))
    ).all()
    founders = _founders(connection, touching, counted)
    made, led = structures_of(seen, founders)
    _keep_ids(connection, made, led, founders)
    _replace(connection, stored, made)
    _tell_findings(connection, rows, made)
    return touching


def _grounds(connection: sa.Connection) -> sa.Select[Any]:
    """Every scan with the boxes and dates of its scenes."""
    before, after = scenes.alias("first"), scenes.alias("second")
    sides = [side.label(f"{name}_{which}") for which, table in (("b", before), ("a", after))
             for name, side in zip(("w", "s", "e", "n"), (table.c.west, table.c.south, table.c.east, table.c.north),
                                   strict=True)]  # fmt: skip
    return (
        sa.select(
            scans.c.id, scans.c.before_scene, scans.c.after_scene, before.c.acquired_at.label("before_at"),
            after.c.acquired_at.label("after_at"), *sides,
        )
        .join(before, before.c.id == scans.c.before_scene)
        .join(after, after.c.id == scans.c.after_scene)
    )  # fmt: skip


def _ground(row: Any) -> Box:
    """The box that both scenes of a scan have in common; of all of them where they have none."""
    west, south = max(row.w_b, row.w_a), max(row.s_b, row.s_a)
    east, north = min(row.e_b, row.e_a), min(row.n_b, row.n_a)
    if west <= east and south <= north:
        return west, south, east, north
    return min(row.w_b, row.w_a), min(row.s_b, row.s_a), max(row.e_b, row.e_a), max(row.n_b, row.n_a)


def _touching(connection: sa.Connection, scan_id: str) -> set[str]:
    """The scans that a scan is connected with by touching ground, itself among them."""
    rows = connection.execute(_grounds(connection)).all()
    boxes = [shapely.box(*_ground(row)) for row in rows]
    tree = shapely.STRtree(boxes)
    at = {row.id: k for k, row in enumerate(rows)}
    reached, ahead = np.zeros(len(rows), bool), [at[scan_id]]
    reached[ahead] = True
    while ahead:
        met = tree.query(boxes[ahead.pop()], predicate="intersects")
        new = met[~reached[met]]
        reached[new] = True
        ahead += new.tolist()
    return {rows[k].id for k in np.flatnonzero(reached).tolist()}


def _drawn(connection: sa.Connection, touching: set[str]) -> dict[str, Any]:
    """The outline that an officer drew, by finding; the latest verdict counts."""
    wanted = (
        sa.select(verdicts.c.finding_id, verdicts.c.outline, verdicts.c.verdict)
        .join(findings, findings.c.fid == verdicts.c.finding_id)
        .where(findings.c.scan_id.in_(touching), verdicts.c.withdrawn_at.is_(None))
        .order_by(verdicts.c.judged_at, verdicts.c.seq)
    )
    latest = {row.finding_id: row for row in connection.execute(wanted)}
    return {fid: row.outline for fid, row in latest.items() if row.verdict and row.outline is not None}


def _seen(row: Any, drawn: Any) -> Seen:
    outline = geometry_of(row.geojson) if drawn is None else shapely.geometry.shape(drawn)
    told = orjson.loads(row.geojson)["properties"]
    return Seen(row.fid, row.scan_id, row.change, row.before_at, row.after_at, outline, told)


def _founders(connection: sa.Connection, touching: set[str], counted: Sequence[Any]) -> dict[str, str]:
    """Ids by the finding that each was given for.

    Where that finding counts no more, the next that was seen of the structure founds it: a verdict on one sighting
    gives the others no new name.
    """
    wanted = (
        sa.select(structure_ids.c.id, structure_ids.c.finding_id)
        .join(findings, findings.c.fid == structure_ids.c.finding_id)
        .where(findings.c.scan_id.in_(touching), structure_ids.c.leads_to.is_(None))
    )
    count = {row.fid for row in counted}
    founders: dict[str, str] = {}
    lost: set[str] = set()
    for row in connection.execute(wanted):
        if row.finding_id in count:
            founders[row.finding_id] = row.id
        else:
            lost.add(row.id)
    for row in sorted(counted, key=lambda one: (one.after_at, one.fid)):
        if row.structure_id in lost and row.fid not in founders:
            founders[row.fid] = row.structure_id
            lost.discard(row.structure_id)
    # ids that lead elsewhere keep their founder: should the two come apart again, it gets its id back
    led = sa.select(structure_ids.c.id, structure_ids.c.finding_id).where(structure_ids.c.leads_to.is_not(None))
    for row in connection.execute(led):
        if row.finding_id in count:
            founders.setdefault(row.finding_id, row.id)
    return founders


def _keep_ids(
    connection: sa.Connection, made: Sequence[Structure], led: Mapping[str, str], founders: Mapping[str, str]
) -> None:
    """Note which finding every id was given for, and where ids lead that are none any more."""
    wanted = {one.id for one in made} | set(led)
    known = {row.id: row for row in connection.execute(sa.select(structure_ids)) if row.id in wanted}
    given = {sid: fid for fid, sid in founders.items()} | {one.id: one.founder for one in made}
    for sid, leads_to in [*((one.id, None) for one in made), *led.items()]:
        values = {"finding_id": given[sid], "leads_to": leads_to}
        if sid not in known:
            connection.execute(sa.insert(structure_ids).values(id=sid, **values))
        elif (known[sid].finding_id, known[sid].leads_to) != (given[sid], leads_to):
            connection.execute(sa.update(structure_ids).where(structure_ids.c.id == sid).values(values))


def _replace(connection: sa.Connection, stored: Sequence[Any], made: Sequence[Structure]) -> None:
    """Let the table hold what was made; rows that stay keep their place in the order of pages."""
    space = space_of(connection)
    before = {row.fid: row for row in stored}
    now = {one.id: one for one in made}
    changed = [one.id for one in made if one.id in before and _differs(before[one.id], one)]
    gone = [fid for fid in before if fid not in now]
    space.forget(connection, structures, [before[fid].seq for fid in (*gone, *changed)])
    for part in _parts([before[fid].seq for fid in gone]):
        connection.execute(sa.delete(structures).where(structures.c.seq.in_(part)))
    if changed:
        wanted = sa.update(structures).where(structures.c.seq == sa.bindparam("at"))
        connection.execute(wanted, [{"at": before[fid].seq, **_values(now[fid])} for fid in changed])
    new = [one for one in made if one.id not in before]
    insert_chunks(connection, structures, (_values(one) for one in new))
    for part in _parts([*changed, *(one.id for one in new)]):
        space.enter(connection, structures, structures.c.fid.in_(part))


def _differs(row: Any, one: Structure) -> bool:
    return (row.geojson, row.founder) != (one.geojson, one.founder)


def _values(one: Structure) -> dict[str, object]:
    west, south, east, north = one.bbox
    names = ("founder", "state", "status", "first_seen", "last_seen", "gone_on", "geojson")
    told = {name: getattr(one, name) for name in names}
    return {"fid": one.id, **told, "west": west, "south": south, "east": east, "north": north}


def _tell_findings(connection: sa.Connection, rows: Sequence[Any], made: Sequence[Structure]) -> None:
    """Let every finding name its structure, and say so where it stands where one was gone."""
    owner = {fid: one for one in made for fid in one.findings}
    told = [values for row in rows if (values := _told(row, owner.get(row.fid))) is not None]
    if told:
        connection.execute(sa.update(findings).where(findings.c.seq == sa.bindparam("at")), told)


def _told(row: Any, one: Structure | None) -> dict[str, Any] | None:
    """The new values of a finding's row; None where it says so already."""
    told = orjson.loads(row.geojson)["properties"]
    flags = [flag for flag in told.get("flags") or [] if flag != REBUILT]
    if one is not None and one.rebuilt and row.change == "appeared":
        flags.append(REBUILT)
    sid = None if one is None else one.id
    if (row.structure_id, told.get("structure_id"), told.get("flags") or []) == (sid, sid, flags):
        return None
    members: dict[str, Any] = {"structure_id": sid}
    rank = row.priority
    if flags != (told.get("flags") or []):
        members["flags"] = flags
        members["priority"] = rank = priority(Lead.of({**told, "flags": flags}))
    return {"at": row.seq, "structure_id": sid, "priority": rank, "geojson": revised(row.geojson, **members)}


def _parts(values: Iterable[Any], most: int = 500) -> Iterable[list[Any]]:
    listed = list(values)
    return (listed[k : k + most] for k in range(0, len(listed), most))
