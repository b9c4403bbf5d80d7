"""The few questions that map clients ask all day, as plain statements on connections that are kept.

A single statement sees one state of the database by itself, so it needs no transaction around it; what SQLAlchemy costs
for each question (a millisecond and more) is several times what the database takes to answer. Everything else goes
through `Database`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, LifoQueue
from types import MappingProxyType
from typing import Any

import psycopg
import sqlalchemy as sa

from service.errors import StoreBusyError, UnstorableValueError
from service.store.records import Box

_MARGIN = 1e-6
"""Degrees, as in `spaces`."""
_TABLES = MappingProxyType({"layer_features": "version_id", "findings": "scan_id", "structures": None})
"""Tables of features, and the column that says what they belong to."""


_INSIDE = (
    "CASE WHEN f.west >= :w AND f.east <= :e THEN "
    "CASE WHEN f.south >= :s AND f.north <= :n THEN 2 WHEN f.south <= :n AND f.north >= :s THEN 1 ELSE 0 END "
    "WHEN f.south >= :s AND f.north <= :n AND f.west <= :e AND f.east >= :w THEN 1 ELSE 0 END"
)
"""2: a box lies within the wanted one. 1: between two of its sides, reaching over one of the others or both."""


def _page(dialect: str, table: str, *, owned: bool, boxed: bool) -> str:
    """The statement for a page of features."""
    sqlite = dialect == "sqlite"
    wheres = ["f.seq > :after"]
    if owned:
        wheres.append(f"f.{_TABLES[table]} = :owner")
    inside = "2"
    if boxed:
        inside = _INSIDE
        near = (
            f"f.seq IN (SELECT seq FROM {table}_rtree WHERE east >= :w - :m AND west <= :e + :m "
            "AND north >= :s - :m AND south <= :n + :m)"
            if sqlite
            else "f.geom && ST_MakeEnvelope(:w - :m, :s - :m, :e + :m, :n + :m, 4326)"
        )
        wheres.append(near)
    return f"SELECT f.seq, f.geojson, {inside} FROM {table} f WHERE {' AND '.join(wheres)} ORDER BY f.seq LIMIT :take"


def _statements(dialect: str) -> dict[str, str]:
    # grades of secrecy that are too high come as one text, `,secret,`
    inside = (
        "instr(:beyond, ',' || secrecy || ',')" if dialect == "sqlite" else "strpos(:beyond, ',' || secrecy || ',')"
    )
    newest = f"SELECT id FROM layer_versions WHERE kind = :kind AND standing AND {inside} = 0 ORDER BY seq DESC LIMIT 1"
    told = {
        "item": "SELECT geojson FROM layer_features WHERE version_id = :owner AND fid = :fid",
        "newest item": f"SELECT geojson FROM layer_features WHERE fid = :fid AND version_id = ({newest})",
        "finding": "SELECT geojson FROM findings WHERE fid = :fid",
        "newest": newest,
        "state": "SELECT name, count FROM changes",
    }
    for table in _TABLES:
        for owned in (False, True):
            for boxed in (False, True):
                told[f"{table} {owned} {boxed}"] = _page(dialect, table, owned=owned, boxed=boxed)
    return told


class Quick:
    """Asks one database.

    Args:
        dialect: `sqlite` or `postgresql`.
        connect: Opens a connection that changes nothing.
        most: Connections that are kept.
    """

    def __init__(self, dialect: str, connect: Callable[[], Any], most: int = 16) -> None:
        self._connect = connect
        self._idle: LifoQueue[Any] = LifoQueue(most)
        told = _statements(dialect)
        if dialect == "postgresql":
            told = {name: _for_psycopg(text) for name, text in told.items()}
        self._statements: Mapping[str, str] = told

    def rows(self, name: str, **values: Any) -> Sequence[Any]:
        """What a statement gives.

        Raises:
            StoreBusyError: If the database does not answer.
            UnstorableValueError: If it cannot hold a value that is asked for.
        """
        statement = self._statements[name]
        try:
            with self._connection() as connection:
                return list(connection.execute(statement, values).fetchall())
        except (sqlite3.OperationalError, psycopg.OperationalError) as error:
            raise StoreBusyError(f"The database did not answer: {error}.", remedy="Try again in a moment.") from error
        except (psycopg.DataError, OverflowError) as error:
            raise UnstorableValueError(
                f"A value cannot be looked up: {error}.",
                remedy="Texts hold no zero character, whole numbers have at most 64 bits.",
            ) from error

    def page(self, table: str, owner: str | None, box: Box | None, after: int, take: int) -> Sequence[Any]:
        """(key, text, how its box lies in the wanted: see `_INSIDE`) of features in the order of their coming."""
        values: dict[str, Any] = {"after": after, "take": take}
        if owner is not None:
            values["owner"] = owner
        if box is not None:
            west, south, east, north = box
            values |= {"w": west, "s": south, "e": east, "n": north, "m": _MARGIN}
        return self.rows(f"{table} {owner is not None} {box is not None}", **values)

    def close(self) -> None:
        """Let go of every connection."""
        with contextlib.suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Any]:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            yield connection
        except BaseException:
            # whatever happened, a new one costs less than one in an unknown state
            connection.close()
            raise
        try:
            self._idle.put_nowait(connection)
        except Exception:
            connection.close()


def _for_psycopg(text: str) -> str:
    """Names of values as psycopg writes them."""
    import re

    return re.sub(r":(\w+)", r"%(\1)s", text)


def quick_sqlite(path: str) -> Quick:
    """The questions to a SQLite file."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=30.0, check_same_thread=False, isolation_level=None)
        for pragma in ("query_only=ON", "cache_size=-65536", "mmap_size=0"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    return Quick("sqlite", connect)


def quick_postgis(url: sa.URL, **options: Any) -> Quick:
    """The questions to PostGIS; a server that was started anew is asked over a new connection."""
    told = url.set(drivername="postgresql").render_as_string(hide_password=False)

    def connect() -> psycopg.Connection[Any]:
        # prepared at once: the same statements come over and over
        return psycopg.connect(told, autocommit=True, prepare_threshold=0, **options)

    return Quick("postgresql", connect)
