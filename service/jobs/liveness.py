"""Who is alive: every runner holds an exclusive lock on a file of its own as long as its process lives.

The kernel lets go of the lock when the process ends, however it ends, so a runner whose lock can be had
is dead.
"""

from __future__ import annotations

import fcntl
import os
import re
import uuid
from pathlib import Path
from typing import IO

_ID = re.compile(r"[0-9a-f]{32}")


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


def is_dead(folder: Path, runner: str) -> bool:
    """Whether a runner's process has ended.

    Args:
        folder: Folder of all locks.
        runner: Id of the runner.
    """
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
