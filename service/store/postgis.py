"""The store of production: PostgreSQL with PostGIS, for many processes and machines at once."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from geodata.errors import OptionError
from service.errors import StoreBusyError
from service.store.migrate import upgrade
from service.store.quick import quick_postgis
from service.store.sql_store import SqlStore

_LEAST_VERSION = 12
"""Generated columns came with PostgreSQL 12."""
_LONGEST_S = 120.0
"""Whoever asked has left by then: a map client waits for seconds."""


class PostgisStore(SqlStore):
    """A store in a database.

    Args:
        url: `postgresql://user:password@host:port/database`; further parameters are those of libpq.
        migrate: Bring the tables up to date first.
        longest_s: A question that only reads is ended after so long, s.

    Raises:
        OptionError: If the URL is none, or the database lacks PostGIS.
        StoreBusyError: If the database cannot be reached.
    """

    def __init__(self, url: str, *, migrate: bool = True, longest_s: float = _LONGEST_S) -> None:
        engine = postgis_engine(url)
        try:
            if migrate:
                _prepare(engine)
                upgrade(engine)
            limited = f"{_OPTIONS['options']} -c statement_timeout={int(longest_s * 1000)}"
            super().__init__(engine, quick_postgis(engine.url, **_OPTIONS | {"options": limited}), longest_s)
            if migrate:
                self.structures.catch_up()
        except SQLAlchemyError as error:
            engine.dispose()
            raise StoreBusyError(
                f"The database {engine.url.render_as_string(hide_password=True)} cannot be used: "
                f"{getattr(error, 'orig', None) or error}.",
                remedy="See that it runs and that KANCHA_STORE names it and its user rightly.",
            ) from error


def postgis_engine(url: str) -> sa.Engine:
    """Connections to a database.

    Raises:
        OptionError: If the URL is none of PostgreSQL.
    """
    try:
        parsed = sa.make_url(url)
    except SQLAlchemyError as error:
        raise OptionError("KANCHA_STORE is no address of a database.", remedy=_REMEDY) from error
    if parsed.get_backend_name() != "postgresql":
        raise OptionError(f"KANCHA_STORE names {parsed.get_backend_name()}, not PostgreSQL.", remedy=_REMEDY)
    return sa.create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=8,
        max_overflow=32,
        # an error that reaches the log must not tell what was stored
        hide_parameters=True,
        # a database that was started anew is noticed before a query, not by it
        pool_pre_ping=True,
        connect_args=_OPTIONS,
    )


_OPTIONS = {
    "application_name": "kancha",
    # parallel workers cost more to start than a query of a map client takes
    "options": "-c timezone=UTC -c max_parallel_workers_per_gather=0 -c jit=off",
}
_REMEDY = "Write postgresql://user:password@host:5432/database, or leave it out for the embedded store."


def _prepare(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        version = int(connection.execute(sa.text("SHOW server_version_num")).scalar_one()) // 10_000
        if version < _LEAST_VERSION:
            raise OptionError(
                f"The database runs PostgreSQL {version}; {_LEAST_VERSION} is the least.",
                remedy="Upgrade it; PostgreSQL 15 is what the tests run on.",
                version=version,
            )
        known = "SELECT count(*) FROM pg_extension WHERE extname = 'postgis'"
        if connection.execute(sa.text(known)).scalar_one():
            return
        try:
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS postgis"))
            connection.commit()
        except SQLAlchemyError as error:
            connection.rollback()
            if connection.execute(sa.text(known)).scalar_one():
                return  # another process made it at the same moment
            raise OptionError(
                f"The database has no PostGIS and this user cannot add it: {getattr(error, 'orig', None) or error}.",
                remedy="As its owner: CREATE EXTENSION postgis; on Debian the package is postgresql-15-postgis-3.",
            ) from error
