"""Windows in, components out: the training-free detector over an aligned pair.

One pass, coarse to fine. A window is looked at in half the resolution first (read from the overviews where the file
has them); where that look suspects something, the full resolution is read, cut into pieces, and the pieces are judged.
The windows run in threads: reading, filtering and the kernels all leave the interpreter free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from geodata.area import inside_area
from geodata.detect.detector import Detector
from geodata.detect.evidence import HALO_PX, U8, Description, channels, describe
from geodata.detect.neighbours import BESIDE, Borders, aprons, beside, borders_of, bridges, shadows
from geodata.detect.objects import Component, Measures, WindowObjects, find_components, merge_windows
from geodata.detect.segments import ATTRIBUTES, CELL_HALO_PX, CELL_PX, NEAR_CHANNELS, Pieces, cut_in_pieces
from geodata.grid import Grid, Window
from geodata.io.warp import GridReader
from geodata.pairing.patches import LOOK, halved
from geodata.pairing.radiometry import Radiometry
from geodata.pairing.usable import HALO_PX as USABLE_HALO_PX
from geodata.pairing.usable import SceneStatistics, classify
from geodata.pairing.usable import seen as can_be_seen
from geodata.parallel import in_threads
from geodata.types import Change

BoolArray = npt.NDArray[np.bool_]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
Values = npt.NDArray[np.generic]
Reading = tuple[Values, BoolArray]
"""Values (band, y, x) and where they are valid (y, x)."""

DIRECTIONS: tuple[Change, ...] = ("appeared", "disappeared")

SUSPECT_OPEN_PX = 3
SUSPECT_GROW_PX = 11
AREA_REACH_PX = 256
"""So far around an area of interest structures are looked for, since its border may cut them."""
OPEN_PX = 5
CLOSE_PX = 3
# Evidence and suspicion reach this far at the first look, cells as far again as they overlap; a multiple of 16, so
# that the usable pixels' own lattice of 8 px at the first look is met.
_HALO_PX = max(LOOK * USABLE_HALO_PX, LOOK * (HALO_PX + 4) + CELL_HALO_PX)

MEASURED = (
    "score", "edge", "edge_gain", "right_angles", "inner_edge", "spread", "green", "green_before", "warmth",
    "luminance", "saturation", "spread_before", "shadow_side", "dark", "first_structure_gain", "first_profile_gain",
    "first_darker", "first_brighter", "first_green_loss", "first_coherence_before", "first_texture_before",
    "first_bright_before",
)  # fmt: skip
"""What is summed over the pixels of an object, from the pieces it is made of."""

PIECE_NAMES = (*ATTRIBUTES, *(f"first_{name}" for name in NEAR_CHANNELS))
CONTEXT_NAMES = (*PIECE_NAMES, *BESIDE)
_MEASURED_COLUMNS = [PIECE_NAMES.index(name) for name in MEASURED[1:]]


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


@dataclass
class WindowResult:
    """What one window gave: objects per direction and the pixels it saw."""

    objects: dict[Change, list[WindowObjects]]
    seen_px: int
    wanted_px: int
    fine_px: int


@dataclass
class Detection:
    """What a whole pair gave.

    Args:
        components: Objects of each direction.
        seen_px: Pixels usable at both dates.
        wanted_px: Pixels of the area of interest.
        fine_px: Pixels that were looked at in full resolution.
    """

    components: dict[Change, list[Component]]
    seen_px: int
    wanted_px: int
    fine_px: int


class _Pixels:
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
class _Suspicion:
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


def process_window(plan: WindowPlan, window: Window) -> WindowResult:
    """Everything that happens to the pixels of one window."""
    outer = window.grown(_HALO_PX, plan.grid.shape)
    core = window.inside(outer)
    searched = inside_area(plan.grid, outer, plan.searched)
    if not searched[core].any():
        return WindowResult({change: [] for change in DIRECTIONS}, 0, 0, 0)
    wanted = searched if plan.area is None else inside_area(plan.grid, outer, plan.area)
    wanted_px = int(wanted[core].sum())
    pixels = _Pixels(plan, outer)
    seen = _doubled(pixels.valid, searched.shape) & searched
    seen_px = int((seen & wanted)[core].sum())
    if not seen[core].any():
        return WindowResult({change: [] for change in DIRECTIONS}, 0, wanted_px, 0)
    described = describe(pixels.look[0]), describe(pixels.look[1])
    suspicions = {change: _suspicion(pixels, described, change, seen) for change in DIRECTIONS}
    cells = {c: [k for k in cells_of(window) if s.wanted[k.inside(outer)].any()] for c, s in suspicions.items()}
    if not any(cells.values()):
        return WindowResult({change: [] for change in DIRECTIONS}, seen_px, wanted_px, 0)
    pixels.fetch(_hull([cell for some in cells.values() for cell in some]).grown(CELL_HALO_PX, plan.grid.shape))
    near_unseen = cv2.dilate(
        (~seen).astype(np.uint8), np.ones((7, 7), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1
    ).astype(bool)
    objects = {c: _objects(pixels, c, suspicions[c], cells[c], near_unseen) for c in DIRECTIONS}
    fine_px = sum(int((suspicions[c].wanted & wanted)[core].sum()) for c in DIRECTIONS)
    return WindowResult(objects, seen_px, wanted_px, fine_px)


def _suspicion(
    pixels: _Pixels, described: tuple[Description, Description], change: Change, seen: BoolArray
) -> _Suspicion:
    """The first look for one direction: what is gone is looked for with the dates swapped."""
    detector = pixels.plan.detector
    evidence = channels(*(described if change == "appeared" else described[::-1]))
    points = detector.screen.of_images(evidence)
    marked = _doubled(suspect(points >= detector.operating.suspicion(change)), seen.shape) & seen
    return _Suspicion(marked, seen if pixels.plan.thorough else marked, points, evidence)


def suspect(mask: BoolArray) -> BoolArray:
    """Drop specks from what the first look marks, and take in what lies around the rest."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((SUSPECT_OPEN_PX,) * 2, np.uint8))
    return np.asarray(cv2.dilate(opened, np.ones((SUSPECT_GROW_PX,) * 2, np.uint8)), bool)


