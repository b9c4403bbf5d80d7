"""Small rasters and layers, and services to send them to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import rasterio
from affine import Affine
from pyproj import Transformer

from service.settings import Settings
from tests.access import key_for
from tests.forked import Forked

ROOT = Path(__file__).parents[2]
CRS = "EPSG:4547"
LEFT, TOP = 500_000.0, 4_052_000.0
ROOFS = [(60, 60, 36, 52), (150, 300, 48, 40), (330, 120, 40, 60)]
"""(row, column, height, width) in pixels of 0.5 m."""
NEW_ROOF = (300, 330, 44, 64)


def draw_scene(
    path: Path,
    *,
    built: bool = False,
    size: int = 512,
    left: float = LEFT,
    top: float = TOP,
    seed: int = 1,
    crs: str | None = CRS,
    gsd: float = 0.5,
    more: Sequence[tuple[int, int, int, int]] = (),
) -> Path:
    """A GeoTIFF of fields and roofs; `built` adds one roof of 700 m2, `more` any others."""
    rng = np.random.default_rng(7)
    ground = rng.normal(0, 1, (size // 8, size // 8))
    soft = np.kron(ground, np.ones((8, 8))) * 5
    noise = np.random.default_rng(seed).normal(0, 2.5, (3, size, size))
    picture = np.array([92, 108, 70])[:, None, None] + soft + noise
    for row, col, height, width in [*ROOFS, *([NEW_ROOF] if built else []), *more]:
        picture[:, row : row + height, col : col + width] = np.array([176, 168, 160])[:, None, None]
        shade = picture[:, row + height : row + height + 8, col + 4 : col + width + 4]
        shade *= 0.45
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": size,
        "height": size,
        "count": 3,
        "dtype": "uint8",
        "crs": crs,
        "transform": Affine(gsd, 0.0, left, 0.0, -gsd, top),
        "photometric": "RGB",
        "compress": "deflate",
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
    }
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(np.clip(picture, 1, 255).astype(np.uint8))
    return path


def draw_pair(folder: Path, **how: Any) -> tuple[Path, Path]:
    """Two dates: the second has one more roof."""
    folder.mkdir(parents=True, exist_ok=True)
    before = draw_scene(folder / "before_20240412.tif", seed=1, **how)
    return before, draw_scene(folder / "after_20250412.tif", seed=2, built=True, **how)


@cache
def _to_lonlat() -> Transformer:
    return Transformer.from_crs(CRS, "OGC:CRS84", always_xy=True)


def polygon(row: float, col: float, height: float, width: float) -> list[list[list[float]]]:
    """A rectangle in pixels of the scene as a lon-lat ring."""
    corners = [(row, col), (row, col + width), (row + height, col + width), (row + height, col), (row, col)]
    return [[list(_to_lonlat().transform(LEFT + c * 0.5, TOP - r * 0.5)) for r, c in corners]]


def write_layer(path: Path, features: list[tuple[dict[str, Any], list[list[list[float]]]]]) -> Path:
    """A GeoJSON layer."""
    told = [
        {"type": "Feature", "properties": p, "geometry": {"type": "Polygon", "coordinates": c}} for p, c in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": told}, ensure_ascii=False))
    return path


def write_parcels(path: Path) -> Path:
    """Two parcels: the west and the east half of the scene."""
    return write_layer(
        path,
        [
            ({"parcel_id": "宗地-1", "land_use": "0103"}, polygon(0, 0, 512, 256)),
            ({"parcel_id": "宗地-2", "land_use": "0702"}, polygon(0, 256, 512, 256)),
        ],
    )


def write_permits(path: Path) -> Path:
    """One permit, far from the new roof."""
    told = {"permit_id": "证-1", "valid_from": "2020-01-01", "kind": "village"}
    return write_layer(path, [(told, polygon(40, 40, 80, 90))])


def has_scan() -> bool:
    """Whether the scan itself is there yet."""
    return (ROOT / "geodata" / "scan.py").exists()


def environment(data: Path, **more: str) -> dict[str, str]:
    """The environment of a process of ours."""
    return {**os.environ, "KANCHA_DATA": str(data), "PYTHONPATH": str(ROOT), **more}


def kancha(*args: str | Path, data: Path, wait: bool = True, **more: str) -> Any:
    """The command line, to its end or started; where more says `PYTHONPATH` it is started."""
    told, env = [str(one) for one in args], environment(data, **more)
    if "PYTHONPATH" in more:
        # other code than ours: nothing of it is loaded yet
        return subprocess.Popen(
            [sys.executable, "-m", "scripts.main", *told],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    if not wait:
        return Forked(told, env)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        process = Forked(told, env, out, err)
        try:
            status = process.wait(300)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read())
    return subprocess.CompletedProcess(told, status, *texts)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Served:
    """A real service in a process of its own."""

    def __init__(self, data: Path, *, port: int | None = None, key: dict[str, str] | None = None, **more: str) -> None:
        self.data = data
        self.port = port or free_port()
        self.process = kancha("serve", "--port", str(self.port), data=data, wait=False, **more)
        self.words: list[str] = []
        # somebody must read what it says: a full pipe would stop it
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        until(self._answers, 60)
        self.settings = Settings(data=data, store=more.get("KANCHA_STORE", ""))
        self.key = key or key_for(self.settings)
        self.client.headers.update(self.key)

    def _listen(self) -> None:
        for line in self.process.stdout:
            self.words.append(line)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            self._reader.join(5)
            raise AssertionError("".join(self.words))
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """As a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._close()

    def stop(self) -> None:
        """As an operator would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        self._close()

    def _close(self) -> None:
        self._reader.join(10)
        if not self.process.stdout.closed:
            self.process.stdout.close()
        self.client.close()


@contextmanager
def served(data: Path, **more: str) -> Iterator[Served]:
    """A real service that is stopped at the end."""
    service = Served(data, **more)
    try:
        yield service
    finally:
        service.stop()


def until(true: Callable[[], Any], seconds: float, every: float = 0.1) -> Any:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s")


def finished(client: Any, job_id: str, seconds: float = 120) -> dict[str, Any]:
    """A job once it has come to an end."""

    def ended() -> dict[str, Any] | None:
        told = client.get(f"/jobs/{job_id}").json()
        return told if told["status"] in ("successful", "failed", "dismissed") else None

    result: dict[str, Any] = until(ended, seconds)
    return result


def post_pair(client: Any, before: Path, after: Path, **fields: Any) -> Any:
    """Order a scan of two files."""
    with before.open("rb") as one, after.open("rb") as two:
        files = {"before": (before.name, one), "after": (after.name, two)}
        return client.post("/scans", files=files, data=fields)


def post_scene(client: Any, path: Path, **fields: str) -> Any:
    """Store a scene."""
    with path.open("rb") as file:
        return client.post("/scenes", files={"raster": (path.name, file)}, data=fields)
