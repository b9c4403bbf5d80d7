"""Which outline of a day is which structure: the best assignment, then what is left over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.intp]

SAME = 0.4
"""Share of the smaller outline in the larger one from which they may be one structure."""
WITHIN = 0.5
"""Share of an outline in another from which it is a part of it."""

SHIFT_PAIRS = 8
"""From so many pairs on a common shift of all outlines is told from what happened to each."""
SHIFT_REACH_M = 8.0


@dataclass(frozen=True)
class Matches:
    """Structures and outlines of a day.

    Args:
        same: Outline of each matched structure.
        parts: Unmatched outlines that lie in a structure, which was matched with another one or not at all.
        swallowed: Unmatched structures that lie in an outline.
    """

    same: dict[int, int]
    parts: dict[int, int]
    swallowed: dict[int, int]


def match(structures: Sequence[shapely.Geometry], outlines: Sequence[shapely.Geometry], error_m: F64) -> Matches:
    """Match structures as they were seen last with the outlines of a day.

    Positions err, so outlines are compared where each of the two is grown by the error: a shed of five metres that
    is drawn two metres aside is the same. Among all that may be the same, the assignment with the largest sum of
    intersections over unions is taken (Kuhn 1955), so a neighbour never takes the place of a house that was missed.

    Args:
        structures: As they were seen last, metres.
        outlines: Of one day.
        error_m: Standard error of each outline.
    """
    if not structures or not outlines:
        return Matches({}, {}, {})
    old, new = np.array(structures, object), np.array(outlines, object)
    row, col = shapely.STRtree(new).query(old, predicate="dwithin", distance=2 * float(error_m.max()))
    if not len(row):
        return Matches({}, {}, {})
    by = error_m[col]
    a, b = shapely.buffer(old[row], by, join_style="mitre"), shapely.buffer(new[col], by, join_style="mitre")
    common = shapely.area(shapely.intersection(a, b))
    area = shapely.area(a), shapely.area(b)
    kept = common >= SAME * np.minimum(*area)
    row, col, common = row[kept], col[kept], common[kept]
    union = area[0][kept] + area[1][kept] - common
    same = _assigned(row, col, common / union)
    taken = set(same.values())
    parts = _largest(col, row, common / area[1][kept], lambda k: k not in taken)
    swallowed = _largest(row, col, common / area[0][kept], lambda k: k not in same)
    return Matches(same, parts, swallowed)


def common_shift(structures: Sequence[shapely.Geometry], outlines: Sequence[shapely.Geometry]) -> tuple[float, float]:
    """How far the outlines of a day lie from the structures altogether, metres east and north.

    Every date has its own place in the world, off by metres; on most structures nothing happens between two dates, so
    the median over outlines and the nearest structure of like area tells by how much.

    Args:
        structures: As they were seen last.
        outlines: Of one day.

    Returns:
        (0, 0) where fewer than `SHIFT_PAIRS` can be compared.
    """
    if len(structures) < SHIFT_PAIRS or len(outlines) < SHIFT_PAIRS:
        return 0.0, 0.0
    old, new = (shapely.centroid(np.array(some, object)) for some in (structures, outlines))
    row, nearest = shapely.STRtree(old).query_nearest(new, max_distance=SHIFT_REACH_M, all_matches=False)
    area = np.array([g.area for g in structures])[nearest], np.array([g.area for g in outlines])[row]
    alike = np.maximum(*area) < 1.5 * np.minimum(*area)
    if alike.sum() < SHIFT_PAIRS:
        return 0.0, 0.0
    gap = shapely.get_coordinates(new[row[alike]]) - shapely.get_coordinates(old[nearest[alike]])
    dx, dy = np.median(gap, axis=0)
    return float(dx), float(dy)


def _assigned(row: I64, col: I64, worth: F64) -> dict[int, int]:
    """The assignment of the largest worth, one group of things that touch after the other."""
    if not len(row):
        return {}
    # loaded where something is matched: most commands match nothing, and begin sooner
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    structures = int(row.max()) + 1
    size = structures + int(col.max()) + 1
    graph = coo_array((np.ones(len(row)), (row, col + structures)), shape=(size, size))
    group = connected_components(graph, directed=False)[1][row]
    order = np.argsort(group, kind="stable")
    found: dict[int, int] = {}
    for pairs in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(pairs) == 1:
            found[int(row[pairs[0]])] = int(col[pairs[0]])
            continue
        rows, r = np.unique(row[pairs], return_inverse=True)
        cols, c = np.unique(col[pairs], return_inverse=True)
        table = np.zeros((len(rows), len(cols)))
        table[r, c] = worth[pairs]
        chosen = zip(*linear_sum_assignment(table, maximize=True), strict=True)
        found |= {int(rows[i]): int(cols[j]) for i, j in chosen if table[i, j] > 0}
    return found


def _largest(of: I64, within: I64, share: F64, left_over: Callable[[int], bool]) -> dict[int, int]:
    """For each thing that is left over the one that holds most of it, if it holds enough."""
    found: dict[int, tuple[float, int]] = {}
    for one, other, value in zip(of.tolist(), within.tolist(), share.tolist(), strict=True):
        if value >= WITHIN and left_over(one) and (value, -other) > found.get(one, (0.0, 0)):
            found[one] = (value, -other)
    return {one: -other for one, (_, other) in found.items()}
