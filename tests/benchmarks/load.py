"""Requests over kept-alive connections, and what they cost the processes that answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What a round of requests measured.

    Args:
        per_s: Answers a second.
        p95_ms: 95 % of the answers came within.
        cpu_ms: CPU time of the answering processes for each answer.
        bytes: Mean size of a body.
        errors: Answers that were not 200.
    """

    per_s: float
    p95_ms: float
    cpu_ms: float
    bytes: float
    errors: int


def cpu_s(pids: Sequence[int]) -> float:
    """CPU seconds of processes and of those that they started and that still run."""
    return sum(_cpu_of(pid) for pid in _with_children(pids))


def _cpu_of(pid: int) -> float:
    with contextlib.suppress(OSError):
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # its own and that of children which have ended
        return sum(int(told[k]) for k in (11, 12, 13, 14)) / CLOCK
    return 0.0


def _with_children(pids: Sequence[int]) -> list[int]:
    found = list(pids)
    for pid in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split() if int(child) not in found]
    return found


def rss_mib(pid: int) -> tuple[float, float]:
    """Resident memory of a process now, and the most it had."""
    told = Path(f"/proc/{pid}/status").read_text()
    values = {line.split(":")[0]: line.split()[1] for line in told.splitlines() if line.startswith(("VmRSS", "VmHWM"))}
    return int(values["VmRSS"]) / 1024, int(values["VmHWM"]) / 1024


def run(
    port: int,
    paths: Sequence[str],
    pids: Sequence[int],
    *,
    seconds: float,
    connections: int = 8,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Load:
    """Ask for paths, drawn by chance, over some connections at once.

    Args:
        port: Port on this machine.
        paths: What is asked for.
        pids: The processes whose CPU time counts.
        seconds: How long.
        connections: How many at once.
        headers: What every request says beside.
    """
    return asyncio.run(_run(port, paths, pids, seconds, connections, headers))


async def _run(
    port: int, paths: Sequence[str], pids: Sequence[int], seconds: float, connections: int, headers: Mapping[str, str]
) -> Load:
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    times: list[float] = []
    sizes: list[int] = []
    bad = 0
    begun, end = cpu_s(pids), time.monotonic() + seconds

    async def one(seed: int) -> None:
        nonlocal bad
        drawn = random.Random(seed)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        while time.monotonic() < end:
            start = time.perf_counter()
            path = drawn.choice(paths)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n{said}\r\n".encode())
            status, size = await _answer(reader)
            times.append(time.perf_counter() - start)
            sizes.append(size)
            bad += status != 200
        writer.close()

    before = time.monotonic()
    await asyncio.gather(*(one(seed) for seed in range(connections)))
    took = time.monotonic() - before
    times.sort()
    spent = cpu_s(pids) - begun
    count = max(len(times), 1)
    p95 = times[int(0.95 * (len(times) - 1))] if times else float("nan")
    return Load(len(times) / took, p95 * 1e3, spent / count * 1e3, sum(sizes) / count, bad)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, int]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = int(head.split(" ", 2)[1])
    lower = head.lower()
    if "content-length:" in lower:
        size = int(lower.split("content-length:")[1].split("\r\n")[0])
        await reader.readexactly(size)
        return status, size
    size = 0
    if "transfer-encoding: chunked" in lower:
        while True:
            part = int((await reader.readline()).split(b";")[0], 16)
            await reader.readexactly(part + 2)
            size += part
            if part == 0:
                break
    return status, size
