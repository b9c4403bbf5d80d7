"""One date of the district as pixels: painted in windows with a halo, so that size costs no memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.demo.canvas import PIXEL_M, Canvas
from geodata.demo.covers import paint_patch
from geodata.demo.crowns import Crowns, paint_tree
from geodata.demo.plan import AFTER, Patch, Plan, Solid, Tree
from geodata.demo.skins import paint_solid
from geodata.demo.sky import LOOKS, Cloud, expose, illuminate, overcast
from geodata.demo.textures import Noise

BLOCK_PX = 2048
HALO_PX = 96
_TALL_M = 8.0


@dataclass(frozen=True)
class Block:
    """One finished window: its first column and row, and its pixels (3, h, w)."""

    col: int
    row: int
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class _Stock:
    """Everything that stands on one date, with an index for windows."""

    patches: list[Patch]
    solids: list[Solid]
    trees: list[Tree]
    patch_tree: shapely.STRtree
    solid_at: NDArray[np.float64]
    tree_at: NDArray[np.float64]


def _stock(plan: Plan, date: int) -> _Stock:
    patches = [p for p in [*plan.patches, *plan.surface] if p.dates & date and not p.shape.is_empty]
    solids = sorted((s for s in plan.solids if s.dates & date), key=lambda s: s.height_m)
    trees = sorted((t for t in plan.trees if t.dates & date), key=lambda t: t.height_m)
    solid_at = np.array([(s.rect.x, s.rect.y, s.rect.radius) for s in solids]).reshape(-1, 3)
    tree_at = np.array([(t.x, t.y, t.radius_m) for t in trees]).reshape(-1, 3)
    return _Stock(patches, solids, trees, shapely.STRtree([p.shape for p in patches]), solid_at, tree_at)


def _near(at: NDArray[np.float64], canvas: Canvas) -> NDArray[np.intp]:
    """Indices of round things that reach into the canvas."""
    h, w = canvas.height.shape
    x0, y0 = canvas.col * PIXEL_M, canvas.row * PIXEL_M
    x1, y1 = x0 + w * PIXEL_M, y0 + h * PIXEL_M
    reach = at[:, 2] + 2
    hit = (at[:, 0] > x0 - reach) & (at[:, 0] < x1 + reach) & (at[:, 1] > y0 - reach) & (at[:, 1] < y1 + reach)
    return np.flatnonzero(hit)


def _paint(canvas: Canvas, stock: _Stock, crowns: Crowns) -> None:
    """Ground, then what is low, then trees, then what is tall; light last."""
    h, w = canvas.height.shape
    x0, y0 = canvas.col * PIXEL_M, canvas.row * PIXEL_M
    area = shapely.box(x0 - 5, y0 - 5, x0 + w * PIXEL_M + 5, y0 + h * PIXEL_M + 5)
    for index in np.sort(stock.patch_tree.query(area)):
        paint_patch(canvas, stock.patches[index])
    solids = [stock.solids[i] for i in _near(stock.solid_at, canvas)]
    for solid in solids:
        if solid.height_m < _TALL_M:
            paint_solid(canvas, solid)
    for index in _near(stock.tree_at, canvas):
        paint_tree(canvas, stock.trees[index], crowns)
    for solid in solids:
        if solid.height_m >= _TALL_M:
            paint_solid(canvas, solid)
    illuminate(canvas.rgb, cv2.GaussianBlur(canvas.shade(), (0, 0), 0.6).astype(np.float32))


def paint_date(plan: Plan, date: int, size_px: int, cloud: Cloud | None) -> Iterator[Block]:
    """Paint one date, block by block from the upper left.

    Args:
        plan: The finished plan.
        date: BEFORE or AFTER.
        size_px: Side of the square image.
        cloud: The cloud of the after date.

    Yields:
        Blocks of at most `BLOCK_PX` pixels a side that tile the image.
    """
    look = LOOKS[date]
    noise = Noise.draw(plan.seed, date)
    crowns = Crowns(plan.seed, look.sun)
    stock = _stock(plan, date)
    for row in range(0, size_px, BLOCK_PX):
        for col in range(0, size_px, BLOCK_PX):
            h, w = min(BLOCK_PX, size_px - row), min(BLOCK_PX, size_px - col)
            size = (h + 2 * HALO_PX, w + 2 * HALO_PX)
            canvas = Canvas.blank(col - HALO_PX, row - HALO_PX, size, noise, look.sun, date)
            _paint(canvas, stock, crowns)
            if cloud is not None and date == AFTER:
                overcast(canvas.rgb, cloud, canvas.col, canvas.row)
            rng = np.random.default_rng([plan.seed, 7, date, row, col])
            image = expose(canvas.rgb, look, canvas.col, canvas.row, rng)
            inner = image[HALO_PX : HALO_PX + h, HALO_PX : HALO_PX + w]
            yield Block(col, row, np.ascontiguousarray(np.moveaxis(inner, -1, 0)))
