"""The ground that speaks for a whole pair: a bounded number of blocks, each read once for both dates.

A small scene is one block. Of a large one at most `BLOCKS_PER_SIDE` x `BLOCKS_PER_SIDE` blocks are read, so that what
is found about the pair (its shift field, its colours) costs the same for any size of scene. Blocks are anchored to
the grid and to the file, never to a processing window.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from geodata.grid import Window
from geodata.io.warp import NODE_PX, GridReader

Values = npt.NDArray[np.generic]
BoolArray = npt.NDArray[np.bool_]

LOOK = 2
"""Pixels of the first look, and of the masks, are so many times as large as the common grid's: about 1 m."""
PATCH_PX = 256
MARGIN_PX = 40
"""Shift between the dates up to which a patch of the first finds its counterpart in the block of the second."""
BLOCKS_PER_SIDE = 6
WHOLE_PIXELS = 4_000_000
"""Up to this size a scene is read whole."""
_CELL_PX = 512


@dataclass(frozen=True)
class Block:
    """The same piece of the common grid at both dates, the second one unshifted.

    Args:
        core: Where it lies on the grid.
        window: The core with the margin that the second date is read with.
        place: (row, column) of the block among the blocks.
        before: Values of the first date in the core, shape (band, y, x).
        before_valid: Where the first date holds a measurement, shape (y, x).
        after: Values of the second date in the window.
        after_valid: Where the second date holds a measurement.
    """

    core: Window
    window: Window
    place: tuple[int, int]
    before: Values
    before_valid: BoolArray
    after: Values
    after_valid: BoolArray


def read_blocks(before: GridReader, after: GridReader, threads: int = 1) -> list[Block]:
    """Read what is needed to align a pair and to bring its colours together.

    Args:
        before: The first date on the common grid.
        after: The second date on the same grid, unshifted.
        threads: Blocks that are read at once; does not change the result.
    """
    cores = block_cores(before)
    whole = len(cores) == 1

    def read(item: tuple[tuple[int, int], Window]) -> Block:
        place, core = item
        window = core if whole else core.grown(MARGIN_PX, before.grid.shape)
        return Block(core, window, place, *before.read(core), *after.read(window))

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(read, cores.items()))


def block_cores(reader: GridReader) -> dict[tuple[int, int], Window]:
    """Places and cores of the blocks: the whole grid if it is small, else patches spread evenly over it."""
    height, width = reader.grid.shape
    if height * width <= WHOLE_PIXELS or min(height, width) < _CELL_PX:
        return {(0, 0): reader.grid.full_window}
    rows, cols = (_starts(length) for length in (height, width))
    return {
        (i, j): _within_file_block(reader, Window(row, col, PATCH_PX, PATCH_PX))
        for i, row in enumerate(rows)
        for j, col in enumerate(cols)
    }


def _starts(length: int) -> list[int]:
    count = min(BLOCKS_PER_SIDE, length // _CELL_PX)
    return [round((k + 0.5) * length / count - PATCH_PX / 2) for k in range(count)]


def _within_file_block(reader: GridReader, window: Window) -> Window:
    """Move a window by at most half a block so that it lies in the middle of one block of the first file.

    Files are written in blocks of 512 (or 256) pixels; a patch that straddles four of them costs four times as much.
    """
    x, y = reader.source_nodes(Window(window.row, window.col, 1, 1))
    per_px = float(x[0, 1] - x[0, 0]) / NODE_PX, float(y[1, 0] - y[0, 0]) / NODE_PX
    if min(per_px) < 0.5:
        return window
    height, width = reader.grid.shape
    col = window.col + _to_middle(x[0, 0] + (window.col % NODE_PX + PATCH_PX / 2) * per_px[0]) / per_px[0]
    row = window.row + _to_middle(y[0, 0] + (window.row % NODE_PX + PATCH_PX / 2) * per_px[1]) / per_px[1]
    return Window(
        int(np.clip(round(row), 0, height - PATCH_PX)),
        int(np.clip(round(col), 0, width - PATCH_PX)),
        PATCH_PX,
        PATCH_PX,
    )


def _to_middle(position: float) -> float:
    """Way from a position to the middle of its block."""
    return float(_CELL_PX * (np.floor(position / _CELL_PX) + 0.5) - position)


def halved(values: Values, valid: BoolArray) -> tuple[Values, BoolArray]:
    """Means over 2 x 2 pixels; valid where all four are (an odd last line is repeated)."""
    height, width = valid.shape
    pad = ((0, height % 2), (0, width % 2))
    if any(p[1] for p in pad):
        values, valid = np.pad(values, ((0, 0), *pad), mode="edge"), np.pad(valid, pad, mode="edge")
    size = valid.shape[1] // 2, valid.shape[0] // 2
    bands = [cv2.resize(np.ascontiguousarray(band), size, interpolation=cv2.INTER_AREA) for band in values]
    quarters = valid.reshape(size[1], 2, size[0], 2)
    return np.stack(bands), quarters[:, 0, :, 0] & quarters[:, 0, :, 1] & quarters[:, 1, :, 0] & quarters[:, 1, :, 1]
