"""Height change at object level, semi-synthetic: real surface models whose earlier date is made by hand.

There is no public pair of surface models with registered changes, so the earlier date is the later one with chosen
registered buildings lowered to the ground of the terrain model (or to half their height), then spoiled as a second
survey would be: noise of 0.1 m, an offset and a tilt, a sub-pixel shift, dropped pixels, trees that grew, came or
went. Everything else (roofs, walls, crowns, holes in the data) is as it was surveyed.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.fill import fillnodata
from rich.console import Console
from rich.table import Table
from scipy import ndimage

from geodata.scan import scan
from geodata.types import ScanOptions, SurfaceFiles

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "height"
NODATA = -9999.0
MIN_AREA_M2, MIN_GAIN_M = 20.0, 2.5
FOLDS, REPEATS = 3, 2
COVERED = 0.5
"""Share of a footprint that must be found, and share of a finding that must have changed."""

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A real surveyed place.

    Args:
        name: What it is called.
        surface: Surface model, NaN where unknown, m.
        terrain: Terrain model, NaN where unknown (under buildings).
        ground: The terrain with its holes filled.
        footprints: Registered buildings in the system of the rasters.
        profile: Profile of the surface model.
    """

    name: str
    surface: F64
    terrain: F64
    ground: F64
    footprints: gpd.GeoSeries
    profile: dict[str, Any]

    @property
    def gsd_m(self) -> float:
        return float(self.profile["transform"].a)

    def mask(self, shapes: Any, grown_m: float = 0.0) -> npt.NDArray[np.bool_]:
        """Pixels whose centre lies in one of the shapes."""
        grown = [s.buffer(grown_m, join_style="mitre") for s in shapes]
        if not grown:
            return np.zeros(self.surface.shape, bool)
        return np.asarray(rasterize(grown, self.surface.shape, transform=self.profile["transform"]), bool)


def place(name: str) -> Place | None:
    """`delft` (0.5 m) or `alexandria` (2 m); None where the data is absent."""
    files = {
        "delft": ("dsm_ahn3_0p5m.tif", "dtm_ground_ahn3_0p5m.tif", "bgt_pand_delft.geojson"),
        "alexandria": ("dsm.tif", "dtm.tif", "buildings.geojson"),
    }[name]
    folder = DATA / name
    if not (folder / files[0]).is_file():
        return None
    models = []
    for file in files[:2]:
        with rasterio.open(folder / file) as dataset:
            profile = dataset.profile
            values = dataset.read(1).astype(np.float64)
            models.append(np.where((values == dataset.nodata) | (values < -1000), np.nan, values))
    surface, terrain = models
    holes = np.nan_to_num(terrain).astype(np.float32)
    ground = fillnodata(holes, ~np.isnan(terrain), max_search_distance=400).astype(np.float64)
    footprints = gpd.read_file(folder / files[2]).to_crs(profile["crs"]).geometry
    frame = shapely.box(*rasterio.transform.array_bounds(*surface.shape, profile["transform"]))
    return Place(name, surface, terrain, ground, footprints[footprints.within(frame)].reset_index(drop=True), profile)


def standing(where: Place) -> npt.NDArray[np.intp]:
    """Footprints of at least 20 m² that stand at least 2.5 m over the ground in the later date (median)."""
    height = where.surface - where.ground
    rows = []
    for k, shape in enumerate(where.footprints):
        inside = height[where.mask([shape])]
        known = inside[~np.isnan(inside)]
        if shape.area >= MIN_AREA_M2 and known.size >= 0.5 * inside.size > 0 and np.median(known) >= MIN_GAIN_M:
            rows.append(k)
    return np.array(rows, np.intp)


def lowered(where: Place, chosen: Any, share: float = 0.0) -> F64:
    """The surface with chosen footprints, and a metre around them, at `share` of their height over the ground."""
    rest = where.footprints.drop(index=chosen)
    inside = where.mask(where.footprints[chosen], grown_m=max(1.0, where.gsd_m)) & ~where.mask(rest)
    height = where.surface - where.ground
    return np.where(inside & (height > 0), where.ground + share * height, where.surface)


