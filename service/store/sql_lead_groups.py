"""Reports merged into leads within a transaction: what is near is taken together, and only what changed is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from service.cases.leads.merging import JUDGED, MERGED, SPLIT, Act, Bundle, Told, leads_of, named
from service.cases.leads.places import Near, reach, structure_of
from service.cases.leads.standing import Frame, row_of, standing_of
from service.cases.leads.values import NEWS, LeadEvent, LeadRow, Report
from service.store.lead_schema import lead_events, leads, reports
from service.store.records import Box
from service.store.schema import findings, structures
from service.store.spaces import space_of
from service.store.sql_features import geometry_of
from service.store.sql_reports import event_of, lead_of, lead_values, parts, report_of
from service.store.structure_names import aliases

_HAND = (JUDGED, MERGED, SPLIT)
KANCHA = "kancha"
"""Who does what the service does by itself."""


@dataclass
class _Known:
    """What lies in the store near some reports.

    Args:
        reports: By id.
        rows: Leads by id, those that are part of others too.
        founders: The report that each id was given for, by report.
        events: Events by lead.
    """

    reports: dict[str, Report] = field(default_factory=dict)
    rows: dict[str, LeadRow] = field(default_factory=dict)
    founders: dict[str, str] = field(default_factory=dict)
    events: dict[str, list[LeadEvent]] = field(default_factory=dict)


def regroup(connection: sa.Connection, fresh: Sequence[str], boxes: Sequence[Box], at: datetime) -> int:
    """Bring leads up to date.

    Everything that a report could reach, by place, structure or decision, is merged anew together: what a lead is must
    not depend on the order in which its reports came.

    Args:
        connection: A transaction that writes leads.
        fresh: Ids of reports that are in no lead yet, or whose leads something happened to.
        boxes: Where else something may have changed.
        at: When.

    Returns:
        How many leads changed.
    """
    known = _gathered(connection, fresh, boxes)
    if not known.reports:
        return 0
    structure = _structures(connection, known.reports.values())
    bundles = leads_of([_told(one, structure) for one in known.reports.values()], _acts(known))
    weights = {lead: _weight(row) for lead, row in known.rows.items()}
    ids, led = named(bundles, known.founders, weights)
    return _write(connection, known, _Made(bundles, ids, led), at)


def _weight(row: LeadRow) -> int:
    return 2 if row.case_id is not None else int(row.verdict != 0)


def _told(one: Report, structure: Mapping[str, str]) -> Told:
    return Told(
        id=one.id,
        seen_at=one.seen_at,
        received_at=one.received_at,
        place=_shape(one),
        accuracy_m=one.spot.accuracy_m,
        structure=structure.get(one.id),
        stage=one.stage,
        news=one.source in NEWS,
    )


def _shape(one: Report) -> shapely.Geometry:
    return shapely.geometry.shape(dict(one.spot.geometry or {}))


def _acts(known: _Known) -> list[Act]:
    """What officers decided; a decision that stands in the events of two leads is one."""
    found: dict[str, Act] = {}
    for event in (event for events in known.events.values() for event in events if event.kind in _HAND):
        name = str(event.facts.get("act") or f"{event.lead_id}:{event.number}")
        found[name] = Act(name, event.at, event.kind, tuple(event.facts["reports"]))  # type: ignore[arg-type]
    return list(found.values())


# --- what is near -----------------------------------------------------------------------------------


def _gathered(connection: sa.Connection, fresh: Sequence[str], boxes: Sequence[Box]) -> _Known:
    """All that may hang together with some reports and boxes."""
    known = _Known()
    ahead = _reports(connection, [reports.c.fid.in_(part) for part in parts(list(fresh))])
    ahead += _meeting(connection, boxes)
    while new := [one for one in ahead if one.id not in known.reports]:
        known.reports |= {one.id: one for one in new}
        ahead = _meeting(connection, [reach(_shape(one).bounds, one.spot.accuracy_m) for one in new])
        ahead += _beside(connection, known, new)
    return known


def _beside(connection: sa.Connection, known: _Known, new: Sequence[Report]) -> list[Report]:
    """The reports of the leads of reports, of what decisions name, and of leads of the same structures."""
    own = {one.lead_id for one in new if one.lead_id is not None}
    founded = [leads.c.founder.in_(part) for part in parts([one.id for one in new])]
    rows = _leads(connection, known, [*founded, *(leads.c.fid.in_(part) for part in parts(sorted(own)))])
    structures_met = {row.structure_id for row in rows if row.structure_id is not None}
    structures_met |= set(_structures(connection, new).values())
    rows += _leads(connection, known, [leads.c.structure_id.in_(part) for part in parts(sorted(structures_met))])
    named_ones: set[str] = set()
    while rows:
        ids = [row.id for row in rows]
        for part in parts(ids):
            wanted = sa.select(lead_events).where(lead_events.c.lead_id.in_(part)).order_by(lead_events.c.seq)
            for event in map(event_of, connection.execute(wanted)):
                known.events.setdefault(event.lead_id, []).append(event)
                if event.kind in _HAND:
                    named_ones.update(event.facts["reports"])
        come_from = {str(e.facts["from"]) for lead in ids for e in known.events.get(lead, ()) if e.facts.get("from")}
        led = [leads.c.leads_to.in_(part) for part in parts(ids)]
        rows = _leads(connection, known, [*led, *(leads.c.fid.in_(part) for part in parts(sorted(come_from)))])
    wheres = [reports.c.lead_id.in_(part) for part in parts(sorted(known.rows))]
    wheres += [reports.c.fid.in_(part) for part in parts(sorted(named_ones - set(known.reports)))]
    return _reports(connection, wheres)


def _leads(connection: sa.Connection, known: _Known, wheres: Iterable[sa.ColumnElement[bool]]) -> list[LeadRow]:
    """Leads that were not known before."""
    found = []
    for where in wheres:
        for row in connection.execute(sa.select(leads).where(where)):
            if row.fid not in known.rows:
                known.rows[row.fid] = lead_of(row)
                known.founders[row.founder] = row.fid
                found.append(known.rows[row.fid])
    return found


def _reports(connection: sa.Connection, wheres: Iterable[sa.ColumnElement[bool]]) -> list[Report]:
    """Reports that have a place."""
    placed = reports.c.place.is_not(None)
    return [report_of(row) for where in wheres for row in connection.execute(sa.select(reports).where(placed, where))]


def _meeting(connection: sa.Connection, boxes: Sequence[Box]) -> list[Report]:
    """The reports whose place may lie within boxes: those in the table are widened by the error of each report."""
    space = space_of(connection)
    return _reports(connection, [space.meets(reports, part) for part in parts(boxes)])


# --- structures -------------------------------------------------------------------------------------


def _structures(connection: sa.Connection, some: Iterable[Report]) -> dict[str, str]:
    """The structure that each report means today: that of its finding, the one that it names, the one at its place."""
    found: dict[str, str] = {}
    by_finding: dict[str, str] = {}
    by_name: dict[str, str] = {}
    elsewhere = []
    for one in some:
        if one.finding_id is not None:
            by_finding[one.finding_id] = one.id
        elif one.facts.get("structure_id"):
            by_name[one.id] = str(one.facts["structure_id"])
        else:
            elsewhere.append(one)
    for part in parts(list(by_finding)):
        wanted = sa.select(findings.c.fid, findings.c.structure_id).where(findings.c.fid.in_(part))
        found |= {by_finding[row.fid]: row.structure_id for row in connection.execute(wanted) if row.structure_id}
    alias = aliases(connection, set(by_name.values()))
    found |= {fid: alias.get(name, name) for fid, name in by_name.items()}
    return found | _at_places(connection, elsewhere)


def _at_places(connection: sa.Connection, some: Sequence[Report]) -> dict[str, str]:
    if not some:
        return {}
    shapes = [_shape(one) for one in some]
    boxes = [reach(shape.bounds, one.spot.accuracy_m + 1.0) for one, shape in zip(some, shapes, strict=True)]
    all_near = _near(connection, boxes)
    if not all_near:
        return {}
    tree = shapely.STRtree(np.array([one.outline for one in all_near], dtype=object))
    found = {}
    for one, shape, box in zip(some, shapes, boxes, strict=True):
        here = [all_near[at] for at in tree.query(shapely.box(*box)).tolist()]
        meant = structure_of(shape, one.spot.accuracy_m, here)
        if meant is not None:
            found[one.id] = meant
    return found


def _near(connection: sa.Connection, boxes: Sequence[Box]) -> list[Near]:
    """The structures near some boxes, by all outlines that they ever had: a report stays with what it meant."""
    space = space_of(connection)
    outlines: dict[str, dict[str, shapely.Geometry]] = {}
    standing: dict[str, bool] = {}
    for part in parts(boxes):
        wanted = (
            sa.select(findings.c.fid, findings.c.structure_id, findings.c.geojson, structures.c.state)
            .join(structures, structures.c.fid == findings.c.structure_id)
            .where(structures.c.state != "merged", space.meets(findings, part))
        )
        for row in connection.execute(wanted):
            outlines.setdefault(row.structure_id, {})[row.fid] = shapely.make_valid(geometry_of(row.geojson))
            standing[row.structure_id] = row.state == "standing"
    return [
        Near(name, shapely.union_all(list(some.values())), standing[name]) for name, some in sorted(outlines.items())
    ]


def _dismissed(connection: sa.Connection, some: Iterable[Report]) -> set[str]:
    """The reports that are findings of which an officer said that there is nothing."""
    by_finding = {one.finding_id: one.id for one in some if one.finding_id is not None}
    found: set[str] = set()
    for part in parts(list(by_finding)):
        wanted = sa.select(findings.c.fid).where(findings.c.fid.in_(part), findings.c.judged.is_(sa.false()))
        found |= {by_finding[fid] for fid in connection.execute(wanted).scalars()}
    return found


# --- what changed -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Made:
    """The leads as they are now: what is in each, its id, and what ids lead elsewhere."""

    bundles: Sequence[Bundle]
    ids: Sequence[str]
    led: Mapping[str, str]


def _write(connection: sa.Connection, known: _Known, made: _Made, at: datetime) -> int:
    home = {fid: lead for bundle, lead in zip(made.bundles, made.ids, strict=True) for fid in bundle.reports}
    told = _news(known, made, home, at)
    family: dict[str, list[LeadEvent]] = {}
    for name in {*known.events, *told}:
        events = (*known.events.get(name, ()), *told.get(name, ()))
        family.setdefault(made.led.get(name, name), []).extend(events)
    dismissed = _dismissed(connection, known.reports.values())
    new, changed = [], []
    for bundle, lead in zip(made.bundles, made.ids, strict=True):
        old = known.rows.get(lead)
        own = [known.reports[fid] for fid in bundle.reports]
        frame = _frame(lead, bundle, home, (old, told.get(lead, ()), at))
        frame = replace(frame, dismissed=dismissed.issuperset(bundle.reports))
        row = row_of(frame, own, standing_of(family.get(lead, ())))
        if old is None:
            new.append({"fid": lead, "founder": bundle.reports[0], **lead_values(row)})
        elif row != old:
            changed.append(row)
    for lead, to in made.led.items():
        old = known.rows[lead]
        if old.leads_to != to:
            number = old.number + len(told.get(lead, ()))
            changed.append(replace(old, state="merged", leads_to=to, number=number, changed_at=at))
    _insert(connection, new)
    for row in changed:
        _update(connection, row)
    _insert_events(connection, told)
    _move(connection, {fid: lead for fid, lead in home.items() if known.reports[fid].lead_id != lead})
    return len(new) + len(changed)


def _frame(
    lead: str, bundle: Bundle, home: Mapping[str, str], was: tuple[LeadRow | None, Sequence[LeadEvent], datetime]
) -> Frame:
    old, told, at = was
    follows = None if bundle.after is None else home[bundle.after]
    if old is None:
        return Frame(lead, len(told), bundle.structure, follows, at, at)
    changed = at if told else old.changed_at
    return Frame(lead, old.number + len(told), bundle.structure, follows, old.opened_at, changed)


def _insert(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(leads), rows)
    for part in parts([row["fid"] for row in rows]):
        space_of(connection).enter(connection, leads, leads.c.fid.in_(part))


def _move(connection: sa.Connection, moved: Mapping[str, str]) -> None:
    """Let reports belong to other leads."""
    if moved:
        wanted = sa.update(reports).where(reports.c.fid == sa.bindparam("at")).values(lead_id=sa.bindparam("to"))
        connection.execute(wanted, [{"at": fid, "to": to} for fid, to in moved.items()])


def _news(known: _Known, made: _Made, home: Mapping[str, str], at: datetime) -> dict[str, list[LeadEvent]]:
    """What happened to each lead."""
    said: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for bundle, lead in zip(made.bundles, made.ids, strict=True):
        came = [fid for fid in bundle.reports if known.reports[fid].lead_id != lead]
        if lead not in known.rows:
            come_from = {known.reports[fid].lead_id for fid in came} - {None}
            facts: dict[str, Any] = {"reports": came}
            if bundle.after is not None:
                facts["follows"] = home[bundle.after]
            if come_from:
                facts["from"] = min(str(name) for name in come_from)
            said.setdefault(lead, []).append(("opened", facts))
        elif came:
            said.setdefault(lead, []).append(("joined", {"reports": came}))
    for lead, to in made.led.items():
        if known.rows[lead].leads_to != to:
            said.setdefault(lead, []).append(("merged", {"into": to}))
            said.setdefault(to, []).append(("took_in", {"lead": lead}))
    for lead, went in _gone(known, made, home).items():
        said.setdefault(lead, []).append(("left", {"reports": went}))
    return {
        lead: [
            LeadEvent(lead, _last(known, lead) + place, kind, at, KANCHA, facts)
            for place, (kind, facts) in enumerate(some, 1)
        ]
        for lead, some in said.items()
    }


def _gone(known: _Known, made: _Made, home: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The reports that went from each lead to another, with where; not those of leads that went as a whole."""
    gone: dict[str, dict[str, str]] = {}
    for one in known.reports.values():
        if one.lead_id is not None and home[one.id] != one.lead_id and one.lead_id not in made.led:
            gone.setdefault(one.lead_id, {})[one.id] = home[one.id]
    return gone


def _last(known: _Known, lead: str) -> int:
    row = known.rows.get(lead)
    return 0 if row is None else row.number


def _update(connection: sa.Connection, row: LeadRow) -> None:
    mine, space = leads.c.fid == row.id, space_of(connection)
    seq = connection.execute(sa.select(leads.c.seq).where(mine)).scalar_one()
    space.forget(connection, leads, [seq])
    connection.execute(sa.update(leads).where(mine).values(lead_values(row)))
    space.enter(connection, leads, mine)


def _insert_events(connection: sa.Connection, told: Mapping[str, Sequence[LeadEvent]]) -> None:
    rows = [
        {"lead_id": e.lead_id, "number": e.number, "kind": e.kind, "at": e.at, "by_id": e.by, "facts": dict(e.facts)}
        for events in told.values()
        for e in events
    ]
    if rows:
        connection.execute(sa.insert(lead_events), rows)
