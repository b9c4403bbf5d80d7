"""What two images show of one known outline, in figures: each can be checked by hand on a drawn picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import geometry_mask
from scipy.ndimage import map_coordinates

from geodata.crs import CRS84, transform_xy
from geodata.detect.cascade import fill_unseen
from geodata.detect.windows import BoolArray, WindowPixels, WindowPlan, doubled
from geodata.grid import Grid, Window
from geodata.verify.comparison import Eyes

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

AROUND_PX = 96
"""So much around a structure the networks see."""
_HALO_PX, _LATTICE_PX = 128, 16
_LEAST_CORE_PX = 24
_RING_PX, _BESIDE_PX = (4, 14), (2, 6)
_LIMIT = 800
_REACH_PX = 6
_NEAR_PX = 2
_LEAST_SIDE_PX = 6.0
_SHIFT_PX = 2
CELL_M = 5.0
_MOST_CELLS, _LEAST_CELL_PX = 6, 16


@dataclass(frozen=True)
class Measures:
    """What two images show of an outline.

    Args:
        seen_share: Share of it that both images usably show.
        change: Mean log-odds of the change network that what stood here disappeared, over the core of the outline.
        roof_earlier: Mean log-odds of the roof network in the earlier image.
        roof_later: The same in the later image.
        likeness: Correlation of the brightness of both dates on and around it, at the best shift of 2 px, -1 to 1.
        recoloured: How much further the mean colour of the outline moved than that of the ground around it, 0 to 255.
        outline_earlier: Step of brightness across the outline, mean over its straight sides, 0 to 255.
        outline_later: The same in the later image.
        shadow_earlier: How much darker the darkest side just outside it is than what lies around, 0 to 255.
        shadow_later: The same in the later image.
        green_later: Share of the core that is green in the later image.
        soil_later: Share of the core that looks like bare soil in the later image.
        soil_around: Share of the ground 1 to 3 m outside the outline that does.
        vivid_later: Share of the core of a colour that ground seldom has: a blue or red sheet, a net.
        texture_later: Mean edge strength within the core in the later image.
    """

    seen_share: float
    change: float
    roof_earlier: float
    roof_later: float
    likeness: float
    recoloured: float
    outline_earlier: float
    outline_later: float
    shadow_earlier: float
    shadow_later: float
    green_later: float
    soil_later: float
    soil_around: float
    vivid_later: float
    texture_later: float


MEASURE_NAMES = tuple(field.name for field in fields(Measures))


@dataclass(frozen=True)
class Cell:
    """A part of an outline, some 5 m wide.

    Args:
        share: Its share of the usable pixels of the outline.
        centre: Its centre, px of the window, column first.
        change: As of the whole outline.
        roof_earlier: Likewise.
        roof_later: Likewise.
        likeness: Likewise, at the shift of the whole outline.
        recoloured: Likewise, against the ground around the whole outline.
    """

    share: float
    centre: tuple[float, float]
    change: float
    roof_earlier: float
    roof_later: float
    likeness: float
    recoloured: float


@dataclass(frozen=True)
class Seen:
    """One outline in both images.

    Args:
        measures: The figures of the whole.
        cells: The same of its parts.
        window: Where the window that was looked at lies on the grid.
    """

    measures: Measures
    cells: tuple[Cell, ...]
    window: Window


def local(outline: shapely.Geometry, grid: Grid) -> shapely.Geometry:
    """A CRS84 geometry in pixels of a grid, column first, (0, 0) its upper left corner."""

    def placed(points: F64) -> F64:
        x, y = transform_xy(CRS84, grid.crs, *points.T)
        return np.column_stack(~grid.transform @ (x, y))

    return shapely.transform(outline, placed)


def window_of(shape: shapely.Geometry, grid: Grid, around_px: int) -> Window | None:
    """The window of an outline in pixels with what lies around it; None where it lies outside the grid."""
    left, top, right, bottom = shape.bounds
    if right <= 0 or bottom <= 0 or left >= grid.width or top >= grid.height:
        return None
    row, col = max(0, math.floor(top) - around_px), max(0, math.floor(left) - around_px)
    row, col = row // _LATTICE_PX * _LATTICE_PX, col // _LATTICE_PX * _LATTICE_PX
    stop_row = min(grid.height, math.ceil(bottom) + around_px)
    stop_col = min(grid.width, math.ceil(right) + around_px)
    return Window(row, col, stop_row - row, stop_col - col)


def rastered(shape: shapely.Geometry, window: Window) -> BoolArray:
    """The pixels of a window whose centre lies in a shape that is given in pixels of the grid."""
    from affine import Affine

    size = window.height, window.width
    return np.asarray(geometry_mask([shape], size, Affine.translation(window.col, window.row), invert=True))


def core_of(mask: BoolArray) -> BoolArray:
    """An outline's pixels without a rim of two or one pixels; all of them where too little would remain."""
    for edge in (2, 1):
        kernel = np.ones((2 * edge + 1,) * 2, np.uint8)
        inner = cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0).astype(bool)
        if inner.sum() >= _LEAST_CORE_PX:
            return np.asarray(inner)
    return mask


