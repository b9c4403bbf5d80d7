"""How long a night takes that has no news, and how soon somebody knows of what an uploaded scene shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
from affine import Affine
from rich.console import Console

from geodata.grid import Grid
from geodata.pairing.scene_mask import SceneMask
from service.bootstrap import open_services
from service.files import sha256_of
from service.services import Services
from service.settings import Settings
from service.store.intake_records import IntakeEntry
from service.store.records import Scene
from service.usecases.layer_facts import LayerFacts
from service.usecases.layer_files import add_layer_file
from tests.contract.test_store_contract import scene
from tests.integration.alarm_kit import bureau, receiving
from tests.integration.service_kit import CRS, LEFT, TOP, Served, draw_scene, post_scene, until, write_parcels

PLACES, DATES_OF_A_PLACE = 100, 100
SIDE_M = 1_000.0
GSD_M = 0.3


def quiet_night(console: Console, workers: int) -> dict[str, Any]:
    """A night without news: 100 places with 100 scenes each, all known and compared; the command, start to end."""
    del workers
    with tempfile.TemporaryDirectory(prefix="kancha-bench-") as scratch:
        data, folder = Path(scratch) / "data", Path(scratch) / "in"
        fill(data, folder)
        first = _timed_night(data, folder)
        told = {"scenes": PLACES * DATES_OF_A_PLACE, "first_s": first, "night_s": min(_timed_night(data, folder)
                for _ in range(2))}  # fmt: skip
    console.print(
        f"a night without news over {told['scenes']:,} scenes: {told['night_s']:.1f} s "
        f"(the first, which reads the mask of every scene once: {told['first_s']:.1f} s)"
    )
    return told


def _timed_night(data: Path, folder: Path) -> float:
    begin = time.perf_counter()
    environment = {**os.environ, "KANCHA_DATA": str(data), "KANCHA_NIGHTLY__STABLE_S": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.main", "nightly", str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - begin
    if done.returncode or "0 scanned" not in done.stdout:
        raise RuntimeError(done.stderr or done.stdout)
    return round(took, 2)


def fill(data: Path, folder: Path) -> None:
    """A catalogue of scenes of a kilometre each, with masks, all of them files of a folder that a night has done."""
    folder.mkdir(parents=True)
    services = open_services(Settings(data=data))
    try:
        crs = pyproj.CRS.from_user_input(CRS)
        _areas(services, folder.parent / "areas.geojson")
        for place in range(PLACES):
            row, col = divmod(place, 10)
            grid = Grid(crs, Affine(4.0, 0, LEFT + col * SIDE_M, 0, -4.0, TOP - row * SIDE_M), (250, 250))
            mask = _mask(services, grid, folder.parent / "mask.tif", place)
            for date in range(DATES_OF_A_PLACE):
                _enter(services, folder, (place, date), grid, mask)
    finally:
        services.close()


def _areas(services: Services, path: Path) -> None:
    to = pyproj.Transformer.from_crs(CRS, "OGC:CRS84", always_xy=True)
    corners = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
    ring = [list(to.transform(LEFT + x * SIDE_M, TOP - y * SIDE_M)) for x, y in corners]
    feature = {"type": "Feature", "properties": {"area_id": "a1", "name": "区"},
               "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    add_layer_file(services, "areas", path, LayerFacts())


def _mask(services: Services, grid: Grid, path: Path, place: int) -> str:
    codes = np.ones(grid.shape, np.uint8)
    # a mark that makes the content of each place its own
    codes[place % 250, place // 250] = 0
    SceneMask(codes, grid, {}).write(path)
    sha256 = sha256_of(path)
    services.blobs.put(path, sha256)
    return sha256


def _enter(services: Services, folder: Path, which: tuple[int, int], grid: Grid, mask: str) -> None:
    place, date = which
    name = f"{place:03d}_{date:03d}"
    path = folder / f"{name}.tif"
    path.write_bytes(b"x")
    made = _scene(name, grid, datetime.now(UTC) - timedelta(days=DATES_OF_A_PLACE - date), mask)
    services.store.scenes.add(made)
    stat = path.stat()
    services.store.intake.put(
        IntakeEntry(str(folder), path.name, stat.st_size, stat.st_mtime_ns, made.created_at, "done", "r0", name)
    )


def _scene(name: str, grid: Grid, at: datetime, mask: str) -> Scene:
    west, south, east, north = grid.bounds_in(pyproj.CRS.from_user_input("OGC:CRS84"))
    plain = scene(name, (west, south, east, north), at)
    size = {"width": grid.width, "height": grid.height, "gsd_m": 4.0}
    place = {"crs_wkt": grid.crs.to_wkt(), "transform": tuple(grid.transform)[:6]}
    return replace(plain, **size, **place, attributes={}, created_at=at, shares={"usable": 1.0}, mask_sha256=mask)


# --- from the upload to the alarm -----------------------------------------------------------------


def first_moment(console: Console, workers: int) -> dict[str, Any]:
    """From the first byte of a scene of 1 km² at 0.3 m to the message about what is new in it.

    The earlier scene and the parcels are there; the service compares at once, judged by its usual detector.
    """
    del workers
    side = round(SIDE_M / GSD_M / 8) * 8
    with tempfile.TemporaryDirectory(prefix="kancha-bench-") as scratch, receiving() as heard:
        data, home = Path(scratch) / "data", Path(scratch)
        before = draw_scene(home / "before_20250401.tif", size=side, gsd=GSD_M, seed=1)
        after = draw_scene(home / "after_20250901.tif", size=side, gsd=GSD_M, seed=2, built=True)
        with bureau(data) as made:
            add_layer_file(made.services, "parcels", write_parcels(home / "parcels.geojson"), LayerFacts())
            officer = made.person("Li")
            channel, _ = made.webhook(officer, heard.url)
            made.rule(officer, channel)
        service = Served(data, KANCHA_NIGHTLY__AT_ONCE="true", KANCHA_ALARMS__NETWORKS='["127.0.0.0/8"]')
        try:
            post_scene(service.client, before).raise_for_status()
            begin = time.perf_counter()
            post_scene(service.client, after).raise_for_status()
            stored = time.perf_counter() - begin
            until(lambda: heard.got, 600, every=0.02)
            took = time.perf_counter() - begin
            clock = service.client.get("/alarms/clock?period=day").json()
        finally:
            service.stop()
        size = after.stat().st_size / 1e6
    told = {"upload_s": round(stored, 2), "alarm_s": round(took, 2), "mb": round(size, 1), "clock": clock}
    console.print(
        f"1 km2 at {GSD_M} m ({side} x {side} px, {size:.0f} MB): stored after {stored:.1f} s, "
        f"the alarm had arrived after {took:.1f} s"
    )
    return told
