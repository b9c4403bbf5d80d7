"""Dismissals and the findings that repeat them: looked up by box, decided by `service.review.repeats`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import shapely
import sqlalchemy as sa

from service.review.repeats import CHANGED_SINCE, Observation, Settlement, settle
from service.store.records import Box, FindingRow
from service.store.schema import findings
from service.store.spaces import space_of
from service.store.sql_features import geometry_of

_COLUMNS = (
    findings.c.seq,
    findings.c.fid,
    findings.c.change,
    findings.c.confidence,
    findings.c.before_at,
    findings.c.after_at,
    findings.c.geojson,
    findings.c.suppressed_by,
    findings.c.west,
    findings.c.south,
    findings.c.east,
    findings.c.north,
)


def settled(connection: sa.Connection, rows: Sequence[FindingRow]) -> list[FindingRow]:
    """New findings, marked where they repeat a dismissed one or stand where one was."""
    dismissed = _dismissed(connection, [row.bbox for row in rows if row.bbox is not None])
    if not dismissed:
        return list(rows)
    return [
        _marked(row, found)
        for row, found in zip(rows, _settle_all([_observed(row) for row in rows], dismissed), strict=True)
    ]


def resettle(connection: sa.Connection, fid: str, *, dismissed: bool) -> None:
    """Bring the repeats of a finding up to date after its verdict has changed.

    Args:
        connection: A transaction that writes; the finding's own row is up to date.
        fid: The finding.
        dismissed: Whether it is dismissed now. Then findings that repeat it and are stored already, of another
            scan of the same change, leave the queue as well.
    """
    concerned = findings.c.suppressed_by == fid
    if dismissed:
        own = connection.execute(sa.select(*_COLUMNS).where(findings.c.fid == fid)).one()
        around = sa.and_(findings.c.suppressed_by.is_(None), space_of(connection).meets(findings, [_box(own)]))
        concerned = sa.or_(concerned, around)
    rows = connection.execute(sa.select(*_COLUMNS).where(concerned, findings.c.judged.is_(None))).all()
    against = _dismissed(connection, [_box(row) for row in rows])
    for row, found in zip(rows, _settle_all([_observed(row) for row in rows], against), strict=True):
        if found.suppressed_by != row.suppressed_by:
            text = revised(row.geojson, suppressed_by=found.suppressed_by)
            values = {"suppressed_by": found.suppressed_by, "geojson": text}
            connection.execute(sa.update(findings).where(findings.c.seq == row.seq).values(values))


def suppression_of(connection: sa.Connection, fid: str) -> str | None:
    """The dismissed finding that a stored one repeats; None: it repeats none."""
    own = connection.execute(sa.select(*_COLUMNS).where(findings.c.fid == fid)).one()
    against = _dismissed(connection, [_box(own)])
    return _settle_all([_observed(own)], against)[0].suppressed_by


def revised(geojson: str, **members: Any) -> str:
    """A finished feature with other values of some properties."""
    feature = orjson.loads(geojson)
    feature["properties"] |= members
    return orjson.dumps(feature).decode()


def _marked(row: FindingRow, found: Settlement) -> FindingRow:
    if found.suppressed_by is not None:
        text = revised(row.geojson, suppressed_by=found.suppressed_by)
        return replace(row, suppressed_by=found.suppressed_by, geojson=text)
    if found.returned:
        flags = orjson.loads(row.geojson)["properties"].get("flags") or []
        return replace(row, geojson=revised(row.geojson, flags=list(dict.fromkeys([*flags, CHANGED_SINCE]))))
    return row


def _settle_all(found: Sequence[Observation], dismissed: Sequence[Observation]) -> list[Settlement]:
    tree = shapely.STRtree([one.outline for one in dismissed])
    return [settle(one, [dismissed[i] for i in sorted(tree.query(one.outline))]) for one in found]


def _dismissed(connection: sa.Connection, boxes: Sequence[Box]) -> list[Observation]:
    """Dismissed findings near any of the boxes."""
    if not boxes:
        return []
    wests, souths, easts, norths = zip(*boxes, strict=True)
    around = space_of(connection).meets(findings, [(min(wests), min(souths), max(easts), max(norths))])
    wanted = sa.select(*_COLUMNS).where(findings.c.judged.is_(False), around).order_by(findings.c.seq)
    return [_observed(row) for row in connection.execute(wanted)]


def _observed(row: Any) -> Observation:
    """From a stored row or one to be stored."""
    return Observation(
        fid=row.fid,
        change=row.change,
        confidence=row.confidence,
        area_m2=float(orjson.loads(row.geojson)["properties"].get("area_m2") or 0.0),
        before_at=row.before_at,
        after_at=row.after_at,
        # an outline that crosses itself must not end a scan
        outline=shapely.make_valid(geometry_of(row.geojson)),
    )


def _box(row: Any) -> Box:
    return (row.west, row.south, row.east, row.north)
