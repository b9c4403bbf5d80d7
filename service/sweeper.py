"""What has to go in time: expired uploads, what killed processes left, personal data that were kept long enough.

Steps of jobs that were given up and files of exports go too. Whole uploads that a power cut left without a job get one.
At start and from time to time.
"""

from __future__ import annotations

import shutil
import time

from service.files import PRIVATE, sweep_private
from service.rounds import Rounds
from service.services import Services
from service.usecases.export_orders import sweep as sweep_exports
from service.usecases.intake import stale_work
from service.usecases.privacy import sweep as sweep_privacy
from service.usecases.uploads import sweep

_DAY_S = 24 * 3600.0
_STEPS_S = 7 * _DAY_S
"""So long what a failed job had done is kept for the same order, given again."""


class Sweeper(Rounds):
    """Any number of processes may have one.

    Args:
        services: A service with a runner.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._daily_due = 0.0
        super().__init__("sweeper", self._sweep, services.settings.uploads.sweep_interval_s)

    def _sweep(self) -> None:
        services = self._services
        sweep(services)
        for name in PRIVATE:
            sweep_private(services.settings.data / name)
        for folder in stale_work(services):
            shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() >= self._daily_due:
            self._daily_due = time.monotonic() + _DAY_S
            sweep_privacy(services)
            services.store.steps.sweep(_STEPS_S)
            sweep_exports(services)
