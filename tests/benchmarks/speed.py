"""How long a scan takes beside merely decoding its two files, and how much memory it needs.

Run as a program it is the measured process: `speed.py scan BEFORE AFTER WORKERS THOROUGH` prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.enums
from rasterio.transform import Affine
from rasterio.windows import Window

ROOT = Path(__file__).resolve().parents[2]
Pair = tuple[Path, Path]
Parts = tuple[list[Any], list[Any], Any, Affine]
"""Pictures (band, 2048, 2048) of the first date, of the second, their system and transform."""
sys.path.insert(0, str(ROOT))

SIDE_PX = 8192
BLOCK_PX = 512
_PART_PX = 2048


FORMATS: dict[str, dict[str, Any]] = {
    "deflate": {"compress": "deflate", "predictor": 2},
    "deflate, overviews": {"compress": "deflate", "predictor": 2},
    "JPEG": {"compress": "jpeg", "jpeg_quality": 90, "photometric": "YCBCR"},
    "uncompressed": {},
}
"""How the files of the pair are stored."""


def drawn_part(folder: Path) -> Parts:
    """The demonstration district at both dates, its system and transform."""
    from geodata.demo import draw_district

    files = draw_district(folder / "part", size_px=_PART_PX)
    with rasterio.open(files.before) as first, rasterio.open(files.after) as second:
        return [first.read()], [second.read()], first.crs, first.transform


def real_parts(folder: Path) -> Parts | None:
    """Real pairs of Texas, four tiles to a part; None where they are not there."""
    names = sorted(path.name for path in (folder / "before").glob("*.tif"))
    if len(names) < 4:
        return None
    before, after = (_squares(folder / date, names) for date in ("before", "after"))
    with rasterio.open(folder / "before" / names[0]) as first:
        return before, after, first.crs, first.transform


def _squares(folder: Path, names: list[str]) -> list[Any]:
    """Four tiles each, two above two."""
    tiles = []
    for name in names[: len(names) // 4 * 4]:
        with rasterio.open(folder / name) as dataset:
            tiles.append(dataset.read())
    rows = [np.concatenate(tiles[k : k + 2], axis=2) for k in range(0, len(tiles), 2)]
    return [np.concatenate(rows[k : k + 2], axis=1) for k in range(0, len(rows), 2)]


def make_pair(folder: Path, parts: Parts, side_px: int, stored: str, changed: int = 1) -> Pair:
    """Two large scenes: the parts repeated, so that the second date lies alike on the first all over.

    Args:
        folder: Where they go; made if it is not there.
        parts: See `drawn_part` and `real_parts`.
        side_px: Their side, px.
        stored: One of `FORMATS`.
        changed: One in so many repetitions shows the second date's changes; the others show the first date's
            buildings at the second date too (light, noise and shift of another day), as most of a district does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before, after, crs, transform = parts
    quiet = [_another_day(picture) for picture in before]
    pair = folder / "before_20250412.tif", folder / "after_20260918.tif"

    def first(k: int) -> Any:
        return before[k % len(before)]

    def second(k: int) -> Any:
        return (after if k % changed == 0 else quiet)[k % len(after)]

    for path, pick in zip(pair, (first, second), strict=True):
        _write_repeated(path, pick, (crs, transform), side_px, FORMATS[stored])
        if "overviews" in stored:
            with rasterio.open(path, "r+") as dataset:
                dataset.build_overviews([2, 4, 8, 16], rasterio.enums.Resampling.average)
    return pair


def _another_day(picture: Any) -> Any:
    """The same ground in other light, half a pixel aside, with noise of its own."""
    rng = np.random.default_rng(5)
    moved = (picture[:, :, :-1].astype(np.float32) + picture[:, :, 1:]) / 2
    moved = np.concatenate([moved, moved[:, :, -1:]], axis=2) * 0.93 + 6 + rng.normal(0, 2.5, picture.shape)
    return np.clip(np.rint(moved), 1, 255).astype(np.uint8)