def _objects(
    pixels: _Pixels, change: Change, suspicion: _Suspicion, cells: list[Window], near_unseen: BoolArray
) -> list[WindowObjects]:
    """Objects of one direction, cell by cell."""
    found = []
    for cell in cells:
        reach = cell.grown(CELL_HALO_PX, pixels.plan.grid.shape)
        before, after, valid = pixels.fine(reach)
        rows, cols = reach.inside(pixels.outer)
        appeared = change == "appeared"
        dates = (before, after) if appeared else (after, before)
        sun = pixels.plan.sun_azimuth_deg[1 if appeared else 0]
        pieces = cut_in_pieces(*dates, suspicion.wanted[rows, cols] & valid, suspicion.near(rows, cols), sun)
        table, accepted = judged(pieces, suspicion.marked[rows, cols] & valid, pixels.plan.detector)
        own = cell.inside(reach)
        kept = clean(accepted[pieces.labels])[own]
        if kept.any():
            # A pixel that closing took in belongs to no piece that was measured: it borrows the last, empty, row.
            measures = Measures(pieces.labels[own], table)
            found.append(find_components(kept, cell, measures, near_unseen[cell.inside(pixels.outer)]))
    return found


def judged(pieces: Pieces, marked: BoolArray, detector: Detector) -> tuple[I16, BoolArray]:
    """`MEASURED` of each piece, (piece + 1, measure), and which belong to an object; the last row is no piece.

    Args:
        pieces: The pieces of a cell.
        marked: What the first look suspects, shape (y, x).
        detector: What judges them.
    """
    points, borders = scores(pieces, marked, detector)
    operating = detector.operating
    accepted = (points >= operating.piece) & ~aprons(borders, points, operating.apron)
    accepted &= ~shadows(borders, pieces, points, operating.shadow)
    accepted &= ~bridges(borders, points, accepted, operating.bridge)
    table = np.zeros((points.size + 1, len(MEASURED)), np.int16)
    table[:-1, 0] = points
    table[:-1, 1:] = pieces.attributes[:, _MEASURED_COLUMNS]
    return table, np.append(accepted, False)


