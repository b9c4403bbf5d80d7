"""Open an untrusted file in a process of its own, with limits, so that a hostile one takes nothing down.

`call_guarded` runs one of the named probes in a fresh interpreter that may use a bounded amount of
memory, processor time and open files, and returns its plain values. Whatever the imaging library does with a
crafted file (crash, endless loop, memory without end), the caller gets a named error.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from geodata import errors
from geodata.errors import KanchaError, RasterError

_HOMES: Mapping[str, str] = MappingProxyType(
    {
        "raster": "geodata.io.probes",
        "decode": "geodata.io.decoding",
        "photo": "geodata.io.photographs",
        "small_photo": "geodata.io.small_photos",
    }
)
_MARK = "\x1ekancha:"
_PROGRESS = "\x1eprogress:"


@dataclass(frozen=True)
class GuardLimits:
    """What a guarded process may use.

    Args:
        memory_bytes: Address space.
        seconds: Processor time; half as much again on the clock.
        open_files: Open files.
    """

    memory_bytes: int = 4 * 1024**3
    seconds: float = 120.0
    open_files: int = 64

    @property
    def wall_s(self) -> float:
        """Time on the clock."""
        return 1.5 * self.seconds


_USUAL = GuardLimits()


def call_guarded(
    probe: str,
    request: dict[str, Any],
    *,
    limits: GuardLimits = _USUAL,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Run a probe of `geodata.io.probes`, `decoding`, `photographs` or `small_photos` in a limited process.

    Args:
        probe: Name of the function.
        request: Its keyword arguments, plain values.
        limits: What the process may use.
        progress: Hears which share of its work a probe has done; what it raises ends the process.

    Returns:
        What the probe returned.

    Raises:
        KanchaError: The named error that the probe raised, or `RasterError` when the process died.
    """
    answer, status = spared(lambda: _attempt(probe, request, limits, progress))
    if answer is None:
        raise RasterError(
            f"The file could not be opened: the reading process ended with status {status}.",
            remedy="The file is damaged or not what it claims to be; export it again.",
            status=status,
        )
    if "error" in answer:
        raise rebuild_error(answer["error"])
    return dict(answer["value"])


_TRIES = 3
T = TypeVar("T")


def spared(attempt: Callable[[], tuple[T, int]]) -> tuple[T, int]:
    """Begin a reading process again that was killed from outside: that is no fault of the file.

    Args:
        attempt: Runs the process; what it gave and its exit status. Its own limits never end it by SIGKILL.
    """
    for _ in range(_TRIES - 1):
        given, status = attempt()
        if status != -signal.SIGKILL:
            return given, status
    return attempt()


def _attempt(
    probe: str, request: dict[str, Any], limits: GuardLimits, progress: Callable[[float], None] | None
) -> tuple[dict[str, Any] | None, int]:
    """What a process of its own answers, None where it died, and its exit status."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "GDAL_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "geodata.io.guard", probe],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=env,
        text=True,
    ) as process:
        late = threading.Event()
        alarm = threading.Timer(limits.wall_s, _stop, (process, late))
        alarm.daemon = True
        alarm.start()
        try:
            answer = _listen(process, {"limits": asdict(limits), "request": request}, progress)
        finally:
            alarm.cancel()
            process.kill()
    if late.is_set():
        raise RasterError(
            f"Reading the file took longer than {limits.wall_s:g} s and was stopped.",
            remedy="Re-write it with: gdal_translate -of COG INPUT output.tif",
            seconds=limits.wall_s,
        )
    return answer, int(process.returncode)


def _stop(process: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    process.kill()


def _listen(
    process: subprocess.Popen[str], told: dict[str, Any], progress: Callable[[float], None] | None
) -> dict[str, Any] | None:
    """What the process answers, None where it ends without an answer."""
    assert process.stdin is not None and process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(told))
        process.stdin.close()
    answer: dict[str, Any] | None = None
    for line in process.stdout:
        if _MARK in line:
            answer = json.loads(line.rsplit(_MARK, 1)[1])
        elif _PROGRESS in line and progress is not None:
            progress(float(line.rsplit(_PROGRESS, 1)[1]))
    process.wait()
    return answer


def tell_progress(share: float) -> None:
    """Let the caller of this guarded process know how far it is."""
    sys.stdout.write(f"{_PROGRESS}{share:.4f}\n")
    sys.stdout.flush()


def rebuild_error(value: dict[str, Any]) -> KanchaError:
    """A named error from its plain values (`KanchaError.as_dict`), of the class that carries the code."""
    stack: list[type[KanchaError]] = [KanchaError]
    while stack:
        kind = stack.pop()
        if kind.code == value["code"]:
            return kind(value["message"], remedy=value["remedy"], **value["measured"])
        stack.extend(kind.__subclasses__())
    return errors.KanchaError(value["message"], remedy=value["remedy"], **value["measured"])


def _limit(memory_bytes: int, seconds: float, open_files: int) -> None:
    """Take the limits on; they bind this process alone, and it only ever runs one probe."""
    for what, amount in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (amount if hard == resource.RLIM_INFINITY else min(amount, hard), hard))


def _probe(name: str) -> Callable[..., dict[str, Any]]:
    """A probe by its name; what the others need is not loaded."""
    module = importlib.import_module(_HOMES[name])
    probe: Callable[..., dict[str, Any]] = module.PROBES[name]
    return probe


def _main() -> None:
    probe, told = _probe(sys.argv[1]), json.load(sys.stdin)
    _limit(**told["limits"])
    try:
        answer: dict[str, Any] = {"value": probe(**told["request"])}
    except KanchaError as error:
        answer = {"error": error.as_dict()}
    except MemoryError:
        sys.exit(1)
    # a probe's library may have written a line of its own without an end
    sys.stdout.write("\n" + _MARK + json.dumps(answer, default=str) + "\n")


if __name__ == "__main__":
    _main()
