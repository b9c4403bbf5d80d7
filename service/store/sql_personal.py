"""Sealed personal values of layer features in a table; what is written of them is recorded in the same step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from service.auth.record import Entry
from service.store.database import Database
from service.store.schema import layer_features, layer_versions
from service.store.sql_audit_log import append
from service.store.sql_layers import SqlLayers


class SqlPersonal:
    """Personal values.

    Args:
        database: Where the tables are.
        layers: The layers as they are seen: values of a feature are those of one that is shown.
    """

    def __init__(self, database: Database, layers: SqlLayers) -> None:
        self._db, self._layers = database, layers

    def of(self, version_id: str, fid: str) -> str | None:
        """The sealed personal values of a feature; None without any.

        Raises:
            NotFoundError: Without the feature.
        """
        self._layers.feature(version_id, fid)
        own = sa.and_(layer_features.c.version_id == version_id, layer_features.c.fid == fid)
        with self._db.read() as connection:
            return connection.execute(sa.select(layer_features.c.personal).where(own)).scalar_one_or_none()

    def sealed(self, after_key: int, limit: int) -> Sequence[tuple[int, str, str, str]]:
        """Key, version, id and sealed values of the features behind a key that have some."""
        table = layer_features
        wanted = sa.select(table.c.seq, table.c.version_id, table.c.fid, table.c.personal)
        wanted = wanted.where(table.c.seq > after_key, table.c.personal.is_not(None)).order_by(table.c.seq)
        with self._db.read() as connection:
            return [tuple(row) for row in connection.execute(wanted.limit(limit))]

    def reseal(self, values: Mapping[int, str]) -> None:
        """Put other seals in the place of those of some features, by their key; what was erased meanwhile stays so."""
        own = sa.and_(layer_features.c.seq == sa.bindparam("at"), layer_features.c.personal.is_not(None))
        with self._db.write("layers") as connection:
            told = [{"at": key, "personal": text} for key, text in values.items()]
            connection.execute(sa.update(layer_features).where(own), told)

    def erase(self, kind: str, fid: str, entry: Entry) -> Sequence[str]:
        """Erase the personal values of a feature in all versions of a kind; the ids of the versions that had some."""
        of_kind = sa.select(layer_versions.c.id).where(layer_versions.c.kind == kind)
        # a parcel that comes in several rows has `id~2` and so on beside its id
        rows = sa.or_(layer_features.c.fid == fid, layer_features.c.fid.between(f"{fid}~", f"{fid}\x7f"))
        own = sa.and_(layer_features.c.version_id.in_(of_kind), rows)
        has = sa.and_(own, layer_features.c.personal.is_not(None))
        with self._db.write("layers") as connection:
            found = sorted(set(connection.execute(sa.select(layer_features.c.version_id).where(has)).scalars()))
            if found:
                connection.execute(sa.update(layer_features).where(has).values(personal=None))
                # the kept file holds them too, and cannot be changed in part
                theirs = layer_versions.c.id.in_(found)
                connection.execute(sa.update(layer_versions).where(theirs).values(file_key=None))
                append(connection, replace(entry, details={**entry.details, "versions": found}))
        return found

    def erase_version(self, version_id: str, entry: Entry) -> None:
        """Erase all personal values of a version, and what opens its file."""
        with self._db.write("layers") as connection:
            own = layer_features.c.version_id == version_id
            connection.execute(sa.update(layer_features).where(own).values(personal=None))
            mine = layer_versions.c.id == version_id
            connection.execute(sa.update(layer_versions).where(mine).values(file_key=None))
            append(connection, entry)

    def keep_file_key(self, version_id: str, sealed: str | None) -> None:
        """Put another seal in the place of that of a version's file; None: nothing opens it any more."""
        mine = sa.and_(layer_versions.c.id == version_id, layer_versions.c.file_key.is_not(None))
        with self._db.write("layers") as connection:
            connection.execute(sa.update(layer_versions).where(mine).values(file_key=sealed))
