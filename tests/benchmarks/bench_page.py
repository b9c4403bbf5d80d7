"""The map page under load: frames while much is moved, and the time to the first picture.

    .venv/bin/python -m tests.benchmarks.bench_page [--count 200000] [--findings 10000]

Chromium without a window draws by software, as an old office PC does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rich.console import Console

from service.bootstrap import open_services
from service.files import Upload, sha256_of
from service.settings import Settings
from service.store.records import FeatureRow, FindingRow, Scan
from service.usecases.demo import demo_link
from service.usecases.scenes import SceneFacts, add_scene
from service.usecases.vector_tiles import make_archive
from tests.benchmarks.bench_api import COUNT, features, mosaic, version
from tests.browser import browser
from tests.contract.test_store_contract import job, scan
from tests.integration.service_kit import Served, until

SHOWN = "performance.getEntriesByName('map-shown')[0]?.startTime ?? 0"
FRAMES = """() => {
  window.kanchaFrames = [];
  let last = performance.now();
  const tick = (now) => { window.kanchaFrames.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""


def place(path: Path, rows: list[FeatureRow], day: str, *, flip: bool) -> Path:
    """Real imagery, laid where the parcels are, as of a day."""
    made = mosaic(path.with_name(f"whole_{day}.tif"))
    boxes = np.array([row.bbox for row in rows])
    lon, lat = float(np.median(boxes[:, 0])), float(np.median(boxes[:, 1]))
    with rasterio.open(made) as dataset:
        values = dataset.read()
    # half a metre a pixel at this latitude, in degrees
    size = 0.5 / 111_320
    transform = Affine(size / np.cos(np.radians(lat)), 0, lon - 0.025, 0, -size, lat + 0.018)
    target = path.with_name(f"scene_{day}.tif")
    profile = {"driver": "COG", "width": values.shape[2], "height": values.shape[1], "count": 3, "dtype": "uint8",
               "crs": "EPSG:4490", "transform": transform, "compress": "DEFLATE"}  # fmt: skip
    with rasterio.open(target, "w", **profile) as dataset:
        dataset.write(values[:, ::-1] if flip else values)
    made.unlink()
    return target


def finding_rows(rows: list[FeatureRow], count: int, made: Scan, days: tuple[Any, Any]) -> list[FindingRow]:
    """So many findings on parcels drawn by chance."""
    drawn = random.Random(5)
    found = []
    for k, row in enumerate(drawn.sample(rows, count)):
        west, south, _, _ = row.bbox  # type: ignore[misc]
        side = drawn.uniform(5e-5, 2.5e-4)
        ring = [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]
        status = drawn.choice(("suspected", "permitted", "existing"))
        told = {"scan_id": made.id, "status": status, "change": "appeared",
                "confidence": round(drawn.random(), 3), "area_m2": 200.0, "flags": [], "structure_id": None,
                "before_acquired_at": days[0].isoformat(), "after_acquired_at": days[1].isoformat()}  # fmt: skip
        feature = {"type": "Feature", "id": f"f{k}", "geometry": {"type": "Polygon", "coordinates": [ring]}}
        text = json.dumps({**feature, "properties": {"id": f"f{k}", **told}})
        box = (west, south, west + side, south + side)
        found.append(FindingRow(f"f{k}", box, text, told["status"], "appeared", told["confidence"], *days))
    return found


def fill(data: Path, count: int, findings: int) -> tuple[str, tuple[float, float]]:
    """A service with all of it; the scan, and the middle of its ground."""
    rows = features(count)
    files = [place(data / "x", rows, day, flip=flip) for day, flip in (("20240312", False), ("20240918", True))]
    with closing(open_services(Settings(data=data))) as services:
        services.store.layers.add(version(rows), rows)
        make_archive(services, version(rows))
        scenes = [add_scene(services, Upload(f, sha256_of(f), f.stat().st_size), SceneFacts())[0] for f in files]
        west, south, east, north = scenes[0].bbox
        made = replace(scan("big"), before_scene=scenes[0].id, after_scene=scenes[1].id)
        services.store.jobs.submit(job("big"))
        claimed = services.store.jobs.claim("bench")
        assert claimed is not None
        days = (scenes[0].acquired_at, scenes[1].acquired_at)
        services.store.scans.complete(claimed[1], made, finding_rows(rows, findings, made, days))
    return made.id, ((west + east) / 2, (south + north) / 2)


def moved(page: Any) -> list[float]:
    """Frames, ms, while the map is dragged and zoomed for a while."""
    page.evaluate(FRAMES)
    box = page.locator(".stage").first.bounding_box()
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    drawn = random.Random(3)
    for turn in range(10):
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(1, 16):
            page.mouse.move(x + drawn.choice((-1, 1)) * 9 * step, y + 5 * step)
            page.wait_for_timeout(16)
        page.mouse.up()
        page.mouse.wheel(0, -240 if turn % 2 else 240)
        page.wait_for_timeout(500)
    frames: list[float] = page.evaluate("window.kanchaFrames.slice(1)")
    return frames


def main() -> None:
    """Fill, look, move, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--findings", type=int, default=10_000)
    parser.add_argument("--pictures", default="", help="folder for pictures of what was moved")
    asked = parser.parse_args()
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        scan_id, (lon, lat) = fill(data, asked.count, asked.findings)
        service = Served(data, KANCHA_AUTH__RATE_PER_S="0")
        try:
            with closing(open_services(service.settings)) as services:
                secret = demo_link(services)
            with browser(Path(folder) / "profile", viewport={"width": 1366, "height": 768}) as context:
                page = context.new_page()
                page.goto(f"{service.url}/first/{secret}")
                page.wait_for_selector("nav a")
                address = f"{service.url}/map#/look?scan={scan_id}&layers=findings,parcels"
                firsts = []
                for _ in range(5):
                    page.goto("about:blank")
                    page.goto(f"{address}&at={lon:.6f},{lat:.6f},17")
                    firsts.append(float(until(lambda: page.evaluate(SHOWN), 60)))
                for zoom in (15, 17):
                    page.goto(f"{address}&at={lon:.6f},{lat:.6f},{zoom}")
                    page.wait_for_timeout(3_000)
                    if asked.pictures:
                        page.screenshot(path=str(Path(asked.pictures) / f"page-load-{zoom}.png"))
                    frames = sorted(moved(page))
                    console.print(
                        f"level {zoom}: {len(frames)} frames, median {statistics.median(frames):.0f} ms, "
                        f"p95 {frames[int(0.95 * len(frames))]:.0f} ms, longest {frames[-1]:.0f} ms"
                    )
                console.print(
                    f"first picture with imagery, parcels and findings: {statistics.median(firsts):.0f} ms "
                    f"({', '.join(f'{one:.0f}' for one in firsts)}), the first of them with an empty cache"
                )
        finally:
            service.stop()
    console.print(f"{asked.count:,} parcels, {asked.findings:,} findings; {os.cpu_count()} cores, {platform.machine()}")


if __name__ == "__main__":
    main()
