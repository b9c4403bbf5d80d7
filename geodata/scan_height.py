"""Heights in a scan: two surface models become candidates, alone or together with imagery.

`open_surfaces` checks and levels them, `height_candidates` finds what rose and fell, `with_heights` says of the
candidates of the imagery whether they have a height, `joined` makes one list of both. `geodata.scan` composes these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from rasterio.features import geometry_mask

from geodata.area import area_on
from geodata.crs import CRS84, crs_label, is_metric, transform_xy
from geodata.detect.candidates import Candidate
from geodata.detect.height import DIRECTIONS, STANDING_CM, HeightPlan, find_height_objects
from geodata.detect.levels import Levels, level
from geodata.detect.measured import Footprint, Heights, Pictures, measure_all
from geodata.detect.structures import HeightRule, change_of, covered, storeys_of, structure
from geodata.detect.surfaces import SurfaceReader
from geodata.detect.thresholds import Areas
from geodata.errors import BandsError
from geodata.grid import Grid, Window
from geodata.io.rasters import RasterInfo, inspect_raster
from geodata.io.warp import GridReader, ShiftField
from geodata.odds import moved
from geodata.pairing.coregister import Alignment
from geodata.pairing.plan import PairPlan, plan_pair, working_gsd_m
from geodata.pairing.ties import Ties
from geodata.types import ScanOptions, SurfaceFiles

MIN_SEEN_SHARE = 0.5
"""Share of a candidate with known heights from which they say something of it."""
NO_HEIGHT_GAIN = "no_height_gain"
"""Cue: the picture changed and the surface did not."""

CANDIDATE, CONFIRMED = 0.10, 0.25
"""Confidences from which an object of the surface models is reported, and its tier is `confirmed`."""

_SUPPORT, _DOUBT = 1.5, -2.0
_SAME_OBJECT_IOU = 0.3
_WITHIN = 0.5


@dataclass(frozen=True)
class SurfaceScan:
    """Two surface models that were brought onto each other.

    Args:
        before: Surface model of the first date.
        after: Surface model of the second date.
        terrains: Terrain models that were given, by role.
        pair: Overlap and grid of the two.
        plan: What windows need.
        levels: How the two lie on each other.
    """

    before: RasterInfo
    after: RasterInfo
    terrains: dict[str, RasterInfo]
    pair: PairPlan
    plan: HeightPlan
    levels: Levels

    @property
    def rule(self) -> HeightRule:
        """What objects are held against."""
        return HeightRule(self.plan.grid, self.plan.least_gain_cm / 100, self.plan.gsd_m)

    @property
    def alignment(self) -> Alignment:
        """How the later model was moved onto the earlier one; its residual is that of the heights."""
        levels = self.levels
        return Alignment(
            field=levels.field() or ShiftField(np.zeros((2, 2)), np.zeros((2, 2)), 1 << 20),
            global_px=levels.applied_px,
            points=levels.stable_px,
            residual_median_px=float("nan"),
            residual_p90_px=float("nan"),
            reliable=True,
            gsd_m=self.pair.grid.pixel_size[0],
            ties=Ties.none(),
            used=np.zeros(0, bool),
        )

    @property
    def inputs(self) -> list[tuple[str, RasterInfo]]:
        """Every model with its role."""
        return [("before_dsm", self.before), ("after_dsm", self.after), *self.terrains.items()]

    def as_dict(self) -> dict[str, Any]:
        """The figures of the comparison for the provenance."""
        grid = self.plan.grid
        return {
            **self.levels.as_dict(self.plan.gsd_m),
            "least_gain_m": self.plan.least_gain_cm / 100,
            "ground": {
                date: "terrain model" if given is not None else "opening of the surface"
                for date, given in (("before", self.plan.before_terrain), ("after", self.plan.after_terrain))
            },
            "grid": {"crs": crs_label(grid.crs), "gsd_m": grid.pixel_size[0], "shape": list(grid.shape)},
        }


def open_surfaces(files: SurfaceFiles, options: ScanOptions, area: shapely.MultiPolygon | None = None) -> SurfaceScan:
    """Check two surface models, lay out their grid and bring them onto each other.

    Args:
        files: The models; one terrain model alone is of the second date and serves both.
        options: The user's choices.
        area: Area of interest in CRS84.

    Raises:
        KanchaError: A named refusal: of a file, of the pair, or because they cannot be levelled.
    """
    before, after = _surface(files.before, options.before_crs), _surface(files.after, options.after_crs)
    pair = _laid_out(before, after, options, area)
    first, second = GridReader(before, pair.bands, pair.grid), GridReader(after, pair.bands, pair.grid)
    levels = level(first, second, options.workers)
    field = levels.field()
    terrains, readers = _terrains(files, options, pair.grid, field, levels)
    plan = HeightPlan(
        before=SurfaceReader(first, levels.tilt),
        after=SurfaceReader(replace(second, shift=field)),
        before_terrain=readers[0],
        after_terrain=readers[1],
        roof_residual_cm=levels.roof_residual_cm,
        least_gain_cm=math.ceil(100 * max(levels.lod95_m, options.min_gain_m)),
        area=area_on(pair.grid, area),
    )
    return SurfaceScan(before, after, terrains, pair, plan, levels)


def _surface(path: Path, crs: str | None) -> RasterInfo:
    info = inspect_raster(path, crs=crs)
    require_heights(info)
    return info


def require_heights(info: RasterInfo) -> None:
    """See that a raster may hold heights: one band of more than 8 bit.

    Raises:
        BandsError: If it is a picture.
    """
    bands = [name for name in info.bands if not name.startswith("alpha")]
    if len(bands) != 1 or info.dtype == "uint8":
        raise BandsError(
            f"{info.name} is a picture ({len(bands)} bands of {info.dtype}); a surface or terrain model has one band "
            f"of heights in metres.",
            remedy="Give imagery as BEFORE and AFTER, surface models with --before-dsm and --after-dsm.",
            bands=len(bands),
        )


def _laid_out(
    before: RasterInfo, after: RasterInfo, options: ScanOptions, area: shapely.MultiPolygon | None
) -> PairPlan:
    """Overlap and grid: the coarser date's pixels, unresampled where the two share theirs."""
    own = before.grid
    metric = is_metric(own.crs, *own.centre_lonlat)
    sizes = [max(i.grid.pixel_size) if metric and i.grid.crs == own.crs else i.gsd_m for i in (before, after)]
    gsd_m = max(*sizes, options.gsd_m or working_gsd_m(options.min_area_m2))
    pair = plan_pair(before, after, min_area_m2=options.min_area_m2, gsd_m=gsd_m, area=area)
    # Surfaces lose their edges when they are resampled: common pixels are kept as they are.
    native = own.pixel_size[0] == own.pixel_size[1] == gsd_m and own.transform.b == own.transform.d == 0
    if metric and native and own.aligned_with(after.grid):
        return replace(pair, grid=_cropped(own.intersect(after.grid), pair.grid))
    return pair


