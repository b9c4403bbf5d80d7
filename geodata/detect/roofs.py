"""Roofs of one date: the roof branch of the network over a single scene, window by window.

The network that tells changes learns the roofs of each date beside them (ChangeStar, Zheng et al. 2021). That branch
alone says what stands on a day, without an earlier picture: what no register knows is then found without a second date.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geodata.area import inside_area
from geodata.detect.calibration import Calibration
from geodata.detect.candidates import network_measures
from geodata.detect.cascade import points_around
from geodata.detect.judging import clean
from geodata.detect.models import sha256_of
from geodata.detect.network import Network
from geodata.detect.objects import Component, Measures, WindowObjects, find_components, merge_windows
from geodata.detect.outlines import measure
from geodata.detect.pipeline import cells_of, window_side
from geodata.detect.segments import CELL_HALO_PX, CELL_PX
from geodata.detect.windows import BoolArray, doubled
from geodata.errors import ModelError
from geodata.grid import Grid, Window
from geodata.io.warp import GridReader
from geodata.pairing.patches import LOOK, halved
from geodata.pairing.radiometry import Radiometry
from geodata.pairing.usable import HALO_PX as USABLE_HALO_PX
from geodata.pairing.usable import SceneStatistics, classify
from geodata.pairing.usable import seen as can_be_seen
from geodata.parallel import in_threads

SHIPPED = Path(__file__).with_name("roofs")
NETWORK, TOLD = "roofs.onnx", "roofs.json"
_HALO_PX = max(LOOK * USABLE_HALO_PX, CELL_HALO_PX)


@dataclass(frozen=True)
class RoofModel:
    """What tells the roofs of one date.

    Args:
        name: Its name.
        network: The network; its two outputs are the same.
        calibration: Probability that an object is a building.
        point: Hundredths of a log-odds from which a pixel belongs to one.
        candidate: Probability from which a building is told.
    """

    name: str
    network: Network
    calibration: Calibration
    point: int
    candidate: float

    @property
    def identity(self) -> str:
        """Name and checksum, as results name it."""
        return f"{self.name}+{self.network.sha256[:12]}"


def read_roof_model(folder: Path = SHIPPED) -> RoofModel:
    """A roof model from its folder; by default the shipped one.

    Raises:
        ModelError: If it is not whole.
    """
    path = folder / NETWORK
    try:
        told: dict[str, Any] = json.loads((folder / TOLD).read_text(encoding="utf-8"))
        if sha256_of(path) != told["sha256"]:
            raise ModelError(f"{path.name} is not the file that {TOLD} names.", remedy="Install Kancha again.")
        network = Network(path, told["sha256"], float(told["gsd_m"]), int(told["views"]))
        calibration = Calibration.from_dict(told["calibration"])
        return RoofModel(told["name"], network, calibration, int(told["point"]), float(told["candidate"]))
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(
            f"The roof model in {folder.name} cannot be read: {error}.", remedy="Install Kancha again."
        ) from error


@dataclass(frozen=True)
class RoofPlan:
    """All that is needed to work on any window of a scene.

    Args:
        reader: Reader of the scene.
        radiometry: Map of it to the 8 bit scale.
        statistics: What its samples tell of nodata, cloud and shadow.
        area: Area of interest in the grid's system, None: everything.
        model: What judges.
    """

    reader: GridReader
    radiometry: Radiometry
    statistics: SceneStatistics
    area: shapely.MultiPolygon | None
    model: RoofModel

    @property
    def grid(self) -> Grid:
        """Its grid."""
        return self.reader.grid


@dataclass(frozen=True)
class FoundRoofs:
    """What a scene gave.

    Args:
        components: Roofs, in the order of their first pixel.
        seen_px: Pixels that showed the ground.
        wanted_px: Pixels of the area of interest.
    """

    components: list[Component]
    seen_px: int
    wanted_px: int


def find_roofs(
    plan: RoofPlan, window_px: int, workers: int, progress: Callable[[float], None] = lambda share: None
) -> FoundRoofs:
    """The roofs of a scene.

    Args:
        plan: The scene.
        window_px: Side of a window, px, rounded up to whole cells; does not change the result.
        workers: Number of threads; does not change the result.
        progress: Called with the share of windows done; may raise to stop.
    """
    windows = list(plan.grid.windows(window_side(window_px)))
    parts: list[WindowObjects] = []
    seen_px = wanted_px = 0
    for done, (found, seen, wanted) in enumerate(in_threads(partial(_window, plan), windows, workers), start=1):
        parts += found
        seen_px, wanted_px = seen_px + seen, wanted_px + wanted
        progress(done / len(windows))
    return FoundRoofs(merge_windows(parts, plan.grid.shape), seen_px, wanted_px)


def _window(plan: RoofPlan, window: Window) -> tuple[list[WindowObjects], int, int]:
    """Objects of a window, cell by cell, pixels seen and pixels wanted."""
    outer = window.grown(_HALO_PX, plan.grid.shape)
    core = window.inside(outer)
    wanted = inside_area(plan.grid, outer, plan.area)
    if not wanted[core].any():
        return [], 0, 0
    values, valid = plan.reader.read(outer)
    look, look_valid = halved(values, valid)
    seen = doubled(can_be_seen(classify(look, look_valid, plan.statistics)), valid.shape) & valid
    picture = plan.radiometry.apply(values, outer)
    usable = seen & wanted
    near_unseen = ~clean(seen)
    found = []
    for cell in cells_of(window):
        if not usable[cell.inside(outer)].any():
            continue
        reach = cell.grown(CELL_HALO_PX, plan.grid.shape)
        rows, cols = reach.inside(outer)
        held = picture[:, rows, cols], picture[:, rows, cols], valid[rows, cols]
        whole = Window(cell.row, cell.col, CELL_PX, CELL_PX)
        points, _ = points_around(plan.model.network, held, whole, reach, plan.grid.pixel_size[0])
        mask: BoolArray = clean((points[0] >= plan.model.point) & usable[rows, cols])
        own = cell.inside(reach)
        if mask[own].any():
            score = np.ascontiguousarray(points[0][own])
            each = np.arange(score.size, dtype=np.int32).reshape(score.shape)
            found.append(
                find_components(mask[own], cell, Measures(each, score.reshape(-1, 1)), near_unseen[cell.inside(outer)])
            )
    return found, int(usable[core].sum()), int(wanted[core].sum())


def measures_of(component: Component) -> tuple[float, ...]:
    """`calibration.MEASURES` of a roof; the training-free detector has no say."""
    logit = float(component.sums[0]) / max(1, component.pixels) / 100
    return network_measures(logit, component.peak / 100, measure(component.mask), 0.0)
