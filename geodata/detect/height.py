"""Structures by height: where one surface model stands higher than another, and what stands there is plane.

Candidates are pixels that rose by more than the level of detection and the least wanted gain, lie on a roof-like
surface and stand over the ground of the date in which they are high (methods.md 6). Run with the two dates swapped
the same finds what was demolished. Windows find the objects; what an object is (its gain, what stood there before,
whether it has walls) is measured afterwards on whole objects, see `geodata.detect.measured`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from geodata.area import inside_area
from geodata.detect.objects import Component, Measures, WindowObjects, find_components, merge_windows
from geodata.detect.surfaces import (
    F32,
    BoolArray,
    Surface,
    SurfaceReader,
    cell_px,
    closed,
    ground_cells,
    ground_halo_px,
    on_cells,
    plane_like,
    rise_cm,
    spread,
)
from geodata.grid import Grid, Window
from geodata.parallel import in_threads

Direction = Literal["gain", "loss"]
DIRECTIONS: tuple[Direction, ...] = ("gain", "loss")

STANDING_CM = 200
"""What stands less than this over the ground is no structure: filled pits, parked cars."""

ROOF_PERCENT = 60
_AROUND_M = 2.0
_NO_GROUND_CM = -1e9
_NARROW_M, _REACH_M, _HOLE_M = 1.5, 1.0, 1.5
_HALO_PX = 32


@dataclass(frozen=True)
class HeightPlan:
    """All that is needed to work on any window of two surface models (plain values, so it travels).

    Args:
        before: Surface of the first date, at the level of the second.
        after: Surface of the second date, with its shift.
        before_terrain: Terrain model of the first date, None: the ground is found in the surface.
        after_terrain: Terrain model of the second date.
        roof_residual_cm: Largest residual to a plane that is roof-like.
        least_gain_cm: Height change that counts, at least the level of detection.
        area: Area of interest in the grid's system, None: everything.
    """

    before: SurfaceReader
    after: SurfaceReader
    before_terrain: SurfaceReader | None
    after_terrain: SurfaceReader | None
    roof_residual_cm: int
    least_gain_cm: int
    area: shapely.MultiPolygon | None = None

    @property
    def grid(self) -> Grid:
        """The common grid."""
        return self.before.reader.grid

    @property
    def gsd_m(self) -> float:
        """Side of a pixel, m."""
        return float(np.sqrt(np.prod(self.grid.pixel_size)))

    def surfaces(self, window: Window) -> tuple[Surface, Surface]:
        """The two surfaces of a window."""
        return self.before.read(window), self.after.read(window)

    def grounds(self, window: Window, surfaces: tuple[Surface, Surface]) -> tuple[F32, F32]:
        """The ground at both dates in a window of whole cells, cell by cell, cm."""
        side = cell_px(self.gsd_m)
        first, second = (
            ground_cells(surface, None if terrain is None else terrain.read(window), side)
            for surface, terrain in zip(surfaces, (self.before_terrain, self.after_terrain), strict=True)
        )
        return first, second


@dataclass
class HeightWindow:
    """What one window gave: objects per direction and the pixels it saw."""

    objects: dict[Direction, WindowObjects]
    seen_px: int
    wanted_px: int


@dataclass
class HeightObjects:
    """What two surface models gave."""

    components: dict[Direction, list[Component]] = field(default_factory=dict)
    seen_px: int = 0
    wanted_px: int = 0


def process_height_window(plan: HeightPlan, window: Window) -> HeightWindow:
    """Everything that happens to the pixels of one window."""
    outer = window.grown(_HALO_PX, plan.grid.shape)
    wanted = inside_area(plan.grid, outer, plan.area)
    core = window.inside(outer)
    if not wanted[core].any():
        return HeightWindow({}, 0, 0)
    before, after = plan.surfaces(outer)
    valid = before.valid & after.valid
    result = HeightWindow({}, int((valid & wanted)[core].sum()), int(wanted[core].sum()))
    masks: dict[Direction, BoolArray] = {
        "gain": _roofs_that_rose(plan, after, before) & wanted,
        "loss": _roofs_that_rose(plan, before, after) & wanted,
    }
    if any(mask.any() for mask in masks.values()):
        stands = _standing(plan, outer)
        masks = {
            "gain": _whole(masks["gain"] & stands["gain"], after, before, stands["gain"], plan) & wanted,
            "loss": _whole(masks["loss"] & stands["loss"], before, after, stands["loss"], plan) & wanted,
        }
    near_unseen = _near_unseen(valid, plan.gsd_m)
    for direction, mask in masks.items():
        result.objects[direction] = _components(mask[core], window, near_unseen[core])
    return result


def _components(mask: BoolArray, window: Window, near_unseen: BoolArray) -> WindowObjects:
    """The components of a window; they are measured whole afterwards, nothing is summed here."""
    nothing = Measures(np.zeros(mask.shape, np.int32), np.zeros((1, 1), np.int16))
    return find_components(mask, window, nothing, near_unseen)


def _near_unseen(valid: BoolArray, gsd_m: float) -> BoolArray:
    """Pixels beside the edge of the grid or beside a wide unknown part; single missing pixels are no edge."""
    side = 2 * max(1, round(_HOLE_M / gsd_m)) + 1
    wide = cv2.morphologyEx((~valid).astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    kernel = np.ones((3, 3), np.uint8)
    return np.asarray(cv2.dilate(wide, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1), bool)


def _roofs_that_rose(plan: HeightPlan, upper: Surface, lower: Surface) -> BoolArray:
    """Pixels that rose by enough and lie among ones that are mostly roof-like.

    A crown has plane spots too: what counts is the share of the risen pixels within about 2 m.
    """
    rose = rise_cm(upper, lower) >= plan.least_gain_cm
    if not rose.any():
        return rose
    plane = plane_like(upper, rose, plan.roof_residual_cm)
    side = 2 * max(1, round(_AROUND_M / plan.gsd_m)) + 1
    risen, roofs = (_count_around(mask, side) for mask in (rose, plane))
    return np.asarray(rose & (100 * roofs >= ROOF_PERCENT * risen))


def _count_around(mask: BoolArray, side: int) -> npt.NDArray[np.int32]:
    """How many pixels of a mask lie in the square around each pixel."""
    counts = cv2.boxFilter(
        mask.astype(np.uint8), cv2.CV_32S, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return np.asarray(counts)


def _whole(seeds: BoolArray, upper: Surface, lower: Surface, stands: BoolArray, plan: HeightPlan) -> BoolArray:
    """Objects from their certain pixels.

    What is narrower than 1.5 m is dropped; the rest grows by a metre into what rose and stands (eaves, rims beside
    a neighbour), and into unknown pixels that it surrounds.
    """
    narrow, reach, hole = (round(m / plan.gsd_m) for m in (_NARROW_M, _REACH_M, _HOLE_M))
    core = seeds.astype(np.uint8)
    if narrow > 1:
        core = cv2.morphologyEx(core, cv2.MORPH_OPEN, np.ones((narrow, narrow), np.uint8))
    known = upper.valid & lower.valid
    rose = (known & stands & (upper.cm - lower.cm >= plan.least_gain_cm)).astype(np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for _ in range(max(1, reach)):
        core |= cv2.dilate(core, cross) & rose
    around = 2 * max(1, hole) + 1
    core |= cv2.morphologyEx(core, cv2.MORPH_CLOSE, np.ones((around, around), np.uint8)) & ~known
    return np.asarray(cv2.morphologyEx(core, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), bool)


def _standing(plan: HeightPlan, outer: Window) -> dict[Direction, BoolArray]:
    """Pixels that stand over the ground at the higher date of each direction."""
    side = cell_px(plan.gsd_m)
    around = on_cells(outer.grown(ground_halo_px(plan.gsd_m), plan.grid.shape), side, plan.grid.shape)
    before, after = surfaces = plan.surfaces(around)
    first, second = plan.grounds(around, surfaces)
    inner = outer.inside(around)
    return {
        "gain": _over_ground(after, second, first, side)[inner],
        "loss": _over_ground(before, first, second, side)[inner],
    }


def _over_ground(surface: Surface, own: F32, other: F32, side: int) -> BoolArray:
    """Where a surface stands over its ground.

    A hall wider than the opening is ground to it. That this ground lies above the other date's, pits filled, gives
    it away; heaps that pass here too are judged as whole objects.
    """
    with np.errstate(invalid="ignore"):
        raised = own - closed(other) >= STANDING_CM
    reference = np.where(raised | np.isnan(own), np.float32(_NO_GROUND_CM), own)
    return np.asarray(surface.cm - spread(reference, side, surface.cm.shape) >= STANDING_CM)


def find_height_objects(
    plan: HeightPlan, window_px: int, workers: int, progress: Callable[[float], None] = lambda share: None
) -> HeightObjects:
    """Find what rose and what fell.

    Args:
        plan: The two surface models.
        window_px: Side of a window, px; does not change the result.
        workers: Number of threads; does not change the result.
        progress: Called with the share of windows done; may raise to stop.
    """
    windows = list(plan.grid.windows(window_px))
    done: list[HeightWindow] = []
    for result in in_threads(partial(process_height_window, plan), windows, workers):
        done.append(result)
        progress(len(done) / len(windows))
    merged = {d: merge_windows([r.objects[d] for r in done], plan.grid.shape) for d in DIRECTIONS}
    return HeightObjects(merged, sum(r.seen_px for r in done), sum(r.wanted_px for r in done))
