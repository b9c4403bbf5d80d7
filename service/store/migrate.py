"""Bring a database to the newest revision."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import sqlalchemy as sa

from service.errors import StoreTooNewError

if TYPE_CHECKING:
    from alembic.config import Config


def configuration() -> Config:
    """Alembic's configuration, without a file: the revisions lie in the package."""
    from alembic.config import Config

    config = Config()
    folder = str(resources.files("service.store") / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


def newest() -> str:
    """The newest revision that this code knows."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


def revision_of(engine: sa.Engine) -> str | None:
    """The revision of a database; None: it holds no tables of ours."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def upgrade(engine: sa.Engine) -> None:
    """Run every revision that a database has not seen yet, all of them or none.

    Raises:
        StoreTooNewError: If a newer release has brought it further than this code knows.
    """
    # loaded here alone: the process of a job finds the tables made
    from alembic import command
    from alembic.script import ScriptDirectory

    config = configuration()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = revision_of(engine)
    if found is not None and found not in known:
        raise StoreTooNewError(
            f"The database is at revision {found}; this release knows {newest()} as the newest.",
            remedy="Run the release that brought it there, or restore a backup that was made before.",
            found=found,
            newest=newest(),
        )
    with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            # two processes that start at once must not both make the tables
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('kancha migrate', 0))"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
