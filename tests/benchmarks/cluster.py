"""A scan by threads, by processes and by a Dask cluster on this machine: the same findings, the speed-up, the price.

The whole way is measured: the stored order, the steps kept in the database, the windows to workers that are processes
of `kancha worker --windows`, what they give back. A machine with two cores shows what the way costs, not how far it
leads.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from speed import Pair, drawn_part, make_pair

ROOT = Path(__file__).resolve().parents[2]
SIDE_PX = 8192
KM2 = (SIDE_PX * 0.5 / 1000) ** 2


def dask(console: Console, workers: int) -> dict[str, Any] | None:
    """A pair of 16.8 km2, by both detectors, by all who can work on it; and what is sent for it."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        console.print("[yellow]skipped: Dask is not installed (pip install 'kancha[cluster]')[/yellow]")
        return None
    told: dict[str, Any] = {"side_px": SIDE_PX, "km2": KM2}
    with tempfile.TemporaryDirectory(prefix="kancha-bench-") as scratch:
        pair = make_pair(Path(scratch) / "pair", drawn_part(Path(scratch)), SIDE_PX, "deflate", 8)
        with _stored(Path(scratch) / "data", pair) as made:
            for detector in ("training-free", "starter-2"):
                told[detector] = _compared(console, *made, detector)
    return told


@contextmanager
def _stored(data: Path, pair: Pair) -> Iterator[tuple[Any, Any]]:
    """A service that holds the pair, and the order of its scan."""
    from service.bootstrap import open_services, open_with_runner
    from service.files import private_folder, take_copy
    from service.settings import Settings
    from service.usecases.scans import ScanOrder
    from service.usecases.scenes import SceneFacts, add_scene

    settings = Settings(data=data)
    open_with_runner(settings).close()  # somebody's data folder
    services = open_services(settings)
    ids = []
    for path in pair:
        with private_folder(data / "incoming") as folder:
            ids.append(add_scene(services, take_copy(path, folder), SceneFacts())[0].id)
    try:
        yield services, ScanOrder(*ids)
    finally:
        services.close()


def _compared(console: Console, services: Any, order: Any, detector: str) -> dict[str, Any]:
    from service.usecases.models import detector_for

    identity = detector_for(services.settings, detector)
    order = replace(order, options={"detector": identity})
    table = Table(
        "by", "s", "times as fast", "core s", "findings", "same", title=f"scan of {KM2:.1f} km2 by {identity}"
    )
    told: dict[str, Any] = {}
    first: Any = None
    cases = (("threads", 1), ("threads", 2), ("processes", 2), ("dask", 1), ("dask", 2))
    for executor, count in cases:
        with _workers(services.settings.data, count if executor == "dask" else 0) as (address, pids):
            got = [_scan(services, order, address or executor, count, pids) for _ in range(2)]
        seconds, core_s = min(one[0] for one in got), min(one[1] for one in got)
        result, steps = got[0][2:]
        features = result.feature_collection()["features"]
        first = first or (seconds, features)
        name = f"{executor}, {count}"
        same = features == first[1]
        told[name] = {"s": seconds, "core_s": core_s, "speed_up": first[0] / seconds, "same": same}
        cells = f"{seconds:.2f}", f"{first[0] / seconds:.2f}", f"{core_s:.2f}", str(len(features)), str(same)
        table.add_row(name, *cells)
    console.print(table)
    if not all(one["same"] for one in told.values()):
        raise AssertionError("the findings differ")
    console.print(f"processes that wanted a core, this included, mean of 5 minutes: {os.getloadavg()[1]:.1f}")
    first_core_s = told["threads, 1"]["core_s"]
    over = told["dask, 1"]["core_s"] - first_core_s
    sent = _sent(steps)
    told |= {"overhead_s": over, **sent}
    console.print(
        f"overhead of the cluster: {over:.2f} s of a core ({over / first_core_s:.0%}); {sent['groups']} groups, "
        f"{sent['sent_bytes']:.0f} bytes to a worker for each, {sent['returned_bytes']:.0f} bytes back\n"
    )
    return told


def _scan(
    services: Any, order: Any, executor: str, count: int, pids: list[int]
) -> tuple[float, float, Any, dict[str, bytes]]:
    """Seconds, seconds of a core in all processes, the result, and the steps that were kept."""
    from service.jobs.executors import crew_for
    from service.store.job_records import Wanted, new_job
    from service.usecases.scan_run import Hands, JobSteps, scan_again
    from service.usecases.scans import as_request

    settings = services.settings
    jobs = settings.jobs.model_copy(update={"threads_per_scan": count})
    services = replace(services, settings=settings.model_copy(update={"executor": executor, "jobs": jobs}))
    runner = uuid.uuid4().hex
    services.store.jobs.submit(new_job("scan", as_request(order), runner))
    job, claim = services.store.jobs.claim(runner, Wanted())
    begun, used = time.perf_counter(), _core_s(pids)
    result = scan_again(
        services, order, Hands(steps=JobSteps(services, claim, job.inputs_key), crew=crew_for(services, job))
    )
    seconds, used = time.perf_counter() - begun, _core_s(pids) - used
    kept = {n: services.store.steps.kept(job.inputs_key, n) for n in services.store.steps.names(job.inputs_key)}
    services.store.jobs.fail(claim, {"title": "measured", "code": "the-end"})
    return seconds, used, result, kept


def _core_s(pids: list[int]) -> float:
    """What this process, those that it ended and some others have used so far."""
    own = os.times()
    ticks = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13] for pid in pids]
    return sum(own[:4]) + sum(int(a) + int(b) for a, b in ticks) / os.sysconf("SC_CLK_TCK")


def _sent(steps: dict[str, bytes]) -> dict[str, float]:
    """How many groups there were, bytes that went to a worker for one, and bytes that came back."""
    from geodata.detect.crews import WindowGroup
    from geodata.grid import Window
    from service.jobs.windows import do_group
    from service.usecases.scan_windows import Ticket
    from service.version import code_version

    groups = {name: content for name, content in steps.items() if name.startswith("windows-")}
    asked = partial(do_group, Ticket(uuid.uuid4().hex, code_version()))
    one = pickle.dumps((asked, WindowGroup(min(groups), (Window(0, 0, 1024, 1024),))))
    return {
        "groups": len(groups),
        "sent_bytes": len(one),
        "returned_bytes": sum(map(len, groups.values())) / len(groups),
        "read_bytes": len(steps["read"]),
    }


@contextmanager
def _workers(data: Path, count: int) -> Iterator[tuple[str, list[int]]]:
    """A scheduler with workers: its address, their processes; nothing where none is wanted."""
    if not count:
        yield "", []
        return
    from distributed import Client

    from tests.integration.service_kit import free_port

    port = free_port()
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "KANCHA_DATA": str(data),
        "KANCHA_EXECUTOR": f"dask://127.0.0.1:{port}",
        "KANCHA_LOG__LEVEL": "warning",
    }
    dask = ["-c", "from distributed.cli.dask_scheduler import main; main()", "--host", "127.0.0.1"]
    commands = [[*dask, "--port", str(port), "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]]
    commands += [["-m", "scripts.main", "worker", "--windows"]] * count
    running = [
        subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        with Client(f"tcp://127.0.0.1:{port}", timeout=60, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)
        yield env["KANCHA_EXECUTOR"], [process.pid for process in running]
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
            process.wait(30)
