"""Scenes in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from shapely.geometry import shape

from service.auth.sight import EVERYTHING, Sight
from service.errors import NotFoundError
from service.store.database import Database
from service.store.records import Box, Page, Scene, SceneFrame
from service.store.scene_query import SceneQuery
from service.store.schema import scenes
from service.store.sql_sight import disclosed, shown_scenes

_LISTS = ("bands", "transform", "overviews")
_OTHER = {"seq", "west", "south", "east", "north", *_LISTS}
_PLAIN = [c.name for c in scenes.c if c.name not in _OTHER]


class SqlScenes:
    """Scenes.

    Args:
        database: Where the table is.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def add(self, scene: Scene) -> bool:
        """Store a scene; False where it is there already."""
        west, south, east, north = scene.bbox
        values = {name: getattr(scene, name) for name in _PLAIN}
        values |= {name: list(getattr(scene, name)) for name in _LISTS}
        values |= {"west": west, "south": south, "east": east, "north": north}
        with self._db.write("scenes") as connection:
            known = sa.select(scenes.c.seq).where(scenes.c.id == scene.id)
            if connection.execute(known).first() is not None:
                return False
            connection.execute(sa.insert(scenes).values(values))
        return True

    def get(self, scene_id: str) -> Scene:
        """One scene.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            row = connection.execute(sa.select(scenes).where(scenes.c.id == scene_id)).first()
        if row is None or not _is_shown(row, self._sight):
            raise NotFoundError(f"There is no scene {scene_id}.", remedy="GET /scenes lists them.")
        return _scene(row)

    def page(self, limit: int, after_key: int = 0) -> Page[Scene]:
        """Scenes in the order of their coming."""
        with self._db.read() as connection:
            shown = self._shown(connection)
            matched = connection.execute(sa.select(sa.func.count()).select_from(scenes).where(*shown)).scalar_one()
            wanted = sa.select(scenes).where(scenes.c.seq > after_key, *shown).order_by(scenes.c.seq)
            rows = connection.execute(wanted.limit(limit + 1)).all()
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([_scene(row) for row in rows[:limit]], matched, following)

    def frames(self) -> Sequence[SceneFrame]:
        """All scenes in short, in the order of their coming."""
        c = scenes.c
        told = (c.id, c.acquired_at, c.west, c.south, c.east, c.north, c.mask_sha256, c.attributes["kind"].as_string())
        with self._db.read() as connection:
            rows = connection.execute(sa.select(*told).where(*self._shown(connection)).order_by(c.seq)).all()
        return [SceneFrame(row[0], row[1], (row[2], row[3], row[4], row[5]), row[6], row[7]) for row in rows]

    def meeting(self, box: Box) -> Sequence[Scene]:
        """All scenes whose box meets another, in the order of acquisition."""
        west, south, east, north = box
        wanted = (
            sa.select(scenes)
            .where(scenes.c.east >= west, scenes.c.west <= east)
            .where(scenes.c.north >= south, scenes.c.south <= north)
            .order_by(scenes.c.acquired_at, scenes.c.id)
        )
        with self._db.read() as connection:
            return [_scene(row) for row in connection.execute(wanted) if _is_shown(row, self._sight)]

    def search(self, query: SceneQuery) -> Page[Scene]:
        """A page of the scenes that a query means, the latest stored first."""
        with self._db.read() as connection:
            conditions = [*_conditions(query), *self._shown(connection)]
            count = sa.select(sa.func.count()).select_from(scenes).where(*conditions)
            wanted = sa.select(scenes).where(*conditions).order_by(scenes.c.seq.desc())
            if query.after_key is not None:
                wanted = wanted.where(scenes.c.seq < query.after_key)
            matched = connection.execute(count).scalar_one()
            rows = connection.execute(wanted.limit(query.limit + 1)).all()
        following = rows[query.limit - 1].seq if len(rows) > query.limit else None
        return Page([_scene(row) for row in rows[: query.limit]], matched, following)

    def with_content(self, sha256: str) -> Sequence[Scene]:
        """All scenes of one content, in the order of their coming."""
        wanted = sa.select(scenes).where(scenes.c.sha256 == sha256).order_by(scenes.c.seq)
        with self._db.read() as connection:
            return [_scene(row) for row in connection.execute(wanted) if _is_shown(row, self._sight)]

    def _shown(self, connection: sa.Connection) -> list[sa.ColumnElement[bool]]:
        """What a row fulfils that is shown."""
        if self._sight.ground is None:
            return disclosed(scenes.c.secrecy, self._sight)
        return [scenes.c.seq.in_([row.seq for row in connection.execute(shown_scenes(connection, self._sight))])]


def _is_shown(row: sa.Row[Any], sight: Sight) -> bool:
    return sight.whole or sight.shows(row.secrecy, shape(row.footprint))


def _conditions(query: SceneQuery) -> list[sa.ColumnElement[bool]]:
    """What a row must fulfil."""
    told: list[sa.ColumnElement[bool]] = []
    if query.boxes:
        meets = [
            sa.and_(scenes.c.east >= w, scenes.c.west <= e, scenes.c.north >= s, scenes.c.south <= n)
            for w, s, e, n in query.boxes
        ]
        told.append(sa.or_(*meets))
    start, end = query.interval or (None, None)
    if start is not None:
        told.append(scenes.c.acquired_at >= start)
    if end is not None:
        told.append(scenes.c.acquired_at <= end)
    if query.ids is not None:
        told.append(scenes.c.id.in_(list(query.ids)))
    return told


def _scene(row: sa.Row[Any]) -> Scene:
    values = {name: getattr(row, name) for name in _PLAIN}
    values |= {name: tuple(getattr(row, name)) for name in _LISTS}
    if values["cog_overviews"] is not None:
        values["cog_overviews"] = tuple(values["cog_overviews"])
    return Scene(**values, bbox=(row.west, row.south, row.east, row.north))
