"""A window of a pair: what is planned for it, its pixels, what the first look suspects, and its cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from geodata.detect.detector import Detector
from geodata.detect.evidence import U8
from geodata.detect.models import Model
from geodata.detect.segments import CELL_HALO_PX, NEAR_CHANNELS, Pieces, cut_in_pieces
from geodata.grid import Grid, Window
from geodata.io.warp import GridReader
from geodata.pairing.patches import LOOK, halved
from geodata.pairing.radiometry import Radiometry
from geodata.pairing.usable import SceneStatistics, classify
from geodata.pairing.usable import seen as can_be_seen
from geodata.types import Change

BoolArray = npt.NDArray[np.bool_]
I16 = npt.NDArray[np.int16]
Values = npt.NDArray[np.generic]
Reading = tuple[Values, BoolArray]
"""Values (band, y, x) and where they are valid (y, x)."""

DIRECTIONS: tuple[Change, ...] = ("appeared", "disappeared")
AREA_REACH_PX = 256
"""So far around an area of interest structures are looked for, since its border may cut them."""


@dataclass(frozen=True)
class WindowPlan:
    """All that is needed to work on any window of a pair.

    Args:
        before: Reader of the first date.
        after: Reader of the second date, with its shift field.
        before_radiometry: Map of the first date to the common scale.
        after_radiometry: Map of the second date.
        statistics: What each date's samples tell of its nodata, cloud and shadow; None: every valid pixel is usable.
        area: Area of interest in the grid's system, None: everything. Objects around it are found too, and not counted.
        detector: What judges it.
        sun_azimuth_deg: Where the sun stood at each date, clockwise from north; None where nothing tells.
        thorough: Look at every pixel in full resolution, whatever the first look says.
        model: What judges in the detector's place, None: nothing does.
    """

    before: GridReader
    after: GridReader
    before_radiometry: Radiometry
    after_radiometry: Radiometry
    statistics: tuple[SceneStatistics, SceneStatistics] | None
    area: shapely.MultiPolygon | None
    detector: Detector
    sun_azimuth_deg: tuple[float | None, float | None] = (None, None)
    thorough: bool = False
    model: Model | None = None

    @property
    def grid(self) -> Grid:
        """The common grid."""
        return self.before.grid

    @cached_property
    def searched(self) -> shapely.MultiPolygon | None:
        """The area with the ground around it, so that what its border cuts is found whole; None: everything."""
        if self.area is None:
            return None
        grown = shapely.buffer(self.area, AREA_REACH_PX * self.grid.pixel_size[0])
        return shapely.MultiPolygon([grown] if isinstance(grown, shapely.Polygon) else grown)

    @cached_property
    def first_look(self) -> tuple[GridReader, GridReader] | None:
        """Readers at the first look's size; None where a file has no whole-number mean of that size."""
        coarse = self.before.coarsened(LOOK), self.after.coarsened(LOOK)
        own = all(c.scene.factor > f.scene.factor for c, f in zip(coarse, (self.before, self.after), strict=True))
        return coarse if own else None


class WindowPixels:
    """The pixels of one grown window: the first look at once, the full resolution where it is asked for."""

    def __init__(self, plan: WindowPlan, outer: Window) -> None:
        self.plan, self.outer = plan, outer
        self.kept: tuple[Window, list[Reading]] | None = None
        if plan.first_look is None:
            full = [reader.read(outer) for reader in (plan.before, plan.after)]
            self.kept = outer, full
            looks = [halved(*part) for part in full]
        else:
            coarse = Window(outer.row // LOOK, outer.col // LOOK, -(-outer.height // LOOK), -(-outer.width // LOOK))
            looks = [reader.read(coarse) for reader in plan.first_look]
        self.valid = looks[0][1] & looks[1][1]
        for look, told in zip(looks, plan.statistics or (), strict=plan.statistics is not None):
            self.valid &= can_be_seen(classify(*look, told))
        maps = plan.before_radiometry, plan.after_radiometry
        self.look = [
            _greyed(radiometry.apply(values, outer, LOOK), self.valid)
            for radiometry, (values, _) in zip(maps, looks, strict=True)
        ]

    def fetch(self, part: Window) -> None:
        """Read full resolution of a part, unless all of it is there already."""
        if self.kept is None:
            self.kept = part, [reader.read(part) for reader in (self.plan.before, self.plan.after)]

    def fine(self, part: Window) -> tuple[U8, U8, BoolArray]:
        """Normalised full resolution of both dates within `part` (px of the grid), and where both are valid.

        `part` lies within what was fetched.
        """
        assert self.kept is not None
        rows, cols = part.inside(self.kept[0])
        (first, valid1), (second, valid2) = self.kept[1]
        valid = valid1[rows, cols] & valid2[rows, cols]
        before = self.plan.before_radiometry.apply(first[:, rows, cols], part, 1)
        after = self.plan.after_radiometry.apply(second[:, rows, cols], part, 1)
        return _greyed(before, valid), _greyed(after, valid), valid


@dataclass(frozen=True)
class Suspicion:
    """What the first look says of one direction within a grown window.

    Args:
        marked: Pixels that it suspects, shape of the window.
        wanted: Pixels to look at in full resolution: those, or all of them.
        points: Score, hundredths of a log-odds, at the first look's size.
        evidence: Channels at the first look's size.
    """

    marked: BoolArray
    wanted: BoolArray
    points: I16
    evidence: dict[str, U8]

    def near(self, rows: slice, cols: slice) -> I16:
        """Score, then channels, of the first look's pixels under full-resolution rows and columns, (channel, y, x)."""
        part = slice(rows.start // LOOK, -(-rows.stop // LOOK)), slice(cols.start // LOOK, -(-cols.stop // LOOK))
        return np.stack([self.points[part], *(self.evidence[name][part] for name in NEAR_CHANNELS)], dtype=np.int16)


class Cell:
    """One cell of the fixed lattice in full resolution, with the halo that its judgement needs.

    Args:
        pixels: The grown window that holds it.
        window: The cell.
    """

    def __init__(self, pixels: WindowPixels, window: Window) -> None:
        self.plan, self.window = pixels.plan, window
        self.reach = window.grown(CELL_HALO_PX, pixels.plan.grid.shape)
        self.dates = pixels.fine(self.reach)
        self.valid = self.dates[2]
        self.around = self.reach.inside(pixels.outer)
        """Where it lies with its halo in the grown window."""
        self.own = window.inside(self.reach)
        self.placed = window.inside(pixels.outer)

    def pieces(self, change: Change, wanted: BoolArray, near: I16) -> Pieces:
        """The pieces of some pixels for one direction: what is gone is looked for with the dates swapped.

        Args:
            change: Direction.
            wanted: The pixels, shape of the cell with its halo.
            near: What the first look knows of the cell with its halo, see `Suspicion.near`.
        """
        before, after, _ = self.dates
        appeared = change == "appeared"
        dates = (before, after) if appeared else (after, before)
        sun = self.plan.sun_azimuth_deg[1 if appeared else 0]
        return cut_in_pieces(*dates, wanted & self.valid, near, sun)


def doubled(mask: BoolArray, shape: tuple[int, int]) -> BoolArray:
    """A first look's mask at the size of the full resolution."""
    size = LOOK * mask.shape[1], LOOK * mask.shape[0]
    large = cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(large.view(bool)[: shape[0], : shape[1]])


def _greyed(picture: U8, valid: BoolArray) -> U8:
    # A flat mid-grey where nothing was seen raises no edge of its own beyond the border, which is masked.
    picture[:, ~valid] = 128
    return picture