def spoiled(where: Place, surface: F64, rng: np.random.Generator) -> F64:
    """What a second survey of the same surface might have given."""
    out = with_other_trees(where, surface, rng)
    rows, cols = np.mgrid[: out.shape[0], : out.shape[1]]
    slopes = rng.uniform(-0.3, 0.3, 2)
    out = out + rng.uniform(-0.5, 0.5) + slopes[0] * rows / out.shape[0] + slopes[1] * cols / out.shape[1]
    out = shifted(out, rng.uniform(-0.6, 0.6, 2))
    soft = ndimage.gaussian_filter(rng.normal(0, 1, out.shape), 3)
    out = out + rng.normal(0, 0.07, out.shape) + 0.07 * soft / soft.std()
    out[rng.random(out.shape) < 0.005] = np.nan
    blots = ndimage.gaussian_filter(rng.normal(0, 1, out.shape), 2)
    out[blots > np.quantile(blots, 0.99)] = np.nan
    return out


def crowns_of(where: Place) -> npt.NDArray[np.bool_]:
    """Trees: high, away from registered buildings, with ground seen beneath (pulses pass through crowns, not roofs).

    Where the terrain model has no holes under buildings (Alexandria) this tells nothing, and no tree is changed.
    """
    if np.isnan(where.terrain).mean() < 0.1:
        return np.zeros(where.surface.shape, bool)
    beneath = ndimage.uniform_filter((~np.isnan(where.terrain)).astype(float), 5) > 0.7
    high = np.nan_to_num(where.surface - where.ground) > 2.5
    crowns = high & beneath & ~where.mask(where.footprints, grown_m=2.0)
    return np.asarray(ndimage.binary_opening(crowns, np.ones((3, 3), bool)))


def with_other_trees(where: Place, surface: F64, rng: np.random.Generator) -> F64:
    """Of the crowns one in four is gone, one in four stands lower by up to a half."""
    crowns = crowns_of(where)
    labels, count = ndimage.label(crowns)
    kept, fate = np.ones(count + 1), rng.random(count + 1)
    kept[fate < 1 / 4] = 0.0
    kept[fate > 3 / 4] = rng.uniform(0.5, 1.0, int((fate > 3 / 4).sum()))
    return np.where(crowns, where.ground + kept[labels] * (surface - where.ground), surface)


def shifted(surface: F64, shift_px: Any) -> F64:
    """Bilinear shift by (rows, columns); a pixel that touches an unknown one is unknown."""
    moved = ndimage.shift(np.nan_to_num(surface), shift_px, order=1, mode="nearest")
    unknown = ndimage.shift(np.isnan(surface).astype(float), shift_px, order=1, mode="nearest") > 1e-6
    return np.where(unknown, np.nan, moved)


def write(path: Path, values: F64, where: Place) -> Path:
    """A surface or terrain model as a file."""
    profile = {**where.profile, "dtype": "float32", "nodata": NODATA, "compress": "deflate"}
    with rasterio.open(path, "w", **profile) as target:
        target.write(np.where(np.isnan(values), NODATA, values).astype(np.float32), 1)
    return path


@dataclass(frozen=True)
class Case:
    """One kind of change.

    Args:
        name: What it is called.
        share: Part of the height that stood already (or that stayed).
        gone: Whether the dates are swapped, so that the buildings are demolished.
        terrain: Whether the terrain model is given.
        off_grid: Whether the second model's pixels lie 0.4 px beside the first's, so that it is resampled.
    """

    name: str
    share: float = 0.0
    gone: bool = False
    terrain: bool = False
    off_grid: bool = False


CASES = (
    Case("new building"),
    Case("new building, with terrain model", terrain=True),
    Case("new building, pixels 0.4 px apart", off_grid=True),
    Case("roof addition (half its height)", share=0.5),
    Case("demolition", gone=True),
)


@dataclass
class Score:
    """Counts over the scans of a case."""

    true: int = 0
    found: int = 0
    findings: int = 0
    correct: int = 0
    altered: int = 0
    gain_errors_m: list[float] = field(default_factory=list)

    @property
    def completeness(self) -> float:
        return self.found / max(1, self.true)

    @property
    def correctness(self) -> float:
        return self.correct / max(1, self.findings)

    def as_dict(self) -> dict[str, Any]:
        return {
            "true": self.true,
            "findings": self.findings,
            "completeness": round(self.completeness, 4),
            "correctness": round(self.correctness, 4),
            "altered_share": round(self.altered / max(1, self.correct), 4),
            "gain_error_median_m": round(float(np.median(self.gain_errors_m)), 3) if self.gain_errors_m else None,
        }