def _write_repeated(path: Path, pick: Any, where: tuple[Any, Affine], side_px: int, stored: dict[str, Any]) -> None:
    profile = {
        "driver": "GTiff", "width": side_px, "height": side_px, "count": 3, "dtype": "uint8", "crs": where[0],
        "transform": where[1], "tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX,
        "photometric": "RGB", "interleave": "pixel", "bigtiff": "if_safer", **stored,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        for i in range(0, side_px, _PART_PX):
            for j in range(0, side_px, _PART_PX):
                side = min(_PART_PX, side_px - i), min(_PART_PX, side_px - j)
                number = (i * side_px // _PART_PX + j) // _PART_PX
                target.write(pick(number)[:, : side[0], : side[1]], window=Window(j, i, side[1], side[0]))


def decode_rows(path: str, row: int, rows: int) -> int:
    """Decode a band of rows, block row by block row, and keep nothing."""
    seen = 0
    with rasterio.open(path) as dataset:
        for start in range(row, min(row + rows, dataset.height), BLOCK_PX):
            height = min(BLOCK_PX, dataset.height - start)
            seen += dataset.read(window=Window(0, start, dataset.width, height)).size
    return seen


def decode_both(pair: Pair, workers: int, side_px: int) -> float:
    """Seconds to decode both files fully, in as many processes as the scan has, which are started already."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(decode_rows, *zip(*[(str(pair[0]), 0, BLOCK_PX)] * workers, strict=True)))
        jobs = [(str(p), row, BLOCK_PX) for p in pair for row in range(0, side_px, BLOCK_PX)]
        begun = time.perf_counter()
        list(pool.map(decode_rows, *zip(*jobs, strict=True)))
        return time.perf_counter() - begun


def measure_speed(
    pair: Pair, side_px: int, workers: int, *, thorough: bool = False, detector: str = "training-free"
) -> dict[str, Any]:
    """Decode a pair, scan it in a fresh process (start-up included).

    Returns:
        Seconds, MiB and their ratios; `of_decode_limit` is decoding time over scan time.
    """
    decode_s = min(decode_both(pair, workers, side_px) for _ in range(2))
    command = [sys.executable, __file__, "scan", *map(str, pair), str(workers), str(int(thorough)), detector]
    best: dict[str, Any] = {}
    for _ in range(2):
        begun = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        wall_s = time.perf_counter() - begun
        if not best or wall_s < best["scan_s"]:
            best = {"scan_s": wall_s, **json.loads(done.stdout.splitlines()[-1])}
    return {
        "side_px": side_px,
        "workers": workers,
        "decode_s": decode_s,
        "of_decode_limit": decode_s / best["scan_s"],
        "mpix_per_s": side_px * side_px / 1e6 / best["scan_s"],
        **best,
    }


def measure_peer(pair: Pair, folder: Path, workers: int) -> float | None:
    """Seconds of Orfeo ToolBox's MultivariateAlterationDetector on the same pair, None where it is not installed."""
    tool = shutil.which("otbcli_MultivariateAlterationDetector")
    if tool is None:
        return None
    command = [tool, "-in1", str(pair[0]), "-in2", str(pair[1]), "-out", str(folder / "mad.tif"), "float"]
    begun = time.perf_counter()
    env = {**os.environ, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": str(workers), "OTB_MAX_RAM_HINT": "1024"}
    subprocess.run(command, check=True, capture_output=True, env=env)
    return time.perf_counter() - begun


def _peak_mib() -> float:
    """Largest resident size of this process, MiB.

    Linux hands `ru_maxrss` of the process that started this one down to it; the high-water mark in /proc is its own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # macOS counts bytes


def _scan_here(before: str, after: str, workers: str, thorough: str, detector: str) -> None:
    from geodata.detect.detector import shipped
    from geodata.detect.models import SHIPPED, find_model
    from geodata.scan import scan
    from geodata.scan_images import Judge
    from geodata.types import ScanOptions

    begun = time.perf_counter()
    marks: list[tuple[str, float]] = []

    def note(share: float, what: str) -> None:
        if not marks or marks[-1][0] != what:
            marks.append((what, time.perf_counter()))

    judge = Judge(shipped(), None if detector == "training-free" else find_model(detector, SHIPPED))
    options = ScanOptions(workers=int(workers), thorough=bool(int(thorough)), detector=judge.name)
    result = scan(before, after, options=options, progress=note, judge=judge)
    ends = [*(at for _, at in marks[1:]), time.perf_counter()]
    told = {
        "seconds": time.perf_counter() - begun,
        "stages": {what: round(end - at, 3) for (what, at), end in zip(marks, ends, strict=True) if what != "done"},
        "findings": len(result.findings),
        "looked_at_closely": result.provenance["looked_at_closely"],
        "peak_mib": _peak_mib(),
        "boxes": result.findings.geometry.bounds.to_numpy().tolist() if len(result.findings) else [],
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    _scan_here(*sys.argv[2:7])