def measured(plan: WindowPlan, outline: shapely.Geometry, eyes: Eyes) -> Seen | None:
    """Measure an outline in two images.

    Args:
        plan: The pair of images.
        outline: Polygon in CRS84, placed as the earlier image shows the structure.
        eyes: The networks.

    Returns:
        The figures; None where the outline does not lie in both images, or neither shows a pixel of it.
    """
    shape = local(outline, plan.grid)
    outer = window_of(shape, plan.grid, AROUND_PX + _HALO_PX)
    part = window_of(shape, plan.grid, AROUND_PX)
    if outer is None or part is None:
        return None
    pixels = WindowPixels(plan, outer)
    pixels.fetch(outer)
    before, after, valid = pixels.fine(part)
    whole = doubled(pixels.valid, (outer.height, outer.width))
    seen = whole[part.inside(outer)] & valid
    mask = rastered(shape, part)
    total = shape.area
    if total <= 0 or not (mask & seen).any():
        return None
    # what lies beyond the edge of the grid is not seen either
    seen_share = float(min(1.0, (mask & seen).sum() / max(total, 1.0)))
    core = core_of(mask) & seen
    if not core.any():
        return None
    change, roofs = _network(before, after, valid, plan.grid.pixel_size[0], eyes)
    figures, at = _figures((before, after), core, mask, seen, shape, part)
    told = Measures(
        seen_share=seen_share,
        change=float(change[core].mean()),
        roof_earlier=float(roofs[0][core].mean()),
        roof_later=float(roofs[1][core].mean()),
        **figures,
    )
    layers = _Layers(change, roofs, _flat(before), np.roll(_flat(after), at, axis=(0, 1)), _moved_colour(before, after))
    side_px = max(6.0, CELL_M / plan.grid.pixel_size[0])
    return Seen(told, _cells(layers, mask & seen, mask, side_px), part)


def _network(before: U8, after: U8, valid: BoolArray, gsd_m: float, eyes: Eyes) -> tuple[F32, tuple[F32, F32]]:
    """Log-odds per pixel, natural units: disappeared; a roof, earlier and later."""
    dates = np.stack([_three(before), _three(after)])
    fill_unseen(dates, valid)
    gone = eyes.change.network.points(dates[0], dates[1], gsd_m)[1]
    roofs = (eyes.roofs.network.points(date, date, gsd_m)[0] for date in dates)
    first, second, third = (np.clip(p, -_LIMIT, _LIMIT).astype(np.float32) / 100 for p in (gone, *roofs))
    return first, (second, third)


def _three(picture: U8) -> U8:
    """Three bands for the networks: colours, or one band thrice."""
    return picture[:3] if picture.shape[0] >= 3 else np.repeat(picture[:1], 3, axis=0)


def _grey(picture: U8) -> F32:
    r, g, b = _three(picture).astype(np.float32)
    return np.asarray(0.299 * r + 0.587 * g + 0.114 * b, np.float32)


