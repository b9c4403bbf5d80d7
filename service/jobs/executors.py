"""Who works on the windows of a scan, as `KANCHA_EXECUTOR` says: threads, processes of this machine, a Dask cluster.

The one seam is `concurrent.futures.Executor`. Only this module and `windows_worker` know Dask; it is loaded when a
scan needs it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from geodata.errors import OptionError
from service.errors import ClusterCrashError, ClusterError, ClusterSetupError
from service.services import Services
from service.settings import Settings
from service.store.job_records import Job

if TYPE_CHECKING:
    from geodata.detect.crews import Crew, GroupResult, WindowGroup
    from geodata.detect.windows import WindowPlan

    Do = Callable[[WindowGroup], bytes]

_SCHEMES = {"dask": "tcp", "dasks": "tls"}
_RETRIES = 2
"""A group that failed on one worker is given to others so often: a store may be out of reach of one machine alone."""


def require_executor(settings: Settings) -> None:
    """Refuse at the start what no scan could use.

    Raises:
        OptionError: If a cluster is named and what speaks with it is not installed.
    """
    if cluster_of(settings) is not None and find_spec("distributed") is None:
        raise OptionError(
            "KANCHA_EXECUTOR names a Dask cluster, and Dask is not installed.", remedy="pip install 'kancha[cluster]'."
        )


def cluster_of(settings: Settings) -> str | None:
    """Address of the scheduler as Dask writes it; None without a cluster."""
    scheme, found, place = settings.executor.partition("://")
    return f"{_SCHEMES[scheme]}://{place}" if found else None


def crew_for(services: Services, job: Job) -> Crew | None:
    """Who works on the windows of a scan; None: threads of the process that asks.

    Args:
        services: The service of a worker.
        job: The scan.

    Raises:
        KanchaError: If the model cannot be used.
    """
    settings = services.settings
    if settings.executor == "threads":
        return None
    # loaded on demand: who only checks the settings needs none of it
    from service.jobs.windows import do_group
    from service.usecases.scan_windows import ticket_for

    ticket = ticket_for(services, job)
    address = cluster_of(settings)
    if address is None:
        # to processes of this machine the settings go over a pipe, as they came here
        return OnProcesses(settings.jobs.threads_per_scan, partial(do_group, ticket, told=settings.model_dump_json()))
    return OnCluster(address, job.id, partial(do_group, ticket))


@dataclass(frozen=True)
class OnProcesses:
    """Processes of this machine, which end with the scan.

    Args:
        count: How many.
        do: Does a group there.
    """

    count: int
    do: Do

    def work(self, plan: WindowPlan, groups: Sequence[WindowGroup]) -> Iterator[tuple[WindowGroup, GroupResult]]:
        """The groups with what they gave, in the order in which they are done."""
        from geodata.detect.crews import Remote

        if not groups:
            return
        try:
            with ProcessPoolExecutor(min(self.count, len(groups)), mp_context=get_context("spawn")) as pool:
                yield from Remote(pool, self.do).work(plan, groups)
        except BrokenProcessPool as error:
            raise ClusterCrashError(
                "A process that worked on windows ended abnormally.",
                remedy="See that the machine has enough memory for KANCHA_JOBS__THREADS_PER_SCAN processes.",
            ) from error


@dataclass(frozen=True)
class OnCluster:
    """The workers of a Dask cluster.

    Args:
        address: Of the scheduler, as Dask writes it.
        job_id: The job, as the scheduler's pages name who asks.
        do: Does a group there.
        connect_s: So long the scheduler is waited for, s.
        workers_s: So long it may be without a worker, s.
    """

    address: str
    job_id: str
    do: Do
    connect_s: float = 30.0
    workers_s: float = 60.0

    def work(self, plan: WindowPlan, groups: Sequence[WindowGroup]) -> Iterator[tuple[WindowGroup, GroupResult]]:
        """The groups with what they gave, in the order in which they are done."""
        from geodata.detect.crews import Remote

        if not groups:
            return
        with _named(self.address), self._connected() as client:
            # the same work twice is never the same key: what a job asks is done for it alone
            executor = client.get_executor(pure=False, retries=_RETRIES)
            yield from Remote(executor, self.do, _Lookout(client, self)).work(plan, groups)

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """A client of the cluster. What was not done is dropped at the end."""
        from distributed import Client

        quieten_dask()
        try:
            client = Client(self.address, timeout=self.connect_s, name=f"kancha-{self.job_id}", set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise _away(self.address, f"did not answer within {self.connect_s:g} s") from error
        except TypeError as error:
            raise ClusterSetupError(
                f"The scheduler {self.address} is asked for under TLS, and Dask knows no certificate.",
                remedy="Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE and __CLIENT__CERT, __CLIENT__KEY.",
            ) from error
        try:
            yield client
        finally:
            client.close(timeout=5)


def quieten_dask() -> None:
    """What matters of its many words is said here; it sets its own levels when it is loaded."""
    logging.getLogger("distributed").setLevel(logging.WARNING)


class _Lookout:
    """Whether there is anybody to work."""

    def __init__(self, client: Any, crew: OnCluster) -> None:
        self._client, self._crew = client, crew
        self._seen = time.monotonic()

    def __call__(self) -> None:
        """Look.

        Raises:
            ClusterError: If the scheduler is away, or has had no worker for a while.
        """
        try:
            there = bool(self._client.nthreads())
        except Exception as error:  # whatever its many layers say of a lost connection
            raise _away(self._crew.address, "was lost") from error
        if there:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > self._crew.workers_s:
            raise _away(self._crew.address, f"has had no worker for {self._crew.workers_s:g} s")


@contextmanager
def _named(address: str) -> Iterator[None]:
    """What Dask says of lost connections and workers, as named errors."""
    from distributed.client import ClosedClientError
    from distributed.comm import CommClosedError
    from distributed.scheduler import KilledWorker

    try:
        yield
    except (CancelledError, CommClosedError, ClosedClientError) as error:
        raise _away(address, "was lost") from error
    except RuntimeError as error:
        if "deserialization" not in str(error):
            raise
        raise ClusterSetupError(
            f"The scheduler {address} cannot read what it is sent.", remedy="Install the same Kancha there."
        ) from error
    except KilledWorker as error:
        raise ClusterCrashError(
            f"A group of windows ended {error.allowed_failures + 1} workers of the cluster.",
            remedy="Read the log of a worker; see that its machine has enough memory.",
        ) from error


def _away(address: str, how: str) -> ClusterError:
    return ClusterError(
        f"The scheduler {address} {how}.", remedy="See that it runs, that it can be reached and that it has workers."
    )
