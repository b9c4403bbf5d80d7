"""What a use case may use: named by what it does, never by how it is made."""

from __future__ import annotations

from dataclasses import dataclass

from service.jobs.base import JobRunner
from service.settings import Settings
from service.store.base import BlobStore, Store


@dataclass(frozen=True)
class Services:
    """The parts of one service.

    Args:
        settings: Its settings.
        store: Rows.
        blobs: Files.
        runner: Runs jobs; None where nothing is run (the worker itself, lists on the command line).
    """

    settings: Settings
    store: Store
    blobs: BlobStore
    runner: JobRunner | None = None

    def close(self) -> None:
        """Stop the runner and let go of the store."""
        if self.runner is not None:
            self.runner.close()
        self.store.close()
