"""An upload that is killed on either side, again and again, ends byte for byte and as a stored scene."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from tests.integration.service_kit import CRS, LEFT, ROOT, TOP, Served, environment, until


def large_scene(path: Path, side: int = 4200) -> Path:
    """Some tens of megabytes that nothing compresses."""
    rng = np.random.default_rng(5)
    with rasterio.open(path, "w", driver="GTiff", width=side, height=side, count=3, dtype="uint8", crs=CRS,
                       transform=Affine(0.5, 0, LEFT, 0, -0.5, TOP), tiled=True) as dataset:  # fmt: skip
        dataset.write(rng.integers(1, 255, (3, side, side), np.uint8))
    return path


def start(file: Path, service: Served, home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "scripts.main", "upload", str(file), "--url", service.url]
    key = service.key["Authorization"].removeprefix("Bearer ")
    env = environment(home, XDG_CACHE_HOME=str(home), KANCHA_KEY=key)
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_kills_on_both_sides_lose_and_change_nothing(tmp_path: Path) -> None:
    file = large_scene(tmp_path / "large_20260918.tif")
    content = file.read_bytes()
    data, home, drawn = tmp_path / "data", tmp_path / "home", random.Random(4)
    service = Served(data)
    client = start(file, service, home)
    try:
        for number in range(6):
            until(lambda: list((data / "uploads").glob("*/data")), 30)
            time.sleep(drawn.uniform(0.02, 0.2))
            if number % 2:
                client.send_signal(signal.SIGKILL)
                client.wait()
                assert client.stdout is not None
                client.stdout.close()
                client = start(file, service, home)
            else:
                same = service.port
                service.kill()
                service = Served(data, port=same, key=service.key)
        words, _ = client.communicate(timeout=120)
        assert client.returncode == 0, words
        (scene,) = service.client.get("/scenes").json()["scenes"]
        assert scene["sha256"] == hashlib.sha256(content).hexdigest() and scene["id"] in words
        assert service.client.get(f"/scenes/{scene['id']}/file").content == content
        # a client that was killed before it noted its upload leaves one that is not whole, until it expires
        left = [json.loads((path.parent / "info.json").read_text()) for path in (data / "uploads").glob("*/data")]
        assert not [info for info in left if info["complete"]]
        again = start(file, service, home)
        words, _ = again.communicate(timeout=60)
        assert "was stored already" in words
    finally:
        service.stop()
        if client.poll() is None:
            client.kill()
