"""A worker of a Dask cluster: takes groups of windows from the scheduler until it is stopped."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
from contextlib import suppress

from service.errors import ClusterSetupError
from service.jobs.executors import cluster_of, quieten_dask, require_executor
from service.jobs.process import limit_memory
from service.jobs.windows import require_shared
from service.settings import Settings

_LOG = logging.getLogger("kancha.windows")
_PAUSE_S = 1.0
_LEAVE_S = 10.0


def work_on_windows(settings: Settings, threads: int) -> None:
    """Take windows from the cluster that `KANCHA_EXECUTOR` names, until SIGTERM or SIGINT.

    A scheduler that is away is waited for; one that came back is found again.

    Args:
        settings: As the services that share its store have them.
        threads: Groups of windows at once.

    Raises:
        ClusterSetupError: If no cluster is named, or nobody's jobs could be seen from here.
        OptionError: If Dask is not installed.
    """
    address = cluster_of(settings)
    if address is None:
        raise ClusterSetupError(
            f"KANCHA_EXECUTOR is {settings.executor!r}: there is no cluster to work for.",
            remedy="Set it to the scheduler, dask://host:8786, as the services have it.",
        )
    require_executor(settings)
    require_shared(settings)
    limit_memory(settings.jobs.max_memory_bytes)
    asyncio.run(_until_stopped(address, threads))


async def _until_stopped(address: str, threads: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait())
    while not stop.is_set():
        serving = asyncio.create_task(_serve(address, threads))
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            serving.cancel()
        with suppress(asyncio.CancelledError):
            try:
                await asyncio.wait_for(serving, _LEAVE_S)
            except Exception as error:  # Dask has many words for a scheduler that is away
                _LOG.warning("the scheduler %s is away: %s", address, error)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(stopped), _PAUSE_S)
    _LOG.info("stopped")


async def _serve(address: str, threads: int) -> None:
    """Work until the scheduler is gone."""
    import dask
    from distributed import Worker

    quieten_dask()
    # it would look at every thread a hundred times a second
    dask.config.set({"distributed.worker.profile.enabled": False})
    _LOG.info("looking for the scheduler %s", address)
    with tempfile.TemporaryDirectory(prefix="kancha-dask-") as folder:
        # the memory of the whole process is bounded already; what groups give is small
        worker = Worker(address, nthreads=threads, memory_limit=0, dashboard=False, local_directory=folder)
        try:
            await worker
            _LOG.info("takes windows as %s, %d at once", worker.address, threads)
            await worker.finished()
        finally:
            await worker.close(timeout=_LEAVE_S / 2, nanny=False)
    _LOG.info("the scheduler %s has gone", address)
