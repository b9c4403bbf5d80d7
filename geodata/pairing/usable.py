"""Which pixels of a scene show the ground: nodata, saturation, cloud, haze and deep shadow do not.

Two steps, so that no result depends on the window it is computed in. `scene_statistics` looks at a bounded number of
patches anchored to the grid; `classify` gives every pixel of a window its code, looking no further than `HALO_PX`.

What hides the ground over an area (cloud, haze, glare) raises its dark channel: over clear ground something dark lies
in every small area (He, Sun and Tang 2009). It is told from what is bright by itself (a white roof, a paved yard, bare
soil) by its rim: cloud fades, so that beside it even the darkest pixels are veiled, while a roof ends at an edge that
drops from its own brightness. What is bright as far as one can see is called cloud only in a scene whose patches show
something that fades; in all others a new white hall cannot lose a pixel, however large it is.

Water and vegetation are codes of what *is* seen: there is nothing built there on that date. With colours alone
(no near infrared) a roof painted green can carry the code of vegetation; it stays seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import IntEnum

import cv2
import numpy as np
import numpy.typing as npt

from geodata.grid import Window
from geodata.io.warp import GridReader
from geodata.pairing import usable_kernels as kernels
from geodata.pairing.usable_kernels import CELL_PX

U8 = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]
Values = npt.NDArray[np.generic]
Patch = tuple[Values, BoolArray]

HALO_PX = 64
"""Pixels around a window that a pixel's code may depend on. The window must begin at a multiple of `CELL_PX`."""

MAX_SAMPLES_PER_SIDE = 4
_LATTICE_PX = 256

_REACH_M = 32.0
_REACH_CELLS, _VOTE_CELLS, _LEAST_CELLS = 4, 2, 9
_DARK_M = 56.0
_VEIL, _FADING = 100, 45
_CLOUD = 185
_EDGES_A_CELL = 7
_VARIED = 6
_CLOUDY_SHARE = 0.01
_WIDE_PX = 7
_SHADOW_SHARE = 0.06
_LOW, _HIGH = 10.0, 245.0


class Code(IntEnum):
    """What a pixel shows."""

    USABLE = 0
    NODATA = 1
    SATURATED = 2
    CLOUD = 3
    HAZE = 4
    SHADOW = 5
    WATER = 6
    VEGETATION = 7


UNSEEN = (Code.NODATA, Code.SATURATED, Code.CLOUD, Code.HAZE, Code.SHADOW)
"""Codes of pixels that show nothing of the ground."""

_SEEN_LUT = np.array([code not in UNSEEN for code in range(256)], bool)


@dataclass(frozen=True)
class SceneStatistics:
    """What `classify` must know of the whole scene.

    Args:
        bands: Names of the bands that are classified, in the order of the values.
        gsd_m: Pixel size of the grid on which the scene is classified, m.
        gain: Display value = value × gain + offset, per band; (1, 0) for 8 bit.
        offset: See `gain`.
        clip: Value from which a band is clipped, per band; infinite where nothing is.
        dark_floor: Dark channel of the clearest tenth of the scene, display value.
        shadow_level: Display value up to which a pixel may be deep shadow.
        white_fill: Whether white is this scene's undeclared nodata: a corner of the file is filled with it.
        cloudy: Whether a patch shows something bright that ends softly: only then can what is bright as far as one
            sees be cloud.
        effective_bits: Binary logarithm of the number of levels that the poorest band uses.
    """

    bands: tuple[str, ...]
    gsd_m: float
    gain: tuple[float, ...]
    offset: tuple[float, ...]
    clip: tuple[float, ...]
    dark_floor: int
    shadow_level: int
    white_fill: bool
    cloudy: bool
    effective_bits: float


def seen(codes: U8) -> BoolArray:
    """Whether each pixel shows the ground."""
    return np.asarray(_SEEN_LUT[codes])


