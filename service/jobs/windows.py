"""What a worker of an executor does: a group of windows of a job that it is told by name.

Its settings are those of its own environment; what it opened and what it knows of the latest jobs it keeps for the
next group.
"""

from __future__ import annotations

import logging
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import orjson

from service.errors import ClusterSetupError
from service.services import Services
from service.settings import Settings, read_settings
from service.usecases.scan_windows import Ticket, files_of, plan_for, read_judge

if TYPE_CHECKING:
    from geodata.detect.crews import WindowGroup
    from geodata.detect.windows import WindowPlan
    from geodata.scan_images import Judge

_LOG = logging.getLogger("kancha.windows")
_JOBS = 4
"""Plans that a process keeps: as many scans are worked on in turn without being opened anew."""


def do_group(ticket: Ticket, group: WindowGroup, told: str = "") -> bytes:
    """Work on a group of windows.

    Args:
        ticket: The job.
        group: The windows.
        told: The settings as JSON, for processes on the machine of who asks; empty: those of the environment.

    Returns:
        The frozen result.

    Raises:
        ClusterSetupError: If this process does not see the job.
        KanchaError: Another named refusal.
    """
    import cv2

    from geodata.detect.crews import work_on
    from geodata.steps import freeze

    cv2.setNumThreads(1)  # there are as many workers as cores
    services = _services(told)
    for sha256 in _files(told, ticket):
        # the cache of a storage lets go of what nobody asked for lately
        services.blobs.path(sha256)
    result = freeze(work_on(_plan(told, ticket), group))
    _LOG.info("%s is done", group.name, extra={"run_id": ticket.job_id})
    return result


def require_shared(settings: Settings) -> None:
    """Refuse settings with which a worker sees nobody's jobs.

    Args:
        settings: Those of a worker that is not a service itself.

    Raises:
        ClusterSetupError: If the store is a file that is not there, or files lie in a data folder that is nobody's.
    """
    remedy = (
        "Give the worker the KANCHA_STORE and KANCHA_STORAGE__URL of the service, or KANCHA_DATA, the data folder that "
        "both see."
    )
    if not settings.store and not (settings.data / "kancha.sqlite").is_file():
        raise ClusterSetupError(
            f"KANCHA_STORE is not set and {settings.data} holds no database: there are no jobs here.", remedy=remedy
        )
    if not settings.storage.url and not (settings.data / "place").is_file():
        raise ClusterSetupError(
            f"KANCHA_STORAGE__URL is not set and no service uses {settings.data}: there is no imagery here.",
            remedy=remedy,
        )


@lru_cache(maxsize=1)
def _services(told: str) -> Services:
    from service.bootstrap import open_for_worker

    settings = Settings.model_validate(orjson.loads(told)) if told else read_settings()
    require_shared(settings)
    return open_for_worker(settings)


@lru_cache(maxsize=_JOBS)
def _files(told: str, ticket: Ticket) -> tuple[str, str]:
    return files_of(_services(told), ticket)


@lru_cache(maxsize=_JOBS)
def _plan(told: str, ticket: Ticket) -> WindowPlan:
    return plan_for(_services(told), ticket, partial(_judge, told))


@lru_cache(maxsize=2)
def _judge(told: str, detector: str, parcel: str) -> Judge:
    # a loaded network is large, and the same for all jobs that it judges
    return read_judge(_services(told), detector, parcel)
