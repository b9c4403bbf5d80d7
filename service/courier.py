"""The courier: rounds of alarms, every few seconds."""

from __future__ import annotations

from functools import partial

from service.rounds import Rounds
from service.services import Services
from service.usecases.alarm_sending import send_round


class Courier(Rounds):
    """Any number of processes may have one.

    Args:
        services: The service itself.
    """

    def __init__(self, services: Services) -> None:
        super().__init__("courier", partial(send_round, services), services.settings.alarms.interval_s)
