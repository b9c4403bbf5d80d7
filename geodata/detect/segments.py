"""Segments: where the first look suspects something, the fine picture is cut into pieces of one colour.

A roof is one or a few even pieces with straight edges; pavement, lawn and shadow beside it are others. Pieces are
what is judged: a piece has form, an outline that was or was not there before, a shadow beside it. Segmentation
follows Felzenszwalb and Huttenlocher 2004, restricted to the suspected pixels.

Work is done in cells of a fixed lattice, so a piece does not depend on the window it is computed in.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numba
import numpy as np
import numpy.typing as npt

from geodata.detect.evidence import SHADOW_LUMINANCE, U8, colours, gradients

BoolArray = npt.NDArray[np.bool_]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

CELL_PX = 256
CELL_HALO_PX = 32
SCALE = 100.0
MIN_PIECE_PX = 20
TOLERANCE_PX = 3
CONTEXT_PX = 41
SHADOW_REACH_PX = 6
_DIRECTIONS = 8


@numba.njit(cache=True, nogil=True)
def root_of(parent, item):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Representative of an item's set (union-find with path halving)."""
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item


@numba.njit(cache=True, nogil=True)
def _neighbour_edges(picture, wanted, weight, first, second):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Edges between 8-neighbours that are both wanted; the weight is the largest difference of a band."""
    bands, rows, cols = picture.shape
    n = 0
    for i in range(rows):
        for j in range(cols):
            if not wanted[i, j]:
                continue
            for t in range(4):
                ni, nj = i + (t > 0), j + 1 - (t == 1) - 2 * (t == 3)
                if ni >= rows or nj >= cols or nj < 0 or not wanted[ni, nj]:
                    continue
                most = np.int32(0)
                for b in range(bands):
                    most = max(most, abs(np.int32(picture[b, i, j]) - np.int32(picture[b, ni, nj])))
                weight[n], first[n], second[n] = most, i * cols + j, ni * cols + nj
                n += 1
    return n


@numba.njit(cache=True, nogil=True)
def _counting_order(weight, n):  # type: ignore[no-untyped-def]  # pragma: no cover
    start = np.zeros(257, np.int64)
    for e in range(n):
        start[weight[e] + 1] += 1
    for v in range(256):
        start[v + 1] += start[v]
    order = np.empty(n, np.int32)
    for e in range(n):
        order[start[weight[e]]] = e
        start[weight[e]] += 1
    return order


@numba.njit(cache=True, nogil=True)
def _grow(picture, wanted, scale, min_px):  # type: ignore[no-untyped-def]  # pragma: no cover
    rows, cols = wanted.shape
    most = 4 * np.sum(wanted)
    weight = np.empty(most, np.uint8)
    first, second = np.empty(most, np.int32), np.empty(most, np.int32)
    n = _neighbour_edges(picture, wanted, weight, first, second)
    order = _counting_order(weight, n)
    parent = np.arange(rows * cols).astype(np.int32)
    size = np.ones(rows * cols, np.int32)
    limit = np.full(rows * cols, np.float32(scale))
    for e in order:
        a, b = root_of(parent, first[e]), root_of(parent, second[e])
        if a != b and weight[e] <= limit[a] and weight[e] <= limit[b]:
            a, b = min(a, b), max(a, b)
            parent[b] = a
            size[a] += size[b]
            limit[a] = weight[e] + scale / size[a]
    for e in order:
        a, b = root_of(parent, first[e]), root_of(parent, second[e])
        if a != b and (size[a] < min_px or size[b] < min_px):
            a, b = min(a, b), max(a, b)
            parent[b] = a
            size[a] += size[b]
    labels = np.full((rows, cols), -1, np.int32)
    number = np.full(rows * cols, -1, np.int32)
    count = 0
    for i in range(rows):
        for j in range(cols):
            if wanted[i, j]:
                root = root_of(parent, i * cols + j)
                if number[root] < 0:
                    number[root] = count
                    count += 1
                labels[i, j] = number[root]
    return labels, count


def segment(picture: U8, wanted: BoolArray) -> tuple[I32, int]:
    """Cut the wanted pixels into pieces of like colour.

    Args:
        picture: Normalised colours, shape (band, y, x).
        wanted: Pixels to cut, shape (y, x).

    Returns:
        The piece of each pixel (y, x), -1 where not wanted, and their number.
    """
    # The bilateral filter evens out noise and tile patterns but keeps the edges of roofs.
    calm = np.stack([cv2.bilateralFilter(band, 5, 25, 2) for band in np.ascontiguousarray(picture[:3])])
    labels, count = _grow(calm, wanted, np.float32(SCALE), MIN_PIECE_PX)
    return labels, int(count)


ATTRIBUTES = (
    "score",
    "size",
    "elongation",
    "rectangularity",
    "compactness",
    "width",
    "luminance",
    "spread",
    "green",
    "saturation",
    "warmth",
    "luminance_before",
    "spread_before",
    "green_before",
    "edge",
    "edge_gain",
    "right_angles",
    "inner_edge",
    "contrast",
    "green_around",
    "shadow_side",
    "shadow_around",
    "dark",
)
"""What is known of a piece itself, each scaled to 0 to 255; the means of the first look's channels follow."""

