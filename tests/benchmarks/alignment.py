"""How well two dates are brought onto each other: known shifts of real images, real pairs, strangers."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import Affine
from rich.console import Console

from geodata.io.rasters import inspect_raster
from geodata.io.warp import GridReader
from geodata.pairing.coregister import Alignment, align
from geodata.pairing.plan import plan_pair

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SETS = (("levir_dev/before", 2, 34), ("france_pairs/before", 2, 30))
"""Folder, reduction, number of images. Images of 256 px (NAIP) only take part in the pairs of different places."""
SHIFTS = ((0.0, 0.0), (0.5, -1.5), (3.5, 2.0), (-7.5, 6.5), (12.0, -9.5), (-14.0, -14.0))
"""Known shifts in px of the reduced image; halves come from whole pixels of the full one."""
FIELD_PX = 3.0
Picture = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Known:
    """A case with a known shift: distance of the field from it, px."""

    errors: npt.NDArray[np.float64]
    reliable: bool


def _pixels(path: Path) -> Picture:
    with rasterio.open(path) as dataset:
        return np.moveaxis(dataset.read([1, 2, 3]).astype(np.float32), 0, -1)


def _reduced(picture: Picture, factor: int) -> Picture:
    """Means of `factor` x `factor` pixels, as a sensor makes them."""
    height, width = (length // factor * factor for length in picture.shape[:2])
    return picture[:height, :width].reshape(height // factor, factor, width // factor, factor, -1).mean(axis=(1, 3))


def other_season(picture: Picture, rng: np.random.Generator) -> Picture:
    """Another season and sensor: gain and gamma per band, yellowed green, weaker contrast, haze, blur and noise."""
    out = picture.copy()
    green = np.clip((2 * out[..., 1] - out[..., 0] - out[..., 2]) / 40, 0, 1)[..., None]
    out += green * np.array([45, 10, -10], np.float32)
    for band in range(3):
        out[..., band] = 255 * (np.clip(out[..., band], 0, 255) / 255) ** rng.uniform(0.6, 1.6) * rng.uniform(0.7, 1.2)
    out = cv2.GaussianBlur(out * rng.uniform(0.55, 0.9) + rng.uniform(5, 45), (0, 0), rng.uniform(0.4, 0.9))
    return np.asarray(out + rng.normal(0, 4, out.shape), np.float32)


def _write(path: Path, picture: Picture) -> Path:
    pixels = np.moveaxis(np.clip(np.rint(picture), 1, 255).astype(np.uint8), -1, 0)
    profile = {
        "driver": "GTiff", "width": pixels.shape[2], "height": pixels.shape[1], "count": 3, "dtype": "uint8",
        "crs": "EPSG:32650", "transform": Affine(0.5, 0, 468_000, 0, -0.5, 4_066_000), "photometric": "RGB",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(pixels)
    return path


def _align_pictures(folder: Path, first: Picture, second: Picture) -> Alignment:
    one, two = (inspect_raster(_write(folder / n, p)) for n, p in (("one.tif", first), ("two.tif", second)))
    return align(GridReader(one, one.bands, one.grid), GridReader(two, two.bands, one.grid))


def _shifted(folder: Path, full: Picture, factor: int, shift: tuple[float, float], seed: int) -> Known:
    """Both dates are cut from one image at whole full-size pixels and reduced: nothing is interpolated."""
    rng = np.random.default_rng(seed)
    dx, dy = (round(s * factor) for s in shift)
    pad = 15 * factor
    height, width = full.shape[:2]
    first = _reduced(full[pad : height - pad, pad : width - pad], factor)
    second = _reduced(full[pad - dy : height - pad - dy, pad - dx : width - pad - dx], factor)
    found = _align_pictures(folder, first + rng.normal(0, 4, first.shape).astype(np.float32), other_season(second, rng))
    return _error(found, first.shape, lambda x, y: (dx / factor + 0 * x, dy / factor + 0 * y))


def _bent(folder: Path, full: Picture, seed: int) -> Known:
    """A smooth field on top of a shift, applied by Lanczos resampling."""
    rng = np.random.default_rng(seed)
    pad = 15
    height, width = full.shape[:2]
    base, phase = rng.uniform(-6, 6, 2), rng.uniform(0, 2 * np.pi, 2)

    def truth(x: Any, y: Any) -> tuple[Any, Any]:
        """Shift at pixels of the first date."""
        u, v = 2 * np.pi * x / width, 2 * np.pi * y / height
        return base[0] + FIELD_PX * np.sin(v * 0.7 + phase[0]), base[1] + FIELD_PX * np.cos(u * 0.7 + phase[1])

    rows, cols = np.mgrid[0:height, 0:width].astype(np.float32)
    # The shift is defined where the content lies in the first date; four rounds find that place for each new pixel.
    here_x, here_y = cols.copy(), rows.copy()
    for _ in range(4):
        dx, dy = truth(here_x - pad, here_y - pad)
        here_x, here_y = (cols - dx).astype(np.float32), (rows - dy).astype(np.float32)
    moved = cv2.remap(full, here_x, here_y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT)
    inner = np.s_[pad : height - pad, pad : width - pad]
    first, second = full[inner], moved[inner]
    found = _align_pictures(folder, first + rng.normal(0, 4, first.shape).astype(np.float32), other_season(second, rng))
    return _error(found, first.shape, truth)


def _error(found: Alignment, shape: tuple[int, ...], truth: Any) -> Known:
    rows, cols = np.arange(20.0, shape[0] - 20, 16), np.arange(20.0, shape[1] - 20, 16)
    dx, dy = found.field.at(rows, cols)
    wanted = truth(*np.meshgrid(cols, rows))
    return Known(np.hypot(dx - wanted[0], dy - wanted[1]).ravel(), found.reliable)


def _known(folder: Path) -> dict[str, Any]:
    cases: dict[str, list[Known]] = {"shift": [], "field": []}
    for name, factor, most in SETS:
        for seed, path in enumerate(sorted((DATA / name).glob("*.tif"))[:most]):
            full = _pixels(path)
            shift = SHIFTS[seed % len(SHIFTS)]
            cases["shift"].append(_shifted(folder, full, factor, shift, seed))
            cases["field"].append(_bent(folder, full, seed))
    out = {}
    for kind, known in cases.items():
        errors = np.concatenate([k.errors for k in known if k.reliable])
        out[kind] = {
            "cases": len(known),
            "refused": sum(not k.reliable for k in known),
            "median_px": float(np.median(errors)),
            "p90_px": float(np.percentile(errors, 90)),
            "worst_case_median_px": max(float(np.median(k.errors)) for k in known if k.reliable),
        }
    return out


def _strangers(folder: Path) -> dict[str, Any]:
    """Pairs of different places, which must be refused."""
    accepted = pairs = 0
    for name, most in (("levir_dev", 34), ("france_pairs", 30), ("open/naip_california_multiyear", 60)):
        early, late = ("2016", "2020") if "naip" in name else ("before", "after")
        first, second = (sorted((DATA / name / part).glob("*.tif"))[:most] for part in (early, late))
        for k, path in enumerate(first):
            for step in (5, 11):
                one, two = _pixels(path), _pixels(second[(k + step) % len(second)])
                height, width = min(one.shape[0], two.shape[0]), min(one.shape[1], two.shape[1])
                accepted += _align_pictures(folder, one[:height, :width], two[:height, :width]).reliable
                pairs += 1
    return {"pairs": pairs, "accepted": accepted}


def _real() -> dict[str, Any]:
    """The real pairs of Texas: residual on tie points that were left out of the fit."""
    median, p90, refused, seconds = [], [], [], 0.0
    for path in sorted((DATA / "levir_dev" / "before").glob("*.tif")):
        one, two = inspect_raster(path), inspect_raster(DATA / "levir_dev" / "after" / path.name)
        pair = plan_pair(one, two, min_area_m2=20.0)
        begun = time.process_time()
        found = align(GridReader(one, pair.bands, pair.grid), GridReader(two, pair.bands, pair.grid))
        seconds += time.process_time() - begun
        if found.reliable:
            median.append(found.residual_median_px)
            p90.append(found.residual_p90_px)
        else:
            refused.append(path.stem)
    return {
        "pairs": len(median) + len(refused),
        "refused": refused,
        "residual_median_px": float(np.median(median)),
        "residual_p90_px": float(np.median(p90)),
        "worst_residual_median_px": max(median),
        "cpu_s_per_pair": seconds / (len(median) + len(refused)),
    }


def alignment(console: Console, workers: int) -> dict[str, Any] | None:
    """Alignment: known shifts of real images, the real pairs of Texas, pairs of different places."""
    if not (DATA / "levir_dev").exists():
        console.print(f"[yellow]skipped: {DATA} is not there[/yellow]")
        return None
    with tempfile.TemporaryDirectory(prefix="kancha-bench-") as scratch:
        figures = {**_known(Path(scratch)), "strangers": _strangers(Path(scratch)), "real": _real()}
    for kind, words in (("shift", "known shift, other season"), ("field", "known smooth field, other season")):
        known = figures[kind]
        console.print(
            f"{words:34} {known['cases']:3} cases   error median {known['median_px']:.2f} px (wanted 0.2), "
            f"90 % {known['p90_px']:.2f} px (wanted 0.5), worst case {known['worst_case_median_px']:.2f} px, "
            f"refused {known['refused']}"
        )
    real, strangers = figures["real"], figures["strangers"]
    console.print(f"{'different places':34} {strangers['pairs']:3} pairs   accepted {strangers['accepted']} (wanted 0)")
    console.print(
        f"{'real pairs, points left out of fit':34} {real['pairs']:3} pairs   residual median "
        f"{real['residual_median_px']:.2f} px (wanted 0.7), 90 % {real['residual_p90_px']:.2f} px, worst median "
        f"{real['worst_residual_median_px']:.2f} px, refused {', '.join(real['refused']) or 'none'}, "
        f"{real['cpu_s_per_pair']:.2f} CPU-s a pair"
    )
    return figures
