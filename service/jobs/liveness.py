"""Who is alive.

On one machine exactly: every runner holds an exclusive lock on a file of its own as long as its process lives. The
kernel lets go of the lock when the process ends, however it ends, so a runner whose lock can be had is dead. From
another machine by what it last said to the database: a runner that has been silent for the lease counts as dead, and
should it live after all, its claims are void and what it does comes to nothing.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from service.store.job_records import Runner

_ID = re.compile(r"[0-9a-f]{32}")
_PATIENCE = 10.0


class RunnerLock:
    """The lock of one living runner.

    Args:
        folder: Folder of all locks; made where absent.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.id = uuid.uuid4().hex
        self._path = _lock_path(folder, self.id)
        fresh = folder / f"{self.id}.new"
        self._file: IO[str] = fresh.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()
        # it takes its name only when it is locked: nobody can find it free before
        fresh.rename(self._path)

    def release(self) -> None:
        """Let go."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def myself(lock: RunnerLock, place: str, slots: int, version: str) -> Runner:
    """How a runner enters itself.

    Args:
        lock: Its lock.
        place: Id of its data folder.
        slots: Jobs that it does at once.
        version: Of its code.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    now = datetime.now(UTC)
    return Runner(lock.id, socket.gethostname(), f"{boot}/{place}", os.getpid(), slots, version, now, now)


def place_of(data: Path) -> str:
    """The id of a data folder, given to it when it was first asked: jobs that need its files name it."""
    told = data / "place"
    if not told.exists():
        fresh = data / f".place-{uuid.uuid4().hex}"
        fresh.write_text(uuid.uuid4().hex, encoding="ascii")
        try:
            os.link(fresh, told)  # whoever comes second finds the first one's
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return told.read_text(encoding="ascii").strip()


def is_dead(folder: Path, me: Runner, other: Runner, silent_s: float, lease_s: float) -> bool:
    """Whether another runner's process has ended, as far as this one can know.

    Args:
        folder: Folder of the locks on this machine.
        me: This runner.
        other: The other one.
        silent_s: Seconds since it last said that it lives.
        lease_s: A runner elsewhere that was silent for so long counts as dead, s.
    """
    if other.ground == me.ground:
        # a database that is busy for minutes keeps a living one from speaking: its lock says more
        return lock_is_free(folder, other.id) or silent_s > _PATIENCE * lease_s
    return silent_s > lease_s


def lock_is_free(folder: Path, runner: str) -> bool:
    """Whether nobody on this machine holds the lock of a runner."""
    if not _ID.fullmatch(runner):
        return True
    try:
        with _lock_path(folder, runner).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True


def bury(folder: Path, runner: str) -> None:
    """Remove the lock file of a dead runner."""
    if _ID.fullmatch(runner):
        _lock_path(folder, runner).unlink(missing_ok=True)


def _lock_path(folder: Path, runner: str) -> Path:
    return folder / f"{runner}.lock"
