"""Layer versions and their features in tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import shapely
import sqlalchemy as sa

from service.auth.sight import EVERYTHING, Sight
from service.errors import ForbiddenError, NotFoundError
from service.ogc.texts import geometries_of, row_of
from service.store.database import Database
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Box, FeatureRow, LayerSource, LayerVersion, Page
from service.store.schema import layer_features, layer_sources, layer_versions
from service.store.spaces import Space, space_of
from service.store.sql_features import (
    CHUNK,
    Source,
    feature_values,
    in_portions,
    insert_chunks,
    is_plain,
    page_of,
    plain_page,
    stream_of,
)
from service.store.sql_sight import disclosed

_PLAIN = [c.name for c in layer_versions.c if c.name not in {"seq", "bbox"}]
_NAMES = 200


class SqlLayers:
    """Layer versions.

    Args:
        database: Where the tables are.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight
        self._beyond = f",{','.join(sight.hidden)},"
        self._trimmed: dict[str, LayerVersion] = {}
        self._kinds: dict[str, str] = {}
        # versions never change, but that one of them may become standing: what is kept here is the newest, which is
        self._newest: dict[str, LayerVersion] = {}

    def add(self, version: LayerVersion, rows: Iterable[FeatureRow]) -> bool:
        """Store a version with all its features at once; False where it is there already.

        A version that came with one scan and comes again as a layer of its own becomes standing. In the same step, how
        it was read is kept for the next delivery of its source.
        """
        values = {name: getattr(version, name) for name in _PLAIN}
        values["bbox"] = None if version.bbox is None else list(version.bbox)
        with self._db.write("layers") as connection:
            _keep_source(connection, version)
            known = connection.execute(
                sa.select(layer_versions.c.standing).where(layer_versions.c.id == version.id)
            ).first()
            if known is not None:
                if version.standing and not known.standing:
                    connection.execute(
                        sa.update(layer_versions).where(layer_versions.c.id == version.id).values(standing=True)
                    )
                return False
            connection.execute(sa.insert(layer_versions).values(values))
            insert_chunks(
                connection,
                layer_features,
                ({"version_id": version.id, **feature_values(row), "personal": row.personal} for row in rows),
            )
            space_of(connection).enter(connection, layer_features, layer_features.c.version_id == version.id)
        return True

    def get(self, version_id: str) -> LayerVersion:
        """One version.

        Raises:
            NotFoundError: Without it.
        """
        with self._db.read() as connection:
            wanted = sa.select(layer_versions).where(layer_versions.c.id == version_id, *self._disclosed())
            row = connection.execute(wanted).first()
        if row is None:
            raise _no_version(version_id)
        return self._seen(_version(row))

    def sources(self, kind: str) -> Sequence[LayerSource]:
        """Who sent layers of a kind, by name."""
        table, own = layer_sources, layer_versions
        of_source = sa.and_(own.c.kind == table.c.kind, own.c.source == table.c.name)
        counted = sa.select(table, sa.func.count(own.c.seq).label("versions"), sa.func.max(own.c.seq).label("last"))
        counted = (
            counted.join(own, of_source)
            .where(table.c.kind == kind, *self._disclosed())
            .group_by(table.c.kind, table.c.name)
        )
        told = counted.subquery()
        wanted = sa.select(told, own.c.id, own.c.as_of).join(own, own.c.seq == told.c.last).order_by(told.c.name)
        with self._db.read() as connection:
            rows = connection.execute(wanted).all()
        return [
            LayerSource(r.kind, r.name, r.read_as, r.updated_at, versions=r.versions, newest=r.id, as_of=r.as_of)
            for r in rows
        ]

    def page(self, limit: int, after_key: int = 0, kind: str | None = None) -> Page[LayerVersion]:
        """Versions in the order of their coming."""
        of_kind = sa.and_(*self._disclosed(), sa.true() if kind is None else layer_versions.c.kind == kind)
        with self._db.read() as connection:
            count = sa.select(sa.func.count()).select_from(layer_versions).where(of_kind)
            matched = connection.execute(count).scalar_one()
            wanted = sa.select(layer_versions).where(of_kind, layer_versions.c.seq > after_key)
            rows = connection.execute(wanted.order_by(layer_versions.c.seq).limit(limit + 1)).all()
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([self._seen(_version(row)) for row in rows[:limit]], matched, following)

    def newest(self, kind: str, near: Box | None = None) -> LayerVersion | None:
        """The standing version that came last, of those whose box meets another."""
        if near is None:
            return self._newest_of(kind)
        wanted = (
            sa.select(layer_versions)
            .where(layer_versions.c.kind == kind, layer_versions.c.standing, *self._disclosed())
            .order_by(layer_versions.c.seq.desc())
        )
        with self._db.read() as connection:
            for row in connection.execute(wanted):
                version = _version(row)
                if version.bbox is not None and _meet(version.bbox, near):
                    return self._seen(version)
        return None

    def _newest_of(self, kind: str) -> LayerVersion | None:
        found = self._db.quick.rows("newest", kind=kind, beyond=self._beyond)
        if not found:
            return None
        known = self._newest.get(kind)
        if known is None or known.id != found[0][0]:
            known = self._newest[kind] = self.get(found[0][0])
        return known

    def features(self, query: FeatureQuery) -> FeaturePage:
        """Features of one version as GeoJSON texts; without `count` they are counted only where that costs nothing."""
        if is_plain(query) and self._sight.ground is None:
            self._held(query.within)
            known = next((v.features for v in self._newest.values() if v.id == query.within), None)
            if known is not None or not query.whole:
                return plain_page(self._db.quick, "layer_features", query, known)
        with self._db.read() as connection:
            return page_of(connection, self._source(connection, query), query)

    def all_features(self, query: FeatureQuery) -> Iterator[str]:
        """All features of one version that a query wants, a portion at a time."""
        with self._db.read() as connection:
            yield from stream_of(connection, self._source(connection, query), query)

    def _source(self, connection: sa.Connection, query: FeatureQuery) -> Source:
        known = None
        if query.whole:
            told = sa.select(layer_versions.c.features).where(layer_versions.c.id == query.within)
            known = connection.execute(told).scalar_one_or_none()
        wheres = [layer_features.c.version_id == query.within]
        return Source(
            layer_features,
            {"id": layer_features.c.fid},
            wheres,
            known,
            sight=self._sight,
            held=self._held(query.within),
        )

    def feature(self, version_id: str, fid: str) -> str:
        """One feature as GeoJSON text.

        Raises:
            NotFoundError: Without it.
        """
        held = self._held(version_id)
        rows = self._db.quick.rows("item", owner=version_id, fid=fid)
        found = list(self._kept((str(row[0]) for row in rows), held))
        if not found:
            raise NotFoundError(f"There is no feature {fid} in layer version {version_id}.")
        return found[0]

    def newest_feature(self, kind: str, fid: str) -> str | None:
        """One feature of the newest standing version as GeoJSON text; None where there is none."""
        if self._sight.ground is not None:
            return None
        found = self._db.quick.rows("newest item", kind=kind, fid=fid, beyond=self._beyond)
        return str(found[0][0]) if found else None

    def differing(self, old: str, new: str) -> Iterator[tuple[str | None, str | None]]:
        """Features (by id) of which the texts of two versions differ; None where a version lacks the id.

        What is equal never leaves the database, and no transaction stays open while a caller is slow: versions never
        change, so portions that are read one after the other belong together.
        """
        held = self._held(old) or self._held(new)
        for before, after in self._joined(old, new, both=True):
            # of what moved across the edge of the ground the side that lies on it is told: it came, or it went
            first = before if self._is_shown(before, held) else None
            second = after if after is not None and self._is_shown(after, held) else None
            if first is not None or second is not None:
                yield first, second
        for text, none in self._joined(new, old, both=False):
            if self._is_shown(text, held):
                yield none, text

    def _joined(self, left: str, right: str, *, both: bool) -> Iterator[tuple[str, str | None]]:
        """Features of one version by id with those of another: the ones that are missing there, or also others."""
        one, two = layer_features.alias("one"), layer_features.alias("two")
        pair = one.outerjoin(two, sa.and_(two.c.version_id == right, two.c.fid == one.c.fid))
        apart = two.c.fid.is_(None)
        wanted = (
            sa.select(one.c.fid, one.c.geojson, two.c.geojson.label("other"))
            .select_from(pair)
            .where(one.c.version_id == left, sa.or_(apart, one.c.geojson != two.c.geojson) if both else apart)
            .order_by(one.c.fid)
            .limit(CHUNK)
        )
        last = ""
        while True:
            with self._db.read() as connection:
                part = connection.execute(wanted.where(one.c.fid > last)).all()
            for row in part:
                yield row.geojson, row.other
            if len(part) < CHUNK:
                return
            last = part[-1].fid

    def rows(self, version_id: str, box: Box | None = None, *, unplaced: bool = True) -> Iterator[str]:
        """All features whose box meets another and (if wanted) those that have none, in stored order."""
        lone = layer_features.c.west.is_(None)

        def wanted(space: Space) -> sa.ColumnElement[bool]:
            if box is None:
                return sa.true() if unplaced else sa.not_(lone)
            near = space.meets(layer_features, [box])
            return sa.or_(near, lone) if unplaced else near

        yield from self._texts(version_id, wanted)

    def rows_with(self, version_id: str, name: str, value: str) -> Iterator[str]:
        """All features whose property has a value, in stored order."""
        yield from self._texts(version_id, lambda space: space.property_is(layer_features, name, value))

    def _texts(self, version_id: str, where: Callable[[Space], sa.ColumnElement[bool]]) -> Iterator[str]:
        held = self._held(version_id)
        with self._db.read() as connection:
            wanted = sa.select(layer_features.c.geojson).where(
                layer_features.c.version_id == version_id, where(space_of(connection))
            )
            rows = connection.execute(in_portions(wanted.order_by(layer_features.c.seq)))
            yield from self._kept((text for (text,) in rows), held)

    def meeting(self, version_id: str, boxes: Sequence[Box]) -> Iterator[str]:
        """The features whose box meets one of many, each at least once, in no order."""
        for first in range(0, len(boxes), _NAMES):
            some = boxes[first : first + _NAMES]
            yield from self._texts(version_id, lambda space, some=some: space.meets(layer_features, some))  # type: ignore[misc]

    def values(self, version_id: str, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The id and some properties of all features, in stored order."""
        if self._sight.ground is not None:
            raise ForbiddenError(
                "The values of a whole layer are for those who work everywhere.", remedy="Ask for features."
            )
        self._held(version_id)
        table = layer_features
        with self._db.read() as connection:
            told = [space_of(connection).property_of(table, name) for name in names]
            wanted = sa.select(table.c.fid, *told).where(table.c.version_id == version_id).order_by(table.c.seq)
            yield from map(tuple, connection.execute(in_portions(wanted)))

    def named(self, version_id: str, names: Iterable[str]) -> Iterator[str]:
        """The features of ids, with those that repeat one of them (`id~2`), in no order."""
        fid = layer_features.c.fid
        told, held = list(names), self._held(version_id)
        with self._db.read() as connection:
            for first in range(0, len(told), _NAMES):
                part = told[first : first + _NAMES]
                # everything from `id~` to `id~` with anything behind it: a range of the index
                repeats = [sa.and_(fid >= f"{name}~", fid < f"{name}\x7f") for name in part]
                wanted = sa.select(layer_features.c.geojson).where(
                    layer_features.c.version_id == version_id, sa.or_(fid.in_(part), *repeats)
                )
                yield from self._kept(connection.execute(wanted).scalars(), held)

    def _disclosed(self) -> list[sa.ColumnElement[bool]]:
        return disclosed(layer_versions.c.secrecy, self._sight)

    def _held(self, version_id: str | None) -> bool:
        """Whether features are shown that lie wholly on the ground alone: an area, for the figures of one that is
        larger tell of what lies beyond.
        """
        if self._sight.whole or version_id is None:
            return False
        return self._kind(version_id) == "areas" and self._sight.ground is not None

    def _kind(self, version_id: str) -> str:
        """The kind of a version that is shown: it never changes, nor does its secrecy.

        Raises:
            NotFoundError: Without it, or where it is too secret.
        """
        known = self._kinds.get(version_id)
        if known is None:
            wanted = sa.select(layer_versions.c.kind).where(layer_versions.c.id == version_id, *self._disclosed())
            with self._db.read() as connection:
                known = connection.execute(wanted).scalar_one_or_none()
            if known is None:
                raise _no_version(version_id)
            self._kinds[version_id] = known
        return known

    def _is_shown(self, text: str, held: bool) -> bool:
        if self._sight.ground is None:
            return True
        row = row_of(text)
        if held:
            return row.fid in self._sight.areas or self._sight.holds(row.geometry)
        return self._sight.meets(row.geometry)

    def _kept(self, texts: Iterable[str], held: bool) -> Iterator[str]:
        """Those of some features that are shown; see `_held`."""
        return (text for text in texts if self._is_shown(text, held))

    def _seen(self, version: LayerVersion) -> LayerVersion:
        """A version that tells of nothing beyond the ground: its count, its box, what its reading found."""
        if self._sight.ground is None:
            return version
        if version.id not in self._trimmed:
            with self._db.read() as connection:
                query = FeatureQuery(within=version.id)
                texts = list(stream_of(connection, self._source(connection, query), query))
            box = tuple(shapely.total_bounds(geometries_of(texts)).tolist()) if texts else None
            self._trimmed[version.id] = replace(version, features=len(texts), bbox=box, report={})
        return self._trimmed[version.id]


def _no_version(version_id: str) -> NotFoundError:
    return NotFoundError(f"There is no layer version {version_id}.", remedy="GET /layers lists them.")


def _keep_source(connection: sa.Connection, version: LayerVersion) -> None:
    if version.source is None:
        return
    table = layer_sources
    values = {"read_as": dict(version.read_as), "updated_at": version.created_at}
    this = sa.and_(table.c.kind == version.kind, table.c.name == version.source)
    if not connection.execute(sa.update(table).where(this).values(values)).rowcount:
        connection.execute(sa.insert(table).values(kind=version.kind, name=version.source, **values))


def _meet(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _version(row: sa.Row[Any]) -> LayerVersion:
    values = {name: getattr(row, name) for name in _PLAIN}
    bbox = None if row.bbox is None else (row.bbox[0], row.bbox[1], row.bbox[2], row.bbox[3])
    return LayerVersion(**values, bbox=bbox)