NEAR_CHANNELS = (
    "structure_gain",
    "right_angle_gain",
    "profile_gain",
    "brighter",
    "darker",
    "green_loss",
    "texture_before",
    "bright_before",
    "coherence_before",
)
"""Channels of the first look whose means over a piece say more than its own attributes do."""


@numba.njit(cache=True, nogil=True)
def _sums(labels, count, layers, squares, coarse):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Per piece: pixels, moments of place, sums of fine and coarse layers, and the same on the piece's edge."""
    rows, cols = labels.shape
    fine, far = layers.shape[0], coarse.shape[0]
    total = np.zeros((count, 6 + fine + squares.size + far), np.int64)
    edge = np.zeros((count, 1 + fine), np.int64)
    for i in range(rows):
        for j in range(cols):
            k = labels[i, j]
            if k < 0:
                continue
            total[k, 0] += 1
            total[k, 1] += i
            total[k, 2] += j
            total[k, 3] += i * i
            total[k, 4] += j * j
            total[k, 5] += i * j
            for c in range(fine):
                total[k, 6 + c] += layers[c, i, j]
            for c in range(squares.size):
                v = np.int64(layers[squares[c], i, j])
                total[k, 6 + fine + c] += v * v
            for c in range(far):
                total[k, 6 + fine + squares.size + c] += coarse[c, i >> 1, j >> 1]
            inner = 0 < i < rows - 1 and 0 < j < cols - 1
            if not inner or (
                labels[i - 1, j] == k and labels[i + 1, j] == k and labels[i, j - 1] == k and labels[i, j + 1] == k
            ):
                continue
            edge[k, 0] += 1
            for c in range(fine):
                edge[k, 1 + c] += layers[c, i, j]
    return total, edge


@dataclass(frozen=True)
class Pieces:
    """The pieces of a cell.

    Args:
        labels: Piece of each pixel, -1 outside, shape (y, x).
        pixels: Pixels of each piece, shape (n,).
        attributes: Scaled attributes of each piece, `ATTRIBUTES` then the coarse channels, shape (n, attribute).
    """

    labels: I32
    pixels: I64
    attributes: U8


_FINE = (
    "lum",
    "green",
    "sat",
    "warm",
    "lum1",
    "green1",
    "edge",
    "gain",
    "c4",
    "s4",
    "dark",
    "context",
    "ctxg",
)


