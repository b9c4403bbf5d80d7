"""The timekeeper: rounds over the terms of cases, every half minute."""

from __future__ import annotations

from datetime import UTC, datetime

from service.rounds import Rounds
from service.services import Services
from service.usecases.case_terms import TermKeeper, tell_terms
from service.usecases.recipients import Recipients


class Timekeeper(Rounds):
    """Any number of processes may have one: each moment is told once.

    Args:
        services: The service itself.
    """

    def __init__(self, services: Services) -> None:
        keeper = TermKeeper(services)

        def look() -> None:
            # what has come is told first: files of settings that cannot be read hold up no term
            tell_terms(services, Recipients(services), datetime.now(UTC))
            keeper.refresh()

        super().__init__("timekeeper", look, services.settings.cases.interval_s)
