"""No change, no finding: real scenes against themselves in other light, shifted, hazy, noisy, compressed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import rasterio
from rich.console import Console
from rich.table import Table

from geodata.scan import scan
from geodata.scan_images import Judge
from geodata.types import ScanOptions

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
TILES = 8
"""Every fourth tile of the Texan set, both dates: about 5 km2."""
DATES = ScanOptions(before_date=datetime(2020, 1, 1, tzinfo=UTC), after_date=datetime(2020, 7, 1, tzinfo=UTC))
U8 = npt.NDArray[np.uint8]


def _moved(picture: U8, dx: float, dy: float) -> U8:
    """Shifted by cubic interpolation, which is not the one of the scan."""
    move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    size = picture.shape[:0:-1]
    return np.stack(
        [cv2.warpAffine(b, move, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT) for b in picture]
    )


def _clipped(values: npt.NDArray[np.floating[Any]]) -> U8:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _compressed(picture: U8) -> U8:
    _, data = cv2.imencode(".jpg", np.moveaxis(picture, 0, -1), [cv2.IMWRITE_JPEG_QUALITY, 50])
    return np.ascontiguousarray(np.moveaxis(cv2.imdecode(data, cv2.IMREAD_COLOR), -1, 0)).astype(np.uint8)


def _shaded(picture: U8) -> U8:
    """Broad light and dark as another sun makes on rolling ground: a smooth field of gain 0.8 to 1.2."""
    field = cv2.resize(
        np.random.default_rng(3).uniform(0.8, 1.2, (6, 6)).astype(np.float32),
        picture.shape[:0:-1],
        interpolation=cv2.INTER_CUBIC,
    )
    return _clipped(picture * field)


VARIANTS: dict[str, Callable[[U8], U8]] = {
    "the same": lambda p: p,
    "shift 0.5, 0.3 px": lambda p: _moved(p, 0.5, 0.3),
    "shift 1.5, -1 px": lambda p: _moved(p, 1.5, -1),
    "shift -3, 2 px": lambda p: _moved(p, -3, 2),
    "gain 1.2 / 0.85 per band": lambda p: _clipped(p * np.array([1.2, 1.0, 0.85])[:, None, None]),
    "gamma 0.7": lambda p: _clipped(255 * (p / 255) ** 0.7),
    "haze 30 %": lambda p: _clipped(0.7 * p + 0.3 * 200),
    "JPEG 50": _compressed,
    "noise 8 levels": lambda p: _clipped(p + np.random.default_rng(1).normal(0, 8, p.shape)),
    "other shading": _shaded,
    "all of these": lambda p: _compressed(
        _clipped(_shaded(_moved(p, 1.5, -1)) * 0.85 + 25 + np.random.default_rng(2).normal(0, 4, p.shape))
    ),
}


def nochange(console: Console, workers: int, judge: Judge | None = None) -> dict[str, Any] | None:
    """Findings per km2 where nothing changed; at most one is wanted, a half with a network."""
    tiles = sorted((DATA / "levir_dev" / "after").glob("*.tif"))[:: 34 // TILES][:TILES]
    if not tiles:
        console.print(f"[yellow]skipped: {DATA / 'levir_dev'} is not there[/yellow]")
        return None
    options = replace(DATES, workers=workers, detector="training-free" if judge is None else judge.name)
    counts, km2 = dict.fromkeys(VARIANTS, 0), dict.fromkeys(VARIANTS, 0.0)
    with tempfile.TemporaryDirectory(prefix="kancha-bench-") as scratch:
        for tile in tiles:
            with rasterio.open(tile) as dataset:
                picture, profile = dataset.read(), dataset.profile
            profile.update(driver="GTiff", compress="deflate", count=3)
            for name, vary in VARIANTS.items():
                after = Path(scratch) / "after.tif"
                with rasterio.open(after, "w", **profile) as target:
                    target.write(vary(picture))
                result = scan(tile, after, options=options, judge=judge)
                counts[name] += len(result.findings)
                km2[name] += result.provenance["area_km2"]
    table = Table("variant", "findings", "per km2", title=f"{len(tiles)} real scenes against themselves")
    for name in VARIANTS:
        table.add_row(name, str(counts[name]), f"{counts[name] / km2[name]:.2f}")
    console.print(table)
    return {name: counts[name] / km2[name] for name in VARIANTS}
