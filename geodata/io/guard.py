"""Open an untrusted file in a process of its own, with limits, so that a hostile one takes nothing down.

`call_guarded` runs one of the named probes below in a fresh interpreter that may use a bounded amount of
memory, processor time and open files, and returns its plain values. Whatever the imaging library does with a
crafted file (crash, endless loop, memory without end), the caller gets a named error.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from typing import Any

from geodata import errors
from geodata.errors import KanchaError, RasterError

_MEMORY_BYTES = 4 * 1024**3
_CPU_SECONDS = 120
_OPEN_FILES = 64
_WALL_SECONDS = 180
_MARK = "\x1ekancha:"


def call_guarded(probe: str, request: dict[str, Any]) -> dict[str, Any]:
    """Run a probe of `geodata.io.probes` in a limited process.

    Args:
        probe: Name of the function.
        request: Its keyword arguments, plain values.

    Returns:
        What the probe returned.

    Raises:
        KanchaError: The named error that the probe raised, or `RasterError` when the process died.
    """
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "GDAL_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "geodata.io.guard", probe],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=_WALL_SECONDS,
            env=env,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RasterError(
            f"Opening the file took longer than {_WALL_SECONDS} s and was stopped.",
            remedy="Re-write it with: gdal_translate -of COG INPUT output.tif",
        ) from error
    text = done.stdout.decode(errors="replace")
    if _MARK not in text:
        raise RasterError(
            f"The file could not be opened: the reading process ended with status {done.returncode}.",
            remedy="The file is damaged or not what it claims to be; export it again.",
            status=done.returncode,
        )
    answer = json.loads(text.rsplit(_MARK, 1)[1])
    if "error" in answer:
        raise rebuild_error(answer["error"])
    return dict(answer["value"])


def rebuild_error(value: dict[str, Any]) -> KanchaError:
    """A named error from its plain values (`KanchaError.as_dict`), of the class that carries the code."""
    stack: list[type[KanchaError]] = [KanchaError]
    while stack:
        kind = stack.pop()
        if kind.code == value["code"]:
            return kind(value["message"], remedy=value["remedy"], **value["measured"])
        stack.extend(kind.__subclasses__())
    return errors.KanchaError(value["message"], remedy=value["remedy"], **value["measured"])


def _limit() -> None:
    """Take the limits on; they bind this process alone, and it only ever runs one probe."""
    for what, amount in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (amount if hard == resource.RLIM_INFINITY else min(amount, hard), hard))


def _main() -> None:
    from geodata.io import probes

    _limit()
    request = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = {"value": probes.PROBES[sys.argv[1]](**request)}
    except KanchaError as error:
        answer = {"error": error.as_dict()}
    sys.stdout.write(_MARK + json.dumps(answer, default=str))


if __name__ == "__main__":
    _main()
