"""How long a scan takes beside merely decoding its two files, and how much memory it needs.

Run as a program it is the measured process: `speed.py scan BEFORE AFTER WORKERS` prints one line of JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import Affine
from rasterio.windows import Window

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

SIDE_PX = 8192
BLOCK_PX = 512
_PART_PX = 2048


def make_pair(folder: Path, side_px: int = SIDE_PX) -> tuple[Path, Path]:
    """Two large scenes: the demonstration district repeated, so that the second date lies alike on the first all over."""
    from geodata.demo import draw_district

    files = draw_district(folder / "part", size_px=min(_PART_PX, side_px))
    pair = folder / "before_20250412.tif", folder / "after_20260918.tif"
    for source, target in zip((files.before, files.after), pair, strict=True):
        with rasterio.open(source) as dataset:
            pixels, crs, transform = dataset.read(), dataset.crs, dataset.transform
        _write_repeated(target, pixels, crs, transform, side_px)
    return pair


def _write_repeated(path: Path, pixels: Any, crs: Any, transform: Affine, side_px: int) -> None:
    part = pixels.shape[1]
    profile = {
        "driver": "GTiff", "width": side_px, "height": side_px, "count": 3, "dtype": "uint8", "crs": crs,
        "transform": transform, "tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX,
        "compress": "deflate", "predictor": 2, "photometric": "RGB", "interleave": "pixel",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        for i in range(side_px // part):
            for j in range(side_px // part):
                target.write(pixels, window=Window(j * part, i * part, part, part))


def decode_rows(path: str, row: int, rows: int) -> int:
    """Decode a band of rows, block row by block row, and keep nothing."""
    seen = 0
    with rasterio.open(path) as dataset:
        for start in range(row, min(row + rows, dataset.height), BLOCK_PX):
            height = min(BLOCK_PX, dataset.height - start)
            seen += dataset.read(window=Window(0, start, dataset.width, height)).size
    return seen


def decode_both(pair: tuple[Path, Path], workers: int, side_px: int) -> float:
    """Seconds to decode both files fully, in as many processes as the scan has, which are started already."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(decode_rows, *zip(*[(str(pair[0]), 0, BLOCK_PX)] * workers, strict=True)))
        jobs = [(str(p), row, BLOCK_PX) for p in pair for row in range(0, side_px, BLOCK_PX)]
        begun = time.perf_counter()
        list(pool.map(decode_rows, *zip(*jobs, strict=True)))
        return time.perf_counter() - begun


def measure_speed(folder: Path, *, workers: int = 2, side_px: int = SIDE_PX) -> dict[str, Any]:
    """Make the pair, decode it, scan it in a fresh process.

    Returns:
        Seconds, MiB and their ratios; `ratio` is scan time over decoding time.
    """
    pair = make_pair(folder, side_px)
    decode_s = decode_both(pair, workers, side_px)
    command = [sys.executable, __file__, "scan", *map(str, pair), str(workers)]
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    wall_s = time.perf_counter() - begun
    told = json.loads(done.stdout.splitlines()[-1])
    return {
        "side_px": side_px,
        "workers": workers,
        "scan_s": wall_s,
        "scan_without_start_s": told["seconds"],
        "decode_s": decode_s,
        "ratio": wall_s / decode_s,
        "mpix_per_s": side_px * side_px / 1e6 / wall_s,
        "findings": told["findings"],
        "main_peak_mib": told["main_peak_mib"],
        "worker_peak_mib": told["worker_peak_mib"],
        "stored_bytes": [p.stat().st_size for p in pair],
    }


def _peak_mib(who: int) -> float:
    """Largest resident size, MiB (Linux counts KiB, macOS bytes)."""
    peak = resource.getrusage(who).ru_maxrss
    return peak / 1024**2 if sys.platform == "darwin" else peak / 1024


def _scan_here(before: str, after: str, workers: str) -> None:
    from geodata.scan import scan
    from geodata.types import ScanOptions

    begun = time.perf_counter()
    result = scan(before, after, options=ScanOptions(workers=int(workers)))
    told = {
        "seconds": time.perf_counter() - begun,
        "findings": len(result.findings),
        "main_peak_mib": _peak_mib(resource.RUSAGE_SELF),
        "worker_peak_mib": _peak_mib(resource.RUSAGE_CHILDREN),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    _scan_here(*sys.argv[2:5])