def shares(counts: npt.NDArray[np.integer]) -> dict[str, float]:
    """Share of each code, by its name in lower case, from pixel counts by code (`numpy.bincount`)."""
    total = max(1, int(counts.sum()))
    return {code.name.lower(): round(int(counts[code]) / total, 4) for code in Code}


def count(codes: U8) -> npt.NDArray[np.int64]:
    """Pixels of each code, shape (8,): whole numbers, so that windows add up."""
    return np.bincount(codes.ravel(), minlength=len(Code)).astype(np.int64)


def usable_share(told: Mapping[str, float]) -> float:
    """Share of what is seen, of the shares per code."""
    return round(1.0 - sum(told[code.name.lower()] for code in UNSEEN), 4)


# --- the scene -----------------------------------------------------------------------------------


def sample_windows(shape: tuple[int, int]) -> list[Window]:
    """At most 4 × 4 patches spread evenly over a grid, anchored to it alone.

    Each lies well inside a cell of 256 px: blocks of a file are as large or half as large, and a patch across their
    edges costs up to nine times the decoding.
    """
    spans: list[list[tuple[int, int]]] = []
    for length in shape:
        inset = CELL_PX if length > 2 * _LATTICE_PX else 0
        last = -(-length // _LATTICE_PX) - 1
        cells = np.unique(np.linspace(0, last, MAX_SAMPLES_PER_SIDE).round().astype(int)).tolist()
        starts = [cell * _LATTICE_PX + inset for cell in cells]
        side = _LATTICE_PX - 2 * inset
        spans.append([(start, min(side, length - start)) for start in starts if start < length])
    return [Window(row, col, height, width) for row, height in spans[0] for col, width in spans[1]]


def scene_statistics(reader: GridReader, threads: int = 1) -> SceneStatistics:
    """Look at evenly spread patches of a scene; their number is bounded, so the cost does not grow with it.

    Args:
        reader: The scene on the grid on which it will be classified (about 1 m).
        threads: Patches that are read at once; does not change the result.
    """
    windows = sample_windows(reader.grid.shape)
    with ThreadPoolExecutor(threads) as pool:
        patches = list(pool.map(reader.read, windows))
    return statistics_of(patches, corners(reader), reader.bands, float(np.sqrt(np.prod(reader.grid.gsd_m()))))


def statistics_of(
    patches: Sequence[Patch], corners: Sequence[Patch], bands: tuple[str, ...], gsd_m: float
) -> SceneStatistics:
    """Statistics of patches that are read already; see `scene_statistics`.

    Args:
        patches: Values (band, y, x) and validity (y, x) of each patch.
        corners: The same of the corners of the file.
        bands: Names of the bands.
        gsd_m: Pixel size of the patches, m.
    """
    sampled = np.concatenate([v[:, ::2, ::2][:, valid[::2, ::2]] for v, valid in patches], axis=1)
    gain, offset, clip = _display_scale(sampled)
    draft = SceneStatistics(bands, gsd_m, gain, offset, clip, 0, 0, False, False, _effective_bits(sampled))
    if sampled.shape[1] == 0:
        return draft
    grey = _display(sampled[:, None, :: max(1, sampled.shape[1] // 200_000)], draft)[:3].mean(axis=0)
    low, high = np.percentile(grey, [0.5, 99.0])
    looks = [_look(_display(values, draft), valid, draft)[0] for values, valid in patches]
    told = replace(
        draft,
        dark_floor=_dark_floor(looks, draft),
        shadow_level=int(low + _SHADOW_SHARE * (high - low)),
        white_fill=any(_is_white(*corner, draft) for corner in corners),
    )
    hidden = [(_areas(planes, told)[0] > 0).mean() for planes in looks]
    return replace(told, cloudy=float(np.mean(hidden)) >= _CLOUDY_SHARE)


def _display_scale(sampled: Values) -> tuple[tuple[float, ...], ...]:
    """(gain, offset, clip) per band: 8 bit as it is, anything else from its 0.1 and 99.8 % quantiles."""
    bands = sampled.shape[0]
    if sampled.dtype == np.uint8 or sampled.shape[1] == 0:
        return (1.0,) * bands, (0.0,) * bands, (float(kernels.CLIPPED),) * bands
    low, high = np.percentile(sampled.astype(np.float64), [0.1, 99.8], axis=1)
    gain = (_HIGH - _LOW) / np.maximum(high - low, 1e-6)
    top = sampled.max(axis=1)
    # Values that pile up at the largest one are clipped; a smooth tail is not.
    piled = (sampled == top[:, None]).mean(axis=1) > 5e-4
    clip = np.where(piled & (high > low), top, np.inf).astype(np.float64)
    return tuple(gain.tolist()), tuple((_LOW - gain * low).tolist()), tuple(clip.tolist())


def _effective_bits(sampled: Values) -> float:
    """Binary logarithm of the number of different values between the 0.5 and 99.5 % quantiles, poorest band."""
    if sampled.shape[1] == 0:
        return 0.0
    found = []
    for band in sampled:
        whole = band.dtype in (np.uint8, np.uint16)
        pixels = np.bincount(band) if whole else np.unique(band, return_counts=True)[1]
        pixels = pixels[pixels > 0]
        below = np.cumsum(pixels) / band.size
        found.append(np.log2(max(1, int(((below >= 0.005) & (below <= 0.995)).sum()))))
    return round(float(min(found)), 2)


def _dark_floor(looks: Sequence[npt.NDArray[np.int32]], statistics: SceneStatistics) -> int:
    """The dark channel of the clearest tenth of the patches: the least of any band over 56 m, without the lowest."""
    box = _box(_radius(_DARK_M / 2, statistics, 3))
    darkest = [cv2.erode(planes[kernels.DARKEST].astype(np.uint8), box)[planes[kernels.COUNT] > 0] for planes in looks]
    return int(np.percentile(np.concatenate(darkest), 10))


def corners(reader: GridReader) -> list[Patch]:
    """The four corners of the file: rotated scenes and ragged mosaics do not reach all of theirs."""
    scene = reader.scene
    height, width = scene.level.shape
    side = min(32, height, width)
    found = (scene.read(row, col, side, side) for row in (0, height - side) for col in (0, width - side))
    return [(values, mask > 0) for values, mask in found]


def _is_white(values: Values, valid: BoolArray, statistics: SceneStatistics) -> bool:
    return bool(valid.all() and _display(values, statistics).min() >= kernels.CLIPPED - 3)


# --- the pixels ----------------------------------------------------------------------------------


def classify(values: Values, valid: BoolArray, statistics: SceneStatistics) -> U8:
    """The code of each pixel of a window.

    Args:
        values: Values (band, y, x) in the file's type, in the order of `statistics.bands`. The window begins at a
            multiple of `CELL_PX` of the grid and has `HALO_PX` around what is kept, except at the grid's edge.
        valid: Declared validity, (y, x).
        statistics: Of the scene, on the same grid.

    Returns:
        Codes (y, x), see `Code`.
    """
    mask = valid.view(np.uint8)
    planes, flags, steps = _look(_display(values, statistics), valid, statistics)
    area, wet = _areas(planes, statistics)
    out = np.empty(valid.shape, np.uint8)
    codes = (int(Code.NODATA), int(Code.SHADOW), int(Code.WATER), int(Code.VEGETATION))
    kernels.write_codes(mask, flags, _shadow(flags, steps), area, _fill(planes, statistics), wet, codes, out)
    return out


def read_codes(reader: GridReader, window: Window, statistics: SceneStatistics) -> U8:
    """Codes (y, x) of a window of a reader's grid, read with its halo. The window begins at a multiple of `CELL_PX`."""
    outer = window.grown(HALO_PX, reader.grid.shape)
    rows, cols = window.inside(outer)
    return classify(*reader.read(outer), statistics)[rows, cols]


def _display(values: Values, statistics: SceneStatistics) -> U8:
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values, np.uint8)
    out = np.empty(values.shape, np.uint8)
    gain, offset, clip = (np.array(v, np.float32) for v in (statistics.gain, statistics.offset, statistics.clip))
    kernels.to_display(np.nan_to_num(values), gain, offset, clip, out)
    return out


def _look(shown: U8, valid: BoolArray, statistics: SceneStatistics) -> tuple[npt.NDArray[np.int32], U8, U8]:
    """Planes of the cells, colour flags and steps (range over 3 × 3) of the pixels."""
    shape = valid.shape
    bands = statistics.bands
    coloured = {"red", "green", "blue"} <= set(bands)
    order = [bands.index(name) for name in ("red", "green", "blue")] if coloured else [0, 0, 0]
    rgb = shown if order == [0, 1, 2] else shown[order]
    kind = kernels.GREY if not coloured else kernels.COLOUR_NIR if "nir" in bands else kernels.COLOUR
    nir = shown[bands.index("nir")] if kind == kernels.COLOUR_NIR else shown[0]
    luminance, lowest, flags = (np.empty(shape, np.uint8) for _ in range(3))
    kernels.colours(rgb, nir, kind, statistics.shadow_level, luminance, lowest, flags)
    square = np.ones((3, 3), np.uint8)
    crest = cv2.dilate(luminance, square)
    steps = cv2.subtract(crest, cv2.erode(luminance, square))
    wide = np.ones((_WIDE_PX, _WIDE_PX), np.uint8)
    rise = cv2.subtract(cv2.dilate(luminance, wide), cv2.erode(luminance, wide))
    # A step onto pixels without data is no edge of anything on the ground.
    if not valid.all():
        steps[cv2.dilate((~valid).view(np.uint8), square) > 0] = 0
    planes = np.empty((kernels.PLANES, -(-shape[0] // CELL_PX), -(-shape[1] // CELL_PX)), np.int32)
    kernels.cells(valid.view(np.uint8), luminance, lowest, flags, steps, rise, crest, planes)
    return planes, flags, steps


def _radius(metres: float, statistics: SceneStatistics, most: int) -> int:
    """Cells that a distance takes, at least one, at most what the halo allows."""
    return int(np.clip(round(metres / (CELL_PX * statistics.gsd_m)), 1, most))


def _box(radius: int) -> U8:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)


def _box_sum(values: npt.NDArray[np.generic], box: U8) -> npt.NDArray[np.int32]:
    counts = np.ascontiguousarray(values, np.int16)
    return np.asarray(
        cv2.boxFilter(counts, cv2.CV_32S, box.shape[::-1], normalize=False, borderType=cv2.BORDER_CONSTANT), np.int32
    )


def _areas(planes: npt.NDArray[np.int32], statistics: SceneStatistics) -> tuple[U8, BoolArray]:
    """Code of the cells whose area is unseen (else 0), and the cells that lie in smooth water."""
    known = np.maximum(planes[kernels.COUNT], 1)
    mean = planes[kernels.MEAN].astype(np.uint8)
    # Bright and colourless all over, the darkest pixel of the cell included.
    rise = planes[kernels.DARKEST] - statistics.dark_floor
    veiled = (rise >= _VEIL) & (planes[kernels.PALE_PX] * 10 >= known * 9)
    soft = veiled & _soft_rim(planes, veiled.view(np.uint8), rise, statistics)
    # The bright cells around decide together, so that neither a roof nor a cloud is torn.
    vote = _box(_VOTE_CELLS)
    soft = veiled & (5 * _box_sum(soft, vote) >= 2 * _box_sum(veiled, vote))
    area = np.zeros(mean.shape, np.uint8)
    area[soft] = Code.HAZE
    area[soft & (mean >= _CLOUD)] = Code.CLOUD
    reach = _box(_radius(_REACH_M, statistics, _REACH_CELLS))
    white = planes[kernels.WHITE_PX] * 10 >= known * 9
    inside = statistics.cloudy & (cv2.erode(veiled.view(np.uint8), reach) > 0)
    area[white & (soft | inside)] = Code.SATURATED
    smooth = cv2.dilate((planes[kernels.EDGES] >= 2).astype(np.uint8), _box(1)) == 0
    wet = (planes[kernels.WET_PX] * 10 >= known * 6) & smooth
    wet = cv2.morphologyEx(wet.view(np.uint8), cv2.MORPH_OPEN, _box(1))
    return area, cv2.dilate(wet, _box(2)) > 0


def _soft_rim(
    planes: npt.NDArray[np.int32], veiled: U8, rise: npt.NDArray[np.int32], statistics: SceneStatistics
) -> BoolArray:
    """Whether what is bright around a cell ends softly, as cloud does, and not at an edge, as roofs and yards do.

    Looked at are the cells just outside the bright area, within `_REACH_M`: a cloud fades, so that even their darkest
    pixel is veiled and few of their pixels are sharp edges that drop from the brightness of the cloud. Where no rim
    is in reach, cloud is what varies without a single edge; what is uniform may as well be a very large roof.
    """
    reach = _box(_radius(_REACH_M, statistics, _REACH_CELLS))
    rim = (cv2.dilate(veiled, _box(1)) > veiled) & (planes[kernels.COUNT] > 0)
    cells = _box_sum(rim, reach)
    faded = _box_sum(rim & (rise >= _FADING), reach)
    # An edge that runs along the cells' own boundary lies half inside and half outside.
    band = rim | (veiled > cv2.erode(veiled, _box(1)))
    edges = _box_sum(np.where(band, planes[kernels.BRIGHT_EDGES], 0), reach)
    wide = _box_sum(veiled, reach) >= _LEAST_CELLS
    if not statistics.cloudy:
        return wide & (cells > 0) & (edges < _EDGES_A_CELL * cells) & (5 * faded >= 3 * cells)
    ends_softly = (edges < 2 * _EDGES_A_CELL * cells) & (5 * faded >= 2 * cells)
    mean = planes[kernels.MEAN].astype(np.uint8)
    varied = cv2.subtract(cv2.dilate(mean, reach), cv2.erode(mean, reach)) >= _VARIED
    plain = _box_sum(planes[kernels.EDGES], reach) < reach.size
    dim = (mean < _CLOUD) & (2 * _box_sum(planes[kernels.BRIGHT_EDGES], reach) < reach.size)
    inner = varied & (plain | dim)
    return wide & np.where(cells > 0, ends_softly, inner)


def _fill(planes: npt.NDArray[np.int32], statistics: SceneStatistics) -> U8:
    """Which colour is undeclared nodata around each cell: black or (where the scene is known for it) white, or none."""
    known = planes[kernels.COUNT]
    out = np.zeros(known.shape, np.uint8)
    for plane, flag, radius, possible in (
        (kernels.BLACK_PX, kernels.BLACK, 0, True),
        (kernels.WHITE_PX, kernels.WHITE, 2, statistics.white_fill),
    ):
        if possible:
            # Cells without any data stand for what surrounds the scene: fill lies against it.
            full = (planes[plane] == known).astype(np.uint8)
            whole = cv2.morphologyEx(full, cv2.MORPH_OPEN, _box(radius)) if radius else full
            out[cv2.dilate(whole, _box(1)) > 0] = flag
    return out


def _shadow(flags: U8, steps: U8) -> U8:
    """Deep shadow: dark, without light of its own colour, flat, and at least three pixels wide."""
    dark = ((flags & kernels.DARK) > 0) & (steps < kernels.EDGE)
    return np.asarray(cv2.morphologyEx(dark.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
