"""Pieces among their neighbours: what lies beside a piece says as much of it as its own looks.

A grey plane beside a sure roof is more of that roof or its shadow; the same plane alone in a field is bare ground.
Pieces are scored by themselves first; then their scores, seen from each other, are attributes of a second judgement
and of a third (auto-context: Tu and Bai 2010). What remains unlikely beside a sure roof is its apron; what is unlikely
and lies between two structures is the ground between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from geodata.detect.segments import ATTRIBUTES, Pieces, root_of, scaled_score

BoolArray = npt.NDArray[np.bool_]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

BESIDE = ("own", "best_beside", "mean_beside", "likely_beside", "open_edge", "lighter_than_best")
"""What is known of a piece among its neighbours, each scaled to 0 to 255."""
_LIKELY = -160
_MUCH_LIGHTER = 40
_DARK = ATTRIBUTES.index("dark")
_LUMINANCE = ATTRIBUTES.index("luminance")


@dataclass(frozen=True)
class Borders:
    """Which pieces lie beside which, each two of them in both orders.

    Args:
        own: A piece, shape (n,).
        other: One beside it.
        length: Pixel sides that they share.
        open_sides: Pixel sides of each piece towards ground that is not suspected, shape (piece,).
    """

    own: I64
    other: I64
    length: I64
    open_sides: I64

    @property
    def pieces(self) -> int:
        """Number of pieces."""
        return self.open_sides.size


@numba.njit(cache=True, nogil=True)
def _sides(labels, suspected, first, second, open_sides):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Pixel sides between two pieces, as they come, and per piece those towards ground not suspected."""
    rows, cols = labels.shape
    n = 0
    for i in range(rows):
        for j in range(cols):
            a = labels[i, j]
            for t in range(2):
                ni, nj = i + t, j + 1 - t
                if ni >= rows or nj >= cols:
                    continue
                b = labels[ni, nj]
                if a == b:
                    continue
                here, there = a >= 0 and suspected[i, j], b >= 0 and suspected[ni, nj]
                if a >= 0 and not there:
                    open_sides[a] += 1
                if b >= 0 and not here:
                    open_sides[b] += 1
                if here and there:
                    first[n], second[n] = a, b
                    n += 1
    return n


def borders_of(pieces: Pieces, suspected: BoolArray) -> Borders:
    """Find which pieces lie beside which.

    Args:
        pieces: The pieces of a cell.
        suspected: What the first look suspects, shape (y, x).
    """
    count = pieces.pixels.size
    first, second = np.empty((2, 2 * pieces.labels.size), np.int32)
    open_sides = np.zeros(count, np.int64)
    n = _sides(pieces.labels, suspected, first, second, open_sides)
    a, b = first[:n].astype(np.int64), second[:n].astype(np.int64)
    key, length = np.unique(np.r_[a * count + b, b * count + a], return_counts=True)
    own, other = np.divmod(key, max(1, count))
    return Borders(own, other, length.astype(np.int64), open_sides)


def best_beside(borders: Borders, values: npt.NDArray[np.integer]) -> I64:
    """The largest value among the neighbours of each piece, the least there is where it has none."""
    best = np.full(borders.pieces, np.iinfo(np.int64).min)
    np.maximum.at(best, borders.own, values[borders.other])
    return best


def beside(borders: Borders, pieces: Pieces, points: I32) -> U8:
    """`BESIDE` of each piece, shape (piece, 6).

    Args:
        borders: Which pieces lie beside which.
        pieces: The pieces.
        points: Their scores so far, hundredths of a log-odds.
    """
    own, other, length, count = borders.own, borders.other, borders.length, borders.pieces
    score = np.clip(scaled_score(points.astype(np.float64)), 0, 255)
    around = np.maximum(np.bincount(own, weights=length, minlength=count) + borders.open_sides, 1)
    # Ground that is not suspected counts as the least likely neighbour.
    mean = np.bincount(own, weights=length * score[other], minlength=count) / around
    likely = np.bincount(own, weights=length * (points[other] >= _LIKELY), minlength=count) / around
    best = np.zeros(count)
    np.maximum.at(best, own, score[other])
    luminance = pieces.attributes[:, _LUMINANCE].astype(np.float64)
    lighter = np.full(count, 128.0)
    top = score[other] >= best[own]
    # Where several are as good the one with the highest number is taken.
    lighter[own[top]] = 128 + (luminance[own] - luminance[other])[top] / 2
    values = np.column_stack([score, best, mean, 255 * likely, 255 * borders.open_sides / around, lighter])
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def aprons(borders: Borders, points: I32, drop: int) -> BoolArray:
    """Pieces that are less likely than the best one beside them by more than `drop` hundredths of a log-odds."""
    return np.asarray(best_beside(borders, points) > points.astype(np.int64) + drop)


def shadows(borders: Borders, pieces: Pieces, points: I32, drop: int) -> BoolArray:
    """Dark pieces beside a likely, much lighter one that is more likely by over `drop` hundredths of a log-odds."""
    dark = pieces.attributes[:, _DARK] > 127
    luminance = pieces.attributes[:, _LUMINANCE].astype(np.int64)
    casts = (luminance[borders.other] >= luminance[borders.own] + _MUCH_LIGHTER) & (points[borders.other] >= 0)
    best = np.full(borders.pieces, np.iinfo(np.int64).min)
    np.maximum.at(best, borders.own[casts], points[borders.other[casts]])
    return np.asarray(dark & (best > points.astype(np.int64) + drop))


@numba.njit(cache=True, nogil=True)
def _groups(own, other, strong):  # type: ignore[no-untyped-def]  # pragma: no cover
    parent = np.arange(strong.size)
    for n in range(own.size):
        if strong[own[n]] and strong[other[n]]:
            a, b = root_of(parent, own[n]), root_of(parent, other[n])
            parent[max(a, b)] = min(a, b)
    for k in range(strong.size):
        parent[k] = root_of(parent, k)
    return parent


def bridges(borders: Borders, points: I32, accepted: BoolArray, weak: int) -> BoolArray:
    """Pieces that would join two structures and are themselves unlikely.

    Args:
        borders: Which pieces lie beside which.
        points: Scores, hundredths of a log-odds.
        accepted: Pieces that belong to an object.
        weak: Below this score a piece is unlikely; those above it that touch each other are one structure.
    """
    strong = accepted & (points >= weak)
    group = _groups(borders.own, borders.other, strong)
    between = ~strong[borders.own] & strong[borders.other]
    touched = np.unique(borders.own[between] * max(1, borders.pieces) + group[borders.other[between]])
    return np.asarray(np.bincount(touched // max(1, borders.pieces), minlength=borders.pieces) >= 2)
