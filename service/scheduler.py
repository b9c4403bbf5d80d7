"""The scheduler: begins the nights that are due, and compares at once what was uploaded."""

from __future__ import annotations

from datetime import UTC, datetime

from service.rounds import Rounds
from service.services import Services
from service.usecases.nightly import Seen, begin_at_once, begin_due

_EVERY_S = 1.0


class Scheduler:
    """Any number of processes may have one.

    Args:
        services: A service with a runner.
    """

    def __init__(self, services: Services) -> None:
        since, seen = datetime.now(UTC), Seen()
        # what keeps a night from its beginning keeps no upload from its comparison
        self._rounds = (
            Rounds("schedule", lambda: begin_due(services, since, datetime.now(UTC)), _EVERY_S),
            Rounds("at once", lambda: begin_at_once(services, seen), _EVERY_S),
        )

    def close(self) -> None:
        """Stop after the look that is being taken."""
        for one in self._rounds:
            one.close()
