"""`kancha` as a process of its own without the seconds that loading takes: forked from one that has loaded everything.

Hundreds of commands and dozens of services start in the tests. Each is a real process with a pid, an environment and
signals of its own; what is spared is the reading of the same modules. The commands of the documents (`test_docs.py`)
and the workers of jobs start as they do at a user's.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
_LONGEST = 1 << 20


class Forked:
    """A command that runs; the part of `subprocess.Popen` that tests use.

    Args:
        args: What follows `kancha`.
        env: Its whole environment.
        stdout: Where it writes to: a file, or None for a pipe that is read from `stdout`.
        stderr: The same; None: together with standard output.
    """

    def __init__(
        self,
        args: Sequence[str],
        env: Mapping[str, str],
        stdout: IO[Any] | None = None,
        stderr: IO[Any] | None = None,
    ) -> None:
        self.args = list(args)
        self.returncode: int | None = None
        self.stdout: IO[str] | None = None
        ours, theirs = (None, stdout.fileno()) if stdout is not None else os.pipe()
        if ours is not None:
            self.stdout = os.fdopen(ours, encoding="utf-8", errors="replace")
        self._ended, ends = os.pipe()
        try:
            self.pid = _nursery().bear(args, env, theirs, theirs if stderr is None else stderr.fileno(), ends)
        finally:
            os.close(ends)
            if stdout is None:
                os.close(theirs)

    def poll(self) -> int | None:
        """Exit status, or None while it runs; negative: the signal that ended it."""
        return self._status(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Exit status once it has ended; `subprocess.TimeoutExpired` where it does not in time."""
        status = self._status(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """What it wrote until its end."""
        assert self.stdout is not None
        # what writes to a pipe that nobody reads waits for ever: it is read first, and ends with the process
        told = self.stdout.read()
        self.wait(timeout)
        return told, None

    def _status(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            ready, _, _ = select.select([self._ended], [], [], timeout)
            if ready:
                self.returncode = int(os.read(self._ended, 16))
                os.close(self._ended)
        return self.returncode


class _Nursery:
    """The process that has loaded everything."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tests.forked", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        self._asking = threading.Lock()
        atexit.register(self.close)

    def bear(self, args: Sequence[str], env: Mapping[str, str], *files: int) -> int:
        told = json.dumps({"args": list(args), "env": dict(env)}).encode()
        # threads ask too: each gets the answer to its own order
        with self._asking:
            socket.send_fds(self._line, [told], list(files))
            return int(self._line.recv(32))

    def close(self) -> None:
        self._line.close()
        self._process.wait()


@cache
def _nursery() -> _Nursery:
    return _Nursery()


# --- in the process that has loaded everything ----------------------------------------------------


def _load() -> None:
    """All that commands load sooner or later."""
    import scripts.main
    import service.app
    import service.bootstrap
    import service.jobs.worker
    import service.usecases.scan_files

    assert scripts.main and service.app and service.bootstrap and service.jobs.worker and service.usecases.scan_files


def _serve(line: socket.socket) -> dict[str, Any] | None:
    """Fork a process for each order; returns in each of them with what it is to do, in the first one at the end."""
    children: dict[int, int] = {}
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    while True:
        ready, _, _ = select.select([line, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            _bury(children)
        if line not in ready:
            continue
        told, files, _, _ = socket.recv_fds(line, _LONGEST, 3)
        if not told:
            return None
        *streams, ends = files
        pid = os.fork()
        if pid == 0:
            line.close()
            _begin(streams, [wake, waker, ends, *children.values()])
            found: dict[str, Any] = json.loads(told)
            return found
        for stream in streams:
            os.close(stream)
        children[pid] = ends
        line.send(str(pid).encode())


def _begin(streams: Sequence[int], held: Sequence[int]) -> None:
    """In the new process: the streams are its own, and nothing is left of the one that it comes from."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for file in held:
        os.close(file)
    for stream, number in zip(streams, (1, 2), strict=True):
        os.dup2(stream, number)
        os.close(stream)


def _bury(children: dict[int, int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        ends = children.pop(pid)
        os.write(ends, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(ends)


def _main() -> None:
    line = socket.socket(fileno=int(sys.argv[1]))
    # the terminal's interrupt is for whoever runs the tests; they then end this one
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _load()
    gc.freeze()
    order = _serve(line)
    if order is None:
        return
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = ["kancha", *order["args"]]
    # those of before know of another file behind their numbers
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - it stays open
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    from scripts.main import main

    main()


if __name__ == "__main__":
    _main()
