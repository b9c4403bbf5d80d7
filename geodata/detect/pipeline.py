"""Windows in, components out: the detectors over an aligned pair.

One pass, coarse to fine. A window is looked at in half the resolution first (read from the overviews where the file
has them); where that look suspects something, the full resolution is read and judged: by a network where the plan has
a model, else by its pieces. The windows run in threads: reading, filtering and the kernels all leave the interpreter
free.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from geodata.area import inside_area
from geodata.detect.cascade import piece_scores, points_around, screened
from geodata.detect.evidence import HALO_PX, U8, channels, describe
from geodata.detect.judging import clean, judged, measures_of, scores
from geodata.detect.models import Model
from geodata.detect.objects import Measures, WindowObjects, find_components
from geodata.detect.segments import CELL_HALO_PX, CELL_PX
from geodata.detect.windows import DIRECTIONS, BoolArray, Cell, Suspicion, WindowPixels, WindowPlan, doubled
from geodata.grid import Window
from geodata.pairing.patches import LOOK
from geodata.pairing.usable import HALO_PX as USABLE_HALO_PX
from geodata.types import Change

SUSPECT_OPEN_PX = 3
SUSPECT_GROW_PX = 11
# Evidence and suspicion reach this far at the first look, cells as far again as they overlap; a multiple of 16, so
# that the usable pixels' own lattice of 8 px at the first look is met.
WINDOW_HALO_PX = max(LOOK * USABLE_HALO_PX, LOOK * (HALO_PX + 4) + CELL_HALO_PX)


@dataclass
class WindowResult:
    """What one window gave: objects per direction and the pixels it saw."""

    objects: dict[Change, list[WindowObjects]]
    seen_px: int
    wanted_px: int
    fine_px: int


def process_window(plan: WindowPlan, window: Window) -> WindowResult:
    """Everything that happens to the pixels of one window."""
    outer = window.grown(WINDOW_HALO_PX, plan.grid.shape)
    core = window.inside(outer)
    searched = inside_area(plan.grid, outer, plan.searched)
    if not searched[core].any():
        return WindowResult({change: [] for change in DIRECTIONS}, 0, 0, 0)
    wanted = searched if plan.area is None else inside_area(plan.grid, outer, plan.area)
    wanted_px = int(wanted[core].sum())
    pixels = WindowPixels(plan, outer)
    seen = doubled(pixels.valid, searched.shape) & searched
    seen_px = int((seen & wanted)[core].sum())
    if not seen[core].any():
        return WindowResult({change: [] for change in DIRECTIONS}, 0, wanted_px, 0)
    suspicions: dict[Change, Suspicion] = {}
    if plan.model is None or plan.model.plain_screen:
        suspicions = _suspicions(plan, pixels.look, seen)
    if plan.model is None:
        cells = {c: _cells_with(s.wanted, window, outer) for c, s in suspicions.items()}
    else:
        looked_at = _cells_with(_for_the_network(pixels, plan.model, suspicions, (window, seen)), window, outer)
        cells = dict.fromkeys(DIRECTIONS, looked_at)
    if not any(cells.values()):
        return WindowResult({change: [] for change in DIRECTIONS}, seen_px, wanted_px, 0)
    pixels.fetch(_hull([cell for some in cells.values() for cell in some]).grown(CELL_HALO_PX, plan.grid.shape))
    near_unseen = cv2.dilate(
        (~seen).astype(np.uint8), np.ones((7, 7), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1
    ).astype(bool)
    if plan.model is None:
        objects = {c: _by_pieces(pixels, c, suspicions[c], cells[c], near_unseen) for c in DIRECTIONS}
        fine_px = sum(int((suspicions[c].wanted & wanted)[core].sum()) for c in DIRECTIONS)
    else:
        objects = _by_network(pixels, plan.model, looked_at, (seen, near_unseen))
        fine_px = sum(int((seen & wanted)[cell.inside(outer)].sum()) for cell in looked_at)
    return WindowResult(objects, seen_px, wanted_px, fine_px)


def _for_the_network(
    pixels: WindowPixels, model: Model, plain: dict[Change, Suspicion], of: tuple[Window, BoolArray]
) -> BoolArray:
    """Pixels of the grown window that the model's screen wants the network to see.

    Args:
        pixels: The grown window.
        model: The model.
        plain: What the training-free first look says, where the model asks it.
        of: The window, and what was seen of the grown one.
    """
    window, seen = of
    if pixels.plan.thorough:
        return seen
    wanted = np.zeros_like(seen)
    if model.screen is not None:
        looks = pixels.look[0], pixels.look[1], pixels.valid
        points = screened(model.screen, looks, window, pixels.outer, LOOK * pixels.plan.grid.pixel_size[0])
        wanted |= doubled(points >= model.points.screen, seen.shape) & seen
    for one in plain.values():
        wanted |= one.marked
    return wanted


def _suspicions(plan: WindowPlan, looks: list[U8], seen: BoolArray) -> dict[Change, Suspicion]:
    """The training-free first look: what is gone is looked for with the dates swapped.

    Args:
        plan: The pair.
        looks: Both dates at the first look's size.
        seen: What was seen of the same ground, in full resolution.
    """
    found = {}
    for change, evidence, points in first_points(plan, looks):
        marked = doubled(suspect(points >= plan.detector.operating.suspicion(change)), seen.shape) & seen
        found[change] = Suspicion(marked, seen if plan.thorough else marked, points, evidence)
    return found


def first_points(plan: WindowPlan, looks: list[U8]) -> Iterator[tuple[Change, dict[str, U8], npt.NDArray[np.int16]]]:
    """Evidence and log-odds (hundredths) of the first look, one direction after the other.

    Args:
        plan: The pair.
        looks: Both dates at the first look's size.
    """
    described = describe(looks[0]), describe(looks[1])
    for change in DIRECTIONS:
        evidence = channels(*(described if change == "appeared" else described[::-1]))
        yield change, evidence, plan.detector.screen.of_images(evidence)


def _suspicions_around(pixels: WindowPixels, cell: Cell, seen: BoolArray) -> tuple[dict[Change, Suspicion], Window]:
    """The training-free first look of one cell with as much around it as that depends on, and where that lies."""
    part = cell.reach.grown(LOOK * (HALO_PX + 4), pixels.plan.grid.shape)
    rows, cols = part.inside(pixels.outer)
    coarse = slice(rows.start // LOOK, -(-rows.stop // LOOK)), slice(cols.start // LOOK, -(-cols.stop // LOOK))
    looks = [np.ascontiguousarray(look[:, coarse[0], coarse[1]]) for look in pixels.look]
    return _suspicions(pixels.plan, looks, seen[rows, cols]), part


def _cells_with(wanted: BoolArray, window: Window, outer: Window) -> list[Window]:
    """The cells of a window with a wanted pixel."""
    return [cell for cell in cells_of(window) if wanted[cell.inside(outer)].any()]


def suspect(mask: BoolArray) -> BoolArray:
    """Drop specks from what the first look marks, and take in what lies around the rest."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((SUSPECT_OPEN_PX,) * 2, np.uint8))
    return grown(opened)