def folds(where: Place) -> Iterator[tuple[npt.NDArray[np.intp], int]]:
    """Random thirds of the buildings that stand, each once in every repeat, with a seed for the spoiling."""
    rows = standing(where)
    for repeat in range(REPEATS):
        order = np.random.default_rng(100 + repeat).permutation(rows)
        for k, part in enumerate(np.array_split(order, FOLDS)):
            yield np.sort(part), 1000 + FOLDS * repeat + k


def run_case(where: Place, case: Case, chosen: Any, seed: int, folder: Path, score: Score, workers: int = 1) -> None:
    """Scan one fold and add it to the counts."""
    low = lowered(where, chosen, case.share)
    spoilt = spoiled(where, low, np.random.default_rng(seed))
    pair = (where.surface, spoilt) if case.gone else (spoilt, where.surface)
    files = [
        write(folder / name, values, where) for name, values in zip(("before.tif", "after.tif"), pair, strict=True)
    ]
    if case.off_grid:
        with rasterio.open(files[1], "r+") as dataset:
            dataset.transform = dataset.transform @ rasterio.Affine.translation(0.4, -0.4)
    terrain = write(folder / "terrain.tif", where.terrain, where) if case.terrain else None
    options = ScanOptions(
        before_date=datetime(2014, 1, 1, tzinfo=UTC), after_date=datetime(2018, 1, 1, tzinfo=UTC), workers=workers
    )
    found = scan(surfaces=SurfaceFiles(*files, after_terrain=terrain), options=options).findings
    found = found[(found.area_m2 >= MIN_AREA_M2) & (found.height_gain_m.astype(float).abs() >= MIN_GAIN_M)]
    found = found[(found.height_gain_m.astype(float) < 0) == case.gone]
    outlines = found.geometry.to_crs(where.profile["crs"])
    add(where, where.surface - low, chosen, list(zip(outlines, found.to_dict("records"), strict=True)), score)


def add(where: Place, gain: F64, chosen: Any, found: list[tuple[Any, dict[str, Any]]], score: Score) -> None:
    """Count a fold: footprints that were found, findings that lie on what changed."""
    seen = where.mask([shape for shape, _ in found])
    changed = np.nan_to_num(gain) >= 2.0
    for k in chosen:
        inside = where.mask([where.footprints[k]])
        known = inside & ~np.isnan(gain)
        if np.median(gain[known]) >= MIN_GAIN_M:
            score.true += 1
            score.found += bool((seen & inside).sum() >= COVERED * inside.sum())
    for shape, row in found:
        inside = where.mask([shape])
        score.findings += 1
        if (changed & inside).sum() >= COVERED * (inside & ~np.isnan(gain)).sum() > 0:
            score.correct += 1
            score.altered += row["change"] == "altered"
            truth = float(np.percentile(gain[changed & inside], 75))
            score.gain_errors_m.append(abs(abs(float(row["height_gain_m"])) - truth))


def height(console: Console, workers: int) -> dict[str, Any] | None:
    """Completeness and correctness of gains and losses of at least 2.5 m on buildings of at least 20 m²."""
    results: dict[str, Any] = {}
    table = Table(title="height change, semi-synthetic (surveyed surface, earlier date by lowering footprints)")
    for title in ("place", "change", "true", "findings", "completeness", "correctness", "altered", "gain error m"):
        table.add_column(title, justify="left" if title in ("place", "change") else "right")
    begun = time.perf_counter()
    for name in ("delft", "alexandria"):
        where = place(name)
        if where is None:
            console.print(f"[yellow]skipped: {DATA / name} is not there[/yellow]")
            continue
        results[name] = {}
        for case in CASES:
            score = Score()
            with tempfile.TemporaryDirectory(prefix="kancha-bench-") as folder:
                for chosen, seed in folds(where):
                    run_case(where, case, chosen, seed, Path(folder), score, workers)
            told = results[name][case.name] = score.as_dict()
            shown = [f"{told[k]:.3f}" for k in ("completeness", "correctness", "altered_share")]
            table.add_row(
                name, case.name, str(score.true), str(score.findings), *shown, f"{told['gain_error_median_m']:.2f}"
            )
    console.print(table)
    console.print(f"{FOLDS * REPEATS} choices of buildings a row, {time.perf_counter() - begun:.0f} s")
    return results or None
