"""Tie points: where a patch of the first date lies in the second.

Phase correlation (Kuglin and Hines 1975) of pictures of edge direction (orientation correlation, Fitch et al. 2002,
with the angle doubled so that an edge counts the same whether its bright side changed or not). Seasons, sun and
contrast change how strong edges are and which side is bright, hardly where they run.

Coarse to fine: the correlation surfaces of all patches together give the shift of the scene; those of a patch's
neighbours, without the patch itself, tell where to look for its own peak. A weak peak far from what the
neighbourhood shows is never found, and a point still says nothing about itself but what its own pixels say.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from geodata.pairing.patches import PATCH_PX, Block

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

MAX_SHIFT_PX = 44
"""Largest shift of the whole scene that is looked for, px along an axis."""
MIN_SCENE_PEAK = 9.0
"""Height of the scene's peak, in standard deviations of its surface: unrelated places reach 8.1."""
MIN_PEAK = 5.0
"""Height from which a patch's own peak is a tie point."""
_LOCAL_PX = 192
_SMALL_LOCAL_PX = 128
_SMALL_SCENE_PX = 640
_REACH_PX = 24
_FIELD_RADIUS = 8
_OWN_RADIUS = 3
_PEAK_SIGMA = 1.5
_NEIGHBOURS = 2
_MIN_VALID = 0.6


