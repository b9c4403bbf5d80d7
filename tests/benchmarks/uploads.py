"""A large upload, killed on both sides and resumed: ends byte for byte, in flat memory."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.windows import Window
from rich.console import Console

from tests.benchmarks.load import rss_mib
from tests.integration.service_kit import CRS, LEFT, ROOT, TOP, Served, environment, until


def large_scene(path: Path, gigabytes: float) -> Path:
    """A scene of noise, which nothing compresses, in blocks."""
    side = int(np.sqrt(gigabytes * 1e9 / 3)) // 512 * 512
    rng = np.random.default_rng(5)
    block = rng.integers(1, 255, (3, 512, side), np.uint8)
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "crs": CRS,
               "transform": Affine(0.3, 0, LEFT, 0, -0.3, TOP), "tiled": True, "bigtiff": "YES"}  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        for row in range(0, side, 512):
            dataset.write(np.roll(block, row // 512 * 37, axis=2), window=Window(0, row, side, 512))
    return path


def sha256_of(path: Path) -> str:
    """Checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bench_uploads(console: Console, gigabytes: float = 4.0, kills: int = 3) -> None:
    """Send, kill client and server in turn, resume; and what a plain copy with a checksum costs."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        file = large_scene(home / "large_20260918.tif", gigabytes)
        size = file.stat().st_size
        begun = time.monotonic()
        with file.open("rb") as source, (home / "copy").open("wb") as target:
            digest = hashlib.sha256()
            while part := source.read(1 << 22):
                digest.update(part)
                target.write(part)
            os.fsync(target.fileno())
        plain_s = time.monotonic() - begun
        (home / "copy").unlink()
        service = Served(home / "data", KANCHA_LIMITS__MAX_COG_PX="0")
        drawn = random.Random(2)
        begun = time.monotonic()
        client = _start(file, service, home)
        most = 0.0
        for number in range(2 * kills):
            goal = size * (number + drawn.random()) / (2 * kills + 1)
            until(lambda goal=goal: _arrived(home / "data") >= goal, 900, every=0.05)
            most = max(most, rss_mib(service.process.pid)[1])
            if number % 2:
                client.send_signal(signal.SIGKILL)
                client.wait()
                client = _start(file, service, home)
            else:
                port = service.port
                service.kill()
                service = Served(home / "data", port=port, key=service.key, KANCHA_LIMITS__MAX_COG_PX="0")
        until(lambda: _arrived(home / "data") >= size or client.poll() is not None, 900, every=0.05)
        sent_s = time.monotonic() - begun
        most = max(most, rss_mib(service.process.pid)[1])
        words, _ = client.communicate(timeout=1800)
        took = time.monotonic() - begun
        assert client.returncode == 0, words
        (scene,) = service.client.get("/scenes").json()["scenes"]
        stored = home / "data" / "blobs" / scene["sha256"][:2] / scene["sha256"]
        same = sha256_of(stored) == digest.hexdigest() == scene["sha256"]
        now = rss_mib(service.process.pid)[0]
        service.stop()
        told = [
            f"{size / 1e9:.2f} GB, server and client killed {kills} times each: byte for byte the same: {same}",
            f"sent in {sent_s:.0f} s ({size / 1e6 / sent_s:.0f} MB/s), checked and stored after {took:.0f} s",
            f"copying it with a checksum: {size / 1e6 / plain_s:.0f} MB/s",
            f"the service had {most:.0f} MiB at most, {now:.0f} at the end",
        ]
        console.print("; ".join(told))


def _start(file: Path, service: Served, home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "scripts.main", "upload", str(file), "--url", service.url]
    key = service.key["Authorization"].removeprefix("Bearer ")
    env = environment(home, XDG_CACHE_HOME=str(home), KANCHA_KEY=key)
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _arrived(data: Path) -> int:
    return max((path.stat().st_size for path in (data / "uploads").glob("*/data")), default=0)


if __name__ == "__main__":
    bench_uploads(Console(width=150), float(sys.argv[1]) if len(sys.argv) > 1 else 4.0)
