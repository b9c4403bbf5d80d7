"""What of the tables somebody sees, in the words of the database: grades of secrecy, and the scenes of their ground."""

from __future__ import annotations

import sqlalchemy as sa
from shapely.geometry import shape

from service.auth.sight import Sight
from service.store.schema import findings, scans, scenes, structures


def disclosed(grade: sa.ColumnElement[str], sight: Sight) -> list[sa.ColumnElement[bool]]:
    """Rows whose grade of secrecy is not too high."""
    return [grade.not_in(sight.hidden)] if sight.hidden else []


def shown_scenes(connection: sa.Connection, sight: Sight) -> sa.Select[tuple[int, str]]:
    """Keys and ids of the scenes that somebody sees.

    Footprints are looked at one by one: the box of a slanting strip of imagery meets much that the strip does not.
    """
    wanted = sa.select(scenes.c.seq, scenes.c.id)
    if sight.ground is None:
        return wanted.where(*disclosed(scenes.c.secrecy, sight))
    if sight.ground.is_empty:
        return wanted.where(sa.false())
    west, south, east, north = sight.ground.bounds
    near = sa.select(scenes.c.seq, scenes.c.footprint).where(
        *disclosed(scenes.c.secrecy, sight),
        scenes.c.east >= west,
        scenes.c.west <= east,
        scenes.c.north >= south,
        scenes.c.south <= north,
    )
    rows = connection.execute(near).all()
    return wanted.where(scenes.c.seq.in_([row.seq for row in rows if sight.meets(shape(row.footprint))]))


def _secret_scans(sight: Sight) -> sa.Select[tuple[str]]:
    """Ids of the scans that are too secret."""
    return sa.select(scans.c.id).where(scans.c.secrecy.in_(sight.hidden))


def disclosed_findings(sight: Sight) -> list[sa.ColumnElement[bool]]:
    """Findings of scans that are not too secret."""
    return [findings.c.scan_id.not_in(_secret_scans(sight))] if sight.hidden else []


def disclosed_structures(sight: Sight) -> list[sa.ColumnElement[bool]]:
    """Structures of which no scan that is too secret saw anything: what they are rests on all sightings."""
    if not sight.hidden:
        return []
    of_secret = sa.select(findings.c.structure_id).where(
        findings.c.structure_id.is_not(None), findings.c.scan_id.in_(_secret_scans(sight))
    )
    return [structures.c.fid.not_in(of_secret)]