def grown(mask: BoolArray | U8) -> BoolArray:
    """A mask with what lies around it."""
    return np.asarray(cv2.dilate(mask.view(np.uint8), np.ones((SUSPECT_GROW_PX,) * 2, np.uint8)), bool)


def _by_pieces(
    pixels: WindowPixels, change: Change, suspicion: Suspicion, cells: list[Window], near_unseen: BoolArray
) -> list[WindowObjects]:
    """Objects of one direction by the training-free detector, cell by cell."""
    found = []
    for window in cells:
        cell = Cell(pixels, window)
        pieces = cell.pieces(change, suspicion.wanted[cell.around], suspicion.near(*cell.around))
        table, accepted = judged(pieces, suspicion.marked[cell.around] & cell.valid, pixels.plan.detector)
        kept = clean(accepted[pieces.labels])[cell.own]
        if kept.any():
            # A pixel that closing took in belongs to no piece that was measured: it borrows the last, empty, row.
            measures = Measures(pieces.labels[cell.own], table)
            found.append(find_components(kept, window, measures, near_unseen[cell.placed]))
    return found


def _by_network(
    pixels: WindowPixels, model: Model, cells: list[Window], masks: tuple[BoolArray, BoolArray]
) -> dict[Change, list[WindowObjects]]:
    """Objects of both directions by the network, cell by cell.

    Args:
        pixels: The grown window.
        model: The model.
        cells: Where to look.
        masks: What was seen, and what lies next to the unseen, of the grown window.
    """
    seen, near_unseen = masks
    found: dict[Change, list[WindowObjects]] = {change: [] for change in DIRECTIONS}
    for window in cells:
        cell = Cell(pixels, window)
        whole = Window(window.row, window.col, CELL_PX, CELL_PX)
        points, _ = points_around(model.network, cell.dates, whole, cell.reach, pixels.plan.grid.pixel_size[0])
        usable = cell.valid & seen[cell.around]
        claimed = {c: clean((p >= model.points.pixel) & usable) for c, p in zip(DIRECTIONS, points, strict=True)}
        if any(mask[cell.own].any() for mask in claimed.values()):
            # Only now is the evidence of the training-free detector needed, and only here.
            first_look, part = _suspicions_around(pixels, cell, seen)
            for (change, mask), score in zip(claimed.items(), points, strict=True):
                if mask[cell.own].any():
                    around = cell.reach.inside(part)
                    # The ground around belongs to what the pieces are judged by.
                    pieces = cell.pieces(change, grown(mask) & seen[cell.around], first_look[change].near(*around))
                    plain, _ = scores(pieces, first_look[change].marked[around] & cell.valid, pixels.plan.detector)
                    table = measures_of(pieces, piece_scores(pieces, score, mask), plain)
                    measures = Measures(pieces.labels[cell.own], table)
                    found[change].append(find_components(mask[cell.own], window, measures, near_unseen[cell.placed]))
    return found


def cells_of(window: Window) -> Iterator[Window]:
    """The cells of the fixed lattice that a window is made of."""
    for row in range(window.row, window.row_stop, CELL_PX):
        for col in range(window.col, window.col_stop, CELL_PX):
            yield Window(row, col, min(CELL_PX, window.row_stop - row), min(CELL_PX, window.col_stop - col))


def _hull(windows: list[Window]) -> Window:
    row, col = min(w.row for w in windows), min(w.col for w in windows)
    return Window(row, col, max(w.row_stop for w in windows) - row, max(w.col_stop for w in windows) - col)


def window_side(wanted_px: int, whole_px: int = CELL_PX) -> int:
    """The window size that is used: whole cells, or blocks of them, so that none is ever cut."""
    return -(-wanted_px // whole_px) * whole_px
