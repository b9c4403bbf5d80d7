"""Windows in, candidates out: the training-free detector over an aligned pair.

One pass: a window with its halo is read once for both dates, described, scored, cleaned and cut into components.
The windows may run in any number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

import cv2
import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import geometry_mask

from geodata.detect.evidence import CHANNELS, HALO_PX, U8, channels, describe
from geodata.detect.objects import Component, WindowObjects, find_components, merge_windows
from geodata.detect.score import score
from geodata.grid import Grid, Window
from geodata.io.warp import GridReader
from geodata.pairing.radiometry import Radiometry
from geodata.types import Change

BoolArray = npt.NDArray[np.bool_]

DIRECTIONS: tuple[Change, ...] = ("appeared",)
"""Directions this detector looks in: run backwards it alarms on everything that greens, see decisions/0003."""

MEASURED = (*CHANNELS, "score", "edge", "boundary")
OPEN_PX = 5
CLOSE_PX = 3
# Cleaning and the outline of the mask reach a few pixels beyond the evidence.
_HALO_PX = HALO_PX + 16


@dataclass(frozen=True)
class WindowPlan:
    """All that a process needs to work on any window of a pair (plain values, so it travels).

    Args:
        before: Reader of the first date.
        after: Reader of the second date, with its shift field.
        before_radiometry: Map of the first date to the common scale.
        after_radiometry: Map of the second date.
        area: Area of interest in the grid's system, None: everything.
        threshold: Score from which a pixel counts, hundredths of a log-odds.
    """

    before: GridReader
    after: GridReader
    before_radiometry: Radiometry
    after_radiometry: Radiometry
    area: shapely.MultiPolygon | None
    threshold: int

    @property
    def grid(self) -> Grid:
        """The common grid."""
        return self.before.grid


@dataclass
class WindowResult:
    """What one window gave: objects per direction and the pixels it saw."""

    objects: dict[Change, WindowObjects]
    seen_px: int
    wanted_px: int


@dataclass
class Detection:
    """What a whole pair gave."""

    components: dict[Change, list[Component]]
    seen_px: int
    wanted_px: int


def process_window(plan: WindowPlan, window: Window) -> WindowResult:
    """Everything that happens to the pixels of one window."""
    outer = window.grown(_HALO_PX, plan.grid.shape)
    raw_before, valid_before = plan.before.read(outer)
    raw_after, valid_after = plan.after.read(outer)
    valid = valid_before & valid_after
    wanted = _inside_area(plan, outer)
    core = window.inside(outer)
    result = WindowResult({}, int((valid & wanted)[core].sum()), int(wanted[core].sum()))
    if result.seen_px == 0:
        result.objects = {change: _nothing(window) for change in DIRECTIONS}
        return result
    before = _normalised(plan.before_radiometry, raw_before, valid, outer)
    after = _normalised(plan.after_radiometry, raw_after, valid, outer)
    described = describe(before), describe(after)
    # The edge of an outer window is that of the grid wherever the core reaches it: nothing was seen beyond.
    near_unseen = cv2.dilate(
        (~valid).astype(np.uint8), np.ones((7, 7), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1
    ).astype(bool)
    usable = valid & wanted
    for change in DIRECTIONS:
        first, second = described if change == "appeared" else described[::-1]
        evidence = channels(first, second)
        points = score(evidence)
        mask = clean(points >= plan.threshold) & usable
        boundary = mask & ~cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        measured = [*(evidence[name] for name in CHANNELS), points, np.where(boundary, second.texture, 0), boundary]
        result.objects[change] = find_components(
            mask[core], window, [m[core] for m in measured], points[core], near_unseen[core]
        )
    return result


def clean(mask: BoolArray) -> BoolArray:
    """Close gaps of a pixel or two, then drop what is narrower than half the smallest structure."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((CLOSE_PX, CLOSE_PX), np.uint8))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((OPEN_PX, OPEN_PX), np.uint8)), bool)


def _normalised(radiometry: Radiometry, values: npt.NDArray[np.generic], valid: BoolArray, window: Window) -> U8:
    out = radiometry.apply(values, window)
    # A flat mid-grey where nothing was seen raises no edge of its own beyond the border, which is masked.
    out[:, ~valid] = 128
    return out


def _inside_area(plan: WindowPlan, outer: Window) -> BoolArray:
    if plan.area is None:
        return np.ones((outer.height, outer.width), bool)
    grid = plan.grid.window(outer)
    return np.asarray(geometry_mask([plan.area], grid.shape, grid.transform, invert=True))


def _nothing(window: Window) -> WindowObjects:
    empty_row, empty_col = np.full(window.width, -1, np.int64), np.full(window.height, -1, np.int64)
    return WindowObjects(window, [], empty_row, empty_row, empty_col, empty_col)


def _start_process() -> None:
    # One thread a process: the processes already share the cores.
    cv2.setNumThreads(1)


def _results(plan: WindowPlan, windows: list[Window], workers: int) -> Iterator[WindowResult]:
    if workers == 1:
        yield from (process_window(plan, window) for window in windows)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_process) as pool:
        jobs = [pool.submit(process_window, plan, window) for window in windows]
        try:
            for job in as_completed(jobs):
                yield job.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def detect(
    plan: WindowPlan, window_px: int, workers: int, progress: Callable[[float], None] = lambda share: None
) -> Detection:
    """Run the detector over a pair.

    Args:
        plan: The pair.
        window_px: Side of a window, px; does not change the result.
        workers: Number of processes; does not change the result.
        progress: Called with the share of windows done; may raise to stop.
    """
    windows = list(plan.grid.windows(window_px))
    done: list[WindowResult] = []
    for result in _results(plan, windows, min(workers, len(windows))):
        done.append(result)
        progress(len(done) / len(windows))
    merged = {change: merge_windows([r.objects[change] for r in done], plan.grid.shape) for change in DIRECTIONS}
    return Detection(merged, sum(r.seen_px for r in done), sum(r.wanted_px for r in done))
