"""The composition root: the only module that knows which store, files and runner there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from geodata.errors import OptionError
from service.files import PRIVATE, sweep_private
from service.jobs.executors import require_executor
from service.jobs.runner import ProcessRunner
from service.services import Services
from service.settings import Settings
from service.store.base import BlobStore
from service.store.blobs import DiskBlobs
from service.store.sql_store import SqlStore
from service.store.sqlite import SqliteStore


def open_services(settings: Settings) -> Services:
    """A service without a runner: it reads and stores, and starts nothing.

    Args:
        settings: Its settings; the data folder is made where absent.

    Raises:
        OptionError: If the data folder cannot be used.
    """
    make_folders(settings.data)
    return Services(settings=settings, store=open_store(settings), blobs=make_blobs(settings))


def open_with_runner(settings: Settings) -> Services:
    """A service that runs jobs: its own, those of others that share its store, and those that dead ones left.

    Raises:
        OptionError: If the settings name an executor that is not installed.
    """
    require_executor(settings)
    services = open_services(settings)
    for name in PRIVATE:
        sweep_private(settings.data / name)
    return replace(services, runner=ProcessRunner(settings, services.store))


def open_for_worker(settings: Settings) -> Services:
    """What the process of a job uses: the store as its parent left it."""
    store = open_store(settings, migrate=False)
    return Services(settings=settings, store=store, blobs=make_blobs(settings))


def make_blobs(settings: Settings) -> BlobStore:
    """Where files lie: the object storage that the settings name, or the data folder."""
    if not settings.storage.url:
        return DiskBlobs(settings.data / "blobs")
    from service.store.object_blobs import ObjectBlobs

    return ObjectBlobs(settings.storage, settings.data / "blob-cache")


def open_store(settings: Settings, *, migrate: bool = True) -> SqlStore:
    """The store that the settings name: PostGIS, or a SQLite file in the data folder."""
    if not settings.store:
        return SqliteStore(settings.data / "kancha.sqlite", migrate=migrate)
    from service.store.postgis import PostgisStore

    return PostgisStore(settings.store, migrate=migrate)


def make_folders(data: Path) -> None:
    """The folders of a data folder.

    Raises:
        OptionError: If it cannot be used.
    """
    try:
        for name in (*PRIVATE, "runners", "logs", "reports"):
            (data / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"The data folder {data} cannot be used: {error.strerror}.",
            remedy="Name another with --data or KANCHA_DATA.",
        ) from error