def _figures(
    dates: tuple[U8, U8], core: BoolArray, mask: BoolArray, seen: BoolArray, shape: shapely.Geometry, part: Window
) -> tuple[dict[str, float], tuple[int, int]]:
    """Everything but the networks, and the best shift of the later picture."""
    greys = _grey(dates[0]), _grey(dates[1])
    ring = _ring(mask) & seen
    own = shapely.transform(shape, lambda points: points - (part.col, part.row))
    outlines = [step_across(grey, own, seen) for grey in greys]
    later = _three(dates[1]).astype(np.float32)
    green, soil, vivid = _looks(later)
    beside = _ring(mask, _BESIDE_PX) & seen
    shadows = [shadow_beside(grey, mask) for grey in greys]
    edges = np.hypot(cv2.Sobel(greys[1], cv2.CV_32F, 1, 0), cv2.Sobel(greys[1], cv2.CV_32F, 0, 1)) / 8
    wide = cv2.dilate(mask.view(np.uint8), np.ones((9, 9), np.uint8)) > 0
    alike, at = likeness(greys[0], greys[1], wide, seen)
    return {
        "likeness": alike,
        "recoloured": _recoloured(dates, core, ring),
        "outline_earlier": outlines[0],
        "outline_later": outlines[1],
        "shadow_earlier": shadows[0],
        "shadow_later": shadows[1],
        "green_later": float(green[core].mean()),
        "soil_later": float(soil[core].mean()),
        "soil_around": float(soil[beside].mean()) if beside.any() else 0.0,
        "vivid_later": float(vivid[core].mean()),
        "texture_later": float(edges[core].mean()),
    }, at


def _ring(mask: BoolArray, between: tuple[int, int] = _RING_PX) -> BoolArray:
    inner, outer = (
        cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)).astype(bool) for reach in between
    )
    return np.asarray(outer & ~inner)


def _recoloured(dates: tuple[U8, U8], core: BoolArray, ring: BoolArray) -> float:
    moved = _moved_colour(*dates)
    own = moved[:, core].mean(axis=1)
    around = moved[:, ring].mean(axis=1) if ring.any() else np.zeros(3)
    return float(np.linalg.norm(own - around) / math.sqrt(3))


def _moved_colour(before: U8, after: U8) -> F32:
    return np.asarray(_three(after).astype(np.float32) - _three(before), np.float32)


def _flat(picture: U8) -> F32:
    """Brightness without broad differences of light."""
    grey = _grey(picture)
    return np.asarray(grey - cv2.blur(grey, (25, 25)), np.float32)


@dataclass(frozen=True)
class _Layers:
    """What cells are measured on, each (y, x) but the colour (3, y, x)."""

    change: F32
    roofs: tuple[F32, F32]
    earlier: F32
    later: F32
    colour: F32


