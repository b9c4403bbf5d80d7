"""From scored pixels to objects: components found in windows, merged over their seams, summed exactly.

Every window reports the components of its own core with whole-number sums; components that touch across a seam
are joined, and since sums of whole numbers do not depend on their order, an object is the same whatever the
windows were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from geodata.grid import Window

BoolArray = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]


@dataclass
class Component:
    """A connected set of pixels.

    Args:
        row: First row on the grid.
        col: First column on the grid.
        mask: Its pixels within its bounding box, shape (y, x).
        sums: Sum of each measured channel over its pixels.
        peak: Largest score, hundredths of a log-odds.
        borders_unseen: Whether it touches pixels that were not seen, or the edge of the grid.
    """

    row: int
    col: int
    mask: BoolArray
    sums: I64
    peak: int
    borders_unseen: bool

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return int(self.mask.sum())


@dataclass
class WindowObjects:
    """What one window found: components, and which of them lie along its four sides (-1: none)."""

    window: Window
    components: list[Component] = field(default_factory=list)
    top: I64 = field(default_factory=lambda: np.empty(0, np.int64))
    bottom: I64 = field(default_factory=lambda: np.empty(0, np.int64))
    left: I64 = field(default_factory=lambda: np.empty(0, np.int64))
    right: I64 = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(frozen=True)
class Measures:
    """Whole-number measures of the pixels of a window, kept once a piece.

    Args:
        numbers: Row of `table` of each pixel, -1 where there is none, shape (y, x).
        table: Measures of each row, the score (hundredths of a log-odds) first, shape (row, measure).
    """

    numbers: npt.NDArray[np.int32]
    table: npt.NDArray[np.int16]


def find_components(mask: BoolArray, window: Window, measures: Measures, near_unseen: BoolArray) -> WindowObjects:
    """Components (8-connected) of a window's core.

    Args:
        mask: Object pixels, shape of the window.
        window: Where the core lies on the grid.
        measures: What is summed over the pixels of a component; the peak is that of the score.
        near_unseen: Pixels next to ones that were not seen.
    """
    labels = np.zeros(mask.shape, np.int32)
    rows, cols = _bounds(mask)
    count, labels[rows, cols], stats, _ = cv2.connectedComponentsWithStats(
        mask[rows, cols].astype(np.uint8), connectivity=8
    )
    found = WindowObjects(window)
    index = labels[mask]
    values = measures.table[measures.numbers[mask]]
    sums = np.stack([np.bincount(index, weights=column, minlength=count) for column in values.T], axis=1)
    peak = np.full(count, -32768, np.int64)
    np.maximum.at(peak, index, values[:, 0].astype(np.int64))
    unseen = np.bincount(index, weights=near_unseen[mask], minlength=count)
    for k in range(1, count):
        x, y, w, h = (int(v) for v in stats[k, :4])
        x, y = x + cols.start, y + rows.start
        part = labels[y : y + h, x : x + w] == k
        found.components.append(
            Component(window.row + y, window.col + x, part, sums[k].astype(np.int64), int(peak[k]), bool(unseen[k]))
        )
    found.top, found.bottom, found.left, found.right = (
        line.astype(np.int64) - 1 for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    )
    return found


def _bounds(mask: BoolArray) -> tuple[slice, slice]:
    """The rows and columns that hold all pixels of a mask."""
    out = []
    for axis in (1, 0):
        line = np.flatnonzero(mask.any(axis=axis))
        out.append(slice(int(line[0]), int(line[-1]) + 1) if line.size else slice(0, 1))
    return out[0], out[1]


class _Union:
    """Disjoint sets over whole numbers."""

    def __init__(self, size: int) -> None:
        self.parent = np.arange(size)

    def find(self, item: int) -> int:
        while self.parent[item] != item:
            self.parent[item] = self.parent[self.parent[item]]
            item = int(self.parent[item])
        return item

    def join(self, a: int, b: int) -> None:
        first, second = self.find(a), self.find(b)
        if first != second:
            self.parent[max(first, second)] = min(first, second)


def merge_windows(parts: Iterable[WindowObjects], shape: tuple[int, int]) -> list[Component]:
    """Join components over the seams between windows.

    Args:
        parts: The windows' findings; the windows tile the grid row by row.
        shape: Shape of the grid.

    Returns:
        Components in the order of their first pixel, independent of the windows.
    """
    ordered = sorted(parts, key=lambda p: (p.window.row, p.window.col))
    starts = np.cumsum([0] + [len(p.components) for p in ordered])
    union = _Union(int(starts[-1]))
    for level in (True, False):
        for first, second in _seams(ordered, starts, shape, level=level):
            _join_line(union, first, second)
    groups: dict[int, list[Component]] = {}
    everything = [c for p in ordered for c in p.components]
    for k, component in enumerate(everything):
        groups.setdefault(union.find(k), []).append(component)
    merged = [_merged(group) for group in groups.values()]
    merged.sort(key=lambda c: (c.row, c.col + int(np.argmax(c.mask[0])), c.pixels))
    return merged


def _seams(parts: list[WindowObjects], starts: I64, shape: tuple[int, int], *, level: bool) -> list[tuple[I64, I64]]:
    """The two pixel lines on either side of every seam, with the numbers of their components (-1: none).

    Args:
        parts: The windows' findings.
        starts: Number of each window's first component.
        shape: Shape of the grid.
        level: Seams between a window and the one below it, else the one to its right.
    """
    ahead: dict[int, I64] = {}
    behind: dict[int, I64] = {}
    for part, start in zip(parts, starts, strict=False):
        w = part.window
        along = slice(w.col, w.col_stop) if level else slice(w.row, w.row_stop)
        ends = (w.row_stop, part.bottom, w.row, part.top) if level else (w.col_stop, part.right, w.col, part.left)
        for store, place, line in ((ahead, *ends[:2]), (behind, *ends[2:])):
            target = store.setdefault(place, np.full(shape[1 if level else 0], -1, np.int64))
            target[along] = np.where(line >= 0, line + start, -1)
    return [(ahead[place], behind[place]) for place in sorted(ahead.keys() & behind.keys())]


def _join_line(union: _Union, first: I64, second: I64) -> None:
    """Join neighbours of two adjacent pixel lines, diagonals included."""
    for step in (-1, 0, 1):
        a = first[max(0, -step) : first.size - max(0, step)]
        b = second[max(0, step) : second.size - max(0, -step)]
        both = (a >= 0) & (b >= 0)
        for x, y in {(int(p), int(q)) for p, q in zip(a[both], b[both], strict=True)}:
            union.join(x, y)


def _merged(group: list[Component]) -> Component:
    if len(group) == 1:
        return group[0]
    row, col = min(c.row for c in group), min(c.col for c in group)
    stop_row = max(c.row + c.mask.shape[0] for c in group)
    stop_col = max(c.col + c.mask.shape[1] for c in group)
    mask = np.zeros((stop_row - row, stop_col - col), bool)
    for c in group:
        r, k = c.row - row, c.col - col
        mask[r : r + c.mask.shape[0], k : k + c.mask.shape[1]] |= c.mask
    return Component(
        row,
        col,
        mask,
        np.sum([c.sums for c in group], axis=0),
        max(c.peak for c in group),
        any(c.borders_unseen for c in group),
    )
