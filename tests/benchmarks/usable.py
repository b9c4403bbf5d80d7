"""The usable-pixel mask: what it hides wrongly on clear scenes, and what it finds of clouds, haze, fill and clipping.

Real scenes carry no truth of their masks. Clear ones (every scene of `shared/data`) measure what is hidden wrongly;
into the same scenes clouds, haze, saturation and fill are pasted, whose truth is known.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from geodata.grid import Grid  # noqa: E402  (found through the line above)
from geodata.io.rasters import RasterInfo, inspect_raster  # noqa: E402
from geodata.io.warp import GridReader  # noqa: E402
from geodata.pairing import usable as masks  # noqa: E402
from geodata.pairing.usable import Code  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
GSD_M = 1.0
Picture = npt.NDArray[np.float32]
Pasted = tuple[Picture, npt.NDArray[np.bool_]]

FOLDERS = {
    "Texas, before": "levir_dev/before",
    "Texas, after": "levir_dev/after",
    "France, before": "france_pairs/before",
    "France, after": "france_pairs/after",
    "California 2020": "open/naip_california_multiyear/2020",
    "Rio": "open/spacenet1_rio/images",
    "Nepal": "open/banepa_nepal_oam/images",
}
MOST_SCENES = 60


def reader_of(info: RasterInfo) -> GridReader:
    """A scene on a grid of its own system with pixels of about a metre, as the detector's first look has it."""
    dx, dy = info.grid.gsd_m()
    steps = max(1.0, GSD_M / dx), max(1.0, GSD_M / dy)
    shape = (max(1, int(info.height / steps[1])), max(1, int(info.width / steps[0])))
    grid = Grid(info.grid.crs, info.grid.transform @ Affine.scale(*steps), shape)
    return GridReader(info, ("red", "green", "blue"), grid)


def masked(reader: GridReader) -> tuple[masks.U8, npt.NDArray[np.bool_]]:
    """Codes and declared validity of a whole small scene."""
    values, valid = reader.read(reader.grid.full_window)
    return masks.classify(values, valid, masks.scene_statistics(reader)), valid


def clear_scenes() -> Iterator[tuple[str, dict[str, float], float | None]]:
    """(name, share of each code among declared pixels, share of changed buildings that is unseen) of each folder."""
    for name, folder in FOLDERS.items():
        counts, label_px, label_unseen = np.zeros(len(Code), np.int64), 0, 0
        for path in sorted((DATA / folder).glob("*.tif"))[:MOST_SCENES]:
            reader = reader_of(inspect_raster(path))
            codes, valid = masked(reader)
            counts += masks.count(codes[valid])
            label = path.parents[1] / ("label" if "levir" in folder else "change") / path.name
            if name.endswith("after") and label.exists():
                with rasterio.open(label) as dataset:
                    truth = cv2.resize(dataset.read(1), codes.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
                label_px += int((truth & valid).sum())
                label_unseen += int((truth & valid & ~masks.seen(codes)).sum())
        if counts.sum():
            yield name, masks.shares(counts), label_unseen / label_px if label_px else None


# --- what is pasted ------------------------------------------------------------------------------


def turbulence(rng: np.random.Generator, shape: tuple[int, int], largest: int) -> Picture:
    """Fractal noise, mean 0, deviation 1: octaves from `largest` px down to a pixel, amplitude as their size."""
    total = np.zeros(shape, np.float32)
    size = float(largest)
    while size >= 2:
        small = rng.normal(0, 1, (int(shape[0] / size) + 3, int(shape[1] / size) + 3)).astype(np.float32)
        total += size * cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC)
        size /= 2
    return np.asarray((total - total.mean()) / total.std(), np.float32)


def cloud(picture: Picture, rng: np.random.Generator, gsd_m: float) -> Pasted:
    """A thick cloud with torn, soft borders over about a third of the scene; truth: where it hides over 80 %."""
    shape = picture.shape[1:]
    field = turbulence(rng, shape, int(250 / gsd_m))
    alpha = np.clip((field - 0.1) / 0.7, 0, 1)
    light = np.minimum(255, 228 + 16 * turbulence(rng, shape, int(150 / gsd_m)))
    return picture * (1 - alpha) + alpha * light, alpha > 0.8


def haze(picture: Picture, rng: np.random.Generator, gsd_m: float, strength: float) -> Pasted:
    """A veil that hides `strength` of the light from the ground over about half of the scene."""
    shape = picture.shape[1:]
    field = turbulence(rng, shape, int(300 / gsd_m))
    alpha = strength * np.clip(field / 0.5 + 0.5, 0, 1)
    return picture * (1 - alpha) + alpha * np.float32(215), alpha > 0.95 * strength


