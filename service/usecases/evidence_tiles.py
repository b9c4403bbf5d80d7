"""Tiles of what the detector of a scan says of the ground, before anything was cut off or outlined.

Nothing of it is stored with a scan: the pixels are judged anew where somebody looks. How the two dates lie on each
other, and their radiometry, is found once for a pair and kept for the next tiles.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from geodata.grid import Grid, Window
from geodata.pairing.plan import least_overlap, plan_pair
from geodata.types import ScanOptions
from service.errors import NotFoundError
from service.render.ground import on_ground
from service.render.raster_tiles import encoded, grid_of
from service.render.shifts import elsewhere
from service.render.vector_tiles import Place
from service.services import Services
from service.store.records import Scan
from service.usecases.models import judge_for
from service.usecases.scenes import shown_raster

if TYPE_CHECKING:
    from geodata.detect.windows import WindowPlan

Key = TypeVar("Key")
Value = TypeVar("Value")
U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
F64 = npt.NDArray[np.float64]
MOST_PX, MOST_BY_MODEL_PX = 1024, 640
"""From so far away that a tile covers more of the pair's pixels a side, nothing is judged: the tile is empty."""
_WORKERS = 2
# log-odds (hundredths) at which the colours begin, and are full: 10 % and 95 %
_FROM, _FULL = -220, 300


class _Lately(Generic[Key, Value]):
    """What was made lately, each once: tiles come by the dozen, and neighbours need the same."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._made: OrderedDict[Key, Future[Value]] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """What was made of a key, or is being made, or is made now; what fails is tried again by the next."""
        with self._lock:
            found = self._made.get(key)
            mine = found is None
            if found is None:
                found = self._made[key] = Future()
                while len(self._made) > self._most:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
        if mine:
            try:
                found.set_result(make())
            except BaseException as error:
                with self._lock:
                    self._made.pop(key, None)
                found.set_exception(error)
        return found.result()


_pairs: _Lately[tuple[str, str], WindowPlan] = _Lately(4)
# 256 px a side, two directions of two bytes: 64 MiB at most
_cells: _Lately[tuple[str, str, Window], I16] = _Lately(256)


def evidence_tile(services: Services, scan_id: str, place: Place) -> bytes:
    """A tile of the detector's evidence, PNG with transparency: yellow to red, the surer the redder.

    Args:
        services: The service.
        scan_id: The scan.
        place: Which tile.

    Raises:
        NotFoundError: Without the scan, or where it compared no images.
        OptionError: If its model is not here any more.
    """
    scan = services.store.scans.get(scan_id)
    grid, key = grid_of(place), (str(services.settings.data), scan_id)
    plan = _pairs.get(key, lambda: _ready(services, scan))
    rows, cols, inside = _on(grid, plan.grid)
    drawn = np.zeros((*grid.shape, 4), np.uint8)
    if inside.any():
        top, left = int(rows[inside].min()), int(cols[inside].min())
        window = Window(top, left, int(rows[inside].max()) - top + 1, int(cols[inside].max()) - left + 1)
        if max(window.height, window.width) <= (MOST_PX if plan.model is None else MOST_BY_MODEL_PX):
            covered, sure = _sure(plan, key, window)
            drawn[inside] = _coloured(sure[rows[inside] - covered.row, cols[inside] - covered.col])
    if services.sight.ground is not None:
        drawn = np.where(on_ground(services.sight, grid)[..., None], drawn, 0).astype(np.uint8)
    # what draws pictures has blue first
    return encoded(np.ascontiguousarray(drawn[..., [2, 1, 0, 3]]), "png")


def _sure(plan: WindowPlan, key: tuple[str, str], window: Window) -> tuple[Window, I16]:
    """Log-odds of either direction, hundredths, over whole cells; cells that neighbouring tiles share are made once."""
    from geodata.detect.heat import whole_cells
    from geodata.detect.pipeline import cells_of

    covered = whole_cells(window, plan.grid.shape)
    found = np.empty((covered.height, covered.width), np.int16)
    for cell in cells_of(covered):
        found[cell.inside(covered)] = _cells.get((*key, cell), partial(_of_cell, plan, cell))
    return covered, found


def _of_cell(plan: WindowPlan, cell: Window) -> I16:
    from geodata.detect.heat import evidence_of

    points, _ = evidence_of(plan, cell)
    return np.asarray(points.max(axis=0), np.int16)


def _ready(services: Services, scan: Scan) -> WindowPlan:
    from geodata.scan_images import read_pair

    if not scan.provenance.get("alignment"):
        raise NotFoundError(f"The scan {scan.id} compared no images.", remedy="Look at a scan of two images.")
    first, second = (
        shown_raster(services, services.store.scenes.get(scene)) for scene in (scan.before_scene, scan.after_scene)
    )
    told = {name: scan.options[name] for name in ("min_area_m2", "gsd_m", "detector") if name in scan.options}
    options = ScanOptions(**told, accept=tuple(scan.options.get("accept", ())))
    pair = plan_pair(
        first, second, min_area_m2=options.min_area_m2, gsd_m=options.gsd_m, min_overlap=least_overlap(options)
    )
    readings = read_pair(first, second, pair, _WORKERS)
    return readings.plan(None, judge_for(services.settings, options.detector), thorough=True)


def _on(grid: Grid, pair: Grid) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The pixel of the pair in which the middle of each pixel of a tile lies, and whether there is one."""
    rows, cols = np.meshgrid(*(np.arange(size, dtype=float) for size in grid.shape), indexing="ij")
    at = elsewhere((grid.crs, grid.transform), (pair.crs, pair.transform), rows, cols)
    row, col = (np.floor(np.where(np.isfinite(one), one, -1.0) + 0.5).astype(np.int64) for one in at)
    inside = (row >= 0) & (col >= 0) & (row < pair.height) & (col < pair.width)
    return row, col, inside


def _coloured(points: npt.NDArray[np.integer]) -> U8:
    """Colours of log-odds, RGBA: transparent, yellow, red."""
    share: F64 = np.clip((points.astype(np.float64) - _FROM) / (_FULL - _FROM), 0.0, 1.0)
    colour = np.empty((*points.shape, 4), np.float64)
    colour[..., 0] = 255 - 55 * share
    colour[..., 1] = 220 * (1 - share)
    colour[..., 2] = 0
    colour[..., 3] = 210 * share
    return np.rint(colour).astype(np.uint8)
