"""What a structure is, by its heights: measured on whole objects, so that no window cuts a figure.

Objects are taken in groups by the tile that their middle lies in; a group is read once with enough around it. The
rim of an object is left out of its statistics (photogrammetric edges are ramps), its gain is the 75th percentile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from geodata.detect.height import STANDING_CM, Direction, HeightPlan
from geodata.detect.surfaces import F32, BoolArray, Surface, cell_px, ground_halo_px, on_cells, plane_like, spread
from geodata.grid import Window
from geodata.io.warp import GridReader
from geodata.parallel import in_threads

TILE_PX = 1024
RING_M = 8.0
MAX_OBJECT_PX = 4096
NDVI_GREEN = 0.30
EXCESS_GREEN = 0.08
_ZONE_M = 3.0
_MIN_CORE_PX = 12
_MIN_PICTURE_PX = 36


@dataclass(frozen=True)
class Footprint:
    """Pixels of an object on the grid.

    Args:
        row: First row.
        col: First column.
        mask: Its pixels within its bounding box.
        direction: Which way it is thought to have changed.
    """

    row: int
    col: int
    mask: BoolArray
    direction: Direction

    @property
    def window(self) -> Window:
        """Its bounding box."""
        return Window(self.row, self.col, *self.mask.shape)


@dataclass(frozen=True)
class Pictures:
    """The imagery of the two dates, read on the grid of the surface models.

    Args:
        before: First date.
        after: Second date, with its shift.
    """

    before: GridReader
    after: GridReader


@dataclass(frozen=True)
class Heights:
    """What heights say of an object; upper is the date at which it is thought to be higher, lower the other.

    Args:
        rise_m: 75th percentile of the upper date over the lower one, m; negative where it is lower.
        top_m: Height of the upper date over the ground.
        base_m: Height of the lower date over the ground (median).
        seen_share: Share of the object where both heights are known.
        roof_share: Share of what rose on and around it that is roof-like in the upper date.
        standing_share: Share of it where something roof-like stands in the lower date.
        wall_share: Share of its outline across which the rise drops by more than half; None: unseen.
        green_share: Share of it that is green in the upper date's picture; None without one.
        likeness: Correlation of the two pictures over it, -1 to 1; None where they cannot tell.
    """

    rise_m: float
    top_m: float
    base_m: float
    seen_share: float
    roof_share: float
    standing_share: float
    wall_share: float | None
    green_share: float | None = None
    likeness: float | None = None


def measure_all(
    plan: HeightPlan, footprints: Sequence[Footprint], workers: int = 1, pictures: Pictures | None = None
) -> list[Heights | None]:
    """Measure objects.

    Args:
        plan: The two surface models.
        footprints: The objects.
        workers: Number of threads; does not change the result.
        pictures: The imagery, where there is any.

    Returns:
        One entry an object; None where no height is known on it.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for k, footprint in enumerate(footprints):
        middle = footprint.row + footprint.mask.shape[0] // 2, footprint.col + footprint.mask.shape[1] // 2
        groups.setdefault((middle[0] // TILE_PX, middle[1] // TILE_PX), []).append(k)
    items = [[(k, _cut(footprints[k])) for k in members] for members in groups.values()]
    out: list[Heights | None] = [None] * len(footprints)
    for measured in in_threads(partial(_measure_group, plan, pictures), items, workers):
        for k, heights in measured:
            out[k] = heights
    return out


def _cut(footprint: Footprint) -> Footprint:
    """The middle of an object that is too large to be read at once; its figures are those of this part."""
    height, width = footprint.mask.shape
    top, left = max(0, height - MAX_OBJECT_PX) // 2, max(0, width - MAX_OBJECT_PX) // 2
    part = footprint.mask[top : top + MAX_OBJECT_PX, left : left + MAX_OBJECT_PX]
    return Footprint(footprint.row + top, footprint.col + left, part, footprint.direction)


@dataclass(frozen=True)
class _Scene:
    """What was read for a group."""

    window: Window
    before: Surface
    after: Surface
    ground_before: F32
    ground_after: F32
    pictures: tuple[tuple[npt.NDArray[np.generic], BoolArray], ...]


def _measure_group(
    plan: HeightPlan, pictures: Pictures | None, group: list[tuple[int, Footprint]]
) -> list[tuple[int, Heights | None]]:
    boxes = [footprint.window for _, footprint in group]
    row, col = min(b.row for b in boxes), min(b.col for b in boxes)
    whole = Window(row, col, max(b.row_stop for b in boxes) - row, max(b.col_stop for b in boxes) - col)
    side = cell_px(plan.gsd_m)
    halo = ground_halo_px(plan.gsd_m) // 2 + round(RING_M / plan.gsd_m)
    window = on_cells(whole.grown(halo, plan.grid.shape), side, plan.grid.shape)
    surfaces = plan.surfaces(window)
    first, second = (spread(cells, side, surfaces[0].cm.shape) for cells in plan.grounds(window, surfaces))
    seen = () if pictures is None else (pictures.before.read(window), pictures.after.read(window))
    scene = _Scene(window, *surfaces, first, second, seen)
    bands = () if pictures is None else pictures.after.bands
    return [(k, _measure(plan, scene, footprint, bands)) for k, footprint in group]


def _measure(plan: HeightPlan, scene: _Scene, footprint: Footprint, bands: tuple[str, ...]) -> Heights | None:
    """One object within what was read for its group."""
    ring_px = max(2, round(RING_M / plan.gsd_m))
    box = footprint.window.grown(ring_px, plan.grid.shape)
    rows, cols = box.inside(scene.window)
    mask = np.zeros((box.height, box.width), bool)
    mask[footprint.window.inside(box)] = footprint.mask
    first, second = scene.before.part(rows, cols), scene.after.part(rows, cols)
    grounds = scene.ground_before[rows, cols], scene.ground_after[rows, cols]
    upward = footprint.direction == "gain"
    (upper, upper_ground), (lower, lower_ground) = sorted(
        ((first, grounds[0]), (second, grounds[1])), key=lambda pair: (pair[0] is first) == upward
    )
    known = upper.valid & lower.valid
    core = _core(mask, known, plan.gsd_m)
    if not core.any():
        return None
    around = cv2.dilate(mask.astype(np.uint8), np.ones((2 * ring_px + 1,) * 2, np.uint8)).astype(bool) & ~mask
    rise_cm = float(np.percentile((upper.cm - lower.cm)[core], 75))
    under = [_ground(s, g, core, around) for s, g in ((upper, upper_ground), (lower, lower_ground))]
    stands = plane_like(lower, core, plan.roof_residual_cm) & (lower.cm - under[1] >= STANDING_CM)
    green, likeness = _seen_in(scene.pictures, bands, core, (rows, cols), 1 if upward else 0)
    return Heights(
        rise_m=rise_cm / 100,
        top_m=(float(np.percentile(upper.cm[core], 75)) - under[0]) / 100,
        base_m=(float(np.median(lower.cm[core])) - under[1]) / 100,
        seen_share=float((known & mask).sum() / mask.sum()),
        roof_share=_roof_share(plan, upper, lower, mask),
        standing_share=float((stands & core).sum() / core.sum()),
        wall_share=_wall_share(upper, lower, mask, rise_cm, plan.gsd_m),
        green_share=green,
        likeness=likeness,
    )


def _core(mask: BoolArray, known: BoolArray, gsd_m: float) -> BoolArray:
    """The object without its rim of one or two pixels; with less or none of it left out where too little remains."""
    for edge_px in (2, 1) if gsd_m < 0.75 else (1,):
        kernel = np.ones((2 * edge_px + 1,) * 2, np.uint8)
        inner = np.asarray(cv2.erode(mask.astype(np.uint8), kernel, borderValue=0), bool) & known
        if inner.sum() >= _MIN_CORE_PX:
            return inner
    return mask & known


def _ground(surface: Surface, cells: F32, core: BoolArray, around: BoolArray) -> float:
    """The ground of an object, cm: that of its cells, or a low height around it where that is lower.

    Under a hall wider than the cells' opening the cells hold its own roof; around it lies the ground.
    """
    inside = cells[core]
    inside = inside[~np.isnan(inside)]
    ring = surface.cm[around & surface.valid]
    options = [float(np.median(inside))] if inside.size else []
    options += [float(np.percentile(ring, 10))] if ring.size else []
    return min(options) if options else float(surface.cm[core].min())


def _roof_share(plan: HeightPlan, upper: Surface, lower: Surface, mask: BoolArray) -> float:
    """Share of what rose within 3 m of an object that is plane: most of a roof, half of a crown with a plane spot."""
    reach = max(1, round(_ZONE_M / plan.gsd_m))
    rose = upper.valid & lower.valid & (upper.cm - lower.cm >= plan.least_gain_cm)
    zone = rose & cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)).astype(bool)
    if not zone.any():
        return 0.0
    return float(plane_like(upper, zone, plan.roof_residual_cm * 3 // 4).sum() / zone.sum())


def _wall_share(upper: Surface, lower: Surface, mask: BoolArray, rise_cm: float, gsd_m: float) -> float | None:
    """Share of the outline across which the rise drops by more than half; that of a heap or within a crown does not."""
    side = 5 if gsd_m < 0.75 else 3
    kernel = np.ones((side, side), np.uint8)
    known = upper.valid & lower.valid
    rise = (upper.cm - lower.cm).astype(np.float32)
    low = cv2.erode(np.where(known, rise, np.float32(1e9)), kernel)
    high = cv2.dilate(np.where(known, rise, np.float32(-1e9)), kernel)
    rim = mask & ~cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(bool) & known
    if rim.sum() < _MIN_CORE_PX // 2:
        return None
    return float((high - low > 0.5 * rise_cm)[rim].mean())


def _seen_in(
    pictures: Sequence[tuple[npt.NDArray[np.generic], BoolArray]],
    bands: tuple[str, ...],
    core: BoolArray,
    part: tuple[slice, slice],
    upper: int,
) -> tuple[float | None, float | None]:
    """(share that is green in the upper date's picture, correlation of the two pictures) over an object."""
    if not pictures:
        return None, None
    (first, first_known), (second, second_known) = ((v[:, *part], known[part]) for v, known in pictures)
    seen = core & first_known & second_known
    if seen.sum() < min(_MIN_PICTURE_PX, core.sum()):
        return None, None
    values = [v[:, seen].astype(np.float64) for v in (first, second)]
    return _green_share(values[upper], bands), _correlation(*(v.mean(axis=0) for v in values))


@dataclass(frozen=True)
class Greenness:
    """How green pixels are.

    Args:
        name: `ndvi` where there is near infrared, else `excess_green` (relative to brightness).
        index: The index of each pixel, of the shape of a band.
        least: From here on a pixel is vegetation.
    """

    name: str
    index: npt.NDArray[np.float64]
    least: float


def greenness(values: npt.NDArray[np.float64], bands: tuple[str, ...]) -> Greenness | None:
    """Vegetation by NDVI where there is near infrared, else by excess green; None without either.

    Args:
        values: One row a band, of any further shape.
        bands: Their names.
    """
    named = dict(zip(bands, values, strict=True))
    if {"red", "nir"} <= named.keys():
        index = (named["nir"] - named["red"]) / np.maximum(named["nir"] + named["red"], 1e-9)
        return Greenness("ndvi", index, NDVI_GREEN)
    if {"red", "green", "blue"} <= named.keys():
        total = np.maximum(named["red"] + named["green"] + named["blue"], 1e-9)
        return Greenness("excess_green", (3 * named["green"] - total) / total, EXCESS_GREEN)
    return None


def _green_share(values: npt.NDArray[np.float64], bands: tuple[str, ...]) -> float | None:
    """Share of pixels that are vegetation."""
    found = greenness(values, bands)
    return None if found is None else float((found.index > found.least).mean())


def _correlation(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float | None:
    """Pearson correlation; None where a picture is plain, so that nothing can be recognised."""
    spread_first, spread_second = float(first.std()), float(second.std())
    if first.size < _MIN_PICTURE_PX or min(spread_first, spread_second) < 1e-3 * max(1.0, float(first.mean())):
        return None
    product = ((first - first.mean()) * (second - second.mean())).mean()
    return float(product / (spread_first * spread_second))
