"""The scheduler: begins the nights that are due, and compares at once what was uploaded."""

from __future__ import annotations

from datetime import UTC, datetime

from service.rounds import Rounds
from service.services import Services
from service.usecases.nightly import begin_at_once, begin_due

_EVERY_S = 1.0


class Scheduler(Rounds):
    """Any number of processes may have one.

    Args:
        services: A service with a runner.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._since = datetime.now(UTC)
        self._known: set[str] = set()
        super().__init__("scheduler", self._look, _EVERY_S)

    def _look(self) -> None:
        # uploads first: a night over other places may keep the next one waiting
        begin_at_once(self._services, self._known)
        begin_due(self._services, self._since, datetime.now(UTC))
