"""What has to go in time: expired uploads, what killed processes left, personal data that were kept long enough.

Steps of jobs that were given up and files of exports go too. Whole uploads that a power cut left without a job get one.
At start and from time to time.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time

from geodata.errors import KanchaError
from service.files import PRIVATE, sweep_private
from service.services import Services
from service.usecases.export_orders import sweep as sweep_exports
from service.usecases.intake import stale_work
from service.usecases.privacy import sweep as sweep_privacy
from service.usecases.uploads import sweep

_LOG = logging.getLogger(__name__)
_DAY_S = 24 * 3600.0
_STEPS_S = 7 * _DAY_S
"""So long what a failed job had done is kept for the same order, given again."""


class Sweeper:
    """Sweeps in a thread of its own until it is closed.

    Args:
        services: A service with a runner.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = threading.Event()
        self._daily_due = 0.0
        self._thread = threading.Thread(target=self._work, name="sweeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the sweep that runs."""
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            try:
                sweep(self._services)
                for name in PRIVATE:
                    sweep_private(self._services.settings.data / name)
                for folder in stale_work(self._services):
                    shutil.rmtree(folder, ignore_errors=True)
                if time.monotonic() >= self._daily_due:
                    self._daily_due = time.monotonic() + _DAY_S
                    sweep_privacy(self._services)
                    self._services.store.steps.sweep(_STEPS_S)
                    sweep_exports(self._services)
            except KanchaError as error:
                _LOG.error("sweeping: %s", error)
            except Exception:
                # a sweeper that died would let the disk fill
                _LOG.exception("sweeping")
            if self._stop.wait(self._services.settings.uploads.sweep_interval_s):
                return
