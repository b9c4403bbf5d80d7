"""What an operator does to the whole of a service: migrate, back up, restore, move to another database."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from service.bootstrap import make_folders, open_store
from service.settings import Settings
from service.store import backup
from service.store.backup import Backed
from service.store.copying import Progress, copy_store
from service.store.migrate import newest, revision_of
from service.store.postgis import PostgisStore


@dataclass(frozen=True)
class Revisions:
    """Where the tables of a store are.

    Args:
        found: Their revision; None: there are none yet.
        newest: The newest that this release knows.
    """

    found: str | None
    newest: str


def migrate(settings: Settings, *, only_look: bool = False) -> Revisions:
    """Bring the tables to the newest revision; whoever opens the store does so too.

    Args:
        settings: Of the service.
        only_look: Change nothing.

    Returns:
        Where they were.
    """
    if not settings.store and not (settings.data / "kancha.sqlite").exists() and only_look:
        return Revisions(None, newest())
    make_folders(settings.data)
    with closing(open_store(settings, migrate=False)) as store:
        found = revision_of(store.engine)
    if not only_look:
        open_store(settings).close()
    return Revisions(found, newest())


def back_up(settings: Settings, target: Path, *, files: bool, progress: Progress) -> Backed:
    """Write everything into one file while the service goes on; see `service.store.backup`."""
    make_folders(settings.data)
    with closing(open_store(settings)) as store:
        return backup.back_up(store, settings.data, target, files=files, progress=progress)


def restore(settings: Settings, source: Path, progress: Progress) -> Backed:
    """Bring a backup back into an empty service; see `service.store.backup`."""
    make_folders(settings.data)
    with closing(open_store(settings)) as store:
        return backup.restore(source, store, settings.data, progress)


def copy_to(settings: Settings, url: str, progress: Progress) -> dict[str, int]:
    """Copy the rows into an empty PostGIS database, for a bureau that outgrows one machine; the files stay.

    Args:
        settings: Of the service that is copied; nobody should write to it meanwhile.
        url: The database, as KANCHA_STORE names it.
        progress: Told how far it is.

    Returns:
        Rows by table.
    """
    with closing(open_store(settings)) as source, closing(PostgisStore(url)) as target:
        return copy_store(source.engine, target.engine, progress)
