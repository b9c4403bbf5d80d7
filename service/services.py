"""What a use case may use: named by what it does, never by how it is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.auth.caller import Caller
from service.auth.sight import EVERYTHING, Sight
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
        caller: For whom they work; the store shows what this one may see.
        sight: What that is.
    """

    settings: Settings
    store: Store
    blobs: BlobStore
    runner: JobRunner | None = None
    caller: Caller = field(default_factory=Caller.local)
    sight: Sight = EVERYTHING

    def close(self) -> None:
        """Stop the runner and let go of the store."""
        if self.runner is not None:
            self.runner.close()
        self.store.close()