def _cells(layers: _Layers, usable: BoolArray, mask: BoolArray, side_px: float) -> tuple[Cell, ...]:
    """The outline cut along and across its longer side."""
    rows, cols = np.nonzero(usable)
    if rows.size < _LEAST_CELL_PX:
        return ()
    (x, y), size, angle = cv2.minAreaRect(np.column_stack(np.nonzero(mask)[::-1]).astype(np.float32))
    turn = math.radians(angle)
    dx, dy = cols - x, rows - y
    places = []
    for distance, length in ((dx * math.cos(turn) + dy * math.sin(turn), size[0]), (dy * math.cos(turn) - dx * math.sin(turn), size[1])):
        count = min(_MOST_CELLS, max(1, int(length // side_px)))
        places.append(np.clip(((distance / max(length, 1) + 0.5) * count).astype(int), 0, count - 1))
    number = places[0] * _MOST_CELLS + places[1]
    ring = _ring(mask)
    around = layers.colour[:, ring].mean(axis=1) if ring.any() else np.zeros(3)
    found = []
    for one in np.unique(number):
        at = rows[number == one], cols[number == one]
        if at[0].size < _LEAST_CELL_PX:
            continue
        own = layers.colour[:, at[0], at[1]].mean(axis=1)
        found.append(
            Cell(
                at[0].size / rows.size,
                (float(at[1].mean()), float(at[0].mean())),
                float(layers.change[at].mean()),
                float(layers.roofs[0][at].mean()),
                float(layers.roofs[1][at].mean()),
                _correlation(layers.earlier[at], layers.later[at]),
                float(np.linalg.norm(own - around) / math.sqrt(3)),
            )
        )
    return tuple(found)


def _correlation(first: F32, second: F32) -> float:
    spread = float(first.std() * second.std())
    return 0.0 if spread < 1e-3 else float(((first - first.mean()) * (second - second.mean())).mean() / spread)


def _looks(rgb: F32) -> tuple[BoolArray, BoolArray, BoolArray]:
    """(green as plants or nets are, bare soil, vivid) per pixel of normalised colours."""
    r, g, b = rgb
    total = np.maximum(r + g + b, 1)
    green = (2 * g - r - b) / total > 0.05
    spread = np.max(rgb, axis=0) - np.min(rgb, axis=0)
    # soil is brown: green lies well between red and blue; tiles are redder
    soil = ((r - b) / total > 0.04) & (g - b > 0.4 * (r - b)) & ~green
    vivid = (spread / np.maximum(np.max(rgb, axis=0), 1) > 0.30) & ~soil
    return green, soil, vivid


def likeness(first: F32, second: F32, mask: BoolArray, seen: BoolArray) -> tuple[float, tuple[int, int]]:
    """Largest correlation of two pictures over a mask, the second moved by up to 2 px each way, and that move (y, x).

    Broad differences of light are taken off first: a box mean of 25 px.
    """
    flat = [grey - cv2.blur(grey, (25, 25)) for grey in (first, second)]
    usable = mask & seen
    if usable.sum() < _LEAST_CORE_PX:
        return 0.0, (0, 0)
    moves = range(-_SHIFT_PX, _SHIFT_PX + 1)
    tried = {
        (dy, dx): _correlation(flat[0][usable], np.roll(flat[1], (dy, dx), axis=(0, 1))[usable])
        for dy in moves
        for dx in moves
    }
    best = max(tried, key=lambda move: tried[move])
    return tried[best], best


def shadow_beside(grey: F32, mask: BoolArray) -> float:
    """How much darker the darkest side just outside an outline is than what lies around it.

    What stands throws a shadow to one side, wherever the sun is. Of sixteen directions each gives a strip: the outline
    moved by 4 px, without the outline moved by 1 px.
    """
    reach = 6
    padded = np.pad(mask, reach).astype(np.uint8)
    ring = _ring(mask)
    if not ring.any():
        return 0.0
    around = float(np.median(grey[ring]))
    darkest = 0.0
    for angle in np.arange(16) * (math.pi / 8):
        near, far = (_moved(padded, angle, by) for by in (1, 4))
        strip = (far & ~near & ~padded.astype(bool))[reach:-reach, reach:-reach]
        if strip.sum() >= _LEAST_CORE_PX // 2:
            darkest = max(darkest, around - float(grey[strip].mean()))
    return darkest


def _moved(mask: U8, angle: float, by: float) -> BoolArray:
    dx, dy = round(by * math.cos(angle)), round(by * math.sin(angle))
    return np.asarray(np.roll(mask, (dy, dx), axis=(0, 1)), bool)


def step_across(grey: F32, outline: shapely.Geometry, seen: BoolArray) -> float:
    """Step of brightness across an outline: its sides averaged along themselves, so that only straight edges remain.

    Of each side a profile across it is taken, from 6 px inside to 6 px outside, mean along the side; the side counts
    with its largest step between neighbours within 2 px of the outline. A rough edge smears out, a straight one stays.

    Args:
        grey: The picture, shape (y, x).
        outline: Polygon in pixels of the picture.
        seen: Where the picture is usable.

    Returns:
        Mean over the sides, weighted by their lengths, 0 to 255; 0 where no side is long enough.
    """
    total = weight = 0.0
    for start, stop in _sides(outline):
        along = stop - start
        length = float(np.hypot(*along))
        if length < _LEAST_SIDE_PX:
            continue
        step = along / length
        normal = np.array([-step[1], step[0]])
        places = start + np.linspace(0.15, 0.85, max(4, int(length)))[:, None] * along
        offsets = np.arange(-_REACH_PX, _REACH_PX + 1)
        points = places[:, None, :] + offsets[None, :, None] * normal - 0.5
        at = np.stack([points[..., 1], points[..., 0]])
        known = map_coordinates(seen.astype(np.float32), at, order=0, cval=0.0) > 0.5
        values = map_coordinates(grey, at, order=1, mode="nearest")
        lines = known.all(axis=1)
        if lines.sum() < 3:
            continue
        profile = np.median(values[lines], axis=0)
        steps = np.abs(profile[2:] - profile[:-2])
        middle = offsets[1:-1]
        total += length * float(steps[np.abs(middle) <= _NEAR_PX].max())
        weight += length
    return total / weight if weight else 0.0


def _sides(outline: shapely.Geometry) -> list[tuple[F64, F64]]:
    found = []
    for polygon in shapely.get_parts(outline):
        ring = np.asarray(polygon.simplify(0.7).exterior.coords)
        found += list(zip(ring[:-1], ring[1:], strict=True))
    return found
