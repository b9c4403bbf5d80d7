"""What two images show of one known outline, in figures: each can be checked by hand on a drawn picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np
import shapely
from rasterio.features import geometry_mask

from geodata.crs import CRS84, transform_xy
from geodata.detect.cascade import fill_unseen
from geodata.detect.windows import BoolArray, WindowPixels, WindowPlan, doubled
from geodata.grid import Grid, Window
from geodata.verify.comparison import Eyes
from geodata.verify.pictures import (
    BESIDE_PX,
    F32,
    F64,
    LEAST_PX,
    U8,
    around,
    brightness,
    correlation,
    likeness,
    looks_like,
    moved_colour,
    recoloured,
    shadow_beside,
    step_across,
    three_bands,
    without_light,
)

SEEN_AROUND_PX = 96
"""So much around a structure the networks see."""
_HALO_PX, _LATTICE_PX = 128, 16
_LIMIT = 800
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
        if inner.sum() >= LEAST_PX:
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
    outer = window_of(shape, plan.grid, SEEN_AROUND_PX + _HALO_PX)
    part = window_of(shape, plan.grid, SEEN_AROUND_PX)
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
    layers = _Layers(
        change,
        roofs,
        without_light(before),
        np.roll(without_light(after), at, axis=(0, 1)),
        moved_colour(before, after),
    )
    side_px = max(6.0, CELL_M / plan.grid.pixel_size[0])
    return Seen(told, _cells(layers, mask & seen, mask, side_px), part)


def _network(before: U8, after: U8, valid: BoolArray, gsd_m: float, eyes: Eyes) -> tuple[F32, tuple[F32, F32]]:
    """Log-odds per pixel, natural units: disappeared; a roof, earlier and later."""
    dates = np.stack([three_bands(before), three_bands(after)])
    fill_unseen(dates, valid)
    gone = eyes.change.network.points(dates[0], dates[1], gsd_m)[1]
    roofs = (eyes.roofs.network.points(date, date, gsd_m)[0] for date in dates)
    first, second, third = (np.clip(p, -_LIMIT, _LIMIT).astype(np.float32) / 100 for p in (gone, *roofs))
    return first, (second, third)


def _figures(
    dates: tuple[U8, U8], core: BoolArray, mask: BoolArray, seen: BoolArray, shape: shapely.Geometry, part: Window
) -> tuple[dict[str, float], tuple[int, int]]:
    """Everything but the networks, and the best shift of the later picture."""
    greys = brightness(dates[0]), brightness(dates[1])
    ring = around(mask) & seen
    own = shapely.transform(shape, lambda points: points - (part.col, part.row))
    outlines = [step_across(grey, own, seen) for grey in greys]
    later = three_bands(dates[1]).astype(np.float32)
    green, soil, vivid = looks_like(later)
    beside = around(mask, BESIDE_PX) & seen
    shadows = [shadow_beside(grey, mask) for grey in greys]
    edges = np.hypot(cv2.Sobel(greys[1], cv2.CV_32F, 1, 0), cv2.Sobel(greys[1], cv2.CV_32F, 0, 1)) / 8
    wide = cv2.dilate(mask.view(np.uint8), np.ones((9, 9), np.uint8)) > 0
    alike, at = likeness(greys[0], greys[1], wide, seen)
    return {
        "likeness": alike,
        "recoloured": recoloured(dates, core, ring),
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
    for distance, length in (
        (dx * math.cos(turn) + dy * math.sin(turn), size[0]),
        (dy * math.cos(turn) - dx * math.sin(turn), size[1]),
    ):
        count = min(_MOST_CELLS, max(1, int(length // side_px)))
        places.append(np.clip(((distance / max(length, 1) + 0.5) * count).astype(int), 0, count - 1))
    number = places[0] * _MOST_CELLS + places[1]
    ring = around(mask)
    beside = layers.colour[:, ring].mean(axis=1) if ring.any() else np.zeros(3)
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
                correlation(layers.earlier[at], layers.later[at]),
                float(np.linalg.norm(own - beside) / math.sqrt(3)),
            )
        )
    return tuple(found)
