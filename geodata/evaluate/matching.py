"""One-to-one matching of alarms and true objects by their overlap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

IntArray = npt.NDArray[np.intp]
FloatArray = npt.NDArray[np.float64]

_MATCH_BONUS = 100.0
"""What a match is worth beside its IoU (as in SCOT): another match always outweighs a better overlap."""


def match_one_to_one(alarm: IntArray, truth: IntArray, iou: FloatArray, least: float) -> int:
    """Number of pairs in the best one-to-one assignment (Hungarian) of overlaps of at least `least`.

    The graph of overlaps falls into many small components, each of which is solved by itself: the result is
    that of the whole matrix, which would not fit into memory for a city.

    Args:
        alarm: Index of the alarm of each overlap.
        truth: Index of the true object of each overlap.
        iou: Intersection over union of each overlap.
        least: Smallest IoU of a match.
    """
    good = iou >= least
    alarm, truth, iou = alarm[good], truth[good], iou[good]
    if alarm.size == 0:
        return 0
    offset = int(alarm.max()) + 1
    nodes = offset + int(truth.max()) + 1
    graph = coo_matrix((np.ones(alarm.size), (alarm, truth + offset)), shape=(nodes, nodes))
    part = connected_components(graph, directed=False)[1][alarm]
    order = np.argsort(part, kind="stable")
    cuts = np.flatnonzero(np.diff(part[order])) + 1
    return sum(_match_component(alarm[i], truth[i], iou[i]) for i in np.split(order, cuts))


def _match_component(alarm: IntArray, truth: IntArray, iou: FloatArray) -> int:
    rows, row = np.unique(alarm, return_inverse=True)
    cols, col = np.unique(truth, return_inverse=True)
    worth = np.zeros((rows.size, cols.size))
    worth[row, col] = _MATCH_BONUS + iou
    chosen = linear_sum_assignment(worth, maximize=True)
    return int((worth[chosen] > 0).sum())
