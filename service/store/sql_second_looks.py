"""Who waits for a second look, who was looked at twice: counted by the database, from verdicts that stand.

A verdict names a person by id, or, from a key, the command line or an earlier release, by a written name alone. A
written name is taken for the person who is called so: nobody confirms themselves by another way.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from service.auth.sight import Sight
from service.store.records import AwaitingRow, Page, Speaker
from service.store.schema import findings, scans, verdicts
from service.store.sql_features import geometry_of
from service.store.sql_sight import disclosed_findings

_STANDS = verdicts.c.withdrawn_at.is_(None)
_MOST_READ = 500


def awaiting(
    connection: sa.Connection, sight: Sight, who: Speaker | None, after_key: int, limit: int
) -> Page[AwaitingRow]:
    """A page of the findings that one person has judged; the key is that of the first verdict, which tells nothing."""
    spoken = _spoken(who)
    wanted = (
        sa.select(spoken.c.first, findings.c.geojson, scans.c.before_scene, scans.c.after_scene)
        .join(findings, findings.c.fid == spoken.c.finding_id)
        .join(scans, scans.c.id == findings.c.scan_id)
        .where(_by_one(spoken), *disclosed_findings(sight))
    )
    if who is not None:
        # who spoke after the first has been told what the first said, though it was taken back
        wanted = wanted.where(sa.or_(spoken.c.mine.is_(None), spoken.c.mine < spoken.c.first))
    if sight.ground is None:
        matched = connection.execute(sa.select(sa.func.count()).select_from(wanted.subquery())).scalar_one()
        behind = wanted.where(spoken.c.first > after_key).order_by(spoken.c.first).limit(limit + 1)
        rows = list(connection.execute(behind))
    else:
        every = [row for row in connection.execute(wanted.order_by(spoken.c.first)) if _is_shown(sight, row)]
        matched, rows = len(every), [row for row in every if row.first > after_key][: limit + 1]
    items = [AwaitingRow(row.first, row.geojson, row.before_scene, row.after_scene) for row in rows[:limit]]
    return Page(items, int(matched), items[-1].key if len(rows) > limit else None)


def twice(
    connection: sa.Connection, sight: Sight, before_key: int | None, limit: int
) -> tuple[list[tuple[int, str]], int | None]:
    """Keys and ids of findings that several have judged, the latest first, and where to go on."""
    spoken = _spoken(None)
    wanted = (
        sa.select(spoken.c.last, findings.c.fid, findings.c.geojson)
        .join(findings, findings.c.fid == spoken.c.finding_id)
        .where(sa.not_(_by_one(spoken)), spoken.c.first.is_not(None), *disclosed_findings(sight))
    )
    if before_key is not None:
        wanted = wanted.where(spoken.c.last < before_key)
    most = min(limit, _MOST_READ)
    rows = list(connection.execute(wanted.order_by(spoken.c.last.desc()).limit(most + 1)))
    page = rows[:most]
    shown = [(row.last, row.fid) for row in page if _is_shown(sight, row)]
    return shown, page[-1].last if len(rows) > most else None


def _spoken(who: Speaker | None) -> sa.Subquery:
    """Per finding: keys of the first and the last verdict that stands, how many spoke, and when somebody spoke last."""
    by_hand = sa.case((verdicts.c.person_id.is_(None), verdicts.c.judged_by))
    columns: list[Any] = [
        sa.func.min(sa.case((_STANDS, verdicts.c.seq))).label("first"),
        sa.func.max(sa.case((_STANDS, verdicts.c.seq))).label("last"),
        sa.func.count(sa.distinct(sa.case((_STANDS, verdicts.c.person_id)))).label("persons"),
        sa.func.count(sa.distinct(sa.case((_STANDS, by_hand)))).label("by_hand"),
        sa.func.count(sa.distinct(sa.case((_STANDS, verdicts.c.judged_by)))).label("names"),
    ]
    if who is not None:
        own = sa.or_(
            verdicts.c.person_id == who.person_id,
            sa.and_(verdicts.c.person_id.is_(None), verdicts.c.judged_by == who.name),
        )
        columns.append(sa.func.max(sa.case((own, verdicts.c.seq))).label("mine"))
    return sa.select(verdicts.c.finding_id, *columns).group_by(verdicts.c.finding_id).subquery("spoken")


def _by_one(spoken: sa.Subquery) -> sa.ColumnElement[bool]:
    """Whether all that stands was said by one person; where nothing stands it is not."""
    persons, by_hand = spoken.c.persons, spoken.c.by_hand
    return sa.or_(
        sa.and_(persons == 1, by_hand == 0),
        sa.and_(persons == 0, by_hand == 1),
        sa.and_(persons == 1, by_hand == 1, spoken.c.names == 1),
    )


def _is_shown(sight: Sight, row: Any) -> bool:
    return sight.ground is None or sight.meets(geometry_of(row.geojson))
