"""What the detectors say of every pixel of a window, before anything is cut off or outlined: an evidence map."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geodata.detect.cascade import NEVER, points_around
from geodata.detect.pipeline import WINDOW_HALO_PX, cells_of, first_points
from geodata.detect.segments import CELL_HALO_PX, CELL_PX
from geodata.detect.windows import Cell, WindowPixels, WindowPlan, doubled
from geodata.grid import Window

I16 = npt.NDArray[np.int16]


def evidence_of(plan: WindowPlan, window: Window) -> tuple[I16, Window]:
    """Log-odds that something appeared, and that something disappeared, at every pixel.

    They are those that the scan began with: of the network where there is one, at every pixel and not only where its
    screen lets it look; else of the training-free first look, which sees half the resolution.

    Args:
        plan: The pair.
        window: What is asked for, px of the grid.

    Returns:
        Hundredths, shape (2, y, x), `NEVER` where a date shows no ground; and the window that they cover: the asked one
        grown to whole cells of the fixed lattice, so that a pixel has one value whatever window asks for it.
    """
    covered = whole_cells(window, plan.grid.shape)
    outer = covered.grown(WINDOW_HALO_PX, plan.grid.shape)
    pixels = WindowPixels(plan, outer)
    shape = (outer.height, outer.width)
    seen = doubled(pixels.valid, shape)
    found = np.full((2, *shape), NEVER, np.int16)
    if not seen.any():
        return found[:, *covered.inside(outer)], covered
    if plan.model is None:
        for k, (_, _, points) in enumerate(first_points(plan, pixels.look)):
            found[k] = np.where(seen, _twice(points, shape), NEVER)
        return found[:, *covered.inside(outer)], covered
    pixels.fetch(covered.grown(CELL_HALO_PX, plan.grid.shape))
    for part in cells_of(covered):
        cell = Cell(pixels, part)
        whole = Window(part.row, part.col, CELL_PX, CELL_PX)
        points, _ = points_around(plan.model.network, cell.dates, whole, cell.reach, plan.grid.pixel_size[0])
        usable = (cell.valid & seen[cell.around])[cell.own]
        found[:, *cell.placed] = np.where(usable, points[:, *cell.own], NEVER)
    return found[:, *covered.inside(outer)], covered


def whole_cells(window: Window, shape: tuple[int, int]) -> Window:
    """A window grown to whole cells of the fixed lattice, as far as the grid reaches."""
    row, col = window.row // CELL_PX * CELL_PX, window.col // CELL_PX * CELL_PX
    bottom = min(-(-window.row_stop // CELL_PX) * CELL_PX, shape[0])
    right = min(-(-window.col_stop // CELL_PX) * CELL_PX, shape[1])
    return Window(row, col, bottom - row, right - col)


def _twice(points: npt.NDArray[np.integer], shape: tuple[int, int]) -> I16:
    """A first look's values at the size of the full resolution."""
    large = np.repeat(np.repeat(points, 2, axis=0), 2, axis=1)[: shape[0], : shape[1]]
    return np.asarray(np.clip(large, NEVER + 1, -NEVER), np.int16)
