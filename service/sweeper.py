"""Expired uploads go, and whole ones that a power cut left without a job get one: at start and from time to time."""

from __future__ import annotations

import logging
import shutil
import threading

from geodata.errors import KanchaError
from service.services import Services
from service.usecases.intake import stale_work
from service.usecases.uploads import sweep

_LOG = logging.getLogger(__name__)


class UploadSweeper:
    """Sweeps in a thread of its own until it is closed.

    Args:
        services: A service with a runner.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="upload-sweeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the sweep that runs."""
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            try:
                sweep(self._services)
                for folder in stale_work(self._services):
                    shutil.rmtree(folder, ignore_errors=True)
            except KanchaError as error:
                _LOG.error("uploads: %s", error)
            except Exception:
                # a sweeper that died would let the disk fill
                _LOG.exception("uploads")
            if self._stop.wait(self._services.settings.uploads.sweep_interval_s):
                return