@numba.njit(cache=True, nogil=True)
def _sides(labels, count, new_dark, dx, dy):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Per piece and eighth of the circle: pixels that have new shadow that way."""
    rows, cols = labels.shape
    out = np.zeros((count, dx.size), np.int64)
    for i in range(rows):
        for j in range(cols):
            if labels[i, j] < 0:
                continue
            for t in range(dx.size):
                ni, nj = i + dy[t], j + dx[t]
                if 0 <= ni < rows and 0 <= nj < cols:
                    out[labels[i, j], t] += new_dark[ni, nj]
    return out


def shadow_sides(sun_azimuth_deg: float | None) -> BoolArray:
    """Which of the eight directions (from right, clockwise on the picture) a shadow can fall in, shape (8,).

    It falls away from the sun; an eighth to either side is allowed for, as walls and slopes turn it.
    """
    if sun_azimuth_deg is None:
        return np.ones(_DIRECTIONS, bool)
    # The sun at azimuth 0 stands at the top of the picture: its shadows fall down, which is a quarter turn from right.
    away = (sun_azimuth_deg + 90) % 360
    apart = np.abs((360 / _DIRECTIONS * np.arange(_DIRECTIONS) - away + 180) % 360 - 180)
    return np.asarray(apart <= 1.5 * 360 / _DIRECTIONS)


def _layers(before: U8, after: U8) -> tuple[U8, npt.NDArray[np.int16]]:
    """New shadow (0 or 1), and the fine per-pixel layers in the order of `_FINE`."""
    first, second = colours(before), colours(after)
    kernel = np.ones((2 * TOLERANCE_PX + 1, 2 * TOLERANCE_PX + 1), np.uint8)
    earlier = cv2.dilate(gradients(first.luminance)[0], kernel)
    strength, c4, s4 = gradients(second.luminance)
    dark = (second.luminance < SHADOW_LUMINANCE).astype(np.uint8)
    new_dark = cv2.subtract(dark, cv2.dilate((first.luminance < SHADOW_LUMINANCE + 10).astype(np.uint8), kernel))
    around = cv2.blur(second.luminance, (CONTEXT_PX, CONTEXT_PX))
    green_around = cv2.blur(second.green, (CONTEXT_PX, CONTEXT_PX))
    return new_dark, np.stack(
        [
            second.luminance, second.green, second.saturation, second.warmth, first.luminance, first.green, strength,
            np.maximum(strength - earlier, 0), c4, s4, dark, around, green_around,
        ]
    ).astype(np.int16)  # fmt: skip


def cut_in_pieces(
    before: U8,
    after: U8,
    wanted: BoolArray,
    coarse: npt.NDArray[np.int16],
    sun_azimuth_deg: float | None = None,
) -> Pieces:
    """Cut a cell into pieces and measure each.

    Args:
        before: Normalised colours of the date without the structure, shape (band, y, x).
        after: The date with it.
        wanted: Suspected pixels, shape (y, x).
        coarse: First look of the cell at half the resolution: score (hundredths), then channels, shape (c, y/2, x/2).
        sun_azimuth_deg: Where the sun stood at the date with the structure, clockwise from the top of the picture;
            None: unknown, a shadow on any side counts.
    """
    labels = np.full(wanted.shape, -1, np.int32)
    if not wanted.any():
        return Pieces(labels, np.empty(0, np.int64), np.empty((0, len(ATTRIBUTES) + len(coarse) - 1), np.uint8))
    rows, cols = _around(wanted)
    labels[rows, cols], count = segment(after[:, rows, cols], wanted[rows, cols])
    new_dark, layers = _layers(*(np.ascontiguousarray(date[:, rows, cols]) for date in (before, after)))
    squares = np.array([_FINE.index("lum"), _FINE.index("lum1")], np.int64)
    near = np.ascontiguousarray(coarse[:, rows.start // 2 : -(-rows.stop // 2), cols.start // 2 : -(-cols.stop // 2)])
    total, edge = _sums(labels[rows, cols], count, layers, squares, near)
    angles = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    steps = (np.rint(SHADOW_REACH_PX * f(angles)).astype(np.int64) for f in (np.cos, np.sin))
    sides = _sides(labels[rows, cols], count, new_dark, *steps)
    return Pieces(labels, total[:, 0], _attributes(total, edge, sides, shadow_sides(sun_azimuth_deg)))


def scaled_score(points: F64) -> F64:
    """Scores, hundredths of a log-odds, on the scale of an attribute: 0 to 255 for -6.4 to 3.8."""
    return points / 4 + 160


def _around(wanted: BoolArray) -> tuple[slice, slice]:
    """The rows and columns of the wanted pixels with the context that their attributes need, from an even pixel on."""
    out = []
    for axis, length in zip((1, 0), wanted.shape, strict=True):
        line = np.flatnonzero(wanted.any(axis=axis))
        out.append(slice(max(0, (line[0] - CONTEXT_PX // 2) // 2 * 2), min(length, line[-1] + 1 + CONTEXT_PX // 2)))
    return out[0], out[1]


def _attributes(total: I64, edge: I64, shadows: I64, possible: BoolArray) -> U8:
    fine = len(_FINE)
    pixels, border = total[:, 0].astype(np.float64), np.maximum(edge[:, 0], 1).astype(np.float64)
    mean = {name: total[:, 6 + i] / pixels for i, name in enumerate(_FINE)}
    rim = {name: edge[:, 1 + i] / border for i, name in enumerate(_FINE)}
    sides = shadows / pixels[:, None]
    squares = total[:, 6 + fine : 8 + fine] / pixels[:, None]
    far = total[:, 8 + fine :] / pixels[:, None]
    longer, shorter = _axes(total, pixels)
    spread = [np.sqrt(np.maximum(squares[:, i] - mean[name] ** 2, 0)) for i, name in enumerate(("lum", "lum1"))]
    values = [
        scaled_score(far[:, 0]),
        32 * np.log2(pixels / 8),
        64 * np.log2(longer / shorter),
        200 * pixels / (12 * longer * shorter),
        128 * 4 * np.pi * pixels / border**2,
        4 * np.sqrt(12) * shorter,
        mean["lum"],
        4 * spread[0],
        mean["green"] + 128,
        mean["sat"],
        mean["warm"] + 128,
        mean["lum1"],
        4 * spread[1],
        mean["green1"] + 128,
        rim["edge"] / 2,
        rim["gain"] / 2,
        255 * np.hypot(rim["c4"], rim["s4"]) / (rim["edge"] + 8),
        mean["edge"] / 2,
        mean["lum"] - mean["context"] + 128,
        mean["ctxg"] + 128,
        255 * sides[:, possible].max(axis=1, initial=0),
        255 * sides.mean(axis=1),
        255 * mean["dark"],
    ]
    scaled = np.column_stack([*values, far[:, 1:]])
    return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)


def _axes(total: I64, pixels: F64) -> tuple[F64, F64]:
    """Standard deviations along the longer and the shorter axis of each piece, px."""
    row, col = total[:, 1] / pixels, total[:, 2] / pixels
    # A pixel is a square: a twelfth of its side squared is its own variance.
    vy, vx = total[:, 3] / pixels - row**2 + 1 / 12, total[:, 4] / pixels - col**2 + 1 / 12
    vxy = total[:, 5] / pixels - row * col
    half, det = (vx + vy) / 2, np.maximum(vx * vy - vxy**2, 1e-6)
    longer = half + np.sqrt(np.maximum(half**2 - det, 0))
    return np.sqrt(longer), np.sqrt(det / longer)
