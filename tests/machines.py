"""Parts of a topology of many machines, as real processes on loopback: object storage, a Dask scheduler, workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geodata.detect.crews import WindowGroup
from service.errors import ClusterSetupError
from tests.contract.s3_server import s3_server
from tests.integration.service_kit import environment, kancha, until

BUCKET = "kancha"


@contextmanager
def object_storage() -> Iterator[str]:
    """Address of a server that speaks S3, with the bucket."""
    with s3_server(BUCKET) as url:
        yield url


def shared(store: str, endpoint: str, port: int) -> dict[str, str]:
    """What all machines of a topology are told: the database, the storage, where the scheduler listens."""
    return {
        "KANCHA_STORE": store,
        "KANCHA_STORAGE__URL": f"s3://{BUCKET}/files",
        "KANCHA_STORAGE__ENDPOINT": endpoint,
        "KANCHA_STORAGE__ACCESS_KEY": "a",
        "KANCHA_STORAGE__SECRET_KEY": "b",
        "KANCHA_EXECUTOR": f"dask://127.0.0.1:{port}",
    }


class Talking:
    """A process of which every word is kept.

    Args:
        process: It, with a pipe for its words.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.words: list[str] = []
        # somebody must read what it says: a full pipe would stop it
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.words.append(line)

    def said(self, word: str) -> list[str]:
        """Its lines with a word in them."""
        return [line for line in list(self.words) if word in line]

    def expect(self, word: str, seconds: float = 60) -> None:
        """Wait until it says a word."""

        def heard() -> bool:
            assert self.process.poll() is None or self.said(word), "".join(self.words)
            return bool(self.said(word))

        until(heard, seconds, 0.02)

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self._end(10)

    def stop(self) -> int:
        """As an operator would; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self._end(40)

    def _end(self, seconds: float) -> int:
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait(10)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


def scheduler(port: int, *args: str, **more: str) -> Talking:
    """A Dask scheduler that listens."""
    code = "from distributed.cli.dask_scheduler import main; main()"
    told = ["--host", "127.0.0.1", "--port", str(port), "--dashboard-address", "127.0.0.1:0", "--no-dashboard"]
    made = Talking(
        subprocess.Popen(
            [sys.executable, "-c", code, *told, *args],
            env=environment(Path("nowhere"), **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    )
    made.expect("Scheduler at:")
    return made


def worker(*args: str, data: Path, until_said: str = "takes ", **more: str) -> Talking:
    """`kancha worker` that has said a word: that it takes what there is."""
    made = Talking(kancha("worker", *args, data=data, wait=False, **more))
    made.expect(until_said)
    return made


# --- what workers of an executor may be asked --------------------------------------------------


def die(group: WindowGroup) -> bytes:
    """End the process that does this, as a kernel without memory would."""
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def refuse(group: WindowGroup) -> bytes:
    """Refuse by name."""
    raise ClusterSetupError("Not here.", remedy="Elsewhere.", group=group.name)


def rest(group: WindowGroup) -> bytes:
    """Take long."""
    time.sleep(60)
    return b""