def _cropped(grid: Grid, wanted: Grid) -> Grid:
    """The part of a north-up grid that another one covers, to whole pixels outwards."""
    left, bottom, right, top = wanted.bounds
    (col0, row0), (col1, row1) = ~grid.transform @ (left, top), ~grid.transform @ (right, bottom)
    row, col = max(0, math.floor(row0)), max(0, math.floor(col0))
    stop_row, stop_col = min(grid.height, math.ceil(row1)), min(grid.width, math.ceil(col1))
    return grid.window(Window(row, col, stop_row - row, stop_col - col))


def _terrains(
    files: SurfaceFiles, options: ScanOptions, grid: Grid, field: ShiftField | None, levels: Levels
) -> tuple[dict[str, RasterInfo], tuple[SurfaceReader | None, SurfaceReader | None]]:
    """Terrain models by role, and their readers: each lies as the surface of its date does."""
    given: dict[str, RasterInfo] = {}
    if files.before_terrain is not None:
        given["before_dtm"] = _surface(files.before_terrain, options.before_crs)
    if files.after_terrain is not None:
        given["after_dtm"] = _surface(files.after_terrain, options.after_crs)
    late = early = None
    if "after_dtm" in given:
        info = given["after_dtm"]
        late = early = SurfaceReader(GridReader(info, info.bands[:1], grid, field))
    if "before_dtm" in given:
        info = given["before_dtm"]
        early = SurfaceReader(GridReader(info, info.bands[:1], grid), levels.tilt)
    return given, (early, late)


