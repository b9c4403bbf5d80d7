"""The scheduler: begins the nights that are due, and compares at once what was uploaded, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from geodata.errors import KanchaError
from service.services import Services
from service.usecases.nightly import begin_at_once, begin_due

_LOG = logging.getLogger(__name__)
_EVERY_S = 1.0


class Scheduler:
    """Looks for due nights until it is closed. Any number of processes may have one.

    Args:
        services: A service with a runner.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._since = datetime.now(UTC)
        self._known: set[str] = set()
        self._said: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="scheduler", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the look that is being taken."""
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            # what keeps a night from its beginning keeps no upload from its comparison
            self._do("night", lambda: begin_due(self._services, self._since, datetime.now(UTC)))
            self._do("at once", lambda: begin_at_once(self._services, self._known))
            self._stop.wait(_EVERY_S)

    def _do(self, what: str, work: Callable[[], object]) -> None:
        said = ""
        try:
            work()
        except KanchaError as error:
            said = str(error)
            if said != self._said.get(what):
                _LOG.error("schedule, %s: %s", what, said)
        except Exception as error:
            # a scheduler that died would let every night pass
            said = repr(error)
            if said != self._said.get(what):
                _LOG.exception("schedule, %s", what)
        self._said[what] = said  # once, not every second