@dataclass(frozen=True)
class Ties:
    """Tie points, each member of shape (n,).

    Args:
        x: Column of the centre of the patch on the common grid, px.
        y: Row of the same.
        dx: The content lies this many columns further right in the second date.
        dy: Likewise downwards.
        confidence: Height of the correlation peak in standard deviations of its surface.
        row: Row of the patch among the patches.
        col: Column of the same.
    """

    x: F64
    y: F64
    dx: F64
    dy: F64
    confidence: F64
    row: F64
    col: F64

    @classmethod
    def none(cls) -> Ties:
        """No tie points."""
        return cls(*(np.empty(0) for _ in cls.__dataclass_fields__))

    def where(self, keep: BoolArray) -> Ties:
        """Some of the points."""
        return Ties(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class TieSearch:
    """What looking for tie points gave.

    Args:
        ties: The points found.
        scene_px: (dx, dy) of the whole scene.
        scene_peak: Height of the scene's peak in standard deviations of its surface.
        spacing_px: Distance of neighbouring patches, px.
    """

    ties: Ties
    scene_px: tuple[float, float]
    scene_peak: float
    spacing_px: float


def edge_directions(values: npt.NDArray[np.generic], valid: BoolArray) -> F32:
    """Direction of the edges as a complex picture (y, x, 2), the angle doubled, strong edges of like weight.

    Args:
        values: Shape (band, y, x).
        valid: Shape (y, x); beside what is not valid the picture is zero.
    """
    grey = values.sum(axis=0, dtype=np.float32) / len(values) if len(values) > 1 else values[0].astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 1.0)
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    energy = gx * gx + gy * gy
    typical = float(np.median(energy[::4, ::4])) + 1e-3
    weight = 1.0 / (energy + typical)
    # What is as faint as the rounding of the blur is no edge: a flat scene must stay flat.
    weight[energy <= (1e-4 * float(np.abs(grey).max())) ** 2] = 0
    if not valid.all():
        weight[cv2.dilate((~valid).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0] = 0
    picture = np.empty((*grey.shape, 2), np.float32)
    np.multiply(gx * gx - gy * gy, weight, out=picture[..., 0])
    np.multiply(gx * gy, 2 * weight, out=picture[..., 1])
    return picture


@cache
def _taper(side: int) -> F32:
    ramp = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2
    return np.repeat(np.outer(ramp, ramp)[:, :, None], 2, axis=2).astype(np.float32)


@cache
def _low_pass(side: int) -> F32:
    ramp = np.exp(-2 * (np.pi * np.fft.fftfreq(side) * _PEAK_SIGMA) ** 2)
    return np.outer(ramp, ramp).astype(np.float32)


def correlation(before: F32, after: F32) -> F32:
    """Phase correlation surface of two square pictures, zero shift in the middle, in its standard deviations."""
    side = before.shape[0]
    first, second = cv2.dft(before * _taper(side)), cv2.dft(after * _taper(side))
    cross = cv2.mulSpectrums(second, first, 0, conjB=True)
    # Not cv2.magnitude: its last bit depends on where the array lies in memory, and so would the field.
    strength = np.sqrt(cross[..., 0] ** 2 + cross[..., 1] ** 2)
    weight = _low_pass(side) / (strength + (1e-3 * float(strength.mean()) + 1e-9))
    surface = cv2.dft(cross * weight[..., None], flags=cv2.DFT_INVERSE)[..., 0]
    spread = float(surface.std())
    if spread < 1e-6:
        return np.zeros((side, side), np.float32)
    return np.asarray(np.fft.fftshift(surface) / spread, np.float32)


def find_peak(surface: F32, centre: tuple[float, float], radius: int) -> tuple[float, float, float]:
    """(dx, dy, height) of the highest point near `centre` (dx, dy), to a fraction of a pixel.

    The peak is as wide as the low pass made it: a Gaussian through three values has its top between them.
    """
    middle = surface.shape[0] // 2
    row, col = (int(np.clip(middle + round(c), radius + 1, 2 * middle - radius - 2)) for c in centre[::-1])
    part = surface[row - radius : row + radius + 1, col - radius : col + radius + 1]
    i, j = (int(v) for v in np.unravel_index(int(part.argmax()), part.shape))
    row, col = row - radius + i, col - radius + j
    height = float(surface[row, col])
    dx = col - middle + _between(*surface[row, col - 1 : col + 2])
    dy = row - middle + _between(*surface[row - 1 : row + 2, col])
    on_edge = i in (0, 2 * radius) or j in (0, 2 * radius)
    return dx, dy, 0.0 if on_edge else height


def _between(low: float, top: float, high: float) -> float:
    """Place of the top of a Gaussian through three values one pixel apart, -0.5 to 0.5."""
    if min(low, top, high) <= 0:
        return 0.0
    a, b, c = np.log([low, top, high])
    bend = a - 2 * b + c
    return 0.0 if bend >= 0 else float(np.clip((a - c) / (2 * bend), -0.5, 0.5))


@dataclass(frozen=True)
class _Pictures:
    """Edge directions of a block at both dates."""

    block: Block
    before: F32
    after: F32

    def pair(self, row: int, col: int, side: int, shift: tuple[int, int]) -> tuple[F32, F32] | None:
        """A patch of the first date and the same place, moved by `shift` (dx, dy), of the second."""
        core, window = self.block.core, self.block.window
        top, left = row - core.row, col - core.col
        seen = self.block.before_valid[top : top + side : 4, left : left + side : 4]
        if seen.mean() < _MIN_VALID:
            return None
        first = self.before[top : top + side, left : left + side]
        return first, _cut(self.after, row - window.row + shift[1], col - window.col + shift[0], side)


def _cut(picture: F32, top: int, left: int, side: int) -> F32:
    """A square of a picture; what lies outside is zero."""
    height, width = picture.shape[:2]
    if top >= 0 and left >= 0 and top + side <= height and left + side <= width:
        return picture[top : top + side, left : left + side]
    out = np.zeros((side, side, 2), np.float32)
    rows = slice(max(0, top), max(0, min(height, top + side)))
    cols = slice(max(0, left), max(0, min(width, left + side)))
    part = picture[rows, cols]
    if part.size:
        out[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left] = part
    return out


def _starts(length: int, side: int) -> list[int]:
    """Starts of patches that overlap by half and reach both ends."""
    count = max(1, round(2 * (length - side) / side) + 1) if length > side else 1
    return [round(v) for v in np.linspace(0, length - side, count)]


def find_ties(blocks: list[Block]) -> TieSearch:
    """Tie points of a pair.

    Args:
        blocks: See `read_blocks`: one block of any size, or patches of a large scene.
    """
    pictures = [
        _Pictures(b, edge_directions(b.before, b.before_valid), edge_directions(b.after, b.after_valid)) for b in blocks
    ]
    dx, dy, peak = _scene_shift(pictures)
    whole = round(dx), round(dy)
    places = _local_places(blocks)
    surfaces: dict[tuple[int, int], F32] = {}
    for place, (index, row, col, side) in places.items():
        pair = pictures[index].pair(row, col, side, whole)
        if pair is not None:
            reach = min(_REACH_PX, side // 2 - 1)
            middle = slice(side // 2 - reach, side // 2 + reach + 1)
            surfaces[place] = correlation(*pair)[middle, middle]
    found = _local_peaks(surfaces, (dx - whole[0], dy - whole[1]))
    rows = [
        (places[p][2] + places[p][3] / 2, places[p][1] + places[p][3] / 2, x + whole[0], y + whole[1], height, *p)
        for p, (x, y, height) in found.items()
        if height >= MIN_PEAK
    ]
    ties = Ties(*np.array(rows, np.float64).reshape(-1, 7).T)
    return TieSearch(ties, (dx, dy), peak, _spacing(places))


def _scene_shift(pictures: list[_Pictures]) -> tuple[float, float, float]:
    """Shift of the whole scene and the height of its peak: the sum of the surfaces of all patches."""
    side = min(PATCH_PX, *(min(p.block.core.height, p.block.core.width) for p in pictures))
    total: F32 = np.zeros((side, side), np.float32)
    for picture in pictures:
        core = picture.block.core
        for row in _starts(core.height, side):
            for col in _starts(core.width, side):
                pair = picture.pair(core.row + row, core.col + col, side, (0, 0))
                if pair is not None:
                    total += correlation(*pair)
    spread = float(total.std())
    if spread == 0:
        return 0.0, 0.0, 0.0
    return find_peak(np.asarray(total / spread, np.float32), (0.0, 0.0), min(MAX_SHIFT_PX, side // 2 - 2))


def _local_places(blocks: list[Block]) -> dict[tuple[int, int], tuple[int, int, int, int]]:
    """(row, column) of each patch among the patches -> (block, row, column, side) on the grid."""
    if len(blocks) > 1:
        return {b.place: (i, b.core.row, b.core.col, PATCH_PX) for i, b in enumerate(blocks)}
    core = blocks[0].core
    side = _SMALL_LOCAL_PX if min(core.height, core.width) <= _SMALL_SCENE_PX else _LOCAL_PX
    side = min(side, core.height, core.width) // 2 * 2
    return {
        (i, j): (0, core.row + row, core.col + col, side)
        for i, row in enumerate(_starts(core.height, side))
        for j, col in enumerate(_starts(core.width, side))
    }


def _spacing(places: dict[tuple[int, int], tuple[int, int, int, int]]) -> float:
    """Mean distance of neighbouring patches along the longer axis, px."""
    spans = []
    for axis in (0, 1):
        count = max(p[axis] for p in places)
        starts = [v[1 + axis] for v in places.values()]
        spans.append((max(starts) - min(starts)) / count if count else 0.0)
    return max(*spans, 64.0)


def _local_peaks(
    surfaces: dict[tuple[int, int], F32], scene: tuple[float, float]
) -> dict[tuple[int, int], tuple[float, float, float]]:
    """Peak of each surface: its own where it stands out by itself, else near where its neighbours point."""
    found = {}
    for place, surface in surfaces.items():
        around = _neighbourhood(surfaces, place)
        centre = find_peak(around, scene, _FIELD_RADIUS)[:2] if around is not None else scene
        found[place] = find_peak(surface, centre, _OWN_RADIUS)
    return found


def _neighbourhood(surfaces: dict[tuple[int, int], F32], place: tuple[int, int]) -> F32 | None:
    """Weighted sum of the surfaces around a place, without its own."""
    total: F32 | None = None
    for i in range(-_NEIGHBOURS, _NEIGHBOURS + 1):
        for j in range(-_NEIGHBOURS, _NEIGHBOURS + 1):
            other = surfaces.get((place[0] + i, place[1] + j)) if (i, j) != (0, 0) else None
            if other is not None:
                part = other * np.float32(np.exp(-0.28 * (i * i + j * j)))
                total = part if total is None else total + part
    return total