def scores(pieces: Pieces, marked: BoolArray, detector: Detector) -> tuple[I32, Borders]:
    """Score of each piece, hundredths of a log-odds: by itself, then again and again among its neighbours."""
    points = detector.piece.of_rows(pieces.attributes, PIECE_NAMES)
    borders = borders_of(pieces, marked)
    for model in detector.context:
        points = model.of_rows(in_context(pieces, borders, points), CONTEXT_NAMES)
    return points, borders


def in_context(pieces: Pieces, borders: Borders, points: I32) -> U8:
    """`CONTEXT_NAMES` of each piece."""
    return np.hstack([pieces.attributes, beside(borders, pieces, points)])


def clean(mask: BoolArray) -> BoolArray:
    """Close gaps of a pixel or two, then drop what is narrower than half the smallest structure."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((CLOSE_PX, CLOSE_PX), np.uint8))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((OPEN_PX, OPEN_PX), np.uint8)), bool)


def cells_of(window: Window) -> Iterator[Window]:
    """The cells of the fixed lattice that a window is made of."""
    for row in range(window.row, window.row_stop, CELL_PX):
        for col in range(window.col, window.col_stop, CELL_PX):
            yield Window(row, col, min(CELL_PX, window.row_stop - row), min(CELL_PX, window.col_stop - col))


def _hull(windows: list[Window]) -> Window:
    row, col = min(w.row for w in windows), min(w.col for w in windows)
    return Window(row, col, max(w.row_stop for w in windows) - row, max(w.col_stop for w in windows) - col)


def _doubled(mask: BoolArray, shape: tuple[int, int]) -> BoolArray:
    size = LOOK * mask.shape[1], LOOK * mask.shape[0]
    doubled = cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(doubled.view(bool)[: shape[0], : shape[1]])


def _greyed(picture: U8, valid: BoolArray) -> U8:
    # A flat mid-grey where nothing was seen raises no edge of its own beyond the border, which is masked.
    picture[:, ~valid] = 128
    return picture


def window_side(wanted_px: int) -> int:
    """The window size that is used: whole cells, so that a cell is never cut."""
    return -(-wanted_px // CELL_PX) * CELL_PX


def _neighbours_together(windows: Iterable[Window]) -> list[Window]:
    """Windows along the Z-order curve (Morton 1966): what one reads at its rim, the next ones need soon."""

    def place(window: Window) -> int:
        row, col = window.row // CELL_PX, window.col // CELL_PX
        return sum(((col >> k & 1) | (row >> k & 1) << 1) << 2 * k for k in range(24))

    return sorted(windows, key=place)


def detect(
    plan: WindowPlan, window_px: int, workers: int, progress: Callable[[float], None] = lambda share: None
) -> Detection:
    """Run the detector over a pair.

    Args:
        plan: The pair.
        window_px: Side of a window, px, rounded up to whole cells; does not change the result.
        workers: Number of threads; does not change the result.
        progress: Called with the share of windows done; may raise to stop.
    """
    windows = _neighbours_together(plan.grid.windows(window_side(window_px)))
    done: list[WindowResult] = []
    for result in in_threads(partial(process_window, plan), windows, workers):
        done.append(result)
        progress(len(done) / len(windows))
    merged = {
        change: merge_windows([cell for r in done for cell in r.objects[change]], plan.grid.shape)
        for change in DIRECTIONS
    }
    return Detection(merged, sum(r.seen_px for r in done), sum(r.wanted_px for r in done), sum(r.fine_px for r in done))
