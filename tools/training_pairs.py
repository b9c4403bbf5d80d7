"""Pairs of pictures with known change, from openly licensed imagery and the procedural district.

Unchanged ground: places of California in two years (`naip`). New structures: a bare place at the first date, a place
whose roofs are outlined at the second (`cross`): everything changes, only the roofs are structures. Each kind comes
as it is and varied (`_varied`): roofs in colours of their own, so that form counts more than brightness; season,
light and blur of each date by itself; a residual shift. The district (`district`) is drawn with its own truth.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
from affine import Affine

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from geodata.grid import Grid, Window  # noqa: E402  (found through the line above)
from geodata.io.rasters import inspect_raster  # noqa: E402
from geodata.io.warp import NODE_PX, GridReader  # noqa: E402
from geodata.pairing.coregister import align  # noqa: E402
from geodata.pairing.patches import halved, read_blocks  # noqa: E402
from geodata.pairing.plan import plan_pair  # noqa: E402
from geodata.pairing.radiometry import normalise, sample_pair  # noqa: E402

OPEN = ROOT.parent / "shared" / "data" / "open"
NAIP = OPEN / "naip_california_multiyear"
YEARS = ("2016", "2018", "2020")
GSD_M = 0.55
BARE_PLACES = 45
UNCHANGED_PLACES = 240

U8 = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pair:
    """Two dates on one grid with what is known of them.

    Args:
        kind: Where it comes from.
        before: First date, colours as they are or normalised, shape (3, y, x).
        after: Second date.
        valid: Where both are measured.
        roofs: What appeared.
        gsd_m: Pixel size.
        phase: Pixels (rows, columns; 0 or 1) by which the second file's own pairs of pixels begin aside of the grid's.
    """

    kind: str
    before: U8
    after: U8
    valid: Bool
    roofs: Bool
    gsd_m: float
    phase: tuple[int, int] = (0, 0)


class ArrayReader:
    """Pixels in memory, read as a `GridReader` reads a file."""

    def __init__(self, values: U8, valid: Bool, gsd_m: float, phase: tuple[int, int] = (0, 0), factor: int = 1) -> None:
        self.values, self.valid, self.gsd_m, self.phase = values, valid, gsd_m, phase
        self.grid = Grid(pyproj.CRS(32650), Affine(gsd_m, 0, 5e5, 0, -gsd_m, 4e6), valid.shape)
        self.scene = SimpleNamespace(stored_factor=1, factor=factor)

    def read(self, window: Window) -> tuple[U8, Bool]:
        """Values and mask of a window."""
        rows, cols = window.slices
        return self.values[:, rows, cols].copy(), self.valid[rows, cols].copy()

    def coarsened(self, factor: int) -> ArrayReader:
        """Means of 2 x 2 pixels; where the file's own pairs begin a pixel aside, warped back by half of theirs."""
        values, valid = self.values, self.valid
        row, col = self.phase
        values = np.pad(values, ((0, 0), (row, 0), (col, 0)), mode="edge")
        look, seen = halved(values, np.pad(valid, ((row, 0), (col, 0)), mode="edge"))
        height, width = -(-valid.shape[0] // 2), -(-valid.shape[1] // 2)
        for axis, late in ((1, row), (2, col)):
            if late:
                ahead = np.concatenate([look.take(range(1, look.shape[axis]), axis), look.take([-1], axis)], axis)
                look = ((look.astype(np.uint16) + ahead + 1) // 2).astype(np.uint8)
        return ArrayReader(look[:, :height, :width], seen[:height, :width], 2 * self.gsd_m, factor=2)

    def source_nodes(self, window: Window) -> tuple[npt.NDArray[np.float64], ...]:
        """Coordinates (x, y) of the lattice nodes around a window: the array is its own file."""
        rows, cols = (
            NODE_PX * np.arange(start // NODE_PX, -(-stop // NODE_PX) + 1, dtype=np.float64)
            for start, stop in ((window.row, window.row_stop), (window.col, window.col_stop))
        )
        x, y = np.meshgrid(cols, rows)
        return x, y


def normalised(pair: Pair) -> Pair:
    """Both dates on the common scale, as a scan brings them there."""
    readers = [ArrayReader(date, pair.valid, pair.gsd_m) for date in (pair.before, pair.after)]
    sample = sample_pair(read_blocks(*readers), None)  # type: ignore[arg-type]
    maps = normalise(sample, pair.valid.shape)
    dates = []
    for radiometry, values in zip(maps, (pair.before, pair.after), strict=True):
        picture = radiometry.apply(values, Window(0, 0, *pair.valid.shape))
        picture[:, ~pair.valid] = 128
        dates.append(picture)
    return replace(pair, before=dates[0], after=dates[1])


def read_pair(before: Path, after: Path, label: Path | None, kind: str) -> Pair:
    """A real pair, aligned as a scan aligns it, colours as they are."""
    first, second = inspect_raster(before), inspect_raster(after)
    plan = plan_pair(first, second, min_area_m2=20.0)
    reader = GridReader(first, plan.bands, plan.grid)
    unshifted = GridReader(second, plan.bands, plan.grid)
    found = align(reader, unshifted)
    shifted = replace(unshifted, shift=found.field if found.reliable else None)
    (a, valid_a), (b, valid_b) = (r.read(plan.grid.full_window) for r in (reader, shifted))
    roofs = np.zeros(plan.grid.shape, bool) if label is None else _label_on(plan.grid, label)
    return Pair(kind, a, b, valid_a & valid_b, roofs, plan.grid.pixel_size[0])


def _label_on(grid: Grid, path: Path) -> Bool:
    from rasterio.warp import Resampling, reproject

    out = np.zeros(grid.shape, np.uint8)
    with rasterio.open(path) as dataset:
        reproject(
            dataset.read(1), out, src_transform=dataset.transform, src_crs=dataset.crs,
            dst_transform=grid.transform, dst_crs=grid.crs.to_wkt(), resampling=Resampling.nearest,
        )  # fmt: skip
    return out == 1


def places_seen() -> set[str]:
    """Names of the Californian places."""
    return {p.stem for year in YEARS for p in (NAIP / year).glob("*.tif")}


def changed_places() -> set[str]:
    """Names of those where a building was seen to change."""
    with (NAIP / "changes_seen.csv").open() as file:
        return {row["place"] for row in csv.DictReader(file)}


def unchanged_places(rng: np.random.Generator) -> Iterator[Pair]:
    """The same Californian place in two years, without those where a building was seen to change."""
    names = sorted(places_seen() - changed_places())
    rng.shuffle(names)
    for name in names[:UNCHANGED_PLACES]:
        years = [year for year in YEARS if (NAIP / year / f"{name}.tif").exists()]
        if len(years) > 1:
            first, second = sorted(rng.choice(len(years), 2, replace=False))
            yield read_pair(NAIP / years[first] / f"{name}.tif", NAIP / years[second] / f"{name}.tif", None, "naip")


def outlined_chips() -> Iterator[tuple[U8, Bool, float]]:
    """(picture, roofs, pixel size) of every chip whose roofs are outlined, at 0.55 m or its own coarser size."""
    for year in YEARS:
        for mask in sorted((NAIP / "buildings" / year).glob("*.tif")):
            # Twice: each of these is seen over two different bare places.
            for _ in range(2):
                yield _chip(NAIP / year / mask.name, mask)
    for source in ("banepa_nepal_oam", "hot_fair_oam", "spacenet1_rio"):
        for mask in sorted((OPEN / source / "masks").glob("*.tif")):
            yield _chip(OPEN / source / "images" / mask.name, mask)


def _chip(image: Path, mask: Path) -> tuple[U8, Bool, float]:
    info = inspect_raster(image)
    with rasterio.open(image) as dataset:
        picture = dataset.read()[:3]
    with rasterio.open(mask) as dataset:
        roofs = (dataset.read(1) == 1).astype(np.float32)
    if info.gsd_m < GSD_M * 0.9:
        dx, dy = info.grid.gsd_m()
        size = round(info.width * dx / GSD_M), round(info.height * dy / GSD_M)
        picture = np.stack([cv2.resize(band, size, interpolation=cv2.INTER_AREA) for band in picture])
        return picture, cv2.resize(roofs, size, interpolation=cv2.INTER_AREA) > 0.5, GSD_M
    return picture, roofs > 0.5, info.gsd_m


def barest() -> list[tuple[str, U8]]:
    """Name and picture of the Californian places with the least right-angled structure, one year each."""
    from geodata.detect.evidence import describe

    ranked = []
    for year in YEARS:
        for path in sorted((NAIP / year).glob("*.tif")):
            with rasterio.open(path) as dataset:
                picture = dataset.read()[:3]
            ranked.append((float(describe(picture).coherence.mean()), path.stem, picture))
    ranked.sort(key=lambda item: item[0])
    places: dict[str, U8] = {}
    for _, name, picture in ranked:
        places.setdefault(name, picture)
        if len(places) == BARE_PLACES:
            break
    return list(places.items())


def across_places(rng: np.random.Generator) -> Iterator[Pair]:
    """A bare place before, an outlined chip after."""
    bare = [picture for _, picture in barest()]
    for after, roofs, gsd_m in outlined_chips():
        if min(roofs.shape) >= 90:
            before = _fitted(bare[rng.integers(len(bare))], roofs.shape, rng)
            yield Pair("cross", before, after, (after > 0).any(axis=0), roofs, gsd_m)


def _fitted(picture: U8, shape: tuple[int, int], rng: np.random.Generator) -> U8:
    """A part of a picture in the wanted size, mirrored where it is too small, flipped by chance."""
    height, width = shape
    while picture.shape[1] < height:
        picture = np.concatenate([picture, picture[:, ::-1]], axis=1)
    while picture.shape[2] < width:
        picture = np.concatenate([picture, picture[:, :, ::-1]], axis=2)
    row, col = rng.integers(0, picture.shape[1] - height + 1), rng.integers(0, picture.shape[2] - width + 1)
    part = picture[:, row : row + height, col : col + width]
    flips = rng.random(2) < 0.5
    return np.ascontiguousarray(part[:, :: -1 if flips[0] else 1, :: -1 if flips[1] else 1])


def varied(pair: Pair, rng: np.random.Generator) -> Pair:
    """The same pair in other light: each date by itself, roofs in colours of their own, a residual shift."""
    after = pair.after
    if pair.roofs.any() and rng.random() < 0.75:
        after = _recoloured(after, pair.roofs, rng)
    if not pair.roofs.any():
        after = _shifted(after, 0.7, rng)
    return replace(pair, kind=f"{pair.kind}_varied", before=_relit(pair.before, rng), after=_relit(after, rng))


def _recoloured(picture: U8, roofs: Bool, rng: np.random.Generator) -> U8:
    count, parts = cv2.connectedComponents(roofs.astype(np.uint8))
    light = np.clip(rng.uniform(55, 215) + rng.normal(0, 30, count), 35, 235)
    warm = np.where(rng.random(count) < 0.8, rng.uniform(-5, 40, count), rng.uniform(-40, 70, count))
    contrast = rng.uniform(0.6, 1.2, count)
    sizes = np.maximum(np.bincount(parts.ravel(), minlength=count), 1)
    out = picture.astype(np.float32)
    for band, wanted in zip(out, (light + warm / 2, light, light - warm / 2), strict=True):
        mean = np.bincount(parts.ravel(), weights=band.ravel(), minlength=count) / sizes
        band[roofs] = ((band - mean[parts]) * contrast[parts] + wanted[parts])[roofs]
    return np.clip(out, 0, 255).astype(np.uint8)


def _relit(picture: U8, rng: np.random.Generator) -> U8:
    x = (picture.astype(np.float32) / 255) ** np.exp(rng.normal(0, 0.18))
    x = x * rng.uniform(0.85, 1.15, (3, 1, 1)) + rng.uniform(-0.04, 0.04, (3, 1, 1))
    green, season = np.clip(2 * x[1] - x[0] - x[2], 0, 0.3) / 0.3, rng.uniform(-0.12, 0.12)
    x = x + season * green * np.array([1.0, -0.3, 0.2])[:, None, None]
    if rng.random() < 0.3:
        x = x * 0.8 + 0.15 * rng.uniform(0.5, 1.2)
    out = np.clip(x * 255, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        width = rng.uniform(0.4, 1.0)
        out = np.stack([cv2.GaussianBlur(band, (0, 0), width) for band in out])
    return out


def _shifted(picture: U8, spread_px: float, rng: np.random.Generator) -> U8:
    height, width = picture.shape[1:]
    field = rng.normal(0, 0.6 * spread_px, (2, 3, 3)).astype(np.float32)
    dx, dy = (cv2.resize(f, (width, height), interpolation=cv2.INTER_CUBIC) for f in field)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    at = x + dx + np.float32(rng.normal(0, spread_px)), y + dy + np.float32(rng.normal(0, spread_px))
    return np.stack([cv2.remap(band, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT) for band in picture])


def district(seed: int, folder: Path) -> Pair:
    """A drawn district; of its truth what appeared."""
    import geopandas as gpd
    from rasterio.features import rasterize

    from geodata.demo import draw_district

    files = draw_district(folder / f"district{seed}", seed=seed)
    pair = read_pair(files.before, files.after, None, "district")
    info = inspect_raster(files.before)
    truth = gpd.read_file(files.truth).to_crs(info.grid.crs.to_wkt())
    grid = plan_pair(info, inspect_raster(files.after), min_area_m2=20.0).grid
    shapes = [g for g, change in zip(truth.geometry, truth["change"], strict=True) if change == "appeared"]
    return replace(pair, roofs=rasterize(shapes, grid.shape, transform=grid.transform) == 1)