def clipping(picture: Picture, rng: np.random.Generator, gsd_m: float) -> Pasted:
    """Glare: light added around a point until all bands are clipped in its middle."""
    rows, cols = np.mgrid[: picture.shape[1], : picture.shape[2]].astype(np.float32)
    row, col = rng.uniform(0.35, 0.65, 2) * picture.shape[1:]
    width = 110 / gsd_m
    light = 620 * np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (2 * width**2))
    return picture + light, light > 255


def fill(picture: Picture, rng: np.random.Generator, value: float) -> Pasted:
    """The frame of a rotated scene, and a wedge inside as between strips of a mosaic."""
    height, width = picture.shape[1:]
    hole = np.ones((height, width), np.uint8)
    lean = rng.uniform(0.08, 0.16)
    corners = [
        [lean * width, 0],
        [width - 1, lean * height],
        [(1 - lean) * width, height - 1],
        [0, (1 - lean) * height],
    ]
    cv2.fillPoly(hole, [np.array(corners, np.int32)], 0)
    cv2.fillPoly(hole, [np.array([[0.5 * width, 0], [0.62 * width, 0], [0.55 * width, 0.7 * height]], np.int32)], 1)
    return np.where(hole > 0, np.float32(value), picture), hole > 0


def hall(picture: Picture, rng: np.random.Generator, gsd_m: float, side_m: float, yard: float | None) -> Pasted:
    """A new white hall with a ridge and skylights, on a paved yard where `yard` is its brightness: must stay seen."""
    height, width = picture.shape[1:]
    side = int(side_m / gsd_m)
    row, col = (int(rng.uniform(0.3, 0.7) * length - side / 2) for length in (height, width))
    out, mask = picture.copy(), np.zeros((height, width), bool)
    if yard is not None:
        margin = int(25 / gsd_m)
        lot = (
            slice(None),
            slice(max(0, row - margin), row + side + margin),
            slice(max(0, col - margin), col + side + margin),
        )
        out[lot] = yard + rng.normal(0, 4, out[lot].shape[1:])
    roof = np.full((side, side), rng.uniform(205, 250), np.float32)
    roof[side // 2 :] -= 9
    roof[:, :: max(2, int(24 / gsd_m))] -= 6
    out[:, row : row + side, col : col + side] = roof + rng.normal(0, 2.5, roof.shape)
    mask[row : row + side, col : col + side] = True
    return out, mask


KEPT: dict[str, Callable[[Picture, np.random.Generator, float], Pasted]] = {
    "white hall, 30 m": lambda p, r, g: hall(p, r, g, 30, None),
    "white hall, 80 m": lambda p, r, g: hall(p, r, g, 80, None),
    "white hall, 150 m": lambda p, r, g: hall(p, r, g, 150, None),
    "white hall, 250 m": lambda p, r, g: hall(p, r, g, 250, None),
    "white hall, 80 m, grey yard": lambda p, r, g: hall(p, r, g, 80, 95),
    "white hall, 80 m, pale yard": lambda p, r, g: hall(p, r, g, 80, 165),
    "white hall, 150 m, pale yard": lambda p, r, g: hall(p, r, g, 150, 165),
}


PASTED: dict[str, Callable[[Picture, np.random.Generator, float], Pasted]] = {
    "thick cloud": cloud,
    "dense haze (60 %)": lambda p, r, g: haze(p, r, g, 0.6),
    "thin haze (35 %)": lambda p, r, g: haze(p, r, g, 0.35),
    "clipped by glare": clipping,
    "black fill, JPEG": lambda p, r, g: fill(p, r, 0),
    "white fill, JPEG": lambda p, r, g: fill(p, r, 255),
}


def pasted_scenes(console: Console) -> dict[str, dict[str, float]]:
    """Recall of what was pasted, and the share of the rest that was hidden with it (a soft border belongs to both)."""
    scenes = sorted((DATA / "levir_dev" / "after").glob("*.tif"))[::2]
    figures: dict[str, dict[str, float]] = {}
    infos = [inspect_raster(path) for path in scenes]
    with tempfile.TemporaryDirectory(prefix="kancha-bench-") as scratch:
        for name, paste in {**PASTED, **KEPT}.items():
            found, truths, beside, rest = 0, 0, 0, 0
            for number, info in enumerate(infos):
                with rasterio.open(info.path) as dataset:
                    picture, profile = dataset.read().astype(np.float32), dataset.profile
                changed, truth = paste(picture, np.random.default_rng(number), info.gsd_m)
                target = Path(scratch) / info.name
                profile = {k: profile[k] for k in ("width", "height", "count", "dtype", "crs", "transform")}
                with rasterio.open(
                    target, "w", driver="GTiff", compress="jpeg", quality=85, photometric="ycbcr",
                    tiled=True, blockxsize=256, blockysize=256, **profile,
                ) as dataset:  # fmt: skip
                    dataset.write(np.clip(np.rint(changed), 0, 255).astype(np.uint8))
                codes, _ = masked(reader_of(replace(info, path=target)))
                size = codes.shape[::-1]
                wanted = cv2.resize(truth.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
                clear = cv2.resize(truth.astype(np.float32), size, interpolation=cv2.INTER_AREA) < 0.01
                hidden = ~masks.seen(codes)
                found, truths = found + int((hidden & wanted).sum()), truths + int(wanted.sum())
                beside, rest = beside + int((hidden & clear).sum()), rest + int(clear.sum())
            figures[name] = {"hidden": found / max(1, truths), "beside": beside / max(1, rest)}
    return figures


# --- cost ----------------------------------------------------------------------------------------


def cost() -> dict[str, float]:
    """Processor time of `classify` per megapixel and of `scene_statistics`, best of several, decoding left out."""
    path = next((DATA / "levir_dev" / "after").glob("*.tif"))
    reader = reader_of(inspect_raster(path))
    values, valid = reader.read(reader.grid.full_window)
    tiled = np.ascontiguousarray(np.tile(values, (1, 2, 2))[:, :1024, :1024])
    mask = np.ones(tiled.shape[1:], bool)
    statistics = masks.scene_statistics(reader)

    def best(work: Callable[[], object], times: int = 7) -> float:
        spans = []
        for _ in range(times):
            begun = time.process_time()
            work()
            spans.append(time.process_time() - begun)
        return 1000 * min(spans)

    cv2.setNumThreads(1)
    megapixels = mask.size / 1e6
    kept = _Kept(tiled, mask, reader)
    return {
        "classify_ms_per_mpix": best(lambda: masks.classify(tiled, mask, statistics)) / megapixels,
        "statistics_ms": best(lambda: masks.statistics_of(kept.patches, kept.corners, reader.bands, GSD_M)),
    }


class _Kept:
    """As many patches as the largest scene gives, decoded already."""

    def __init__(self, tiled: masks.Values, mask: npt.NDArray[np.bool_], reader: GridReader) -> None:
        side, per_side = 240, masks.MAX_SAMPLES_PER_SIDE
        at = [(r % 3 * 256, c % 3 * 256) for r in range(per_side) for c in range(per_side)]
        self.patches = [(tiled[:, r : r + side, c : c + side], mask[r : r + side, c : c + side]) for r, c in at]
        self.corners = [(tiled[:, :32, :32], mask[:32, :32])] * 4


def usable(console: Console, workers: int) -> dict[str, Any] | None:
    """Wrong and right hiding, and the cost."""
    if not (DATA / "levir_dev").is_dir():
        console.print(f"[yellow]skipped: {DATA} is not there[/yellow]")
        return None
    clear = list(clear_scenes())
    table = Table(title="clear scenes: share of the declared pixels, %", title_justify="left")
    for name in ("scenes", *(code.name.lower() for code in Code if code != Code.USABLE), "changed roofs unseen"):
        table.add_column(name, justify="left" if name == "scenes" else "right")
    for name, told, roofs in clear:
        shown = [f"{100 * told[code.name.lower()]:.2f}" for code in Code if code != Code.USABLE]
        table.add_row(name, *shown, "-" if roofs is None else f"{100 * roofs:.2f}")
    console.print(table)
    pasted = pasted_scenes(console)
    table = Table(title="pasted into 17 Texan scenes, %", title_justify="left")
    for name in ("what", "hidden of it", "wanted", "hidden beside it"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for name, told in pasted.items():
        wanted = "0" if name in KEPT else "100"
        table.add_row(name, f"{100 * told['hidden']:.1f}", wanted, f"{100 * told['beside']:.1f}")
    console.print(table)
    spent = cost()
    console.print(
        f"classify {spent['classify_ms_per_mpix']:.1f} ms per MPix, statistics {spent['statistics_ms']:.0f} ms a scene"
    )
    return {
        "clear": {name: {**told, "changed_roofs_unseen": roofs} for name, told, roofs in clear},
        "pasted": pasted,
        **spent,
    }