def pictures_on(
    scan: SurfaceScan, first: RasterInfo, second: RasterInfo, shift_m: tuple[float, float] = (0.0, 0.0)
) -> Pictures:
    """Two images read on the grid of the surface models.

    Args:
        scan: The surface models.
        first: Image of the first date.
        second: Image of the second date.
        shift_m: Where the second image lies relative to the first, m (right, down).
    """
    shared = [name for name in first.bands if name in second.bands and not name.startswith("alpha")]
    known = [name for name in ("red", "green", "blue", "nir") if name in shared]
    bands, grid = tuple(known or shared[:1]), scan.plan.grid
    dx, dy = (v / scan.plan.gsd_m for v in shift_m)
    field = ShiftField(np.full((2, 2), dx), np.full((2, 2), dy), 1 << 20)
    return Pictures(GridReader(first, bands, grid), GridReader(second, bands, grid, field))


@dataclass(frozen=True)
class HeightFindings:
    """Candidates of two surface models.

    Args:
        candidates: In no particular order of confidence.
        seen_px: Pixels with heights of both dates.
        wanted_px: Pixels that were asked for.
    """

    candidates: list[Candidate]
    seen_px: int
    wanted_px: int


def height_candidates(
    scan: SurfaceScan,
    options: ScanOptions,
    areas: Areas,
    pictures: Pictures | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> HeightFindings:
    """What rose or fell and is a structure.

    Args:
        scan: The surface models.
        options: The user's choices: window, workers, smallest area, least confidence.
        areas: Where another confidence is asked than elsewhere.
        pictures: The imagery, where there is any.
        progress: Called with the share done.
    """
    # A window of heights weighs a fraction of one of imagery, and its ground needs a wide halo: larger ones cost less.
    window_px = 2 * options.window_px
    found = find_height_objects(scan.plan, window_px, options.workers, lambda share: progress(0.8 * share))
    smallest_px = 0.8 * options.min_area_m2 / scan.plan.gsd_m**2
    parts = [(c, d) for d in DIRECTIONS for c in found.components[d] if c.pixels >= smallest_px]
    footprints = [Footprint(c.row, c.col, c.mask, d) for c, d in parts]
    measured = measure_all(scan.plan, footprints, options.workers, pictures)
    progress(1.0)
    candidates = [
        candidate
        for footprint, (component, _), heights in zip(footprints, parts, measured, strict=True)
        if (candidate := structure(footprint, heights, component.borders_unseen, scan.rule)) is not None
    ]
    return HeightFindings(wanted(candidates, options, areas), found.seen_px, found.wanted_px)


def wanted(
    candidates: Sequence[Candidate], options: ScanOptions, areas: Areas, least: float = CANDIDATE
) -> list[Candidate]:
    """Those that are large and certain enough to be reported.

    Args:
        candidates: All.
        options: The user's choices.
        areas: Where another confidence is asked than elsewhere.
        least: The confidence asked elsewhere.
    """
    floors = np.maximum(areas.floor(np.array([c.polygon for c in candidates]), least), options.min_confidence)
    return [
        c
        for c, floor in zip(candidates, floors, strict=True)
        if c.area_m2 >= options.min_area_m2 and c.confidence >= floor
    ]


def with_heights(
    candidates: Sequence[Candidate], scan: SurfaceScan, pictures: Pictures | None = None, workers: int = 1
) -> list[Candidate]:
    """Say of the imagery's candidates how much higher they stand, and what that makes of their confidence.

    Args:
        candidates: Candidates of the imagery.
        scan: The surface models.
        pictures: The imagery, for covers that hide a structure.
        workers: Number of threads; does not change the result.
    """
    footprints = [_footprint(candidate, scan.plan.grid) for candidate in candidates]
    placed = [k for k, footprint in enumerate(footprints) if footprint is not None]
    measured = measure_all(scan.plan, [f for f in footprints if f is not None], workers, pictures)
    out = list(candidates)
    for k, heights in zip(placed, measured, strict=True):
        if heights is not None and heights.seen_share >= MIN_SEEN_SHARE:
            out[k] = _told(out[k], heights, scan.rule)
    return out


def _footprint(candidate: Candidate, grid: Grid) -> Footprint | None:
    """The pixels of a candidate on the grid of the surface models; None where they lie outside."""
    local = shapely.transform(candidate.polygon, lambda c: np.column_stack(transform_xy(CRS84, grid.crs, *c.T)))
    corners = [~grid.transform @ xy for xy in shapely.get_coordinates(local)]
    cols, rows = zip(*corners, strict=True)
    row, col = max(0, math.floor(min(rows))), max(0, math.floor(min(cols)))
    stop_row, stop_col = min(grid.height, math.ceil(max(rows))), min(grid.width, math.ceil(max(cols)))
    if stop_row <= row or stop_col <= col:
        return None
    part = grid.window(Window(row, col, stop_row - row, stop_col - col))
    mask = np.asarray(geometry_mask([local], part.shape, part.transform, invert=True))
    return Footprint(row, col, mask, "loss" if candidate.change == "disappeared" else "gain") if mask.any() else None


def _told(candidate: Candidate, heights: Heights, rule: HeightRule) -> Candidate:
    """A candidate of the imagery with what the heights say of it."""
    gone = candidate.change == "disappeared"
    cues = list(candidate.cues)
    changed = heights.rise_m >= rule.least_gain_m
    stands = 100 * heights.top_m >= STANDING_CM
    if not changed:
        cues.append(NO_HEIGHT_GAIN)
    elif not stands and "bare_soil" not in cues:
        cues.append("bare_soil")
    supported = changed and stands
    grown = supported and not gone
    hidden = grown and covered(heights)
    if hidden:
        # What is green and plane as a roof is a net, whatever its colour says in the picture.
        cues = [*(cue for cue in cues if cue not in ("tree", "tarpaulin")), "tarpaulin"]
    return replace(
        candidate,
        change=change_of(heights, "loss" if gone else "gain") if supported else candidate.change,
        confidence=moved(candidate.confidence, _SUPPORT if supported else _DOUBT),
        cues=tuple(cues),
        height_gain_m=-heights.rise_m if gone else heights.rise_m,
        storeys=storeys_of(heights.rise_m) if grown else None,
        flags=(*candidate.flags, "concealment") if hidden else candidate.flags,
    )


def joined(imagery: Sequence[Candidate], heights: Sequence[Candidate]) -> list[Candidate]:
    """One list of both: of an object that both saw, the imagery's outlines stay where they describe it.

    Args:
        imagery: Candidates of the imagery, with their heights.
        heights: Candidates of the surface models.
    """
    tree = shapely.STRtree([c.polygon for c in imagery])
    dropped: set[int] = set()
    kept: list[Candidate] = []
    for candidate in heights:
        near = [int(k) for k in tree.query(candidate.polygon, predicate="intersects")]
        same = [k for k in near if _upward(imagery[k]) == _upward(candidate)]
        outlines = shapely.union_all([imagery[k].polygon for k in same])
        common = outlines.intersection(candidate.polygon).area
        if common >= _SAME_OBJECT_IOU * outlines.union(candidate.polygon).area:
            continue
        kept.append(candidate)
        dropped |= {
            k
            for k in same
            if imagery[k].polygon.intersection(candidate.polygon).area >= _WITHIN * imagery[k].polygon.area
        }
    return [c for k, c in enumerate(imagery) if k not in dropped] + kept


def _upward(candidate: Candidate) -> bool:
    gain = candidate.height_gain_m
    return candidate.change == "appeared" or (candidate.change == "altered" and (gain is None or gain > 0))
