"""The courier: rounds of alarms, every few seconds, in a thread of its own."""

from __future__ import annotations

import logging
import threading

from geodata.errors import KanchaError
from service.services import Services
from service.usecases.alarm_sending import send_round

_LOG = logging.getLogger(__name__)


class Courier:
    """Does rounds until it is closed. Any number of processes may have one.

    Args:
        services: The service itself.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="courier", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Do a round now: something was found."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the round that runs."""
        self._stop = True
        self._wake.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop:
            self._wake.clear()
            try:
                send_round(self._services)
            except KanchaError as error:
                _LOG.error("alarms: %s", error)
            except Exception:
                # a courier that died would let every alarm lie
                _LOG.exception("alarms")
            if not self._stop:
                self._wake.wait(self._services.settings.alarms.interval_s)
