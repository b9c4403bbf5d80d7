"""Bring a database to the newest revision."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.config import Config


def configuration() -> Config:
    """Alembic's configuration, without a file: the revisions lie in the package."""
    from alembic.config import Config

    config = Config()
    folder = str(resources.files("service.store") / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


def upgrade(engine: sa.Engine) -> None:
    """Run every revision that a database has not seen yet."""
    # loaded here alone: the process of a job finds the tables made
    from alembic import command

    config = configuration()
    with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
