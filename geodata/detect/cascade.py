"""The network within a window: where it looks, and what it makes of a cell.

Cheap first: a screen says which cells of the fixed lattice are worth the network. The screen is a smaller network over
the first look's pixels, or the training-free first look, or both (which, was chosen by measurement: docs/accuracy.md).
Both networks see squares of one size, each in its own pixels, so a result depends on the lattice alone.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from geodata.detect.network import GREY, Network
from geodata.detect.segments import CELL_HALO_PX, CELL_PX, Pieces
from geodata.grid import Window
from geodata.pairing.patches import LOOK

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

BLOCK_PX = LOOK * CELL_PX
"""Side of what the screen sees at once, in pixels of the grid; windows are made of whole blocks."""
SQUARE_PX = CELL_PX + 2 * CELL_HALO_PX
NEVER = -32000


Seen = tuple[U8, U8, BoolArray]
"""Both dates, shape (band, y, x), and where both were seen."""


def points_around(network: Network, seen: Seen, cell: Window, held: Window, gsd_m: float) -> tuple[I16, Window]:
    """The network's log-odds over a cell and its halo, always computed from one square of `SQUARE_PX`.

    Args:
        network: The network.
        seen: What was seen over `held`.
        cell: A whole cell of the lattice, also where it reaches beyond the grid.
        held: What the dates cover, on the same grid as `cell`: at least cell and halo, as far as the grid reaches.
        gsd_m: Pixel size of the dates.

    Returns:
        Hundredths, appeared and disappeared, shape (2, y, x), and the part of the grid that they cover.
    """
    row, col = cell.row - CELL_HALO_PX, cell.col - CELL_HALO_PX
    top, left = max(row, held.row), max(col, held.col)
    bottom, right = min(row + SQUARE_PX, held.row_stop), min(col + SQUARE_PX, held.col_stop)
    covered = Window(top, left, bottom - top, right - left)
    rows, cols = covered.inside(held)
    into = slice(top - row, bottom - row), slice(left - col, right - col)
    square = np.full((2, 3, SQUARE_PX, SQUARE_PX), GREY, np.uint8)
    known = np.zeros((SQUARE_PX, SQUARE_PX), bool)
    known[into] = seen[2][rows, cols]
    for whole, date in zip(square, seen, strict=False):
        whole[:, into[0], into[1]] = date[:3, rows, cols]
    fill_unseen(square, known)
    return network.points(square[0], square[1], gsd_m)[:, into[0], into[1]], covered


def fill_unseen(dates: U8, seen: BoolArray) -> None:
    """Continue pictures beyond the border of what was seen by their mirror image, in place.

    As in training: beside a flat grey a network errs along the border (0.024 of pixel F1 on tiles of half a kilometre).
    A pixel takes what lies as far behind its nearest seen pixel, or that pixel itself where nothing was seen there.

    Args:
        dates: Pictures, shape (..., y, x).
        seen: Where they show something, shape (y, x).
    """
    if seen.all() or not seen.any():
        return
    _, nearest = cv2.distanceTransformWithLabels(
        (~seen).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    at = np.zeros((int(nearest.max()) + 1, 2), np.intp)
    at[nearest[seen]] = np.argwhere(seen)
    unseen = np.argwhere(~seen)
    border = at[nearest[~seen]]
    behind = 2 * border - unseen
    inside = ((behind >= 0) & (behind < seen.shape)).all(axis=1)
    inside[inside] = seen[tuple(behind[inside].T)]
    source = np.where(inside[:, None], behind, border)
    dates[..., unseen[:, 0], unseen[:, 1]] = dates[..., source[:, 0], source[:, 1]]


def screened(network: Network, looks: Seen, window: Window, outer: Window, gsd_m: float) -> I16:
    """The screen's log-odds over a window, the larger of both directions, at the first look's size.

    Args:
        network: The screen.
        looks: What was seen over the grown window, at the first look's size.
        window: The window, made of whole blocks or ending with the grid.
        outer: The grown window.
        gsd_m: The first look's pixel size.

    Returns:
        Hundredths, shape of a look; `NEVER` outside the window itself.
    """
    height, width = looks[0].shape[1:]
    out = np.full((height, width), NEVER, np.int16)
    held = Window(outer.row // LOOK, outer.col // LOOK, height, width)
    for row in range(window.row // LOOK, -(-window.row_stop // LOOK), CELL_PX):
        for col in range(window.col // LOOK, -(-window.col_stop // LOOK), CELL_PX):
            cell = Window(row, col, CELL_PX, CELL_PX)
            points, covered = points_around(network, looks, cell, held, gsd_m)
            # Each block decides over its own pixels only.
            bottom, right = min(cell.row_stop, covered.row_stop), min(cell.col_stop, covered.col_stop)
            own = Window(row, col, bottom - row, right - col)
            out[own.inside(held)] = points[(slice(None), *own.inside(covered))].max(axis=0)
    return out


def piece_scores(pieces: Pieces, points: I16, mask: BoolArray) -> I32:
    """Mean log-odds of the network over each piece's pixels of the mask; `NEVER` where it has none.

    Args:
        pieces: The pieces of a cell.
        points: The network's log-odds of one direction, hundredths, shape (y, x).
        mask: Where it found something.
    """
    count = pieces.pixels.size
    here = mask & (pieces.labels >= 0)
    numbers = pieces.labels[here]
    pixels = np.bincount(numbers, minlength=count)
    sums = np.bincount(numbers, weights=points[here], minlength=count)
    return np.where(pixels > 0, np.rint(sums / np.maximum(pixels, 1)), NEVER).astype(np.int32)
