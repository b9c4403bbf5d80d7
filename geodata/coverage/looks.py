"""One scene as the ledger sees it: how much of each cell it shows, and what hides the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely

from geodata.coverage.cells import Cells, share_of_cells
from geodata.crs import same_crs, transform_xy
from geodata.grid import Grid
from geodata.pairing.usable import U8, Code

F32 = npt.NDArray[np.float32]
Hidden = Literal["cloud", "haze", "shadow", "saturated", "nodata"]
Reason = Literal["cloud", "haze", "shadow", "saturated", "nodata", "no_image", "excluded"]

HIDDEN: Mapping[Hidden, Code] = {
    "cloud": Code.CLOUD,
    "haze": Code.HAZE,
    "shadow": Code.SHADOW,
    "saturated": Code.SATURATED,
    "nodata": Code.NODATA,
}
"""What hides the ground within a scene, with the code of its pixels."""
REASONS: tuple[Reason, ...] = (*HIDDEN, "no_image", "excluded")
"""Why a cell was not seen: hidden in a scene, in no scene, or not to be looked at (no-fly and secret areas)."""


@dataclass(frozen=True)
class Look:
    """One scene over the cells.

    Args:
        scene: Its id.
        on: When it was taken.
        seen: Share of each cell that it shows, 0 to 1, shape of the cells.
        hidden: Share of each cell that it should show and does not, by what hides it; what hides nothing may lack.
    """

    scene: str
    on: datetime
    seen: F32
    hidden: Mapping[Hidden, F32]

    @property
    def framed(self) -> F32:
        """Share of each cell within the scene's frame."""
        return np.asarray(self.seen + sum(self.hidden.values(), np.float32(0)), np.float32)


def look_at(codes: U8, grid: Grid, cells: Cells, scene: str, on: datetime) -> Look:
    """What a scene's mask says of the cells.

    Args:
        codes: The mask (`usable.Code`), shape of its grid.
        grid: Where it lies.
        cells: The cells.
        scene: Id of the scene.
        on: When it was taken.
    """
    x, y = grid.outline(cells.grid.crs)
    framed = share_of_cells(cells.grid, shapely.Polygon(np.column_stack([x, y])))
    number = _cell_of(grid, cells.grid)
    inside, count = number >= 0, cells.grid.height * cells.grid.width
    pixels = np.maximum(np.bincount(number[inside], minlength=count), 1)

    def share(code: Code) -> F32:
        here = np.bincount(number[inside & (codes == code)], minlength=count) / pixels
        return np.asarray(here.reshape(cells.grid.shape) * framed, np.float32)

    hidden = {name: share(code) for name, code in HIDDEN.items()}
    seen = np.clip(framed - np.sum(list(hidden.values()), axis=0), 0, 1)
    return Look(scene, on, seen.astype(np.float32), hidden)


def _cell_of(grid: Grid, cells: Grid) -> npt.NDArray[np.intp]:
    """Number of the cell under the middle of each pixel, row by row; -1 outside all of them."""
    row, col = np.mgrid[: grid.height, : grid.width] + 0.5
    t = grid.transform
    x, y = (v.ravel() for v in (t.a * col + t.b * row + t.c, t.d * col + t.e * row + t.f))
    if not same_crs(grid.crs, cells.crs):
        x, y = transform_xy(grid.crs, cells.crs, x, y)
    at = ~cells.transform
    column, line = (np.floor(v).astype(np.intp) for v in (at.a * x + at.c, at.e * y + at.f))
    inside = (column >= 0) & (column < cells.width) & (line >= 0) & (line < cells.height)
    return np.where(inside, line * cells.width + column, -1).reshape(grid.shape)
